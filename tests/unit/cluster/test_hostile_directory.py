"""Rewriting a token in a directory where somebody else may write, on a full disk, and killed in the middle."""

from __future__ import annotations

import json
import os
import resource
import signal
import stat
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from edgetui.cluster import own_file
from edgetui.cluster.atomic_file import Locked, create_file, locked, opened
from edgetui.cluster.errors import KubeconfigError
from edgetui.cluster.kubeconfig.write import rewrite_user_token
from tests.unit.cluster.struck_writer import CONTENT, NOW

ROOT = Path(__file__).resolve().parents[3]
WRITER = [sys.executable, "-m", "tests.unit.cluster.struck_writer"]
ACCESS, INHERITED = "system.posix_acl_access", "system.posix_acl_default"


def put(path: Path) -> Path:
    path.write_text(CONTENT)
    path.chmod(0o600)
    return path


def access_list(named_user: int, rights: int) -> bytes:
    """The kernel's form of user::rw-, user:<named>:<rights>, group::r--, mask::<rights>, other::---."""
    entries = [
        (0x01, 6, 2**32 - 1),
        (0x02, rights, named_user),
        (0x04, 4, 2**32 - 1),
        (0x10, rights, 2**32 - 1),
    ]
    packed = b"".join(struct.pack("<HHI", *entry) for entry in [*entries, (0x20, 0, 2**32 - 1)])
    return struct.pack("<I", 2) + packed


def set_or_skip(path: Path, name: str, value: bytes) -> None:
    try:
        os.setxattr(path, name, value)
    except OSError as error:
        pytest.skip(f"this file system keeps no {name}: {error.strerror}")


@pytest.mark.parametrize("pattern", [".config.*.tmp", "config.edgetui-backup-*", "config.lock", "config"])
def test_a_link_put_in_the_place_of_a_file_at_any_moment_changes_nothing_elsewhere(
    tmp_path: Path, pattern: str
) -> None:
    done = subprocess.run(
        [*WRITER, "swap", str(tmp_path), pattern],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    runs = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(runs) > 10
    assert runs[-1]["outcome"] == "written"
    assert [run for run in runs if not run["victim_kept"]] == []
    if pattern == ".config.*.tmp":
        assert [run for run in runs if run["outcome"] == "written" and not run["whole"]] == []
        assert [run for run in runs if run["outcome"] != "written"]


def test_a_process_killed_at_any_moment_leaves_a_whole_file_and_the_next_write_removes_the_rest(
    tmp_path: Path,
) -> None:
    unfinished = 0
    for at in range(1, 200):
        file = put(tmp_path / "config")
        killed = subprocess.run([*WRITER, "kill", str(file), str(at)], cwd=ROOT, timeout=60, check=False)
        assert file.read_text() in (CONTENT, CONTENT.replace("old", "new"))
        unfinished += len(list(tmp_path.glob(".config.*.tmp")))
        (tmp_path / "config.lock").unlink(missing_ok=True)
        rewrite_user_token(file, "u", "newer", now=NOW + at)
        left = [path.name for path in tmp_path.iterdir() if "backup" not in path.name]
        assert left == ["config"]
        if killed.returncode == 0:
            break
    assert at > 10
    assert unfinished > 1


def test_a_full_disk_leaves_the_file_and_no_copy_of_it(tmp_path: Path) -> None:
    file = put(tmp_path / "config")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        for room in (0, 10, len(CONTENT)):  # no byte of the copy, a part of it, the copy but not the new file
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, limit[1]))
            try:
                with pytest.raises(KubeconfigError, match="cannot be written: File too large"):
                    rewrite_user_token(file, "u", "a-longer-one", now=NOW)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, limit)
            assert [path.name for path in tmp_path.iterdir()] == ["config"]
            assert file.read_text() == CONTENT
    finally:
        signal.signal(signal.SIGXFSZ, ignored)


def test_a_new_file_on_a_full_disk_is_taken_away_again(tmp_path: Path) -> None:
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4, limit[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            create_file(tmp_path / "dump.txt", b"12345")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, ignored)
    assert list(tmp_path.iterdir()) == []


def test_a_file_with_a_second_name_is_refused_because_that_would_keep_the_old_token(tmp_path: Path) -> None:
    file = put(tmp_path / "config")
    os.link(file, tmp_path / "other")
    with pytest.raises(KubeconfigError, match="another name") as caught:
        rewrite_user_token(file, "u", "new", now=NOW)
    assert f"mv {file}.new {file}" in caught.value.next_step
    assert file.read_text() == CONTENT
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config", "other"]


