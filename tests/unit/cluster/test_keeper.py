"""What a keeper writes, gives back, leaves alone, and says when the disk does not play along."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest

from edgetui.cluster.snapshot import keeper as module
from edgetui.cluster.snapshot.keeper import Keeper
from edgetui.cluster.target import ClusterTarget
from edgetui.cluster.watch.resumption import Kept
from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.snapshot import from_bytes, pack
from edgetui.model.cache.store import Store
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.base import Row
from tests.ui.fleet import plant

TARGET = ClusterTarget("plant", "default", Path("/k/plant.yaml"), "https://10.0.0.1:6443")


class Screen:
    """Takes rows as a supervisor would."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {}
        self.kept: dict[str, Kept] = {}
        self.forgotten = 0

    def recall(self, kind: str, rows: list[Row], kept: Kept) -> bool:
        self.rows[kind], self.kept[kind] = rows, kept
        return True

    def versions(self, kind: str) -> tuple[bool, dict[str, str]]:
        return False, {"": "7"}

    def forget(self) -> None:
        self.forgotten += 1
        self.rows.clear()


class Clock:
    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def store(*kinds: str, sync: Sync = Sync.LIVE, heard: float = 1_789_990_000.0) -> Store:
    """The plant, of which the cluster told only these kinds."""
    made = plant()
    told = {kind: Freshness(sync, heard) for kind in kinds}
    for kind in KINDS:
        made.set_freshness(kind, told.get(kind, Freshness(Sync.NEVER)))
    return made


@contextlib.asynccontextmanager
async def running(keeper: Keeper, into: Store) -> AsyncIterator[Screen]:
    """A keeper at work, once it has shown what there is."""
    screen = Screen()
    into.set_version("")
    task = asyncio.create_task(keeper.run(into, screen))
    while not keeper.loaded:
        await asyncio.sleep(0)
    try:
        yield screen
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def kept_by(keeper: Keeper, rows: Store) -> None:
    await keeper.save(rows)
    assert keeper.problem == ""


def kept_in(directory: Path) -> dict[str, float]:
    """The kinds in the one file that is there, and when each was heard."""
    (file,) = directory.iterdir()
    kept = from_bytes(file.read_bytes())
    assert kept is not None
    return {kind: packed.heard for kind, packed in kept.kinds.items()}


def names(rows: Iterable[Row]) -> set[str]:
    return {row.name for row in rows}


async def test_what_was_saved_is_shown_with_its_time(tmp_path: Path, clock: Clock) -> None:
    before = store("Node", "Pod", sync=Sync.STALE)
    await kept_by(Keeper(TARGET, tmp_path, clock=clock), before)
    after = store()
    async with running(Keeper(TARGET, tmp_path, clock=clock), after) as screen:
        assert screen.rows == {kind: list(before.rows(kind)) for kind in ("Node", "Pod")}
        assert list(screen.kept.values()) == [Kept(1_789_990_000.0, partial=False)] * 2
        assert after.version == "v1.33.4+k3s1"


async def test_kinds_that_the_cluster_has_not_told_stay_as_they_were(tmp_path: Path, clock: Clock) -> None:
    await kept_by(Keeper(TARGET, tmp_path, clock=clock), store("Node", "Pod", "Service", heard=5.0))
    second = Keeper(TARGET, tmp_path, clock=clock)
    mixed = store("Node", heard=9.0)
    mixed.replace("Pod", ())
    mixed.set_freshness("Pod", Freshness(Sync.STALE, 5.0, kept=True))
    mixed.set_freshness("Service", Freshness(Sync.FORBIDDEN))
    async with running(second, mixed):
        await second.save(mixed)
    async with running(Keeper(TARGET, tmp_path, clock=clock), store()) as screen:
        assert {kind: kept.heard for kind, kept in screen.kept.items()} == {"Node": 9.0, "Pod": 5.0}
        assert names(screen.rows["Pod"]) == names(plant().rows("Pod"))


async def test_nothing_is_written_before_the_cluster_has_told_anything(tmp_path: Path, clock: Clock) -> None:
    keeper = Keeper(TARGET, tmp_path / "rows", clock=clock)
    await keeper.save(store())
    await keeper.finish(store())
    assert not (tmp_path / "rows").exists()


async def test_rows_of_another_cluster_are_neither_shown_nor_kept(tmp_path: Path, clock: Clock) -> None:
    first = Keeper(TARGET, tmp_path, clock=clock)
    first.learned("uid-1")
    await kept_by(first, store("Node", "Pod"))
    second = Keeper(TARGET, tmp_path, clock=clock)
    async with running(second, store()) as screen:
        second.learned("uid-2")
        assert screen.forgotten == 1
        await second.recall("Pod")
        assert screen.rows == {}
        await second.save(store("Node"))
    known = Keeper(TARGET, tmp_path, clock=clock)
    known.learned("uid-1")
    async with running(known, store()) as screen:
        assert screen.rows == {}
    third = Keeper(TARGET, tmp_path, clock=clock)
    third.learned("uid-2")
    async with running(third, store()) as screen:
        assert screen.rows.keys() == {"Node"}
        assert screen.forgotten == 0


