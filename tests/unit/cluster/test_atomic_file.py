"""Replacing a file as a whole: locks, owner and mode, what is left behind, and the sentence for each
failure.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgetui.cluster import atomic_file
from edgetui.cluster.atomic_file import (
    ABANDONED,
    LOCK_WAIT,
    Locked,
    cannot_write,
    create,
    create_file,
    locked,
    opened,
    put,
)
from edgetui.cluster.errors import KubeconfigError

STEP = "Check who may write there, and that the disk is neither full nor read-only."


@contextlib.contextmanager
def held(directory: Path) -> Iterator[int]:
    handle = os.open(directory, os.O_RDONLY)
    try:
        yield handle
    finally:
        os.close(handle)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(directory: Path) -> list[str]:
    return sorted(one.name for one in directory.iterdir())


def test_the_bounds_are_those_that_are_told() -> None:
    assert cannot_write(Path("/x"), OSError()).next_step == STEP
    assert (LOCK_WAIT, ABANDONED, atomic_file._EVERY) == (5.0, 3600.0, 0.05)


def test_a_new_file_is_its_owners_alone_whatever_the_mask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        create_file(tmp_path / "a", b"abc")
        with held(tmp_path) as directory:
            create(directory, "b", b"")
            put(directory, "c", b"x")
            put(directory, "d", b"x", dress=lambda handle: os.fchmod(handle, 0o640))
    finally:
        os.umask(before)
    assert [mode(tmp_path / name) for name in "abcd"] == [0o600, 0o600, 0o600, 0o640]
    assert (tmp_path / "a").read_bytes() == b"abc"
    with pytest.raises(FileExistsError):
        create_file(tmp_path / "a", b"other")
    assert (tmp_path / "a").read_bytes() == b"abc"
    assert names(tmp_path) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("fails", ["dress", "check"])
def test_what_fails_on_the_way_leaves_the_old_file_and_no_other(tmp_path: Path, fails: str) -> None:
    (tmp_path / "a").write_text("old")

    def fail(*_: Any) -> None:
        raise KeyError(fails)

    given: Any = {fails: fail}
    with held(tmp_path) as directory, pytest.raises(KeyError):
        put(directory, "a", b"new", **given)
    assert (names(tmp_path), (tmp_path / "a").read_text()) == (["a"], "old")


def test_the_check_is_called_with_the_new_file_there_and_the_old_one_in_place(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    seen: list[list[str]] = []

    def look() -> None:
        seen.append(names(tmp_path))
        assert (tmp_path / "a").read_text() == "old"
        (temporary,) = [name for name in seen[-1] if name != "a"]
        assert (tmp_path / temporary).read_bytes() == b"new"

    with held(tmp_path) as directory:
        put(directory, "a", b"new", check=look)
    assert len(seen) == 1 and len(seen[0]) == 2
    assert (tmp_path / "a").read_bytes() == b"new"


@pytest.mark.parametrize("when", ["before", "after"])
def test_who_takes_the_place_of_the_new_file_is_noticed(
    tmp_path: Path, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def swap(name: str) -> None:
        (tmp_path / name).unlink()
        (tmp_path / name).write_text("theirs")

    rename = os.rename

    def renamed(source: str, name: str, **options: Any) -> None:
        rename(source, name, **options)
        swap(name)

    check = (lambda: swap(names(tmp_path)[0])) if when == "before" else None
    if when == "after":
        monkeypatch.setattr(os, "rename", renamed)
    with held(tmp_path) as directory, pytest.raises(OSError, match="another program took"):
        put(directory, "a", b"new", check=check)
    assert [(tmp_path / name).read_text() for name in names(tmp_path)] == ["theirs"], "that stays"


LEFT = [
    (".a.0123456789ab.tmp", 3601.0, None, True),
    (".a.0123456789ab.tmp", 3599.0, None, False),
    (".a.0123456789ab.tmp", 1.0, 0.0, True),
    (".b.0123456789ab.tmp", 1.0, 0.0, False),
    (".b.0123456789ab.tmp", 3601.0, 0.0, True),
    (".a.0123456789ag.tmp", 9999.0, 0.0, False),
    (".a.0123456789a.tmp", 9999.0, 0.0, False),
    ("a.0123456789ab.tmp", 9999.0, 0.0, False),
    (".a.b.0123456789ab.tmp", 3601.0, None, True),
]


@pytest.mark.parametrize(("name", "age", "abandoned", "removed"), LEFT)
def test_what_a_killed_process_left_is_removed_when_it_is_old(
    tmp_path: Path, name: str, age: float, abandoned: float | None, removed: bool
) -> None:
    (tmp_path / name).write_text("left")
    os.utime(tmp_path / name, (time.time() - age,) * 2)
    options: Any = {} if abandoned is None else {"abandoned": abandoned}
    with held(tmp_path) as directory:
        put(directory, "a", b"new", **options)
    assert (name in names(tmp_path)) is not removed


def test_what_cannot_be_removed_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / ".a.0123456789ab.tmp").mkdir()
    os.utime(tmp_path / ".a.0123456789ab.tmp", (0, 0))
    with held(tmp_path) as directory:
        put(directory, "a", b"new")
    assert names(tmp_path) == [".a.0123456789ab.tmp", "a"]


class TestOriginals:
    def test_it_is_read_to_its_bound(self, tmp_path: Path) -> None:
        file = tmp_path / "a"
        file.write_bytes(b"x" * 10)
        with opened(file, 10) as original:
            assert (original.content, original.path, original.names()) == (b"x" * 10, file, ["a"])
        for path, words in (
            (file, "it is too large"),
            (Path("/dev/null"), "it is not a regular file"),
            (tmp_path, "it is not a regular file"),
            (tmp_path / "gone", "No such file or directory"),
            (tmp_path / "gone" / "a", "No such file or directory"),
        ):
            with pytest.raises(KubeconfigError) as caught, opened(path, 9):
                pass
            assert str(caught.value) == f"{path} cannot be written: {words}. {STEP}"

    def test_a_link_is_followed(self, tmp_path: Path) -> None:
        (tmp_path / "real").write_text("old")
        (tmp_path / "link").symlink_to("real")
        with opened(tmp_path / "link", 9) as original:
            assert original.path == tmp_path / "real"
            original.replace(b"new")
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "real").read_text() == "new"

    @pytest.mark.parametrize("rights", [0o600, 0o640, 0o4755])
    def test_what_takes_its_place_and_its_copy_have_its_mode(self, tmp_path: Path, rights: int) -> None:
        file = tmp_path / "a"
        file.write_text("old")
        file.chmod(rights)
        with opened(file, 9) as original:
            assert original.in_place
            assert original.copy("b") == tmp_path / "b"
            with pytest.raises(FileExistsError):
                original.copy("b")
            original.replace(b"new")
            assert not original.in_place
        assert [mode(tmp_path / name) for name in "ab"] == [rights & 0o777] * 2
        assert [(tmp_path / name).read_text() for name in "ab"] == ["new", "old"]

    @pytest.mark.parametrize("how", ["rewritten", "longer", "replaced", "gone"])
    def test_what_was_changed_meanwhile_is_not_replaced(self, tmp_path: Path, how: str) -> None:
        file = tmp_path / "a"
        file.write_text("old")
        with opened(file, 99) as original:
            if how == "rewritten":
                file.write_text("odl")
                os.utime(file, ns=(0, original.seen.st_mtime_ns + 1))
            elif how == "longer":
                file.write_text("older")
                os.utime(file, ns=(0, original.seen.st_mtime_ns))
            elif how == "gone":
                file.unlink()
            else:
                (tmp_path / "other").write_text("old")
                os.utime(tmp_path / "other", ns=(0, original.seen.st_mtime_ns))
                (tmp_path / "other").rename(file)
            assert not original.in_place
            with pytest.raises(KubeconfigError) as caught:
                original.replace(b"new")
            assert str(caught.value) == (
                f"{file} was changed by another program just now; nothing was written. Try again."
            )
        assert not file.exists() or file.read_text() != "new"
        assert len(names(tmp_path)) == (how != "gone")

    def test_a_file_that_is_only_touched_elsewhere_is_the_same(self, tmp_path: Path) -> None:
        file = tmp_path / "a"
        file.write_text("old")
        with opened(file, 9) as original:
            os.utime(file, ns=(5, original.seen.st_mtime_ns))
            assert original.in_place
            original.remove("gone")
            (tmp_path / "b").write_text("")
            original.remove("b")
            assert original.names() == ["a"]

    @pytest.mark.parametrize(("user", "group"), [(1, 0), (0, 1)])
    def test_an_owner_that_cannot_be_kept_is_said(
        self, tmp_path: Path, user: int, group: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = tmp_path / "a"
        file.write_text("old")
        asked: list[tuple[int, int]] = []

        def refuse(handle: int, owner: int, of_group: int) -> None:
            asked.append((owner, of_group))
            raise PermissionError

        monkeypatch.setattr(os, "fchown", refuse)
        with opened(file, 9) as original:
            fields = list(original.seen)
            fields[4], fields[5] = fields[4] + user, fields[5] + group
            seen = original.seen
            original.seen = os.stat_result(fields)
            with pytest.raises(KubeconfigError) as caught:
                original.copy("b")
            assert asked == [(seen.st_uid + user, seen.st_gid + group)]
            assert str(caught.value) == (
                f"{file} belongs to another user or group, and replacing it would change that. "
                "Do this as its owner, or with sudo."
            )
            original.seen = seen
            original.copy("b")
        assert len(asked) == 1
        assert names(tmp_path) == ["a", "b"]

    def test_attributes_go_with_it_but_signatures_of_the_content(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kept = {
            "user.note": b"1",
            "security.ima": b"s",
            "security.evm": b"s",
            "system.posix_acl_access": b"acl",
        }
        put_on: dict[str, bytes] = {}
        monkeypatch.setattr(os, "listxattr", lambda handle: list(kept))
        monkeypatch.setattr(os, "getxattr", lambda handle, name: kept[name])
        monkeypatch.setattr(os, "removexattr", lambda handle, name: put_on.update({f"-{name}": b""}))

        def set_on(handle: int, name: str, value: bytes) -> None:
            put_on[name] = value
            if name in refused:
                raise OSError(errno.ENOTSUP, "no")

        refused = ["user.note"]
        monkeypatch.setattr(os, "setxattr", set_on)
        file = tmp_path / "a"
        file.write_text("old")
        with opened(file, 9) as original:
            original.copy("b")
            assert put_on == {"user.note": b"1", "system.posix_acl_access": b"acl"}
            refused.append("system.posix_acl_access")
            with pytest.raises(KubeconfigError, match=r"c cannot be written: no\."):
                original.copy("c")
        put_on.clear()
        refused.clear()
        del kept["system.posix_acl_access"]
        with opened(file, 9) as original:
            kept["system.posix_acl_access"] = b"inherited"
            original.copy("d")
        assert put_on == {"-system.posix_acl_access": b"", "user.note": b"1"}


class TestLocks:
    def test_it_is_held_meanwhile_and_gone_afterwards(self, tmp_path: Path) -> None:
        file = tmp_path / "config"
        file.write_text("")
        (tmp_path / "link").symlink_to(file)
        with locked(file):
            assert names(tmp_path) == ["config", "config.lock", "link"]
            assert mode(tmp_path / "config.lock") == 0o600
        with locked(tmp_path / "link"):
            assert names(tmp_path) == ["config", "config.lock", "link", "link.lock"]
        with pytest.raises(KeyError), locked(file):
            raise KeyError
        assert names(tmp_path) == ["config", "link"]

    def test_who_waits_gives_up_in_time_and_says_how_old_it_is(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lock = tmp_path / "config.lock"
        lock.write_text("")
        os.utime(lock, (time.time() - 61.5,) * 2)
        now, slept = [100.0], list[float]()
        monkeypatch.setattr(time, "monotonic", lambda: now[0])

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            now[0] += seconds

        monkeypatch.setattr(time, "sleep", sleep)
        with pytest.raises(Locked) as caught, locked(tmp_path / "config", 0.24):
            pass
        assert slept == [0.05] * 5
        assert str(caught.value) == (
            f"Another program is writing this kubeconfig, or was killed while doing so: "
            f"{lock} is there since 1m1s. "
            f"When no kubectl is running, remove it: rm {lock}"
        )
        assert lock.exists()
        slept.clear()
        with pytest.raises(Locked), locked(tmp_path / "config", 0.0):
            pass
        assert slept == []

    def test_one_that_has_gone_meanwhile_was_there_a_moment(self, tmp_path: Path) -> None:
        assert "is there since a moment." in str(atomic_file._still_held(tmp_path / "config.lock"))

    def test_a_place_where_none_can_be_made_is_said(self, tmp_path: Path) -> None:
        with pytest.raises(KubeconfigError) as caught, locked(tmp_path / "gone" / "config"):
            pass
        assert (
            str(caught.value)
            == f"{tmp_path}/gone/config cannot be written: No such file or directory. {STEP}"
        )
        assert type(caught.value) is KubeconfigError

    def test_what_another_has_put_in_its_place_stays(self, tmp_path: Path) -> None:
        lock = tmp_path / "config.lock"
        with locked(tmp_path / "config"):
            lock.unlink()
            lock.write_text("theirs")
        assert lock.read_text() == "theirs"


def test_a_failure_without_words_is_an_unknown_one() -> None:
    assert str(cannot_write(Path("/x"), OSError())) == f"/x cannot be written: unknown error. {STEP}"
    full = OSError(errno.ENOSPC, "No space left on device")
    assert str(cannot_write(Path("/x"), full)) == f"/x cannot be written: No space left on device. {STEP}"
