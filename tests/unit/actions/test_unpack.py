"""Archives that a container may send, onto a real file system: what is copied, and what never leaves the target."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from edgetui.actions.files.tar_reader import Content, TarReader
from edgetui.actions.files.unpack import CannotWrite, Parts, Tally, Unpacker, stays_inside
from edgetui.actions.messages import Refusal

FILE, FOLDER, LINK, SAME = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE


def member(name: str, content: bytes = b"", kind: bytes = FILE, link: str = "", mode: int = 0o644) -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode, info.size = kind, link, mode, len(content)
    return info.tobuf(tarfile.GNU_FORMAT) + content + bytes(-len(content) % 512)


def unpack(archive: bytes, target: Path | str, root: Parts = ("logs",), *, preserve: bool = True) -> Tally:
    reader, unpacker = TarReader(), Unpacker(str(target), root, preserve=preserve)
    try:
        for event in reader.feed(archive):
            unpacker.take(event)
    finally:
        unpacker.close()
    return unpacker.tally


def tree(path: Path) -> dict[str, str]:
    """What lies below a directory: contents, and where links lead."""
    return {
        str(one.relative_to(path)): str(one.readlink())
        if one.is_symlink()
        else "/"
        if one.is_dir()
        else one.read_text()
        for one in sorted(path.rglob("*"))
    }


def test_a_directory_goes_into_the_target_by_its_content(tmp_path: Path) -> None:
    archive = (
        member("logs/", kind=FOLDER)
        + member("logs/a b", b"one")
        + member("logs/deep/er/ü", b"two")
        + member("logs/none")
        + member("logs/empty", kind=FOLDER)
    )
    tally = unpack(archive, tmp_path / "out")
    assert tree(tmp_path / "out") == {
        "a b": "one",
        "deep": "/",
        "deep/er": "/",
        "deep/er/ü": "two",
        "empty": "/",
        "none": "",
    }
    assert (tally.files, tally.bytes, tally.left_out) == (3, 6, 0)


def test_a_file_goes_to_the_target_or_into_a_directory(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    for target in ("new/name", "there", "made/"):
        unpack(member("logs", b"x"), f"{tmp_path}/{target}")
    assert tree(tmp_path) == {
        "made": "/",
        "made/logs": "x",
        "new": "/",
        "new/name": "x",
        "there": "/",
        "there/logs": "x",
    }


def test_permissions_are_kept_without_what_gives_more_rights(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        unpack(member("logs", b"x", mode=0o6775), tmp_path / "kept")
        unpack(member("logs", b"x", mode=0o755), tmp_path / "new", preserve=False)
    finally:
        os.umask(before)
    assert (tmp_path / "kept").stat().st_mode & 0o7777 == 0o755
    assert (tmp_path / "new").stat().st_mode & 0o7777 == 0o644


OUTSIDE = [
    member("../evil", b"x"),
    member("logs/../../evil", b"x"),
    member("logs/..", kind=FOLDER),
    member("/etc/evil", b"x"),
    member("other/evil", b"x"),
    member("logsmore", b"x"),
    member("logs/" + "d/" * 2100 + "x", b"x"),
    member("logs/same", kind=SAME, link="../evil"),
    member("logs/same", kind=SAME, link="/etc/passwd"),
]


@pytest.mark.parametrize("hostile", OUTSIDE, ids=map(str, range(len(OUTSIDE))))
def test_a_name_that_leaves_the_target_ends_the_copy(tmp_path: Path, hostile: bytes) -> None:
    target = tmp_path / "a" / "b" / "out"
    with pytest.raises(Refusal, match="outside of what was asked for"):
        unpack(member("logs", kind=FOLDER) + hostile + member("logs/after", b"x"), target)
    assert tree(tmp_path) in ({"a": "/", "a/b": "/", "a/b/out": "/"}, {})


def test_nothing_comes_beside_a_file(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="outside of what was asked for"):
        unpack(member("logs", b"x") + member("logs/.bashrc", b"evil"), tmp_path / "log")
    assert tree(tmp_path) == {"log": "x"}


def test_absolute_names_are_refused_where_a_directory_was_named_by_its_content(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="outside"):
        unpack(member("/evil", b"x"), tmp_path / "out", root=())
    tally = unpack(member("./", kind=FOLDER) + member("./a", b"x"), tmp_path / "out", root=())
    assert (tree(tmp_path), tally.files) == ({"out": "/", "out/a": "x"}, 1)


@pytest.mark.parametrize("link", ["/etc", "../..", "../../x", "d/../../..", "d/..", ""])
def test_a_link_out_of_the_target_is_left_out_and_nothing_goes_through_it(tmp_path: Path, link: str) -> None:
    (tmp_path / "out").mkdir()
    archive = (
        member("logs/d", kind=FOLDER)
        + member("logs/d/link", kind=LINK, link=link)
        + member("logs/d/link/evil", b"x")
    )
    tally = unpack(archive, tmp_path / "out")
    assert tally.left_out == 1
    assert "outside of the copy" in tally.told[0]
    assert tree(tmp_path) == {"out": "/", "out/d": "/", "out/d/link": "/", "out/d/link/evil": "x"}


def test_a_link_inside_is_made_and_nothing_goes_through_it(tmp_path: Path) -> None:
    archive = (
        member("logs/2026/key", b"one")
        + member("logs/..data", kind=LINK, link="2026")
        + member("logs/key", kind=LINK, link="..data/key")
        + member("logs/2026/up", kind=LINK, link="../key")
        + member("logs/..data/more", b"two")
    )
    tally = unpack(archive, tmp_path)
    assert (tally.links, tally.left_out) == (3, 1)
    assert "in the place of a directory" in tally.told[0]
    assert tree(tmp_path) == {
        "..data": "2026",
        "2026": "/",
        "2026/key": "one",
        "2026/up": "../key",
        "key": "..data/key",
    }


def test_a_link_that_was_here_before_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "secret").write_text("old")
    out = tmp_path / "out"
    out.mkdir()
    (out / "sub").symlink_to(tmp_path / "elsewhere")
    (out / "file").symlink_to(tmp_path / "secret")
    tally = unpack(member("logs/sub/x", b"evil") + member("logs/file", b"new"), out)
    assert tally.left_out == 1
    assert (tmp_path / "secret").read_text() == "old"
    assert tree(tmp_path / "elsewhere") == {}
    assert (out / "file").read_text() == "new"
    assert not (out / "file").is_symlink()


def test_a_target_that_is_a_link_is_followed_because_the_person_named_it(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "name").symlink_to("real")
    unpack(member("logs", b"new"), tmp_path / "name")
    assert tree(tmp_path) == {"name": "real", "real": "new"}


def test_hard_links_are_the_same_file_again(tmp_path: Path) -> None:
    archive = (
        member("logs/a", b"one")
        + member("logs/b", kind=SAME, link="logs/a")
        + member("logs/b", kind=SAME, link="logs/a")
        + member("logs/c", kind=SAME, link="logs/gone")
    )
    tally = unpack(archive, tmp_path)
    assert tree(tmp_path) == {"a": "one", "b": "one"}
    assert (tmp_path / "a").stat().st_ino == (tmp_path / "b").stat().st_ino
    assert tally.left_out == 1


@pytest.mark.parametrize("kind", [tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, b"Z"])
def test_special_files_are_left_out(tmp_path: Path, kind: bytes) -> None:
    tally = unpack(member("logs/odd", kind=kind) + member("logs/a", b"x"), tmp_path)
    assert (tree(tmp_path), tally.left_out, tally.files) == ({"a": "x"}, 1, 1)


def test_a_directory_in_the_way_costs_that_file_only(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    tally = unpack(member("logs/a", b"x") + member("logs/b", b"y"), tmp_path)
    assert (tree(tmp_path), tally.left_out, tally.files) == ({"a": "/", "b": "y"}, 1, 1)


def test_a_file_in_the_place_of_the_target_directory_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(Refusal, match="is a file, and what is copied is a directory"):
        unpack(member("logs/a", b"x"), tmp_path / "out")
    assert tree(tmp_path) == {"out": "mine"}


def test_a_link_by_itself_says_where_it_leads(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="logs is a symbolic link to /var/log"):
        unpack(member("logs", kind=LINK, link="/var/log"), tmp_path / "out")
    assert tree(tmp_path) == {}


def test_half_a_file_is_never_under_its_name(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("old")
    reader, unpacker = TarReader(), Unpacker(str(tmp_path / "log"), ("logs",))
    for event in reader.feed(member("logs", b"x" * 10_000)[:5000]):
        unpacker.take(event)
        if isinstance(event, Content):
            assert len(list(tmp_path.iterdir())) == 2
    assert (tmp_path / "log").read_text() == "old"
    unpacker.close()
    assert tree(tmp_path) == {"log": "old"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def full(path: str, flags: int, *rest: int, **named: int) -> int:
        return real("/dev/full", os.O_WRONLY) if flags & os.O_EXCL else real(path, flags, *rest, **named)

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(CannotWrite, match="log could not be written: No space left on device"):
        unpack(member("logs", b"x"), tmp_path / "log")
    assert tree(tmp_path) == {}


def test_where_a_link_leads_is_told_by_its_text_alone() -> None:
    inside = [("a", 0), ("../a", 1), ("../../a/b", 2), ("./a", 0), ("..data/key", 0)]
    outside = [("..", 0), ("../..", 1), ("/a", 5), ("a/..", 5), ("a/../b", 5), ("", 1)]
    assert all(stays_inside(link, depth) for link, depth in inside)
    assert not any(stays_inside(link, depth) for link, depth in outside)


def test_a_path_is_as_long_as_linux_has_it(tmp_path: Path) -> None:
    folder = "logs/" + "./" * 2045
    assert unpack(member(f"{folder}b", b"x"), tmp_path).files == 1
    with pytest.raises(Refusal, match="outside of what was asked for"):
        unpack(member(f"{folder}bb", b"x"), tmp_path)


def test_of_what_is_left_out_the_first_five_are_named(tmp_path: Path) -> None:
    tally = unpack(b"".join(member(f"logs/{at}", kind=tarfile.FIFOTYPE) for at in range(7)), tmp_path)
    assert tally.left_out == 7
    assert [one.partition(":")[0] for one in tally.told] == [f"Left out {at}" for at in range(5)]


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    archive = b"".join(member(f"logs/{at % 7}/{at % 3}/{at}", b"x") for at in range(60))
    archive += member("logs/1/link", kind=LINK, link="0") + member("logs/2/link", kind=LINK, link="/")
    unpack(archive + member("logs/1/link/x", b"x"), tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
