"""A shell on a node: only where it is allowed, and its pod is gone in every ending."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from edgetui import arguments, config
from edgetui.actions.cli import act, running
from edgetui.actions.gate.gate import Gate
from edgetui.actions.gate.open_runs import LeftPod, left_pods
from edgetui.actions.messages import Cancelled
from edgetui.actions.remote.node_shell import DEADLINE, pod_name
from edgetui.model.identity import ObjectKey
from tests.unit.model import factories as f

from .scripted import DROP, Answer, Request
from .site import APPLY_THEN_DROP, Shell, Site, shell_on

Json = dict[str, Any]
PODS = "/api/v1/namespaces/line-2/pods"
RUNNING: Json = {"running": {}}
NO_IMAGE = {"waiting": {"reason": "ErrImageNeverPull", "message": "not there"}}


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    """A node; its kubelet starts what it is given, and nothing can be attached to."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("EDGETUI_DEBUG_NODE_SHELL", "true")
    monkeypatch.setenv("EDGETUI_DEBUG_IMAGE", "tools:9")
    monkeypatch.setattr(arguments.Parser, "defaults", config.parse_words)
    monkeypatch.setattr(act, "_terminal", lambda console, options: lambda greeting: None)
    with shell_on(Site(f.node("node-1")), tmp_path, monkeypatch, capsys) as found:
        starts(found, RUNNING)
        yield found


def starts(shell: Shell, state: Json) -> None:
    def answer(request: Request) -> Answer | None:
        there = shell.site.objects.get(request.path)
        if there is None or there["kind"] != "Pod":
            return (200, {"metadata": {}, "items": []}) if request.path.endswith("/events") else None
        return 200, {**there, "status": {"containerStatuses": [{"name": "debugger", "state": state}]}}

    shell.site.instead = answer


def pods(shell: Shell) -> list[str]:
    return [path for path in shell.site.objects if path.startswith(PODS)]


