"""What is printed and what is found wrong with pods, over grids of what their containers and their nodes tell.

`pytest tests/unit/model/test_every_diagnosis.py --snapshot-update` takes what is found now; look at what differs first.
"""

from __future__ import annotations

import random
from itertools import product
from typing import Any

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.model.kinds import row_of
from edgetui.model.kinds.node import NodeRow
from edgetui.model.kinds.pod import GATES, PodProblem, PodRow, WirePod
from edgetui.model.pod.diagnosis import diagnose, pull
from edgetui.model.pod.scheduling import no_node, refused, unreachable
from edgetui.model.view.log_targets import containers, first_to_log
from tests.unit.model import factories as f

Json = dict[str, Any]
OF: dict[str, Any] = {"namespace": "d", "name": "press", "uid": "u", "resource_version": "1"}
REASONS = (
    "", "CreateContainerConfigError", "CreateContainerError", "StartError", "ContainerCannotRun", "SchedulerError",
    "SchedulingGated", "Evicted", "CrashLoopBackOff", "ErrImageNeverPull", "InvalidImageName", GATES, "Error", "Other",
)  # fmt: skip


def told(pod: PodRow, node: NodeRow | None = None) -> str:
    found = diagnose(pod, node)
    return (
        "nothing"
        if found is None
        else f"{found.code}{'' if found.hard else ' soft'} | {found.short} | {found.sentence}"
    )


def test_every_reason(snapshot: SnapshotAssertion) -> None:
    lines = []
    for reason, message, phase, condition in product(
        REASONS, ("", "its words"), ("Pending", "Running", "Failed", "Succeeded"), ("True", "False")
    ):
        pod = PodRow(
            **OF, phase=phase, condition=condition, containers=1, status="Status",
            problem=PodProblem(reason=reason, message=message, image="press:1"),
        )  # fmt: skip
        lines.append(f"{reason or 'none'}, {message or 'no words'}, {phase}, {condition}: {told(pod)}")
    for reason in ("ErrImagePull", "CrashLoopBackOff", "Evicted"):
        pod = PodRow(**OF, deleting=f.NOW, problem=PodProblem(reason=reason))
        assert diagnose(pod) is None
    assert "\n".join(lines) == snapshot


def test_every_end(snapshot: SnapshotAssertion) -> None:
    lines = []
    for code, why, reason, phase, ready in product(
        (-1, 0, 1, 137),
        ("", "OOMKilled"),
        ("", "CrashLoopBackOff", "Error"),
        ("Running", "Failed", "Succeeded"),
        (0, 1),
    ):
        problem = PodProblem(reason=reason, exit_code=code, exit_reason=why)
        pod = PodRow(**OF, phase=phase, condition="False", ready=ready, containers=1, problem=problem)
        lines.append(f"{code} {why or 'no reason'}, {reason or 'none'}, {phase}, {ready}/1: {told(pod)}")
    assert "\n".join(lines) == snapshot


def test_every_node(snapshot: SnapshotAssertion) -> None:
    lines = []
    nodes = {
        one: NodeRow(**OF | {"namespace": "", "name": "edge-1"}, ready=one)
        for one in ("True", "False", "Unknown")
    }
    for ready, condition, status, on in product(
        ("no row", *nodes),
        ("True", "False", "Unknown", ""),
        ("Running", "Unknown", "NodeLost"),
        ("edge-1", ""),
    ):
        pod = PodRow(
            **OF, phase="Running", condition=condition, status=status, node=on, ready=1, containers=2
        )
        lines.append(
            f"{ready}, {condition or 'none'}, {status}, {on or 'nowhere'}: {told(pod, nodes.get(ready))}"
        )
    for count, of in product((0, 1, 2), (0, 1, 2)):
        pod = PodRow(**OF, phase="Running", condition="False", ready=count, containers=of)
        lines.append(f"{count} of {of}: {told(pod)}")
    assert "\n".join(lines) == snapshot


