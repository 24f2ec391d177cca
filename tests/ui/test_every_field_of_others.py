"""What every field of an object does to its row and its page, for what other controllers write; and what the fields of
the objects beside one do to what is said of it.

`pytest tests/ui/test_every_field_of_others.py --snapshot-update` takes what is said now; look at what differs first.
"""

from __future__ import annotations

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.model.kinds import row_of
from edgetui.model.panes import PANES
from edgetui.model.panes.base import SEVERITY_WORDS
from tests.ui import test_every_field as every
from tests.unit.model import factories as f
from tests.unit.model import updates as u
from tests.unit.model.test_canary import canary
from tests.unit.model.test_cronjob import SCHEDULED, cron_job
from tests.unit.model.test_job import COMPLETE, FAILED, job
from tests.unit.model.test_rollout_kind import ABORTED, HEALTHY, MOVING, RUNS, rollout
from tests.unit.model.test_service_hosts import L2, ON_TWO, a_service, nodes
from tests.unit.model.test_traffic import PAIR, THREE, endpoint, service, silent, slices

Json = dict[str, Any]
TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "press"}
BLUE_GREEN = {"blueGreen": {"activeService": "press", "previewService": "press-new"}}

SCENES: dict[str, list[Json]] = {
    "rollout that is paused": [rollout()],
    "rollout that is healthy": [rollout(HEALTHY)],
    "rollout that was aborted": [rollout(ABORTED)],
    "rollout with an analysis": [rollout(MOVING | {"currentStepIndex": 4, "canary": RUNS})],
    "rollout that waits for its preview": [
        rollout(
            {
                "message": "BlueGreenPause",
                "pauseConditions": [{"reason": "BlueGreenPause"}],
                "currentStepIndex": None,
            },
            strategy=BLUE_GREEN,
        )
    ],
    "rollout of another template": [rollout(workloadRef=TARGET)],
    "canary under way": [canary({"failedChecks": 2})],
    "canary that has failed": [canary({"phase": "Failed", "canaryWeight": 0, "failedChecks": 5})],
    "canary that is suspended": [canary(suspend=True)],
    "plan of k0s that has failed": [
        u.autopilot(
            "ApplyFailed", "SignalApplyFailed", u.PENDING, controllers=(u.DONE,), said="checksum mismatch"
        )
    ],
    "plan of k0s under way": [u.autopilot("SchedulableWait", u.SENT, u.PENDING, controllers=(u.DONE,))],
    "upgrade of KubeEdge that asks": [u.edge_job("InProgress", edge_1=u.ASKING, edge_2={"phase": "Pending"})],
    "upgrade of KubeEdge that has failed": [u.edge_job("Failure", edge_1=u.GOOD, edge_2=u.LOST)],
    "upgrade of Kairos that reboots": [
        u.kairos("Running", edge_1=("Completed", "pending"), edge_2=("Pending",)),
    ],
    "upgrade of Kairos that has failed": [
        u.kairos(
            "Failed", edge_1=("Completed", "completed"), edge_2=("Failed", "", "no space left on device")
        )
    ],
    "upgrade of Talos that has failed": [
        u.talos(
            "Failed",
            completedNodes=["edge-1"],
            failedNodes=[{"nodeName": "edge-2", "retries": 2, "lastError": "did not come back"}],
        ),
        *u.BOTH,
    ],
    "upgrade of Talos that is suspended": [
        u.talos("Draining", suspended=True, currentNode="edge-2", completedNodes=["edge-1"]),
        *u.BOTH,
    ],
    "upgrade of Kubernetes": [u.kubernetes("Upgrading", controllerNode="cp-1")],
    "upgrade of Kubernetes that has failed": [u.kubernetes("Failed", lastError="etcd is not healthy")],
    "bundle with an error": [
        u.bundle(
            state="ErrApplied",
            desiredReady=12,
            ready=9,
            errApplied=1,
            waitApplied=2,
            failing={"name": "fleet-default/van-17", "bundleState": "ErrApplied", "message": "no such image"},
        )
    ],
    "service of three hosts": [
        service(
            externalTrafficPolicy="Local", internalTrafficPolicy="Local", trafficDistribution="PreferSameZone"
        ),
        PAIR,
        *THREE,
    ],
    "event": [f.event(f.pod("press"), "BackOff", "Back-off restarting", type_="Warning", count_=7)],
}

