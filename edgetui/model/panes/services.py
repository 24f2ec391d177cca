"""The services pane: where traffic enters each cluster, and whether it is served."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from edgetui.model.cache.freshness import Sync
from edgetui.model.cache.store import ChangeSet, Store
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.daemonset import DAEMON_SET
from edgetui.model.kinds.endpointslice import ENDPOINT_SLICE, EndpointSliceRow, owner_of
from edgetui.model.kinds.node import NODE
from edgetui.model.kinds.pod import POD
from edgetui.model.kinds.service import SERVICE, ServiceRow
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
    some_pair_json,
    some_pair_sort,
    some_pair_text,
    state_column,
)
from edgetui.model.traffic.holders import ANNOUNCED, Holder, holder_of, served_by
from edgetui.model.traffic.reach import is_doubtful

_KNOWN = frozenset({Sync.LIVE, Sync.STALE})


class Endpoints(NamedTuple):
    """`ready` of `total` endpoints get new traffic; `draining` are terminating and serve while no other is ready.

    `hosts` are the nodes of those that take new connections, sorted, "" for endpoints on none. `silent` of them are on
    nodes that are not Ready.
    """

    ready: int
    total: int
    draining: int
    hosts: tuple[str, ...] = ()
    silent: int = 0

    @property
    def used(self) -> int:
        """How many take new connections."""
        return self.ready or self.draining

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
    freshness = store.freshness(ENDPOINT_SLICE)
    families: dict[str, list[EndpointSliceRow]] = {}
    for piece in store.owned_by(owner_of(service.namespace, service.name)):
        if isinstance(piece, EndpointSliceRow):
            families.setdefault(piece.family, []).append(piece)
    if freshness.sync not in _KNOWN or (not families and (freshness.partial or freshness.unreadable)):
        return None
    counted = (_counted(store, pieces) for pieces in families.values())
    return max(counted, key=lambda one: (one.total, one), default=Endpoints(0, 0, 0))


def _counted(store: Store, pieces: Sequence[EndpointSliceRow]) -> Endpoints:
    ready, total, draining = (
        sum(getattr(piece, count) for piece in pieces) for count in ("ready", "total", "draining")
    )
    every = [one for piece in pieces for one in piece.endpoints]
    used = [one for one in every if one.ready and not one.terminating] or [
        one for one in every if one.draining
    ]
    silent = sum(is_doubtful(store, one.node) for one in used)
    return Endpoints(ready, total, draining, tuple(sorted({one.node for one in used})), silent)


def _joined(value: tuple[str, ...], _now: float) -> str:
    return ",".join(value) or "-"


def _hosts_text(value: tuple[str, ...] | None, _now: float) -> str:
    return "-" if value is None else str(sum(map(bool, value)))


def _hosts_sort(value: tuple[str, ...] | None) -> int:
    return -1 if value is None else len(value)


def _holder_text(value: Holder | None, _now: float) -> str:
    if value is None:
        return "-"
    if not value.nodes:
        return value.why
    return value.nodes[0] if len(value.nodes) == 1 else f"{len(value.nodes)} nodes"


def _holder_sort(value: Holder | None) -> tuple[str, ...]:
    return () if value is None else value.nodes or (value.why,)


def _holder_json(value: Holder | None, _now: float) -> dict[str, Any] | None:
    return None if value is None else value._asdict()


class Services(Pane):
    id = "services"
    title = "Services"
    kinds = (SERVICE,)
    needs = (SERVICE, ENDPOINT_SLICE, NODE, POD, DAEMON_SET, *ANNOUNCED)
    optional = ANNOUNCED
    misses = (ENDPOINT_SLICE,)
    bad_word = "not serving"
    columns = (
        CLUSTER,
        NAMESPACE,
        name_column(16),
        Column("type", "TYPE", 12, 8, priority=4),
        state_column(14),
        Column(
            "ready", "READY", 5, 4, "right", 9, text=some_pair_text, sort=some_pair_sort, json=some_pair_json
        ),
        Column(
            "hosts",
            "HOSTS",
            5,
            5,
            "right",
            5,
            text=_hosts_text,
            sort=_hosts_sort,
            json=lambda value, _: value,
        ),
        Column(
            "silent",
            "SILENT",
            6,
            6,
            "right",
            8,
            text=some_pair_text,
            sort=some_pair_sort,
            json=some_pair_json,
        ),
        Column("external", "EXTERNAL", 14, 9, priority=7, flex=True, text=_joined),
        Column(
            "holder", "HELD BY", 11, 7, priority=6, text=_holder_text, sort=_holder_sort, json=_holder_json
        ),
        Column("ports", "PORTS", 12, 8, priority=10, flex=True, text=_joined),
        Column("cluster_ip", "CLUSTER-IP", 15, 9, priority=11),
        age_column(12),
    )

    def judge(self, store: Store, kind: str, row: Row, now: float) -> tuple[int, str, tuple[Any, ...]]:
        assert isinstance(row, ServiceRow)
        found = endpoints_of(store, row)
        holder = holder_of(store, row)
        severity, words = service_state(row, found, now, holder, several=store.count(NODE) > 1)
        known = None if row.elsewhere else found
        return (
            severity,
            words,
            (
                row.namespace,
                row.name,
                row.type,
                STATE,
                (known.ready, known.total) if known is not None else None,
                known.hosts if known is not None else None,
                (known.silent, known.used) if known is not None and _nodes_known(store) else None,
                row.external,
                holder,
                tuple(port.words for port in row.ports),
                row.cluster_ip,
                row.created,
            ),
        )

    def affected(self, store: Store, change: ChangeSet) -> Iterator[tuple[str, str, str]]:
        yield from super().affected(store, change)
        for owner in change.owners:
            namespace, slash, name = owner.partition("/")
            if slash:
                yield (SERVICE, namespace, name)
            elif (found := store.owner(owner)) is not None and (served := served_by(found[1])) is not None:
                yield (SERVICE, *served)
        sets = [store.get(DAEMON_SET, *name) for name in change.changed.get(DAEMON_SET, ())]
        yield from ((SERVICE, *served) for one in sets if (served := served_by(one)) is not None)
        if (
            change.carriers or None in sets
        ):  # any Service may have lost a host, gained a second one, or its holder
            yield from ((SERVICE, row.namespace, row.name) for row in store.rows(SERVICE))


def _nodes_known(store: Store) -> bool:
    return store.freshness(NODE).sync in _KNOWN


def service_state(
    row: ServiceRow,
    found: Endpoints | None,
    now: float,
    holder: Holder | None = None,
    *,
    several: bool = False,
) -> tuple[int, str]:
    """Severity and words of a Service; `found` are its endpoints, None while they are not known.

    `holder` is who holds its address; `several` is whether the cluster has more than one node. Two endpoints or more
    on one node are worth a word: whoever asked for two wanted to survive the loss of a node.
    """
    late = now - row.created > SETTLING
    if row.elsewhere:
        return (FINE, "ok") if row.external else (BAD, "no name")
    if row.pending:
        return (BAD if late else WATCH), "no address"
    if found is None:
        return UNSURE, "endpoints ?"
    if not found.used:
        return (BAD if late and row.selector else WATCH), found.words
    if holder is not None and holder.lost:
        return BAD, "holder silent"
    if found.silent:
        return BAD, f"{found.silent} of {found.used} silent"
    if found.ready < found.total or not found.ready:
        return WATCH, found.words
    if several and found.ready > 1 and len(found.hosts) == 1 and found.hosts[0]:
        return WATCH, "one host"
    return FINE, found.words


def unknown(store: Store) -> str:
    """Why no endpoints are known, in a few words; empty where they are."""
    sync = store.freshness(ENDPOINT_SLICE).sync
    if sync is Sync.FORBIDDEN:
        return "not allowed to see endpointslices"
    if sync is Sync.ABSENT:
        return "this cluster does not serve endpointslices"
    return "" if sync in _KNOWN else "endpointslices are being read"


PANE = Services()
