"""How far a container that was made to look around in is, in the words of its kubelet."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.pod.debugging import Stage, ephemeral, is_pulling, seen
from edgetui.model.pod.node_images import on_node

Json = dict[str, Any]


def pod(state: Json | None, phase: str = "Running", node: str = "node-1", **status: Any) -> Json:
    statuses = [] if state is None else [{"name": "debugger-x", "state": state}]
    return {
        "spec": {
            "nodeName": node,
            "containers": [{"name": "app", "image": "press:1"}],
            "ephemeralContainers": [{"name": "debugger-x", "image": "tools:9"}],
        },
        "status": {
            "phase": phase,
            "containerStatuses": [{"name": "app", "state": {"running": {}}}],
            "ephemeralContainerStatuses": statuses,
            **status,
        },
    }


@pytest.mark.parametrize(
    ("found", "stage", "words"),
    [
        (pod(None), Stage.WAITING, "waits for the kubelet of node-1"),
        (pod(None, node=""), Stage.WAITING, "waits for the scheduler, which has found no node yet"),
        (pod({}), Stage.WAITING, "is being created"),
        (
            pod({"waiting": {"reason": "PodInitializing"}}),
            Stage.WAITING,
            "is being created (PodInitializing)",
        ),
        (pod({"running": {}}), Stage.RUNNING, "runs"),
        (
            pod({"waiting": {"reason": "ImagePullBackOff", "message": "tools:9: not found"}}),
            Stage.FAILING,
            "cannot start: image tools:9 not found",
        ),
        (
            pod({"waiting": {"reason": "ErrImageNeverPull", "message": ""}}),
            Stage.DEAD,
            "cannot start: tools:9 is not on the node, and pulling is off",
        ),
        (
            pod({"waiting": {"reason": "CreateContainerError", "message": "no such target."}}),
            Stage.FAILING,
            "cannot start: no such target",
        ),
        (
            pod({"waiting": {"reason": "RunContainerError"}}),
            Stage.FAILING,
            "cannot start: RunContainerError",
        ),
        (
            pod({"terminated": {"exitCode": 0, "reason": "Completed"}}),
            Stage.ENDED,
            "has ended with exit code 0",
        ),
        (
            pod({"terminated": {"exitCode": 137, "reason": "OOMKilled"}}),
            Stage.ENDED,
            "has ended with exit code 137 (OOMKilled)",
        ),
        (
            pod({"terminated": {"exitCode": 128, "reason": "StartError", "message": "exec: no sh."}}),
            Stage.ENDED,
            "has ended with exit code 128: exec: no sh",
        ),
        (
            pod(None, phase="Failed", reason="OutOfpods"),
            Stage.DEAD,
            "cannot start, for its pod has ended (Failed): OutOfpods",
        ),
    ],
)
def test_each_state_has_its_words(found: Json, stage: Stage, words: str) -> None:
    assert seen(found, "debugger-x") == (stage, words)


def test_the_other_containers_of_the_pod_say_nothing_of_it() -> None:
    assert seen(pod(None), "app").stage is Stage.RUNNING
    assert seen({}, "debugger-x").stage is Stage.WAITING


def event(reason: str, at: int, container: str = "debugger-x") -> Json:
    about = {"fieldPath": f"spec.ephemeralContainers{{{container}}}"}
    return {"reason": reason, "lastTimestamp": f"2026-11-29T10:00:0{at}Z", "involvedObject": about}


@pytest.mark.parametrize(
    ("events", "pulls"),
    [
        ([], False),
        ([event("Pulling", 1)], True),
        ([event("Pulled", 2), event("Pulling", 1)], False),
        ([event("Pulling", 1, "debugger-y")], False),
        ([event("Pulled", 3, "app"), event("Pulling", 1)], True),
        ([{"reason": "Pulling"}], False),
    ],
)
def test_the_newest_event_of_that_container_tells_whether_its_image_is_pulled(
    events: list[Json], pulls: bool
) -> None:
    assert is_pulling(events, "debugger-x") is pulls
    creating = pod({"waiting": {"reason": "ContainerCreating"}})
    words = "is pulling the image tools:9" if pulls else "is being created (ContainerCreating)"
    assert seen(creating, "debugger-x", pulls).words == words


def test_without_a_command_the_image_has_its_own() -> None:
    assert "command" not in ephemeral("debugger-x", "tools:9", (), "")
    assert ephemeral("debugger-x", "tools:9", ("sh",), "app")["targetContainerName"] == "app"


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["docker.io/library/busybox:1.37"], "the node has it"),
        (["docker.io/library/press:1"], "the node must pull it"),
        ([], "not known whether the node has it"),
    ],
)
def test_a_node_says_whether_it_has_an_image(names: list[str], words: str) -> None:
    node = {"status": {"images": [{"names": [name]} for name in names]}}
    assert on_node(node, "busybox:1.37") == words
    assert on_node(node, "no image at all!") == "not known whether the node has it"
