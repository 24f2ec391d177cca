"""Collections that are kept thriftily: watches of an hour, and lists now and then instead of a watch."""

from __future__ import annotations

import pytest

from edgetui.model.cache.freshness import Sync
from tests.unit.cluster.simulation import Cluster

EVERY = 60.0


@pytest.fixture
def cluster() -> Cluster:
    c = Cluster()
    for n in range(4):
        c.server.put("Node", "", f"n{n}", n)
        c.server.put("Pod", "a", f"p{n}", n)
    return c


def asked(c: Cluster, path: str) -> list[dict[str, str]]:
    return [query for _, asked_for, query in c.server.requests if asked_for == path]


def test_long_watches_last_about_an_hour(cluster: Cluster) -> None:
    cluster.supervisor.pace(True, {})
    cluster.start()
    cluster.world.until(cluster.live, 1.0)
    for path in ("/api/v1/nodes", "/api/v1/pods"):
        (query,) = asked(cluster, path)
        assert 3000 <= int(query["timeoutSeconds"]) <= 3600


def test_a_watch_that_is_open_is_not_given_up_for_a_longer_one(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 1.0)
    dials = cluster.server.dials
    cluster.supervisor.pace(True, {})
    cluster.world.run(200.0)
    assert cluster.server.dials == dials
    cluster.server.end()
    cluster.world.until(cluster.live, 5.0)
    assert int(asked(cluster, "/api/v1/pods")[-1]["timeoutSeconds"]) >= 3000


def test_lists_take_the_place_of_a_watch_and_the_rows_stay_current(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 1.0)
    cluster.supervisor.pace(False, {"Pod": EVERY})
    before = len(asked(cluster, "/api/v1/pods"))
    cluster.server.put("Pod", "a", "p0", 77)
    cluster.server.remove("Pod", "a", "p1")
    for _ in range(20):
        cluster.world.run(EVERY / 4)
        assert cluster.store.freshness("Pod").sync is Sync.LIVE
    assert cluster.equal()
    made = asked(cluster, "/api/v1/pods")[before:]
    assert len([query for query in made if "continue" not in query]) == 4
    assert all("sendInitialEvents" in query for query in made), "a LIST of so little is never compressed"
    assert not [stream for stream in cluster.server.streams if stream.open and stream.kind.name == "Pod"]
    heard = cluster.store.freshness("Pod").heard - cluster.offset
    assert cluster.world.time - heard <= EVERY + 1.0


def test_a_kind_that_begins_with_lists_never_watches(cluster: Cluster) -> None:
    cluster.supervisor.pace(True, {"Pod": EVERY})
    cluster.start()
    cluster.world.until(cluster.live, 1.0)
    assert cluster.equal()
    cluster.world.run(3 * EVERY)
    made = asked(cluster, "/api/v1/pods")
    assert len(made) == 4
    assert all("sendInitialEvents" in query for query in made)
    assert not [stream for stream in cluster.server.streams if stream.open and stream.kind.name == "Pod"]


def test_without_streaming_lists_it_is_listed_now_and_then(cluster: Cluster) -> None:
    cluster.server.watchlist = "422"
    cluster.supervisor.pace(True, {"Pod": EVERY})
    cluster.start()
    cluster.world.until(cluster.live, 1.0)
    before = len(asked(cluster, "/api/v1/pods"))
    cluster.world.run(3 * EVERY)
    made = asked(cluster, "/api/v1/pods")[before:]
    assert len([query for query in made if "continue" not in query]) in (2, 3)
    assert not any("watch" in query for query in made)


def test_rows_of_a_list_are_stale_at_once_without_a_link_and_come_back(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 1.0)
    cluster.supervisor.pace(False, {"Pod": EVERY})
    cluster.world.run(EVERY / 2)
    cluster.server.cut()
    assert cluster.store.freshness("Pod").sync is Sync.STALE
    cluster.server.remove("Pod", "a", "p2")
    cluster.world.run(EVERY)
    cluster.server.mend()
    cluster.world.until(lambda: cluster.live() and cluster.equal(), 35.0)


def test_a_list_that_fails_is_tried_again_with_patience(cluster: Cluster) -> None:
    cluster.supervisor.pace(False, {"Pod": EVERY})
    cluster.start()
    cluster.world.until(cluster.live, 1.0)
    cluster.server.denied = lambda kind, _: 500 if kind.name == "Pod" else 0
    before = len(asked(cluster, "/api/v1/pods"))
    cluster.world.run(2 * EVERY)
    assert cluster.store.freshness("Pod").sync is Sync.STALE
    assert len(asked(cluster, "/api/v1/pods")) - before <= 12
    cluster.server.denied = lambda kind, namespace: 0
    cluster.world.until(lambda: cluster.live() and cluster.equal(), 35.0)


def test_a_watch_takes_over_again_when_the_link_is_better(cluster: Cluster) -> None:
    cluster.supervisor.pace(True, {"Pod": EVERY})
    cluster.start()
    cluster.world.until(cluster.live, 1.0)
    cluster.supervisor.pace(False, {})
    cluster.world.run(1.0)
    cluster.server.put("Pod", "a", "new", 1)
    cluster.world.run(0.1)
    assert cluster.live()
    assert cluster.equal()


def test_another_history_is_not_waited_for(cluster: Cluster) -> None:
    cluster.supervisor.pace(False, {"Pod": EVERY})
    cluster.start()
    cluster.world.until(cluster.live, 1.0)
    cluster.world.run(5.0)
    cluster.server.put("Pod", "a", "p0", 99)
    cluster.supervisor.list_again("another history")
    cluster.world.until(lambda: cluster.live() and cluster.equal(), 1.0)


def test_namespaces_watched_one_by_one_keep_the_pace(cluster: Cluster) -> None:
    cluster.server.namespaces_listed = ["a"]
    cluster.server.denied = lambda kind, namespace: 403 if kind.name == "Pod" and not namespace else 0
    cluster.supervisor.pace(True, {})
    cluster.start()
    cluster.world.until(lambda: cluster.store.freshness("Pod").sync is Sync.LIVE, 10.0)
    (query,) = asked(cluster, "/api/v1/namespaces/a/pods")
    assert int(query["timeoutSeconds"]) >= 3000
