"""Rows of an earlier run on a simulated cluster: shown at once, never taken for current, replaced without a gap."""

from __future__ import annotations

import pytest

from edgetui.cluster.errors import Unauthorized
from edgetui.cluster.watch.resumption import Kept
from edgetui.model.cache.freshness import Freshness, Link, Sync
from edgetui.model.kinds.base import Row
from tests.unit.cluster.simulated_server import ThingRow
from tests.unit.cluster.simulation import Cluster

AGO = 3 * 3600.0


@pytest.fixture
def cluster() -> Cluster:
    """A cluster that nobody has asked anything yet."""
    c = Cluster()
    for n in range(4):
        c.server.put("Node", "", f"n{n}", n)
    for n in range(8):
        c.server.put("Pod", "ab"[n % 2], f"p{n}", n)
    return c


def earlier(c: Cluster, kind: str) -> list[Row]:
    """What an earlier run heard: the objects of now with another value at the same version, and one that is gone."""
    rows: list[Row] = []
    for (found, namespace, name), thing in c.server.objects.items():
        if found == kind:
            meta = thing["metadata"]
            rows.append(
                ThingRow(
                    namespace=namespace,
                    name=name,
                    uid=meta["uid"],
                    resource_version=meta["resourceVersion"],
                    value=-1,
                )
            )
    gone = "a" if kind == "Pod" else ""
    return [*rows, ThingRow(namespace=gone, name="gone", uid="u", resource_version="9", value=-1)]


def recall(c: Cluster, *, partial: bool = False, kinds: tuple[str, ...] = ("Node", "Pod")) -> float:
    """Hand in the rows of an earlier run; returns the time they were heard."""
    heard = c.wall(c.now()) - AGO
    for kind in kinds:
        namespaced = kind == "Pod"
        assert c.supervisor.recall(kind, earlier(c, kind), Kept(heard, partial and namespaced))
    return heard


def looked_at(c: Cluster) -> list[int]:
    """How many pods there were each time somebody could have looked."""
    seen: list[int] = []

    def look() -> None:
        c.store.drain()
        seen.append(c.store.count("Pod"))

    def dirty() -> None:
        c.world.later(0.0, look)

    c.store.drain()
    c.store.on_dirty = dirty
    return seen


def test_without_a_link_they_are_there_at_once_with_their_age(cluster: Cluster) -> None:
    cluster.server.cut()
    cluster.start()
    heard = recall(cluster)
    assert cluster.store.count("Pod") == 9
    assert cluster.store.freshness("Pod") == Freshness(Sync.STALE, heard, "", kept=True)
    assert (cluster.store.link.link, cluster.store.link.heard) == (Link.STALE, heard)
    cluster.world.run(600.0)
    assert cluster.store.count("Pod") == 9
    fresh = cluster.store.freshness("Pod")
    assert (fresh.sync, fresh.heard, fresh.kept) == (Sync.STALE, heard, True)
    assert (cluster.store.link.link, cluster.store.link.heard) == (Link.STALE, heard)
    assert "refuses connections" in cluster.store.link.sentence
    assert not cluster.supervisor.settled()


def test_the_clusters_own_rows_replace_all_of_them_without_a_gap(cluster: Cluster) -> None:
    cluster.server.cut()
    cluster.start()
    recall(cluster)
    seen = looked_at(cluster)
    cluster.world.run(20.0)
    cluster.server.remove("Pod", "b", "p1")
    cluster.server.mend()
    cluster.world.until(lambda: cluster.live() and cluster.equal(), 5.0)
    assert seen
    assert min(seen) >= 7
    assert not cluster.store.freshness("Pod").kept
    cluster.server.put("Pod", "a", "later", 1)
    assert cluster.equal()


def test_nothing_is_resumed_from_them(cluster: Cluster) -> None:
    cluster.server.cut()
    cluster.start()
    recall(cluster)
    cluster.world.run(10.0)
    cluster.server.mend()
    cluster.world.until(cluster.live, 5.0)
    assert not [q for _, _, q in cluster.server.requests if "resourceVersion" in q]


def test_while_the_list_is_on_its_way_they_keep_their_age(cluster: Cluster) -> None:
    cluster.server.watchlist = "silent"
    cluster.start()
    heard = recall(cluster)
    cluster.world.run(1.0)
    assert cluster.store.link.link is Link.LIVE
    assert cluster.store.freshness("Node") == Freshness(Sync.STALE, heard, "", kept=True)
    cluster.world.until(lambda: cluster.live() and cluster.equal(), 30.0)


def test_a_link_that_answers_without_rows_stays_stale(cluster: Cluster) -> None:
    cluster.server.denied = lambda kind, namespace: 500
    cluster.start()
    heard = recall(cluster)
    cluster.world.run(2.0)
    assert (cluster.store.link.link, cluster.store.link.heard) == (Link.STALE, heard)
    assert cluster.store.link.sentence.startswith("No new rows yet: ")


