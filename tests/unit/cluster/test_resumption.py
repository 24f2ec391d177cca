"""A second start goes on where the first one ended: without a list where nothing forbids it, and never wrongly."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import random
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.http.client import Transport
from edgetui.cluster.link.meter import LinkWatch
from edgetui.cluster.session import ClusterSession
from edgetui.cluster.snapshot import keeper as module
from edgetui.cluster.snapshot.keeper import RESUMED_FOR, YOUNG, Keeper
from edgetui.cluster.target import ClusterTarget
from edgetui.cluster.watch.namespace_search import GROUP_AGAIN
from edgetui.model.cache.freshness import Sync
from edgetui.model.cache.wireprofile import Wire
from tests.unit.cluster.test_session import Plugin, Scenery
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time, until

KINDS = ("Node", "Pod")
Versions = dict[tuple[str, str], tuple[str, str]]


class Here(concurrent.futures.ThreadPoolExecutor):
    """Does at once what is given to a thread, so that no time passes meanwhile."""

    def submit(self, call: Callable[..., Any], /, *args: Any, **more: Any) -> concurrent.futures.Future[Any]:
        done: concurrent.futures.Future[Any] = concurrent.futures.Future()
        done.set_result(call(*args, **more))
        return done


class Runs(Scenery):
    """One run of the program after another, with the rows that each keeps for the next."""

    wire = Wire.FULL

    @contextlib.asynccontextmanager
    async def run(self, **options: Any) -> AsyncIterator[ClusterSession]:
        """A session that keeps its rows; `requests` has what it asks for."""
        self.server.requests.clear()
        self.site.asked.clear()
        session = self.open(link_watch=LinkWatch(self.wire), **options)
        session._connect = self._connect
        session.keeper = Keeper(session.target, self.folder / "rows", clock=self.clock, rng=random.Random(1))
        await session.start(KINDS)
        try:
            yield session
        finally:
            await session.close()

    def _connect(self, target: ClusterTarget, credentials: Credentials) -> Transport:
        """Every request on a connection of its own at once: the site speaks no HTTP/2."""
        transport = self.site.connect(target, credentials)
        transport._connections._shares = False
        return transport

    async def first(self, **options: Any) -> None:
        """A whole run that ends when the rows are there and the cluster is known."""
        async with self.run(**options) as session:
            await self.all_live()
            await until(lambda: session.identity, 10.0)

    def questions(self) -> list[float]:
        """When namespaces were asked for."""
        return [at for at, path, _ in self.site.asked if path.endswith("namespaces")]

    async def all_live(self, within: float = 60.0) -> None:
        """Until every kind is; whenever one is, its rows are the server's."""
        ends = self.loop.time() + within
        while not all(self.sync(kind) is Sync.LIVE for kind in KINDS):
            for kind in KINDS:
                assert self.sync(kind) is not Sync.LIVE or self.rows(kind) == self.truth(kind)
            assert self.loop.time() < ends, self.session and self.session.store.link
            await asyncio.sleep(0.003)
        assert {kind: self.rows(kind) for kind in KINDS} == {kind: self.truth(kind) for kind in KINDS}

    def rows(self, kind: str) -> Versions:
        assert self.session is not None
        rows = self.session.store.rows(kind)
        if self.wire is Wire.THIN and kind == "Pod":  # a printed row says neither
            return {(row.namespace, row.name): ("", "") for row in rows}
        return {(row.namespace, row.name): (row.uid, row.resource_version) for row in rows}

    def truth(self, kind: str) -> Versions:
        found: Versions = {}
        for (of, space, name), thing in self.server.objects.items():
            meta = thing["metadata"]
            if of == kind and not self.server.denied(module_kinds()[kind], space):
                printed = self.wire is Wire.THIN and kind == "Pod"
                found[space, name] = ("", "") if printed else (meta["uid"], meta["resourceVersion"])
        return found

    def lists(self) -> list[str]:
        """The collections that were listed, whether by a streaming list or by pages."""
        return [path for _, path, query in self.server.requests if "resourceVersion" not in query]

    def in_another_namespace(self) -> None:
        self.server.namespaces_listed = ["a", "b", "c"]
        self.server.put("Pod", "c", "p9", int(self.loop.time()))

    def recreate(self, namespace: str, name: str) -> None:
        self.server.remove("Pod", namespace, name)
        self.server.put("Pod", namespace, name, 1)


