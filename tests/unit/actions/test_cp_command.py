"""`edgetui cp` to its end: what it is asked to copy, what it says of it, and its exit codes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.actions.cli import cp
from edgetui.actions.cli.running import FAILED, INTERRUPTED, REACHED, USAGE
from edgetui.actions.files.copying import CutOff, Result, Task
from edgetui.actions.files.unpack import Tally
from edgetui.actions.messages import Refusal
from edgetui.actions.remote.execute import Purpose
from edgetui.cluster.api.remote_command import Command, Ended
from edgetui.cluster.errors import LinkError

from .every_action import one_pod
from .scripted import Answer, Request
from .site import Shell, Told, shell_on
from .streaming import SUCCESS, Kubelet
from .test_unpack import member

Copied = Callable[..., Any]


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    monkeypatch.chdir(tmp_path)
    with shell_on(one_pod(), tmp_path, monkeypatch, capsys) as found:
        yield found


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the clock of the command says: the time at its beginning, and from then on."""
    now = [0.0]
    monkeypatch.setattr(cp, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def run(shell: Shell, *words: str) -> Told:
    return shell.run("cp", *words, options=())


def tally(files: int = 0, links: int = 0, count: int = 0, left_out: int = 0) -> Tally:
    found = Tally()
    found.files, found.links, found.bytes = files, links, count
    for number in range(left_out):
        found.leave_out(f"f{number}", "it is a device")
    return found


def copies(
    monkeypatch: pytest.MonkeyPatch, result: Result | Exception, do: Copied | None = None
) -> list[Task]:
    """Copying does this, and comes to that."""
    asked: list[Task] = []

    async def copied(task: Task, run: Any, retries: int, again: Any, wait: Any) -> Result:
        asked.append(task)
        if do is not None:
            await do(task, run, retries, again, wait)
        if isinstance(result, Exception):
            raise result
        return result

    monkeypatch.setattr(cp, "copy", copied)
    return asked


LEFT = [f"Left out f{number}: it is a device." for number in range(5)]


@pytest.mark.parametrize(
    ("result", "seconds", "code", "lines"),
    [
        (Result(tally(1, 0, 5), 0, ()), 0.5, REACHED, ["Copied 1 file, 5B in less than a second."]),
        (Result(tally(0), 0, ()), 0.0, REACHED, ["Copied 0 files, 0B in less than a second."]),
        (Result(tally(0), 0, ()), 3.0, REACHED, ["Copied 0 files, 0B in 3s."]),
        (Result(tally(2, 0, 2048), 0, ()), 0.99, REACHED, ["Copied 2 files, 2KiB in less than a second."]),
        (Result(tally(2, 0, 2048), 0, ()), 1.0, REACHED, ["Copied 2 files, 2KiB in 1s, 2.0 KiB/s."]),
        (Result(tally(2, 0, 51), 0, ()), 1.0, REACHED, ["Copied 2 files, 51B in 1s."]),
        (Result(tally(2, 0, 52), 0, ()), 1.0, REACHED, ["Copied 2 files, 52B in 1s, 0.1 KiB/s."]),
        (Result(tally(2, 1, 1 << 20), 0, ()), 64.0, REACHED, ["Copied 2 files and 1 link, 1MiB in 1m4s, 16 KiB/s."]),
        (Result(tally(2, 3, 9), 0, ()), 0.0, REACHED, ["Copied 2 files and 3 links, 9B in less than a second."]),
        (
            Result(tally(1, 0, 5, 1), 0, ()),
            0.0,
            FAILED,
            [LEFT[0], "Copied 1 file, 5B in less than a second; 1 was left out."],
        ),
        (
            Result(tally(1, 0, 5, 5), 0, ()),
            0.0,
            FAILED,
            [*LEFT, "Copied 1 file, 5B in less than a second; 5 were left out."],
        ),
        (
            Result(tally(1, 0, 5, 6), 0, ()),
            0.0,
            FAILED,
            [*LEFT, "Left out 1 more.", "Copied 1 file, 5B in less than a second; 6 were left out."],
        ),
        (
            Result(tally(1, 0, 5, 8), 2, ("tar: b: Permission denied",)),
            2.0,
            FAILED,
            [*LEFT, "tar: b: Permission denied", "Left out 3 more.",
             "Copied 1 file, 5B in 2s; 8 were left out."],
        ),
        (
            Result(tally(1, 0, 5), 2, ("tar: b: Permission denied",)),
            0.0,
            FAILED,
            ["tar: b: Permission denied", "Copied 1 file, 5B in less than a second."],
        ),
    ],
)  # fmt: skip
def test_what_was_copied_is_said_and_what_was_not(
    shell: Shell,
    monkeypatch: pytest.MonkeyPatch,
    clock: list[float],
    result: Result,
    seconds: float,
    code: int,
    lines: list[str],
) -> None:
    async def takes(*_: Any) -> None:
        clock[0] += seconds

    copies(monkeypatch, result, takes)
    told = run(shell, "press-x:/a", "b")
    assert (told.code, told.out, told.err.splitlines()) == (code, "", lines)
    told = run(shell, "press-x:/a", "b", "-q")
    assert (told.code, told.err.splitlines()) == (code, lines[:-1])


@pytest.mark.parametrize(
    ("words", "namespace", "container", "preserve", "limit", "retries"),
    [
        (("press-x:/a", "b"), "line-2", "app", True, None, 0),
        (("line-2/press-x:/a", "b", "-n", "farm"), "line-2", "app", True, None, 0),
        (
            ("press-x:/a", "b", "-c", "app", "--no-preserve", "--retries", "3"),
            "line-2",
            "app",
            False,
            None,
            3,
        ),
        (("press-x:/a", "b", "--container", "app", "--retries", "-1"), "line-2", "app", True, None, -1),
        (("press-x:/a", "b", "--limit", "20KiB/s"), "line-2", "app", True, 20480.0, 0),
    ],
)
def test_a_copy_is_what_its_words_say(
    shell: Shell,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    namespace: str,
    container: str,
    preserve: bool,
    limit: float | None,
    retries: int,
) -> None:
    seen: list[int] = []

    async def looks(task: Task, run: Any, retries: int, *_: Any) -> None:
        seen.append(retries)

    asked = copies(monkeypatch, Result(tally(1), 0, ()), looks)
    assert run(shell, *words).code == REACHED
    (task,) = asked
    assert (task.namespace, task.container, task.preserve) == (namespace, container, preserve)
    assert (task.pace.limit, seen) == (limit, [retries])
    assert (task.copy.source.path, task.copy.target.path, task.copy.there.pod) == ("/a", "b", "press-x")
    assert task.target.name == "plant"


@pytest.mark.parametrize("down", [True, False])
def test_what_it_runs_has_its_purpose_and_waits_grow(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, down: bool
) -> None:
    ran: list[Any] = []
    waits: list[float] = []
    far, ends = Command("line-2", "press-x", "app", ("tar",)), object()

    async def execute(gate: Any, session: Any, ref: Any, command: Any, ends: Any, purpose: Any) -> Ended:
        ran.append((gate.read_only, gate.patient, ref.key.name, command, ends, purpose))
        return Ended(7)

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def does(task: Task, run: Any, retries: int, again: Any, wait: Any) -> None:
        assert await run(far, ends) == Ended(7)
        monkeypatch.setattr(asyncio, "sleep", sleep)
        await wait(1)
        monkeypatch.undo()
        task.tell(1, 2)
        again("The link was lost. Going on at 1B, retry 1.")

    monkeypatch.setattr(cp, "execute", execute)
    monkeypatch.setattr(cp, "delay", lambda tries, random: float(tries))
    copies(monkeypatch, Result(tally(1), 0, ()), does)
    there, here = ("press-x:/a b", "here") if down else ("here", "press-x:/a b")
    told = run(shell, there, here)
    words = (
        "copy /a b of container app of pod/press-x to here"
        if down
        else "copy here to /a b of container app of pod/press-x"
    )
    about = {"container": "app", "from": "/a b" if down else "here", "to": "here" if down else "/a b"}
    assert ran == [(False, False, "press-x", far, ends, Purpose("cp", words, about))]
    assert waits == [1 + cp.FIRST_WAIT] == [4]
    assert told.err.splitlines()[0] == "The link was lost. Going on at 1B, retry 1."


@pytest.mark.parametrize(
    ("problem", "code", "said"),
    [
        (Refusal("Nothing was copied.", "Look there."), FAILED, "Nothing was copied. Look there.\n"),
        (CutOff("The link was lost.", "Run it again."), FAILED, "The link was lost. Run it again.\n"),
        (LinkError("plant does not answer.", ""), USAGE, "plant does not answer.\n"),
    ],
)
def test_a_copy_that_fails_says_why(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, problem: Exception, code: int, said: str
) -> None:
    copies(monkeypatch, problem)
    told = run(shell, "press-x:/a", "b")
    assert (told.code, told.out, told.err) == (code, "", said)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("none:/a", "b"), FAILED, "There is no pod none"),
        (("press-x:/a", "b", "-c", "engine"), FAILED, "It has app."),
        (("press-x:/a", "b", "--context", "farm"), USAGE, "farm"),
    ],
)
def test_what_cannot_be_copied_from_is_a_sentence(
    shell: Shell, words: tuple[str, ...], code: int, said: str
) -> None:
    told = run(shell, *words)
    assert (told.code, told.out) == (code, "") and said in told.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("a", "b"), "Neither is in a pod."),
        (("p:a", "p:b"), "Both are in a pod"),
        (("p:a", "b", "--limit", "fast"), "is not a rate"),
        (("p:a",), "TARGET"),
    ],
)
def test_wrong_words_are_wrong_usage(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        cp.command(words)
    assert left.value.code == USAGE
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_what_is_not_complete_is_gone(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    tidied: list[bool] = []

    async def waits(*_: Any) -> None:
        os.kill(os.getpid(), number)
        try:
            await asyncio.Event().wait()
        finally:
            tidied.append(True)

    copies(monkeypatch, Result(tally(1), 0, ()), waits)
    told = run(shell, "press-x:/a", "b")
    assert (told.code, tidied) == (INTERRUPTED, [True])
    assert told.err == "Interrupted: the file that was not complete was removed.\n"


def test_a_file_comes_through_the_kubelet_and_the_record_has_from_where_to_where(
    shell: Shell, tmp_path: Path
) -> None:
    archive = member("a", b"belt\n") + bytes(1024)
    shell.site.streams = kubelet = Kubelet(b"\x01" + archive, SUCCESS)
    told = run(shell, "press-x:/var/a", "copy")
    assert (told.code, told.err) == (REACHED, "Copied 1 file, 5B in less than a second.\n")
    assert (tmp_path / "copy").read_text() == "belt\n"
    ((path, query),) = kubelet.asked
    assert path.endswith("/pods/press-x/exec")
    assert [value for name, value in query if name == "command"][-2:] == ["/var", "a"]
    assert ("stdin", "true") in query and ("tty", "true") not in query
    intent, result, outcome = told.audit
    assert (intent["action"], intent["words"]) == (
        "cp",
        "copy /var/a of container app of pod/press-x to copy",
    )
    assert (intent["container"], intent["from"], intent["to"]) == ("app", "/var/a", "copy")
    assert (result["exit_code"], outcome["result"], outcome["message"]) == (
        0,
        "ended",
        "It ended with exit code 0.",
    )


def test_without_the_right_nothing_is_run_and_it_is_named(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.site.streams = kubelet = Kubelet(SUCCESS)
    monkeypatch.setattr("tests.unit.actions.scripted.Server._answer", _denied)
    told = run(shell, "press-x:/var/a", "copy")
    assert (told.code, kubelet.asked) == (FAILED, [])
    assert "pods/exec" in told.err


def _denied(server: Any, request: Request) -> Answer:
    if request.path.endswith("/selfsubjectaccessreviews"):
        return 201, {"status": {"allowed": False}}
    answer: Answer = server.handler(request)
    return answer
