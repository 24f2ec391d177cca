"""One percent of loss and 200 ms of jitter, with a cut now and then: right rows, honest ages, a profile that stays."""

from __future__ import annotations

import asyncio
import time

from edgetui.cluster.link.meter import LinkWatch
from edgetui.cluster.session import FIRST_PAINT, ClusterSession
from edgetui.model.cache.freshness import Sync
from edgetui.model.cache.wireprofile import Wire, WireState

from . import workloads as w
from .changing import loose_pod
from .cluster import ControlPlane
from .proxy import FaultProxy
from .watching import known, listed, make_session, until

LOSS, JITTER, DELAY = 0.01, 0.2, 0.1
ROUNDS, CUTS = 20, (6, 13)
NOTICED = 30.0
"""Seconds within which rows are said to be old once nothing comes any more."""
CLOCK = 1.0
"""Seconds that a time may be off: what is heard is told in steps."""


async def test_rows_are_those_of_a_list_and_ages_are_honest(cluster: ControlPlane, namespace: str) -> None:
    await asyncio.to_thread(cluster.create, namespace, w.deployment("web", replicas=6, bulky=True))
    path = f"/api/v1/namespaces/{namespace}/pods"
    with FaultProxy.in_front_of(cluster) as proxy:
        proxy.loss, proxy.jitter, proxy.delay = LOSS, JITTER, DELAY
        session = make_session(cluster.kubeconfig(server=proxy.url), link_watch=LinkWatch())
        await session.start()
        profiles = _profiles(session)
        try:
            await until(session, lambda: _all(session, Sync.LIVE), within=60.0, what="live")
            for number in range(ROUNDS):
                if number in CUTS:
                    proxy.cut()
                    down = time.time()
                    await until(session, lambda: _all(session, Sync.STALE), within=NOTICED, what="stale")
                    assert max(_heard(session)) <= down + CLOCK
                    proxy.restore()
                await asyncio.to_thread(cluster.api.create, path, loose_pod(f"p{number}"))
                if number % 3 == 0:
                    await asyncio.to_thread(
                        cluster.kubectl,
                        "delete",
                        f"pod/p{number}",
                        "-n",
                        namespace,
                        "--grace-period=0",
                        "--force",
                    )
                assert max(_heard(session)) <= time.time() + CLOCK
            await asyncio.to_thread(
                cluster.kubectl, "scale", "deployment/web", "--replicas=2", "-n", namespace
            )
            await _as_listed(cluster, session, namespace)
            assert len(profiles) <= 1, profiles
        finally:
            await session.close()


def _all(session: ClusterSession, sync: Sync) -> bool:
    return all(session.store.freshness(kind).sync is sync for kind in _kept(session))


def _heard(session: ClusterSession) -> list[float]:
    return [session.store.freshness(kind).heard for kind in _kept(session)]


def _kept(session: ClusterSession) -> list[str]:
    """The kinds that this profile keeps for everybody."""
    return [kind for kind in FIRST_PAINT if session.store.freshness(kind).sync is not Sync.HIDDEN]


def _profiles(session: ClusterSession) -> list[Wire]:
    """Every profile that takes the place of another from now on."""
    changes: list[Wire] = []
    told = session.store.set_wire

    def set_wire(wire: WireState) -> None:
        if wire.wire is not session.store.wire.wire:
            changes.append(wire.wire)
        told(wire)

    session.store.set_wire = set_wire  # type: ignore[method-assign]
    return changes


async def _as_listed(cluster: ControlPlane, session: ClusterSession, namespace: str) -> None:
    """Wait until every kind has the objects of the namespace that a LIST has, and is live."""

    def there(kind: str) -> set[str]:
        return {name for space, name in known(session, kind) if space == namespace}

    async with asyncio.timeout(60.0):
        for kind in _kept(session):
            while True:
                truth = {
                    name
                    for space, name in await asyncio.to_thread(listed, cluster, kind)
                    if space == namespace
                }
                if there(kind) == truth and session.store.freshness(kind).sync is Sync.LIVE:
                    break
                await asyncio.sleep(0.1)