SCENES["event"][0]["metadata"] |= {"name": "press.1", "uid": "u-1"}
DRIVEN = f.deployment("press", "line-2", replicas=0, current=0, updated=0, ready=0, available=0)

BESIDE: dict[str, list[Json]] = {
    "deployment under way": every.SCENES["deployment under way"],
    "stateful set under way": every.SCENES["stateful set under way"],
    "daemon set": every.SCENES["daemon set"],
    "pod on a silent node": every.SCENES["pod on a silent node"],
    "deployment that Flagger drives": [DRIVEN, canary({"failedChecks": 2})],
    "deployment whose template is rolled out": [DRIVEN, rollout(workloadRef=TARGET)],
    "autoscaler at its maximum": every.SCENES["autoscaler at its maximum"],
    "plan that is held by a node": [
        u.plan("k3s", *u.whole(*u.SYNC), applying=("edge-2",)),
        u.job("edge-2"),
        u.host("edge-1", u.NEW, done=u.HASH),
        u.host("edge-2", cordoned=True, ready="Unknown", heartbeat=f.NOW - 400),
        u.host("edge-3"),
    ],
    "plan whose job has failed": [
        u.plan("k3s", *u.whole(*u.FAILED), applying=("edge-2",)),
        u.job("edge-2", u.LATE),
        u.host("edge-2"),
    ],
    "upgrade of Talos": [
        u.talos("Rebooting", completedNodes=["edge-1"], rebootingNodes=[{"nodeName": "edge-2"}]),
        f.node("edge-1"),
        f.node("edge-2", ready="Unknown", heartbeat=f.NOW - 900),
    ],
    "service with a silent host": [
        service(externalTrafficPolicy="Local", internalTrafficPolicy="Local"),
        slices(endpoint(1, "edge-1"), endpoint(2, "edge-2")),
        f.node("edge-1", labels={"topology.kubernetes.io/zone": "a"}),
        silent("edge-2"),
    ],
    "service whose address is announced": [
        a_service(),
        f.endpoint_slice("web", **ON_TWO),
        f.announced(L2, "web", "edge-2"),
        *nodes("edge-3"),
    ],
    "service whose address K3s serves": [
        a_service(),
        f.endpoint_slice("web", **ON_TWO),
        *f.service_lb("web", "edge-1", "edge-2"),
        *nodes(),
    ],
    "cron job": [
        cron_job("night", **SCHEDULED),
        job("night-1", FAILED, owner=cron_job("night"), age=900.0),
        job("night-2", *COMPLETE, owner=cron_job("night"), age=60.0),
    ],
    "job with pods": [
        (made := job("press", active=1, failed=2)),
        *f.pods_of(made, 2, labels={"batch.kubernetes.io/job-name": "press"}, statuses=[f.crashing(1)]),
    ],
}


@pytest.mark.parametrize("scene", SCENES)
def test_what_every_field_does(scene: str, snapshot: SnapshotAssertion) -> None:
    assert every.report(*SCENES[scene]) == snapshot


@pytest.mark.parametrize("scene", BESIDE)
def test_what_every_field_of_the_objects_beside_does(scene: str, snapshot: SnapshotAssertion) -> None:
    assert every.report_beside(*BESIDE[scene]) == snapshot


OVER_TIME = {
    scene: objects
    for scene, objects in {**every.SCENES, **BESIDE}.items()
    if any(word in scene for word in ("pod", "node", "autoscaler", "Talos", "plan"))
}


def passing(document: Json, *beside: Json) -> list[str]:
    """What the row says from which second on, as long as half an hour; the first dozen changes."""
    kind, store = u.id_of(document), u.store_of(document, *beside)
    row, pane = row_of(kind, document), PANES.of(kind)
    assert pane is not None
    found: list[str] = []
    before: tuple[Any, ...] = ()
    for second in range(-600, 1200):
        built = pane.build(store, kind, row, f.NOW + second)
        words = [pane.value(built, name) for name in ("state", "reason", "why") if name in pane.index]
        now = (built.severity, built.sign, *words)
        if now != before:
            said = " | ".join(str(getattr(one, "words", one)) for one in words)
            found.append(f"{second:>5} {SEVERITY_WORDS[built.severity]}{built.sign} {said}".rstrip())
        before = now
    return found[:12]


def test_what_is_said_changes_at_its_second(snapshot: SnapshotAssertion) -> None:
    found = {scene: passing(*objects) for scene, objects in OVER_TIME.items()}
    assert {scene: lines for scene, lines in found.items() if len(lines) > 1} == snapshot
