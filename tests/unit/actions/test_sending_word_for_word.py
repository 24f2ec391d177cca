"""What is sent, how fast, and what is said of the container: every sentence, every number of the line, every bound."""

from __future__ import annotations

import errno
import io
import os
import tarfile
from pathlib import Path

import pytest

from edgetui.actions.files import copying, far_side
from edgetui.actions.files.copying import CutOff, Receiving, Result, Sending, without_tar
from edgetui.actions.files.meter import EVERY, WINDOW, Pace, Progress, size
from edgetui.actions.files.pack import Packer
from edgetui.actions.files.place import FORMS, copy_of, place
from edgetui.actions.files.unpack import Tally
from edgetui.actions.messages import Refusal
from edgetui.cluster.api.remote_command import Channel, Ended

from .test_copies_word_for_word import raises, told
from .test_copying import Screen
from .test_copying_bounds import task
from .test_unpack import member


def test_what_cannot_be_sent_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refusal) as refused:
        Packer(f"{tmp_path}/none", "n")
    assert (refused.value.sentence, refused.value.next_step) == (
        f"{tmp_path}/none cannot be read: No such file or directory.",
        "Nothing was copied.",
    )
    with pytest.raises(Refusal, match=r"^a b cannot be read: no such name can be\. Nothing was copied\.$"):
        Packer("a\0b", "n")
    os.mkfifo(tmp_path / "pipe")
    packer = Packer(f"{tmp_path}/pipe", "n")
    assert (packer.empty and Packer(str(tmp_path), "n").is_directory is not True) or packer.empty
    with pytest.raises(Refusal) as refused:
        Sending(task(f"{tmp_path}/pipe", "p:a"))
    special = f"Left out {tmp_path}/pipe: it is a device, a pipe, or another special file."
    assert (refused.value.sentence, refused.value.next_step) == (
        f"There is nothing in {tmp_path}/pipe that can be copied.",
        special,
    )
    real = os.lstat
    (tmp_path / "gone").write_text("x")
    (tmp_path / "pipe").unlink()
    monkeypatch.setattr(
        os, "lstat", raises(errno.ENOENT, lambda path, **named: str(path).endswith("gone"), real)
    )
    packer = Packer(str(tmp_path), "n")
    assert packer.tally.told == [f"Left out {tmp_path}/gone: it cannot be read (No such file or directory)."]


def test_a_file_that_cannot_be_read_on_costs_itself_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"x" * 700)
    (tmp_path / "b").write_bytes(b"y")
    packer = Packer(str(tmp_path), "n")
    handles: list[int] = []

    def reads(handle: int, most: int) -> bool:
        handles.append(handle)
        return len(handles) == 2

    monkeypatch.setattr(os, "read", raises(errno.EIO, reads, os.read))
    archive = b"".join(packer.pieces(512))
    monkeypatch.undo()
    assert len(archive) == packer.length
    assert told(packer.tally) == (
        1,
        0,
        513,
        [f"Left out {tmp_path}/a: it became shorter, or unreadable, while it was copied."],
    )


@pytest.mark.parametrize("count", [0, 1, 511, 512, 513, 9000])
@pytest.mark.parametrize("most", [512, 1000, 100_000])
def test_an_archive_is_as_long_as_it_said_in_pieces_that_fit(tmp_path: Path, count: int, most: int) -> None:
    (tmp_path / "a").write_bytes(b"x" * count)
    packer = Packer(f"{tmp_path}/a", "n")
    pieces = list(packer.pieces(most))
    assert sum(map(len, pieces)) == packer.length == (10240 if count <= 8192 else 20480)
    assert max(map(len, pieces)) <= most and all(pieces)
    assert (packer.total, told(packer.tally)) == (count, (1, 0, count, []))


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_line_is_written_twice_a_second_with_the_rate_of_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (EVERY, WINDOW) == (0.5, 10.0)
    monkeypatch.setenv("COLUMNS", "80")
    clock, out = Clock(), Screen()
    progress = Progress(out, "/log", clock, quiet=False)
    progress.end()

    def line(seconds: float, done: int, total: int | None) -> str:
        clock.now += seconds
        out.seek(0)
        out.truncate()
        progress.tell(done, total)
        return out.getvalue().removeprefix("\r").removesuffix("\x1b[K")

    mib = 1024 * 1024
    assert line(0.0, 0, None) == "0B · /log"
    assert line(0.49, 7, None) == ""
    assert line(0.01, mib, None) == "1MiB · 2.0 MiB/s · /log"
    assert line(0.5, mib, 4 * mib) == "1MiB of 4MiB · 1.0 MiB/s · 3s left · /log"
    assert line(9.0, 4 * mib, 4 * mib) == "4MiB of 4MiB · 410 KiB/s · 0s left · /log"
    assert line(0.5, 4 * mib, 4 * mib) == "4MiB of 4MiB · 307 KiB/s · 0s left · /log"
    assert line(20.0, 4 * mib, 8 * mib) == "4MiB of 8MiB · /log"
    assert line(1.0, 4 * mib, 8 * mib) == "4MiB of 8MiB · /log"
    assert line(1.0, 4 * mib + 10, 4 * mib + 30) == "4MiB of 4MiB · 4s left · /log"
    assert line(1.0, 5 * mib, 4 * mib).endswith(" · 0s left · /log")
    out.seek(0)
    out.truncate()
    progress.end()
    progress.end()
    assert out.getvalue() == "\r\x1b[K"
    assert [size(count) for count in (0, 5, 1024)] == ["0B", "5B", "1KiB"]


