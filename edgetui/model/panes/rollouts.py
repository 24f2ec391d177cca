"""The rollouts pane: Deployments, StatefulSets and DaemonSets with a bar, a state, and what holds them up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edgetui.model.kinds.base import Row
from edgetui.model.kinds.daemonset import DaemonSetRow
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.node import NodeRow
from edgetui.model.kinds.pod import PodRow
from edgetui.model.kinds.statefulset import StatefulSetRow
from edgetui.model.panes.base import (
    BAD,
    CLUSTER,
    FINE,
    NAMESPACE,
    STATE,
    WATCH,
    Column,
    Pane,
    PaneRow,
    age_column,
    name_column,
    pair_sort,
    pair_text,
    state_column,
)
from edgetui.model.rollout import Segments, View, Workload, bar, findings, look, verdict
from edgetui.model.store import ChangeSet, Store
from edgetui.model.text import plural

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
    bad_word = "stuck"
    watch_word = "moving"
    columns = (
        CLUSTER,
        NAMESPACE,
        Column("type", "KIND", 6, 3, priority=5, text=lambda value, _now: SHORT_KINDS[value]),
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
        severity, words, sentence = rollout_state(store, row, view)
        return (
            severity,
            words,
            (
                row.namespace,
                kind,
                row.name,
                view.segments,
                STATE,
                (row.ready, row.replicas),
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
        for uid in change.owners:
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


def short_image(image: str) -> str:
    """An image without its registry and path, and a digest cut to what tells two apart."""
    name = image.rpartition("/")[2]
    name, at, digest = name.partition("@")
    return f"{name}@{digest.removeprefix('sha256:')[:7]}" if at else name


def rollout_state(store: Store, row: Workload, view: View) -> tuple[int, str, str]:
    """Severity, a few words for 80 columns, and what holds it up as a sentence (empty: nothing does)."""
    said = verdict(row)
    nodes = {pod.node for pod in view.pods if pod.node and not pod.is_ready}
    known = [node for name in nodes if isinstance(node := store.get("Node", "", name), NodeRow)]
    found = findings([pod for pod in view.pods], known)
    sentence = f"{found[0][0].sentence} ({plural(found[0][1], 'pod')})" if found else ""
    hard = next((one.short for one, _count in found if one.hard), "")
    if row.generation > row.observed:
        return WATCH, "not seen yet", sentence
    if isinstance(row, DeploymentRow):
        failure = row.replica_failure
        if failure is not None and view.segments.missing:
            quota = "quota" in failure.message
            return BAD, "stuck: quota" if quota else "stuck: pods refused", failure.message
        if row.paused:
            return WATCH, _paused(row), sentence
        if said.failed:
            moving = not hard and view.segments.updated_unready + view.segments.updated_ready > 0
            words = "deadline passed, still moving" if moving else f"stuck: {hard or 'deadline passed'}"
            return (WATCH if moving else BAD), words, sentence or said.text
    blocked = _blocked(row, view, known)
    if blocked and not (said.done and row.available >= row.replicas):
        return BAD, f"stuck: {blocked[0]}", blocked[1]
    words = _counts(row)
    if said.done and not hard and row.available >= row.replicas:
        return (
            FINE,
            "scaled to 0" if not row.replicas and not isinstance(row, DaemonSetRow) else words,
            sentence,
        )
    if hard:
        return BAD, f"stuck: {hard}" if not said.done else f"{words}, {hard}", sentence
    return (BAD if row.replicas and not row.available and _settled(row) else WATCH), words, sentence


def _paused(row: DeploymentRow) -> str:
    return "paused" if row.updated >= row.replicas else f"paused, {row.updated} of {row.replicas} updated"


def _settled(row: Workload) -> bool:
    """Whether a Deployment had already completed, so that having nothing available is not just a start."""
    if not isinstance(row, DeploymentRow):
        return False
    progressing = row.progressing
    return progressing is not None and progressing.reason == "NewReplicaSetAvailable"


def _counts(row: Workload) -> str:
    """How far it is, in numbers: the same steps as `kubectl rollout status`."""
    wanted = row.replicas
    if isinstance(row, StatefulSetRow):
        wanted = row.replicas - (row.partition or 0)
        if (
            row.strategy == "RollingUpdate"
            and row.updated < wanted
            and row.update_revision != row.current_revision
        ):
            return f"{row.updated} of {wanted} updated"
        if row.ready < row.replicas:
            return f"{row.ready} of {row.replicas} ready"
        if row.partition and row.update_revision != row.current_revision:
            return f"complete up to partition {row.partition}"
    elif row.strategy != "OnDelete" and row.updated < wanted:
        return f"{row.updated} of {wanted} updated"
    elif isinstance(row, DeploymentRow) and row.current > row.updated:
        return f"{row.current - row.updated} old to stop"
    if row.available < row.replicas:
        return f"{row.available} of {row.replicas} available"
    if row.strategy == "OnDelete" and row.updated < row.replicas:
        return f"{row.updated} of {row.replicas} on delete"
    return "complete"


def _blocked(row: Workload, view: View, nodes: list[NodeRow]) -> tuple[str, str] | None:
    """What no counter shows: a DaemonSet pod stuck on a dead node, a StatefulSet waiting for a bad pod."""
    silent = {node.name for node in nodes if node.unreachable or node.ready == "Unknown"}
    if isinstance(row, DaemonSetRow) and row.updated < row.replicas:
        stuck = [pod.node for pod in view.pods if pod.deleting and pod.node in silent]
        if stuck:
            names = ", ".join(sorted(stuck)[:3])
            return (
                "node silent",
                f"{names} does not answer: its old pod cannot end and uses up maxUnavailable",
            )
    if isinstance(row, StatefulSetRow) and row.management == "OrderedReady":
        trap = [pod for pod in view.pods if _off_revision(row, pod)]
        if trap and row.current_revision == row.update_revision and row.ready < row.replicas:
            name = trap[0].name
            return (
                f"old {name[-12:]}",
                f"{name} is broken and from another revision; it must be deleted to go on",
            )
    return None


def _off_revision(row: StatefulSetRow, pod: PodRow) -> bool:
    return not pod.is_ready and not pod.deleting and pod.template != row.update_revision
