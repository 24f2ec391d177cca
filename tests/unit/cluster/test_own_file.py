"""Files of this user alone: what is taken for ours, and what is written is nobody else's."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from edgetui.cluster import own_file
from edgetui.cluster.own_file import NotOurs, _is_ours, directory, open_for_reading, read, write


def facts(mode: int, user: int) -> os.stat_result:
    return os.stat_result((mode, 0, 0, 1, user, 0, 0, 0, 0, 0))


OURS = [
    (stat.S_IFREG | 0o600, 0, True),
    (stat.S_IFREG | 0o755, 0, True),
    (stat.S_IFREG | 0o620, 0, False),
    (stat.S_IFREG | 0o602, 0, False),
    (stat.S_IFREG | 0o600, 1, False),
    (stat.S_IFDIR | 0o600, 0, False),
    (stat.S_IFIFO | 0o600, 0, False),
]


@pytest.mark.parametrize(("mode", "other", "ours"), OURS)
def test_what_is_ours_belongs_to_us_and_nobody_else_may_write_to_it(
    mode: int, other: int, ours: bool
) -> None:
    assert _is_ours(facts(mode, os.geteuid() + other), stat.S_IFREG) is ours


@pytest.mark.parametrize(("size", "most", "found"), [(0, 5, 0), (5, 5, 5), (6, 5, 0), (6, 6, 6)])
def test_it_is_read_to_its_bound_or_not_at_all(tmp_path: Path, size: int, most: int, found: int) -> None:
    (tmp_path / "a").write_bytes(b"x" * size)
    assert read(tmp_path / "a", most) == b"x" * found


def test_what_is_not_ours_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"abc")
    with open_for_reading(file) as opened:
        assert opened.read() == b"abc"
    (tmp_path / "link").symlink_to(file)
    os.mkfifo(tmp_path / "pipe")
    for path, kind in (
        (tmp_path / "link", OSError),
        (tmp_path / "pipe", NotOurs),
        (tmp_path / "gone", OSError),
    ):
        with pytest.raises(kind):
            open_for_reading(path)
        assert read(path, 9) == b""
    file.chmod(0o602)
    with pytest.raises(NotOurs) as caught:
        open_for_reading(file)
    assert caught.value.strerror == "it belongs to somebody else, or others may write to it"
    assert read(file, 9) == b""


def test_a_directory_is_made_for_us_alone_and_held_open(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        for _ in range(2):
            with directory(tmp_path / "a" / "b") as handle:
                assert os.path.samestat(os.fstat(handle), (tmp_path / "a" / "b").stat())
            with pytest.raises(OSError):
                os.fstat(handle)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700


@pytest.mark.parametrize("how", ["a link", "others may write", "a file"])
def test_a_directory_that_is_not_ours_alone_is_refused(tmp_path: Path, how: str) -> None:
    place = tmp_path / "place"
    if how == "a link":
        (tmp_path / "real").mkdir()
        place.symlink_to(tmp_path / "real")
    elif how == "a file":
        place.write_text("")
    else:
        place.mkdir()
        place.chmod(0o720)
    open_before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    with pytest.raises(OSError) as caught:
        write(place / "a", b"abc")
    assert isinstance(caught.value, NotOurs) is (how != "a file")
    if how != "a file":
        assert caught.value.strerror == "it belongs to somebody else, or others may write there"
    assert len(os.listdir("/proc/self/fd")) == open_before  # noqa: PTH208


def test_what_is_written_is_there_as_a_whole(tmp_path: Path) -> None:
    write(tmp_path / "new" / "a", b"abc")
    write(tmp_path / "new" / "a", b"other")
    assert own_file.read(tmp_path / "new" / "a", 9) == b"other"
    assert [one.name for one in (tmp_path / "new").iterdir()] == ["a"]
