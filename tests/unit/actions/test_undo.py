"""Undo takes back what edgetui did last; it never goes past an action that somebody else reverted without saying so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.gate.audit import AuditLog, default_path
from edgetui.actions.messages import Refusal
from edgetui.actions.objects.resource import SCALE, Resource
from edgetui.actions.undo import undo
from edgetui.model.identity import ObjectKey, ObjectRef

from .every_action import CASES, PRESS, Case
from .scripted import Answer, FakeDeployment, Request, Watching, scripted
from .site import Shell, shell_on


@pytest.fixture
def shell(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    with shell_on(case.site(), tmp_path, monkeypatch, capsys) as found:
        yield found


A_SCALE = pytest.mark.parametrize("case", [CASES["scale"]], ids=["scale"])
UNDOABLE = {name: case for name, case in CASES.items() if case.undone == "yes"}


def set_replicas(shell: Shell, number: int) -> None:
    """What somebody does with another tool."""
    shell.site.objects[PRESS]["spec"]["replicas"] = number
    shell.site.touch(PRESS, spec=True)


@A_SCALE
def test_an_action_that_somebody_reverted_is_not_passed_in_silence(case: Case, shell: Shell) -> None:
    for number in ("5", "7"):
        assert shell.run("scale", "deploy/press", number, "--yes").code == 0
    set_replicas(shell, 5)
    told = shell.run("undo", "deploy/press", "--dry-run")
    assert "from 3 to 5" in told.json["plan"]["title"]
    said = "from 5 to 7” ("
    assert any(
        said in line and "taken back already, not by edgetui" in line
        for line in told.json["plan"]["warnings"]
    )
    refused = shell.run("undo", "deploy/press", "--yes")
    assert (refused.code, shell.site.writes) == (1, [])
    assert "taken back already, not by edgetui" in refused.json["error"]["sentence"]


@pytest.mark.parametrize("case", UNDOABLE.values(), ids=UNDOABLE)
def test_what_is_back_at_its_old_value_is_said_to_be_taken_back(case: Case, shell: Shell) -> None:
    before = shell.site.objects[case.path]
    assert shell.run(*case.words, "--yes").code == 0
    now = shell.site.objects[case.path]
    now["spec"] = before["spec"]
    for notes in ("annotations", "labels"):
        now["metadata"][notes] = before["metadata"].get(notes) or {}
    shell.site.touch(case.path, spec=True)
    told = shell.run("undo", case.words[1], "--yes")
    assert (told.code, shell.site.writes) == (1, [])
    assert "was taken back already, not by edgetui" in told.json["error"]["sentence"]


@A_SCALE
def test_what_somebody_changed_to_something_else_is_left_alone_and_shown(case: Case, shell: Shell) -> None:
    for number in ("5", "7"):
        assert shell.run("scale", "deploy/press", number, "--yes").code == 0
    set_replicas(shell, 9)
    told = shell.run("undo", "deploy/press", "--yes")
    assert (told.code, shell.site.writes) == (1, [])
    assert "somebody changed it after" in told.json["error"]["sentence"]
    assert told.json["error"]["diff"] == ["- replicas: 7", "+ replicas: 9"]


WAITS = {name: CASES[name] for name in ("scale", "image", "pause")}


@pytest.mark.parametrize("case", WAITS.values(), ids=WAITS)
def test_what_is_taken_back_is_waited_for(case: Case, shell: Shell) -> None:
    assert shell.run(*case.words, "--yes").code == 0
    shell.site.idle = True
    told = shell.run("undo", case.words[1], "--yes", "--timeout", "0.05")
    assert (told.code, told.json["outcome"]) == (3, "pending"), told.out


@pytest.mark.parametrize("case", [CASES["resume"]], ids=["resume"])
def test_a_deployment_that_is_paused_again_waits_for_nothing(case: Case, shell: Shell) -> None:
    assert shell.run(*case.words, "--yes").code == 0
    shell.site.idle = True
    told = shell.run("undo", case.words[1], "--yes", "--timeout", "0.05")
    assert (told.code, told.json["outcome"]) == (0, "reached"), told.out
    assert told.json["lines"] == ["deployment press is paused again."]


@pytest.mark.parametrize("case", [CASES["image"]], ids=["image"])
def test_an_image_that_somebody_changed_is_shown_from_what_edgetui_left_to_what_is_there(
    case: Case, shell: Shell
) -> None:
    assert shell.run(*case.words, "--yes").code == 0
    shell.site.objects[PRESS]["spec"]["template"]["spec"]["containers"][0]["image"] = "press:9"
    shell.site.touch(PRESS, spec=True)
    diff = shell.run("undo", "deploy/press", "--yes").json["error"]["diff"]
    assert ["press:4" in line for line in diff if line.startswith("-")] == [True]
    assert ["press:9" in line for line in diff if line.startswith("+")] == [True]


@pytest.mark.parametrize("case", [CASES["image"]], ids=["image"])
def test_going_back_to_an_image_that_is_not_known_to_have_worked_is_said_in_the_plan(
    case: Case, shell: Shell
) -> None:
    shell.site.objects[PRESS]["status"] |= {"availableReplicas": 0, "readyReplicas": 0}
    assert shell.run(*case.words, "--yes").code == 0
    told = shell.run("undo", "deploy/press", "--dry-run")
    assert "press:2 is not known to have worked." in told.json["plan"]["warnings"]


@pytest.mark.parametrize("case", UNDOABLE.values(), ids=UNDOABLE)
@pytest.mark.parametrize(
    "kept", [{}, {"before": {}, "after": {}}, {"before": {"replicas": "x"}, "after": None}]
)
def test_an_action_whose_record_is_not_complete_is_said_to_be_final(
    case: Case, kept: dict[str, Any], shell: Shell
) -> None:
    uid = shell.site.objects[case.path]["metadata"]["uid"]
    same = {"run": "1", "action": case.words[0], "uid": uid, "words": "what it did", "time": "?"}
    log = AuditLog(default_path())
    log.append({**same, "event": "intent", **kept})
    log.append({**same, "event": "result", "result": "done"})
    told = shell.run("undo", case.words[1], "--yes")
    assert (told.code, told.json["outcome"], shell.site.writes) == (1, "refused", []), told.out
    assert "“what it did” cannot be undone" in told.json["error"]["sentence"] or "undone" in told.out


async def test_an_object_without_a_generation_is_undone_at_its_version(tmp_path: Path) -> None:
    pump, hands = FakeDeployment(), Watching(tmp_path)
    other = Resource("example.com", "v1", "pumps", "Pump", True, SCALE)
    path = other.path("line-2", "press")

    def answer(request: Request) -> Answer:
        if request.path not in (path, f"{path}/scale"):
            return 404, {}
        if request.method == "PUT":
            return pump.scale(request)
        there: dict[str, Any] = pump.document()
        del there["metadata"]["generation"]
        return 200, there

    ref = ObjectRef(ObjectKey("plant", "Pump", "line-2", "press"), "uid-1", "")
    run = {"run": "1", "action": "scale", "uid": "uid-1", "words": "scale pump press from 1 to 3"}
    hands.log.append({**run, "event": "intent", "before": {"replicas": 1}, "after": {"replicas": 3}})
    hands.log.append({**run, "event": "result", "result": "done"})
    async with scripted(answer) as (_, session):
        view = await undo.prepare(session, ref, hands.log, other)
        assert view.generation == 0
        receipt = await undo.perform(hands.gate, session, view, hands.log, wait=5)
        assert (receipt.ok, pump.replicas) == (True, 1), receipt.lines
        with pytest.raises(Refusal, match="done nothing"):
            await undo.prepare(session, ref, hands.log, other)
