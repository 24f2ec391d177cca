"""What real links and real API servers do to a session; afterwards the store equals a consistent LIST, each time."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from edgetui.cluster.session import FIRST_PAINT, ClusterSession
from edgetui.cluster.watch.reflector import watching as rules
from edgetui.model.cache.freshness import Link, Sync

from . import workloads as w
from .cluster import ControlPlane
from .conftest import Boot
from .process import free_ports
from .proxy import FaultProxy
from .watching import await_equal, await_live, known, live, make_session, until, watching


@pytest.fixture(scope="module")
def victim(boot: Boot) -> Iterator[ControlPlane]:
    """A cluster of this module's own, because its API server is killed and its datastore frozen."""
    cp = boot("victim", nodes=2)
    with cp.namespace("base") as namespace:
        cp.create(namespace, w.deployment("web", replicas=3))
        yield cp


@pytest.fixture
def proxy(victim: ControlPlane) -> Iterator[FaultProxy]:
    with FaultProxy.in_front_of(victim) as proxy:
        yield proxy


@pytest.fixture
def behind(victim: ControlPlane, proxy: FaultProxy) -> Path:
    return victim.kubeconfig(server=proxy.url)


@asynccontextmanager
async def synced(file: Path, **options: Any) -> AsyncIterator[ClusterSession]:
    async with watching(file, **options) as session:
        await await_live(session, within=20.0)
        yield session


def sync(session: ClusterSession, kind: str = "Pod") -> Sync:
    return session.store.freshness(kind).sync


async def change(cp: ControlPlane, name: str) -> None:
    """Something that a session must not miss: a namespace with a deployment, and the removal of one before it."""
    with cp.namespace(name) as namespace:
        await asyncio.to_thread(cp.create, namespace, w.deployment("late", replicas=1))


async def test_a_link_that_is_cut_turns_rows_stale_and_comes_back_complete(
    victim: ControlPlane, proxy: FaultProxy, behind: Path
) -> None:
    async with synced(behind) as session:
        rows = known(session, "Node")
        counters = session.transport.counters
        attempted = counters.connections
        proxy.cut()
        began = time.monotonic()
        await until(session, lambda: sync(session) is Sync.STALE, within=1.0, what="stale rows")
        await until(session, lambda: session.store.link.link is Link.STALE, within=1.0, what="a stale link")
        assert session.store.link.sentence
        assert session.store.freshness("Node").heard > 0
        await change(victim, "cut")
        await until(session, lambda: counters.connections - attempted >= 5, within=15.0, what="five attempts")
        assert time.monotonic() - began >= 4.0
        assert known(session, "Node").keys() == rows.keys()
        proxy.restore()
        assert await await_live(session, within=5.0) <= 3.0
        await await_equal(victim, session)
        assert session.store.link.link is Link.LIVE


async def test_a_line_that_falls_silent_is_found_out_by_missing_bookmarks(
    victim: ControlPlane, proxy: FaultProxy, behind: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "BOOKMARK_SILENCE", 3.0)
    async with synced(behind) as session:
        proxy.stall()
        await until(session, lambda: not live(session), within=10.0, what="stale rows")
        await until(session, lambda: session.store.link.link is Link.STALE, within=10.0, what="a stale link")
        await change(victim, "silent")
        proxy.restore()
        monkeypatch.undo()
        await await_live(session, within=15.0)
        await await_equal(victim, session)


async def test_a_killed_api_server_is_listed_again_when_it_is_back(victim: ControlPlane) -> None:
    async with synced(victim.kubeconfig()) as session:
        await asyncio.to_thread(victim.stop_apiserver)
        await until(session, lambda: sync(session) is Sync.STALE, within=2.0, what="stale rows")
        await asyncio.to_thread(victim.start_apiserver)
        await change(victim, "killed")
        await await_live(session, within=15.0)
        await await_equal(victim, session)


async def test_a_user_with_rights_by_rbac_never_looks_denied_while_the_server_starts(
    victim: ControlPlane,
) -> None:
    with victim.namespace() as namespace:
        file = await asyncio.to_thread(victim.service_account_kubeconfig, namespace, "operator")
        async with synced(file) as session:
            seen: set[Sync] = set()
            store, tell = session.store, session.store.set_freshness
            store.set_freshness = lambda kind, f: (seen.add(f.sync), tell(kind, f))[1]  # type: ignore[method-assign]
            await asyncio.to_thread(victim.stop_apiserver)
            await until(session, lambda: sync(session) is Sync.STALE, within=2.0, what="stale rows")
            await asyncio.to_thread(victim.start_apiserver)
            await await_live(session, within=15.0)
            await await_equal(victim, session)
            assert seen <= {Sync.STALE, Sync.LIVE}


