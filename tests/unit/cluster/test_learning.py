"""What is learned of a server: bookmarks, streaming lists, Tables, rights, room; and what it costs until then."""

from __future__ import annotations

import pytest

from edgetui.cluster.backoff import FIRST_WHILE
from edgetui.cluster.errors import TooManyRows
from edgetui.cluster.watch import informer
from edgetui.cluster.watch.reflector import states as r
from edgetui.model.cache.freshness import Link, Sync
from tests.unit.cluster.simulation import Cluster
from tests.unit.cluster.test_partitions import divide, fresh, made, right, values


def lists(c: Cluster, kind: str, since: float) -> int:
    """How often a whole collection was asked for."""
    return sum(
        path.endswith(kind) and "resourceVersion" not in query and "continue" not in query
        for at, path, query in c.server.requests
        if at >= since
    )


@pytest.fixture
def cluster() -> Cluster:
    return made()


@pytest.mark.parametrize("watchlist", ["yes", "422"])
def test_a_server_without_bookmarks_is_resumed_and_listed_in_vain_and_then_believed(
    cluster: Cluster, watchlist: str
) -> None:
    cluster.server.bookmarks = False
    cluster.server.watchlist = watchlist
    cluster.start()
    cluster.world.until(cluster.live, 5.0)
    began = cluster.world.time
    cluster.world.run(600.0)
    assert not cluster.supervisor.can.bookmarks.there
    assert lists(cluster, "pods", began) <= 1
    calm = cluster.world.time
    cluster.world.run(2700.0)
    assert lists(cluster, "pods", calm) == 0
    asked = [at for at, path, _ in cluster.server.requests if at >= calm and path.endswith("pods")]
    assert len(asked) <= 2700 / 300 + 1
    assert cluster.live()
    assert cluster.equal()


def test_without_bookmarks_a_dead_stream_is_found_out_within_ten_minutes_on_any_wire(
    cluster: Cluster,
) -> None:
    cluster.server.bookmarks = False
    cluster.supervisor.pace(True, {})
    cluster.start()
    cluster.world.run(700.0)
    assert not cluster.supervisor.can.bookmarks.there
    cluster.world.run(3600.0 - 700.0)
    for stream in cluster.server.streams:
        stream.mute = True
    cluster.server.put("Pod", "a", "unseen", 1)
    cluster.world.until(cluster.equal, 640.0)


