"""Files of kept rows on a real file system: whole or not there, readable by their owner alone, never another's."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from edgetui.cluster.atomic_file import ABANDONED
from edgetui.cluster.snapshot import file as row_file
from edgetui.cluster.snapshot.file import OLDEST, RowFile, default_directory, file_name
from edgetui.cluster.target import AuthSettings, ClusterTarget, Impersonation, TlsSettings
from edgetui.model.cache.snapshot import from_bytes, unpack
from edgetui.model.kinds import KINDS

ROOT = Path(__file__).resolve().parents[3]
TARGET = ClusterTarget("van", "default", Path("/k/van.yaml"), "https://127.0.0.1:6443", user_name="default")


@pytest.fixture
def file(tmp_path: Path) -> RowFile:
    return RowFile(tmp_path / "edgetui" / "rows" / "a.rows")


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_what_was_written_is_read_and_only_its_owner_may(file: RowFile) -> None:
    assert file.read() == b""
    before = os.umask(0)
    try:
        file.write(b"one")
        file.write(b"two")
    finally:
        os.umask(before)
    assert file.read() == b"two"
    assert mode(file.path) == 0o600
    assert mode(file.path.parent) == 0o700
    assert [path.name for path in file.path.parent.iterdir()] == ["a.rows"]


def test_the_place_is_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_directory() == tmp_path / "edgetui" / "rows"


def test_the_name_tells_views_of_clusters_apart_and_holds_no_credential() -> None:
    others = [
        replace(TARGET, server="https://127.0.0.1:6444"),
        replace(TARGET, context="other"),
        replace(TARGET, user_name="other"),
        replace(TARGET, file=Path("/k/farm.yaml")),
        replace(TARGET, tls=TlsSettings(ca_pem=b"another certificate")),
        replace(TARGET, impersonate=Impersonation(user="guest")),
    ]
    names = {file_name(one) for one in (TARGET, *others)}
    assert len(names) == 7
    assert file_name(TARGET) == "9c88db750179497f1f375afbe0e771fb.rows", "the next start finds it"
    assert file_name(replace(TARGET, auth=AuthSettings(token="t0ken"))) == file_name(TARGET)
    assert file_name(replace(TARGET, name="renamed")) == file_name(TARGET)


def test_the_name_is_the_same_wherever_edgetui_is_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    here, full = replace(TARGET, file=Path("van.yaml")), replace(TARGET, file=tmp_path / "van.yaml")
    assert file_name(here) == file_name(full)


def test_a_link_is_not_followed_and_not_written_through(file: RowFile, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    victim.chmod(0o600)
    file.path.parent.mkdir(parents=True, mode=0o700)
    file.path.symlink_to(victim)
    assert file.read() == b""
    file.write(b"rows")
    assert file.read() == b"rows"
    assert victim.read_bytes() == b"precious"
    assert not file.path.is_symlink()


def test_a_directory_that_is_a_link_or_open_to_others_is_not_written_to(
    file: RowFile, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    file.path.parent.parent.mkdir()
    file.path.parent.symlink_to(elsewhere)
    with pytest.raises(OSError, match="it belongs to somebody else"):
        file.write(b"rows")
    assert list(elsewhere.iterdir()) == []
    file.path.parent.unlink()
    file.path.parent.mkdir()
    file.path.parent.chmod(0o777)
    with pytest.raises(OSError, match="others may write there"):
        file.write(b"rows")


def test_a_file_that_somebody_else_owns_or_may_write_is_not_read(
    file: RowFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write(b"rows")
    file.path.chmod(0o620)
    assert file.read() == b""
    file.path.chmod(0o600)
    assert file.read() == b"rows"
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    assert file.read() == b""


def test_a_pipe_in_its_place_does_not_block(file: RowFile) -> None:
    file.path.parent.mkdir(parents=True, mode=0o700)
    os.mkfifo(file.path, 0o600)
    code = (
        f"from edgetui.cluster.snapshot.file import *; assert RowFile(Path({str(file.path)!r})).read() == b''"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=120)


def test_a_file_over_the_limit_is_not_read(file: RowFile, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write(b"12345")
    monkeypatch.setattr(row_file, "MOST_BYTES", 4)
    assert file.read() == b""


def test_the_oldest_files_go_when_all_are_too_large(file: RowFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_file, "MOST_BYTES_IN_ALL", 25)
    directory = file.path.parent
    now = time.time()
    for number, name in enumerate(("oldest", "older", "newer")):
        RowFile(directory / f"{name}.rows").write(b"x" * 8)
        os.utime(directory / f"{name}.rows", (now - 100 + number, now - 100 + number))
    left, young = directory / ".b.rows.00000000000a.tmp", directory / ".b.rows.00000000000b.tmp"
    for path, age in ((left, 2 * ABANDONED), (young, 1.0)):
        path.write_bytes(b"")
        os.utime(path, (now - age, now - age))
    file.write(b"x" * 8)
    assert {path.name for path in directory.iterdir()} == {"a.rows", "newer.rows", "older.rows", young.name}


def test_rows_that_nobody_wrote_for_a_month_go(file: RowFile) -> None:
    now = time.time()
    for name, age in (("month", OLDEST + 60), ("recent", OLDEST - 60)):
        RowFile(file.path.parent / f"{name}.rows").write(b"x")
        os.utime(file.path.parent / f"{name}.rows", (now - age, now - age))
    file.write(b"x")
    assert {path.name for path in file.path.parent.iterdir()} == {"a.rows", "recent.rows"}


def test_a_full_disk_leaves_the_old_file(file: RowFile, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write(b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        file.write(b"new")
    assert file.read() == b"old"
    assert [path.name for path in file.path.parent.iterdir()] == ["a.rows"]


def test_a_process_killed_at_any_moment_leaves_a_whole_file(file: RowFile) -> None:
    command = [sys.executable, "-m", "tests.unit.cluster.row_writer", str(file.path)]
    rng = random.Random(3)
    for _ in range(4):
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"written\n"
            time.sleep(rng.uniform(0.0, 0.05))  # the moment of the kill, not a wait for anything
            writer.kill()
        kept = from_bytes(file.read())
        assert kept is not None
        rows = unpack(KINDS["Pod"], kept.kinds["Pod"])
        assert rows is not None
        assert len(rows) == 500
