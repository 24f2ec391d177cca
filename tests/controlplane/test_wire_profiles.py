"""Wire profiles on a real API server behind a link that is slow, narrow or dear."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec
import pytest

from edgetui.actions.scaling import scale
from edgetui.cluster.api.probe import NAME_COLUMN, NAMESPACES, PRINTED, PRINTED_QUERY, WITHOUT_COLUMNS
from edgetui.cluster.link.meter import LinkWatch
from edgetui.cluster.link.profile import UNKNOWN
from edgetui.cluster.session import FIRST_PAINT, ClusterSession
from edgetui.cluster.snapshot.keeper import Keeper
from edgetui.cluster.watch.asyncio_io import steady_clock
from edgetui.model.cache.freshness import Sync
from edgetui.model.cache.wireprofile import Wire, WireState
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.pod import PodRow

from . import workloads as w
from .acting import Acting
from .cluster import ControlPlane
from .proxy import FaultProxy
from .watching import await_equal, await_live, known, listed, make_session, until, watching

HANDSHAKE = 3_500
"""Bytes of a handshake, and of what HTTP/2 begins with."""
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


async def test_a_narrow_link_is_found_out_by_the_first_lists_and_made_thin(
    cluster: ControlPlane, link: FaultProxy, namespace: str
) -> None:
    """48 kbit/s: nothing was sent to measure it."""
    await asyncio.to_thread(cluster.create, namespace, *w.mix(40))
    await asyncio.to_thread(
        cluster.kubectl, "wait", "deployment", "--all", "--for=condition=Available", "-n", namespace
    )
    link.rate = 6000.0
    async with watching(cluster.kubeconfig(server=link.url), link_watch=LinkWatch()) as session:
        assert session.store.wire == WireState(Wire.THIN, why=UNKNOWN)
        await until(session, lambda: session.store.wire.why != UNKNOWN, within=60.0, what="a decision")
        assert session.store.wire.wire is Wire.THIN
        assert session.store.wire.why.endswith("KiB/s is all the link carries")
        assert float(session.store.wire.why.split()[0]) <= 6.5
        link.rate = None
        await await_live(session, KEPT, within=30.0)
        await as_kubectl(cluster, session)


async def test_a_quick_link_is_used_in_full(cluster: ControlPlane) -> None:
    async with watching(cluster.kubeconfig(), link_watch=LinkWatch()) as session:
        await await_live(session)
        session._look()
        assert session.store.wire.wire is Wire.FULL
        assert session.link_watch is not None
        assert session.link_watch.rate > 0


async def test_the_server_leaves_out_the_columns_that_are_known(cluster: ControlPlane, web: str) -> None:
    await asyncio.to_thread(cluster.kubectl, "rollout", "status", "deployment/web", "-n", web)
    async with watching(cluster.kubeconfig(), ("Node",)) as session:
        for path, columns in (
            *((kind.path(web), kind.printed_columns) for kind in KINDS.values() if kind.printed_columns),
            (NAMESPACES, (NAME_COLUMN, "Status", "Age")),
        ):
            told, bare = [
                msgspec.json.decode(await session.api.get_bytes(path, query, headers={"Accept": PRINTED}))
                for query in (PRINTED_QUERY, PRINTED_QUERY | WITHOUT_COLUMNS)
            ]
            assert tuple(column["name"] for column in told["columnDefinitions"]) == columns
            assert bare["columnDefinitions"] is None
            assert {row["cells"][0] for row in told["rows"]} == {row["cells"][0] for row in bare["rows"]}


async def test_a_first_start_on_a_thin_wire_pays_for_rows_and_for_no_columns(
    cluster: ControlPlane, link: FaultProxy, namespace: str
) -> None:
    """Columns would be 1.2 KB for each namespace, though they come compressed.

    A row is 55 bytes where the server sends many at once, up to 90 where it flushes its compression after each.
    """
    await asyncio.to_thread(cluster.create, namespace, w.deployment("web", replicas=60, bulky=True))
    await asyncio.to_thread(cluster.kubectl, "rollout", "status", "deployment/web", "-n", namespace)
    await asyncio.to_thread(cluster.await_still)
    link.delay = 0.05
    watch = LinkWatch(Wire.THIN)
    async with watching(cluster.kubeconfig(server=link.url), ("Node", "Pod"), link_watch=watch) as session:
        await await_live(session, ("Node", "Pod"), within=20.0)
        spent = link.bytes_down
        assert session._supervisor is not None
        collections = len(session._supervisor.watchers)
        rows = session.store.count("Pod") + session.store.count("Node")
    assert spent <= HANDSHAKE + 400 * collections + 95 * rows


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
    watch = LinkWatch(budget=100.0)  # looks at a clock of its own, ahead of the session's
    async with watching(cluster.kubeconfig(), ("Node",)) as session:
        await await_live(session, ("Node",))
        counters = session.transport.counters
        began = steady_clock() + 60.0
        watch.connected(began, counters)
        told = [watch.look(began, counters)]
        for second in range(5, 130, 5):  # a minute counts once the link itself has been judged
            await session.api.get("/api/v1/nodes")
            told.append(watch.look(began + second, counters))
            if told[-1].why.startswith("over"):
                break
        assert (told[-1].wire, told[-1].why) == (Wire.LEAN, "over the budget of 0.1 KiB/s"), told


def printed(cp: ControlPlane) -> dict[tuple[str, str], tuple[str, ...]]:
    """Namespace and name to READY, STATUS, RESTARTS and NODE, as `kubectl get pods` prints them."""
    text = cp.kubectl("get", "pods", "-A", "-o", "wide", "--no-headers")
    found = {}
    for line in re.sub(r" \([^)]* ago\)", "", text).splitlines():
        namespace, name, ready, status, restarts, _age, _ip, node, *_ = line.split()
        found[namespace, name] = (ready, status, restarts, node.replace("<none>", ""))
    return found


def shown(session: ClusterSession) -> dict[tuple[str, str], tuple[str, ...]]:
    rows = [row for row in session.store.rows("Pod") if isinstance(row, PodRow)]
    return {
        (row.namespace, row.name): (f"{row.ready}/{row.containers}", row.status, str(row.restarts), row.node)
        for row in rows
    }


async def as_kubectl(cp: ControlPlane, session: ClusterSession) -> None:
    """Wait until the store says of every pod what kubectl does; a pod may change between the two looks."""
    async with asyncio.timeout(60):
        while shown(session) != await asyncio.to_thread(printed, cp):
            await asyncio.sleep(0.1)


async def test_thin_rows_are_what_kubectl_prints_and_follow_it(cluster: ControlPlane, web: str) -> None:
    crash = w.deployment("crash", f"{w.REGISTRY}/crash:2.0", replicas=1)
    await asyncio.to_thread(cluster.create, web, crash)
    async with watching(cluster.kubeconfig(), link_watch=LinkWatch(Wire.THIN)) as session:
        await await_live(session, KEPT)
        await as_kubectl(cluster, session)
        assert all(row.summary_only for row in session.store.rows("Pod") if isinstance(row, PodRow))
        await asyncio.to_thread(cluster.kubectl, "scale", "deployment/web", "--replicas=5", "-n", web)
        await until(
            session,
            lambda: sum(key[0] == web and key[1].startswith("web-") for key in shown(session)) == 5,
            within=10.0,
            what="five pods",
        )
        await as_kubectl(cluster, session)
        await asyncio.to_thread(cluster.kubectl, "delete", "deployment/web", "-n", web)
        await until(
            session,
            lambda: not any(key[0] == web and key[1].startswith("web-") for key in shown(session)),
            within=20.0,
            what="no pods",
        )
        await as_kubectl(cluster, session)


async def test_a_thin_event_costs_at_most_300_bytes(
    cluster: ControlPlane, link: FaultProxy, namespace: str
) -> None:
    """Counted by the proxy, TLS included, with pods as long as those of real workloads."""
    pods = w.deployment("web", replicas=1, bulky=True)
    await asyncio.to_thread(cluster.create, namespace, pods)
    file = cluster.kubeconfig(server=link.url)
    async with watching(file, ("Pod",), link_watch=LinkWatch(Wire.THIN)) as session:
        await until(
            session, lambda: any(key[0] == namespace for key in shown(session)), within=15.0, what="the pod"
        )
        (name,) = [key[1] for key in shown(session) if key[0] == namespace]
        path = f"/api/v1/namespaces/{namespace}/pods/{name}"

        async def patched(count: int) -> int:
            """Bytes that so many changes of the pod bring."""
            before = link.bytes_down
            for number in range(count):
                body = {"metadata": {"annotations": {"changed": f"{before}-{number}"}}}
                made = await asyncio.to_thread(cluster.api.patch, path, body)
                version = made["metadata"]["resourceVersion"]
                await until(session, partial(at, version), within=5.0, what=f"version {version}")
            return link.bytes_down - before

        def at(version: str) -> bool:
            row = session.store.get("Pod", namespace, name)
            return row is not None and row.resource_version == version

        async with asyncio.timeout(60):
            while session._introduction is None or not session._introduction.known:
                await asyncio.sleep(0.05)  # what the header says of the server is asked once, and is no event
        await patched(2)  # the first event of a stream brings the columns
        cheapest = min([await patched(20) for _ in range(4)])  # other tests' pods may be ending meanwhile
        assert cheapest <= 20 * 300


async def test_from_full_to_thin_and_back_the_rows_stay_right(cluster: ControlPlane, web: str) -> None:
    async with watching(cluster.kubeconfig()) as session:
        await await_live(session)
        assert session._profile is not None
        profile = session._profile
        profile.adopt(WireState(Wire.THIN))
        await until(
            session,
            lambda: all(row.summary_only for row in session.store.rows("Pod") if isinstance(row, PodRow)),
            within=10.0,
            what="printed rows",
        )
        await await_live(session, KEPT)
        await as_kubectl(cluster, session)
        profile.adopt(WireState(Wire.FULL))
        await until(
            session,
            lambda: not any(row.summary_only for row in session.store.rows("Pod") if isinstance(row, PodRow)),
            within=10.0,
            what="whole rows",
        )
        await await_live(session)
        await await_equal(cluster, session)


async def test_a_second_start_on_a_thin_wire_costs_one_connection_and_a_few_bytes_a_collection(
    cluster: ControlPlane, link: FaultProxy, web: str, tmp_path: Path
) -> None:
    """What the handshake, autoscalers and the question who answers cost, and 0.15 KB for each watch."""
    file = cluster.kubeconfig(server=link.url)
    link.delay = 0.05  # a server at no distance needs no thrift
    await asyncio.to_thread(cluster.await_still)
    spent = []
    for _ in range(2):
        session = make_session(file, link_watch=LinkWatch(Wire.THIN))
        session.keeper = Keeper(session.target, tmp_path / "rows")
        before, accepted = link.bytes_up + link.bytes_down, link.stats.accepted
        try:
            await session.start()
            await await_live(session, KEPT)
            spent.append(link.bytes_up + link.bytes_down - before)
            assert link.stats.accepted == accepted + 1
            assert session._supervisor is not None
            collections = len(session._supervisor.watchers)
            async with asyncio.timeout(60):
                while not session.identity:
                    await asyncio.sleep(0.05)
        finally:
            await session.close()
    assert spent[1] <= 8 * 1024 + 150 * collections


async def test_on_a_thin_wire_an_action_still_works(cluster: ControlPlane, web: str, tmp_path: Path) -> None:
    async with watching(cluster.kubeconfig(), link_watch=LinkWatch(Wire.THIN)) as session:
        await await_live(session, KEPT)
        row = session.store.get("Deployment", web, "web")
        assert row is not None
        key = ObjectKey(session.name, "Deployment", web, "web")
        view = await scale.prepare(session, ObjectRef(key, row.uid, row.resource_version))
        acting = Acting(tmp_path)
        receipt = await scale.perform(acting.gate, session, view, 4, wait=20.0)
        assert receipt.ok
        await until(
            session,
            lambda: sum(key[0] == web and key[1].startswith("web-") for key in shown(session)) == 4,
            within=10.0,
            what="four pods",
        )
