"""What whole servers, datastores and machines do: restarts, drains, backups, sleep, and a relist of thousands.

The rest of the matrix is in test_fault_matrix.py and test_faults.py.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from edgetui.cluster import ports, supervisor
from edgetui.cluster.session import FIRST_PAINT, ClusterSession
from edgetui.model.freshness import Link, Sync

from . import workloads as w
from .changing import change
from .cluster import ControlPlane
from .conftest import Boot
from .proxy import FaultProxy
from .waiting import eventually
from .watching import await_equal, await_live, live, until, watching

DRAIN = 8
"""Seconds for which a stopping API server keeps open watches; 60 unless told otherwise."""
KINDS = (*FIRST_PAINT, "Event")
MOST_ATTEMPTS = 15
MANY = 4_000
"""10,000 on virtual time; making them on a real server takes longer than all else here."""


@pytest.fixture(scope="module")
def site(boot: Boot) -> Iterator[ControlPlane]:
    """A cluster of this module's own, because all of it is stopped now and then."""
    cp = boot("servers", nodes=2, apiserver_args=(f"--request-timeout={DRAIN}s",))
    with cp.namespace("base") as namespace:
        cp.create(namespace, w.deployment("web", replicas=3))
        yield cp


@pytest.fixture
def proxy(site: ControlPlane) -> Iterator[FaultProxy]:
    with FaultProxy.in_front_of(site) as proxy:
        yield proxy


def stale(session: ClusterSession) -> bool:
    return session.store.freshness("Pod").sync is Sync.STALE


async def equal_again(site: ControlPlane, session: ClusterSession, within: float = 15.0) -> None:
    await await_live(session, KINDS, within=within)
    await await_equal(site, session, KINDS)
    assert session.store.link.link is Link.LIVE


async def test_kill_9_and_a_new_server(site: ControlPlane, proxy: FaultProxy) -> None:
    async with watching(site.kubeconfig(server=proxy.url), KINDS) as session:
        await await_live(session, KINDS)
        before = proxy.stats.attempted
        await asyncio.to_thread(site.stop_apiserver)
        await until(session, lambda: stale(session), within=2.0, what="stale rows")
        await asyncio.to_thread(site.start_apiserver)
        await asyncio.to_thread(change, site)
        await equal_again(site, session)
        assert proxy.stats.attempted - before <= MOST_ATTEMPTS + len(KINDS)


async def test_a_graceful_restart_and_its_whole_drain(site: ControlPlane, proxy: FaultProxy) -> None:
    async with watching(site.kubeconfig(server=proxy.url), KINDS) as session:
        await await_live(session, KINDS)
        before = proxy.stats.attempted
        began = time.monotonic()
        await asyncio.to_thread(site.stop_apiserver, signal.SIGTERM)
        await until(session, lambda: stale(session), within=DRAIN + 10.0, what="the end of the drain")
        assert time.monotonic() - began >= DRAIN - 2.0
        assert session.store.link.link is Link.STALE
        await asyncio.to_thread(site.start_apiserver)
        await asyncio.to_thread(change, site)
        await equal_again(site, session)
        assert proxy.stats.attempted - before <= MOST_ATTEMPTS + len(KINDS)


async def test_a_compaction_while_the_link_is_down(site: ControlPlane, proxy: FaultProxy) -> None:
    async with watching(site.kubeconfig(server=proxy.url), KINDS) as session:
        await await_live(session, KINDS)
        proxy.cut()
        await until(session, lambda: stale(session), within=2.0, what="stale rows")
        await asyncio.to_thread(change, site)
        await asyncio.to_thread(site.compact_storage)
        await asyncio.to_thread(change, site)
        proxy.restore()
        await equal_again(site, session)


async def test_storage_that_dies_behind_a_living_server(site: ControlPlane) -> None:
    async with watching(site.kubeconfig(), KINDS) as session:
        await await_live(session, KINDS)
        rows = session.store.count("Pod")
        await asyncio.to_thread(site.stop_storage)
        assert session.store.count("Pod") == rows
        await asyncio.to_thread(site.start_storage)
        await asyncio.to_thread(_when_it_writes, site)
        await asyncio.to_thread(change, site)
        await equal_again(site, session, within=60.0)


def _when_it_writes(site: ControlPlane) -> None:
    node = "/api/v1/nodes/node-0"
    patch = {"metadata": {"labels": {"writes": "again"}}}

    def writes() -> bool:
        answer = site.api.request("PATCH", node, patch, content_type="application/merge-patch+json")
        return answer.code == 200

    eventually(writes, within=60, what="the server writes again", errors=(OSError,))


