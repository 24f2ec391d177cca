"""The rollouts pane: Deployments, StatefulSets and DaemonSets with a bar, a state, and what holds them up.

Argo Rollouts' own are among them on clusters that serve them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edgetui.model.cache.store import ChangeSet, Store
from edgetui.model.kinds import short_name
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.daemonset import DAEMON_SET, DaemonSetRow
from edgetui.model.kinds.deployment import DEPLOYMENT, DeploymentRow
from edgetui.model.kinds.node import NODE
from edgetui.model.kinds.pod import POD
from edgetui.model.kinds.replicaset import REPLICA_SET
from edgetui.model.kinds.statefulset import STATEFUL_SET
from edgetui.model.kinds.workload import DRIVERS, RolloutRow
from edgetui.model.panes.base import (
    CLUSTER,
    FINE,
    NAMESPACE,
    STATE,
    Column,
    Pane,
    PaneRow,
    age_column,
    name_column,
    some_pair_json,
    some_pair_sort,
    some_pair_text,
    state_column,
)
from edgetui.model.panes.rollout_state import rollout_state
from edgetui.model.rollout.status import Segments, bar, from_counters, look, verdict

BAR_WIDTH = 12


def _bar_text(value: Segments, _now: float) -> str:
    return bar(value, BAR_WIDTH)


def _bar_sort(value: Segments) -> float:
    return value.updated_available / value.total if value.total else 1.0


class Rollouts(Pane):
    id = "rollouts"
    title = "Rollouts"
    other_words = ("rollout", "workloads", "ro")
    optional = DRIVERS
    optional_said = "progressive delivery"
    kinds = (DEPLOYMENT, STATEFUL_SET, DAEMON_SET, *optional)
    needs = (*kinds, REPLICA_SET, POD, NODE)
    news = frozenset({FINE})
    bad_word = "stuck"
    watch_word = "progressing"
    columns = (
        CLUSTER,
        NAMESPACE,
        Column("type", "KIND", 6, 3, priority=5, text=lambda value, _now: short_name(value), identity=True),
        name_column(15),
        Column("progress", "PROGRESS", BAR_WIDTH, BAR_WIDTH, priority=2, text=_bar_text, sort=_bar_sort),
        state_column(22),
        Column(
            "ready", "READY", 5, 4, "right", 6, text=some_pair_text, sort=some_pair_sort, json=some_pair_json
        ),
        Column("revision", "REV", 4, 3, "right", 7, text=lambda value, _now: str(value) if value else "-"),
        Column(
            "images",
            "IMAGES",
            24,
            12,
            priority=8,
            flex=True,
            text=lambda value, _now: ", ".join(short_image(one) for one in value),
        ),
        age_column(9),
        Column("message", "KUBECTL SAYS", 30, 20, priority=10, flex=True),
        Column("reason", "REASON", 30, 16, priority=10, flex=True),
    )

    @property
    def on_demand(self) -> bool:
        """Its own kinds are watched from the start; what few clusters serve joins them."""
        return False

    def without(self, store: Store) -> str:
        """It has rows without."""
        return ""

    def judge(self, store: Store, kind: str, row: Row, now: float) -> tuple[int, str, tuple[Any, ...]]:
        if not isinstance(row, RolloutRow):
            return _progressive(kind, row)
        view = look(store, row)
        severity, words, sentence = rollout_state(store, row, view, now)
        if any(map(store.kinds.is_served, self.optional)) and (driver := _driver(store, kind, row)):
            words = words if row.replicas else f"{driver.partition(' ')[0]} drives it"
            sentence = f"{driver}; {sentence}" if sentence else driver
        return (
            severity,
            words,
            (
                row.namespace,
                kind,
                row.name,
                view.segments,
                STATE,
                _ready(row),
                row.revision if isinstance(row, DeploymentRow) else 0,
                row.images,
                row.created,
                verdict(row).text,
                sentence,
            ),
        )

    def affected(self, store: Store, change: ChangeSet) -> Iterator[tuple[str, str, str]]:
        yield from super().affected(store, change)
        if not change.changed.keys().isdisjoint(self.optional):
            from edgetui.model.panes.progressive_state import driven

            yield from driven(store, change)
        seen = set()
        owners = {pod.owner_uid for pod in store.carried_by(change.carriers)}
        for uid in change.owners | owners:
            found = next((one for one in store.owners(uid) if one[0] in self.kinds), None)
            if found is not None and found[1].uid not in seen:
                seen.add(found[1].uid)
                yield (found[0], found[1].namespace, found[1].name)

    def json(self, row: PaneRow, now: float) -> dict[str, Any]:
        data = super().json(row, now)
        del data["type"]
        return data


def _driver(store: Store, kind: str, row: RolloutRow) -> str:
    from edgetui.model.panes.progressive_state import driver_of  # few clusters have any

    return driver_of(store, kind, row)


def _progressive(kind: str, row: Row) -> tuple[int, str, tuple[Any, ...]]:
    """What Argo Rollouts or Flagger rolls out: only a cluster that has it loads what tells."""
    from edgetui.model.kinds.canary import CanaryRow
    from edgetui.model.kinds.rollout import ROLLOUT, ArgoRolloutRow
    from edgetui.model.panes.progressive_state import argo_state, canary_state

    if isinstance(row, CanaryRow):
        severity, words, sentence = canary_state(row)
        weight = row.weight or 0
        share = Segments(weight, old=100 - weight, wanted=100) if row.runs else Segments()
        told: tuple[Any, ...] = (
            row.namespace,
            kind,
            row.name,
            share,
            STATE,
            None,
            0,
            (),
            row.created,
            row.words,
        )
        return severity, words, (*told, sentence)
    assert isinstance(row, ArgoRolloutRow)
    severity, words, sentence = argo_state(row)
    ready = (row.ready, row.replicas) if row.observed else (None, row.replicas)
    values = (row.namespace, ROLLOUT, row.name, from_counters(row), STATE, ready, row.revision)
    return severity, words, (*values, row.images, row.created, row.kubectl, sentence)


def _ready(row: RolloutRow) -> tuple[int | None, int | None]:
    """How many are ready of how many; a controller that has not looked yet has told neither."""
    if row.observed:
        return row.ready, row.replicas
    return None, None if isinstance(row, DaemonSetRow) else row.replicas


def short_image(image: str) -> str:
    """An image without its registry and path, and a digest cut to what tells two apart."""
    name = image.rpartition("/")[2]
    name, at, digest = name.partition("@")
    return f"{name}@{digest.removeprefix('sha256:')[:7]}" if at else name


PANE = Rollouts()