def module_kinds() -> Any:
    from edgetui.model.kinds import KINDS as kinds

    return kinds


Scene = Callable[[Runs], Awaitable[None]]


def play(scene: Scene, wire: Wire = Wire.FULL) -> None:
    async def main(loop: VirtualLoop) -> None:
        loop.set_default_executor(Here())
        with tempfile.TemporaryDirectory() as folder:
            runs = Runs(loop, Path(folder), Plugin())
            runs.wire = wire
            await scene(runs)
            assert runs.site.streams() == []

    on_virtual_time(main)


@pytest.mark.parametrize("wire", [Wire.FULL, Wire.THIN])
def test_where_nothing_has_changed_nothing_is_listed_and_all_is_asked_at_once(wire: Wire) -> None:
    async def scene(s: Runs) -> None:
        await s.first()
        s.server.latency = 1.0
        began = s.loop.time()
        async with s.run():
            await until(lambda: s.session and s.session.store.count("Pod"), 0.1)
            assert s.sync() is Sync.STALE
            await s.all_live()
            took = s.loop.time() - began
            assert s.lists() == []
            resumed = [at for at, _, _ in s.server.requests]
            assert max(resumed) - min(resumed) == 0.0
            assert s.questions() == [resumed[0]], "who answers; which namespaces there are can wait"
            assert took < 2.5, "a dial and one round trip"
            if wire is Wire.THIN:
                await until(lambda: len(s.questions()) > 1, 2 * GROUP_AGAIN)
                assert s.questions()[-1] - began >= GROUP_AGAIN
                assert s.sync() is Sync.LIVE

    play(scene, wire)


def test_what_changed_meanwhile_comes_as_changes_alone() -> None:
    async def scene(s: Runs) -> None:
        await s.first()
        s.server.put("Pod", "a", "p0", 77)
        s.server.put("Pod", "b", "new", 1)
        s.server.remove("Pod", "b", "p1")
        s.recreate("a", "p2")
        async with s.run():
            await s.all_live()
            assert s.lists() == []

    play(scene)


def test_pods_of_a_new_namespace_are_known_before_all_counts_as_current() -> None:
    async def scene(s: Runs) -> None:
        await s.first()
        s.in_another_namespace()
        s.server.latency = 1.0
        async with s.run():
            await s.all_live()
            assert ("c", "p9") in s.rows("Pod")
            assert s.lists() == [], "what is in no namespace of its own is resumed, too"

    play(scene, Wire.THIN)


def test_a_version_that_the_server_has_forgotten_leads_to_a_list() -> None:
    async def scene(s: Runs) -> None:
        await s.first()
        s.server.put("Pod", "b", "new", 1)
        s.server.restart()
        async with s.run():
            await s.all_live()
            assert sorted(path.rpartition("/")[2] for path in s.lists()) == ["nodes", "pods"]

    play(scene)


def test_a_history_that_went_back_is_listed_again_and_never_shown_as_current() -> None:
    async def scene(s: Runs) -> None:
        backup = s.server.snapshot()
        s.server.put("Pod", "b", "lost", 1)
        s.server.put("Pod", "b", "lost too", 1)
        await s.first()
        s.server.restore(backup)
        s.server.put("Pod", "a", "p0", 5)
        async with s.run():
            await s.all_live()
            assert ("b", "lost") not in s.rows("Pod")

    play(scene)


def test_rows_of_another_cluster_at_the_address_are_dropped_and_its_own_listed() -> None:
    async def scene(s: Runs) -> None:
        await s.first()
        s.server.uid = "another"
        s.server.objects = {key: value for key, value in s.server.objects.items() if key[2] != "p0"}
        async with s.run() as session:
            await s.all_live()
            assert session.identity == "another"
            assert s.lists()

    play(scene)


