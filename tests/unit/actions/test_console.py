"""What a command says on a terminal, in a pipe and as JSON."""

from __future__ import annotations

import asyncio
import io
import json
import os
import pty

import pytest
from msgspec.structs import replace

from edgetui.actions.cli.console import Console
from edgetui.actions.messages import Cancelled, Plan, Receipt, Refusal, Step
from edgetui.model.identity import ObjectKey, ObjectRef

REF = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "u", "812")
PLAN = Plan(
    "scale",
    "plant",
    REF,
    "Scale deployment press",
    facts=(("cluster", "plant"), ("now", "3")),
    diff=("- replicas: 3", "+ replicas: 6"),
    warnings=("Autoscaler press puts it back.",),
    writes=("set Deployment/press to 6 replicas",),
)


class Pipes:
    """A console whose ends are not a terminal."""

    def __init__(self, *, as_json: bool = False, yes: bool = False, dry_run: bool = False) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.console = Console(
            io.StringIO(), self.out, self.err, as_json=as_json, assume_yes=yes, dry_run=dry_run
        )


async def test_without_a_terminal_nothing_is_agreed_to() -> None:
    ends = Pipes()
    with pytest.raises(Refusal) as refused:
        await ends.console.confirm(PLAN)
    assert "--yes" in refused.value.next_step
    assert "Scale deployment press" in ends.err.getvalue()


async def test_yes_agrees_after_showing_the_plan_on_stderr() -> None:
    ends = Pipes(yes=True)
    assert await ends.console.confirm(PLAN)
    shown = ends.err.getvalue()
    assert "+ replicas: 6" in shown
    assert "! Autoscaler press puts it back." in shown
    assert ends.out.getvalue() == ""


async def test_a_dry_run_agrees_to_nothing_even_with_yes() -> None:
    ends = Pipes(yes=True, dry_run=True)
    assert not await ends.console.confirm(PLAN)
    assert ends.console.refused("scale", "plant", Cancelled("Cancelled: nothing was changed."))
    assert "Dry run: nothing was changed." in ends.err.getvalue()


async def test_a_dry_run_that_the_server_refused_is_a_failure() -> None:
    ends = Pipes(dry_run=True)
    assert not ends.console.refused("scale", "plant", Refusal("quota"))


async def test_json_is_one_object_with_every_field() -> None:
    ends = Pipes(as_json=True, yes=True)
    await ends.console.confirm(PLAN)
    ends.console.progress(Step("6 of 6 ready", "done"))
    ends.console.result(Receipt("scale", "plant", REF, True, ("6 of 6 ready.",), {"to": 6}), ok=True)
    found = json.loads(ends.out.getvalue())
    assert set(found) == {"action", "cluster", "object", "outcome", "ok", "lines", "data", "plan", "error"}
    assert found["outcome"] == "reached"
    assert found["object"] == {"kind": "Deployment", "namespace": "line-2", "name": "press"}
    assert found["plan"]["warnings"] == ["Autoscaler press puts it back."]
    assert found["error"] is None


@pytest.mark.parametrize(
    ("receipt", "outcome"),
    [
        (Receipt("scale", "plant", REF, False, (), pending=True), "pending"),
        (Receipt("scale", "plant", REF, False, ()), "failed"),
        (Receipt("scale", "plant", REF, False, (), {"unknown": True}), "unknown"),
    ],
)
def test_json_tells_the_outcomes_apart(receipt: Receipt, outcome: str) -> None:
    ends = Pipes(as_json=True)
    ends.console.result(receipt, ok=receipt.ok)
    assert json.loads(ends.out.getvalue())["outcome"] == outcome


def test_json_of_a_refusal_carries_the_sentence_and_the_next_step() -> None:
    ends = Pipes(as_json=True)
    ends.console.refused("rotate", "plant", Refusal("It is paused.", "Resume it."))
    found = json.loads(ends.out.getvalue())
    assert (found["outcome"], found["ok"], found["object"]) == ("refused", False, None)
    assert found["error"] == {"sentence": "It is paused.", "next_step": "Resume it.", "diff": [], "paste": ""}