def test_one_silence_of_all_watches_costs_one_question_and_no_list(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.run(130.0)
    for stream in cluster.server.streams:
        stream.mute = True
    began = cluster.world.time
    cluster.world.run(100.0)
    assert max(cluster.came_up) < began, "the link was never down"
    asked = [(path, query) for at, path, query in cluster.server.requests if at >= began]
    assert sum(path == "probe" for path, _ in asked) == 1
    assert {path for path, _ in asked} == {"probe", "/api/v1/nodes", "/api/v1/pods"}
    assert all("resourceVersion" in query for path, query in asked if path != "probe")
    assert cluster.live()


def test_a_server_that_sent_a_bookmark_once_is_expected_to_go_on(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.run(130.0)
    cluster.server.bookmarks = False
    cluster.world.run(1200.0)
    assert cluster.supervisor.can.bookmarks.there


def test_what_was_changed_meanwhile_is_no_proof_that_silence_means_nothing(cluster: Cluster) -> None:
    cluster.server.bookmarks = False
    cluster.start()
    cluster.world.until(cluster.live, 5.0)
    for n in range(6):
        for stream in cluster.server.streams:
            stream.mute = True  # a middlebox forgets connections, and says so to nobody
        cluster.server.put("Pod", "a", "p0", 100 + n)
        cluster.server.put("Node", "", "n0", 100 + n)
        cluster.world.until(cluster.equal, 100.0)
    assert cluster.supervisor.can.bookmarks.there


def test_what_a_server_lacked_is_tried_again_after_a_while(cluster: Cluster) -> None:
    divide(cluster, "whole")
    cluster.server.watchlist = "422"
    cluster.start()
    cluster.world.until(cluster.live, 5.0)
    assert not cluster.supervisor.can.streaming.there
    cluster.server.watchlist = "yes"
    cluster.world.run(FIRST_WHILE)
    asked = cluster.world.time
    cluster.world.run(10.0)
    cluster.supervisor.list_again("asked for")
    cluster.world.until(cluster.live, 5.0)
    assert any("sendInitialEvents" in query for at, _, query in cluster.server.requests if at >= asked)


def test_a_table_that_cannot_be_read_is_no_lesson_for_ever() -> None:
    c = made()
    c.server.tables = False
    c.supervisor.use_tables(True)
    c.start()
    c.world.until(lambda: c.live() and right(c), 20.0)
    assert not c.supervisor.can.tables.there
    c.server.tables = True
    c.world.run(FIRST_WHILE)
    assert c.supervisor.can.tables.there
    c.supervisor.use_tables(True)
    c.world.until(lambda: c.live() and all(not row.uid for row in c.store.rows("Pod")), 5.0)


# Rights


def test_rights_that_were_granted_for_one_kind_are_tried_at_once_for_the_others(cluster: Cluster) -> None:
    kinds = ("Node", "Pod", "Event")
    cluster.server.denied = lambda kind, namespace: 403
    cluster.server.namespaces_listed = []
    cluster.start(*kinds)
    cluster.world.run(1000.0)
    cluster.server.denied = lambda kind, namespace: 0
    states = {kind: cluster.supervisor._informers[kind].watchers[0].state for kind in kinds}
    first = min(state.wake_at for state in states.values()) - cluster.world.time
    assert first <= 144.0
    cluster.world.run(first + 1.0)
    assert {cluster.store.freshness(kind).sync for kind in kinds} == {Sync.LIVE}


def test_a_person_who_asks_to_try_again_waits_for_nothing(cluster: Cluster) -> None:
    cluster.server.denied = lambda kind, namespace: {"Node": 403, "Pod": 404}.get(kind.name, 0)
    cluster.start()
    cluster.world.run(500.0)
    cluster.server.denied = lambda kind, namespace: 0
    cluster.supervisor.try_now()
    cluster.world.until(cluster.live, 1.0)


# Room


@pytest.mark.parametrize("watchlist", ["yes", "422"])
def test_a_cluster_that_begins_with_too_many_objects_shows_those_for_which_there_is_room(
    cluster: Cluster, watchlist: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(informer, "MOST_ROWS", 100)
    cluster.server.watchlist = watchlist
    cluster.server.page_size = 50
    for n in range(300):
        cluster.server.put("Pod", "a", f"x{n:03}", n)
    cluster.start()
    cluster.world.run(5.0)
    assert 90 <= cluster.store.size <= 151
    assert (fresh(cluster).sync, fresh(cluster).reason) == (Sync.STALE, TooManyRows.SENTENCE)
    assert (cluster.store.link.link, cluster.store.link.sentence) == (Link.LIVE, TooManyRows.SENTENCE)
    asked = len(cluster.server.requests)
    cluster.world.run(500.0)
    assert len(cluster.server.requests) - asked <= 6, "nobody asks for the same again and again"


def test_a_server_that_adds_objects_without_end_is_no_longer_listened_to_until_there_is_room(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(informer, "MOST_ROWS", 100)
    cluster.start()
    cluster.world.until(cluster.live, 5.0)
    for n in range(500):
        cluster.server.put("Pod", "a", f"x{n:03}", n)
    assert cluster.store.size == 100
    assert not [s for s in cluster.server.streams if s.open and s.kind.name == "Pod"]
    cluster.world.run(1.0)
    assert cluster.store.link.sentence == TooManyRows.SENTENCE
    assert cluster.store.freshness("Node").sync is Sync.LIVE
    for n in range(500):
        cluster.server.remove("Pod", "a", f"x{n:03}")
    cluster.world.until(lambda: cluster.live() and right(cluster), 1200.0)
    assert cluster.store.link.sentence == ""
    assert len(values(cluster)) == 8


# Waiting for an answer begins when the request is sent


@pytest.mark.parametrize("signing", [0.0, 40.0, 110.0])
def test_signing_in_takes_as_long_as_it_takes_and_the_first_rows_follow(
    cluster: Cluster, signing: float
) -> None:
    cluster.server.signing = signing
    cluster.start("Pod")
    cluster.world.run(signing - 1.0 if signing else 0.0)
    assert len(cluster.server.requests) == 1, "nobody gave up and began again"
    cluster.world.until(cluster.live, 3.0)
    assert right(cluster)


def test_a_request_that_was_sent_and_is_not_answered_is_given_up_after_its_time(cluster: Cluster) -> None:
    cluster.server.latency = 100.0
    cluster.start("Pod")
    cluster.world.run(19.0)
    assert cluster.supervisor._informers["Pod"].watchers[0].state.phase is r.Phase.STREAMING
    cluster.world.run(2.0)
    assert cluster.supervisor._informers["Pod"].watchers[0].state.reason == "no answer came"


def test_a_watch_lives_its_whole_time_however_long_signing_in_took(cluster: Cluster) -> None:
    cluster.server.signing = 100.0
    cluster.start("Pod")
    cluster.world.run(101.0)
    for _ in range(590):
        cluster.world.run(1.0)
        assert fresh(cluster).sync is Sync.LIVE