def test_refused_credentials_leave_them_stale(cluster: Cluster) -> None:
    cluster.server.cut(Unauthorized("You are not known here.", code=401))
    cluster.start()
    recall(cluster)
    cluster.world.run(5.0)
    assert cluster.store.link.link is Link.REFUSED
    assert cluster.store.count("Pod") == 9
    assert cluster.store.freshness("Pod").kept


def test_a_starting_server_that_denies_everything_does_not_empty_the_screen(cluster: Cluster) -> None:
    cluster.server.denied = lambda kind, namespace: 403
    cluster.start()
    recall(cluster)
    seen = looked_at(cluster)
    cluster.world.run(2.0)
    cluster.server.denied = lambda kind, namespace: 0
    cluster.world.until(lambda: cluster.live() and cluster.equal(), 10.0)
    assert min(seen) >= 8


def test_a_right_that_was_taken_away_takes_them_away(cluster: Cluster) -> None:
    cluster.server.denied = lambda kind, namespace: 403 if kind.name == "Node" else 0
    cluster.start()
    recall(cluster)
    cluster.world.until(lambda: cluster.store.freshness("Node").sync is Sync.FORBIDDEN, 10.0)
    assert cluster.store.count("Node") == 0
    assert not cluster.store.freshness("Node").kept
    assert cluster.rows("Pod") == cluster.truth("Pod")


def test_rows_of_some_namespaces_stay_until_those_answer(cluster: Cluster) -> None:
    cluster.server.denied = lambda kind, namespace: 0 if namespace == "a" or kind.name == "Node" else 403
    cluster.server.namespaces_listed = ["a", "b"]
    cluster.start()
    recall(cluster, partial=True)
    seen = looked_at(cluster)
    cluster.world.until(lambda: cluster.store.freshness("Pod").sync is Sync.LIVE, 5.0)
    assert min(seen) >= 4
    assert cluster.store.freshness("Pod").partial
    allowed = {key: value for key, value in cluster.truth("Pod").items() if key[0] == "a"}
    assert cluster.rows("Pod") == allowed


def test_rows_of_some_namespaces_end_with_the_right_to_any(cluster: Cluster) -> None:
    cluster.server.denied = lambda kind, namespace: 0 if kind.name == "Node" else 403
    cluster.server.namespaces_listed = ["a"]
    cluster.start()
    recall(cluster, partial=True)
    cluster.world.until(lambda: cluster.store.freshness("Pod").sync is Sync.FORBIDDEN, 5.0)
    assert cluster.store.count("Pod") == 0


def test_rows_of_some_namespaces_end_with_the_whole_list(cluster: Cluster) -> None:
    cluster.start()
    recall(cluster, partial=True)
    cluster.world.until(lambda: cluster.live() and cluster.equal(), 5.0)


def test_rows_of_another_cluster_are_dropped_before_its_own_are_there(cluster: Cluster) -> None:
    cluster.server.cut()
    cluster.start()
    recall(cluster)
    cluster.world.run(5.0)
    cluster.supervisor.forget()
    assert cluster.store.count("Pod") == cluster.store.count("Node") == 0
    assert cluster.store.freshness("Pod").sync is Sync.NEVER
    cluster.server.mend()
    cluster.world.until(lambda: cluster.live() and cluster.equal(), 5.0)


def test_what_the_cluster_told_stays_when_rows_of_another_are_dropped(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 5.0)
    seen = looked_at(cluster)
    cluster.supervisor.forget()
    cluster.world.run(1.0)
    assert seen == []
    assert cluster.live()


def test_they_come_too_late_once_the_cluster_has_told_its_own(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 5.0)
    assert not cluster.supervisor.recall("Pod", earlier(cluster, "Pod"), Kept(1.0, False))
    assert not cluster.supervisor.recall("Event", [], Kept(1.0, False))
    assert cluster.equal()


@pytest.mark.parametrize("partial", [False, True])
def test_a_kind_that_nobody_looks_at_any_more_forgets_them(cluster: Cluster, partial: bool) -> None:
    cluster.server.cut()
    cluster.start()
    recall(cluster, partial=partial)
    cluster.supervisor.hide("Pod")
    assert cluster.store.count("Pod") == 0
    assert cluster.store.freshness("Pod").sync is Sync.HIDDEN
    cluster.supervisor.show("Pod")
    cluster.server.mend()
    cluster.world.until(lambda: cluster.live() and cluster.equal(), 10.0)


def test_a_clock_that_is_behind_gives_no_age_until_it_is_set(cluster: Cluster) -> None:
    cluster.server.cut()
    cluster.start()
    heard = cluster.wall(cluster.now()) + 50.0
    assert cluster.supervisor.recall("Pod", earlier(cluster, "Pod"), Kept(heard, False))
    assert cluster.store.freshness("Pod") == Freshness(Sync.STALE, 0.0, "", kept=True)
    cluster.offset += 1000.0
    cluster.supervisor.republish()
    assert cluster.store.freshness("Pod").heard == heard
