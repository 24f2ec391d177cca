"""Kinds without a file of their own on a real cluster: rows by Tables, live, listed where they may not be watched."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from edgetui.cluster.api.catalog import Catalog
from edgetui.cluster.session import ClusterSession
from edgetui.cluster.watch.object_table import LISTED_EVERY
from edgetui.model import labels
from edgetui.model.cache.freshness import Sync
from edgetui.model.kinds.discovered import Moment, TableRow

from .cluster import ControlPlane
from .custom import COLLIDING, PUMPS, define, defined, definition, pump, undefine
from .users import create_if_absent
from .watching import make_session, until, watching

PUMP = "Pump.example.com"
PATH = "/apis/example.com/v1/namespaces/{}/pumps"
RBAC = "/apis/rbac.authorization.k8s.io/v1"


@pytest.fixture(scope="module")
def crowded(cluster: ControlPlane) -> Iterator[ControlPlane]:
    with defined(cluster, PUMPS, *COLLIDING):
        yield cluster


@pytest.fixture
def pumps(crowded: ControlPlane, namespace: str) -> str:
    for n in range(3):
        made = pump(f"press-{n}", pressure=n, serviced="2026-11-01T10:00:00Z", firmware="1.2")
        crowded.api.create(PATH.format(namespace), made)
    return namespace


def catalog_of(session: ClusterSession, directory: Path | None = None) -> Catalog:
    return Catalog(session, session.kinds, time.time, directory)


@asynccontextmanager
async def showing(
    file: Path, word: str, **options: Any
) -> AsyncIterator[tuple[ClusterSession, tuple[str, ...]]]:
    """A session with the kinds that a word means, and their ids."""
    async with watching(file, (), **options) as session:
        catalog = catalog_of(session)
        ids = tuple(catalog.adopt(await catalog.find(word)))
        assert ids, catalog.problem
        for id in ids:
            session.show(id)
        yield session, ids


async def heard(session: ClusterSession, id: str, sync: Sync = Sync.LIVE) -> None:
    await until(session, lambda: session.store.freshness(id).sync is sync, within=20, what=f"{id} {sync}")


def rows(session: ClusterSession, id: str, namespace: str) -> dict[str, TableRow]:
    found = (
        row for row in session.store.rows(id) if row.namespace == namespace and isinstance(row, TableRow)
    )
    return {row.name: row for row in found}


async def test_a_custom_resource_is_shown_by_its_printer_columns_and_kept_live(
    crowded: ControlPlane, pumps: str
) -> None:
    async with showing(crowded.kubeconfig(), "pu") as (session, ids):
        assert ids == (PUMP,)
        await heard(session, PUMP)
        found = rows(session, PUMP, pumps)
        assert sorted(found) == ["press-0", "press-1", "press-2"]
        row = found["press-1"]
        told = crowded.api.get(f"{PATH.format(pumps)}/press-1")["metadata"]
        assert (row.uid, row.resource_version) == (told["uid"], told["resourceVersion"])
        assert [(one.title, one.wide) for one in row.head.columns] == [
            ("Phase", False),
            ("Pressure", False),
            ("Serviced", False),
            ("Firmware", True),
        ]
        assert row.cells[:2] == ("Running", 1)
        assert isinstance(row.cells[2], Moment)
        assert row.cells[3] == "1.2"
        assert labels.values(row) == {"line": "2"}
        crowded.api.patch(f"{PATH.format(pumps)}/press-1", {"status": {"phase": "Failed"}})
        crowded.api.delete(f"{PATH.format(pumps)}/press-2")
        await until(
            session,
            lambda: (
                {name: one.cells[0] for name, one in rows(session, PUMP, pumps).items()}
                == {"press-0": "Running", "press-1": "Failed"}
            ),
            within=10,
            what="the change and the deletion",
        )


@pytest.mark.parametrize(
    "word", ["cm", "secrets", "jobs", "crd", "ing", "rs", "events.events.k8s.io", "apiservices"]
)
async def test_built_in_kinds_are_shown_as_the_server_prints_them(
    crowded: ControlPlane, pumps: str, word: str
) -> None:
    async with showing(crowded.kubeconfig(), word) as (session, (id,)):
        await heard(session, id)
        kind = session.kinds[id]
        listed = crowded.api.get(kind.path())["items"]
        there = {(one["metadata"].get("namespace", ""), one["metadata"]["name"]) for one in listed}
        known = {(row.namespace, row.name) for row in session.store.rows(id)}
        assert len(known ^ there) <= 2  # something may have come or gone between the two
        assert all(
            isinstance(row, TableRow) and len(row.cells) == len(row.head.columns)
            for row in session.store.rows(id)
        )


async def test_a_version_that_is_asked_for_is_the_one_that_is_watched(
    crowded: ControlPlane, pumps: str
) -> None:
    async with showing(crowded.kubeconfig(), "pumps.v1beta1.example.com") as (session, ids):
        assert ids == (PUMP,)
        assert session.kinds[PUMP].version == "v1beta1"
        await heard(session, PUMP)
        assert len(rows(session, PUMP, pumps)) == 3


async def test_a_category_is_all_its_kinds(crowded: ControlPlane) -> None:
    async with showing(crowded.kubeconfig(), "plumbing") as (session, ids):
        assert set(ids) == {"Valve.example.com", "Pod.factory.example", "FlowMeter.example.com"}
        for id in ids:
            await heard(session, id)


async def test_who_may_list_and_not_watch_is_shown_lists(crowded: ControlPlane, pumps: str) -> None:
    user = limited(crowded, pumps, "lister", ["list"])
    async with showing(user, "pumps") as (session, _):
        await heard(session, PUMP)
        assert session.store.freshness(PUMP).polled == LISTED_EVERY
        assert len(rows(session, PUMP, pumps)) == 3


async def test_who_may_not_list_is_told_so(crowded: ControlPlane, pumps: str) -> None:
    user = limited(crowded, pumps, "getter", ["get"])
    async with showing(user, "pumps") as (session, _):
        await heard(session, PUMP, Sync.FORBIDDEN)
        assert not rows(session, PUMP, pumps)


async def test_who_may_read_one_namespace_is_shown_that_one(crowded: ControlPlane, pumps: str) -> None:
    user = limited(crowded, pumps, "local", ["list", "watch"], everywhere=False)
    async with showing(user, "pumps", namespaces=[pumps]) as (session, _):
        await heard(session, PUMP)
        assert session.store.freshness(PUMP).partial
        assert len(rows(session, PUMP, pumps)) == 3


async def test_an_api_that_only_lists_is_listed(cluster: ControlPlane) -> None:
    await asyncio.to_thread(cluster.await_metrics)
    async with showing(cluster.kubeconfig(), "nodes.metrics.k8s.io") as (session, (id,)):
        await heard(session, id)
        assert session.store.freshness(id).polled == LISTED_EVERY
        assert {row.name for row in session.store.rows(id)} == {f"node-{n}" for n in range(3)}


async def test_a_kind_whose_definition_goes_is_said_not_to_be_served(cluster: ControlPlane) -> None:
    lamps = definition("lamps", "Lamp", "light.example")
    with defined(cluster, lamps):
        session = make_session(cluster.kubeconfig())
        await session.start(())
        catalog = catalog_of(session)
        (id,) = catalog.adopt(await catalog.find("lamps"))
        session.show(id)
        await heard(session, id)
    try:
        session._supervisor.try_now()  # type: ignore[union-attr]
        await heard(session, id, Sync.ABSENT)
        assert not await catalog.find("lamps.v1.dark.example")
    finally:
        await session.close()


async def test_a_definition_that_comes_is_found_by_the_next_word(cluster: ControlPlane) -> None:
    bells = definition("bells", "Bell", "sound.example", shortNames=["be"])
    async with watching(cluster.kubeconfig(), ()) as session:
        now = time.time()
        catalog = Catalog(session, session.kinds, lambda: now)
        assert not await catalog.find("be")
        await asyncio.to_thread(define, cluster, bells)
        try:
            now += 10
            assert [one.name for one in await catalog.find("be")] == ["bells.sound.example"]
        finally:
            undefine(cluster, bells)


async def test_what_is_served_is_remembered_on_disk_by_the_uid_of_the_cluster(
    cluster: ControlPlane, tmp_path: Path
) -> None:
    directory = tmp_path / "discovery"
    async with watching(cluster.kubeconfig(), ("Node",)) as session:
        await until(session, lambda: session.identity, within=10, what="its identity")
        catalog = catalog_of(session, directory)
        served = await catalog.known()
        (file,) = directory.iterdir()
        assert file.stat().st_mode & 0o777 == 0o600
        before = session.counters.requests if session.counters else 0
        other = catalog_of(session, directory)
        assert await other.known() == served
        assert session.counters is not None
        assert session.counters.requests == before


def limited(
    cluster: ControlPlane, namespace: str, name: str, verbs: list[str], *, everywhere: bool = True
) -> Path:
    """The kubeconfig of a service account that may do this with pumps, and nothing else."""
    rule = {"apiGroups": ["example.com"], "resources": ["pumps"], "verbs": verbs}
    role = f"{namespace}-{name}"
    create_if_absent(cluster.api, f"{RBAC}/clusterroles", {"metadata": {"name": role}, "rules": [rule]})
    if everywhere:
        return cluster.service_account_kubeconfig(namespace, name, role=role)
    binding = {
        "metadata": {"name": role},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "namespace": namespace, "name": name}],
    }
    create_if_absent(cluster.api, f"{RBAC}/namespaces/{namespace}/rolebindings", binding)
    return cluster.service_account_kubeconfig(namespace, name, role="system:public-info-viewer")
