"""Wire profiles on a real API server behind a link that is slow, narrow or dear."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from edgetui.cluster.linkwatch import LinkWatch
from edgetui.cluster.ports import steady_clock
from edgetui.cluster.session import FIRST_PAINT
from edgetui.model.freshness import Sync
from edgetui.model.wireprofile import Wire

from . import workloads as w
from .cluster import ControlPlane
from .proxy import FaultProxy
from .watching import await_equal, await_live, known, listed, until, watching

KEPT = tuple(kind for kind in FIRST_PAINT if kind != "ReplicaSet")


@pytest.fixture
def link(cluster: ControlPlane) -> Iterator[FaultProxy]:
    with FaultProxy.in_front_of(cluster) as proxy:
        yield proxy


@pytest.fixture
def web(cluster: ControlPlane, namespace: str) -> str:
    cluster.create(namespace, w.deployment("web", replicas=3), w.autoscaler("web"))
    return namespace


async def test_a_long_round_trip_makes_the_wire_lean_by_itself(
    cluster: ControlPlane, link: FaultProxy
) -> None:
    link.delay = 0.16
    watch = LinkWatch()
    async with watching(cluster.kubeconfig(server=link.url), link_watch=watch) as session:
        await until(session, lambda: session.store.wire.wire is Wire.LEAN, within=20.0, what="lean")
        assert session.store.wire.why.endswith("ms round trip")
        assert int(session.store.wire.why.split()[0]) >= 320


async def test_a_quick_link_is_used_in_full(cluster: ControlPlane) -> None:
    async with watching(cluster.kubeconfig(), link_watch=LinkWatch()) as session:
        await await_live(session)
        session._look()
        assert session.store.wire.wire is Wire.FULL
        assert session.link_watch is not None
        assert session.link_watch.rate > 0


async def test_lean_leaves_replica_sets_out_until_they_are_needed(cluster: ControlPlane, web: str) -> None:
    async with watching(cluster.kubeconfig(), link_watch=LinkWatch(Wire.LEAN)) as session:
        await await_live(session, KEPT)
        assert session.store.freshness("ReplicaSet").sync is Sync.HIDDEN
        assert session.store.count("ReplicaSet") == 0
        await await_equal(cluster, session, ("Node", "Pod", "Deployment", "StatefulSet", "DaemonSet"))
        session.need("ReplicaSet", True)
        await await_live(session, ("ReplicaSet",))
        await await_equal(cluster, session, ("ReplicaSet",))


async def test_lean_lists_autoscalers_instead_of_watching_them(cluster: ControlPlane, web: str) -> None:
    async with watching(
        cluster.kubeconfig(), ("HorizontalPodAutoscaler",), link_watch=LinkWatch(Wire.LEAN)
    ) as session:
        kind = ("HorizontalPodAutoscaler",)
        await await_live(session, kind)
        truth = await asyncio.to_thread(listed, cluster, *kind)
        assert known(session, *kind).keys() == truth.keys()
        assert not session.transport._streams


async def test_real_traffic_over_the_budget_makes_the_wire_leaner(cluster: ControlPlane) -> None:
    watch = LinkWatch(budget=100.0)
    async with watching(cluster.kubeconfig(), ("Node",), link_watch=watch) as session:
        await await_live(session, ("Node",))
        counters = session.transport.counters
        began = steady_clock() + 60.0
        for second in range(0, 65, 5):
            await session.api.get("/api/v1/nodes")
            watch.look(began + second, counters, loading=False)
        assert (watch.state.wire, watch.state.why) == (Wire.LEAN, "over the budget of 0.1 KiB/s")
