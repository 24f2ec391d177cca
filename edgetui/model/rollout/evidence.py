"""What a guard sees when it looks at a rollout: can it be judged, and is there evidence that the release is bad.

Evidence is what no waiting mends and what the release itself brought: an image that is not there, a container that
crashes again and again, or, once its deadline has passed, one that cannot start. A link that is slow or down, a full
node and a silent node are no evidence, whatever they do to the rollout. Of an Argo Rollout its own abort is evidence as
well, and, once its deadline has passed, a readiness check that fails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence

import msgspec

from edgetui.model.cache.freshness import Link, Sync
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.daemonset import DaemonSetRow
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.node import NODE, NodeRow
from edgetui.model.kinds.pod import PodRow
from edgetui.model.kinds.replicaset import ReplicaSetRow
from edgetui.model.kinds.rollout import ArgoRolloutRow
from edgetui.model.kinds.statefulset import StatefulSetRow
from edgetui.model.kinds.workload import RolloutRow
from edgetui.model.pod.diagnosis import Diagnosis, diagnose
from edgetui.model.rollout.status import DEADLINE_PASSED, healthy, is_updated, newest_hash
from edgetui.model.text import plural

LOOP = 2
"""Restarts from which on a crash is a loop."""

_IMAGE = frozenset({"image-missing", "image-denied", "image-name"})
_CRASH = frozenset({"crash", "memory"})
_OVERDUE = _CRASH | {"config", "start"}
_DEGRADED = _OVERDUE | {"not-ready"}
_PULL = _IMAGE | {"image", "image-link"}
_UNTOLD = "cannot pull image"

Guarded = RolloutRow | ArgoRolloutRow
"""What a guard can look at."""

Causes = Mapping[str, Diagnosis]
"""By pod uid: the last cause that was told for an image that cannot be pulled."""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """One look at a workload.

    `why` says why nothing can be judged, `gone` that the object is no more; both are empty else. `template` is the
    hash of the newest template, `pods` are all pods of the workload, `silent` the nodes that do not answer.
    `ready_for` is how long ago the last pod of the newest template became ready, 0.0 while one is not.
    """

    why: str = ""
    gone: str = ""
    row: Guarded | None = None
    template: str = ""
    pods: tuple[PodRow, ...] = ()
    silent: frozenset[str] = frozenset()
    ready_for: float = 0.0

    @property
    def newest(self) -> list[PodRow]:
        """The pods of the newest template that should serve."""
        row = self.row
        if row is None:
            return []
        return [
            pod
            for pod in self.pods
            if not pod.deleting and not pod.ended and is_updated(row, pod, self.template)
        ]

    @property
    def complete(self) -> bool:
        """Whether the rollout is complete and all of it serves."""
        row = self.row
        return row.complete if isinstance(row, ArgoRolloutRow) else row is not None and healthy(row)

    @property
    def aborted(self) -> bool:
        """Whether the update of an Argo Rollout is aborted: its stable revision serves."""
        return isinstance(self.row, ArgoRolloutRow) and self.row.aborted

    @property
    def overdue(self) -> bool:
        """Whether a deadline has passed for the newest template; a Deployment's condition may be of an older one."""
        row = self.row
        if isinstance(row, ArgoRolloutRow):
            return row.overdue
        if not isinstance(row, DeploymentRow) or row.progressing is None:
            return False
        told = row.progressing
        return told.reason == DEADLINE_PASSED and f'"{row.name}-{self.template}"' in told.message


def look_at(store: Store, key: ObjectKey, uid: str, now: float, around: Store | None = None) -> Look:
    """Look at the rows of a store. `uid` is the object's: another of its name is not it.

    `around` tells of the link and of nodes, where `store` has the object and what it owns alone.
    """
    around = around or store
    row = store.get(key.kind, key.namespace, key.name)
    blind = _blind(store, around, key.kind) or (
        "" if row or not store.freshness(key.kind).partial else "not readable"
    )
    if blind:
        return Look(why=blind)
    if row is None:
        return Look(gone="it no longer exists")
    if row.uid != uid:
        return Look(gone="another object has its name now")
    assert isinstance(row, RolloutRow | ArgoRolloutRow)
    sets = [one for one in store.owned_by(uid) if isinstance(one, ReplicaSetRow)]
    pods = list(store.pods_of(uid))
    template = ""
    if row.generation <= row.observed:
        template = newest_template(row, sets, pods)
    return seen(row, template, pods, silent_nodes(around), now)


