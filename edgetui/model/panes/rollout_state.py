"""The state of a rollout in a few words for 80 columns, how bad it is, and what holds it up as a sentence."""

from __future__ import annotations

from typing import NamedTuple

from edgetui.model.cache.store import Store
from edgetui.model.kinds.daemonset import BY_SITE, DaemonSetRow
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.node import NODE, NodeRow
from edgetui.model.kinds.pod import PodRow
from edgetui.model.kinds.statefulset import StatefulSetRow
from edgetui.model.kinds.workload import RolloutRow
from edgetui.model.panes.base import BAD, FINE, RECENT, WATCH
from edgetui.model.rollout.status import View, findings, verdict
from edgetui.model.text import duration, plural

LATE = 600.0
"""Seconds without becoming ready after which a pod is not just slow: the default progress deadline."""


FLAPS = 2
"""Restarts of a pod from which on a complete rollout is not called healthy: a crash after ready trips no deadline."""


class RolloutState(NamedTuple):
    """`severity` as in a pane row, `words` for the state cell, `sentence` empty while nothing holds it up."""

    severity: int
    words: str
    sentence: str


def rollout_state(store: Store, row: RolloutRow, view: View, now: float) -> RolloutState:
    """The state of one rollout: the steps of `kubectl rollout status`, with the reasons of its pods."""
    if row.generation > row.observed:
        return RolloutState(WATCH, "not seen yet", "its controller has not seen the latest change yet")
    nodes = _nodes(store, view)
    found = findings(view.pods, nodes)
    sentence = f"{found[0][0].sentence} ({plural(found[0][1], 'pod')})" if found else ""
    hard = next((one.short for one, _count in found if one.hard), "")
    if isinstance(row, DeploymentRow):
        held = _held(row, view, hard, sentence)
        if held is not None:
            return held
    if isinstance(row, DaemonSetRow) and row.updated_by and row.updated < row.replicas:
        return _by_site(row, view, hard, sentence, now)
    serves = verdict(row).done and row.available >= row.replicas
    blocked = None if serves else _blocked(row, view, nodes)
    if blocked is not None:
        return RolloutState(BAD, f"stuck: {blocked[0]}", blocked[1])
    words = _counts(row)
    if hard:
        return RolloutState(BAD, f"{words}, {hard}" if serves else f"stuck: {hard}", sentence)
    if serves:
        flapping = sum(pod.restarts >= FLAPS and pod.restarted_since(now - RECENT) for pod in view.pods)
        if flapping:
            told = f"{plural(flapping, 'pod')} restarted in the last {duration(RECENT)}"
            return RolloutState(WATCH, f"{words}, restarting", told)
        return RolloutState(FINE, words, sentence or _stray(row))
    nothing = bool(row.replicas) and not row.available and _settled(row)
    return RolloutState(BAD if nothing or _late(view, now) else WATCH, words, sentence)


def _nodes(store: Store, view: View) -> list[NodeRow]:
    """The nodes of pods that do not serve."""
    names = {pod.node for pod in view.pods if pod.node and not pod.is_ready}
    return [node for name in names if isinstance(node := store.get(NODE, "", name), NodeRow)]


def _held(row: DeploymentRow, view: View, hard: str, sentence: str) -> RolloutState | None:
    """What a Deployment's own conditions say: pods refused, paused, deadline passed."""
    failure = row.replica_failure
    if failure is not None and (view.segments.missing or row.updated < row.replicas):
        from edgetui.model.pod.scheduling import refused  # only where something is held up

        short, told = refused(failure.message)
        return RolloutState(BAD, f"stuck: {short}", told)
    if row.paused:
        whole = row.updated >= row.replicas
        words = "paused" if whole else f"paused, {row.updated} of {row.replicas} updated"
        return RolloutState(WATCH, words, sentence)
    said = verdict(row)
    if not said.failed:
        return None
    deadline = duration(row.deadline)
    if not hard and view.segments.updated_unready + view.segments.updated_ready:
        told = f"its deadline of {deadline} has passed, but new pods are on their way: it may yet finish"
        return RolloutState(WATCH, "deadline passed, still progressing", sentence or told)
    told = f"nothing has become ready within its deadline of {deadline}"
    return RolloutState(BAD, f"stuck: {hard or 'deadline passed'}", sentence or told)


