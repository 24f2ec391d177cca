"""A whole session on virtual time: real credentials inside real streams, HTTP to a simulated server."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from edgetui.cluster.auth import subprocess
from edgetui.cluster.link.meter import LinkWatch
from edgetui.cluster.session import HIDE_AFTER, ClusterSession
from edgetui.model.cache.freshness import Link, Sync
from edgetui.model.cache.wireprofile import Wire
from tests.unit.cluster.kubeconfigs import config, one, put
from tests.unit.cluster.virtual_loop import Site, VirtualLoop, on_virtual_time, until

PODS = 8
EXEC = {
    "exec": {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "/opt/sign-in",
        "interactiveMode": "Never",
    }
}
Scene = Callable[["Scenery"], Awaitable[None]]


class Plugin:
    """A credential plugin that takes its time; what it issues ends after `lasts` seconds."""

    def __init__(self) -> None:
        self.takes = 0.0
        self.lasts: float | None = None
        self.started: list[float] = []
        self.ended: list[float] = []
        self.clock: Callable[[], float] = lambda: 0.0

    async def run(self, *args: Any, **options: Any) -> subprocess.Finished:
        loop = asyncio.get_running_loop()
        self.started.append(loop.time())
        await asyncio.sleep(self.takes)
        self.ended.append(loop.time())
        status: dict[str, Any] = {"token": f"token-{len(self.ended)}"}
        if self.lasts is not None:
            status["expirationTimestamp"] = _stamp(self.clock() + self.lasts)
        answer = {"kind": "ExecCredential", "apiVersion": EXEC["exec"]["apiVersion"], "status": status}
        return subprocess.Finished(0, json.dumps(answer).encode(), b"")


def _stamp(seconds: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Scenery:
    """A site, a kubeconfig, a plugin, and the session between them."""

    def __init__(self, loop: VirtualLoop, folder: Path, plugin: Plugin) -> None:
        self.loop = loop
        self.folder = folder
        self.plugin = plugin
        plugin.clock = self.clock
        self.site = Site(loop)
        self.server = self.site.server
        self.server.namespaces_listed = ["a", "b"]
        self.server.put("Node", "", "n0", 0)
        for n in range(PODS):
            self.server.put("Pod", "ab"[n % 2], f"p{n}", n)
        self.session: ClusterSession | None = None

    def clock(self) -> float:
        return 1_790_000_000.0 + self.loop.time()

    def open(self, user: dict[str, Any] | None = None, **options: Any) -> ClusterSession:
        context = {"namespace": options.pop("namespace")} if "namespace" in options else {}
        options.setdefault("rng", random.Random(1))
        tls = {"insecure-skip-tls-verify": True}
        file = put(self.folder / "config", config(cluster=tls, user=user, **context))
        self.session = ClusterSession(
            one(file), clock=self.clock, steady=self.loop.time, connect=self.site.connect, **options
        )
        return self.session

    def pods(self) -> set[str]:
        assert self.session is not None
        return {row.name for row in self.session.store.rows("Pod")}

    def sync(self, kind: str = "Pod") -> Sync:
        assert self.session is not None
        return self.session.store.freshness(kind).sync

    async def live(self, within: float = 10.0) -> None:
        """Until the pods are."""
        await until(lambda: self.sync() is Sync.LIVE, within)


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Scene], None]:
    plugin = Plugin()
    monkeypatch.setattr(subprocess, "run", plugin.run)

    def run(scene: Scene) -> None:
        async def main(loop: VirtualLoop) -> None:
            scenery = Scenery(loop, tmp_path, plugin)
            try:
                await scene(scenery)
            finally:
                if scenery.session is not None:
                    await scenery.session.close()
            assert scenery.site.streams() == []

        on_virtual_time(main)

    return run


Play = Callable[[Scene], None]


# Credentials inside a stream


@pytest.mark.parametrize("takes", [0.0, 19.0, 40.0, 110.0])
def test_a_plugin_may_take_two_minutes_and_runs_once(play: Play, takes: float) -> None:
    async def scene(s: Scenery) -> None:
        s.plugin.takes = takes
        s.site.tokens = {"token-1"}
        session = s.open(EXEC)
        await session.start(("Node", "Pod"))
        if takes > 1.0:
            await asyncio.sleep(takes - 0.5)
            assert "Waiting for the credential plugin sign-in" in session.store.link.sentence
        await s.live()
        assert len(s.pods()) == PODS
        assert len(s.plugin.started) == len(s.plugin.ended) == 1

    play(scene)


def test_a_plugin_that_is_slow_after_an_outage_does_not_use_up_the_probes_time(play: Play) -> None:
    async def scene(s: Scenery) -> None:
        s.plugin.lasts = 600.0
        session = s.open(EXEC)
        await session.start(("Node", "Pod"))
        await s.live()
        s.server.cut()
        await asyncio.sleep(900.0)
        runs = len(s.plugin.started)
        s.plugin.takes = 40.0
        s.server.mend()
        await until(lambda: session.store.link.link is Link.LIVE and s.sync() is Sync.LIVE, 160.0)
        assert len(s.plugin.started) <= runs + 2

    play(scene)


def test_a_token_that_is_refused_is_renewed_once_and_every_watch_moves_to_the_new_one(play: Play) -> None:
    async def scene(s: Scenery) -> None:
        s.site.tokens = {"token-1"}
        await s.open(EXEC).start(("Node", "Pod"))
        await s.live()
        await asyncio.sleep(20.0)
        s.site.tokens = {"token-2"}
        (pods,) = s.site.streams("Pod")
        moment = s.loop.time()
        s.server.end()
        s.server.put("Pod", "a", "late", 1)
        await until(lambda: "late" in s.pods(), 10.0)
        await s.live()
        assert not pods.open
        await asyncio.sleep(6.0)
        assert len(s.plugin.started) == 2
        assert s.site.tokens_since(moment + 5.0) <= {"token-2"}
        assert all(stream.opened >= moment for stream in s.site.streams())

    play(scene)


def test_watches_are_moved_when_a_token_was_renewed_because_it_ends(play: Play) -> None:
    async def scene(s: Scenery) -> None:
        s.plugin.lasts = 120.0
        await s.open(EXEC).start(("Node", "Pod"))
        await s.live()
        first = {id(stream) for stream in s.site.streams()}
        await asyncio.sleep(115.0)
        moment = s.loop.time()
        assert s.session is not None
        await s.session.api.get_bytes("/version")  # whatever is asked next needs the new token
        await asyncio.sleep(6.0)
        assert len(s.plugin.started) == 2
        assert not first & {id(stream) for stream in s.site.streams()}
        assert {"token-2"} == s.site.tokens_since(moment, "pods")
        await s.live()
        asked = len(s.site.asked)
        await asyncio.sleep(30.0)
        assert len(s.site.asked) == asked, "and only once"

    play(scene)


def test_a_token_in_the_kubeconfig_that_another_program_replaced_is_taken_and_all_watches_move(
    play: Play,
) -> None:
    async def scene(s: Scenery) -> None:
        s.site.tokens = {"old"}
        await s.open({"token": "old"}).start(("Node", "Pod"))
        await s.live()
        tls = {"insecure-skip-tls-verify": True}
        put(s.folder / "config", config(cluster=tls, user={"token": "new"}))
        s.site.tokens = {"new"}
        (node,) = s.site.streams("Node")
        (pods,) = s.site.streams("Pod")
        pods.sink.on_end(True)
        pods.close()
        await s.live()
        await asyncio.sleep(6.0)
        assert not node.open, "what was opened with the old token would live on"
        assert len(s.site.streams()) == 2
        await until(lambda: s.sync("Node") is Sync.LIVE, 5.0)

    play(scene)


def test_watches_are_moved_when_certificate_files_were_replaced(play: Play) -> None:
    authority = trustme.CA()

    def write(folder: Path) -> dict[str, str]:
        certificate = authority.issue_cert("operator")
        files = folder / "operator.pem", folder / "operator.key"
        certificate.cert_chain_pems[0].write_to_path(str(files[0]))
        certificate.private_key_pem.write_to_path(str(files[1]))
        return {"client-certificate": str(files[0]), "client-key": str(files[1])}

    async def scene(s: Scenery) -> None:
        await s.open(write(s.folder)).start(("Node", "Pod"))
        await s.live()
        await asyncio.sleep(60.0)
        known, open_before = len(s.site.contexts), list(s.site.streams())
        write(s.folder)
        await asyncio.sleep(60.0)
        assert len(s.site.streams()) == 2
        assert not any(one is other for one in s.site.streams() for other in open_before)
        old, new = s.site.contexts[:known], s.site.contexts[known:]
        assert not {id(one) for one in old} & {id(one) for one in new}
        await s.live()

    play(scene)


def test_new_credentials_of_the_person_move_every_watch_once(play: Play) -> None:
    async def scene(s: Scenery) -> None:
        session = s.open({"token": "old"})
        await session.start(("Node", "Pod"))
        await s.live()
        await asyncio.sleep(10.0)
        moment = s.loop.time()
        session.credentials.set_token("mine")
        await session.reconnect(True)
        await asyncio.sleep(20.0)
        watches = [path for at, path, token in s.site.asked if at >= moment and token == "mine"]
        assert sorted(watches) == ["/api/v1/nodes", "/api/v1/pods"]
        assert s.site.tokens_since(moment) == {"mine"}

    play(scene)


# The profile


def test_a_slow_round_trip_makes_it_lean_and_a_cut_link_changes_nothing(play: Play) -> None:
    async def scene(s: Scenery) -> None:
        s.server.latency = 0.31
        session = s.open(link_watch=LinkWatch())
        await session.start()
        await s.live()
        await until(lambda: session.store.wire.wire is Wire.LEAN, 10.0)
        await asyncio.sleep(HIDE_AFTER + 5.0)
        assert s.site.streams("ReplicaSet") == []
        assert s.site.streams("HorizontalPodAutoscaler") == []
        assert s.sync("HorizontalPodAutoscaler") is Sync.LIVE
        known = session.store.freshness("Pod").heard
        s.server.cut()
        await asyncio.sleep(36 * 60.0)
        assert session.store.wire.wire is Wire.LEAN
        assert session.store.freshness("Pod").heard >= known > 0
        assert s.sync() is Sync.STALE
        assert len(s.pods()) == PODS
        session.need("ReplicaSet", True)
        s.server.mend()
        await s.live(60.0)
        await until(lambda: s.site.streams("ReplicaSet"), 10.0)
        session.need("ReplicaSet", False)
        await asyncio.sleep(HIDE_AFTER + 5.0)
        assert s.site.streams("ReplicaSet") == []

    play(scene)


@pytest.mark.parametrize("wire", [Wire.FULL, Wire.LEAN])
def test_a_kind_is_watched_while_anybody_needs_it_and_from_the_start_for_good(play: Play, wire: Wire) -> None:
    async def scene(s: Scenery) -> None:
        session = s.open(link_watch=LinkWatch(wire))
        await session.start(("Node", "Pod"))
        await s.live()
        for kind in ("Pod", "Deployment", "Deployment"):
            session.need(kind, True)
        await until(lambda: s.site.streams("Deployment"), 10.0)
        for kind in ("Pod", "Deployment"):
            session.need(kind, False)
        await asyncio.sleep(HIDE_AFTER + 5.0)
        assert s.site.streams("Pod")
        assert s.site.streams("Deployment")
        session.need("Deployment", False)
        await asyncio.sleep(HIDE_AFTER + 5.0)
        assert s.site.streams("Pod")
        assert s.site.streams("Deployment") == []

    play(scene)


def test_to_tables_and_back_the_rows_stay_and_keep_their_age(play: Play) -> None:
    async def scene(s: Scenery) -> None:
        session = s.open(link_watch=LinkWatch(Wire.THIN))
        await session.start(("Node", "Pod"))
        await s.live()
        assert all(stream.printed == bool(stream.namespace) for stream in s.site.streams("Pod"))
        assert {stream.namespace for stream in s.site.streams("Pod")} == {"", "a", "b", "kube-system"}
        assert session._supervisor is not None
        for tables in (False, True, False):
            await asyncio.sleep(30.0)
            known = session.store.freshness("Pod").heard
            s.server.latency = 3.0
            session._supervisor.use_tables(tables)
            for _ in range(500):
                assert session.store.freshness("Pod").heard >= known
                assert len(s.pods()) == PODS
                await asyncio.sleep(0.2)
            assert {s.printed for s in s.site.streams("Pod") if s.namespace or not tables} == {tables}
            assert s.sync() is Sync.LIVE
            s.server.latency = 0.01

    play(scene)


# Namespaces


def _only(*names: str) -> Callable[[Any, str], int]:
    return lambda kind, namespace: 0 if namespace in names else 403


@pytest.mark.parametrize(
    ("user", "namespace", "readable"),
    [
        ("bob", "b", "b"),
        ("system:serviceaccount:a:viewer", "elsewhere", "a"),
    ],
)
def test_a_viewer_of_one_namespace_gets_it(play: Play, user: str, namespace: str, readable: str) -> None:
    async def scene(s: Scenery) -> None:
        s.site.user = user
        s.server.namespaces_listed = []
        s.server.denied = _only(readable)
        session = s.open(namespace=namespace)
        await session.start(("Node", "Pod"))
        await s.live()
        assert {row.namespace for row in session.store.rows("Pod")} == {readable}
        assert session.store.link.link is Link.LIVE
        assert s.sync("Node") is Sync.FORBIDDEN

    play(scene)


def test_a_namespace_that_a_person_names_is_asked_for(play: Play) -> None:
    async def scene(s: Scenery) -> None:
        s.server.namespaces_listed = []
        s.server.denied = _only("a")
        session = s.open()
        await session.start(("Node", "Pod"))
        await until(lambda: session.store.link.link is Link.REFUSED, 10.0)
        assert "may not read all namespaces" in session.store.link.sentence
        session.look_at(["a"])
        await s.live(5.0)
        assert s.pods() == {"p0", "p2", "p4", "p6"}
        session.look_at([])
        await asyncio.sleep(5.0)
        assert s.pods() == {"p0", "p2", "p4", "p6"}, "what was found stays"

    play(scene)


def test_of_many_namespaces_only_the_one_in_view_is_watched(play: Play) -> None:
    async def scene(s: Scenery) -> None:
        s.server.namespaces_listed = ["a", "b"]
        s.server.denied = lambda kind, namespace: 0 if namespace or kind.name == "Node" else 403
        session = s.open(in_view=["b"])
        await session.start(("Node", "Pod"))
        await s.live()
        assert [stream.namespace for stream in s.site.streams("Pod")] == ["b"]
        session.look_at(["a"])
        await until(lambda: s.pods() == {"p0", "p2", "p4", "p6"}, 5.0)
        assert [stream.namespace for stream in s.site.streams("Pod")] == ["a"]

    play(scene)


# Who answers


def test_another_cluster_at_the_same_address_is_read_from_scratch(play: Play) -> None:
    async def scene(s: Scenery) -> None:
        session = s.open()
        await session.start(("Node", "Pod"))
        await s.live()
        await until(lambda: session.identity == "cluster-1" and session.store.version == "v1.37.0", 10.0)
        s.server.cut()
        s.server.uid, s.site.version = "cluster-2", "v1.30.1+k3s1"
        s.server.objects.clear()
        s.server.put("Pod", "a", "other", 7)
        s.server.mend()
        await until(lambda: s.pods() == {"other"}, 10.0)
        assert session.identity == "cluster-2"
        await s.live()
        await until(lambda: session.store.version == "v1.30.1+k3s1", 10.0)

    play(scene)


def test_a_history_that_went_back_is_read_from_scratch(play: Play) -> None:
    async def scene(s: Scenery) -> None:
        session = s.open()
        await session.start(("Node", "Pod"))
        await s.live()
        old = s.server.snapshot()
        for n in range(5):
            s.server.put("Pod", "a", f"lost-{n}", n)
        await until(lambda: "lost-4" in s.pods(), 5.0)
        s.server.cut()
        s.server.restore(old)
        s.server.mend()
        await until(lambda: len(s.pods()) == PODS, 10.0)

    play(scene)


def test_trying_again_at_once_asks_for_what_was_refused_and_waits_for_no_probe(play: Play) -> None:
    async def scene(s: Scenery) -> None:
        s.server.denied = lambda kind, namespace: 403 if kind.name == "Node" else 0
        session = s.open()
        await session.start(("Node", "Pod"))
        await until(lambda: s.sync("Node") is Sync.FORBIDDEN, 10.0)
        await asyncio.sleep(500.0)
        s.server.denied = lambda kind, namespace: 0
        await session.reconnect()
        await until(lambda: s.sync("Node") is Sync.LIVE, 1.0)
        s.server.cut()
        await asyncio.sleep(1200.0)
        s.server.mend()
        await session.reconnect()
        await s.live(2.0)

    play(scene)
