"""What is wrong with a pod, in plain words."""

from __future__ import annotations

import pytest

from edgetui.model.kinds import row_of
from edgetui.model.kinds.node import NodeRow
from edgetui.model.kinds.pod import PodRow
from edgetui.model.pod.diagnosis import Diagnosis, diagnose
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
    assert found(f.image_pull("a", why="i/o timeout")).sentence.startswith("pull timed out: link, not image")


@pytest.mark.parametrize(
    ("why", "short", "what"),
    [
        ("net/http: TLS handshake timeout", "pull timed out", "pull timed out"),
        ("dial tcp: lookup r on 10.0.0.1:53: no such host", "no registry", "registry name not known"),
        ("connect: connection refused", "no registry", "registry refuses connections"),
        ("read: connection reset by peer", "no registry", "registry not reached"),
    ],
)  # fmt: skip
def test_what_a_link_did_to_a_pull(why: str, short: str, what: str) -> None:
    diagnosis = found(f.image_pull("a", image="press:2", why=why))
    told = f"{what}: link, not image (press:2)"
    assert (diagnosis.code, diagnosis.short, diagnosis.sentence) == ("image-link", short, told)


@pytest.mark.parametrize(
    "image", ["registry.local/timeout-guard:1.2", "timeout.local:5000/x:404", "denied/x@sha256:404"]
)
def test_words_in_the_name_of_an_image_explain_nothing(image: str) -> None:
    why = f"failed to resolve reference {image!r}: {image}: not found"
    assert found(f.image_pull("a", image=image, why=why)).code == "image-missing"


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


def test_the_request_that_no_node_can_take_is_named() -> None:
    message = "0/2 nodes are available: 2 Insufficient memory."
    pending = f.pod(
        "a", node="", statuses=[], conditions=[f.cond("PodScheduled", "False", "Unschedulable", message)]
    )
    asks = [{"cpu": "1500m", "memory": "150Mi"}, {"memory": "50Mi"}, None]
    pending["spec"]["containers"] = [
        {"name": f"c{number}", "image": "a:1", "resources": {"requests": one}}
        for number, one in enumerate(asks)
    ]
    diagnosis = found(pending)
    assert (diagnosis.code, diagnosis.short) == ("no-node", "no node: memory")
    assert diagnosis.sentence == "no node has 200Mi free"


def test_a_pod_on_a_silent_node_is_not_judged_by_its_containers() -> None:
    silent = row_of("Node", f.node("node-1", ready="Unknown"))
    assert isinstance(silent, NodeRow)
    dead = f.pod("a", ready="False")
    assert found(dead, silent).code == "node-silent"
    assert found(dead).code == "not-ready"


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