SAID = (
    "", "no space left on device", "x509: signed by unknown authority", "tls: bad certificate", "Too Many Requests",
    "toomanyrequests: limit", "unauthorized: login", "pull access denied", "403 Forbidden", "status 401",
    "no basic auth",
    "press:1: not found", "manifest unknown", "name unknown", "repository does not exist", "404", "error 4040",
    "access denied or does not exist", "dial tcp: i/o timeout", "connection timed out", "context deadline exceeded",
    "DeadlineExceeded", "no such host", "temporary failure in name resolution", "connection refused",
    "connection reset by peer", "no route to host", "network is unreachable", "unexpected EOF", "EOF", "broken pipe",
    "strange", "forbidden: timeout", "no such host, timeout",
)  # fmt: skip


def test_every_pull(snapshot: SnapshotAssertion) -> None:
    lines = []
    for said in SAID:
        found = pull(PodProblem(reason="ErrImagePull", message=said, image="registry.local/press:1"))
        lines.append(f"{said or 'nothing'}: {found.code} | {found.short} | {found.sentence}")
    images = (
        "",
        "timeout/404:denied",
        "404.local:5000/press",
        "press@sha256:404",
        "denied",
        "a.local/refused:eof",
    )
    for image in images:
        found = pull(
            PodProblem(reason="ErrImagePull", message=f"failed to pull {image} from {image}", image=image)
        )
        lines.append(f"{image or 'no image'}: {found.code} | {found.short} | {found.sentence}")
        cut = pull(
            PodProblem(reason="ErrImagePull", message="failed to pull timeout…404: strange", image=image)
        )
        lines.append(f"{image or 'no image'}, cut: {cut.code} | {cut.short}")
    assert "\n".join(lines) == snapshot


def random_status(rng: random.Random, name: str) -> Json:
    reasons = (
        "",
        "CrashLoopBackOff",
        "PodInitializing",
        "ContainerCreating",
        "ImagePullBackOff",
        "Completed",
        "Error",
    )
    kind = rng.choice(["running", "running", "waiting", "terminated", "none"])
    states: dict[str, Json] = {
        "running": {"running": {}},
        "waiting": {"waiting": {"reason": rng.choice(reasons), "message": rng.choice(["", "its words"])}},
        "terminated": {
            "terminated": {
                "reason": rng.choice(reasons), "exitCode": rng.choice([0, 0, 1, 137]), "signal": rng.choice([0, 0, 9]),
                "finishedAt": f.stamp(f.NOW - rng.choice([5, 50])), "message": rng.choice(["", "last words"]),
            }
        },
        "none": {},
    }  # fmt: skip
    last = states["terminated"] if rng.random() < 0.4 else {}
    return {
        "name": name, "image": f"{name}:1", "ready": rng.random() < 0.6, "started": rng.random() < 0.7,
        "restartCount": rng.choice([0, 0, 1, 4]), "state": states[kind], "lastState": last,
    }  # fmt: skip


def random_pod(rng: random.Random) -> Json:
    init = [{"name": "proxy", "restartPolicy": "Always"}, {"name": "setup"}][: rng.choice([0, 0, 1, 2])]
    made = f.pod(
        "press",
        statuses=[random_status(rng, name) for name in ("app", "side")[: rng.choice([1, 1, 2])]],
        init_containers=init,
        init_statuses=[random_status(rng, one["name"]) for one in init if rng.random() < 0.9],
        phase=rng.choice(["Running", "Running", "Pending", "Failed", "Succeeded"]),
        ready=rng.choice(["True", "False"]),
        reason=rng.choice(["", "", "", "NodeLost", "Evicted"]),
        deleting=rng.choice([0, 0, 0, f.NOW]),
    )
    more = [f.cond("Initialized", rng.choice(["True", "False"]))]
    if rng.random() < 0.2:
        more.append(
            f.cond("PodScheduled", "False", rng.choice(["SchedulingGated", "Unschedulable"]), "no room")
        )
    made["status"]["conditions"] += more
    if rng.random() < 0.3:
        made["spec"]["readinessGates"] = [{"conditionType": "open"}]
    return made


