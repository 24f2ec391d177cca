"""The updates pane: what updates hosts over the air, how far that is, who holds it up; and every node's version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from edgetui.model.cache.store import ChangeSet, Store
from edgetui.model.kinds.autopilotplan import AUTOPILOT_PLAN
from edgetui.model.kinds.base import Fact, Row
from edgetui.model.kinds.bundle import BUNDLE
from edgetui.model.kinds.imageprepulljob import IMAGE_PRE_PULL_JOB
from edgetui.model.kinds.job import JOB
from edgetui.model.kinds.kubernetesupgrade import KUBERNETES_UPGRADE
from edgetui.model.kinds.node import NODE, NodeRow
from edgetui.model.kinds.nodeopupgrade import NODE_OP_UPGRADE
from edgetui.model.kinds.nodeupgradejob import NODE_UPGRADE_JOB
from edgetui.model.kinds.plan import PLAN, PlanRow
from edgetui.model.kinds.talosupgrade import TALOS_UPGRADE
from edgetui.model.kinds.update import UpdateRow
from edgetui.model.panes.base import (
    CLUSTER,
    STATE,
    Column,
    Pair,
    Pane,
    PaneRow,
    age_column,
    name_column,
    pair_sort,
    some_pair_json,
    some_pair_text,
    state_column,
)
from edgetui.model.panes.update_state import node_state, plan_facts, update_state

ENGINES = (
    PLAN,
    AUTOPILOT_PLAN,
    NODE_UPGRADE_JOB,
    IMAGE_PRE_PULL_JOB,
    NODE_OP_UPGRADE,
    TALOS_UPGRADE,
    KUBERNETES_UPGRADE,
    BUNDLE,
)
"""The kinds of the objects that update hosts. A cluster serves those whose engine is installed."""


def _done_sort(value: Pair) -> tuple[float, int]:
    """What counts nothing stands behind what is done."""
    return (2.0, 0) if value is None else pair_sort(value)


def _running_text(value: tuple[str, ...], _now: float) -> str:
    return ",".join(value) or "-"


class Updates(Pane):
    id = "updates"
    title = "Updates"
    other_words = ("update", "ota", "upgrades")
    kinds = (*ENGINES, NODE)
    needs = (*ENGINES, NODE, JOB)
    optional = ENGINES
    optional_said = "update engine"
    reads_version = True
    bad_word = "in trouble"
    columns = (
        CLUSTER,
        Column("engine", "ENGINE", 7, 4, priority=4),
        name_column(15),
        state_column(26),
        Column("done", "DONE", 5, 4, "right", 2, text=some_pair_text, sort=_done_sort, json=some_pair_json),
        Column("target", "VERSION", 13, 8, priority=5),
        Column("reason", "REASON", 30, 20, priority=3, flex=True),
        Column(
            "running",
            "UPDATING",
            12,
            8,
            priority=11,
            flex=True,
            text=_running_text,
            json=lambda value, _now: value,
            wide=True,
        ),
        Column("namespace", "NAMESPACE", 13, 6, priority=10, wide=True),
        age_column(9),
    )

    @property
    def words(self) -> tuple[str, ...]:
        """Its own alone: other makers have kinds of these names, and a word for one leads here by its group."""
        return self.other_words

    def judge(self, store: Store, kind: str, row: Row, now: float) -> tuple[int, str, tuple[Any, ...]]:
        if isinstance(row, NodeRow):
            engine, target, found = "node", row.version, node_state(store, row)
        else:
            assert isinstance(row, UpdateRow)
            engine, target, found = row.engine, row.target, update_state(store, row, now)
        done = (found.done, found.total) if found.done is not None and found.total is not None else None
        return (
            found.severity,
            found.words,
            (
                engine,
                row.name,
                STATE,
                done,
                target,
                found.why,
                found.running,
                row.namespace,
                row.created,
            ),
        )

    def needs_in(self, store: Store) -> Sequence[str]:
        """As for any pane; Jobs are read for Plans alone."""
        found = super().needs_in(store)
        return found if PLAN in found else [kind for kind in found if kind != JOB]

    def order(self, row: PaneRow) -> tuple[Any, ...]:
        """Worst first, and updates before nodes."""
        return (row.severity, row.key.kind == NODE, row.key)

    def facts(self, store: Store, row: Row, now: float) -> Iterable[Fact]:
        """The nodes of a Plan, which says itself only whose turn it is."""
        return plan_facts(store, row, now) if isinstance(row, PlanRow) else ()

    def affected(self, store: Store, change: ChangeSet) -> Iterator[tuple[str, str, str]]:
        yield from super().affected(store, change)
        of_plans = bool(change.changed.keys() & {PLAN, JOB})
        if change.carriers or of_plans:
            yield from ((kind, row.namespace, row.name) for kind in ENGINES for row in store.rows(kind))
        if of_plans:
            yield from ((NODE, "", row.name) for row in store.rows(NODE))


PANE = Updates()
