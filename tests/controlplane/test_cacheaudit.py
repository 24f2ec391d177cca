"""The audit of a server's watch cache on real servers, one of them with a cache that has really gone wrong."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from edgetui.cluster import session as session_module
from edgetui.cluster.api import cache_audit
from edgetui.cluster.link.summary import CACHE_SUSPECT
from edgetui.cluster.session import ClusterSession
from edgetui.model.kinds.deployment import DeploymentRow
from tests.ui.driving import running

from . import workloads as w
from .api import ApiError
from .cluster import ControlPlane
from .conftest import Boot
from .watching import await_live, until, watching

KINDS = ("Node", "Pod", "Deployment", "ReplicaSet")


@pytest.fixture(autouse=True)
def second_look_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is judged is the comparison; the pause between two looks only makes it more lenient."""
    monkeypatch.setattr(cache_audit, "LOOK_AGAIN", 0.0)


async def test_a_tampered_store_is_suspect_until_it_is_equal_again(
    cluster: ControlPlane, namespace: str
) -> None:
    await asyncio.to_thread(cluster.create, namespace, w.deployment("web", replicas=0))
    async with watching(cluster.kubeconfig(), KINDS) as session:
        await await_live(session, KINDS)
        store = session.store
        await until(session, lambda: store.get("Deployment", namespace, "web"), within=10, what="web")
        await session.audit_cache()
        assert (
            store.cache.checked
            and not store.cache.sentence
            and store.cache.rows == sum(map(store.count, KINDS))
        )
        web = store.get("Deployment", namespace, "web")
        node = next(store.rows("Node"))
        assert web is not None
        store.delete("Deployment", namespace, "web", web.uid)
        store.apply("Node", type(node)(namespace="", name="ghost", uid="none", resource_version="1"))
        await session.audit_cache()
        assert "1 Node (ghost) shown here that the datastore does not have" in store.cache.sentence
        assert "1 Deployment (web) in the datastore" in store.cache.sentence
        assert CACHE_SUSPECT in store.badges
        store.apply("Deployment", web)
        store.delete("Node", "", "ghost", "none")
        await session.audit_cache()
        assert not store.cache.sentence
        assert CACHE_SUSPECT not in store.badges


async def test_churn_raises_no_alarm(cluster: ControlPlane, namespace: str) -> None:
    """Pods come and go between the audits and during them; not one look finds a difference."""
    await asyncio.to_thread(cluster.create, namespace, w.deployment("busy", replicas=1))
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/busy"
    done = asyncio.Event()

    async def churn() -> None:
        for turn in range(14):
            replicas = 8 if turn % 2 == 0 else 1
            await asyncio.to_thread(cluster.api.patch, path, {"spec": {"replicas": replicas}})
        done.set()

    async with watching(cluster.kubeconfig(), KINDS) as session:
        await await_live(session, KINDS)
        seen: set[int] = set()
        busy = asyncio.create_task(churn())
        audits = 0
        while not done.is_set():
            await session.audit_cache()
            assert not session.store.cache.sentence
            seen.add(session.store.count("Pod"))
            audits += 1
        await busy
        assert audits >= 3 and len(seen) > 1, "nothing changed while it was audited"


async def test_it_is_audited_now_and_then_by_itself(
    cluster: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "AUDIT_EVERY", 0.05)
    async with watching(cluster.kubeconfig(), ("Node",)) as session:
        store = session.store
        await until(session, lambda: store.cache.checked, within=10, what="an audit that nobody asked for")
        assert store.cache.rows == store.count("Node") > 0


async def test_a_key_in_the_list_of_clusters_audits_at_once(cluster: ControlPlane) -> None:
    async with watching(cluster.kubeconfig(), ("Node",)) as session:
        await await_live(session, ("Node",))
        session.store.delete("Node", "", "node-0", "")
        async with running([session.store], sessions={session.name: session}, size=(120, 24)) as screen:
            await screen.press("c", "v")
            await screen.app.workers.wait_for_complete()
            await screen.changed()
            screen.app.front.tick()
            await screen.pilot.pause()
            assert "Server cache suspect: 1 Node (node-0) in the datastore" in screen.text()
            assert "CACHE SUSPECT" in screen.text()


async def test_nothing_is_asked_for_while_the_link_is_down(cluster: ControlPlane) -> None:
    async with watching(cluster.kubeconfig(), ("Node",)) as session:
        asked = session.transport.counters.requests
        await session.audit_cache()
        assert session.transport.counters.requests == asked
        assert session.store.cache.checked == 0.0


def settled(session: ClusterSession, namespace: str, name: str) -> bool:
    """Whether the controller has seen the deployment, so that it writes no more."""
    row = session.store.get("Deployment", namespace, name)
    return isinstance(row, DeploymentRow) and row.observed == row.generation and row.progressing is not None


@contextmanager
def vanished(cp: ControlPlane, key: str) -> Iterator[None]:
    """Take an object out of the datastore behind the back of kine, so that no event tells of it; put it back after."""
    with closing(sqlite3.connect(cp.directory / "kine.db", timeout=30, isolation_level=None)) as database:
        rows: list[tuple[Any, ...]] = database.execute("SELECT * FROM kine WHERE name = ?", (key,)).fetchall()
        assert rows, f"{key} is not in the datastore"
        database.execute("DELETE FROM kine WHERE name = ?", (key,))
        yield
        marks = ", ".join("?" * len(rows[0]))
        database.executemany(f"INSERT INTO kine VALUES ({marks})", rows)


async def test_a_cache_that_has_left_its_datastore_is_found_out(boot: Boot) -> None:
    """As on K3s up to 1.33: an ordinary list tells of an object that is not there; a GET and the audit do not."""
    cp = boot("diverged", nodes=1, storage="kine", feature_gates={"ListFromCacheSnapshot": False})
    with cp.namespace() as namespace:
        path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
        async with watching(cp.kubeconfig(), KINDS) as session:
            await await_live(session, KINDS)
            for name in ("web", "newer"):  # the newest row must stay: kine takes the current version from it
                await asyncio.to_thread(cp.create, namespace, w.deployment(name, replicas=0))
                await until(session, lambda n=name: settled(session, namespace, n), within=10, what=name)
            await session.audit_cache()
            assert session.store.cache.checked and not session.store.cache.sentence
            with vanished(cp, f"/registry/deployments/{namespace}/web"):
                listed = await asyncio.to_thread(cp.api.get, path)
                assert [item["metadata"]["name"] for item in listed["items"]] == [
                    "newer",
                    "web",
                ]
                with pytest.raises(ApiError, match="404"):
                    await asyncio.to_thread(cp.api.get, f"{path}/web")
                await session.audit_cache()
                assert "1 Deployment (web) shown here that the datastore" in session.store.cache.sentence
                assert CACHE_SUSPECT in session.store.badges
            await session.audit_cache()
            assert not session.store.cache.sentence
