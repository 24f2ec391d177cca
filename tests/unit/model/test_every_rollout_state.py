"""The severity, the state and the reason of rollouts, over grids of their counters, their conditions and their pods.

`pytest tests/unit/model/test_every_rollout_state.py --snapshot-update` takes what is judged now; look at what differs
first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.model.cache.store import Store
from edgetui.model.kinds.workload import RolloutRow
from edgetui.model.panes.base import SEVERITY_WORDS
from edgetui.model.panes.rollout_state import rollout_state
from edgetui.model.rollout.status import look, verdict
from tests.unit.model import factories as f

NOW = float(f.NOW)
Make = Callable[..., f.Json]


def said(store: Store, kind: str) -> str:
    """What is said of the only object of a kind."""
    (row,) = store.rows(kind)
    assert isinstance(row, RolloutRow)
    view = look(store, row)
    found = rollout_state(store, row, view, NOW)
    kubectl = verdict(row)
    mark = "done" if kubectl.done else "failed" if kubectl.failed else "waits"
    parts = " ".join(map(str, view.segments.parts()))
    return f"{SEVERITY_WORDS[found.severity]} {found.words} | {found.sentence} | {mark} | {parts}"


def starting(name: str, namespace: str, *, since: float = 9, **more: Any) -> f.Json:
    waits = [f.waiting("ContainerCreating")]
    return f.pod(name, namespace, statuses=waits, created=f.NOW - since, ready_at=f.NOW - since, **more)


def flapping(name: str, namespace: str, *, restarts: int, ago: float, **more: Any) -> f.Json:
    status = f.running(restarts=restarts)
    status["lastState"] = f.ended(1, "Error", at=f.NOW - ago)["state"]
    return f.pod(name, namespace, statuses=[status], **more)


NEWEST: dict[str, Callable[[f.Json, dict[str, str]], list[f.Json]]] = {
    "none": lambda owner, labels: [],
    "serves": lambda owner, labels: [f.pod("a", owner=owner, labels=labels)],
    "no image": lambda owner, labels: [f.image_pull(name, owner=owner, labels=labels) for name in ("a", "b")],
    "starts": lambda owner, labels: [starting("a", "default", since=600, owner=owner, labels=labels)],
    "starts late": lambda owner, labels: [starting("a", "default", since=601, owner=owner, labels=labels)],
    "ends": lambda owner, labels: [
        f.pod("a", owner=owner, labels=labels, ready="False", ready_at=f.NOW - 900, deleting=f.NOW + 9)
    ],
    "has ended": lambda owner, labels: [
        f.pod("a", owner=owner, labels=labels, phase="Failed", statuses=[], ready_at=f.NOW - 900)
    ],
    "restarts once": lambda owner, labels: [
        flapping("a", "default", restarts=1, ago=9, owner=owner, labels=labels)
    ],
    "restarts": lambda owner, labels: [
        flapping(name, "default", restarts=2, ago=599, owner=owner, labels=labels) for name in ("a", "b")
    ],
    "restarted": lambda owner, labels: [
        flapping("a", "default", restarts=2, ago=600, owner=owner, labels=labels)
    ],
    "cannot end": lambda owner, labels: [
        f.pod(name, owner=owner, labels=labels, node=node, ready="False", deleting=f.NOW - 9)
        for name, node in (("a", "edge-9"), ("b", "edge-8"), ("c", "edge-1"))
    ],
}
"""The pods of the newest template, whatever the counters say."""
NODES = [
    f.node("edge-1"),
    f.node(
        "edge-8", ready="False", taints=[{"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}]
    ),
    f.node("edge-9", ready="Unknown"),
]
QUOTA = f.cond(
    "ReplicaFailure", "True", "FailedCreate", 'pods "a" is forbidden: exceeded quota: small, requested: pods=1, '
    "used: pods=3, limited: pods=3",
)  # fmt: skip
COUNTS = {
    "at rest": {},
    "at 0": {"replicas": 0},
    "old ones": {"updated": 1, "current": 4, "ready": 3, "available": 3},
    "old ones to end": {"current": 4},
    "not available": {"available": 2},
    "nothing": {"ready": 0, "available": 0},
    "not seen": {"generation": 2, "observed": 1},
}
CONDITIONS: dict[str, dict[str, Any]] = {
    "completed": {},
    "moves": {"progressing": ("True", "ReplicaSetUpdated")},
    "too late": {"progressing": ("False", "ProgressDeadlineExceeded"), "deadline": 90},
    "paused": {"progressing": ("Unknown", "DeploymentPaused"), "paused": True},
    "refused": {"progressing": ("True", "ReplicaSetUpdated"), "conditions": [QUOTA]},
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_deployments(condition: str, snapshot: SnapshotAssertion) -> None:
    lines = []
    for counts, pods in product(COUNTS, NEWEST):
        made = f.deployment("press", **COUNTS[counts] | CONDITIONS[condition])
        newest = f.replica_set(made, "7f", replicas=1)
        store = f.store_of(made, newest, *NEWEST[pods](newest, {"pod-template-hash": "7f"}), *NODES)
        lines.append(f"{counts}, {pods}: {said(store, 'Deployment')}")
    assert "\n".join(lines) == snapshot


def sets(make: Make, kind: str, label: str, ways: dict[str, dict[str, Any]], pods: Iterable[str]) -> str:
    lines = []
    for way, one in product(ways, pods):
        made = make("agent", **ways[way])
        store = f.store_of(made, *NEWEST[one](made, {label: "press-a"}), *NODES)
        lines.append(f"{way}, {one}: {said(store, kind)}")
    return "\n".join(lines)


NEW = {"update_revision": "press-b"}
STATEFUL: dict[str, dict[str, Any]] = {
    "at rest": {},
    "at 0": {"replicas": 0},
    "not seen": {"generation": 2, "observed": 1},
    "not ready": {"ready": 2},
    "not available": {"available": 2},
    "on its way": {"updated": 1} | NEW,
    "on its way, not ready": {"updated": 1, "ready": 2} | NEW,
    "above a partition": {"updated": 1, "partition": 2} | NEW,
    "not yet above a partition": {"updated": 0, "partition": 2} | NEW,
    "a partition and nothing new": {"partition": 2},
    "without a number": {"partition": None, "updated": 1} | NEW,
    "all updated, not promoted": {"updated": 3} | NEW,
    "on delete": {"strategy": "OnDelete", "updated": 1} | NEW,
    "on delete, not ready": {"strategy": "OnDelete", "updated": 1, "ready": 2} | NEW,
    "parallel": {"management": "Parallel", "ready": 2},
    "another revision": {"current_revision": "press-b", "update_revision": "press-b", "ready": 2},
    "another revision in parallel": {
        "current_revision": "press-b", "update_revision": "press-b", "ready": 2, "management": "Parallel"
    },
    "another revision, all ready": {"current_revision": "press-b", "update_revision": "press-b"},
}  # fmt: skip
OPENYURT = "apps.openyurt.io/update-strategy"
DAEMONS: dict[str, dict[str, Any]] = {
    "at rest": {},
    "of no node": {"desired": 0},
    "not seen": {"generation": 2, "observed": 1},
    "on its way": {"updated": 1},
    "not available": {"ready": 2},
    "nothing": {"ready": 0},
    "on its way, not available": {"updated": 1, "ready": 2},
    "on delete": {"strategy": "OnDelete", "updated": 1},
    "on delete, not available": {"strategy": "OnDelete", "updated": 1, "ready": 2},
    "where it should not": {"misscheduled": 1},
    "where it should not, on its way": {"misscheduled": 2, "updated": 1},
    "by site": {"strategy": "OnDelete", "updated": 1, "annotations": {OPENYURT: "OTA"}},
    "by site, one": {"strategy": "OnDelete", "updated": 2, "annotations": {OPENYURT: "OTA"}},
    "by site, one down": {"strategy": "OnDelete", "updated": 2, "ready": 2, "annotations": {OPENYURT: "OTA"}},
    "by site, all down": {"strategy": "OnDelete", "updated": 2, "ready": 0, "annotations": {OPENYURT: "OTA"}},
    "by site, done": {"strategy": "OnDelete", "annotations": {OPENYURT: "OTA"}},
    "by node": {"strategy": "OnDelete", "updated": 1, "annotations": {OPENYURT: "AdvancedRollingUpdate"}},
    "by node, one down": {
        "strategy": "OnDelete", "updated": 1, "ready": 2, "annotations": {OPENYURT: "AdvancedRollingUpdate"}
    },
}  # fmt: skip


def test_stateful_sets(snapshot: SnapshotAssertion) -> None:
    assert sets(f.stateful_set, "StatefulSet", "controller-revision-hash", STATEFUL, NEWEST) == snapshot


def test_daemon_sets(snapshot: SnapshotAssertion) -> None:
    assert sets(f.daemon_set, "DaemonSet", "controller-revision-hash", DAEMONS, NEWEST) == snapshot
