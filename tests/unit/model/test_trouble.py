"""What is wrong with a pod, in plain words."""

from __future__ import annotations

import pytest

from edgetui.model.kinds import row_of
from edgetui.model.kinds.node import NodeRow
from edgetui.model.kinds.pod import PodRow
from edgetui.model.trouble import Diagnosis, diagnose, no_node
from tests.unit.model import factories as f


def row(obj: f.Json) -> PodRow:
    made = row_of("Pod", obj)
    assert isinstance(made, PodRow)
    return made


def found(obj: f.Json, node: NodeRow | None = None) -> Diagnosis:
    diagnosis = diagnose(row(obj), node)
    assert diagnosis is not None
    return diagnosis


# Ends of messages as kubelets, containerd and registries write them.
PULLS = [
    ("not found", "image-missing"),
    ("manifest unknown: manifest unknown", "image-missing"),
    ("code = NotFound desc = failed to pull", "image-missing"),
    ("dial tcp 203.0.113.9:443: i/o timeout", "image-link"),
    ("dial tcp: lookup registry.local on 10.43.0.10:53: no such host", "image-link"),
    ("net/http: TLS handshake timeout", "image-link"),
    ("context deadline exceeded", "image-link"),
    ("read: connection reset by peer", "image-link"),
    ("unexpected EOF", "image-link"),
    ("unauthorized: authentication required", "image-denied"),
    ("401 Unauthorized", "image-denied"),
    ("pull access denied, repository does not exist or may require authorization", "image-denied"),
    ("x509: certificate signed by unknown authority", "image"),
    ("429 Too Many Requests - toomanyrequests", "image"),
    ("write /var/lib/x: no space left on device", "image"),
]


@pytest.mark.parametrize(("why", "code"), PULLS)
def test_only_the_message_tells_a_bad_image_from_a_bad_link(why: str, code: str) -> None:
    assert found(f.image_pull("a", why=why)).code == code


def test_the_sentence_names_the_image_or_the_link() -> None:
    assert (
        found(f.image_pull("a", image="registry.local/x:1.2")).sentence
        == "image registry.local/x:1.2 not found"
    )
    assert found(f.image_pull("a", why="i/o timeout")).sentence.startswith(
        "pull timed out: the link, not the image"
    )


def test_an_old_kubelet_that_does_not_say_why() -> None:
    assert (
        found(f.pod("a", statuses=[f.waiting("ImagePullBackOff", 'Back-off pulling image "x"')])).code
        == "image"
    )


@pytest.mark.parametrize(
    ("reason", "message", "code"),
    [
        ("InvalidImageName", "couldn't parse image", "image-name"),
        ("ErrImageNeverPull", "", "image-missing"),
        ("CreateContainerConfigError", 'secret "db" not found', "config"),
        ("CreateContainerError", "context deadline exceeded", "start"),
        ("RunContainerError", 'exec: "prss": not found', "start"),
    ],
)
def test_containers_that_cannot_start(reason: str, message: str, code: str) -> None:
    diagnosis = found(f.pod("a", statuses=[f.waiting(reason, message)]))
    assert (diagnosis.code, diagnosis.hard) == (code, True)


def test_crashes() -> None:
    memory = found(f.pod("a", statuses=[f.crashing(137, "OOMKilled")]))
    assert (memory.code, memory.short) == ("memory", "out of memory")
    crash = found(f.pod("a", statuses=[f.crashing(127)]))
    assert (crash.code, crash.sentence) == ("crash", "crashes: exit 127, the command does not exist")
    assert found(f.pod("a", statuses=[f.crashing(0, "Completed")])).short == "keeps ending"
    between = f.pod("a", statuses=[f.ended(1, "Error")], phase="Running")
    assert found(between).code == "crash"


def test_a_crashing_init_container_counts() -> None:
    obj = f.pod(
        "a",
        statuses=[f.waiting("PodInitializing")],
        init_containers=[{"name": "setup", "image": "setup:1"}],
        init_statuses=[f.crashing(2, name="setup")],
        conditions=[f.cond("Initialized", "False")],
    )
    assert found(obj).short == "crash, exit 2"


SCHEDULER = [
    ("0/6 nodes are available: 6 Insufficient cpu. preemption: 0/6 nodes …", "no node: cpu"),
    ("0/6 nodes are available: 2 Insufficient memory, 4 node(s) didn't match …", "no node: memory"),
    ("0/1 nodes are available: 1 node(s) had untolerated taint(s).", "no node: taints"),
    (
        "0/3 nodes are available: 3 node(s) had untolerated taint {node.kubernetes.io/unreachable: }.",
        "no node: silent",
    ),
    ("0/3 nodes are available: 3 Too many pods.", "no node: pods full"),
    ("something new", "no node fits"),
]


@pytest.mark.parametrize(("message", "short"), SCHEDULER)
def test_why_no_node_fits(message: str, short: str) -> None:
    pending = f.pod(
        "a", node="", statuses=[], conditions=[f.cond("PodScheduled", "False", "Unschedulable", message)]
    )
    assert found(pending).short == short


def test_the_scheduler_sentence_is_cut_to_its_reason() -> None:
    assert no_node("0/6 nodes are available: 6 Insufficient cpu. preemption: none").sentence == (
        "no node fits: 6 Insufficient cpu"
    )


def test_a_pod_on_a_silent_node_is_not_judged_by_its_containers() -> None:
    silent = row_of("Node", f.node("node-1", ready="Unknown"))
    assert isinstance(silent, NodeRow)
    dead = f.pod("a", ready="False")
    assert found(dead, silent).code == "node-silent"
    assert found(dead).code == "gate"


def test_states_on_the_way_are_not_hard() -> None:
    assert not found(f.pod("a", statuses=[f.running(ready=False)])).hard
    gated = f.pod("a", node="", statuses=[], conditions=[f.cond("PodScheduled", "False", "SchedulingGated")])
    assert not found(gated).hard
    assert diagnose(row(f.pod("a", statuses=[f.waiting("ContainerCreating")]))) is None


@pytest.mark.parametrize(
    "healthy",
    [
        f.pod("a"),
        f.pod("a", statuses=[f.ended(0, "Completed")], phase="Succeeded"),
        f.pod("a", deleting=f.NOW, statuses=[f.crashing()]),
    ],
)
def test_nothing_is_wrong(healthy: f.Json) -> None:
    assert diagnose(row(healthy)) is None


def test_a_restart_long_past_is_no_crash() -> None:
    status = f.running(restarts=3)
    status["lastState"] = f.ended(1, "Error")["state"]
    assert diagnose(row(f.pod("a", statuses=[status]))) is None


def test_failed_and_evicted_pods() -> None:
    assert (
        found(f.pod("a", statuses=[], phase="Failed", reason="Evicted", message="low on disk")).code
        == "evicted"
    )
    assert found(f.pod("a", statuses=[], phase="Failed", reason="NodeShutdown")).code == "failed"
