"""The services pane: where traffic enters each cluster."""

from __future__ import annotations

from typing import Any

from edgetui.model.kinds.base import Row
from edgetui.model.kinds.service import ServiceRow
from edgetui.model.panes.base import (
    CLUSTER,
    FINE,
    NAMESPACE,
    SETTLING,
    STATE,
    WATCH,
    Column,
    Pane,
    age_column,
    name_column,
    state_column,
)
from edgetui.model.store import Store


def _joined(value: tuple[str, ...], _now: float) -> str:
    return ",".join(value) or "-"


class Services(Pane):
    id = "services"
    title = "Services"
    kinds = ("Service",)
    needs = ("Service",)
    bad_word = "without address"
    columns = (
        CLUSTER,
        NAMESPACE,
        name_column(16),
        Column("type", "TYPE", 12, 8, priority=4),
        Column("cluster_ip", "CLUSTER-IP", 15, 9, priority=5),
        Column("ports", "PORTS", 12, 8, priority=3, flex=True, text=_joined),
        state_column(10),
        Column("external", "EXTERNAL", 16, 9, priority=6, flex=True, text=_joined),
        age_column(7),
    )

    def judge(self, store: Store, kind: str, row: Row, now: float) -> tuple[int, str, tuple[Any, ...]]:
        assert isinstance(row, ServiceRow)
        severity, words = FINE, "ok"
        if row.pending:
            severity, words = (0 if now - row.created > SETTLING else WATCH), "no address"
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
                row.created,
            ),
        )