def _by_site(row: DaemonSetRow, view: View, hard: str, sentence: str, now: float) -> RolloutState:
    """A DaemonSet of OpenYurt whose old pods are replaced when their sites say so, or when their nodes are back: that
    it does not get on is no fault. What is wrong with a pod is.
    """
    left = row.replicas - row.updated
    if row.updated_by == BY_SITE:
        words = f"{left} {'waits for its' if left == 1 else 'wait for their'} site"
        told = "a pod is updated when its site asks for that (OpenYurt OTA)"
    else:
        words = f"{row.updated} of {row.replicas} updated"
        told = "OpenYurt updates nodes that are Ready, and the others when they are back"
    if hard:
        return RolloutState(BAD, f"{words}, {hard}", sentence)
    down = row.available < row.replicas
    bad = down and (not row.available or _late(view, now))
    return RolloutState(BAD if bad else WATCH, words, (down and sentence) or told)


def _late(view: View, now: float) -> bool:
    """Whether a pod has not become ready for so long that nobody should wait for it."""
    return any(
        not (pod.is_ready or pod.ended or pod.deleting) and now - pod.ready_since > LATE for pod in view.pods
    )


def _stray(row: RolloutRow) -> str:
    if isinstance(row, DaemonSetRow) and row.misscheduled:
        return f"runs on {plural(row.misscheduled, 'node')} where it should not"
    return ""


def _settled(row: RolloutRow) -> bool:
    """Whether a Deployment had already completed, so that having nothing available is not just a start."""
    if not isinstance(row, DeploymentRow):
        return False
    progressing = row.progressing
    return progressing is not None and progressing.reason == "NewReplicaSetAvailable"


def _counts(row: RolloutRow) -> str:
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
        return f"{plural(row.current - row.updated, 'old pod')} terminating"
    if row.available < row.replicas:
        return f"{row.available} of {row.replicas} available"
    if row.strategy == "OnDelete" and row.updated < row.replicas:
        return f"{row.updated} of {row.replicas} on delete"
    if not row.replicas:
        return "no nodes" if isinstance(row, DaemonSetRow) else "scaled to 0"
    return "complete"


def _blocked(row: RolloutRow, view: View, nodes: list[NodeRow]) -> tuple[str, str] | None:
    """What no counter shows: a DaemonSet pod stuck on a dead node, a StatefulSet waiting for a bad pod."""
    held = _on_silent_nodes(view, nodes) if row.updated < row.replicas or row.ready < row.replicas else []
    if held and not isinstance(row, DeploymentRow):
        from edgetui.model.pod.scheduling import unreachable

        nodes_used = len({pod.node for pod in view.pods if pod.node})
        if isinstance(row, DaemonSetRow):
            nodes_used = max(nodes_used, row.replicas + row.misscheduled)
        return "node NotReady", f"{unreachable(len(held), nodes_used)} ({', '.join(held[:3])})"
    if isinstance(row, StatefulSetRow) and row.management == "OrderedReady":
        trap = [pod for pod in view.pods if _off_revision(row, pod)]
        if trap and row.current_revision == row.update_revision and row.ready < row.replicas:
            name = trap[0].name
            return (
                f"blocked by {name}",
                f"{name}, of another revision and not ready, blocks the StatefulSet rollout (OrderedReady)",
            )
    return None


def _on_silent_nodes(view: View, nodes: list[NodeRow]) -> list[str]:
    """Nodes that do not answer and hold pods that cannot end: their controller waits for each of them."""
    silent = {node.name for node in nodes if node.unreachable or node.ready == "Unknown"}
    return sorted({pod.node for pod in view.pods if pod.deleting and pod.node in silent})


def _off_revision(row: StatefulSetRow, pod: PodRow) -> bool:
    return not pod.is_ready and not pod.deleting and pod.template != row.update_revision
