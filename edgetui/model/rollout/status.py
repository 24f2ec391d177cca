"""Rollouts of Deployments, StatefulSets and DaemonSets: is it done, how far is it, what holds it up.

The verdict has the words and the order of `kubectl rollout status` (kubectl's rollout_status.go, 1.37).
Readiness is the pod's Ready condition: container statuses stay ready on a dead node.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from edgetui.model.cache.store import Store
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.daemonset import DaemonSetRow
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.node import NodeRow
from edgetui.model.kinds.pod import PodRow
from edgetui.model.kinds.replicaset import ReplicaSetRow
from edgetui.model.kinds.statefulset import StatefulSetRow
from edgetui.model.kinds.workload import RolloutRow, WorkloadRow
from edgetui.model.pod.diagnosis import Diagnosis, diagnose
from edgetui.model.text import plural

DEADLINE_PASSED = "ProgressDeadlineExceeded"


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """What `kubectl rollout status` says: `done`, `failed`, and its sentence.

    A passed progress deadline is `failed` but not final: a slow rollout may complete later. Other strategies than
    RollingUpdate have nothing to wait for: they are `done`, though kubectl calls asking about them an error.
    """

    done: bool
    failed: bool
    text: str


def verdict(row: RolloutRow) -> Verdict:
    """The verdict of kubectl on one workload; judged only when the controller has seen the latest spec."""
    if isinstance(row, DeploymentRow):
        return _deployment(row)
    if row.strategy != "RollingUpdate":
        return Verdict(True, False, "rollout status is only available for RollingUpdate strategy type")
    if isinstance(row, StatefulSetRow):
        return _stateful_set(row)
    assert isinstance(row, DaemonSetRow)
    return _daemon_set(row)


def healthy(row: RolloutRow) -> bool:
    """Whether its rollout is complete and all of it serves; one that wants no pods shows nothing."""
    return verdict(row).done and 0 < row.available >= row.replicas


def proven(row: RolloutRow) -> bool:
    """Whether all of it serves by its newest template: that template is known to work.

    A rollout of no pods, of pods that wait to be deleted (OnDelete) or of those above a partition is done without.
    """
    return healthy(row) and row.updated >= row.replicas


def _deployment(row: DeploymentRow) -> Verdict:
    if row.generation > row.observed:
        return Verdict(False, False, "Waiting for deployment spec update to be observed...")
    progressing = row.progressing
    if progressing is not None and progressing.reason == DEADLINE_PASSED:
        return Verdict(False, True, f'deployment "{row.name}" exceeded its progress deadline')
    waiting = f'Waiting for deployment "{row.name}" rollout to finish:'
    if row.updated < row.replicas:
        counts = f"{row.updated} out of {row.replicas}"
        return Verdict(False, False, f"{waiting} {counts} new replicas have been updated...")
    if row.current > row.updated:
        old = row.current - row.updated
        return Verdict(False, False, f"{waiting} {old} old replicas are pending termination...")
    if row.available < row.updated:
        counts = f"{row.available} of {row.updated}"
        return Verdict(False, False, f"{waiting} {counts} updated replicas are available...")
    return Verdict(True, False, f'deployment "{row.name}" successfully rolled out')


def _daemon_set(row: DaemonSetRow) -> Verdict:
    if row.generation > row.observed:
        return Verdict(False, False, "Waiting for daemon set spec update to be observed...")
    waiting = f'Waiting for daemon set "{row.name}" rollout to finish:'
    if row.updated < row.replicas:
        counts = f"{row.updated} out of {row.replicas}"
        return Verdict(False, False, f"{waiting} {counts} new pods have been updated...")
    if row.available < row.replicas:
        counts = f"{row.available} of {row.replicas}"
        return Verdict(False, False, f"{waiting} {counts} updated pods are available...")
    return Verdict(True, False, f'daemon set "{row.name}" successfully rolled out')


def _stateful_set(row: StatefulSetRow) -> Verdict:
    if row.observed == 0 or row.generation > row.observed:
        return Verdict(False, False, "Waiting for statefulset spec update to be observed...")
    if row.ready < row.replicas:
        return Verdict(False, False, f"Waiting for {row.replicas - row.ready} pods to be ready...")
    if row.partitioned:
        # Without a number in it kubectl waits for no pod to be updated; the controller updates them all.
        wanted = 0 if row.partition is None else row.replicas - row.partition
        if row.updated < wanted:
            counts = f"{row.updated} out of {wanted}"
            text = f"Waiting for partitioned roll out to finish: {counts} new pods have been updated..."
            return Verdict(False, False, text)
        text = f"partitioned roll out complete: {row.updated} new pods have been updated..."
        return Verdict(True, False, text)
    if row.update_revision != row.current_revision:
        at = f"{row.updated} pods at revision {row.update_revision}"
        return Verdict(False, False, f"waiting for statefulset rolling update to complete {at}...")
    at = f"{row.current_old} pods at revision {row.current_revision}"
    return Verdict(True, False, f"statefulset rolling update complete {at}...")


def countdown(row: DeploymentRow, now: float) -> tuple[float, int] | None:
    """Seconds since a Deployment last made progress, and its deadline; None while none is running.

    The controller counts from the condition's last update (deployment/progress.go); a deadline passed is
    reported by it alone, so the first number may exceed the second.
    """
    progressing = row.progressing
    if progressing is None or row.paused or row.generation > row.observed or verdict(row).done:
        return None
    if progressing.status != "True" or progressing.reason == "NewReplicaSetAvailable":
        return None
    return max(0.0, now - progressing.updated), row.deadline


class Segments(msgspec.Struct, frozen=True, gc=False):
    """The six parts of a rollout bar, in pods; `wanted` is what the spec asks for.

    `updated_ready` are new pods that are ready but not yet available (minReadySeconds). `old` still serve.
    """

    updated_available: int = 0
    updated_ready: int = 0
    updated_unready: int = 0
    old: int = 0
    terminating: int = 0
    missing: int = 0
    wanted: int = 0

    @property
    def total(self) -> int:
        """All parts together: more than `wanted` while a rollout surges."""
        return sum(self.parts())

    def parts(self) -> tuple[int, int, int, int, int, int]:
        """The six parts in the order in which they are drawn."""
        return (
            self.updated_available,
            self.updated_ready,
            self.updated_unready,
            self.old,
            self.terminating,
            self.missing,
        )


MARKS = "=+.ox "
"""One mark per segment: available, ready, not ready, old, terminating, missing."""


def progress(row: RolloutRow, pods: Iterable[PodRow], template: str = "") -> Segments:
    """How far a rollout is, counted from its pods.

    `template` is the pod-template-hash of a Deployment's newest ReplicaSet, or the revision hash of a DaemonSet
    (see newest_hash); a StatefulSet names its own.
    """
    ready_new = unready_new = ready_old = unready_old = terminating = 0
    for pod in pods:
        if pod.deleting:
            terminating += 1
        elif pod.ended:
            continue
        elif is_updated(row, pod, template):
            ready_new += pod.is_ready
            unready_new += not pod.is_ready
        else:
            ready_old += pod.is_ready
            unready_old += not pod.is_ready
    available = ready_new
    if row.min_ready:
        available = min(ready_new, max(0, row.available - ready_old))
    old = ready_old + unready_old
    return Segments(
        updated_available=available,
        updated_ready=ready_new - available,
        updated_unready=unready_new,
        old=old,
        terminating=terminating,
        missing=max(0, row.replicas - ready_new - unready_new - old),
        wanted=row.replicas,
    )


class Counted(Protocol):
    """The counters in the status of whatever rolls out."""

    replicas: int
    current: int
    updated: int
    ready: int
    available: int


def from_counters(row: Counted) -> Segments:
    """The same from the counters in the status alone, for clusters whose pods may not be read."""
    old = max(0, row.current - row.updated)
    available = min(row.updated, max(0, row.available - old))
    ready = max(0, min(row.updated, row.ready - old) - available)
    terminating = (row.terminating or 0) if isinstance(row, DeploymentRow) else 0
    return Segments(
        updated_available=available,
        updated_ready=ready,
        updated_unready=max(0, row.updated - available - ready),
        old=old,
        terminating=terminating,
        missing=max(0, row.replicas - row.updated - old),
        wanted=row.replicas,
    )


def is_updated(row: WorkloadRow, pod: PodRow, template: str = "") -> bool:
    """Whether a pod was made from the newest template of its workload."""
    if isinstance(row, StatefulSetRow):
        return pod.template == row.update_revision
    if isinstance(row, DaemonSetRow):
        return pod.generation == row.template_generation or (bool(template) and pod.template == template)
    return pod.template == template


def newest_hash(row: DaemonSetRow, pods: Sequence[PodRow]) -> str:
    """The revision hash of a DaemonSet's newest pods; empty when it cannot be told.

    After a roll back, pods that never left the revision keep their older generation and yet are updated
    (IsPodUpdated in pkg/controller/daemon/util): their hash is that of a pod of the newest generation, or that
    of as many pods as the controller counts.
    """
    for pod in pods:
        if pod.generation == row.template_generation:
            return pod.template
    if row.generation > row.observed:
        return ""
    counted = Counter(pod.template for pod in pods if not pod.ended)
    fitting = [one for one, count in counted.items() if one and count == row.updated]
    return fitting[0] if len(fitting) == 1 else ""


def bar(segments: Segments, width: int = 12) -> str:
    """The bar in ASCII, `width` columns with its brackets: "[=====+++..oooo    ]"."""
    return (
        "["
        + "".join(mark * cells for mark, cells in zip(MARKS, cells_of(segments, width - 2), strict=True))
        + "]"
    )


def cells_of(segments: Segments, width: int) -> tuple[int, ...]:
    """How many of `width` cells each part gets: its share, and at least one if there is anything of it."""
    parts, total = segments.parts(), segments.total
    if not total:
        return (0, 0, 0, 0, 0, width)
    cells = [max(1, part * width // total) if part else 0 for part in parts]
    by_need = sorted(range(len(parts)), key=lambda i: cells[i] * total - parts[i] * width)
    while sum(cells) < width:
        for i in by_need:
            if parts[i] and sum(cells) < width:
                cells[i] += 1
    while sum(cells) > width:
        widest = max(range(len(cells)), key=lambda i: cells[i])
        cells[widest] -= 1
    return tuple(cells)


def newest_replica_set(row: DeploymentRow, owned: Iterable[Row]) -> ReplicaSetRow | None:
    """The ReplicaSet of a Deployment's current template: the one at its revision, else at the highest."""
    sets = [one for one in owned if isinstance(one, ReplicaSetRow)]
    for one in sets:
        if row.revision and one.revision == row.revision:
            return one
    return max(sets, key=lambda one: (one.revision, one.created), default=None)


