"""What a keeper gives back and what it writes, over every state of a kind, of a cluster and of a file.

`pytest tests/unit/cluster/test_kept_by_a_keeper.py --snapshot-update` takes what happens now; look at what differs
first.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui import __version__
from edgetui.cluster.snapshot import file as file_module
from edgetui.cluster.snapshot import keeper as module
from edgetui.cluster.snapshot.file import RowFile, default_directory, file_name
from edgetui.cluster.snapshot.keeper import Keeper
from edgetui.cluster.target import ClusterTarget, TlsSettings
from edgetui.cluster.watch.resumption import Kept
from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.snapshot import KeptRows, from_bytes, pack, to_bytes
from edgetui.model.cache.store import Store
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.base import Row
from tests.unit.cluster.test_keeper import TARGET
from tests.unit.cluster.test_resumption import Here
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time
from tests.unit.model import factories as f

NOW = 1_790_000_000.0
NAME = "8e7c3e3d77b5dac099af13ca3748eb41.rows"


class Screen:
    """Takes rows as a supervisor would, and has a version of every kind."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def recall(self, kind: str, rows: list[Row], kept: Kept) -> bool:
        self.told.append(f"{kind} {[row.name for row in rows]} {kept}")
        return True

    def versions(self, kind: str) -> tuple[bool, dict[str, str]]:
        return kind == "Pod", {"": f"of {kind}"}

    def forget(self) -> None:
        self.told.append("forget")


def one_of_each() -> Store:
    """A node and a pod, of which nothing was heard yet."""
    store = f.store_of(f.node("n0"), f.pod("p0"))
    for kind in KINDS:
        store.set_freshness(kind, Freshness(Sync.NEVER))
    return store