def seen(row: Guarded, template: str, pods: Iterable[PodRow], silent: frozenset[str], now: float) -> Look:
    """A look at these rows, which are known to be current."""
    behind = row.behind if isinstance(row, ArgoRolloutRow) else row.generation > row.observed
    if not template or behind:
        return Look(why="its controller has not made the newest change yet", row=row)
    if isinstance(row, DeploymentRow) and row.paused:
        return Look(why="its rollout is paused", row=row)
    if isinstance(row, ArgoRolloutRow) and row.refused:
        return Look(why="its controller takes its spec for invalid", row=row)
    look = Look(row=row, template=template, pods=tuple(pods), silent=silent)
    newest = look.newest
    since = max((pod.ready_since for pod in newest), default=0)
    serves = bool(since) and all(pod.is_ready for pod in newest)
    return msgspec.structs.replace(look, ready_for=max(0.0, now - since)) if serves else look


def newest_template(row: Guarded, sets: Iterable[ReplicaSetRow], pods: Sequence[PodRow]) -> str:
    """The hash of the newest template, "" while it cannot be told for certain.

    Rows of one rollout come over several watches: a ReplicaSet counts only at the very revision of its Deployment.
    """
    if isinstance(row, DeploymentRow):
        return next((one.template for one in sets if row.revision and one.revision == row.revision), "")
    if isinstance(row, StatefulSetRow):
        return row.update_revision
    if isinstance(row, ArgoRolloutRow):
        return row.newest
    assert isinstance(row, DaemonSetRow)
    return newest_hash(row, pods)


def silent_nodes(store: Store) -> frozenset[str]:
    """The nodes that do not answer: what is told of their pods is as old as their silence."""
    nodes = (node for node in store.rows(NODE) if isinstance(node, NodeRow))
    return frozenset(node.name for node in nodes if node.unreachable or node.ready == "Unknown")


def _blind(store: Store, around: Store, kind: str) -> str:
    """Why what the store holds may be old; empty when it is current."""
    if around.link.link is not Link.LIVE or around.link.sentence:
        return f"{store.cluster} is not heard"
    for one in (kind, *sorted(store.kinds.chain(kind))):
        freshness = store.freshness(one)
        if freshness.sync is Sync.FORBIDDEN:
            return f"{one.lower()}s may not be read"
        if freshness.sync is not Sync.LIVE or freshness.kept:
            return f"{one.lower()}s of {store.cluster} are not current"
    return ""


def causes(look: Look, before: Causes) -> dict[str, Diagnosis]:
    """What is known of images that cannot be pulled: kubelets before 1.31 tell the cause at every other try only."""
    known = {}
    for pod in look.newest:
        found = diagnose(pod)
        if found is None or found.code not in _PULL:
            continue
        told = before.get(pod.uid, found) if found.short == _UNTOLD else found
        known[pod.uid] = told
    return known


def evidence(look: Look, known: Causes, overdue: bool) -> tuple[str, ...]:
    """What speaks against the release, a sentence each, the commonest first; empty when nothing does."""
    row = look.row
    if isinstance(row, ArgoRolloutRow) and row.aborted:
        return (row.message or "its update is aborted",)
    late = frozenset() if not overdue else _DEGRADED if isinstance(row, ArgoRolloutRow) else _OVERDUE
    counted: Counter[str] = Counter()
    for pod in look.newest:
        if pod.is_ready or pod.node in look.silent:
            continue
        found = known.get(pod.uid) or diagnose(pod)
        if found is not None and _damning(found, pod, late):
            counted[found.sentence] += 1
    return tuple(f"{sentence} ({plural(count, 'pod')})" for sentence, count in counted.most_common())


def _damning(found: Diagnosis, pod: PodRow, late: Container[str]) -> bool:
    """`late` are the codes that count besides, since the deadline has passed."""
    if found.code in _IMAGE or (found.code in _CRASH and pod.restarts >= LOOP):
        return True
    return found.code in late


def serving(look: Look) -> set[str]:
    """The templates all of whose pods are ready now; a pod that is ending says nothing."""
    ready: dict[str, bool] = {}
    for pod in look.pods:
        if not pod.deleting and not pod.ended and pod.template:
            ready[pod.template] = ready.get(pod.template, True) and pod.is_ready
    return {template for template, all_ready in ready.items() if all_ready}
