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

from edgetui.cluster.session import FIRST_PAINT, ClusterSession
from edgetui.cluster.snapshot.keeper import Keeper
from edgetui.model.cache.freshness import Link, Sync
from edgetui.model.cache.snapshot import KeptRows, from_bytes, to_bytes

from . import workloads as w
from .cluster import ControlPlane
from .proxy import FaultProxy
from .watching import await_equal, await_live, known, make_session, until

HOURS_3 = 3 * 3600.0
SECRET = "hunter2-hunter2"


async def keeping(file: Path, rows: Path, kinds: tuple[str, ...] = FIRST_PAINT) -> ClusterSession:
    """A started session that keeps its rows below `rows`."""
    session = make_session(file)
    await session.start(kinds)
    session.keep(Keeper(session.target, rows))
    return session


async def look(file: Path, rows: Path, kinds: tuple[str, ...] = FIRST_PAINT) -> ClusterSession:
    """One run: until all is live and the cluster is known, then a clean end."""
    session = await keeping(file, rows, kinds)
    await await_live(session, kinds)
    async with asyncio.timeout(10.0):
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