async def test_a_draining_server_is_called_restarting_while_its_streams_live(victim: ControlPlane) -> None:
    async with synced(victim.kubeconfig()) as session:
        node = f"/api/v1/nodes/{next(iter(session.store.rows('Node'))).name}"
        await asyncio.to_thread(victim.stop_apiserver, signal.SIGTERM)
        session.show("Service")
        await until(session, lambda: session.store.link.sentence, within=5.0, what="a sentence")
        assert sync(session) is Sync.LIVE
        await asyncio.to_thread(victim.start_apiserver)
        await asyncio.to_thread(victim.api.patch, node, {"metadata": {"labels": {"drained": "yes"}}})
        await await_live(session, (*FIRST_PAINT, "Service"), within=15.0)
        await until(session, lambda: not session.store.link.sentence, within=5.0, what="no complaint")
        await await_equal(victim, session, (*FIRST_PAINT, "Service"))


async def test_a_frozen_datastore_is_its_own_sentence(
    victim: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "BOOKMARK_SILENCE", 2.0)
    async with synced(victim.kubeconfig()) as session:
        victim.process("storage").signal(signal.SIGSTOP)
        try:
            await until(
                session, lambda: "datastore" in session.store.link.sentence, within=20.0, what="the sentence"
            )
            assert sync(session) is Sync.STALE
            assert session.store.count("Pod") >= 3
        finally:
            victim.process("storage").signal(signal.SIGCONT)
        monkeypatch.undo()
        await await_live(session, within=40.0)
        await change(victim, "thawed")
        await await_equal(victim, session)


async def test_a_connection_that_breaks_in_every_first_list_is_asked_for_calmly(
    victim: ControlPlane, proxy: FaultProxy, behind: Path
) -> None:
    proxy.kill_after = 2_200
    async with watching(behind) as session:
        await until(session, lambda: proxy.stats.attempted >= 5, within=30.0, what="five attempts")
        began, attempted = time.monotonic(), proxy.stats.attempted
        await until(session, lambda: proxy.stats.attempted >= attempted + 6, within=60.0, what="six more")
        assert time.monotonic() - began >= 1.0
        opened = [each.opened for each in proxy.connections][5:]
        assert min(third - first for first, third in zip(opened, opened[2:], strict=False)) > 0.05
        assert not live(session)
        proxy.kill_after = None
        await await_live(session, within=40.0)
        await await_equal(victim, session)


async def test_a_slow_line_shows_nodes_first(victim: ControlPlane, proxy: FaultProxy, behind: Path) -> None:
    proxy.delay, proxy.rate = 0.15, 16_000
    async with watching(behind) as session:
        order: list[str] = []

        def arrived() -> bool:
            order.extend(k for k in FIRST_PAINT if session.store.count(k) and k not in order)
            return live(session)

        await until(session, arrived, within=40.0, what="live")
        assert order[0] == "Node"
        proxy.delay, proxy.rate = 0.0, None
        await await_equal(victim, session)


async def test_a_wrong_authority_and_a_port_without_a_server_are_told_apart(victim: ControlPlane) -> None:
    port = free_ports(1)[0]
    refused = victim.kubeconfig(server=f"https://127.0.0.1:{port}")
    async with watching(refused) as session:
        await until(
            session, lambda: "refuses connections" in session.store.link.sentence, within=5.0, what="refused"
        )
        assert session.store.link.link is Link.CONNECTING
        assert session.store.link.retry_at > 0
    wrong = victim.kubeconfig()
    lines = wrong.read_text().splitlines(keepends=True)
    wrong.write_text("".join(line for line in lines if "certificate-authority" not in line))
    async with watching(wrong) as session:
        await until(session, lambda: session.store.link.link is Link.REFUSED, within=5.0, what="a TLS error")
        assert "certificate" in session.store.link.sentence
        assert session.store.link.next_step


async def test_a_server_that_is_no_kubernetes_is_said_to_be_none(victim: ControlPlane) -> None:
    async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<html>hi</html>"
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(hello, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    file = victim.kubeconfig(server=f"http://127.0.0.1:{port}")
    async with server, watching(file, ("Node",)) as session:
        await until(session, lambda: session.store.link.link is Link.REFUSED, within=10.0, what="refused")
        assert "not a Kubernetes API server" in session.store.link.sentence
        assert session.store.count("Node") == 0
        assert not live(session, ("Node",))


async def test_one_dead_cluster_delays_no_other(
    victim: ControlPlane, proxy: FaultProxy, behind: Path
) -> None:
    proxy.stall()
    dead = make_session(behind)
    await dead.start()
    async with watching(victim.kubeconfig()) as session:
        assert await await_live(session, within=10.0) <= 5.0
    assert dead.store.link.link is Link.CONNECTING
    await dead.close()
