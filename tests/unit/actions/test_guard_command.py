"""`edgetui guard` without a cluster: what it waits for, what it says and how often, and how it ends."""

from __future__ import annotations

import asyncio
import io
import os
import signal
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.actions import cli
from edgetui.actions.change.long_running import Ended
from edgetui.actions.cli import long_running
from edgetui.actions.cli.long_running import PATIENT, SAY_AGAIN, Log, Voice, _connected, _fitting
from edgetui.actions.guard.guard import Guard
from edgetui.actions.messages import Receipt, Refusal
from edgetui.cluster.errors import CredentialError, KubeconfigError, LinkError
from edgetui.model.cache.freshness import Link, LinkState
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.rollout.guard import Phase, State

Looks = list[tuple[bool, Link, str]]


class Session:
    """A cluster whose link is this at each look: whether it has settled, its state and its sentence."""

    name = "plant"

    def __init__(self, *looks: tuple[bool, Link, str]) -> None:
        self.looks = list(looks)
        self.waited: list[float] = []
        self.store = SimpleNamespace(link=LinkState())

    async def settled(self, seconds: float) -> bool:
        self.waited.append(seconds)
        settled, link, sentence = self.looks.pop(0)
        self.store.link = LinkState(link=link, sentence=sentence, next_step="Do it.")
        return settled


async def connected(*looks: tuple[bool, Link, str]) -> tuple[list[str], Session]:
    """The lines that it says until it is connected."""
    out, session = io.StringIO(), Session(*looks)
    await _connected(session, Log(out, stamped=False))  # type: ignore[arg-type]
    return out.getvalue().splitlines(), session


DOWN, LIVE = (True, Link.STALE, "The link is down."), (True, Link.LIVE, "")


@pytest.mark.parametrize(
    ("looks", "said"),
    [
        ([LIVE], []),
        ([DOWN, LIVE], ["Waiting for plant: The link is down."]),
        ([DOWN, DOWN, LIVE], ["Waiting for plant: The link is down."]),
        (
            [DOWN, (True, Link.STALE, "No route."), DOWN, LIVE],
            [
                "Waiting for plant: The link is down.",
                "Waiting for plant: No route.",
                "Waiting for plant: The link is down.",
            ],
        ),
        ([(False, Link.LIVE, "It lists."), LIVE], ["Waiting for plant: It lists."]),
    ],
)
async def test_it_waits_for_the_cluster_and_says_each_reason_once(looks: Looks, said: list[str]) -> None:
    lines, session = await connected(*looks)
    assert lines == said
    assert session.looks == []
    assert set(session.waited) == {PATIENT}


@pytest.mark.parametrize(("link", "kind"), [(Link.BROKEN, KubeconfigError), (Link.REFUSED, CredentialError)])
async def test_where_waiting_is_vain_it_ends_with_the_reason(link: Link, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="No such user") as raised:
        await connected(DOWN, (True, link, "No such user."))
    assert raised.value.next_step == "Do it."  # type: ignore[attr-defined]


class Phased(Guard):
    """A guard in a phase, that says this."""

    text = ""

    def __init__(self) -> None:
        self.ref = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "", "")

    @property
    def says(self) -> str:
        return self.text