def test_in_a_pipe_every_step_is_a_line() -> None:
    ends = Pipes()
    for state in ("doing", "done"):
        ends.console.progress(Step("Writing", state))  # type: ignore[arg-type]
    assert ends.err.getvalue() == ".. Writing\nok Writing\n"


class TypedOn(io.StringIO):
    """A terminal that keeps what it is sent."""

    def isatty(self) -> bool:
        return True


def test_on_a_terminal_the_end_of_a_step_takes_the_place_of_its_beginning() -> None:
    out, err = io.StringIO(), TypedOn()
    console = Console(io.StringIO(), out, err, as_json=False, assume_yes=False, dry_run=False)
    console.progress(Step("Writing", "doing"))
    console.progress(Step("Written", "done"))
    console.progress(Step("Waiting", "doing"))
    console.say("A word.")
    console.progress(Step("Waiting", "doing"))
    console.progress(Step("No", "failed"))
    assert err.getvalue() == (".. Writing\r\x1b[Kok Written\n.. Waiting\nA word.\n.. Waiting\r\x1b[K!  No\n")
    assert out.getvalue() == ""


@pytest.mark.parametrize("dry", [False, True])
def test_without_json_a_receipt_is_its_lines_on_stdout_and_a_refusal_is_on_stderr(dry: bool) -> None:
    ends = Pipes(dry_run=dry)
    ends.console.result(Receipt("scale", "plant", REF, True, ("one", "two\x07")), ok=True)
    said = " (server dry run)" if dry else ""
    assert ends.out.getvalue() == f"one{said}\ntwo {said}\n"
    assert ends.err.getvalue() == ("Dry run: nothing was changed.\n" if dry else "")
    ends = Pipes(dry_run=dry)
    problem = Refusal("It is paused.", "Resume it.", diff=("- a", "+ b"), paste=("kind: Role", "rules: []"))
    assert not ends.console.refused("scale", "plant", problem)
    assert ends.err.getvalue() == "It is paused. Resume it.\n  - a\n  + b\n\nkind: Role\nrules: []\n"
    assert ends.out.getvalue() == ""
    ends = Pipes(dry_run=dry)
    assert ends.console.refused("scale", "plant", Cancelled("Cancelled.")) is dry
    assert ends.err.getvalue() == ("Dry run: nothing was changed.\n" if dry else "Cancelled.\n")


def test_nothing_from_a_cluster_reaches_the_terminal_raw() -> None:
    ends = Pipes()
    ends.console.progress(Step("\x1b]0;title\x07", "info"))
    assert "\x1b" not in ends.err.getvalue()


@pytest.mark.parametrize(
    ("typed", "agreed"), [(b"y\n", True), (b"YES\n", True), (b"\n", False), (b"n\n", False), (b"\x04", False)]
)
async def test_on_a_terminal_only_yes_agrees(typed: bytes, agreed: bool) -> None:
    leader, follower = pty.openpty()
    with os.fdopen(leader, "r+b", buffering=0), os.fdopen(follower, "r") as keyboard:
        err = io.StringIO()
        console = Console(keyboard, io.StringIO(), err, as_json=False, assume_yes=False, dry_run=False)
        os.write(leader, typed)
        assert await asyncio.wait_for(console.confirm(PLAN), 60) is agreed
        assert err.getvalue().endswith("Do it? [y/N] ")


async def test_a_question_can_be_interrupted() -> None:
    leader, follower = pty.openpty()
    with os.fdopen(leader, "r+b", buffering=0), os.fdopen(follower, "r") as keyboard:
        console = Console(
            keyboard, io.StringIO(), io.StringIO(), as_json=False, assume_yes=False, dry_run=False
        )
        asking = asyncio.ensure_future(console.confirm(PLAN))
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking


async def test_what_is_not_known_to_have_worked_is_not_agreed_to_in_advance() -> None:
    unproven = replace(PLAN, unproven="Revision 4 is not known to have worked.")
    with pytest.raises(Refusal, match="Revision 4 is not known to have worked"):
        await Pipes(yes=True).console.confirm(unproven)
