"""What was known of a pod before its node fell silent stays known, in every view; nothing is known without a cause."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.kinds import row_of
from edgetui.model.kinds.node import NodeRow
from edgetui.model.kinds.pod import PodRow, printed
from edgetui.model.panes import PANES
from edgetui.model.pod.diagnosis import diagnose
from edgetui.model.rollout.status import findings
from edgetui.ui.details import pod as pod_details
from edgetui.ui.details.common import pod_lines
from edgetui.ui.spans import plain
from tests.unit.model import factories as f

PODS = PANES["pods"]
COMPLETED: dict[str, Any] = {"statuses": [f.ended(0, "Completed")], "phase": "Succeeded"}

# What the pod says, the reason in a cell (none: nothing is wrong) and READY; whether its node answers changes neither.
ENDS: list[tuple[str, dict[str, Any], str, str]] = [
    ("completed", COMPLETED, "", "0/1"),
    ("failed", {"statuses": [f.ended(1, "Error")], "phase": "Failed"}, "crash, exit 1", "0/1"),
    ("out of memory", {"statuses": [f.ended(137, "OOMKilled")], "phase": "Failed"}, "out of memory", "0/1"),
    ("evicted", {"statuses": [], "phase": "Failed", "reason": "Evicted"}, "evicted", "0/1"),
    ("too long", {"statuses": [], "phase": "Failed", "reason": "DeadlineExceeded"}, "failed: DeadlineExceeded", "0/1"),
    ("failed without a word", {"statuses": [], "phase": "Failed"}, "failed: Failed", "0/1"),
    ("preempted", {"statuses": [f.ended(0)], "phase": "Failed", "reason": "Preempting"}, "failed: Preempting", "0/1"),
    ("crash loop", {"statuses": [f.crashing(3)]}, "crash, exit 3", "?/1"),
    ("crash between two starts", {"statuses": [f.ended(1, "Error")], "phase": "Running"}, "crash, exit 1", "?/1"),
    ("no image", {"statuses": [f.waiting("ErrImagePull", "not found")]}, "image not found", "?/1"),
    ("no config", {"statuses": [f.waiting("CreateContainerConfigError", "no x")]}, "config missing", "?/1"),
]  # fmt: skip


def a_node(ready: str) -> NodeRow:
    row = row_of("Node", f.node("node-1", ready=ready))
    assert isinstance(row, NodeRow)
    return row


def a_pod(obj: f.Json) -> PodRow:
    row = row_of("Pod", obj)
    assert isinstance(row, PodRow)
    return row


@pytest.mark.parametrize("ready", ["True", "False", "Unknown"])
@pytest.mark.parametrize(
    ("pod", "short"), [(pod, short) for _, pod, short, _ in ENDS], ids=[e[0] for e in ENDS]
)
def test_the_end_of_a_pod_is_told_whatever_its_node_does(pod: dict[str, Any], short: str, ready: str) -> None:
    obj = f.pod("a", ready="False", **pod)
    store, node, row = f.store_of(obj, f.node("node-1", ready=ready)), a_node(ready), a_pod(obj)
    made = PODS.build(store, "Pod", row, f.NOW)
    found = diagnose(row, node)
    assert PODS.value(made, "why") == short == (found.short if found else "")
    assert (made.severity == 3) == (not short)
    if not row.ended:
        assert [one.short for one, _ in findings([row], [node])] == [short]
    top = plain(pod_details.lines(store, row, f.NOW, 80)[0])
    assert top.startswith("!") == bool(found)


@pytest.mark.parametrize(("pod", "short", "count"), [end[1:] for end in ENDS], ids=[end[0] for end in ENDS])
def test_the_page_of_a_silent_node_keeps_what_has_ended(pod: dict[str, Any], short: str, count: str) -> None:
    store = f.store_of(f.pod("a", ready="False", **pod), f.node("node-1", ready="Unknown"))
    (line,) = (plain(one) for one in pod_lines(store, [a_pod(f.pod("a", ready="False", **pod))], f.NOW))
    assert count in line
    assert line.startswith("!") == bool(short)
    assert (short or "completed") in line


@pytest.mark.parametrize(
    "status", ["Error", "OOMKilled", "Evicted", "CrashLoopBackOff", "ImagePullBackOff", "ExitCode:3"]
)
def test_a_printed_end_is_kept_on_a_silent_node(status: str) -> None:
    cells = {"Name": "a", "Ready": "0/1", "Status": status, "Restarts": "0", "Age": "3d", "Node": "node-1"}
    row = printed(cells, "default", "1", f.NOW)
    made = [
        PODS.build(f.store_of(f.node("node-1", ready=ready)), "Pod", row, f.NOW)
        for ready in ("True", "Unknown")
    ]
    assert made[0].values == made[1].values
    cells["Status"] = "Completed"
    done = PODS.build(
        f.store_of(f.node("node-1", ready="Unknown")), "Pod", printed(cells, "default", "1", f.NOW), f.NOW
    )
    assert done.severity == 3


@pytest.mark.parametrize(
    "status", [[f.running()], [f.running(ready=False)], [f.waiting("ContainerCreating")], []]
)
def test_a_node_is_silent_only_while_it_is(status: list[f.Json]) -> None:
    row = a_pod(f.pod("a", ready="False", phase="Running", statuses=status))
    silent, back = diagnose(row, a_node("Unknown")), diagnose(row, a_node("True"))
    assert silent is not None and silent.code == "node-silent"
    assert back is None or back.code != "node-silent"


def test_an_unknown_pod_is_not_on_a_silent_node_when_that_answers() -> None:
    row = a_pod(f.pod("a", ready="Unknown", phase="Unknown", statuses=[]))
    assert [
        one.code if (one := diagnose(row, node)) else "" for node in (None, a_node("Unknown"), a_node("True"))
    ] == [
        "node-silent",
        "node-silent",
        "",
    ]


def gated(*gates: str, met: tuple[str, ...] = (), ready: str = "False") -> PodRow:
    obj = f.pod("a", ready=ready, conditions=[f.cond(gate, "True") for gate in met])
    obj["spec"]["readinessGates"] = [{"conditionType": gate} for gate in gates]
    return a_pod(obj)


def test_a_readiness_gate_is_blamed_where_there_is_one_and_named() -> None:
    found = diagnose(gated("lb/attached", "dns/ready", met=("dns/ready",)))
    assert found is not None and (found.code, found.hard) == ("gate", False)
    assert "lb/attached" in found.sentence and "dns/ready" not in found.sentence


@pytest.mark.parametrize("row", [gated(), gated("lb/attached", met=("lb/attached",))], ids=["none", "met"])
def test_without_an_unmet_gate_no_gate_is_blamed(row: PodRow) -> None:
    found = diagnose(row)
    assert found is not None
    assert "gate" not in f"{found.code} {found.short} {found.sentence}"
    assert "nothing says why" in found.sentence


def test_a_ready_pod_with_gates_has_no_trouble() -> None:
    assert diagnose(gated("lb/attached", met=("lb/attached",), ready="True")) is None
