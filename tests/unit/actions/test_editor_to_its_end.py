"""An editor to its end: the words it is run with, what is left of its file, and what is typed in it."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.messages import Cancelled, Refusal
from edgetui.actions.objects import editor
from edgetui.actions.objects.edit import typed
from edgetui.actions.objects.edit_text import MOST_BYTES
from edgetui.actions.objects.editor import (
    EditFile,
    OwnTerminal,
    edit_file,
    editor_words,
    how_it_ended,
    not_started,
    run_program,
)
from edgetui.model.text import clean

from .test_edit import Desk, opened, press, to
from .test_editor import FILE


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    made = tmp_path / "runtime"
    made.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(made))
    monkeypatch.setenv("KUBE_EDITOR", "an-editor")
    yield made


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"EDITOR": "a\\b"}, ["a\\b", str(FILE)]),
        ({"EDITOR": "'a'"}, ["'a'", str(FILE)]),
        ({"EDITOR": "a \\b"}, ["/bin/bash", "-c", f"a \\b {FILE}"]),
        ({"EDITOR": "a 'b'", "SHELL": ""}, ["/bin/bash", "-c", f"a 'b' {FILE}"]),
        ({"EDITOR": " "}, [str(FILE)]),
    ],
)
def test_only_a_command_line_with_marks_is_one_for_the_shell(
    environ: dict[str, str], words: list[str]
) -> None:
    assert editor_words(environ, FILE) == words


def test_a_path_is_one_word_to_the_shell() -> None:
    words = editor_words({"EDITOR": "vi -c 'x'"}, Path("/run/it's here.yaml"))
    assert words == ["/bin/bash", "-c", "vi -c 'x' '/run/it'\"'\"'s here.yaml'"]


@pytest.mark.parametrize("size", [0, 1, MOST_BYTES, MOST_BYTES + 1, MOST_BYTES + 9])
def test_a_byte_more_than_is_taken_is_read(size: int, tmp_path: Path) -> None:
    file = EditFile(tmp_path / "x")
    with file.path.open("wb") as made:
        made.truncate(size)
    assert len(file.read()) == min(size, MOST_BYTES + 1)


def test_what_stood_there_before_is_gone(tmp_path: Path) -> None:
    file = EditFile(tmp_path / "x")
    file.put("a long text\n")
    file.put("a\n")
    assert file.read() == b"a\n"
    (tmp_path / "link").symlink_to(tmp_path / "x")
    with pytest.raises(Refusal):
        EditFile(tmp_path / "link").put("b\n")
    assert file.read() == b"a\n"


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = EditFile(tmp_path / "x")
    file.put("a\n")

    def forbidden(*words: Any) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("edgetui.actions.objects.editor.os.open", forbidden)
    with pytest.raises(Refusal) as refused:
        file.read()
    assert str(refused.value) == (
        "What the editor left cannot be read (Permission denied): nothing was changed."
    )


def descriptors() -> set[str]:
    return {one.name for one in Path("/proc/self/fd").iterdir()}


def test_nothing_stays_open(runtime: Path) -> None:
    environ = {"XDG_RUNTIME_DIR": str(runtime)}
    (runtime / f"{editor.PREFIX}dead").mkdir()
    with edit_file("x.yaml", environ):
        pass
    before = descriptors()
    for _ in range(3):
        (runtime / f"{editor.PREFIX}dead").mkdir()
        with edit_file("x.yaml", environ) as file:
            file.put("a\n")
            assert file.read() == b"a\n"
    assert len(descriptors()) == len(before)


@pytest.mark.parametrize("mode", [0o700, 0o710, 0o701, 0o770])
def test_only_a_directory_of_ones_own_is_used(runtime: Path, mode: int) -> None:
    runtime.chmod(mode)
    with edit_file("x.yaml", {"XDG_RUNTIME_DIR": str(runtime)}) as file:
        assert (file.path.parent.parent == runtime) is (mode == 0o700)


def test_a_directory_of_another_user_is_not_used(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgetui.actions.objects.editor.os.geteuid", lambda: os.getuid() + 1)
    with edit_file("x.yaml", {"XDG_RUNTIME_DIR": str(runtime)}) as file:
        assert file.path.parent.parent != runtime


def test_a_directory_that_cannot_be_written_to_is_not_used(
    runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgetui.actions.objects.editor.os.access", lambda path, mode: False)
    with edit_file("x.yaml", {"XDG_RUNTIME_DIR": str(runtime)}) as file:
        assert file.path.parent.parent != runtime
    with edit_file("x.yaml", {"XDG_RUNTIME_DIR": str(runtime / "gone")}) as file:
        assert file.path.parent.parent != runtime / "gone"


def test_what_another_user_left_is_not_deleted(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = runtime / f"{editor.PREFIX}theirs"
    theirs.mkdir()
    monkeypatch.setattr("edgetui.actions.objects.editor.os.geteuid", lambda: os.getuid() + 1)
    editor._sweep(runtime)
    assert theirs.is_dir()
    monkeypatch.undo()
    (runtime / f"{editor.PREFIX}file").write_text("x")
    editor._sweep(runtime)
    assert sorted(one.name for one in runtime.iterdir()) == [f"{editor.PREFIX}file"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (1, "The editor vi ended with exit code 1: nothing was changed."),
        (127, "The editor vi ended with exit code 127: nothing was changed."),
        (-9, "The editor vi was killed (SIGKILL): nothing was changed."),
        (-1, "The editor vi was killed (SIGHUP): nothing was changed."),
        (-200, "The editor vi ended with exit code -200: nothing was changed."),
    ],
)
def test_every_end_of_an_editor_in_words(code: int, said: str) -> None:
    assert how_it_ended(["/usr/bin/vi", "x"], code) == said


@pytest.mark.parametrize(
    ("problem", "why"),
    [
        (FileNotFoundError(2, "No such file"), "there is none"),
        (PermissionError(13, "Permission denied"), "Permission denied"),
        (OSError("odd"), "odd"),
    ],
)
def test_every_reason_why_an_editor_cannot_be_started(problem: OSError, why: str) -> None:
    refused = not_started(["/opt/vi", "x"], problem)
    assert str(refused) == (
        f"The editor “/opt/vi” cannot be started ({why}): nothing was changed. "
        "Set KUBE_EDITOR or EDITOR to one that this machine has, for example EDITOR=nano."
    )
    assert not_started(["v" * 200], problem).sentence.startswith(
        f"The editor “{clean('v' * 200, 120)}” cannot"
    )
    assert how_it_ended(["v" * 200], 1).startswith(f"The editor {clean('v' * 200, 60)} ended")


@pytest.mark.parametrize("attended", [True, False])
@pytest.mark.parametrize("agrees", [True, False])
async def test_a_person_is_asked_where_there_is_one(attended: bool, agrees: bool) -> None:
    asked: list[str] = []

    async def ask(question: str) -> bool:
        asked.append(question)
        return agrees

    desk = OwnTerminal(ask, attended=attended)
    assert await desk.again("It was killed.") is (attended and agrees)
    assert asked == (["It was killed. Open it again with your text?"] if attended else [])


async def test_an_editor_is_told_that_the_terminal_is_gone(tmp_path: Path) -> None:
    began, told = tmp_path / "began", tmp_path / "told"
    script = f"trap 'echo HUP > {told}; exit 0' HUP; echo x > {began}; while :; do sleep 0.02; done"
    running = asyncio.ensure_future(run_program(["sh", "-c", script]))
    while not began.exists():
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert told.read_text() == "HUP\n"


async def test_who_is_cancelled_without_a_signal_is_cancelled(tmp_path: Path) -> None:
    async def no(question: str) -> bool:
        return False

    desk = OwnTerminal(no, attended=False)
    began = tmp_path / "began"
    running = asyncio.ensure_future(desk.run(["sh", "-c", f"echo x > {began}; exec sleep 60"]))
    while not began.exists():
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert signal.getsignal(signal.SIGTERM) != signal.SIG_IGN


# -- what is typed


ENDINGS: dict[str, tuple[tuple[Callable[[str], str], ...], dict[str, Any], str, int]] = {
    "emptied": ((lambda text: "# only this\n",), {}, "The file was empty: nothing was changed.", 1),
    "left as it is": (
        (lambda text: text,),
        {},
        "Nothing was changed in the editor, so nothing is written.",
        1,
    ),
    "only its comments changed": (
        (lambda text: f"# mine\n{text}",),
        {},
        "Nothing was changed in the editor, so nothing is written.",
        1,
    ),
    "the same in other words": (
        (to("replicas: 3", "replicas:   3"),),
        {},
        "The text says the same as before: nothing is written.",
        1,
    ),
    "failed, and nothing typed": (
        (lambda text: text,),
        {"code": 1, "again": True},
        "The editor an-editor ended with exit code 1: nothing was changed.",
        1,
    ),
    "failed, and the file taken away": (
        (lambda text: "",),
        {"code": 1, "again": True},
        "The editor an-editor ended with exit code 1: nothing was changed.",
        1,
    ),
    "failed, and not opened again": (
        (to("replicas: 3", "replicas: 5"),),
        {"code": 1, "again": False},
        "The editor an-editor ended with exit code 1: nothing was changed.",
        1,
    ),
    "wrong, with nobody there": (
        (to("replicas: 3", "replicas: ["),),
        {"attended": False},
        "Nothing was changed.",
        1,
    ),
    "wrong, and emptied then": (
        (to("replicas: 3", "replicas: ["), lambda text: ""),
        {},
        "The file was empty: nothing was changed.",
        2,
    ),
}


@pytest.mark.parametrize(("edits", "how", "said", "times"), ENDINGS.values(), ids=ENDINGS)
async def test_what_ends_an_edit(
    edits: tuple[Callable[[str], str], ...], how: dict[str, Any], said: str, times: int, tmp_path: Path
) -> None:
    async with opened(press(), tmp_path) as (gate, aim, view):
        desk = Desk(*edits, **how)
        with pytest.raises((Cancelled, Refusal)) as ended:
            await typed(gate, aim, view, desk)
    assert ended.value.sentence.endswith(said)
    assert len(desk.seen) == times


async def test_a_text_that_was_merged_may_be_left_as_it_is(tmp_path: Path) -> None:
    async with opened(press(), tmp_path) as (gate, aim, view):
        body = view.body.replace("replicas: 3", "replicas: 5")
        merged = type(view)(view.ref, view.generation, view.resource, view.there, body, ("Why.",), True)
        desk = Desk()
        answer = await typed(gate, aim, merged, desk)
    assert answer.obj["spec"]["replicas"] == 5
    assert answer.body == body
    assert "#\n# Why.\n#\n" in desk.seen[0]


async def test_a_mistake_in_a_merged_text_has_to_be_mended(tmp_path: Path) -> None:
    async with opened(press(), tmp_path) as (gate, aim, view):
        merged = type(view)(view.ref, view.generation, view.resource, view.there, view.body, ("Why.",), True)
        desk = Desk(to("replicas: 3", "replicas: ["))
        with pytest.raises(Cancelled, match="Nothing was changed in the editor"):
            await typed(gate, aim, merged, desk)
    assert len(desk.seen) == 2
    line = desk.seen[1].splitlines().index("  replicas: [") + 1
    assert f"Line {line - 1}" in desk.seen[1] or f"Line {line}" in desk.seen[1]


async def test_an_editor_that_is_not_there_is_named(tmp_path: Path) -> None:
    class Without(Desk):
        async def run(self, argv: Any) -> int:
            raise FileNotFoundError(2, "No such file")

    async with opened(press(), tmp_path) as (gate, aim, view):
        with pytest.raises(Refusal) as refused:
            await typed(gate, aim, view, Without())
    assert refused.value.sentence == (
        "The editor “an-editor” cannot be started (there is none): nothing was changed."
    )


async def test_the_text_of_a_failed_editor_is_the_text_of_the_next(tmp_path: Path) -> None:
    async with opened(press(), tmp_path) as (gate, aim, view):
        desk = Desk(to("replicas: 3", "replicas: 5"), lambda text: text, code=1, again=True)
        answer = await typed(gate, aim, view, desk)
    assert answer.obj["spec"]["replicas"] == 5
    assert desk.asked == ["The editor an-editor ended with exit code 1: nothing was changed."]
    assert "replicas: 5" in desk.seen[1]
