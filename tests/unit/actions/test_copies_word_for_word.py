"""What comes from a container, word for word: what was left out or refused and why, and what a full machine leaves."""

from __future__ import annotations

import errno
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.files import unpack
from edgetui.actions.files.tar_reader import TarReader
from edgetui.actions.files.unpack import CannotWrite, Tally, Unpacker
from edgetui.actions.messages import Refusal

from .test_unpack import FOLDER, LINK, SAME, member
from .test_unpack import unpack as unpacked

END = bytes(1024)


def told(tally: Tally) -> tuple[int, int, int, list[str]]:
    return tally.files, tally.links, tally.bytes, tally.told


@pytest.mark.parametrize(
    ("archive", "files", "said"),
    [
        (member("logs/odd", kind=tarfile.FIFOTYPE), 0, "odd: it is a device, a pipe, or another special file."),
        (member("logs/d/up", kind=LINK, link="../.."), 0, "d/up: it links to ../.., outside of the copy."),
        (
            member("logs/up", kind=LINK, link="d") + member("logs/up/x", b"xyz"),
            0,
            "up/x: a link, or a file, stands here in the place of a directory on its way.",
        ),
        (
            member("logs/a", b"x") + member("logs/a/b", b"y"),
            1,
            "a/b: a link, or a file, stands here in the place of a directory on its way.",
        ),
        (
            member("logs/c", kind=SAME, link="logs/gone"),
            0,
            "c: it is the same file as logs/gone, which was not copied.",
        ),
        (
            member("logs/c", kind=SAME, link="logs/no/gone"),
            0,
            "c: it is the same file as logs/no/gone, which was not copied.",
        ),
        (member("logs/there", b"x"), 0, "HERE/there: a directory stands in its place."),
        (member("logs/there", kind=LINK, link="a"), 0, "HERE/there: a directory stands in its place."),
    ],
)  # fmt: skip
def test_why_each_was_left_out(tmp_path: Path, archive: bytes, files: int, said: str) -> None:
    (tmp_path / "out" / "there").mkdir(parents=True)
    tally = unpacked(archive, tmp_path / "out")
    assert (tally.files, tally.left_out) == (files, 1)
    assert tally.told == [f"Left out {said.replace('HERE', str(tmp_path / 'out'))}"]
    assert not (tmp_path / "out" / "up" / "x").exists()


def test_what_is_copied_is_counted(tmp_path: Path) -> None:
    archive = (
        member("logs/a", b"four")
        + member("logs/none")
        + member("logs/b", kind=SAME, link="logs/a")
        + member("logs/deep/c", kind=SAME, link="logs/a")
        + member("logs/deep/d", b"more")
        + member("logs/e", kind=SAME, link="logs/deep/d")
        + member("logs/link", kind=LINK, link="a")
    )
    tally = unpacked(archive, tmp_path / "out")
    assert told(tally) == (6, 1, 8, [])
    assert (tmp_path / "out" / "e").stat().st_ino == (tmp_path / "out" / "deep" / "d").stat().st_ino


