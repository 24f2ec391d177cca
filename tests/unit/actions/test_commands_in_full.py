"""The commands of actions: every option of each, several objects at once, who may stop them, and how each ends.

`pytest tests/unit/actions/test_commands_in_full.py --snapshot-update` takes what the options are now; look at what
differs first.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.actions import cli
from edgetui.actions.catalogue import ACTIONS
from edgetui.actions.change.long_running import Ended, Listener
from edgetui.actions.change.spec import spec_of
from edgetui.actions.cli import act, connect, cp, long_running, rollouts, running
from edgetui.actions.cli import exec as exec_command
from edgetui.actions.cli.console import Console
from edgetui.actions.cli.running import INTERRUPTED, REACHED, again, chosen, ended_by_signals
from edgetui.actions.messages import Cancelled, Changed, Receipt, Refusal
from edgetui.arguments import Parser
from edgetui.cluster.target import ClusterTarget
from edgetui.model.cache.freshness import Link, LinkState
from edgetui.model.kinds.pod import POD
from tests.unit.model import factories as f

from .every_action import PRESS, healthy
from .site import Shell, Site, shell_on

FIELDS = ("option_strings", "dest", "metavar", "nargs", "const", "default", "choices", "required", "help")


def options_of(parser: argparse.ArgumentParser) -> str:
    """What a parser takes, and what it says of that."""
    lines = [f"{parser.prog}: {parser.description}", f"usage {parser.usage}", f"{parser.epilog}"]
    for one in parser._actions:
        said = {name: value for name in FIELDS if (value := getattr(one, name)) not in (None, False, [])}
        if not one.option_strings:
            said.pop("required", None)  # of words that may be none, versions of Python differ
        said |= {"type": getattr(one.type, "__name__", "made")} if one.type is not None else {}
        lines.append(json.dumps(said, default=str))
    return "\n".join(lines)


OTHERS: dict[str, Callable[[], Parser]] = {
    "cp": cp._parser,
    "exec": exec_command._parser,
    "attach": exec_command._attaching,
    "rollouts": lambda: rollouts.parser("rollout status", "Follow."),
    "new": lambda: running.new_parser("some", "Do."),
}


@pytest.mark.parametrize("name", [*(name for name, row in ACTIONS.items() if row.module), *OTHERS])
def test_the_options_of_every_command(name: str, snapshot: SnapshotAssertion) -> None:
    parser = OTHERS[name]() if name in OTHERS else act.parser_of(name, spec_of(name))
    assert options_of(parser) == snapshot


@pytest.mark.parametrize("name", ["audit", "history", "status"])
def test_the_options_of_commands_that_only_read(
    name: str, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Parser] = []

    def parse(self: Parser, words: Any) -> Any:
        made.append(self)
        raise KeyError

    monkeypatch.setattr(Parser, "parse_words", parse)
    with pytest.raises(KeyError):
        cli.main([name])
    assert options_of(made[0]) == snapshot


@pytest.mark.parametrize(
    ("name", "words", "before", "behind"),
    [
        ("debug", ["press-x"], ["press-x"], {"command": []}),
        ("debug", ["press-x", "--"], ["press-x"], {"command": []}),
        ("debug", ["press-x", "--", "sh", "--", "-l"], ["press-x"], {"command": ["sh", "--", "-l"]}),
        ("debug", ["--", "sh"], [], {"command": ["sh"]}),
        ("scale", ["deploy/press", "--", "3"], ["deploy/press", "--", "3"], {}),
    ],
)
def test_what_stands_behind_two_dashes_is_the_command_where_an_action_has_one(
    name: str, words: list[str], before: list[str], behind: dict[str, Any]
) -> None:
    assert act._split(spec_of(name), words) == (before, behind)


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    site = Site(f.node("line-2-a"), f.node("line-2-b"), f.node("line-2-c", cordoned=True))
    with shell_on(site, tmp_path, monkeypatch, capsys) as found:
        yield found


def test_a_dry_run_of_several_says_each_and_writes_none(shell: Shell) -> None:
    told = shell.run("cordon", "line-2-a", "line-2-b", "line-2-c", "--dry-run", options=())
    assert told.code == REACHED and shell.site.writes == []
    assert told.out.splitlines() == [
        "Cordon node line-2-a on plant (server dry run)",
        "Cordon node line-2-b on plant (server dry run)",
        "node line-2-c is cordoned already: nothing was written. (server dry run)",
    ]
    assert told.err.endswith("Dry run: nothing was changed.\n")


def test_several_at_once_are_one_receipt_with_each_of_them(shell: Shell) -> None:
    told = shell.run("cordon", "line-2-a", "line-2-b", "line-2-c", "--yes")
    assert told.code == REACHED
    assert sorted(shell.site.writes) == [f"PATCH /api/v1/nodes/line-2-{one}" for one in "ab"]
    objects = told.json["data"]["objects"]
    assert [one["object"] for one in objects] == [
        {"kind": "Node", "namespace": "", "name": f"line-2-{one}"} for one in "abc"
    ]
    assert [(one["ok"], one["pending"]) for one in objects] == [(True, False)] * 3
    assert all(one["lines"] for one in objects)


def test_of_several_in_turn_one_that_is_refused_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with shell_on(healthy(), tmp_path, monkeypatch, capsys) as shell:
        told = shell.run("pause", "deploy/none", "deploy/press", "--yes")
        assert (told.code, shell.site.writes) == (1, [f"PATCH {PRESS}"])
        none, press = told.json["data"]["objects"]
        assert none["object"]["name"] == "none" and not none["ok"]
        assert none["data"] == {"refused": True, "cancelled": False}
        assert "There is no deployment none" in none["lines"][0]
        assert press["ok"] and press["object"]["name"] == "press"
        told = shell.run("resume", "deploy/none", "deploy/press")
        assert [one["data"]["refused"] for one in told.json["data"]["objects"]] == [True, True]


def test_a_command_is_given_up_with_the_link(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[dict[str, Any]] = []
    before: Any = vars(running)["Gate"]

    def gate(*given: Any, **named: Any) -> Any:
        made.append(named)
        return before(*given, **named)

    monkeypatch.setattr(running, "Gate", gate)
    assert shell.run("cordon", "line-2-a", "--yes").code == REACHED
    assert made == [{"patient": False}]


def test_ctrl_c_says_where_it_stands_what_was_written(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(work: Any) -> int:
        work.close()
        raise KeyboardInterrupt

    monkeypatch.setattr(asyncio, "run", interrupted)
    told = shell.run("cordon", "line-2-a", "--yes")
    assert (told.code, told.out) == (INTERRUPTED, "")
    assert told.err == "Interrupted. What was written before that stands in the audit record.\n"


def target(*badges: str) -> ClusterTarget:
    return ClusterTarget(name="plant", context="plant-1", server="https://plant", badges=badges)


@pytest.mark.parametrize(
    ("badges", "words", "refused"),
    [
        (("PROTECTED",), ("--yes",), True),
        (("PROTECTED",), (), False),
        (("PROTECTED",), ("--yes", "--context", "plant-1"), False),
        ((), ("--yes",), False),
        (("DEMO",), ("--yes",), False),
    ],
)
def test_a_protected_cluster_is_agreed_to_in_advance_by_its_name_alone(
    badges: tuple[str, ...], words: tuple[str, ...], refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "choose", lambda files, contexts, acting: target(*badges))
    options = running.new_parser("some", "Do.").parse_words(list(words))
    if not refused:
        assert chosen(options).name == "plant"
        return
    with pytest.raises(Refusal) as problem:
        chosen(options)
    assert (problem.value.sentence, problem.value.next_step) == (
        "plant is protected, and the command line does not name it: nothing was changed.",
        "Add --context plant-1, or leave out --yes and agree on a terminal.",
    )


def test_only_the_first_of_the_same_contexts_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    wrong = target()

    def load(selection: Any, environment: Any, home: Any) -> list[ClusterTarget]:
        asked.append((selection.files, selection.contexts, selection.exact))
        return [wrong]

    monkeypatch.setattr(connect, "load_fleet", load)
    assert connect.choose([Path("a")], ["plant", "plant"]) is wrong
    assert asked == [([Path("a")], ["plant"], True)]


class Asked:
    """A console where a person answers so; `can_ask` is whether there is one."""

    def __init__(self, *, can_ask: bool, answer: bool) -> None:
        self.can_ask, self.answer, self.told = can_ask, answer, list[str]()

    def say(self, text: str) -> None:
        self.told.append(text)

    async def ask(self, question: str) -> bool:
        self.told.append(question)
        return self.answer


@pytest.mark.parametrize(("can_ask", "answer"), [(True, True), (True, False), (False, True)])
async def test_what_changed_in_between_is_asked_about_where_somebody_can_be_asked(
    can_ask: bool, answer: bool
) -> None:
    console, changed = Asked(can_ask=can_ask, answer=answer), Changed("It changed.", view="new")
    if can_ask and answer:
        assert await again(cast("Console", console), changed) == "new"
    else:
        with pytest.raises(Changed) as raised:
            await again(cast("Console", console), changed)
        assert raised.value is changed
    asked = ["Go on with what is there now?"] if can_ask else []
    assert console.told == ["It changed.", *asked]


@pytest.mark.parametrize("attended", [True, False])
async def test_what_was_typed_is_typed_anew_where_somebody_is_there(attended: bool) -> None:
    desk: Any = SimpleNamespace(attended=attended)
    changed, cause = Changed("It changed.", view="new"), Refusal("It is invalid.")
    if attended:
        assert await act._typed_again(desk, changed) == "new"
        return
    with pytest.raises(Changed):
        await act._typed_again(desk, changed)
    changed.__cause__ = cause
    with pytest.raises(Refusal) as raised:
        await act._typed_again(desk, changed)
    assert raised.value is cause


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_what_has_something_to_put_right_as_a_person_does(number: signal.Signals) -> None:
    with pytest.raises(Cancelled) as ended, ended_by_signals():
        os.kill(os.getpid(), number)
        await asyncio.sleep(10)
    assert ended.value.sentence == f"Ended by {number.name}."
    assert signal.getsignal(number) is not None
    loop = asyncio.get_running_loop()
    assert not loop.remove_signal_handler(signal.SIGTERM) and not loop.remove_signal_handler(signal.SIGHUP)


async def test_another_end_stays_what_it_is() -> None:
    async def waits() -> None:
        with ended_by_signals():
            await asyncio.Event().wait()

    task = asyncio.ensure_future(waits())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("source", "out", "as_json", "given"),
    [
        (True, True, False, True),
        (True, True, True, False),
        (False, True, False, False),
        (True, False, False, False),
    ],
)
def test_a_container_has_the_terminal_where_nothing_else_is_printed_on_it(
    source: bool, out: bool, as_json: bool, given: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: source))
    monkeypatch.setattr("sys.stdout", SimpleNamespace(isatty=lambda: out))
    console = Asked(can_ask=True, answer=True)
    terminal = act._terminal(cast("Console", console), argparse.Namespace(json=as_json))
    assert (terminal is not None) == given
    assert act._desk(cast("Any", console)).attended == (source and out)
    if terminal is not None:
        asyncio.run(_given(terminal))
        assert console.told == ["It runs. ctrl+] and then d leaves."]


async def _given(terminal: Any) -> None:
    assert terminal("It runs.").attended


def stops(monkeypatch: pytest.MonkeyPatch, number: signal.Signals) -> tuple[int, str]:
    """The exit code and the lines of a guard that is sent this."""
    hangup = signal.getsignal(signal.SIGHUP)

    async def guarded(*_: Any) -> Ended:
        os.kill(os.getpid(), number)
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(long_running, "_until_it_ends", guarded)
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    out = io.StringIO()
    monkeypatch.setattr("sys.stdout", out)
    try:
        return cli.main(["guard", "deploy/press"]), out.getvalue()
    finally:
        signal.signal(signal.SIGHUP, hangup)


def test_ctrl_c_cancels_and_sigterm_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    assert stops(monkeypatch, signal.SIGINT) == (130, "Cancelled: the guard has ended.\n")
    assert stops(monkeypatch, signal.SIGTERM) == (0, "Stopped: the guard has ended.\n")


class Session:
    """A cluster that is live at once."""

    made: ClassVar[list[Session]] = []

    def __init__(self, target: ClusterTarget) -> None:
        self.name, self.target = target.name, target
        self.store = SimpleNamespace(link=LinkState(Link.LIVE))
        self.did: list[Any] = []
        Session.made.append(self)

    async def start(self, kinds: Any) -> None:
        self.did.append(tuple(kinds))

    async def settled(self, seconds: float) -> bool:
        return True

    async def close(self) -> None:
        self.did.append("closed")


@pytest.mark.parametrize(
    ("ended", "code", "last"),
    [
        (Ended("It is over."), 1, ["It is over."]),
        (Ended("It is well.", good=True), 0, ["It is well."]),
        (
            Ended("Rolled back.", receipt=Receipt("rollback", "plant", None, True, ("It is back.", "So."))),
            3,
            ["Rolled back.", "It is back.", "So."],
        ),
    ],
)
def test_what_goes_on_is_begun_told_and_ended_on_one_session(
    ended: Ended, code: int, last: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Session.made.clear()
    seen: list[Any] = []
    spec: Any = spec_of("forward")

    class Work:
        title, says, turn, repeats = "Forward to pod press-x", "waits", ("a",), False

        def __init__(self, listener: Listener) -> None:
            self.listener = listener
            self.ref = seen[0].ref

        async def run(self) -> Ended:
            self.listener.changed()
            self.listener.changed()
            self.listener.say("Heard.")
            return ended

    async def starts(gate: Any, aim: Any, view: Any, answer: Any, listener: Listener) -> Work:
        seen.extend((aim, view, answer, gate.read_only))
        return Work(listener)

    async def read(aim: Any) -> str:
        return "view"

    made = replace(
        spec, starts=starts, read=read, answer=lambda view, given: (view, given["ports"][0].remote)
    )
    monkeypatch.setattr(long_running, "ClusterSession", Session)
    monkeypatch.setattr(long_running, "chosen", lambda options: target())
    monkeypatch.setattr(act, "spec_of", lambda name: made)
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    out = io.StringIO()
    monkeypatch.setattr("sys.stdout", out)
    hangup = signal.getsignal(signal.SIGHUP)
    try:
        assert cli.main(["forward", "press-x", "8080:80", "-n", "line-2"]) == code
    finally:
        signal.signal(signal.SIGHUP, hangup)
    assert out.getvalue().splitlines() == [
        "Forward to pod press-x in line-2 on plant has begun.",
        "Forward to pod press-x: waits",
        "Heard.",
        *last,
    ]
    aim, view, answer, read_only = seen
    assert (aim.action, aim.ref.key.kind, aim.ref.key.namespace, aim.ref.key.name) == (
        "forward",
        POD,
        "line-2",
        "press-x",
    )
    assert (view, answer, read_only) == ("view", ("view", 80), False)
    (session,) = Session.made
    assert session.did == [(POD,), "closed"]
