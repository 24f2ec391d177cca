"""How far debug containers and resizes are, and what is told of containers whose logs are read.

`pytest tests/unit/model/test_every_container.py --snapshot-update` takes what is told now; look at what differs first.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.pod import PodRow, WirePod
from edgetui.model.pod.debugging import Stage, is_pulling, seen
from edgetui.model.pod.resize import ContainerResources, change, container_resources, given, settled, wrong
from edgetui.model.view.log_targets import Container, End, containers, first_to_log, pods_to_log
from tests.unit.model import factories as f

Json = dict[str, Any]
OF: dict[str, Any] = {"namespace": "d", "name": "press", "uid": "u", "resource_version": "1"}


# -- containers to look around in


def test_how_far_a_debug_container_is(snapshot: SnapshotAssertion) -> None:
    lines = []
    states: list[Json | None] = [
        None, {}, {"running": {}}, {"running": {}, "terminated": {"exitCode": 1}}, {"terminated": {}},
        {"terminated": {"exitCode": 0, "reason": "Completed"}}, {"terminated": {"exitCode": 1, "reason": "Error"}},
        {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}, {"terminated": {"exitCode": 1, "message": "no. "}},
        {"waiting": {}}, {"waiting": {"reason": "ContainerCreating"}},
        {"waiting": {"reason": "ErrImagePull", "message": "not found"}}, {"waiting": {"reason": "InvalidImageName"}},
        {"waiting": {"reason": "ErrImageNeverPull"}}, {"waiting": {"reason": "StartError", "message": "no shell."}},
        {"waiting": {"reason": "RunContainerError"}},
    ]  # fmt: skip
    for state, pulls, phase, more in product(
        states,
        (False, True),
        ("Running", "Failed"),
        ({}, {"reason": "Evicted"}, {"message": "no room.", "reason": "x"}),
    ):
        if more and (phase == "Running" or pulls):
            continue
        statuses = [] if state is None else [{"name": "debugger", "state": state}]
        for node in ("edge-1", ""):
            if node or state is None:
                pod: Json = {
                    "spec": {
                        "nodeName": node,
                        "ephemeralContainers": [{"name": "debugger", "image": "busybox:1"}],
                    },
                    "status": {"phase": phase, "ephemeralContainerStatuses": statuses, **more},
                }
                found = seen(pod, "debugger", pulls)
                case = f"{state} {phase} {more or ''}{' pulls' if pulls else ''}{'' if node else ' nowhere'}"
                lines.append(f"{case}: {found.stage.name} {found.words}")
    assert "\n".join(lines) == snapshot
    assert seen({}, "debugger").stage is Stage.WAITING


def about(container: str, reason: str, **when: str) -> Json:
    return {"involvedObject": {"fieldPath": f"spec.containers{{{container}}}"}, "reason": reason, **when}


@pytest.mark.parametrize(
    ("events", "pulls"),
    [
        ([], False),
        ([about("debugger", "Pulling", lastTimestamp="2")], True),
        ([about("debugger", "Pulled", lastTimestamp="2")], False),
        ([about("other", "Pulling", lastTimestamp="2")], False),
        (
            [about("debugger", "Pulling", lastTimestamp="2"), about("debugger", "Pulled", eventTime="3")],
            False,
        ),
        (
            [about("debugger", "Pulling", firstTimestamp="4"), about("debugger", "Pulled", eventTime="3")],
            True,
        ),
        (
            [
                about("debugger", "Pulling", eventTime="4", firstTimestamp="1"),
                about("debugger", "Pulled", eventTime="3"),
            ],
            True,
        ),
        ([{"reason": "Pulling"}], False),
    ],
)
def test_whether_an_image_is_being_pulled(events: list[Json], pulls: bool) -> None:
    assert is_pulling(events, "debugger") is pulls


# -- resizes


def resized(conditions: list[Json], running: Json | None = None, generation: int = 3) -> Json:
    statuses = [{"name": "app", "resources": running}] if running is not None else []
    return {
        "metadata": {"generation": generation},
        "spec": {
            "containers": [
                {"name": "app", "resources": {"requests": {"cpu": "500m"}, "limits": {"memory": "1Gi"}}}
            ]
        },
        "status": {"conditions": conditions, "containerStatuses": statuses},
    }


def resize(type_: str, reason: str = "", status: str = "True", **more: Any) -> Json:
    return {"type": type_, "reason": reason, "status": status, "message": "its words", **more}


PENDING, RUNS = "PodResizePending", "PodResizeInProgress"


@pytest.mark.parametrize(
    ("pod", "outcome"),
    [
        (resized([]), (False, False, "not seen by its node yet", False)),
        (
            resized([resize(PENDING, "Infeasible")]),
            (False, True, "its node can never give it that (its words)", True),
        ),
        (
            resized([resize(PENDING, "Deferred")]),
            (False, False, "waiting until its node has room (its words)", False),
        ),
        (resized([resize(RUNS)]), (False, False, "being carried out", False)),
        (
            resized([resize(RUNS, "Error")]),
            (False, False, "being carried out, not yet done: its words", False),
        ),
        (resized([resize(RUNS, status="False")]), (False, False, "not seen by its node yet", False)),
        (resized([resize(RUNS, observedGeneration=2)]), (False, False, "not seen by its node yet", False)),
        (resized([resize(RUNS, observedGeneration=3)]), (False, False, "being carried out", False)),
        (resized([resize("Ready")]), (False, False, "not seen by its node yet", False)),
        (
            resized([], {"requests": {"cpu": "0.5"}}),
            (True, False, "container app runs with requests.cpu 500m", False),
        ),
        (resized([], {"requests": {"cpu": "0.4"}}), (False, False, "not seen by its node yet", False)),
        (resized([resize(RUNS)], {"requests": {"cpu": "0.5"}}), (False, False, "being carried out", False)),
    ],
)
def test_how_far_a_resize_is(pod: Json, outcome: tuple[bool, bool, str, bool]) -> None:
    assert settled(pod, "app", {"requests.cpu": "500m"}) == outcome
    assert settled(pod, "app", {"requests.cpu": "600m"}) == (
        False,
        True,
        "someone else changed its values",
        True,
    )
    assert settled(pod, "other", {"requests.cpu": "500m"}) == (
        False,
        True,
        "someone else changed its values",
        True,
    )


def test_what_a_container_has_and_what_would_change() -> None:
    pod = resized([])
    policy = [
        {"resourceName": "cpu", "restartPolicy": "NotRequired"},
        {"resourceName": "memory", "restartPolicy": "RestartContainer"},
    ]
    pod["spec"]["containers"][0]["resizePolicy"] = policy
    (box,) = container_resources(pod)
    assert box == ContainerResources("app", {"requests.cpu": "500m", "limits.memory": "1Gi"}, ("memory",))
    assert box.values_by_field == {
        "requests.cpu": "500m", "limits.cpu": "", "requests.memory": "", "limits.memory": "1Gi"
    }  # fmt: skip
    wanted = {"requests.cpu": "0.5", "limits.cpu": "1", "requests.memory": "", "limits.memory": "1024Mi"}
    assert change(box, wanted) == {"limits.cpu": "1"}
    assert change(box, {"requests.cpu": "odd", "limits.memory": "2Gi"}) == {
        "requests.cpu": "odd",
        "limits.memory": "2Gi",
    }
    assert given(pod, "app", {"requests.cpu": "0.5"})
    assert not given(pod, "app", {"requests.cpu": "0.6"})
    assert container_resources({}) == container_resources({"spec": {"containers": None}}) == ()


@pytest.mark.parametrize(
    ("value", "is_wrong"), [("", True), ("x", True), ("0", True), ("-1", True), ("1m", False), ("1Gi", False)]
)
def test_a_value_to_set_is_a_quantity_above_nothing(value: str, is_wrong: bool) -> None:
    assert wrong(value) is is_wrong


# -- logs


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (End(0), "ended, exit 0"),
        (End(137, "OOMKilled", f.NOW - 180), "ended 3m ago, exit 137 (OOMKilled)"),
        (End(1, "Error", f.NOW - 5), "ended 5s ago, exit 1"),
        (End(0, "Completed"), "ended, exit 0"),
    ],
)
def test_an_end_in_words(end: End, words: str) -> None:
    assert end.words(f.NOW) == words


def test_what_is_told_of_each_container() -> None:
    last = f.crashing(137, "OOMKilled", name="app")
    made = f.pod(
        "press",
        statuses=[last, f.running("side"), f.waiting("", name="third")],
        init_containers=[{"name": "setup"}, {"name": "later"}],
        init_statuses=[f.ended(3, "Error", name="setup", at=f.NOW - 30)],
    )
    message = "back-off 40s restarting failed container"
    assert containers(msgspec.convert(made, WirePod)) == [
        Container("setup", True, ended=End(3, "Error", f.NOW - 30)),
        Container("later", True, waiting="not started"),
        Container(
            "app", waiting="CrashLoopBackOff", message=message, before=End(137, "OOMKilled", f.NOW - 30)
        ),
        Container("side", running=True),
        Container("third", waiting="not started"),
    ]
    assert containers(WirePod()) == []
    assert first_to_log(WirePod()) == ""


def test_the_pods_of_a_workload_worst_first() -> None:
    made = f.replica_set(f.deployment("press"), "7f")
    store = f.store_of(made)
    (owner,) = store.rows("ReplicaSet")
    base = PodRow(**OF, owner_uid=owner.uid, condition="True", created=100)
    pods = {
        "old": replace(base, created=50), "new": base, "bad": replace(base, condition="False", created=10),
        "worse": replace(base, condition="False", created=20), "ends": replace(base, condition="False", deleting=5),
        "ended": replace(base, phase="Failed", condition="False", created=70), "also": replace(base, created=50),
    }  # fmt: skip
    for name, pod in pods.items():
        store.apply("Pod", replace(pod, name=name, uid=name))
    key = ObjectKey("plant", "ReplicaSet", owner.namespace, owner.name)
    assert pods_to_log(store, key) == ["worse", "bad", "ends", "new", "ended", "also", "old"]
    assert pods_to_log(store, key._replace(name="gone")) == []
    assert pods_to_log(store, ObjectKey("plant", "Pod", "d", "any")) == ["any"]