async def test_a_pace_waits_for_what_is_spent_after_what_was() -> None:
    clock, slept = Clock(), list[float]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    pace = Pace(100.0, clock, sleep)
    await pace.spend(50)
    await pace.spend(50)
    clock.now += 0.25
    await pace.spend(25)
    clock.now += 60
    await pace.spend(100)
    assert slept == [0.5, 1.0, 1.0, 1.0]
    await Pace(None, clock, sleep).spend(1 << 40)
    assert len(slept) == 4


def test_what_a_container_lacks_is_said_with_another_way() -> None:
    down = without_tar(task("p:/var/a b", "here it is"), "tar")
    assert (down.sentence, down.next_step) == (
        "Container app of pod p has no tar: nothing was copied.",
        "This copies one file without it: edgetui exec pod/p -c app --context plant -n line-2 -- cat '/var/a b' > "
        "'here it is'",
    )
    up = without_tar(task("here", "p:/var/a"), "tar, or no sh")
    assert (up.sentence, up.next_step) == (
        "Container app of pod p has no tar, or no sh: nothing was copied.",
        "A container beside it has one: edgetui debug pod/p --target app --context plant -n line-2",
    )


LOOK = "Look at what is there: edgetui exec pod/p -c app --context plant -n line-2 -- ls -la"


@pytest.mark.parametrize(
    ("ended", "said", "why"),
    [
        (Ended(2), b"tar: a: Cannot stat. \nmore\n", "tar: a: Cannot stat"),
        (Ended(2, "It was killed."), b"", "It was killed"),
        (Ended(2), b"\n \n", "exit code 2"),
    ],
)
async def test_why_nothing_was_copied(tmp_path: Path, ended: Ended, said: bytes, why: str) -> None:
    receiving = Receiving(task("p:a", f"{tmp_path}/a"))
    await receiving.write(Channel.STDERR, said)
    with pytest.raises(Refusal) as refused:
        receiving.result(ended)
    assert (refused.value.sentence, refused.value.next_step) == (
        f"Nothing was copied from container app of pod p: {why}.",
        LOOK,
    )
    (tmp_path / "a").write_text("x")
    sending = Sending(task(f"{tmp_path}/a", "p:a"))
    await sending.write(Channel.STDERR, said)
    with pytest.raises(Refusal) as refused:
        sending.result(ended)
    assert refused.value.sentence == f"Nothing was copied to container app of pod p: {why}."
    assert sending.result(Ended(0)) == Result(sending.tally, 0, tuple(sending.lines))


async def test_what_no_honest_tar_sends_ends_it_at_once(tmp_path: Path) -> None:
    receiving = Receiving(task("p:a", f"{tmp_path}/a"))
    await receiving.write(Channel.STDOUT, member("a", b"x"))
    with pytest.raises(Refusal, match="no tar archive"):
        await receiving.write(Channel.STDOUT, b"x" * 512)
    receiving.close()
    assert receiving.left() == "1 file is complete, and the one that is not was removed."


