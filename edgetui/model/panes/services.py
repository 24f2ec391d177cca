"""The services pane: where traffic enters each cluster, and whether it is served."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edgetui.model.kinds.base import Row
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
from edgetui.model.store import ChangeSet, Store
from edgetui.model.traffic import Endpoints, endpoints_of

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