class View(msgspec.Struct, frozen=True, gc=False):
    """One rollout as it stands in a store: its pods, the newest template and the counted segments."""

    pods: tuple[PodRow, ...]
    template: str
    segments: Segments


def look(store: Store, row: RolloutRow) -> View:
    """Find the pods of a workload through its owners and count them; counters serve when there are none."""
    template = ""
    owned: Sequence[Row] = store.owned_by(row.uid)
    if isinstance(row, DeploymentRow):
        newest = newest_replica_set(row, owned)
        template = newest.template if newest else ""
    pods = tuple(store.pods_of(row.uid))
    if isinstance(row, DaemonSetRow):
        template = newest_hash(row, pods)
    if not pods and row.current:
        return View(pods, template, from_counters(row))
    return View(pods, template, progress(row, pods, template))


def findings(pods: Iterable[PodRow], nodes: Iterable[NodeRow] = ()) -> list[tuple[Diagnosis, int]]:
    """What is wrong with the pods that should serve: hard findings first, then the commonest, with their number.

    Pods that have ended are left out: their controller has replaced them.
    """
    by_name = {node.name: node for node in nodes}
    counted: Counter[Diagnosis] = Counter()
    for pod in pods:
        found = None if pod.is_ready or pod.ended else diagnose(pod, by_name.get(pod.node))
        if found is not None:
            counted[found] += 1
    return sorted(counted.items(), key=lambda item: (not item[0].hard, -item[1], item[0].sentence))


def reason(pods: Iterable[PodRow], nodes: Iterable[NodeRow] = ()) -> str:
    """The top finding as one sentence with the number of pods; empty when nothing is wrong."""
    for found, count in findings(pods, nodes):
        return f"{found.sentence} ({plural(count, 'pod')})"
    return ""
