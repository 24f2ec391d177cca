"""What is sent to a container, read back by tarfile, by GNU tar and by our own reader."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
import tracemalloc
from pathlib import Path

import pytest

from edgetui.actions.files.pack import RECORD, Packer
from edgetui.actions.files.place import Copy, Place, copy_of, place, split
from edgetui.actions.files.tar_reader import TarReader
from edgetui.actions.files.unpack import Unpacker
from edgetui.actions.messages import Refusal

from ..unprivileged import drop_rights, unprivileged
from .test_unpack import tree


def archive_of(packer: Packer, most: int = 4096) -> bytes:
    pieces = list(packer.pieces(most))
    assert all(0 < len(piece) <= most for piece in pieces)
    assert sum(map(len, pieces)) == packer.length
    return b"".join(pieces)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    made = tmp_path / "source"
    (made / "empty").mkdir(parents=True)
    (made / "deep" / "er").mkdir(parents=True)
    (made / "a b").write_bytes(b"one")
    (made / "none").write_bytes(b"")
    (made / "deep" / "er" / ("ü" * 120)).write_text("x" * 5000)
    (made / "link").symlink_to("a b")
    (made / "out").symlink_to("/etc/hostname")
    (made / "run").write_text("run")
    (made / "run").chmod(0o755)
    return made


def test_a_tree_is_what_it_was(source: Path, tmp_path: Path) -> None:
    packer = Packer(str(source), "new")
    archive = archive_of(packer)
    assert len(archive) % RECORD == 0
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        found = {one.name: one for one in opened}
    assert sorted(found) == [
        "new/a b",
        f"new/deep/er/{'ü' * 120}",
        "new/empty",
        "new/link",
        "new/none",
        "new/out",
        "new/run",
    ]
    assert found["new/run"].mode == 0o755
    assert (found["new/run"].uid, found["new/run"].uname) == (os.getuid(), "")
    assert (packer.tally.files, packer.tally.links, packer.tally.left_out) == (4, 2, 0)
    assert packer.total == packer.tally.bytes == 5006
    subprocess.run(["tar", "-xf", "-", "-C", str(tmp_path)], input=archive, check=True)
    assert tree(tmp_path / "new") == tree(source)


def test_our_own_reader_reads_it(source: Path, tmp_path: Path) -> None:
    reader, unpacker = TarReader(), Unpacker(str(tmp_path / "back"), ("new",))
    for event in reader.feed(archive_of(Packer(str(source), "new"))):
        unpacker.take(event)
    unpacker.close()
    assert reader.ended
    (source / "out").unlink()
    assert tree(tmp_path / "back") == tree(source)
    assert unpacker.tally.left_out == 1


def test_a_file_alone_has_the_name_it_is_given(source: Path) -> None:
    archive = archive_of(Packer(str(source / "a b"), ".tmp"))
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        assert opened.getnames() == [".tmp"]


def test_a_slash_means_the_directory_that_a_link_leads_to(source: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(source)
    assert Packer(f"{tmp_path}/link/", "n").is_directory
    assert not Packer(f"{tmp_path}/link", "n").is_directory


def test_what_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="none cannot be read: No such file"):
        Packer(f"{tmp_path}/none", "n")


@pytest.fixture
def begun(tmp_path: Path) -> tuple[Packer, Path]:
    """An archive that is going to be sent, and the file in the middle of it."""
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "a").write_bytes(b"a" * 9000)
    (folder / "b").write_bytes(b"b" * 9000)
    (folder / "c").write_bytes(b"c")
    return Packer(str(folder), "f"), folder / "b"


def test_a_file_that_becomes_shorter_costs_itself_only(begun: tuple[Packer, Path]) -> None:
    packer, file = begun
    file.write_bytes(b"ab")
    archive = archive_of(packer)
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        assert opened.getnames() == ["f/a", "f/b", "f/c"]
    assert packer.tally.left_out == 1
    assert "became shorter" in packer.tally.told[0]


def test_a_file_that_grows_is_sent_as_it_was_found(begun: tuple[Packer, Path]) -> None:
    packer, file = begun
    file.write_bytes(b"b" * 90_000)
    archive_of(packer)
    assert packer.tally.left_out == 0


def test_a_file_that_goes_away_ends_it(begun: tuple[Packer, Path]) -> None:
    packer, file = begun
    file.unlink()
    with pytest.raises(Refusal, match="went away while it was copied"):
        archive_of(packer)


def test_what_may_not_be_read_is_left_out() -> None:
    with unprivileged() as folder:
        for name in ("a", "b", "c"):
            (folder / name).write_bytes(b"x")
        (folder / "b").chmod(0)
        drop_rights()
        packer = Packer(str(folder), "f")
        archive_of(packer)
    assert (packer.tally.files, packer.tally.left_out) == (2, 1)


def test_a_pipe_is_left_out_and_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "a").write_bytes(b"x")
    packer = Packer(str(tmp_path), "n")
    archive_of(packer)
    assert (packer.tally.files, packer.tally.left_out) == (1, 1)


@pytest.mark.skipif(shutil.which("truncate") is None, reason="no truncate here")
def test_a_gigabyte_goes_out_in_little_memory(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(1024**3)
    packer = Packer(str(tmp_path / "large"), "n")
    tracemalloc.start()
    seen = sum(len(piece) for piece in packer.pieces(1024 * 1024))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seen > 1024**3 == packer.total
    assert peak < 8 * 1024 * 1024


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("press:/var/log", Place("/var/log", "press")),
        ("line-2/press:log", Place("log", "press", "line-2")),
        ("press:C:/x", Place("C:/x", "press")),
        ("notes", Place("notes")),
        ("./a:b", Place("./a:b")),
        ("/a:b", Place("/a:b")),
        ("../a:b", Place("../a:b")),
        ("pod/press:/x", Place("/x", "press", "pod")),
    ],
)
def test_places_are_those_of_kubectl(text: str, found: Place) -> None:
    assert place(text) == found


@pytest.mark.parametrize("text", [":/x", "a/b/c:/x", "a//c:/x", "press:", "", "/press:", "ns/:x"])
def test_what_names_no_file_is_refused(text: str) -> None:
    if text == "/press:":
        assert place(text) == Place("/press:")
        return
    with pytest.raises(Refusal):
        place(text)


def test_one_of_both_is_in_a_pod() -> None:
    assert copy_of("press:/x", "y") == Copy(Place("/x", "press"), Place("y"))
    assert copy_of("y", "press:/x").there == Place("/x", "press")
    assert copy_of("press:/x", "y").download
    for pair in (("a:/x", "b:/x"), ("a", "b")):
        with pytest.raises(Refusal):
            copy_of(*pair)


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/var/log", ("/var", "log")),
        ("/var/log/", ("/var/log/", ".")),
        ("/x", ("/", "x")),
        ("/", ("/", ".")),
        ("x", (".", "x")),
        (".", (".", ".")),
        ("a/..", ("a/..", ".")),
    ],
)
def test_a_path_is_a_directory_and_a_name(path: str, parts: tuple[str, str]) -> None:
    assert split(path) == parts
