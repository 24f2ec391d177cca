"""A helper program in the hands of its thread: patience, pipes, kills, and what is told to the guardian."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest

from edgetui.cluster.auth import orphans, subprocess
from edgetui.cluster.auth.subprocess import Finished, TimeIsUp, TooMuchOutput, _Conversation, run

SHELL = ["/bin/sh", "-c"]


def conversation(script: str = ":", within: float = 20.0, stdin: bytes = b"") -> _Conversation:
    return _Conversation([*SHELL, script], dict(os.environ), within, stdin)


def test_the_bounds_are_those_that_are_told() -> None:
    assert (subprocess.MAX_OUTPUT, subprocess.MAX_STDERR, subprocess.LINGER) == (1024 * 1024, 8 * 1024, 1.0)
    assert (subprocess._LOOK, subprocess._RARELY) == (0.05, 1.0)
    assert repr(Finished(3, b"secret", "secret")) == "Finished(code=3)"


@pytest.mark.parametrize(
    ("told", "held", "left", "seconds"),
    [
        (False, True, 9.0, 0.05),
        (False, False, -9.0, 0.05),
        (True, True, 9.0, 0.1),
        (True, False, 9.0, 1.0),
        (True, False, 0.5, 0.5),
        (True, True, 0.01, 0.01),
        (True, True, 0.0, 0.0),
        (True, False, -3.0, 0.0),
    ],
)
def test_how_long_it_waits_for_news(told: bool, held: bool, left: float, seconds: float) -> None:
    made = conversation()
    made._slot._held = held
    assert made._patience(left, told=told) == seconds
    made._slot._held = False


def test_the_guardian_is_told_of_the_group_before_and_after(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setattr(orphans._guardian, "tell", lines.append)
    made = conversation("exit 3")
    assert made.hold().code == 3
    assert made._process is not None
    pid = made._process.pid
    assert lines == ["", f"+ {pid}\n", f"- {pid}\n"]
    assert not made._slot.held


@pytest.mark.parametrize("how", ["time", "output"])
def test_what_goes_too_far_is_killed_with_all_it_started(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[tuple[int, int]] = []
    kill = os.killpg

    def noted(group: int, sign: int) -> None:
        killed.append((group, sign))
        kill(group, sign)

    monkeypatch.setattr(os, "killpg", noted)
    if how == "time":
        made = conversation("echo said >&2; exec sleep 60", within=0.05)
        with pytest.raises(TimeIsUp) as caught:
            made.hold()
        assert caught.value.stderr in ("", "said\n")
    else:
        made = conversation("exec cat /dev/zero")
        with pytest.raises(TooMuchOutput):
            made.hold()
    assert made._process is not None
    assert killed == [(made._process.pid, signal.SIGKILL)]
    assert made._process.returncode == -signal.SIGKILL


def test_one_that_has_ended_is_not_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(group: int, sign: int) -> None:
        raise AssertionError

    monkeypatch.setattr(os, "killpg", fail)
    made = conversation("echo out; echo err >&2; exit 2")
    assert made.hold() == Finished(2, b"out\n", "err\n")
    made.abandon()


def test_one_that_nobody_wants_any_more_is_killed_at_once_and_not_waited_for() -> None:
    made = conversation("exec sleep 60")
    found: list[Finished] = []
    thread = threading.Thread(target=lambda: found.append(made.hold()))
    thread.start()
    while made._process is None:
        thread.join(0.001)
    made.abandon()
    thread.join(10)
    assert found == [Finished(-signal.SIGKILL, b"", "")]


def test_one_that_waits_for_its_turn_is_not_even_started_when_nobody_wants_it() -> None:
    made = conversation("echo started")
    takes = [False, False, True]
    slot: Any = made._slot
    asked: list[float] = []

    def take(seconds: float) -> bool:
        asked.append(seconds)
        made._abandoned = len(asked) == 2
        return takes[len(asked) - 1]

    slot.take = take
    assert made.hold() == Finished(-signal.SIGKILL, b"", "")
    assert (asked, made._process) == ([0.1, 0.1], None)


@pytest.mark.parametrize("pidfd", [True, False])
def test_its_end_is_noticed_where_the_system_tells_it_and_where_not(
    pidfd: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(pid: int) -> int:
        raise OSError

    if not pidfd:
        monkeypatch.setattr(os, "pidfd_open", fail)
    assert conversation("exec >&- 2>&-; exit 5").hold().code == 5
    assert conversation("cat", stdin=b"abc").hold().stdout == b"abc"


def test_what_it_leaves_behind_may_hold_the_pipe_for_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "LINGER", 0.05)
    made = conversation("sleep 5 & echo $!; exit 4")
    found = made.hold()
    os.kill(int(found.stdout), signal.SIGKILL)
    assert found.code == 4


FEEDS: list[tuple[list[int | type[OSError]], bool, bytes]] = [
    ([6], False, b""),
    ([4], True, b"ef"),
    ([BrokenPipeError], False, b"abcdef"),
]


@pytest.mark.parametrize(("writes", "more", "left"), FEEDS)
def test_it_is_fed_as_much_as_it_takes(
    writes: list[Any], more: bool, left: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(pipe: int, data: memoryview) -> int:
        taken = writes.pop(0)
        if isinstance(taken, int):
            return taken
        raise taken

    made = conversation(stdin=b"abcdef")
    monkeypatch.setattr(os, "write", write)
    assert made._feed(9) is more
    assert bytes(made._stdin) == left


def test_what_it_says_is_kept_to_its_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    made, parts = conversation(), [b"x" * (1024 * 1024), b"", b"x"]
    monkeypatch.setattr(os, "read", lambda pipe, most: parts.pop(0))
    assert made._hear(9) is True
    assert made._hear(9) is False
    with pytest.raises(TooMuchOutput):
        made._hear(9)
    parts += [b"a" * 8192, b"\xffb", b""]
    assert [made._note(9) for _ in range(3)] == [True, True, False]
    assert made._words() == "a" * 8190 + "�b"


async def test_a_caller_that_is_cancelled_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ends: list[Callable[[], None]] = []
    abandon = _Conversation.abandon

    def noted(self: _Conversation) -> None:
        ends.append(self.abandon)
        abandon(self)

    monkeypatch.setattr(_Conversation, "abandon", noted)
    task = asyncio.create_task(run([*SHELL, "exec sleep 60"], dict(os.environ), 60.0))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(ends) == 1
    with pytest.raises(FileNotFoundError):
        await run(["/gone/program"], {}, 1.0)


def test_one_that_nobody_wants_is_killed_by_who_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    made, killed = conversation(), list[tuple[int, int]]()
    made.abandon()
    running: Any = type("Running", (), {"pid": 7, "poll": lambda self: None})()
    made._process = running

    def kill(group: int, sign: int) -> None:
        killed.append((group, sign))
        raise ProcessLookupError

    monkeypatch.setattr(os, "killpg", kill)
    made.abandon()
    assert killed == [(7, signal.SIGKILL)]


def test_what_a_program_leaves_behind_is_heard_for_a_second_after_its_end() -> None:
    found = conversation("(sleep 0.05; echo late) & echo early; exit 6").hold()
    assert found == Finished(6, b"early\nlate\n", "")
