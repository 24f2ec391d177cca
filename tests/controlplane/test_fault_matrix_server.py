"""What whole servers, datastores and machines do: restarts, drains, backups, sleep.

The rest of the matrix is in test_fault_matrix.py and test_faults.py.
"""

from __future__ import annotations

import asyncio
import itertools
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from edgetui.cluster.backoff import steady_clock
from edgetui.cluster.session import FIRST_PAINT, ClusterSession
from edgetui.cluster.watch import pulse
from edgetui.cluster.watch.reflector import opening
from edgetui.cluster.watch.reflector import watching as rules
from edgetui.model.cache.freshness import Link, Sync

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
"""Connections in half a minute of an outage."""


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


def allowed(began: float) -> float:
    """Attempts that an outage since then may have cost, and the return of every stream with one mishap each."""
    return MOST_ATTEMPTS * max(1.0, (time.monotonic() - began) / 30.0) + 2 * len(KINDS)


async def equal_again(site: ControlPlane, session: ClusterSession, within: float = 15.0) -> None:
    await await_live(session, KINDS, within=within)
    await await_equal(site, session, KINDS)
    assert session.store.link.link is Link.LIVE


async def test_kill_9_and_a_new_server(site: ControlPlane, proxy: FaultProxy) -> None:
    async with watching(site.kubeconfig(server=proxy.url), KINDS) as session:
        await await_live(session, KINDS)
        before, began = proxy.stats.attempted, time.monotonic()
        await asyncio.to_thread(site.stop_apiserver)
        await until(session, lambda: stale(session), within=2.0, what="stale rows")
        await asyncio.to_thread(site.start_apiserver)
        await asyncio.to_thread(change, site)
        await equal_again(site, session)
        assert proxy.stats.attempted - before <= allowed(began)


async def test_a_graceful_restart_and_its_whole_drain(site: ControlPlane, proxy: FaultProxy) -> None:
    async with watching(site.kubeconfig(server=proxy.url), KINDS) as session:
        await await_live(session, KINDS)
        before, began = proxy.stats.attempted, time.monotonic()
        await asyncio.to_thread(site.stop_apiserver, signal.SIGTERM)
        await until(session, lambda: stale(session), within=DRAIN + 10.0, what="the end of the drain")
        assert time.monotonic() - began >= DRAIN - 2.0
        assert session.store.link.link is Link.STALE
        await asyncio.to_thread(site.start_apiserver)
        await asyncio.to_thread(change, site)
        await equal_again(site, session)
        assert proxy.stats.attempted - before <= allowed(began)


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


@pytest.fixture
def short_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Watches that only the bookmarks before their end, 1.3 to 3 s before it, keep from being suspected."""
    monkeypatch.setattr(opening, "WATCH_LASTS", (15.0, 15.0))
    monkeypatch.setattr(rules, "BOOKMARK_LATE", 20.0)
    monkeypatch.setattr(rules, "BOOKMARK_SILENCE", 22.0)


@asynccontextmanager
async def a_leader(cp: ControlPlane) -> AsyncIterator[None]:
    """Renews its Lease every 2 s, as leaders do: of a datastore whose version stands still no bookmark tells."""
    path = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "leader"}}

    async def renew() -> None:
        for turn in itertools.count():
            await asyncio.to_thread(cp.api.patch, f"{path}/leader", {"spec": {"leaseTransitions": turn}})
            await asyncio.sleep(2)

    await asyncio.to_thread(cp.api.create, path, lease)
    renewing = asyncio.create_task(renew())
    try:
        yield
    finally:
        renewing.cancel()
        with suppress(asyncio.CancelledError):
            await renewing
        await asyncio.to_thread(cp.api.request, "DELETE", f"{path}/leader")


async def test_watches_that_end_in_good_order_are_never_suspected(
    cluster_kine: ControlPlane, short_watches: None
) -> None:
    """Stored as in K3s, which tells the server's caches every 5 s how far it is; a resumed watch hears of it."""
    async with a_leader(cluster_kine), watching(cluster_kine.kubeconfig()) as session:
        await await_live(session)
        first = {kind: session.store.freshness(kind).heard for kind in FIRST_PAINT}
        found = set()

        def three_ends() -> bool:
            now = {kind: session.store.freshness(kind) for kind in FIRST_PAINT}
            found.update((kind, one.sync, one.reason) for kind, one in now.items())
            return all(one.heard >= first[kind] + 40.0 for kind, one in now.items())

        await until(session, three_ends, within=90.0, what="the bookmarks of three watches")
        assert found == {(kind, Sync.LIVE, "") for kind in FIRST_PAINT}


async def test_a_watch_that_ends_while_the_storage_stands_still_does_not_make_its_rows_live(
    site: ControlPlane, short_watches: None
) -> None:
    """The server opens the next watch, and the one after it, although it can have nothing to tell."""
    async with watching(site.kubeconfig(), KINDS) as session:
        await await_live(session, KINDS)
        site.process("storage").signal(signal.SIGSTOP)
        try:
            await until(session, lambda: stale(session), within=40.0, what="stale rows")
        finally:
            site.process("storage").signal(signal.SIGCONT)
        await equal_again(site, session, within=60.0)


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
    monkeypatch.setattr(pulse, "BEAT", 0.3)
    slept = 0.0
    file = site.kubeconfig(server=proxy.url)
    async with watching(file, KINDS, steady=lambda: steady_clock() + slept) as session:
        await await_live(session, KINDS)
        before = proxy.stats.attempted
        proxy.abandon()
        await asyncio.to_thread(change, site)
        slept = 600.0
        await until(session, lambda: stale(session), within=5.0, what="stale rows")
        assert "slept" in session.store.freshness("Pod").reason
        await equal_again(site, session)
        assert proxy.stats.attempted - before <= MOST_ATTEMPTS


async def test_a_wall_clock_that_jumps_costs_nothing_and_moves_the_times_shown(
    site: ControlPlane, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "BEAT", 0.3)
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


async def test_a_datastore_restored_to_an_older_version(site: ControlPlane, proxy: FaultProxy) -> None:
    """Last, because the controllers of this cluster do not notice it as soon as we do."""
    copy: Path = await asyncio.to_thread(site.copy_storage)
    async with watching(site.kubeconfig(server=proxy.url), KINDS) as session:
        await await_live(session, KINDS)
        await asyncio.to_thread(change, site)
        await await_equal(site, session, KINDS)
        lost = {row.uid for row in session.store.rows("Pod")}
        before, began = proxy.stats.attempted, time.monotonic()
        await asyncio.to_thread(site.restore_storage, copy)
        await equal_again(site, session)
        assert not lost <= {row.uid for row in session.store.rows("Pod")}
        assert proxy.stats.attempted - before <= allowed(began)