@pytest.mark.parametrize("change", ["another program", "too old", "nobody says who it is"])
def test_what_cannot_be_trusted_is_listed(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(s: Runs) -> None:
        await s.first()
        if change == "another program":
            monkeypatch.setattr(module, "__version__", "0.0.1")
        elif change == "too old":
            await asyncio.sleep(RESUMED_FOR + 1.0)
        else:
            s.server.namespaces_listed = []
        async with s.run():
            await s.all_live()
            assert len(s.lists()) >= len(KINDS)

    play(scene)


def test_an_answer_that_never_comes_to_who_it_is_leads_to_a_list() -> None:
    async def scene(s: Runs) -> None:
        await s.first()
        other, s.site._other = s.site._other, lambda path, query: (500, {"code": 500, "message": "not now"})  # type: ignore[method-assign]
        async with s.run():
            await asyncio.sleep(5.0)
            assert {s.sync(kind) for kind in KINDS} == {Sync.STALE}
            await until(s.lists, 60.0)
            s.site._other = other  # type: ignore[method-assign]
            await s.all_live()

    play(scene)


def test_a_start_without_a_link_goes_on_from_the_kept_version_when_it_comes() -> None:
    async def scene(s: Runs) -> None:
        await s.first()
        s.server.cut()
        s.server.put("Pod", "b", "new", 1)
        async with s.run():
            await asyncio.sleep(20.0)
            assert s.sync() is Sync.STALE
            s.server.mend()
            await s.all_live()
            assert s.lists() == []

    play(scene)


def test_what_the_header_says_is_known_at_once_and_asked_later_or_when_somebody_waits() -> None:
    async def scene(s: Runs) -> None:
        async with s.run() as session:
            await s.all_live()
            assert await session.introduced(60.0)
        async with s.run() as session:
            await s.all_live()
            assert session.store.version == "v1.37.0"
            assert not [path for _, path, _ in s.site.asked if path == "/version"]
            assert await session.introduced(5.0)
            assert [path for _, path, _ in s.site.asked if path == "/version"]
        async with s.run():
            await s.all_live()
            await until(lambda: [path for _, path, _ in s.site.asked if path == "/version"], 60.0)

    play(scene)


AWAY: dict[str, Callable[[Runs], object]] = {
    "put": lambda s: s.server.put("Pod", "a", "p0", int(s.loop.time())),
    "add": lambda s: s.server.put("Pod", "b", f"x{s.server.rv}", 1),
    "node": lambda s: s.server.put("Node", "", f"n{s.server.rv}", 1),
    "remove": lambda s: s.server.remove("Pod", "b", "p1"),
    "recreate": lambda s: s.recreate("a", "p2"),
    "restart": lambda s: s.server.restart(),
    "forget": lambda s: s.server.compact(),
    "other namespace": lambda s: s.in_another_namespace(),
    "slow": lambda s: setattr(s.server, "latency", 0.7),
    "no streaming lists": lambda s: setattr(s.server, "watchlist", "422"),
    "swap": lambda s: setattr(s.server, "uid", f"cluster-{s.server.rv}"),
    "rights in namespaces": lambda s: setattr(
        s.server, "denied", lambda kind, space: 0 if space or kind.name == "Node" else 403
    ),
    "rights in all": lambda s: setattr(s.server, "denied", lambda kind, space: 0),
    "an hour": lambda s: setattr(s.loop, "moment", s.loop.moment + RESUMED_FOR),
    "a minute": lambda s: setattr(s.loop, "moment", s.loop.moment + YOUNG),
    "restore": lambda s: None,
}
runs = st.lists(st.lists(st.sampled_from(sorted(AWAY)), max_size=8), min_size=1, max_size=3)


@settings(max_examples=40)
@given(away=runs, wire=st.sampled_from([Wire.FULL, Wire.LEAN, Wire.THIN]), seed=st.integers(0, 1000))
def test_whatever_happened_between_two_runs_the_rows_are_the_servers(
    away: list[list[str]], wire: Wire, seed: int
) -> None:
    async def scene(s: Runs) -> None:
        await s.first(rng=random.Random(seed))
        backup = s.server.snapshot()
        s.server.put("Pod", "b", "lost", 1)
        for moves in away:
            # Restored last: a history that has overtaken the kept version again looks like its own.
            for move in sorted(moves, key=lambda move: move == "restore"):
                if move == "restore" and s.server.rv > backup.rv:
                    s.server.restore(backup)
                    s.server.restart()
                AWAY[move](s)
            await s.first(rng=random.Random(seed))

    play(scene, wire)
