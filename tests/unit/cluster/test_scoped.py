"""A part of a kind, kept beside the rest in a store of its own, on virtual time."""

from __future__ import annotations

import pytest

from edgetui.cluster.watch.informer import Informer
from edgetui.cluster.watch.partition import Partition, Selector
from edgetui.model.cache.freshness import Sync
from edgetui.model.cache.store import Store
from tests.unit.cluster.simulation import Cluster

PART = Selector("a", labels="app=press", name="p0")


@pytest.fixture
def cluster() -> Cluster:
    c = Cluster()
    c.server.put("Node", "", "n0", 0)
    for n in range(4):
        c.server.put("Pod", "ab"[n % 2], f"p{n}", n)
    return c


def beside(c: Cluster) -> tuple[Store, Informer]:
    store = Store("aside")
    return store, Informer(c.supervisor, store, c.supervisor._kinds["Pod"], Partition(selector=PART))


def names(store: Store) -> set[str]:
    return {row.name for row in store.rows("Pod")}


def test_it_asks_for_its_part_alone_and_follows_it_through_an_outage(cluster: Cluster) -> None:
    store, informer = beside(cluster)
    cluster.start("Node")
    end = cluster.supervisor.watch_beside(informer)
    cluster.world.until(lambda: store.freshness("Pod").sync is Sync.LIVE, 5.0)
    assert names(store) == {"p0", "p2"}
    asked = [(path, query) for _, path, query in cluster.server.requests if path.endswith("pods")]
    assert {path for path, _ in asked} == {"/api/v1/namespaces/a/pods"}
    assert all(query["labelSelector"] == "app=press" for _, query in asked)
    assert all(query["fieldSelector"] == "metadata.name=p0" for _, query in asked)
    assert list(cluster.store.rows("Pod")) == []
    assert [kind.name for kind, _, _ in cluster.supervisor.complete()] == ["Node"]

    cluster.supervisor.use_tables(True)
    cluster.server.cut()
    cluster.world.until(lambda: store.freshness("Pod").sync is Sync.STALE, 5.0)
    cluster.server.put("Pod", "a", "new", 7)
    cluster.server.mend()
    cluster.world.until(lambda: store.freshness("Pod").sync is Sync.LIVE and "new" in names(store), 60.0)
    end()
    asked_before = len(cluster.server.requests)
    cluster.server.put("Pod", "a", "newer", 8)
    cluster.world.run(5.0)
    assert names(store) == set()
    assert not any("labelSelector" in query for _, _, query in cluster.server.requests[asked_before:])
    end()


def test_what_may_not_be_read_is_forbidden_and_nothing_smaller_is_asked_for(cluster: Cluster) -> None:
    asked: list[object] = []
    cluster.supervisor.namespaces = asked.append
    cluster.server.denied = lambda kind, namespace: 403 if kind.name == "Pod" else 0
    store, informer = beside(cluster)
    cluster.start("Node")
    cluster.supervisor.watch_beside(informer)
    cluster.world.until(lambda: store.freshness("Pod").sync is Sync.FORBIDDEN, 5.0)
    cluster.world.run(5.0)
    assert store.freshness("Pod").sync is Sync.FORBIDDEN
    assert asked == []


def test_one_that_ends_before_the_link_is_known_lets_another_find_it_out(cluster: Cluster) -> None:
    _, informer = beside(cluster)
    cluster.supervisor.start(())
    cluster.supervisor.watch_beside(informer)()
    cluster.supervisor.show("Node")
    cluster.world.until(lambda: cluster.store.freshness("Node").sync is Sync.LIVE, 60.0)
