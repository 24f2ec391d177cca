"""The services pane: where traffic enters each cluster, and whether it is served."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from edgetui.model.cache.freshness import Sync
from edgetui.model.cache.store import ChangeSet, Store
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.endpointslice import EndpointSliceRow, owner_of
from edgetui.model.kinds.service import ServiceRow
from edgetui.model.panes.base import (
    BAD,
    CLUSTER,
    FINE,
    NAMESPACE,
    SETTLING,
    STATE,
    UNSURE,
    WATCH,
    Column,
    Pane,
    age_column,
    name_column,
    pair_sort,
    pair_text,
    state_column,
)

_KNOWN = frozenset({Sync.LIVE, Sync.STALE})


class Endpoints(NamedTuple):
    """`ready` of `total` endpoints get new traffic; `draining` are terminating and serve while no other is ready."""

    ready: int
    total: int
    draining: int

    @property
    def words(self) -> str:
        """ "2 of 3 ready", "no endpoints"."""
        if not self.total:
            return "only terminating" if self.draining else "no endpoints"
        return f"{self.ready} of {self.total} ready"


def endpoints_of(store: Store, service: ServiceRow) -> Endpoints | None:
    """The endpoints of a Service; None while they are not known.

    With two address families every pod is there twice, so the larger family counts.
    """
    freshness = store.freshness("EndpointSlice")
    families: dict[str, list[int]] = {}
    for piece in store.owned_by(owner_of(service.namespace, service.name)):
        if isinstance(piece, EndpointSliceRow):
            counts = families.setdefault(piece.family, [0, 0, 0])
            for at, count in enumerate((piece.ready, piece.total, piece.draining)):
                counts[at] += count
    if freshness.sync not in _KNOWN or (not families and (freshness.partial or freshness.unreadable)):
        return None
    return Endpoints(*max(families.values(), key=lambda counts: (counts[1], counts), default=(0, 0, 0)))


Ready = tuple[int, int] | None


def _ready_text(value: Ready, now: float) -> str:
    return "-" if value is None else pair_text(value, now)


def _ready_sort(value: Ready) -> tuple[float, int]:
    return (-1.0, 0) if value is None else pair_sort(value)


def _ready_json(value: Ready, now: float) -> str | None:
    return None if value is None else pair_text(value, now)


def _joined(value: tuple[str, ...], _now: float) -> str:
    return ",".join(value) or "-"


class Services(Pane):
    id = "services"
    title = "Services"
    kinds = ("Service",)
    needs = ("Service", "EndpointSlice")
    misses = ("EndpointSlice",)
    bad_word = "not serving"
    columns = (
        CLUSTER,
        NAMESPACE,
        name_column(16),
        Column("type", "TYPE", 12, 8, priority=4),
        Column("cluster_ip", "CLUSTER-IP", 15, 9, priority=5),
        Column("ports", "PORTS", 12, 8, priority=3, flex=True, text=_joined),
        state_column(12),
        Column("external", "EXTERNAL", 16, 9, priority=6, flex=True, text=_joined),
        Column("ready", "READY", 5, 4, "right", 8, text=_ready_text, sort=_ready_sort, json=_ready_json),
        age_column(7),
    )

    def judge(self, store: Store, kind: str, row: Row, now: float) -> tuple[int, str, tuple[Any, ...]]:
        assert isinstance(row, ServiceRow)
        found = endpoints_of(store, row)
        severity, words = service_state(row, found, now)
        return (
            severity,
            words,
            (
                row.namespace,
                row.name,
                row.type,
                row.cluster_ip,
                row.ports,
                STATE,
                row.external,
                (found.ready, found.total) if found is not None and not row.elsewhere else None,
                row.created,
            ),
        )

    def affected(self, store: Store, change: ChangeSet) -> Iterator[tuple[str, str, str]]:
        yield from super().affected(store, change)
        for owner in change.owners:
            namespace, slash, name = owner.partition("/")
            if slash:
                yield ("Service", namespace, name)


def service_state(row: ServiceRow, found: Endpoints | None, now: float) -> tuple[int, str]:
    """Severity and words of a Service; `found` are its endpoints, None while they are not known."""
    late = now - row.created > SETTLING
    if row.elsewhere:
        return (FINE, "ok") if row.external else (BAD, "no name")
    if row.pending:
        return (BAD if late else WATCH), "no address"
    if found is None:
        return UNSURE, "endpoints ?"
    if found.total and found.ready == found.total:
        return FINE, found.words
    if found.ready or found.draining or not (late and row.selector):
        return WATCH, found.words
    return BAD, found.words


def unknown(store: Store) -> str:
    """Why no endpoints are known, in a few words; empty where they are."""
    sync = store.freshness("EndpointSlice").sync
    if sync is Sync.FORBIDDEN:
        return "not allowed to see endpointslices"
    if sync is Sync.ABSENT:
        return "this cluster does not serve endpointslices"
    return "" if sync in _KNOWN else "endpointslices are being read"