async def test_a_cluster_that_does_not_say_who_it_is_keeps_its_rows(tmp_path: Path, clock: Clock) -> None:
    first = Keeper(TARGET, tmp_path, clock=clock)
    first.learned("uid-1")
    await kept_by(first, store("Node"))
    second = Keeper(TARGET, tmp_path, clock=clock)
    async with running(second, store()) as screen:
        second.learned("")
        assert screen.rows.keys() == {"Node"}


async def test_nothing_is_written_over_rows_of_a_cluster_before_it_is_known_which_one_answers(
    tmp_path: Path, clock: Clock
) -> None:
    first = Keeper(TARGET, tmp_path, clock=clock)
    first.learned("uid-1")
    await kept_by(first, store("Node", "Pod", heard=5.0))
    second = Keeper(TARGET, tmp_path, clock=clock)
    async with running(second, store()) as screen:
        await second.save(store("Node", heard=9.0))
        assert kept_in(tmp_path) == {"Node": 5.0, "Pod": 5.0}
        second.learned("")
        assert screen.rows.keys() == {"Node", "Pod"}
        await second.save(store("Node", heard=9.0))
        assert kept_in(tmp_path) == {"Node": 9.0}


async def test_a_run_too_short_to_look_at_the_file_leaves_its_other_kinds(
    tmp_path: Path, clock: Clock
) -> None:
    await kept_by(Keeper(TARGET, tmp_path, clock=clock), store("Node", "Pod", heard=5.0))
    clock.now += 2 * module.YOUNG
    await Keeper(TARGET, tmp_path, clock=clock).finish(store("Node", heard=9.0))
    assert kept_in(tmp_path) == {"Node": 9.0, "Pod": 5.0}


async def test_a_cluster_that_has_answered_already_shows_no_old_rows(tmp_path: Path, clock: Clock) -> None:
    await kept_by(Keeper(TARGET, tmp_path, clock=clock), store("Node", "Pod"))
    async with running(Keeper(TARGET, tmp_path, clock=clock), store("Node")) as screen:
        assert screen.rows.keys() == {"Pod"}


async def test_a_cluster_swapped_under_way_is_kept_without_the_rows_of_the_one_before(
    tmp_path: Path, clock: Clock
) -> None:
    keeper = Keeper(TARGET, tmp_path, clock=clock)
    keeper.learned("uid-1")
    await kept_by(keeper, store("Node", "Pod", heard=5.0))
    keeper.learned("uid-2")
    halfway = store("Node", heard=9.0)
    halfway.set_freshness("Pod", Freshness(Sync.STALE, 5.0))
    await keeper.save(halfway)
    assert kept_in(tmp_path) == {"Node": 9.0}


async def test_a_young_file_is_left_alone_at_the_end(tmp_path: Path, clock: Clock) -> None:
    keeper = Keeper(TARGET, tmp_path, clock=clock)
    await keeper.finish(store("Node"))
    (file,) = tmp_path.iterdir()
    first = file.read_bytes()
    clock.now += module.YOUNG - 1
    await keeper.finish(store("Node", heard=7.0))
    assert file.read_bytes() == first
    clock.now += 2
    await keeper.finish(store("Node", heard=7.0))
    assert file.read_bytes() != first
    clock.now -= 1000
    await keeper.finish(store("Node", heard=8.0))
    async with running(Keeper(TARGET, tmp_path, clock=clock), store()) as screen:
        assert screen.kept["Node"].heard == 8.0


async def test_a_full_disk_is_one_sentence_until_there_is_room(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = Keeper(TARGET, tmp_path, clock=clock)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        await keeper.save(store("Node"))
    why = "No space left on device"
    assert keeper.problem == f"Rows for a start without a link cannot be kept in {tmp_path}: {why}."
    await kept_by(keeper, store("Node"))


async def test_a_directory_that_cannot_be_used_is_one_sentence(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "file").write_bytes(b"")
    keeper = Keeper(TARGET, tmp_path / "file" / "edgetui" / "rows", clock=clock)
    async with running(keeper, store()) as screen:
        assert screen.rows == {}
    await keeper.save(store("Node"))
    assert keeper.problem.endswith(": Not a directory.")


async def test_what_does_not_fit_is_left_out_the_least_wanted_first(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = ("Node", "Pod", "Deployment")
    told = store(*wanted, "ReplicaSet", "Service")
    sizes = [pack(KINDS[kind], told.rows(kind), 1.0, partial=False).size for kind in wanted]
    monkeypatch.setattr(module, "MOST_BYTES", module.ENVELOPE + sum(sizes))
    keeper = Keeper(TARGET, tmp_path, clock=clock)
    await kept_by(keeper, told)
    async with running(Keeper(TARGET, tmp_path, clock=clock), store()) as screen:
        assert screen.rows.keys() == set(wanted)


@pytest.mark.parametrize("content", [b"", b"rubbish", b"edgetui rows 0\n\0\0\0\0\x80"])
async def test_a_file_that_cannot_be_read_is_written_anew(
    tmp_path: Path, clock: Clock, content: bytes
) -> None:
    await kept_by(Keeper(TARGET, tmp_path, clock=clock), store("Node"))
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    keeper = Keeper(TARGET, tmp_path, clock=clock)
    async with running(keeper, store()) as screen:
        assert screen.rows == {}
        await kept_by(keeper, store("Node"))
    async with running(Keeper(TARGET, tmp_path, clock=clock), store()) as screen:
        assert screen.rows.keys() == {"Node"}