def test_the_pod_is_kubectls_ends_by_itself_and_is_gone_at_the_end(shell: Shell) -> None:
    told = shell.run("node-shell", "node-1", "--yes", rest=("--", "sh", "-l"))
    made = next(one.body for one in shell.site.requests if one.method == "POST")
    name = made["metadata"]["name"]
    assert name.startswith("node-debugger-node-1-")
    assert made["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "edgetui"}
    spec = made["spec"]
    assert (spec["nodeName"], spec["restartPolicy"], spec["activeDeadlineSeconds"]) == (
        "node-1",
        "Never",
        DEADLINE,
    )
    assert spec["hostPID"] and spec["hostNetwork"] and spec["hostIPC"]
    assert spec["tolerations"] == [{"operator": "Exists"}]
    (container,) = spec["containers"]
    assert (container["image"], container["command"]) == ("tools:9", ["sh", "-l"])
    assert container["volumeMounts"] == [{"name": "host-root", "mountPath": "/host"}]
    assert spec["volumes"] == [{"name": "host-root", "hostPath": {"path": "/"}}]
    assert shell.site.writes == [f"POST {PODS}", f"DELETE {PODS}/{name}"]
    assert pods(shell) == []
    assert told.json["lines"][-1] == f"Pod {name} is deleted."
    assert told.json["plan"]["writes"] == [
        f"create pod {name} in line-2",
        f"delete pod {name} when the shell ends",
    ]
    assert left_pods(told.audit, 4e9) == []


@pytest.mark.parametrize(
    ("state", "words"),
    [(NO_IMAGE, "pulling is off"), ({"terminated": {"exitCode": 3}}, "has ended with exit code 3")],
)
def test_what_does_not_start_is_deleted_too(shell: Shell, state: Json, words: str) -> None:
    starts(shell, state)
    told = shell.run("node-shell", "node-1", "--yes")
    assert words in told.json["lines"][0]
    assert pods(shell) == []


def test_so_is_what_does_not_start_in_time(shell: Shell) -> None:
    starts(shell, {"waiting": {"reason": "ContainerCreating"}})
    told = shell.run("node-shell", "node-1", "--yes", "--timeout", "0.1")
    assert "is being created" in told.json["lines"][0]
    assert told.json["data"]["unknown"] is False
    assert pods(shell) == []


def test_without_the_setting_it_is_refused_with_what_allows_it(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGETUI_DEBUG_NODE_SHELL", "false")
    told = shell.run("node-shell", "node-1", "--yes")
    assert (told.code, shell.site.writes) == (1, [])
    assert "your settings do not allow it on plant" in told.json["error"]["sentence"]
    assert "debug.node_shell: true in config.yaml" in told.json["error"]["next_step"]


def test_without_a_terminal_and_in_a_dry_run_there_is_no_pod(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shell.run("node-shell", "node-1", "--dry-run").json["outcome"] == "dry-run"
    monkeypatch.setattr(act, "_terminal", lambda console, options: None)
    told = shell.run("node-shell", "node-1", "--yes")
    assert "needs a terminal" in told.json["error"]["sentence"]
    assert shell.site.writes == []


@pytest.mark.parametrize("fault", [APPLY_THEN_DROP, DROP])
def test_a_lost_answer_is_looked_for(shell: Shell, fault: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgetui.actions.remote.node_shell.REMOVES", 2.0)
    monkeypatch.setattr("edgetui.actions.remote.node_shell.AGAIN", 0.02)
    shell.site.fault = fault
    told = shell.run("node-shell", "node-1", "--yes")
    assert pods(shell) == []
    if fault == DROP:
        assert told.json["outcome"] == "unknown"
        assert "delete pod node-debugger-node-1-" in told.json["lines"][-1]
        assert len(left_pods(told.audit, 4e9)) == 1


def test_what_cannot_be_deleted_is_said_with_the_command_and_looked_for_later(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgetui.actions.remote.node_shell.REMOVES", 0.3)
    monkeypatch.setattr("edgetui.actions.remote.node_shell.AGAIN", 0.05)
    answer = shell.site.instead

    def then_nothing(request: Request) -> Answer | None:
        if request.path.startswith(f"{PODS}/"):
            shell.site.fault = 503
        return answer(request)

    shell.site.instead = then_nothing
    told = shell.run("node-shell", "node-1", "--yes")
    (path,) = pods(shell)
    name = path.rpartition("/")[2]
    assert told.code == 1
    assert f"Pod {name} could not be deleted" in told.json["lines"][-2]
    assert told.json["lines"][-1].startswith("Delete it: kubectl --kubeconfig ")
    assert told.json["lines"][-1].endswith(f"--context plant -n line-2 delete pod {name}")
    assert left_pods(told.audit, 4e9) == [
        LeftPod(told.audit[0]["run"], ObjectKey("plant", "Pod", "line-2", name), "node-1")
    ]
    assert left_pods(told.audit, 0.0) == [], "what began later is not an earlier start's"
    gone = {"event": "found", "run": told.audit[0]["run"], "action": "node-shell", "result": "gone"}
    assert left_pods([*told.audit, gone], 4e9) == []


def test_a_long_name_of_a_node_leaves_room_for_the_suffix() -> None:
    name = pod_name("a" * 60 + ".example.com")
    assert len(name) <= 63 and name.startswith("node-debugger-aaa")
    assert pod_name("node-1") != pod_name("node-1")


def test_who_no_longer_waits_for_it_leaves_no_pod(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on the screen, where a person may end the watching."""
    starts(shell, {"waiting": {"reason": "ContainerCreating"}})

    async def ended(seconds: float) -> None:
        raise Cancelled("No longer watched. What was sent stays as it is.")

    monkeypatch.setattr(running, "Gate", partial(Gate, sleep=ended))
    told = shell.run("node-shell", "node-1", "--yes")
    assert told.code == 1 and pods(shell) == []
    first, last = told.json["lines"]
    assert first.endswith("is not watched any more.") and last.endswith("is deleted.")


def deletes(shell: Shell, fault: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the deletion of the pod meets, which is tried again for a moment."""
    monkeypatch.setattr("edgetui.actions.remote.node_shell.REMOVES", 2.0)
    monkeypatch.setattr("edgetui.actions.remote.node_shell.AGAIN", 0.02)
    answer = shell.site.instead

    def met(request: Request) -> Answer | None:
        if request.path.startswith(f"{PODS}/"):
            shell.site.fault = fault
        return answer(request)

    shell.site.instead = met


@pytest.mark.parametrize(
    ("fault", "why", "again"),
    [(403, "no", False), (422, "no", False), (503, "no", True), (429, "no", True), (DROP, "plant", True)],
)
def test_why_it_could_not_be_deleted_is_said_and_what_may_pass_is_tried_again(
    shell: Shell, fault: int, why: str, again: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    deletes(shell, fault, monkeypatch)
    told = shell.run("node-shell", "node-1", "--yes")
    (path,) = pods(shell)
    name = path.rpartition("/")[2]
    first, *_, said, by_hand = told.json["lines"]
    assert first == "The shell was left."
    assert said.startswith(f"Pod {name} could not be deleted: ") and why in said.lower()
    assert by_hand.endswith(f" delete pod {name}")
    assert (told.code, told.json["outcome"]) == (1, "failed")
    assert (len([one for one in shell.site.writes if one.startswith("DELETE")]) > 1) == again
    assert f"!  {said}\n" in told.err and f".. Deleting pod {name}\n" in told.err


@pytest.mark.parametrize("fault", [404, 409])
def test_one_that_somebody_else_has_deleted_is_gone(
    shell: Shell, fault: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    deletes(shell, fault, monkeypatch)
    told = shell.run("node-shell", "node-1", "--yes")
    assert told.json["lines"][-1].endswith(" is deleted.") and told.code == 0


def test_an_answer_that_is_lost_is_said_to_have_been_found(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    deletes(shell, 0, monkeypatch)
    shell.site.fault = APPLY_THEN_DROP
    told = shell.run("node-shell", "node-1", "--yes")
    assert "ok The write arrived, only its answer was lost\n" in told.err
    assert [one["event"] for one in told.audit if one["event"] == "found"] == ["found"]
    creations = [one for one in told.audit if one.get("write", "").startswith("POST")]
    assert creations[0]["words"].startswith("create pod node-debugger-node-1-")
    assert set(creations[0]["after"]) == {"pod", "namespace", "image"}
    sent = [one.body for one in shell.site.requests if one.method == "DELETE"]
    assert sent[0] == {
        "preconditions": {"uid": f"uid-of-{creations[0]['after']['pod']}"},
        "gracePeriodSeconds": 1,
    }