async def test_an_archive_that_ends_in_the_middle_says_what_is_complete(tmp_path: Path) -> None:
    receiving = Receiving(task("p:a", f"{tmp_path}/a"))
    await receiving.write(
        Channel.STDOUT, member("a/b", b"x") + member("a/c", b"x") + member("a/d", b"x" * 600)[:600]
    )
    with pytest.raises(CutOff) as cut:
        receiving.result(Ended(0, "It ended."))
    receiving.close()
    assert cut.value.next_step == "2 files are complete, and the one that is not was removed."


@pytest.mark.parametrize(("code", "left_out", "well"), [(0, 0, True), (1, 0, False), (0, 1, False)])
def test_everything_was_copied_where_nothing_was_left_out(code: int, left_out: int, well: bool) -> None:
    tally = Tally()
    tally.left_out = left_out
    assert Result(tally, code, ()).well is well


@pytest.mark.parametrize(
    ("code", "texts", "missing"),
    [
        (127, (), True),
        (126, (), False),
        (1, ('exec: "tar": executable file not found in $PATH',), True),
        (1, ("sh: tar: command not found",), True),
        (1, ("a", "tar: not found"), True),
        (1, ("tar: not found here",), False),
        (2, ("tar: a: Cannot stat: No such file",), False),
    ],
)
def test_a_command_that_there_is_not(code: int, texts: tuple[str, ...], missing: bool) -> None:
    assert far_side.is_missing(code, *texts) is missing


def test_words_that_name_no_copy_are_refused_with_the_forms() -> None:
    for words, sentence in (
        (("p:a", "q:b"), "Both are in a pod: copy by way of this machine."),
        (("a", "b"), "Neither is in a pod."),
    ):
        with pytest.raises(Refusal) as refused:
            copy_of(*words)
        assert (refused.value.sentence, refused.value.next_step) == (sentence, FORMS)
    for text, what in (
        ("a/b/c:/x", "names no file of a pod."),
        ("p:", "names no path."),
        ("", "names no path."),
    ):
        with pytest.raises(Refusal) as refused:
            place(text)
        assert (refused.value.sentence, refused.value.next_step) == (f"“{text}” {what}", FORMS)
    with pytest.raises(Refusal, match=r"^“a{200}” names"):
        place("a" * 199 + "a/b/c:x")
    assert (copying.MOST_SAID, copying.MOST_GARBAGE) == (4096, 65536)


def test_a_header_has_what_the_file_is_and_no_time_before_1970(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir(mode=0o750)
    (tmp_path / "f").write_bytes(b"abc")
    (tmp_path / "f").chmod(0o6751)
    (tmp_path / "l").symlink_to("f")
    os.utime(tmp_path / "f", (5, -5))
    os.utime(tmp_path / "d", (5, 77))
    with tarfile.open(fileobj=io.BytesIO(b"".join(Packer(str(tmp_path), "n").pieces(4096)))) as opened:
        found = {one.name: one for one in opened}
    file, folder, link = found["n/f"], found["n/d"], found["n/l"]
    assert (file.mode, file.size, file.mtime, file.type) == (0o6751, 3, 0, tarfile.REGTYPE)
    assert (folder.mode, folder.size, folder.mtime, folder.type) == (0o750, 0, 77, tarfile.DIRTYPE)
    assert (link.linkname, link.size, link.type) == ("f", 0, tarfile.SYMTYPE)
    assert (file.uid, file.gid) == (os.getuid(), (tmp_path / "f").stat().st_gid)


def test_members_go_depth_first_by_their_names_and_a_link_by_itself_is_one(tmp_path: Path) -> None:
    for name in ("b/2", "b/1/x", "a", "c"):
        (tmp_path / "t" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "t" / name).write_text("x")
    packer = Packer(f"{tmp_path}/t/", "n")
    with tarfile.open(fileobj=io.BytesIO(b"".join(packer.pieces(4096)))) as opened:
        assert opened.getnames() == ["n/a", "n/b/1/x", "n/b/2", "n/c"]
    assert (packer.is_directory, packer.empty, packer.total) == (True, False, 4)
    (tmp_path / "l").symlink_to("none")
    packer = Packer(f"{tmp_path}/l", "n")
    assert (packer.is_directory, packer.empty, packer.total) == (False, False, 0)
    list(packer.pieces(4096))
    assert told(packer.tally) == (0, 1, 0, [])