@pytest.fixture(autouse=True)
async def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without threads, and without waiting for the disk."""
    asyncio.get_running_loop().set_default_executor(Here())
    monkeypatch.setattr(os, "fsync", lambda _: None)


def in_file(directory: Path, **fields: Any) -> Path:
    """A file of an earlier run with a node and a pod, in a directory of its own."""
    store = one_of_each()
    heard, versions, rows = (
        fields.pop("heard", NOW - 60.0),
        fields.pop("versions", {"": "7"}),
        fields.pop("rows", True),
    )
    kinds = {
        kind: pack(
            KINDS[kind], store.rows(kind) if rows else (), heard, kind == "Pod", versions, kind == "Pod"
        )
        for kind in ("Node", "Pod")
    }
    kept = KeptRows(NOW - 300.0, "u1", "v1.30.0", kinds, __version__, True, "lean", 9000.0)
    directory.mkdir(exist_ok=True)
    file = directory / file_name(TARGET)
    file.write_bytes(to_bytes(replace(kept, **fields)))
    return file


def written(file: Path) -> str:
    kept = from_bytes(file.read_bytes()) if file.exists() else None
    if kept is None:
        return "nothing"
    kinds = {
        kind: f"{len(one.chunks)} heard {one.heard - NOW:g} partial {one.partial} {one.versions} {one.tables}"
        for kind, one in kept.kinds.items()
    }
    head = f"saved {kept.saved - NOW:g} of {kept.identity!r} {kept.version} by {kept.program == __version__}"
    return f"{head}, rbac off {kept.rbac_off}, {kept.wire!r} {kept.speed:g}: {kinds}"


CASES: dict[str, dict[str, Any]] = {
    "as it is": {},
    **{f"heard {age:g} s ago": {"heard": NOW - age} for age in (-0.1, 0.0, 3600.0, 3600.1)},
    "of nobody": {"identity": ""},
    "of another program": {"program": "0.0.1"},
    "without versions": {"versions": {}},
    "without rows": {"rows": False},
    "without rows and versions": {"rows": False, "versions": {}},
    "of no version": {"version": ""},
    "without kinds": {"kinds": {}},
}


async def shown(keeper: Keeper, store: Store, screen: Screen) -> None:
    """Let it show what there is."""
    running = asyncio.create_task(keeper.run(store, screen))
    while not keeper.loaded:
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("syncs", [(Sync.NEVER, Sync.SYNCING), (Sync.LIVE, Sync.HIDDEN)])
async def test_what_is_given_back(
    syncs: tuple[Sync, Sync], tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    lines = []
    for name, fields in CASES.items():
        file = in_file(tmp_path, **fields)
        for learned in (None, "", "u1", "u2"):
            keeper, screen = Keeper(TARGET, file.parent, clock=lambda: NOW), Screen()
            store = Store("plant")
            for kind, sync in zip(("Node", "Pod"), syncs, strict=True):
                store.set_freshness(kind, Freshness(sync))
            if learned is not None:
                keeper.learned(learned)
            remembers = await keeper.remembers()
            await shown(keeper, store, screen)
            lines.append(f"{name}, the cluster is {learned!r}: {' | '.join(screen.told) or 'nothing'}")
            about = f"{remembers} {keeper.version!r} {store.version!r} {keeper.rbac_off} {keeper.identity!r}"
            screen.told.clear()
            keeper.learned("u3")
            await keeper.recall("Pod")
            after = f"{screen.told} {keeper.version!r} {keeper.rbac_off} {keeper.identity!r}"
            lines.append(f"  {about}; once another is there: {after}")
    assert "\n".join(lines) == snapshot


STATES = {
    **{str(sync): Freshness(sync, NOW - 5.0) for sync in Sync},
    "stale, kept": Freshness(Sync.STALE, NOW - 5.0, kept=True),
    "live in part": Freshness(Sync.LIVE, NOW - 5.0, partial=True),
}


def _becomes_another(keeper: Keeper, store: Store) -> None:
    keeper.learned("u1")
    keeper.learned("u2")


def _streams_are_closed(keeper: Keeper, store: Store) -> None:
    keeper.learned("u1")
    keeper.take_versions(store)


WAYS: dict[str, Callable[[Keeper, Store], None]] = {
    "nothing is known": lambda keeper, store: None,
    "it does not say who it is": lambda keeper, store: keeper.learned(""),
    "it is the same": lambda keeper, store: keeper.learned("u1"),
    "it is another": lambda keeper, store: keeper.learned("u2"),
    "it becomes another": _becomes_another,
    "its streams are closed": _streams_are_closed,
}


@pytest.mark.parametrize("way", WAYS)
async def test_what_is_written(way: str, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    lines = []
    for name, freshness in STATES.items():
        for other in (Sync.NEVER, Sync.LIVE):
            for there in (True, False) if name in ("live", "stale") else (True,):
                file = in_file(tmp_path)
                if not there:
                    file.unlink()
                keeper = Keeper(TARGET, tmp_path, clock=lambda: NOW)
                keeper.link = lambda: ("thin", 700.0)
                store = one_of_each()
                store.set_freshness("Pod", freshness)
                store.set_freshness("Node", Freshness(other, NOW - 9.0))
                store.set_freshness("Event", Freshness(Sync.LIVE, NOW))
                await keeper.open(store, Screen())
                WAYS[way](keeper, store)
                await keeper.save(store)
                lines.append(f"{name}, nodes {other}, a file {there}: {written(file)} {keeper.problem}")
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize("version", ["", "v1.37.0"])
@pytest.mark.parametrize("age", [-0.1, 0.0, 59.9, 60.0])
async def test_at_the_end_it_is_written_unless_it_is_new(age: float, version: str, tmp_path: Path) -> None:
    file = in_file(tmp_path, saved=NOW - age)
    keeper, store = Keeper(TARGET, tmp_path, clock=lambda: NOW), one_of_each()
    store.set_version(version)
    store.set_freshness("Pod", Freshness(Sync.LIVE, NOW))
    await keeper.open(store, Screen())
    keeper.learned("u1")
    before = written(file)
    await keeper.finish(store)
    new = 0.0 <= age < 60.0
    assert (written(file) == before) is new
    if not new:
        assert (version or "v1.30.0") in written(file)


class Spread:
    """A random source that gives one end of what it is asked for."""

    def __init__(self, *, most: bool) -> None:
        self.most = most

    def uniform(self, a: float, b: float) -> float:
        return b if self.most else a


@pytest.mark.parametrize(("most", "times"), [(False, [16.0, 256.0, 496.0]), (True, [24.0, 384.0, 744.0])])
def test_when_it_is_written(most: bool, times: list[float], tmp_path: Path) -> None:
    found: list[float] = []

    async def main(loop: VirtualLoop) -> None:
        loop.set_default_executor(Here())
        keeper = Keeper(TARGET, tmp_path, rng=Spread(most=most))

        async def save(store: Store) -> None:
            found.append(loop.time() - 1000.0)

        keeper.save = save  # type: ignore[method-assign]
        running = asyncio.create_task(keeper.run(Store("plant"), Screen()))
        await asyncio.sleep(800.0)
        running.cancel()

    on_virtual_time(main)
    assert found[: len(times)] == times


@pytest.mark.parametrize(("takes", "read"), [(0.4, True), (0.6, False)])
def test_a_disk_that_takes_longer_than_half_a_second_holds_up_nothing(
    takes: float, read: bool, tmp_path: Path
) -> None:
    in_file(tmp_path)

    async def main(loop: VirtualLoop) -> None:
        loop.set_default_executor(Here())
        keeper = Keeper(TARGET, tmp_path, clock=lambda: NOW)
        load: Callable[[], Awaitable[None]] = keeper._load

        async def slow() -> None:
            await asyncio.sleep(takes)
            await load()

        keeper._load = slow  # type: ignore[method-assign]
        kept = await keeper.open(Store("plant"), Screen())
        assert loop.time() == pytest.approx(1000.0 + min(takes, 0.5))
        assert (kept.identity == "u1") is read

    on_virtual_time(main)


async def test_no_more_is_written_than_fits_without_the_head(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = one_of_each()
    for kind in ("Node", "Pod"):
        store.set_freshness(kind, Freshness(Sync.LIVE, NOW))
    sizes = [pack(KINDS[kind], store.rows(kind), NOW, partial=False).size for kind in ("Node", "Pod")]
    for room, kinds in (
        (sizes[0] - 1, []),
        (sizes[0], ["Node"]),
        (sum(sizes) - 1, ["Node"]),
        (sum(sizes), ["Node", "Pod"]),
    ):
        monkeypatch.setattr(module, "MOST_BYTES", 4096 + room)
        keeper = Keeper(TARGET, tmp_path, clock=lambda: NOW)
        await keeper.save(store)
        kept = from_bytes((tmp_path / file_name(TARGET)).read_bytes())
        assert kept is not None
        found = list(kept.kinds)
        assert found == kinds or (room == sizes[0] - 1 and found in ([], ["Pod"]))
        (tmp_path / file_name(TARGET)).unlink()


@pytest.mark.parametrize("version", ["", "v1.37.0"])
async def test_the_version_of_an_earlier_run_does_where_none_is_known(version: str, tmp_path: Path) -> None:
    in_file(tmp_path)
    store = Store("plant")
    store.set_version(version)
    await shown(Keeper(TARGET, tmp_path, clock=lambda: NOW), store, Screen())
    assert store.version == (version or "v1.30.0")


# The file


def test_each_view_of_a_cluster_has_a_name_of_its_own() -> None:
    base = ClusterTarget("plant", "default", Path("/k/plant.yaml"), "https://10.0.0.1:6443")
    other = [
        base,
        replace(base, server="https://10.0.0.2:6443"),
        replace(base, context="other"),
        replace(base, user_name="kim"),
        replace(base, file=Path("/k/other.yaml")),
        replace(base, context_file=Path("/k/context.yaml")),
        replace(base, file=None),
        replace(base, tls=TlsSettings(ca_pem=b"authority")),
    ]
    names = [file_name(one) for one in other]
    assert len(set(names)) == len(names)
    assert all(len(name) == 37 and name.endswith(".rows") for name in names)
    assert file_name(replace(base, name="another name")) == names[0]
    assert names[0] == NAME, "as in every version, for what is kept under it"
    assert default_directory().name == "rows"
    assert default_directory().parent.name == "edgetui"


@pytest.mark.parametrize(
    ("ages", "sizes", "left"),
    [
        ([0, 1, 2], [1, 1, 1], [0, 1, 2]),
        ([0, 30 * 86_400, 30 * 86_400 + 1], [1, 1, 1], [0, 1]),
        ([0, 5, 4], [1, (32 << 20) - 1, 1], [0, 2]),
        ([0, 5, 4], [1, (32 << 20) - 2, 1], [0, 1, 2]),
        ([9, 5, 4], [1, 32 << 20, 1], [0, 2]),
    ],
)
def test_files_that_are_too_old_or_too_much_are_removed(
    ages: list[int], sizes: list[int], left: list[int], tmp_path: Path
) -> None:
    files = [tmp_path / f"{n}.rows" for n in range(3)]
    for file, age, size in zip(files[1:], ages[1:], sizes[1:], strict=True):
        with file.open("wb") as made:
            made.truncate(size)
        os.utime(file, (NOW - age, NOW - age))
    (tmp_path / "note.txt").write_bytes(b"x")
    os.utime(tmp_path / "note.txt", (0, 0))
    files[0].write_bytes(b"x" * sizes[0])
    os.utime(files[0], (NOW - ages[0], NOW - ages[0]))
    file_module._prune(tmp_path, files[0])
    assert sorted(one.name for one in tmp_path.iterdir()) == [*(f"{n}.rows" for n in left), "note.txt"]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    file = RowFile(tmp_path / "one.rows")
    assert file.read() == b""
    file.write(b"rows")
    assert file.read() == b"rows"
    assert file.path == tmp_path / "one.rows"