def test_a_pipe_in_the_place_of_the_file_does_not_block(tmp_path: Path) -> None:
    file = put(tmp_path / "config")
    code = (
        "import os, sys; from pathlib import Path; from edgetui.cluster import atomic_file\n"
        "file = Path(sys.argv[1]); file.unlink(); os.mkfifo(file)\n"
        "try:\n with atomic_file.opened(file, 100): pass\n"
        "except atomic_file.KubeconfigError as error: print(error.sentence)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "it is not a regular file" in done.stdout


def test_a_file_that_grew_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    file = put(tmp_path / "config")
    with opened(file, len(CONTENT)):
        pass
    with pytest.raises(KubeconfigError, match="it is too large"), opened(file, len(CONTENT) - 1):
        pass


def test_no_descriptor_is_left(tmp_path: Path) -> None:
    file = put(tmp_path / "config")
    before = len(list(Path("/proc/self/fd").iterdir()))
    rewrite_user_token(file, "u", "new", now=NOW)
    create_file(tmp_path / "new", b"")
    own_file.write(tmp_path / "state" / "a", b"a")
    assert own_file.read(tmp_path / "state" / "a", 10) == b"a"
    with pytest.raises(FileExistsError):
        create_file(tmp_path / "new", b"")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


class TestWhoMayRead:
    def test_an_access_list_is_kept_in_the_file_and_in_its_copy(self, tmp_path: Path) -> None:
        file = put(tmp_path / "config")
        set_or_skip(file, ACCESS, access_list(12345, 4))
        set_or_skip(file, "user.note", b"mine")
        backup = rewrite_user_token(file, "u", "new", now=NOW)
        for path in (file, backup.path):
            assert os.getxattr(path, ACCESS) == access_list(12345, 4)
            assert os.getxattr(path, "user.note") == b"mine"

    def test_an_access_list_of_the_directory_lets_nobody_in(self, tmp_path: Path) -> None:
        file = put(tmp_path / "config")
        file.chmod(0o640)
        set_or_skip(tmp_path, INHERITED, access_list(12345, 6))
        backup = rewrite_user_token(file, "u", "new", now=NOW)
        for path in (file, backup.path):
            assert ACCESS not in os.listxattr(path)
            assert stat.S_IMODE(path.stat().st_mode) == 0o640

    def test_no_other_bits_than_those_of_reading_writing_and_running_are_taken_over(
        self, tmp_path: Path
    ) -> None:
        file = put(tmp_path / "config")
        file.chmod(0o4711)
        rewrite_user_token(file, "u", "new", now=NOW)
        assert stat.S_IMODE(file.stat().st_mode) == 0o711


class TestLock:
    def test_one_that_cannot_be_made_is_a_sentence_and_not_waited_for(self, tmp_path: Path) -> None:
        for file in (tmp_path / "gone" / "config", tmp_path / ("c" * 252)):
            with pytest.raises(KubeconfigError, match="cannot be written"), locked(file, wait=60.0):
                pass

    def test_a_directory_that_is_a_link_needs_one_lock(self, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "home").symlink_to("real")
        file = put(tmp_path / "home" / "config")
        with locked(file, wait=0.1):
            assert sorted(path.name for path in (tmp_path / "real").iterdir()) == ["config", "config.lock"]
        assert sorted(path.name for path in (tmp_path / "real").iterdir()) == ["config"]

    def test_another_programs_lock_in_its_place_is_left(self, tmp_path: Path) -> None:
        file = put(tmp_path / "config")
        lock = tmp_path / "config.lock"
        with locked(file):
            lock.unlink()
            with locked(file):
                other = lock.stat().st_ino
                lock.rename(tmp_path / "kept")
                lock.write_text("")
            assert lock.exists()
            (tmp_path / "kept").rename(lock)
        assert lock.stat().st_ino == other

    def test_one_that_is_a_link_is_still_a_lock(self, tmp_path: Path) -> None:
        file = put(tmp_path / "config")
        (tmp_path / "config.lock").symlink_to("nowhere")
        with pytest.raises(Locked), locked(file, wait=0.1):
            pass
        assert not (tmp_path / "nowhere").exists()