class Speaking:
    """A voice on a clock, and a guard in a phase."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> None:
        self.now = 0.0
        self.out = io.StringIO()
        self.out.isatty = lambda: terminal  # type: ignore[method-assign]
        self.voice = Voice(Log(self.out, stamped=False))
        monkeypatch.setattr(long_running.time, "monotonic", lambda: self.now)

    def changed(self, phase: Phase, template: str = "a", why: str = "", says: str = "says") -> bool:
        """Whether a look that finds this is told."""
        self.voice.work = guard = Phased()
        guard.state, guard.text = State(phase=phase, template=template, why=why), says
        before = self.out.getvalue()
        self.voice.changed()
        return self.out.getvalue() != before


@pytest.mark.parametrize("phase", Phase)
def test_in_a_pipe_each_turn_is_a_line_and_a_countdown_one_a_minute(
    phase: Phase, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaking = Speaking(monkeypatch, terminal=False)
    assert speaking.changed(phase)
    assert speaking.out.getvalue() == "Guard of deployment press: says\n"
    speaking.now = SAY_AGAIN - 0.1
    assert not speaking.changed(phase, says="something else")
    speaking.now = SAY_AGAIN
    counts = phase in (Phase.SUSPECT, Phase.BLIND)
    assert speaking.changed(phase) == counts
    assert not speaking.changed(phase)
    assert speaking.changed(phase, template="b")
    assert speaking.changed(phase, template="b", why="paused")


def test_on_a_terminal_one_line_is_written_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    speaking = Speaking(monkeypatch, terminal=True)
    assert speaking.changed(Phase.WATCHING)
    assert speaking.out.getvalue() == "ctrl+c cancels · Guard of deployment press: says"
    assert not speaking.changed(Phase.WATCHING)
    assert speaking.changed(Phase.WATCHING, says="all well")
    assert speaking.out.getvalue().endswith("\r\x1b[Kctrl+c cancels · Guard of deployment press: all well")


def test_before_there_is_a_guard_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    speaking = Speaking(monkeypatch, terminal=True)
    speaking.voice.changed()
    assert speaking.out.getvalue() == ""


@pytest.mark.parametrize(
    ("text", "width", "fits"), [("abcd", 5, "abcd"), ("abcde", 5, "abc…"), ("abc", 1, "")]
)
def test_a_line_leaves_a_column_for_the_cursor(text: str, width: int, fits: str) -> None:
    assert _fitting(text, width) == fits


RECEIPT = Receipt("rollback", "plant", None, True, ("It is back.",))
ENDS: list[tuple[Ended | BaseException, int, str]] = [
    (Ended("It is good.", good=True), 0, "It is good."),
    (Ended("It is gone."), 1, "It is gone."),
    (Ended("Rolled back.", receipt=RECEIPT), 3, "It is back."),
    (Refusal("It is paused."), 1, "It is paused."),
    (KubeconfigError("No such file."), 2, "No such file."),
    (LinkError("No route."), 2, "No route."),
    (KeyboardInterrupt(), 130, "Cancelled: the guard has ended."),
]


@pytest.mark.parametrize(("end", "code", "said"), ENDS, ids=[said for *_, said in ENDS])
def test_how_it_ends_is_its_exit_code_and_a_line(
    end: Any, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hangup = signal.getsignal(signal.SIGHUP)

    async def guarded(*_: Any) -> Ended:
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        if isinstance(end, BaseException):
            raise end
        found: Ended = end
        return found

    monkeypatch.setattr(long_running, "_until_it_ends", guarded)
    try:
        assert cli.main(["guard", "deploy/press"]) == code
    finally:
        signal.signal(signal.SIGHUP, hangup)
    told = capsys.readouterr()
    assert [line for line in (told.out + told.err).splitlines() if line.endswith(said)], "a line, and no JSON"


def test_sigterm_ends_it_well(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    hangup = signal.getsignal(signal.SIGHUP)

    async def guarded(*_: Any) -> Ended:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(long_running, "_until_it_ends", guarded)
    try:
        assert cli.main(["guard", "deploy/press"]) == 0
    finally:
        signal.signal(signal.SIGHUP, hangup)
    assert "Stopped: the guard has ended." in capsys.readouterr().out


@pytest.mark.parametrize(("journal", "stamped"), [("8:1", False), ("", True)])
def test_lines_have_their_time_where_nothing_else_notes_it(
    journal: str, stamped: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hangup = signal.getsignal(signal.SIGHUP)
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    if journal:
        monkeypatch.setenv("JOURNAL_STREAM", journal)

    async def guarded(*_: Any) -> Ended:
        return Ended("It is good.", good=True)

    monkeypatch.setattr(long_running, "_until_it_ends", guarded)
    try:
        cli.main(["guard", "deploy/press"])
    finally:
        signal.signal(signal.SIGHUP, hangup)
    (line,) = capsys.readouterr().out.splitlines()
    assert (line == "It is good.") != stamped
