"""Pods: kubectl's words, and what a row keeps."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.kinds import row_of
from edgetui.model.kinds.pod import PodRow
from tests.unit.model.factories import (
    NOW,
    Json,
    cond,
    crashing,
    deployment,
    ended,
    image_pull,
    pod,
    replica_set,
    running,
    stamp,
    waiting,
)


def project(obj: Json) -> PodRow:
    row = row_of("Pod", obj)
    assert isinstance(row, PodRow)
    return row


def sidecar(name: str) -> Json:
    return {"name": name, "image": "side:1", "restartPolicy": "Always"}


def init(name: str) -> Json:
    return {"name": name, "image": "init:1"}


NOT_INITIALIZED = cond("Initialized", "False", "ContainersNotInitialized")

# The cases of printPod, one per branch; kubectl 1.37 prints exactly these words.
WORDS: list[tuple[str, dict[str, Any], str, str, int]] = [
    ("running", {}, "Running", "1/1", 0),
    ("pending", {"statuses": [], "node": ""}, "Pending", "0/1", 0),
    ("creating", {"statuses": [waiting("ContainerCreating")]}, "ContainerCreating", "0/1", 0),
    ("image", {"statuses": [waiting("ImagePullBackOff", "x")]}, "ImagePullBackOff", "0/1", 0),
    ("crash loop", {"statuses": [crashing(restarts=7)], "phase": "Running"}, "CrashLoopBackOff", "0/1", 7),
    ("error", {"statuses": [ended(1, "Error")], "phase": "Failed"}, "Error", "0/1", 0),
    ("exit code", {"statuses": [ended(3)], "phase": "Failed"}, "ExitCode:3", "0/1", 0),
    ("signal", {"statuses": [ended(137, signal=9)], "phase": "Failed"}, "Signal:9", "0/1", 0),
    ("completed", {"statuses": [ended(0, "Completed")], "phase": "Succeeded"}, "Completed", "0/1", 0),
    ("oom", {"statuses": [ended(137, "OOMKilled")], "phase": "Failed"}, "OOMKilled", "0/1", 0),
    ("evicted", {"statuses": [], "phase": "Failed", "reason": "Evicted"}, "Evicted", "0/1", 0),
    (
        "one completed, one runs and the pod is ready",
        {"statuses": [ended(0, "Completed", name="a"), running("b")], "phase": "Running", "ready": "True"},
        "Running",
        "1/2",
        0,
    ),
    (
        "one completed, one runs and the pod is not ready",
        {"statuses": [ended(0, "Completed", name="a"), running("b")], "phase": "Running", "ready": "False"},
        "NotReady",
        "1/2",
        0,
    ),
    (
        "one completed, one failed",
        {"statuses": [ended(0, "Completed", name="a"), ended(2, "Error", name="b")], "phase": "Failed"},
        "Error",
        "0/2",
        0,
    ),
    (
        "the first container's word wins",
        {"statuses": [waiting("CrashLoopBackOff", name="a"), waiting("ImagePullBackOff", name="b")]},
        "CrashLoopBackOff",
        "0/2",
        0,
    ),
    (
        "gated",
        {"statuses": [], "node": "", "conditions": [cond("PodScheduled", "False", "SchedulingGated")]},
        "SchedulingGated",
        "0/1",
        0,
    ),
    ("terminating", {"deleting": NOW + 30}, "Terminating", "1/1", 0),
    (
        "ended and deleted",
        {"deleting": NOW, "statuses": [ended(0, "Completed")], "phase": "Succeeded"},
        "Completed",
        "0/1",
        0,
    ),
    ("node lost", {"deleting": NOW, "reason": "NodeLost"}, "Unknown", "1/1", 0),
    (
        "init waits",
        {
            "init_containers": [init("a"), init("b")],
            "init_statuses": [ended(0, "Completed", name="a"), waiting("PodInitializing", name="b")],
            "statuses": [waiting("PodInitializing")],
            "conditions": [NOT_INITIALIZED],
        },
        "Init:1/2",
        "0/1",
        0,
    ),
    (
        "init crashes",
        {
            "init_containers": [init("a")],
            "init_statuses": [crashing(name="a", restarts=4)],
            "statuses": [waiting("PodInitializing")],
            "conditions": [NOT_INITIALIZED],
        },
        "Init:CrashLoopBackOff",
        "0/1",
        4,
    ),
    (
        "init ended badly",
        {
            "init_containers": [init("a")],
            "init_statuses": [ended(5, name="a")],
            "statuses": [waiting("PodInitializing")],
            "conditions": [NOT_INITIALIZED],
        },
        "Init:ExitCode:5",
        "0/1",
        0,
    ),
    (
        "init ended by a signal",
        {
            "init_containers": [init("a")],
            "init_statuses": [ended(5, name="a", signal=11)],
            "statuses": [],
            "conditions": [NOT_INITIALIZED],
        },
        "Init:Signal:11",
        "0/1",
        0,
    ),
    (
        "init failed with a reason",
        {
            "init_containers": [init("a")],
            "init_statuses": [ended(5, "Error", name="a")],
            "statuses": [],
            "conditions": [NOT_INITIALIZED],
        },
        "Init:Error",
        "0/1",
        0,
    ),
    (
        "a sidecar that is ready counts",
        {"init_containers": [sidecar("proxy")], "init_statuses": [running("proxy", restarts=2)]},
        "Running",
        "2/2",
        2,
    ),
    (
        "a sidecar that has not started holds the rest",
        {
            "init_containers": [sidecar("proxy")],
            "init_statuses": [waiting("ImagePullBackOff", name="proxy")],
            "statuses": [waiting("PodInitializing")],
            "conditions": [NOT_INITIALIZED],
        },
        "Init:ImagePullBackOff",
        "0/2",
        0,
    ),
    (
        "restarts of ended init containers do not count once it is initialized",
        {
            "init_containers": [init("a")],
            "init_statuses": [{**ended(0, "Completed", name="a"), "restartCount": 3}],
            "statuses": [running(restarts=1)],
            "conditions": [cond("Initialized", "True")],
        },
        "Running",
        "1/1",
        1,
    ),
]


@pytest.mark.parametrize(
    ("arguments", "status", "ready", "restarts"), [w[1:] for w in WORDS], ids=[w[0] for w in WORDS]
)
def test_words_of_kubectl(arguments: dict[str, Any], status: str, ready: str, restarts: int) -> None:
    row = project(pod("press-1", **arguments))
    assert (row.status, f"{row.ready}/{row.containers}", row.restarts) == (status, ready, restarts)


def test_null_fields_are_read_as_missing() -> None:
    row = project(
        {
            "metadata": {
                "name": "a",
                "namespace": "b",
                "uid": "c",
                "creationTimestamp": None,
                "labels": None,
                "ownerReferences": None,
            },
            "spec": {"containers": None, "nodeName": None},
            "status": {"phase": None, "conditions": None, "containerStatuses": None},
        }
    )
    assert (row.name, row.status, row.created, row.problem) == ("a", "", 0, None)


def test_owner_template_and_times() -> None:
    sets = replica_set(deployment("press"), "7f9c66")
    row = project(
        pod(
            "press-7f9c66-x",
            owner=sets,
            labels={"pod-template-hash": "7f9c66"},
            created=NOW - 100,
            ready_at=NOW - 91,
        )
    )
    assert (row.owner_kind, row.owner_name, row.template) == ("ReplicaSet", "press-7f9c66", "7f9c66")
    assert row.owner_uid == sets["metadata"]["uid"]
    assert (row.created, row.ready_after, row.ready_since, row.is_ready) == (NOW - 100, 9, NOW - 91, True)


def test_an_owner_that_does_not_control_is_not_the_owner() -> None:
    obj = pod("a", owner=deployment("press"))
    obj["metadata"]["ownerReferences"][0]["controller"] = False
    assert project(obj).owner_uid == ""


def test_a_healthy_pod_keeps_no_message_and_no_image() -> None:
    assert project(pod("a")).problem is None


def test_the_last_restart_is_kept_when_all_is_well_again() -> None:
    status = running(restarts=2)
    status["lastState"] = ended(1, "Error", at=NOW - 50)["state"]
    row = project(pod("a", statuses=[status]))
    assert row.restarted == NOW - 50
    assert row.problem is not None
    assert (row.problem.reason, row.problem.message, row.problem.image) == ("", "", "")


def test_the_worst_container_is_told_bounded() -> None:
    long = waiting("ImagePullBackOff", "no\n\x1b[31mred\x07 " + "x" * 5000, name="side", image="side:2")
    row = project(pod("a", statuses=[running("app"), long]))
    assert row.problem is not None
    assert (row.problem.reason, row.problem.container, row.problem.image) == (
        "ImagePullBackOff",
        "side",
        "side:2",
    )
    assert row.problem.message.startswith("no [31mred x")
    assert len(row.problem.message) == 200
    assert row.problem.message.endswith("xxx")


def test_a_crash_keeps_its_exit() -> None:
    trouble = project(pod("a", statuses=[crashing(137, "OOMKilled")], phase="Running")).problem
    assert trouble is not None
    assert (trouble.exit_code, trouble.exit_reason, trouble.restarted) == (137, "OOMKilled", NOW - 30)


def test_the_scheduler_is_quoted() -> None:
    trouble = project(
        pod(
            "a",
            node="",
            statuses=[],
            conditions=[cond("PodScheduled", "False", "Unschedulable", "0/3 nodes are …")],
        )
    ).problem
    assert trouble is not None
    assert (trouble.reason, trouble.message) == ("Unschedulable", "0/3 nodes are …")


def test_readiness_is_the_condition_not_the_containers() -> None:
    row = project(pod("a", ready="False"))
    assert (row.ready, row.is_ready) == (1, False)


def test_pull_message_of_the_kubelet_is_kept() -> None:
    trouble = project(image_pull("a", image="registry.local/press:2.1")).problem
    assert trouble is not None
    assert trouble.message.endswith("not found")
    assert trouble.image == "registry.local/press:2.1"


def test_strings_that_repeat_are_one_object() -> None:
    one, two = (project(pod(name, namespace="line-" + "1", node="n" + "1")) for name in ("a", "b"))
    assert one.namespace is two.namespace
    assert one.node is two.node
    assert one.status is two.status


def test_timestamps_with_fractions_and_zones() -> None:
    obj = pod("a")
    obj["metadata"]["creationTimestamp"] = "2026-11-23T12:00:00.123456Z"
    exact = project(obj).created
    obj["metadata"]["creationTimestamp"] = "2026-11-23T13:00:00+01:00"
    assert project(obj).created == exact
    obj["metadata"]["creationTimestamp"] = "yesterday"
    assert project(obj).created == 0
    assert stamp(exact) == "2026-11-23T12:00:00Z"