async def test_a_machine_that_slept_believes_no_open_stream(
    site: ControlPlane, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The steady clock went on for ten minutes while no timer did, and every connection died meanwhile."""
    monkeypatch.setattr(supervisor, "BEAT", 0.3)
    async with watching(site.kubeconfig(server=proxy.url), KINDS) as session:
        await await_live(session, KINDS)
        before = proxy.stats.attempted
        proxy.abandon()
        await asyncio.to_thread(change, site)
        clock = ports.steady_clock
        monkeypatch.setattr(ports, "steady_clock", lambda: clock() + 600.0)
        await until(session, lambda: stale(session), within=5.0, what="stale rows")
        assert "slept" in session.store.freshness("Pod").reason
        await equal_again(site, session)
        assert proxy.stats.attempted - before <= MOST_ATTEMPTS


async def test_a_wall_clock_that_jumps_costs_nothing_and_moves_the_times_shown(
    site: ControlPlane, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "BEAT", 0.3)
    ahead = 0.0
    file = site.kubeconfig(server=proxy.url)
    async with watching(file, KINDS, clock=lambda: time.time() + ahead) as session:
        await await_live(session, KINDS)
        await until(session, lambda: session.store.version, within=5.0, what="the last of the first requests")
        before, heard = proxy.stats.attempted, session.store.freshness("DaemonSet").heard
        ahead = 86_400.0
        await until(
            session,
            lambda: session.store.freshness("DaemonSet").heard >= heard + 86_000.0,
            within=5.0,
            what="the new time",
        )
        assert live(session, KINDS)
        assert proxy.stats.attempted == before
        await asyncio.to_thread(change, site)
        await equal_again(site, session)


async def test_a_relist_of_thousands_with_deletes_during_the_outage(
    site: ControlPlane, proxy: FaultProxy
) -> None:
    """Services without an address are the cheapest objects: one write each, and no controller cares."""
    namespace = await asyncio.to_thread(_crowd, site)
    try:
        async with watching(site.kubeconfig(server=proxy.url), ("Service",)) as session:
            await await_live(session, ("Service",), within=30.0)
            assert session.store.count("Service") >= MANY
            proxy.cut()
            await until(session, lambda: not live(session, ("Service",)), within=2.0, what="stale rows")
            await asyncio.to_thread(_thin_out, site, namespace)
            assert session.store.count("Service") >= MANY
            proxy.restore()
            await await_live(session, ("Service",), within=20.0)
            await await_equal(site, session, ("Service",))
            assert session.store.count("Service") < MANY
    finally:
        await asyncio.to_thread(_delete_all, site, namespace)


def _path(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/services"


def _crowd(site: ControlPlane) -> str:
    """Create them by several connections at once; every tenth has a label."""
    site.api.create("/api/v1/namespaces", {"metadata": {"name": "crowd"}})
    parts = urlsplit(site.server)
    context = site.layout.context_of("admin")

    def create(first: int) -> None:
        client = http.client.HTTPSConnection(str(parts.hostname), parts.port, context=context, timeout=30)
        for number in range(first, MANY, 6):
            meta = {"name": f"s{number}", "labels": {"tenth": str(number % 10)}}
            body: dict[str, Any] = {
                "metadata": meta,
                "spec": {"clusterIP": "None", "ports": [{"port": 80}]},
            }
            client.request("POST", _path("crowd"), json.dumps(body), {"Content-Type": "application/json"})
            answer = client.getresponse()
            assert answer.status == 201, answer.read()
            answer.read()
        client.close()

    with ThreadPoolExecutor(6) as several:
        list(several.map(create, range(6)))
    return "crowd"


def _thin_out(site: ControlPlane, namespace: str) -> None:
    answer = site.api.request("DELETE", f"{_path(namespace)}?labelSelector=tenth%3D3", timeout=60)
    assert answer.code == 200
    site.api.patch(f"{_path(namespace)}/s0", {"metadata": {"labels": {"touched": "yes"}}})


def _delete_all(site: ControlPlane, namespace: str) -> None:
    site.api.request("DELETE", _path(namespace), timeout=60)
    site.api.request("DELETE", f"/api/v1/namespaces/{namespace}")


async def test_a_datastore_restored_to_an_older_version(site: ControlPlane, proxy: FaultProxy) -> None:
    """Last, because the controllers of this cluster do not notice it as soon as we do."""
    copy: Path = await asyncio.to_thread(site.copy_storage)
    async with watching(site.kubeconfig(server=proxy.url), KINDS) as session:
        await await_live(session, KINDS)
        await asyncio.to_thread(change, site)
        await await_equal(site, session, KINDS)
        lost = {row.uid for row in session.store.rows("Pod")}
        before = proxy.stats.attempted
        await asyncio.to_thread(site.restore_storage, copy)
        await equal_again(site, session)
        assert not lost <= {row.uid for row in session.store.rows("Pod")}
        assert proxy.stats.attempted - before <= MOST_ATTEMPTS + len(KINDS)
