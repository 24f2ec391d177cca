"""The rollouts pane: Deployments, StatefulSets and DaemonSets with a bar, a state, and what holds them up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edgetui.model.cache.store import ChangeSet, Store
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.daemonset import DaemonSetRow
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.statefulset import StatefulSetRow
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
    pair_sort,
    pair_text,
    state_column,
)
from edgetui.model.panes.rolloutwords import judge
from edgetui.model.rollout.status import Segments, bar, look, verdict

SHORT_KINDS = {"Deployment": "deploy", "StatefulSet": "sts", "DaemonSet": "ds"}

BAR_WIDTH = 12


def _bar_text(value: Segments, _now: float) -> str:
    return bar(value, BAR_WIDTH)


def _bar_sort(value: Segments) -> float:
    return value.updated_available / value.total if value.total else 1.0


class Rollouts(Pane):
    id = "rollouts"
    title = "Rollouts"
    kinds = ("Deployment", "StatefulSet", "DaemonSet")
    needs = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod", "Node")
    news = frozenset({FINE})
    bad_word = "stuck"
    watch_word = "moving"
    columns = (
        CLUSTER,
        NAMESPACE,
        Column("type", "KIND", 6, 3, priority=5, text=lambda value, _now: SHORT_KINDS[value], identity=True),
        name_column(15),
        Column("progress", "PROGRESS", BAR_WIDTH, BAR_WIDTH, priority=2, text=_bar_text, sort=_bar_sort),
        state_column(22),
        Column("ready", "READY", 5, 4, "right", 6, text=pair_text, sort=pair_sort, json=pair_text),
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

    def judge(self, store: Store, kind: str, row: Row, now: float) -> tuple[int, str, tuple[Any, ...]]:
        assert isinstance(row, DeploymentRow | StatefulSetRow | DaemonSetRow)
        view = look(store, row)
        severity, words, sentence = judge(store, row, view, now)
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
        seen = set()
        owners = {pod.owner_uid for pod in store.carried_by(change.carriers)}
        for uid in change.owners | owners:
            found = store.owner(uid)
            if found is not None and found[0] == "ReplicaSet":
                found = store.owner(found[1].owner_uid)
            if found is not None and found[0] in self.kinds and found[1].uid not in seen:
                seen.add(found[1].uid)
                yield (found[0], found[1].namespace, found[1].name)

    def json(self, row: PaneRow, now: float) -> dict[str, Any]:
        data = super().json(row, now)
        del data["type"]
        return data


def _ready(row: DeploymentRow | StatefulSetRow | DaemonSetRow) -> tuple[int | None, int | None]:
    """How many are ready of how many; a controller that has not looked yet has told neither."""
    if row.observed:
        return row.ready, row.replicas
    return None, None if isinstance(row, DaemonSetRow) else row.replicas


def short_image(image: str) -> str:
    """An image without its registry and path, and a digest cut to what tells two apart."""
    name = image.rpartition("/")[2]
    name, at, digest = name.partition("@")
    return f"{name}@{digest.removeprefix('sha256:')[:7]}" if at else name
