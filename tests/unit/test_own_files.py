"""The files that edgetui keeps for itself: none in a directory where somebody else could replace them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from edgetui import crash
from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.messages import Refusal
from edgetui.cluster import own_file
from edgetui.cluster.own_file import NotOurs
from edgetui.cluster.snapshot.file import RowFile

WRITERS: dict[str, Callable[[Path], object]] = {
    "audit record": lambda place: AuditLog(place / "audit.jsonl").append({"event": "intent", "uid": "u"}),
    "rows": lambda place: RowFile(place / "a.rows").write(b"rows"),
    "layout": lambda place: own_file.write(place / "layout.json", b"{}"),
    "crash file": lambda place: crash.sentence(ValueError("x"), place),
}


def opened_to_others(place: Path, _elsewhere: Path) -> None:
    place.mkdir()
    place.chmod(0o777)


def opened_to_a_group(place: Path, _elsewhere: Path) -> None:
    place.mkdir()
    place.chmod(0o770)


def a_link(place: Path, elsewhere: Path) -> None:
    place.symlink_to(elsewhere)


def somebody_elses(place: Path, _elsewhere: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    place.mkdir(mode=0o700)
    os.chown(place, 65534, 65534)


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("spoil", [opened_to_others, opened_to_a_group, a_link, somebody_elses])
def test_nothing_is_written_where_somebody_else_can_replace_it(
    tmp_path: Path, name: str, spoil: Callable[[Path, Path], None]
) -> None:
    place, elsewhere = tmp_path / "state", tmp_path / "elsewhere"
    elsewhere.mkdir()
    spoil(place, elsewhere)
    try:
        said = str(WRITERS[name](place))
    except (OSError, Refusal) as error:
        said = str(error)
    assert "belongs to somebody else, or others may write there" in said
    assert list(place.iterdir()) == []
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("name", WRITERS)
def test_a_new_directory_and_what_is_in_it_are_this_users_alone(tmp_path: Path, name: str) -> None:
    place = tmp_path / "new" / "state"
    before = os.umask(0)
    try:
        WRITERS[name](place)
    finally:
        os.umask(before)
    (file,) = place.iterdir()
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["audit record", "rows", "layout"])
def test_a_pipe_or_a_link_in_the_place_of_a_file_is_not_written_through(tmp_path: Path, name: str) -> None:
    place, victim = tmp_path / "state", tmp_path / "victim"
    WRITERS[name](place)
    (file,) = place.iterdir()
    for spoil in (lambda: file.symlink_to(victim), lambda: os.mkfifo(file, 0o600)):
        file.unlink()
        spoil()
        if name == "audit record":
            with pytest.raises(Refusal, match="cannot be written"):
                WRITERS[name](place)
        else:
            WRITERS[name](place)
            assert file.is_file()
            assert not file.is_symlink()
        assert not victim.exists()


@pytest.mark.parametrize("mode", [0o602, 0o620])
def test_a_record_that_others_may_write_is_not_believed(tmp_path: Path, mode: int) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.append({"event": "intent", "uid": "u"})
    assert len(log.about("u")) == 1
    log.path.chmod(mode)
    for read in (log.verify, lambda: log.about("u")):
        with pytest.raises((NotOurs, Refusal), match="belongs to somebody else"):
            read()


def test_no_descriptor_is_left_where_nothing_may_be_read_or_written(tmp_path: Path) -> None:
    file = tmp_path / "state" / "a"
    own_file.write(file, b"a")
    before = len(list(Path("/proc/self/fd").iterdir()))
    file.chmod(0o602)
    assert own_file.read(file, 10) == b""
    file.parent.chmod(0o777)
    with pytest.raises(NotOurs):
        own_file.write(file, b"b")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_what_a_refused_record_needs_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(Refusal) as refused:
        AuditLog(tmp_path / "audit.jsonl").append({"event": "intent"})
    assert refused.value.next_step.startswith(f"Run: chmod 700 {tmp_path}; or set XDG_STATE_HOME")


def test_the_newest_crash_files_are_kept_and_nothing_else_is_touched(tmp_path: Path) -> None:
    (tmp_path / "crash-mine.txt").write_text("")
    old = tmp_path / "crash-20200101T000000-1.txt"
    old.write_text("")
    said = [crash.sentence(ValueError("x"), tmp_path) for _ in range(crash.MOST_FILES + 5)]
    assert len(set(said)) == len(said)
    left = {path.name for path in tmp_path.iterdir()}
    assert len(left) == 10 + 1
    assert "crash-mine.txt" in left
    assert old.name not in left
    assert all(sentence.split(" are in ")[1].split(";")[0] for sentence in said)
    assert said[-1].split(" are in ")[1].split(";")[0] in {str(path) for path in tmp_path.iterdir()}
