"""The pods pane: kubectl's status word, and why in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from edgetui.model.cache.store import ChangeSet, Store
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.node import NODE, NodeRow
from edgetui.model.kinds.pod import POD, PodRow
from edgetui.model.kinds.replicaset import REPLICA_SET
from edgetui.model.panes.base import (
    BAD,
    CLUSTER,
    FINE,
    NAMESPACE,
    RECENT,
    SETTLING,
    STATE,
    UNSURE,
    WATCH,
    Column,
    Pane,
    age_column,
    known_sort,
    name_column,
    pair_sort,
    pair_text,
    state_column,
)
from edgetui.model.pod.diagnosis import diagnose
from edgetui.model.text import age, cpu, memory

_NOT_ENDED = frozenset(
    {
        "Running",
        "Pending",
        "ContainerCreating",
        "PodInitializing",
        "SchedulingGated",
        "NotReady",
        "Terminating",
        "Unknown",
        "",
    }
)
"""What the server prints of a pod of which no container tells a failure."""


@lru_cache(512)
def pair(ready: int, containers: int) -> tuple[int, int]:
    """The one pair of many rows."""
    return (ready, containers)


class Pods(Pane):
    id = "pods"
    title = "Pods"
    kinds = (POD,)
    needs = (POD, NODE)
    columns = (
        CLUSTER,
        NAMESPACE,
        name_column(24),
        state_column(17, "STATUS"),
        Column("ready", "READY", 5, 4, "right", 3, text=pair_text, sort=pair_sort, json=pair_text),
        Column("restarts", "RST", 3, 3, "right", 4),
        age_column(5),
        Column("why", "WHY", 24, 12, priority=6, flex=True),
        Column("node", "NODE", 14, 8, priority=7),
        Column(
            "cpu",
            "CPU",
            4,
            4,
            "right",
            8,
            text=lambda value, _now: "-" if value is None else cpu(value),
            sort=known_sort,
        ),
        Column(
            "memory",
            "MEM",
            5,
            5,
            "right",
            8,
            text=lambda value, _now: "-" if value is None else memory(value),
            sort=known_sort,
        ),
    )

    def judge(self, store: Store, kind: str, row: Row, now: float) -> tuple[int, str, tuple[Any, ...]]:
        assert isinstance(row, PodRow)
        severity, why = _judge(store, row, now)
        usage = store.usage(POD, row.namespace, row.name)
        return (
            severity,
            row.status,
            (
                row.namespace,
                row.name,
                STATE,
                pair(row.ready, row.containers),
                row.restarts,
                row.created,
                why,
                row.node,
                usage.cpu_milli if usage else None,
                usage.memory_bytes if usage else None,
            ),
        )

    def affected(self, store: Store, change: ChangeSet) -> Iterator[tuple[str, str, str]]:
        yield from super().affected(store, change)
        for pod in store.carried_by(change.carriers):
            yield (POD, pod.namespace, pod.name)


def _judge(store: Store, row: PodRow, now: float) -> tuple[int, str]:
    """Severity, and why in a few words."""
    if row.phase == "Succeeded":
        return FINE, ""
    if row.summary_only:
        return _judge_printed(store, row, now)
    node = store.get(NODE, "", row.node) if row.node and not row.is_ready else None
    carrier = node if isinstance(node, NodeRow) else None
    if row.deleting:
        return _leaving(row, carrier, now)
    found = diagnose(row, carrier)
    if found is not None and found.hard:
        return (WATCH, f"replaced, {found.short}") if _left_over(row) else (BAD, found.short)
    if row.is_ready:
        return (WATCH, "restarted") if row.restarted_since(now - RECENT) else (FINE, "")
    late = now - row.ready_since > SETTLING
    if found is not None:
        return (BAD if late and found.code != "gated" else WATCH), found.short
    return (BAD, "slow to start") if late and row.phase == "Pending" else (WATCH, "starting")


def _judge_printed(store: Store, row: PodRow, now: float) -> tuple[int, str]:
    """The same where only the printed cells are known: what they do not tell is not taken for good."""
    if row.status not in _NOT_ENDED and not row.status.startswith("Init:"):
        return BAD, "open it for the reason"
    node = store.get(NODE, "", row.node) if row.node else None
    silent = isinstance(node, NodeRow) and node.silent
    if row.status == "Terminating":
        return WATCH, "node NotReady" if silent else ""
    if silent:
        return BAD, "node NotReady"
    if row.status == "Unknown":
        return BAD, ""
    if row.status == "Running" and row.ready == row.containers:
        if not isinstance(node, NodeRow):
            return UNSURE, "its node is not known"
        return (WATCH, "restarted") if row.restarts and row.restarted > now - RECENT else (FINE, "")
    late = row.created > 0 and now - row.created > SETTLING
    if row.status == "Running":
        return (BAD, "not ready") if late else (WATCH, "starting")
    return (BAD, "slow to start") if late else (WATCH, "starting")


def _leaving(row: PodRow, node: NodeRow | None, now: float) -> tuple[int, str]:
    """A pod on its way out: `deleting` is when its grace ends; on a dead node it cannot end at all."""
    if now > row.deleting + SETTLING:
        return BAD, f"{age(now - row.deleting)} past grace"
    return WATCH, "node NotReady" if node is not None and node.silent and not row.ended else ""


def _left_over(row: PodRow) -> bool:
    """Whether a pod has failed for good and its ReplicaSet has made another in its place."""
    return row.phase == "Failed" and row.owner_kind == REPLICA_SET


PANE = Pods()
