"""Rows kept from one run to the next on a real cluster: old ones at once, then its own, and no secret on disk."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from edgetui.cluster.http.client import Transport
from edgetui.cluster.session import FIRST_PAINT, ClusterSession
from edgetui.cluster.snapshot.keeper import Keeper
from edgetui.model.cache.freshness import Link, Sync
from edgetui.model.cache.snapshot import KeptRows, from_bytes, to_bytes
from edgetui.model.kinds.pod import PodRow

from . import workloads as w
from .cluster import ControlPlane
from .proxy import FaultProxy
from .watching import await_equal, await_live, known, make_session, until

HOURS_3 = 3 * 3600.0
SECRET = "hunter2-hunter2"


async def keeping(file: Path, rows: Path, kinds: tuple[str, ...] = FIRST_PAINT) -> ClusterSession:
    """A started session that keeps its rows below `rows`."""
    session = make_session(file)
    session.keeper = Keeper(session.target, rows)
    await session.start(kinds)
    return session


async def look(file: Path, rows: Path, kinds: tuple[str, ...] = FIRST_PAINT) -> ClusterSession:
    """One run: until all is live and the cluster is known, then a clean end."""
    session = await keeping(file, rows, kinds)
    await await_live(session, kinds)
    async with asyncio.timeout(60):
        while not session.identity:
            await asyncio.sleep(0.01)
    await session.close()
    return session


def rewrite(rows: Path, change: Callable[[KeptRows], KeptRows]) -> None:
    """Change the one file that is there, and make it three hours old."""
    (file,) = rows.iterdir()
    kept = from_bytes(file.read_bytes())
    assert kept is not None
    kinds = {kind: replace(packed, heard=packed.heard - HOURS_3) for kind, packed in kept.kinds.items()}
    file.write_bytes(to_bytes(change(replace(kept, saved=kept.saved - HOURS_3, kinds=kinds))))


def content(rows: Path) -> KeptRows:
    (file,) = rows.iterdir()
    kept = from_bytes(file.read_bytes())
    assert kept is not None
    return kept


async def test_a_start_without_a_link_shows_old_rows_and_then_the_clusters_own(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    await asyncio.to_thread(cluster.create, namespace, w.deployment("web", replicas=3))
    with FaultProxy.in_front_of(cluster) as proxy:
        file = cluster.kubeconfig(server=proxy.url)
        before = known(await look(file, tmp_path / "rows"), "Deployment")
        assert (namespace, "web") in before
        rewrite(tmp_path / "rows", lambda kept: kept)
        proxy.cut()
        await asyncio.to_thread(cluster.kubectl, "delete", "deployment/web", "-n", namespace)
        await asyncio.to_thread(cluster.create, namespace, w.deployment("later", replicas=2))
        session = await keeping(file, tmp_path / "rows")
        try:
            assert session.keeper is not None
            await until(session, lambda: session.store.count("Deployment"), within=5.0, what="old rows")
            assert known(session, "Deployment") == before
            await until(session, lambda: session.store.link.sentence, within=5.0, what="what is wrong")
            fresh = session.store.freshness("Pod")
            assert (fresh.sync, fresh.kept) == (Sync.STALE, True)
            assert session.store.link.link is Link.STALE
            assert fresh.heard == pytest.approx(session.store.link.heard, abs=60.0)
            assert content(tmp_path / "rows").saved - fresh.heard < 120.0
            counts: list[int] = []

            def live() -> bool:
                counts.append(session.store.count("Pod"))
                return all(session.store.freshness(kind).sync is Sync.LIVE for kind in FIRST_PAINT)

            proxy.restore()
            await until(session, live, within=10.0, what="live rows")
            assert min(counts) > 0
            await await_equal(cluster, session)
            assert (namespace, "web") not in known(session, "Deployment")
        finally:
            await session.close()
    assert content(tmp_path / "rows").kinds["Pod"].heard > fresh.heard


async def test_rows_of_another_cluster_at_the_address_are_not_carried_on(
    cluster: ControlPlane, tmp_path: Path
) -> None:
    rows = tmp_path / "rows"
    await look(cluster.kubeconfig(path=tmp_path / "plant.yaml"), rows)
    uid = content(rows).identity
    assert uid
    rewrite(rows, lambda kept: kept)
    await look(tmp_path / "plant.yaml", rows, ("Node",))
    assert content(rows).kinds.keys() == set(FIRST_PAINT)
    rewrite(rows, lambda kept: replace(kept, identity="another-cluster"))
    await look(tmp_path / "plant.yaml", rows, ("Node",))
    assert content(rows).kinds.keys() == {"Node"}
    assert content(rows).identity == uid


def secretive() -> dict[str, Any]:
    """A deployment that carries a secret in its environment, its annotations and its cause."""
    made = w.deployment("web", replicas=2)
    made["metadata"].setdefault("annotations", {}).update(
        {"kubernetes.io/change-cause": f"kubectl set env PASSWORD={SECRET}", "note": SECRET}
    )
    template = made["spec"]["template"]
    template["metadata"].setdefault("annotations", {})["note"] = SECRET
    template["spec"]["containers"][0] |= {
        "env": [{"name": "PASSWORD", "value": SECRET}],
        "args": [f"--password={SECRET}"],
    }
    return made


async def test_no_secret_of_the_cluster_or_the_kubeconfig_is_on_the_disk(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    await asyncio.to_thread(cluster.create, namespace, secretive())
    path = tmp_path / "plant.yaml"
    file = await asyncio.to_thread(
        cluster.service_account_kubeconfig, namespace, "edgetui", path, role="cluster-admin"
    )
    user = yaml.safe_load(file.read_text())["users"][0]["user"]
    secrets = [SECRET, user["token"], user["token"].rpartition(".")[2]]
    session = await keeping(file, tmp_path / "rows")
    await await_live(session)
    await until(session, lambda: _pods(session, namespace) == 2, within=20.0, what="pods")
    assert SECRET in repr(session.store.get("Deployment", namespace, "web"))
    await session.close()
    (kept,) = (tmp_path / "rows").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    plain = kept.read_bytes()
    for packed in content(tmp_path / "rows").kinds.values():
        plain += b"".join(zlib.decompress(chunk) for chunk in packed.chunks)
    assert namespace.encode() in plain
    for secret in secrets:
        assert secret.encode() not in plain


def _pods(session: ClusterSession, namespace: str) -> int:
    return sum(row.namespace == namespace for row in session.store.rows("Pod"))


MOST_SECOND_START = 12 * 1024
"""Bytes from and to the API server until every row is current again, a handshake of 3.4 KB among them."""


def _asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, str]]]:
    """Path and query of every watch and list from now on."""
    asked: list[tuple[str, dict[str, str]]] = []
    opened, requested = Transport.open_stream, Transport.request

    def open_stream(self: Transport, path: str, query: dict[str, str], *rest: Any, **more: Any) -> Any:
        asked.append((path, query))
        return opened(self, path, query, *rest, **more)

    async def request(
        self: Transport, method: str, path: str, query: Any = None, *rest: Any, **more: Any
    ) -> Any:
        asked.append((path, dict(query or {})))
        return await requested(self, method, path, query, *rest, **more)

    monkeypatch.setattr(Transport, "open_stream", open_stream)
    monkeypatch.setattr(Transport, "request", request)
    return asked


async def test_a_second_start_lists_nothing_and_costs_little_more_than_its_handshake(
    cluster: ControlPlane, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.to_thread(cluster.create, namespace, w.deployment("web", replicas=12, bulky=True))
    await asyncio.to_thread(cluster.await_still)
    with FaultProxy.in_front_of(cluster) as proxy:
        file = cluster.kubeconfig(server=proxy.url)
        before = make_session(file)
        before.keeper = Keeper(before.target, tmp_path)
        await before.start()
        await until(before, lambda: _running(before, namespace) == 12, within=30.0, what="pods")
        await await_live(before)
        await until(before, lambda: before.identity, within=10.0, what="the cluster's uid")
        await until(
            before, lambda: not _free_text(before), within=60.0, what="the end of another test's rows"
        )
        await before.close()
        first, connections = proxy.bytes_up + proxy.bytes_down, proxy.stats.accepted
        asked = _asked(monkeypatch)
        proxy.delay = 0.1
        session = make_session(file)
        session.keeper = Keeper(session.target, tmp_path)
        await session.start()
        try:
            await await_live(session)
            cost = proxy.bytes_up + proxy.bytes_down - first
            assert [
                path for path, query in asked if not {"resourceVersion", "fieldSelector"} & query.keys()
            ] == []
            assert len(asked) == len(FIRST_PAINT) + 1
            assert proxy.stats.accepted == connections + 1
            assert cost <= MOST_SECOND_START
            assert cost < first / 3
            await await_equal(cluster, session)
            await asyncio.to_thread(cluster.kubectl, "delete", "deployment/web", "-n", namespace)
            await until(session, lambda: _running(session, namespace) == 0, within=20.0, what="no pods")
        finally:
            await session.close()


def _free_text(session: ClusterSession) -> bool:
    """Whether any row loses text on the way to the disk, so that its collection is listed again."""
    return any(
        kind.snapshot is not None and kind.snapshot(row) is not row
        for kind in session.kinds.values()
        for row in session.store.rows(kind.id)
    )


def _running(session: ClusterSession, namespace: str) -> int:
    pods = (row for row in session.store.rows("Pod") if isinstance(row, PodRow))
    return sum(row.namespace == namespace and row.ready > 0 for row in pods)


async def test_versions_that_the_server_has_not_reached_are_not_believed(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    path = tmp_path / "plant.yaml"
    await look(cluster.kubeconfig(path=path), tmp_path / "rows")

    def ahead(kept: KeptRows) -> KeptRows:
        kinds = {kind: replace(packed, versions={"": "999999999"}) for kind, packed in kept.kinds.items()}
        return replace(kept, kinds=kinds)

    (file,) = (tmp_path / "rows").iterdir()
    file.write_bytes(to_bytes(ahead(content(tmp_path / "rows"))))
    await asyncio.to_thread(cluster.create, namespace, w.deployment("later", replicas=1))
    session = await keeping(path, tmp_path / "rows")
    try:
        await await_live(session)
        await await_equal(cluster, session)
        assert (namespace, "later") in known(session, "Deployment")
    finally:
        await session.close()