def summary(state: Json) -> str:
    kind = next(iter(state["state"]), "none")
    of = state["state"].get(kind) or {}
    words = " ".join(str(of[one]) for one in ("reason", "exitCode", "signal", "message") if of.get(one))
    last = f" before {state['lastState']['terminated']['exitCode']}" if state["lastState"] else ""
    flags = f"{'ready' if state['ready'] else ''}{' started' if state['started'] else ''} x{state['restartCount']}"
    return f"{state['name']} {kind} {words} {flags}{last}".replace("  ", " ")


@pytest.mark.parametrize("seed", range(8))
def test_what_kubectl_prints_of_any_pod(seed: int, snapshot: SnapshotAssertion) -> None:
    rng = random.Random(f"pods {seed}")
    lines = []
    for _ in range(30):
        made = random_pod(rng)
        row = row_of("Pod", made)
        assert isinstance(row, PodRow)
        wire = msgspec.convert(made, WirePod)
        status = made["status"]
        states = [*status.get("initContainerStatuses", []), *status["containerStatuses"]]
        conditions = {one["type"]: f"{one['status']} {one['reason']}".strip() for one in status["conditions"]}
        log = [f"{one.name}{' init' if one.init else ''}" for one in containers(wire)]
        lines += [
            f"{status['phase']} {status.get('reason', '')}{' ending' if row.deleting else ''} {conditions}",
            *(f"  {summary(one)}" for one in states),
            f"  = {row.status} {row.ready}/{row.containers} x{row.restarts} {row.problem}",
            f"  = {told(row)}; log {first_to_log(wire)} of {', '.join(log)}",
        ]
    assert "\n".join(lines) == snapshot


MESSAGES = (
    "", "0/3 nodes are available: 3 Insufficient cpu.",
    "0/3 nodes are available: 1 Insufficient memory, 2 Insufficient cpu.",
    "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.", "0/2 nodes are available: 2 Too many pods.",
    "0/2 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }, "
    "1 node(s) were unschedulable.",
    "0/2 nodes are available: 2 node(s) had untolerated taint {line: 2}. preemption: 0/2 nodes are available.",
    "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.",
    "0/2 nodes are available: 2 node(s) didn't have free ports for the requested pod ports.",
    "0/2 nodes are available: 1 node(s) had volume node affinity conflict, 1 strange thing.",
    "0/2 nodes are available: strange thing", "no nodes available to schedule pods",
    'persistentvolumeclaim "data" not found', "pod has unbound immediate PersistentVolumeClaims", "its words.",
)  # fmt: skip


def test_every_word_of_the_scheduler(snapshot: SnapshotAssertion) -> None:
    lines = []
    for message, wants in product(MESSAGES, ((0, 0), (1500, 300 << 20))):
        found = no_node(message, *wants)
        lines.append(f"{message or 'nothing'} {wants}: {found.short} | {found.sentence}")
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize(
    ("message", "short", "sentence"),
    [
        ("", "pods refused", "pods are refused"),
        ("no", "pods refused", "pods are refused: no"),
        ("some quota", "quota", "pods are refused: some quota"),
        (
            "exceeded quota: small, requested: pods=1, used: pods=3, limited: pods=3",
            "quota",
            "quota small is full: 3 of 3 pods used",
        ),
        (
            "x exceeded quota: small, requested: a=1, used: requests.cpu=1, limited: requests.cpu=2,limits.memory=1Gi.",
            "quota",
            "quota small is full: 1 of 2 cpu used, ? of 1Gi limits.memory used",
        ),
    ],
)
def test_why_pods_are_refused(message: str, short: str, sentence: str) -> None:
    assert refused(message) == (short, sentence)


@pytest.mark.parametrize(
    ("silent", "nodes", "words"),
    [
        (1, 1, "1 of 1 node unreachable: cannot finish until it returns"),
        (1, 3, "1 of 3 nodes unreachable: cannot finish until it returns"),
        (2, 3, "2 of 3 nodes unreachable: cannot finish until they return"),
    ],
)
def test_what_dead_hosts_mean(silent: int, nodes: int, words: str) -> None:
    assert unreachable(silent, nodes) == words