@pytest.mark.parametrize(
    ("kind", "sentence", "step"),
    [
        (LINK, "logs is a symbolic link to a b: nothing was copied.",
         "Name the file, or the directory with a / behind it."),
        (SAME, "logs is a hard link: nothing was copied.", ""),
        (tarfile.FIFOTYPE, "logs is a device, pipe or other special file: nothing was copied.", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_copied_by_itself(tmp_path: Path, kind: bytes, sentence: str, step: str) -> None:
    with pytest.raises(Refusal) as refused:
        unpacked(member("logs", kind=kind, link="a b"), tmp_path / "out")
    assert (refused.value.sentence, refused.value.next_step) == (sentence, step)
    with pytest.raises(Refusal, match=r"^it is a "):
        unpacked(member("./", kind=kind, link="a b"), tmp_path / "out", root=())


def test_the_sentences_of_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(Refusal) as refused:
        unpacked(member("logs/a", b"x"), tmp_path / "file")
    assert (refused.value.sentence, refused.value.next_step) == (
        f"{tmp_path}/file is a file, and what is copied is a directory.",
        "Name another target.",
    )
    with pytest.raises(Refusal) as refused:
        unpacked(member("../" + "e" * 200, b"x"), tmp_path / "out")
    name = ("../" + "e" * 200)[:120]
    assert (refused.value.sentence, refused.value.next_step) == (
        f"The tar in the container sent {name}, which is outside of what was asked for: nothing more was copied.",
        "Do not trust what that container sends.",
    )


def raises(number: int, wanted: Callable[..., bool], real: Any) -> Any:
    """A call of the system that fails where it is wanted."""

    def call(*given: Any, **named: Any) -> Any:
        if wanted(*given, **named):
            raise OSError(number, os.strerror(number))
        return real(*given, **named)

    return call


def is_temporary(name: str) -> bool:
    return str(name).startswith(".edgetui.")


FAILS: dict[str, tuple[str, Callable[..., bool], bytes, str]] = {
    "a file that cannot be begun": (
        "open",
        lambda path, flags, *rest, **named: bool(flags & os.O_EXCL),
        member("logs/d/a", b"x"),
        "/d/a",
    ),
    "a file that cannot get its name": (
        "rename",
        lambda old, new, **named: True,
        member("logs/d/a", b"x"),
        "/d/a",
    ),
    "a directory that cannot be made": (
        "mkdir",
        lambda path, *rest, **named: "dir_fd" in named,
        member("logs/d/a", b"x"),
        "/d/a",
    ),
    "a directory that cannot be entered": (
        "open",
        lambda path, flags, *rest, **named: path == "d",
        member("logs/d/a", b"x"),
        "/d/a",
    ),
    "a link that cannot be made": (
        "symlink",
        lambda target, name, **named: is_temporary(name),
        member("logs/l", kind=LINK, link="a"),
        "/l",
    ),
    "a hard link that cannot be made": (
        "link",
        lambda first, name, **named: True,
        member("logs/a", b"x") + member("logs/l", kind=SAME, link="logs/a"),
        "/l",
    ),
    "content that cannot be written": (
        "write",
        lambda handle, data: bytes(data) == b"full",
        member("logs/a", b"full"),
        "/a",
    ),
    "a target that cannot be opened": (
        "open",
        lambda path, flags, *rest, **named: "dir_fd" not in named,
        member("logs/a", b"x"),
        "",
    ),
}


@pytest.mark.parametrize(("call", "wanted", "archive", "name"), FAILS.values(), ids=FAILS)
def test_a_machine_that_takes_no_more_is_a_sentence_and_leaves_nothing_open_or_half(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    wanted: Callable[..., bool],
    archive: bytes,
    name: str,
) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    monkeypatch.setattr(os, call, raises(errno.ENOSPC, wanted, getattr(os, call)))
    with pytest.raises(CannotWrite) as failed:
        unpacked(archive, tmp_path / "out")
    monkeypatch.undo()
    assert str(failed.value) == f"{tmp_path}/out{name} could not be written: No space left on device."
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert not list(tmp_path.rglob(".edgetui.*")) and not (tmp_path / "out" / "l").exists()


@pytest.mark.parametrize("archive", [member("logs/a\0b", b"x"), member("logs/l", kind=LINK, link="a")])
def test_a_name_that_cannot_be_used_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, archive: bytes
) -> None:
    def odd(*given: Any, **named: Any) -> None:
        raise ValueError("embedded null byte")

    monkeypatch.setattr(os, "symlink", odd)
    monkeypatch.setattr(Unpacker, "_folder", odd)
    with pytest.raises(CannotWrite, match=r"(a|l) could not be written: the name cannot be used\.$"):
        unpacked(archive, tmp_path / "out")


def test_directories_are_opened_once_for_what_lies_together(tmp_path: Path) -> None:
    opened: list[str] = []
    real = os.open

    def opens(path: str, flags: int, *rest: Any, **named: Any) -> int:
        if flags & os.O_DIRECTORY and "dir_fd" in named:
            opened.append(str(path))
        return real(path, flags, *rest, **named)

    archive = b"".join(member(f"logs/d/e/{at}", b"x") for at in range(3)) + member("logs/d/f", b"x")
    try:
        os.open = opens  # type: ignore[assignment]
        assert unpacked(archive, tmp_path / "out").files == 4
    finally:
        os.open = real
    assert opened == ["d", "e", "d"]


def test_close_may_be_repeated_and_what_is_not_complete_is_gone(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    reader, unpacker = TarReader(), Unpacker(str(tmp_path / "out"), ("logs",))
    for event in reader.feed(member("logs/d/a", b"x" * 2000)[:1000]):
        unpacker.take(event)
    assert len(list((tmp_path / "out" / "d").iterdir())) == 1
    unpacker.close()
    unpacker.close()
    assert list((tmp_path / "out" / "d").iterdir()) == []
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert unpack.TOLD == 5 and unpack.MOST_NAME == 4096


@pytest.mark.parametrize(
    ("archive", "target", "total"),
    [
        (member("logs", b"four"), "name", 4),
        (member("logs", b"four"), "there/", 4),
        (member("logs/", kind=FOLDER) + member("logs/a", b"four"), "out", None),
    ],
)
def test_the_total_is_known_of_a_file_alone(
    tmp_path: Path, archive: bytes, target: str, total: int | None
) -> None:
    reader, unpacker = TarReader(), Unpacker(f"{tmp_path}/{target}", ("logs",))
    for event in reader.feed(archive):
        unpacker.take(event)
    unpacker.close()
    assert unpacker.total == total
