"""The editor that is taken, and the file that it gets: for nobody else's eyes, and gone in every ending."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edgetui.actions.messages import Cancelled, Refusal
from edgetui.actions.objects.editor import (
    PREFIX,
    EditFile,
    OwnTerminal,
    edit_file,
    editor_words,
    how_it_ended,
    not_started,
    run_program,
)

FILE = Path("/run/x/press.yaml")


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({}, ["vi", str(FILE)]),
        ({"EDITOR": "nano"}, ["nano", str(FILE)]),
        ({"EDITOR": "nano", "KUBE_EDITOR": "code --wait"}, ["code", "--wait", str(FILE)]),
        ({"EDITOR": "", "KUBE_EDITOR": ""}, ["vi", str(FILE)]),
        ({"EDITOR": "emacs  -nw"}, ["emacs", "-nw", str(FILE)]),
        (
            {"EDITOR": "vim -c 'set ft=yaml'", "SHELL": "/bin/sh"},
            ["/bin/sh", "-c", f"vim -c 'set ft=yaml' {FILE}"],
        ),
        ({"EDITOR": 'a "b"'}, ["/bin/bash", "-c", f'a "b" {FILE}']),
    ],
)
def test_the_editor_is_found_as_kubectl_finds_it(environ: dict[str, str], words: list[str]) -> None:
    assert editor_words(environ, FILE) == words


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    made = tmp_path / "run"
    made.mkdir(mode=0o700)
    return made


def test_the_file_is_for_one_user_and_gone_with_what_the_editor_left_beside_it(runtime: Path) -> None:
    with edit_file("press.yaml", {"XDG_RUNTIME_DIR": str(runtime)}) as file:
        file.put("a: ü\n")
        directory = file.path.parent
        assert directory.parent == runtime
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
        (directory / ".press.yaml.swp").write_text("a: ü")
        file.path.rename(directory / "press.yaml~")
        (directory / "press.yaml").write_text("a: ß\n")
        assert file.read() == "a: ß\n".encode()
    assert list(runtime.iterdir()) == []


@pytest.mark.parametrize("problem", [KeyboardInterrupt, asyncio.CancelledError, Cancelled("no"), OSError])
def test_it_is_gone_whatever_ends_it(runtime: Path, problem: BaseException | type[BaseException]) -> None:
    with pytest.raises(BaseException), edit_file("x.yaml", {"XDG_RUNTIME_DIR": str(runtime)}) as file:  # noqa: B017
        file.put("a: 1\n")
        raise problem
    assert list(runtime.iterdir()) == []


def test_a_runtime_directory_that_others_may_read_is_not_used(runtime: Path) -> None:
    runtime.chmod(0o755)
    with edit_file("x.yaml", {"XDG_RUNTIME_DIR": str(runtime)}) as file:
        assert file.path.parent.parent != runtime


def test_what_a_killed_edit_left_is_deleted_and_what_runs_is_not(runtime: Path) -> None:
    (runtime / f"{PREFIX}dead").mkdir(mode=0o700)
    (runtime / f"{PREFIX}dead" / "press.yaml").write_text("secret")
    environ = {"XDG_RUNTIME_DIR": str(runtime)}
    with edit_file("one.yaml", environ) as one:
        one.put("a: 1\n")
        with edit_file("two.yaml", environ) as two:
            two.put("b: 2\n")
            assert one.read() == b"a: 1\n"
            assert len(list(runtime.iterdir())) == 2
    assert list(runtime.iterdir()) == []


LEFT: dict[str, Callable[[Path], None]] = {
    "a directory": Path.mkdir,
    "a link": lambda path: path.symlink_to("/etc/hostname"),
    "a pipe": os.mkfifo,
}


@pytest.mark.parametrize("what", LEFT)
def test_only_a_file_is_read(runtime: Path, what: str) -> None:
    with edit_file("x.yaml", {"XDG_RUNTIME_DIR": str(runtime)}) as file:
        assert file.read() == b""
        LEFT[what](file.path)
        with pytest.raises(Refusal, match="it is no file any more"):
            file.read()


def test_a_full_disk_is_one_sentence() -> None:
    with pytest.raises(Refusal) as problem:
        EditFile(Path("/dev/full")).put("a: 1\n")
    assert problem.value.sentence.endswith("(No space left on device): nothing was changed.")
    assert "TMPDIR" in problem.value.next_step


def test_a_directory_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(Refusal, match="cannot be put into a file"), edit_file("x.yaml", {}):
        pass


def test_endings_in_words() -> None:
    assert (
        how_it_ended(["/usr/bin/vi", "x"], 1) == "The editor vi ended with exit code 1: nothing was changed."
    )
    assert "killed (SIGKILL)" in how_it_ended(["vi"], -9)
    gone = not_started(["nonesuch", "x"], FileNotFoundError(2, "No such file"))
    assert gone.sentence == "The editor “nonesuch” cannot be started (there is none): nothing was changed."
    assert "KUBE_EDITOR" in gone.next_step


async def test_a_program_runs_to_its_end_and_its_signal_is_told() -> None:
    assert await run_program(["sh", "-c", "exit 3"]) == 3
    assert await run_program(["sh", "-c", "kill -9 $$"]) == -9
    with pytest.raises(FileNotFoundError):
        await run_program(["/nonesuch"])


async def test_a_program_that_nobody_waits_for_is_ended(tmp_path: Path) -> None:
    began = tmp_path / "pid"
    running = asyncio.ensure_future(
        run_program(["sh", "-c", f"trap '' HUP; echo $$ > {began}; exec sleep 60"])
    )
    while not began.exists() or not began.read_text().strip():
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    for _ in range(6000):
        try:
            os.kill(int(began.read_text()), 0)
        except ProcessLookupError:
            return
        await asyncio.sleep(0.01)
    pytest.fail("it still runs")


async def test_ctrl_c_is_the_editors_and_sigterm_is_ours(tmp_path: Path) -> None:
    async def no(question: str) -> bool:
        return False

    desk = OwnTerminal(no, attended=False)
    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP)]
    assert await desk.run(["sh", "-c", f"kill -INT {os.getpid()}; kill -QUIT {os.getpid()}; exit 4"]) == 4
    with pytest.raises(Cancelled, match="Ended by SIGTERM: nothing was changed"):
        await desk.run(["sh", "-c", f"kill -TERM {os.getpid()}; sleep 60"])
    assert [
        signal.getsignal(one) for one in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP)
    ] == before
    assert not await desk.again("It was killed.")


WAIT = """
import os, sys, time
from edgetui.actions.objects.editor import edit_file
with edit_file("x.yaml", os.environ) as file:
    file.put("a: 1")
    print("there", flush=True)
    time.sleep(60)
"""


def test_the_file_of_a_killed_process_goes_with_the_next_edit(runtime: Path) -> None:
    environ = {**os.environ, "XDG_RUNTIME_DIR": str(runtime)}
    with subprocess.Popen([sys.executable, "-c", WAIT], env=environ, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"there\n"
        process.kill()
    assert len(list(runtime.iterdir())) == 1
    with edit_file("y.yaml", environ):
        assert len(list(runtime.iterdir())) == 1
    assert list(runtime.iterdir()) == []
