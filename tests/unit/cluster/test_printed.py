"""Pods as rows that the server prints, namespace by namespace, on virtual time."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from edgetui.cluster.api.client import WITHOUT_COLUMNS
from edgetui.cluster.watch.resumption import Kept
from edgetui.model.cache.freshness import Link, Sync
from tests.unit.cluster.simulated_server import COLUMNS, KINDS, ThingRow
from tests.unit.cluster.simulation import Cluster


def printed(cells: Mapping[str, str], namespace: str, version: str, now: float) -> ThingRow:
    return ThingRow(
        namespace=namespace,
        name=cells["Name"],
        uid="",
        resource_version=version,
        created=int(now),
        value=int(cells["Value"]),
    )


PRINTED = {**KINDS, "Pod": replace(KINDS["Pod"], printed=printed, printed_columns=COLUMNS)}


@pytest.fixture
def cluster() -> Cluster:
    c = Cluster(kinds=PRINTED)
    c.server.put("Node", "", "n0", 0)
    for n in range(8):
        c.server.put("Pod", "ab"[n % 2], f"p{n}", n)
    c.server.namespaces_listed = ["a", "b"]
    c.supervisor.use_tables(True)
    return c


def values(c: Cluster) -> dict[tuple[str, str], int]:
    return {key: value for key, (_uid, value) in c.rows("Pod").items()}


def right(c: Cluster) -> bool:
    return values(c) == {key: value for key, (_uid, value) in c.truth("Pod").items()}


def is_printed(c: Cluster) -> bool:
    return all(row.uid == "" for row in c.store.rows("Pod"))


@pytest.mark.parametrize("watchlist", ["yes", "422", "silent"])
def test_each_namespace_has_a_watch_and_the_rows_follow(cluster: Cluster, watchlist: str) -> None:
    cluster.server.watchlist = watchlist
    cluster.start()
    cluster.world.until(lambda: cluster.live() and right(cluster), 40.0)
    assert is_printed(cluster)
    cluster.server.put("Pod", "a", "p0", 70)
    cluster.server.put("Pod", "b", "new", 71)
    cluster.server.remove("Pod", "b", "p1")
    cluster.world.run(0.1)
    assert right(cluster)
    assert cluster.store.freshness("Pod").sync is Sync.LIVE
    cluster.world.run(2000.0)
    assert cluster.live()
    assert right(cluster)


def test_a_server_that_does_not_compress_is_asked_for_lists(cluster: Cluster) -> None:
    cluster.server.gzips = False
    cluster.start()
    cluster.world.until(lambda: cluster.live() and right(cluster), 5.0)
    pods = [query for _, path, query in cluster.server.requests if path.startswith("/api/v1/namespaces/")]
    assert len(pods) >= 2
    assert not any("sendInitialEvents" in query for query in pods)


def asked_for_pods(c: Cluster) -> list[dict[str, str]]:
    """The queries for the pods of one namespace."""
    return [query for _, path, query in c.server.requests if path.startswith("/api/v1/namespaces/")]


@pytest.mark.parametrize("gzips", [True, False])
def test_what_the_columns_are_is_known_and_not_asked_for(cluster: Cluster, gzips: bool) -> None:
    cluster.server.gzips = gzips
    cluster.start()
    cluster.world.until(lambda: cluster.live() and right(cluster), 5.0)
    cluster.world.run(700.0)
    assert len(asked_for_pods(cluster)) >= 4
    assert all(query.items() >= WITHOUT_COLUMNS.items() for query in asked_for_pods(cluster))


@pytest.mark.parametrize("gzips", [True, False])
def test_a_server_that_prints_a_column_more_is_asked_what_the_columns_are(
    cluster: Cluster, gzips: bool
) -> None:
    cluster.server.gzips = gzips
    cluster.server.more_columns = ("Accelerators",)
    cluster.start()
    cluster.world.until(lambda: cluster.live() and right(cluster), 10.0)
    assert is_printed(cluster)
    assert cluster.supervisor.can.tables.there
    cluster.server.put("Pod", "a", "p0", 70)
    cluster.world.run(700.0)
    assert cluster.live()
    assert right(cluster)
    assert sum("-" in query for query in asked_for_pods(cluster)) == 2, "once in each namespace"


def test_pods_alone_open_the_link_too(cluster: Cluster) -> None:
    cluster.start("Pod")
    cluster.world.until(lambda: cluster.store.link.link is Link.LIVE and right(cluster), 5.0)


def test_pods_alone_wait_for_a_link_that_is_down(cluster: Cluster) -> None:
    cluster.server.cut()
    cluster.start("Pod")
    cluster.world.run(5.0)
    assert cluster.store.freshness("Pod").sync is Sync.NEVER
    cluster.server.mend()
    cluster.world.until(lambda: cluster.live() and right(cluster), 5.0)


def test_namespaces_come_and_go(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 5.0)
    cluster.server.put("Pod", "c", "new", 1)
    cluster.server.namespaces_listed = ["a", "c"]
    for n in range(1, 8, 2):
        cluster.server.remove("Pod", "b", f"p{n}")
    cluster.world.until(lambda: right(cluster), 700.0, step=5.0)
    assert cluster.live()


def test_of_chosen_namespaces_only_those_are_watched_and_that_is_said(cluster: Cluster) -> None:
    cluster.supervisor.use_tables(False)
    cluster.supervisor.look_at(["b"])
    cluster.start()
    cluster.world.until(lambda: cluster.live() and cluster.equal(), 5.0)
    cluster.supervisor.use_tables(True)
    cluster.world.until(lambda: cluster.live() and is_printed(cluster), 5.0)
    assert {key[0] for key in values(cluster)} == {"b"}
    freshness = cluster.store.freshness("Pod")
    assert (freshness.partial, freshness.reason) == (True, "watching only namespace b")
    cluster.server.cut()
    cluster.world.run(5.0)
    cluster.server.mend()
    cluster.world.until(cluster.live, 5.0)
    assert {key[0] for key in values(cluster)} == {"b"}


def test_looking_at_another_namespace_lets_the_others_go_and_back_brings_them(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 5.0)
    assert len({key[0] for key in values(cluster)}) > 1
    cluster.supervisor.look_at(["a"])
    cluster.world.until(lambda: {key[0] for key in values(cluster)} == {"a"} and cluster.live(), 5.0)
    assert cluster.store.freshness("Pod").reason == "watching only namespace a"
    cluster.supervisor.look_at(["b"])
    cluster.world.until(lambda: {key[0] for key in values(cluster)} == {"b"} and cluster.live(), 5.0)
    cluster.supervisor.look_at([])
    cluster.world.until(lambda: len(values(cluster)) == 8 and cluster.live(), 5.0)


def test_an_outage_loses_nothing(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 5.0)
    cluster.server.cut()
    cluster.world.run(10.0)
    assert cluster.store.freshness("Pod").sync is Sync.STALE
    assert len(values(cluster)) == 8
    cluster.server.remove("Pod", "a", "p0")
    cluster.server.put("Pod", "a", "p2", 99)
    cluster.server.compact()
    cluster.server.mend()
    cluster.world.until(lambda: cluster.live() and right(cluster), 10.0)


def test_namespaces_that_cannot_be_listed_again_are_kept(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 5.0)
    cluster.whole = False
    cluster.server.namespaces_listed = ["a"]
    cluster.world.run(700.0)
    assert right(cluster)
    freshness = cluster.store.freshness("Pod")
    assert (freshness.sync, freshness.partial) == (Sync.LIVE, True)
    assert freshness.reason == "watching only namespaces a, b"


def test_a_namespace_that_may_not_be_seen_makes_the_rest_partial(cluster: Cluster) -> None:
    cluster.server.denied = lambda _kind, namespace: 403 if namespace == "b" else 0
    cluster.start()
    cluster.world.until(lambda: cluster.store.freshness("Pod").sync is Sync.LIVE, 20.0)
    assert cluster.store.freshness("Pod").partial
    assert {key[0] for key in values(cluster)} == {"a"}


def test_without_any_namespace_there_are_no_pods_and_that_is_known(cluster: Cluster) -> None:
    cluster.server.namespaces_listed = []
    for n in range(8):
        cluster.server.remove("Pod", "ab"[n % 2], f"p{n}")
    cluster.start()
    cluster.world.until(cluster.live, 5.0)
    assert cluster.store.freshness("Pod").sync is Sync.LIVE


@pytest.mark.parametrize("watchlist", ["yes", "422"])
def test_a_server_without_tables_sends_objects(cluster: Cluster, watchlist: str) -> None:
    cluster.server.tables = False
    cluster.server.watchlist = watchlist
    cluster.start()
    cluster.world.until(lambda: cluster.live() and right(cluster), 20.0)
    assert not cluster.supervisor.can.tables.there
    assert not is_printed(cluster)
    assert cluster.equal()


def test_there_and_back_the_rows_stay(cluster: Cluster) -> None:
    cluster.supervisor.use_tables(False)
    cluster.start()
    cluster.world.until(lambda: cluster.live() and cluster.equal(), 5.0)
    cluster.supervisor.use_tables(True)
    assert len(values(cluster)) == 8
    cluster.world.until(lambda: cluster.live() and is_printed(cluster) and right(cluster), 5.0)
    cluster.supervisor.use_tables(False)
    assert len(values(cluster)) == 8
    cluster.world.until(lambda: cluster.live() and cluster.equal(), 5.0)
    streams = [one for one in cluster.server.streams if one.open]
    assert {one.namespace for one in streams} == {""}


def test_rows_of_an_earlier_run_give_way_to_those_that_are_printed(cluster: Cluster) -> None:
    old = [ThingRow(namespace="b", name="old", uid="u", resource_version="5", value=5)]
    cluster.start("Pod")
    assert cluster.supervisor.recall("Pod", [*old, *old], Kept(cluster.wall(900.0), partial=False))
    assert values(cluster) == {("b", "old"): 5}
    assert cluster.store.freshness("Pod").sync is Sync.STALE
    cluster.world.until(lambda: cluster.live() and right(cluster), 5.0)


def test_rows_of_another_cluster_are_dropped_and_its_own_are_read(cluster: Cluster) -> None:
    cluster.server.cut()
    cluster.start("Pod")
    old = [ThingRow(namespace="b", name="old", uid="u", resource_version="5", value=5)]
    assert cluster.supervisor.recall("Pod", old, Kept(cluster.wall(900.0), partial=False))
    cluster.supervisor.forget()
    assert not values(cluster)
    cluster.server.mend()
    cluster.world.until(lambda: cluster.live() and right(cluster), 5.0)


def test_hidden_pods_cost_nothing_and_are_forgotten(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 5.0)
    cluster.supervisor.hide("Pod")
    assert not values(cluster)
    assert cluster.store.freshness("Pod").sync is Sync.HIDDEN
    dials = cluster.server.dials
    cluster.world.run(100.0)
    assert cluster.server.dials == dials
    cluster.supervisor.show("Pod")
    cluster.world.until(lambda: cluster.live() and right(cluster), 5.0)
