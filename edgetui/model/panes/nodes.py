"""The nodes pane: readiness, pressure and cordon in words, versions, and how full a node is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edgetui.model.cache.store import ChangeSet, Store
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.node import NODE, NodeRow
from edgetui.model.kinds.pod import POD
from edgetui.model.panes.base import (
    BAD,
    CLUSTER,
    FINE,
    SETTLING,
    STATE,
    WATCH,
    Column,
    Pane,
    age_column,
    known_sort,
    known_text,
    name_column,
    state_column,
)
from edgetui.model.text import percent

_PRESSURE_WORDS = {
    "MemoryPressure": "memory low",
    "DiskPressure": "disk full",
    "PIDPressure": "too many processes",
    "NetworkUnavailable": "no network",
}


Share = tuple[int | None, int | None] | None
"""What is used of what is allocatable; None is what is not known."""


def _share(value: Share, _now: float) -> str:
    used, of = value or (None, None)
    return "-" if used is None or of is None else percent(used, of)


def _share_sort(value: Share) -> float:
    used, of = value or (None, None)
    return used / of if used is not None and of else -1.0


def _share_json(value: Share, _now: float) -> dict[str, int | None] | None:
    return {"used": value[0], "allocatable": value[1]} if value else None


def _used(used: int | None, of: int | None) -> Share:
    return None if used is None else (used, of)


def pods_on(store: Store, node: str) -> int | None:
    """How many pods a node carries; None while not all pods of the cluster were ever listed."""
    freshness = store.freshness(POD)
    return store.pods_on(node) if freshness.heard and not freshness.partial else None


class Nodes(Pane):
    id = "nodes"
    title = "Nodes"
    kinds = (NODE,)
    needs = (NODE, POD)
    bad_word = "down"
    columns = (
        CLUSTER,
        name_column(17),
        state_column(17),
        Column("version", "VERSION", 13, 7, priority=4),
        Column("pods", "PODS", 4, 4, "right", 5, text=known_text, sort=known_sort),
        Column("cpu", "CPU", 4, 4, "right", 3, text=_share, sort=_share_sort, json=_share_json),
        Column("memory", "MEM", 4, 4, "right", 3, text=_share, sort=_share_sort, json=_share_json),
        age_column(6, "SEEN", "heartbeat"),
        Column(
            "roles",
            "ROLES",
            13,
            6,
            priority=7,
            text=lambda value, _now: ",".join(value) or "-",
        ),
        Column("distribution", "RUNS", 8, 4, priority=8),
        Column("address", "ADDRESS", 15, 9, priority=9),
        Column("platform", "PLATFORM", 11, 8, priority=10),
        age_column(9),
    )

    def judge(self, store: Store, kind: str, row: Row, now: float) -> tuple[int, str, tuple[Any, ...]]:
        assert isinstance(row, NodeRow)
        severity, words = node_state(row, now)
        usage = store.usage(NODE, "", row.name)
        return (
            severity,
            words,
            (
                row.name,
                STATE,
                row.version,
                pods_on(store, row.name),
                _used(usage.cpu_milli, row.cpu_allocatable) if usage else None,
                _used(usage.memory_bytes, row.memory_allocatable) if usage else None,
                row.heartbeat,
                row.roles,
                row.distribution,
                row.internal_ip,
                f"{row.os}/{row.arch}" if row.os else "",
                row.created,
            ),
        )

    def affected(self, store: Store, change: ChangeSet) -> Iterator[tuple[str, str, str]]:
        yield from super().affected(store, change)
        for node in change.nodes:
            yield (NODE, "", node)


def node_state(row: NodeRow, now: float) -> tuple[int, str]:
    """Severity and words of a node: "Ready", "NotReady, no heartbeat"; with cordon and pressures behind."""
    severity, words = FINE, ["Ready"]
    if row.ready == "Unknown":
        severity, words = BAD, ["NotReady", "no heartbeat"]
    elif not row.is_ready:
        joining = not row.ready or now - row.created < SETTLING
        severity, words = (WATCH, ["joining"]) if joining else (BAD, ["NotReady"])
    if row.pressures:
        severity = BAD
        words += [_PRESSURE_WORDS[pressure] for pressure in row.pressures]
    if row.cordoned:
        severity = min(severity, WATCH)
        words.append("cordoned")
    return severity, ", ".join(words)


PANE = Nodes()
