"""A session on real API servers: the first lists, changes, rights, credentials, and nothing left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edgetui.cluster.api.client import PREFERRED
from edgetui.cluster.api.metrics import MetricsPoller, decode
from edgetui.cluster.api.printed_usage import decode_rows
from edgetui.cluster.api.probe import PRINTED_QUERY, identify
from edgetui.cluster.session import FIRST_PAINT
from edgetui.model.cache.freshness import Link, Sync
from edgetui.model.kinds.base import api_path
from edgetui.model.kinds.deployment import DeploymentRow

from . import workloads as w
from .cluster import ControlPlane
from .watching import await_equal, await_live, known, listed, make_session, until, watching


@pytest.fixture
async def web(cluster: ControlPlane, namespace: str) -> AsyncIterator[str]:
    """A namespace with a deployment of three."""
    await asyncio.to_thread(cluster.create, namespace, w.deployment("web", replicas=3))
    yield namespace


@pytest.mark.parametrize("which", ["cluster", "cluster_no_watchlist", "cluster_kine"])
async def test_the_first_lists_equal_the_server(which: str, request: pytest.FixtureRequest) -> None:
    cp: ControlPlane = request.getfixturevalue(which)
    with cp.namespace() as namespace:
        await asyncio.to_thread(cp.create, namespace, w.deployment("web", replicas=3), w.autoscaler("web"))
        async with watching(cp.kubeconfig(), (*FIRST_PAINT, "Service", "Event")) as session:
            assert await session.settled(15.0)
            await await_equal(cp, session, (*FIRST_PAINT, "Service", "Event"))
            await asyncio.to_thread(cp.kubectl, "scale", "deployment/web", "--replicas=5", "-n", namespace)
            await until(
                session,
                lambda: sum(row.namespace == namespace for row in session.store.rows("Pod")) == 5,
                within=10.0,
                what="five pods",
            )
            await await_equal(cp, session)
            await until(session, lambda: session.store.version, within=5.0, what="the server's version")
            assert session.identity


async def test_a_change_from_outside_is_there_within_a_second(cluster: ControlPlane, web: str) -> None:
    async with watching(cluster.kubeconfig()) as session:
        await await_live(session)

        def wanted() -> int:
            row = session.store.get("Deployment", web, "web")
            return row.replicas if isinstance(row, DeploymentRow) else -1

        assert wanted() == 3
        scale = asyncio.to_thread(cluster.kubectl, "scale", "deployment/web", "--replicas=4", "-n", web)
        changed = until(session, lambda: wanted() == 4, within=30.0, what="the new number")
        _, _ = await asyncio.gather(scale, changed)
        path = f"/apis/apps/v1/namespaces/{web}/deployments/web"
        patch = asyncio.to_thread(cluster.api.patch, path, {"spec": {"replicas": 2}})
        took = until(session, lambda: wanted() == 2, within=30.0, what="the second number")
        _, seconds = await asyncio.gather(patch, took)
        assert seconds <= 1.0


async def test_kinds_on_demand_come_and_go(cluster: ControlPlane) -> None:
    async with watching(cluster.kubeconfig(), ("Node",)) as session:
        await await_live(session, ("Node",))
        assert session.store.freshness("Service").sync is Sync.HIDDEN
        session.show("Service")
        await await_live(session, ("Node", "Service"))
        await await_equal(cluster, session, ("Service",))


async def test_metrics_are_polled_while_they_are_shown(cluster: ControlPlane) -> None:
    await asyncio.to_thread(cluster.await_metrics)
    async with watching(cluster.kubeconfig(), ("Node",)) as session:
        await await_live(session, ("Node",))
        requests = session.transport.counters.requests
        assert session.store.usage("Node", "", "node-0") is None
        session.look_at_kinds({"Node"})
        await until(
            session, lambda: session.store.usage("Node", "", "node-0"), within=5.0, what="usage of a node"
        )
        assert session.transport.counters.requests - requests <= 8
        assert session.store.metrics_available("Pod") is None
        usage = session.store.usage("Node", "", "node-0")
        assert usage is not None
        assert usage.memory_bytes > 0
        session.look_at_kinds({"Node", "Pod"})
        await until(
            session, lambda: session.store.metrics_available("Pod"), within=5.0, what="usage of the pods"
        )
        session.look_at_kinds(())


async def test_printed_usage_is_that_of_the_objects_in_half_the_bytes_and_less(
    cluster: ControlPlane, namespace: str
) -> None:
    await asyncio.to_thread(cluster.await_metrics)
    await asyncio.to_thread(cluster.create, namespace, w.deployment("web", replicas=20, usage_cpu="4m"))
    path = api_path("metrics.k8s.io", "v1beta1", "pods", namespace)
    async with watching(cluster.kubeconfig(), ("Node",)) as session, asyncio.timeout(90.0):
        while True:  # they may be measured again between the two answers
            objects = await session.api.get_bytes(path)
            rows = await session.api.get_bytes(path, PRINTED_QUERY, headers=PREFERRED)
            if len(decode(objects)) == 20 and decode_rows(rows, namespace) == decode(objects):
                break
            await asyncio.sleep(0.5)
    assert 2 * len(rows) < len(objects)


async def test_a_cluster_without_metrics_is_asked_once_and_then_rarely(
    two_clusters: tuple[ControlPlane, ControlPlane],
) -> None:
    async with watching(two_clusters[1].kubeconfig(), ("Node",)) as session:
        assert await MetricsPoller(session.api, session.store).poll() is False
        assert session.store.usage("Node", "", "node-0") is None


async def test_a_probe_tells_who_answers_and_whether_its_history_went_back(cluster: ControlPlane) -> None:
    async with watching(cluster.kubeconfig(), ("Node",)) as session:
        await await_live(session, ("Node",))
        now = next(iter(session.store.rows("Node"))).resource_version
        uid = (await asyncio.to_thread(cluster.api.get, "/api/v1/namespaces/kube-system"))["metadata"]["uid"]
        for version, behind in (("", False), (now, False), (str(int(now) + 1_000_000), True)):
            found = await identify(session.api, version, 5.0)
            assert (found.uid, found.behind) == (uid, behind)


async def test_a_cluster_that_checks_no_rights_gets_its_badge(
    cluster: ControlPlane, cluster_rbac_off: ControlPlane
) -> None:
    async with (
        watching(cluster_rbac_off.kubeconfig(), ("Node",)) as off,
        watching(cluster.kubeconfig(), ("Node",)) as on,
    ):
        await until(off, lambda: off.store.badges == ("RBAC OFF",), within=10.0, what="the badge")
        await until(on, lambda: on.store.version, within=10.0, what="the version")
        await until(on, lambda: on.identity, within=10.0, what="the identity")
        assert on.store.badges == ()


def namespaced(cp: ControlPlane, namespace: str) -> Path:
    """A service account that may see one namespace and nothing else."""
    file = cp.service_account_kubeconfig(namespace, "viewer", role="system:discovery")
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings"
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    subject = {"kind": "ServiceAccount", "namespace": namespace, "name": "viewer"}
    cp.api.create(rbac, {"metadata": {"name": "viewer"}, "roleRef": role, "subjects": [subject]})
    return file


async def test_rights_in_one_namespace_show_that_namespace(cluster: ControlPlane, web: str) -> None:
    file = await asyncio.to_thread(namespaced, cluster, web)
    async with watching(file, ("Node", "Pod", "Deployment")) as session:
        await until(
            session,
            lambda: all(session.store.freshness(kind).partial for kind in ("Pod", "Deployment")),
            within=10.0,
            what="the namespace's rows",
        )
        await until(session, lambda: session.store.count("Pod") == 3, within=10.0, what="three pods")
        assert session.store.freshness("Node").sync is Sync.FORBIDDEN
        assert session.store.freshness("Pod").sync is Sync.LIVE
        truth = await asyncio.to_thread(listed, cluster, "Deployment")
        assert known(session, "Deployment") == {key: value for key, value in truth.items() if key[0] == web}


async def test_a_user_without_rights_is_told_so(cluster: ControlPlane) -> None:
    async with watching(cluster.kubeconfig("bob")) as session:
        await until(session, lambda: session.store.link.link is Link.REFUSED, within=10.0, what="refused")
        assert "may not read" in session.store.link.sentence
        assert session.store.link.next_step


async def test_a_token_nobody_knows_is_refused_with_a_next_step(
    cluster: ControlPlane, namespace: str
) -> None:
    file = await asyncio.to_thread(cluster.service_account_kubeconfig, namespace, "gone")
    text = file.read_text()
    token = next(line.split("token:")[1].strip() for line in text.splitlines() if "token:" in line)
    file.write_text(text.replace(token, token[:-4] + "AAAA"))
    async with watching(file, ("Node", "Pod")) as session:
        await until(session, lambda: session.store.link.link is Link.REFUSED, within=10.0, what="refused")
        assert session.store.link.next_step
        assert token[:20] not in repr(session.store.link)
        assert not await session.settled(5.0)
        link = session.store.link
        await until(
            session, lambda: session.store.link.retry_at > link.since + 20.0, within=5.0, what="patience"
        )
        assert session.transport.counters.requests <= 4


async def test_streams_move_to_new_credentials_without_a_gap(cluster: ControlPlane, web: str) -> None:
    async with watching(cluster.kubeconfig()) as session:
        await await_live(session)
        requests = session.transport.counters.requests
        await session.reconnect(credentials_changed=True)
        await asyncio.to_thread(cluster.kubectl, "delete", "deployment/web", "-n", web)
        await until(
            session,
            lambda: session.store.get("Deployment", web, "web") is None,
            within=5.0,
            what="the deletion",
        )
        await await_live(session)
        assert session.transport.counters.requests - requests >= len(FIRST_PAINT)
        await await_equal(cluster, session)


async def test_many_sessions_share_a_loop_and_leave_nothing_behind(
    two_clusters: tuple[ControlPlane, ControlPlane],
) -> None:
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    files = [cp.kubeconfig() for cp in two_clusters]
    before, tasks = descriptors(), len(asyncio.all_tasks())
    sessions = [make_session(file) for file in files * 4]
    for session in sessions:
        await session.start()
        session.look_at_kinds({"Node", "Pod"})
    assert all(await asyncio.gather(*(session.settled(20.0) for session in sessions)))
    for session in sessions:
        await session.close()
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == tasks
    assert descriptors() <= before


async def test_a_session_closed_in_the_middle_of_opening_leaves_nothing_behind(cluster: ControlPlane) -> None:
    tasks = len(asyncio.all_tasks())
    for turns in (0, 1, 3, 10, 30):
        session = make_session(cluster.kubeconfig())
        await session.start()
        for _ in range(turns):
            await asyncio.sleep(0)
        await session.close()
        await session.close()
        for _ in range(5):
            await asyncio.sleep(0)  # a cancelled dial ends within a few turns of the loop
        assert len(asyncio.all_tasks()) == tasks
