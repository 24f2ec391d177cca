"""One cluster in a simulation: link, informers and store together, on virtual time."""

from __future__ import annotations

import pytest

from edgetui.cluster.errors import TlsError
from edgetui.cluster.watch.opening_queue import WHOLE_WITHIN
from edgetui.model.cache.freshness import Link, Sync
from tests.unit.cluster.simulation import Cluster


@pytest.fixture
def cluster() -> Cluster:
    c = Cluster()
    for n in range(4):
        c.server.put("Node", "", f"n{n}", n)
    for n in range(8):
        c.server.put("Pod", "ab"[n % 2], f"p{n}", n)
    return c


def sync(c: Cluster, kind: str = "Pod") -> Sync:
    return c.store.freshness(kind).sync


def test_the_first_lists_arrive_nodes_first(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 1.0)
    assert cluster.equal()
    paths = [path for _, path, _ in cluster.server.requests]
    assert paths == ["/api/v1/nodes", "/api/v1/pods"]


def test_events_arrive_at_once(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 1.0)
    cluster.server.put("Pod", "a", "new", 1)
    cluster.server.remove("Pod", "a", "p0")
    assert cluster.equal()


@pytest.mark.parametrize("patient", [False, True])
def test_where_others_share_the_link_the_next_kind_waits_until_the_one_before_has_come_through(
    cluster: Cluster, patient: bool
) -> None:
    cluster.server.frozen = True  # heads of answers come, and no rows
    cluster.supervisor.start(("Node", "Pod"), patient=patient)
    cluster.world.run(5.0)
    assert _asked(cluster, "pods") is not patient
    cluster.world.until(lambda: _asked(cluster, "pods"), WHOLE_WITHIN)


def test_what_is_on_the_screen_opens_before_all_else_but_the_first_dial(cluster: Cluster) -> None:
    cluster.server.latency = 0.1
    cluster.start("Node", "Pod", "Event")
    cluster.supervisor.front = frozenset({"Event"})
    cluster.world.until(cluster.live, 2.0)
    assert [path.rpartition("/")[2] for _, path, _ in cluster.server.requests] == ["nodes", "events", "pods"]


def test_with_patience_every_kind_comes_all_the_same(cluster: Cluster) -> None:
    cluster.supervisor.start(("Node", "Pod", "Event"), patient=True)
    cluster.world.until(cluster.live, 1.0)
    assert cluster.equal()


def _asked(c: Cluster, kind: str) -> bool:
    return any(path.endswith(kind) for _, path, _ in c.server.requests)


@pytest.mark.parametrize("mode", ["422", "silent"])
def test_a_server_without_streaming_lists_is_listed_and_remembered(cluster: Cluster, mode: str) -> None:
    cluster.server.watchlist = mode
    cluster.start()
    cluster.world.until(cluster.live, 15.0)
    assert cluster.equal()
    for _ in range(3):
        cluster.server.compact()
        cluster.server.put("Pod", "a", "late", 1)
        cluster.server.compact()
        cluster.server.reset()
        cluster.world.until(lambda: cluster.live() and cluster.equal(), 15.0)
        cluster.world.run(5.0)
    tried = sum("sendInitialEvents" in query for _, _, query in cluster.server.requests)
    assert tried <= (1 if mode == "422" else 4), "not more than twice for each kind"
    assert not cluster.supervisor.can.streaming.there


def test_an_outage_of_30_s_costs_at_most_15_attempts_and_data_is_back_in_2_s(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 1.0)
    for seed in range(20):
        cluster.world.rng.seed(seed)
        before = cluster.server.dials
        cluster.server.cut()
        cluster.world.run(30.0)
        assert sync(cluster) is Sync.STALE
        assert cluster.rows("Pod") == cluster.truth("Pod")
        assert cluster.store.link.link is Link.STALE
        cluster.server.put("Pod", "a", f"meanwhile-{seed}", seed)
        assert cluster.server.dials - before <= 15
        cluster.server.mend()
        cluster.world.until(cluster.equal, 2.3)
        cluster.world.run(5.0)


def test_an_outage_of_an_hour_costs_at_most_150_attempts(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 1.0)
    before = cluster.server.dials
    cluster.server.cut()
    cluster.world.run(3600.0)
    assert cluster.server.dials - before <= 150
    cluster.server.mend()
    cluster.world.until(cluster.live, 40.0)


def test_a_black_hole_is_noticed_by_silence_and_survived(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 1.0)
    cluster.server.vanish()
    cluster.world.until(lambda: sync(cluster) is Sync.STALE, 90.0)
    cluster.server.put("Pod", "a", "unseen", 1)
    cluster.world.until(lambda: cluster.store.link.link is Link.STALE, 10.0)
    cluster.world.run(60.0)
    cluster.server.mend()
    cluster.world.until(lambda: cluster.equal() and cluster.live(), 15.0)


def test_a_draining_server_keeps_its_streams_and_says_so(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 1.0)
    cluster.server.drain()
    cluster.supervisor.show("Event")
    cluster.world.run(3.0)
    cluster.server.put("Pod", "a", "still-seen", 1)
    cluster.world.run(0.5)
    assert cluster.equal()
    assert sync(cluster) is Sync.LIVE
    assert cluster.store.link.link is Link.LIVE
    assert "restarting" in cluster.store.link.sentence
    cluster.server.mend()
    cluster.server.restart()
    cluster.world.until(lambda: cluster.live() and not cluster.store.link.sentence, 10.0)
    assert cluster.equal()


def test_a_restart_with_a_new_watch_cache_lists_again(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 1.0)
    cluster.server.put("Node", "", "moved-on", 1)
    cluster.server.restart()
    cluster.server.put("Pod", "a", "after", 1)
    cluster.server.compact()
    cluster.world.until(cluster.equal, 2.3)


def test_a_restored_datastore_is_found_out_by_the_probe(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 1.0)
    old = cluster.server.snapshot()
    for n in range(5):
        cluster.server.put("Pod", "a", f"lost-{n}", n)
    cluster.server.cut()
    cluster.server.restore(old)
    cluster.world.run(5.0)
    cluster.server.mend()
    cluster.world.until(lambda: cluster.equal() and cluster.live(), 5.0)


def test_a_restored_datastore_behind_a_living_link_is_found_out_by_a_bookmark(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 1.0)
    old = cluster.server.snapshot()
    for n in range(5):
        cluster.server.put("Pod", "a", f"lost-{n}", n)
    cluster.server.restore(old)
    for stream in cluster.server.streams:
        stream.rv = 0
    cluster.world.until(lambda: cluster.equal() and cluster.live(), 70.0)


def test_a_history_that_went_back_for_one_kind_went_back_for_all(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 1.0)
    lost = next(stream for stream in cluster.server.streams if stream.kind.name == "Pod")
    cluster.server.objects.pop(("Pod", "a", "p0"))
    node = next(stream for stream in cluster.server.streams if stream.kind.name == "Node")
    node.sink.on_data(b'{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"5"}}}\n')
    cluster.world.until(lambda: cluster.equal() and cluster.live(), 1.0)
    assert not lost.open


def test_another_cluster_at_the_same_address_is_listed_from_scratch(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 1.0)
    cluster.server.cut()
    cluster.server.uid = "cluster-2"
    cluster.server.objects.clear()
    cluster.server.put("Pod", "a", "other", 7)
    cluster.server.mend()
    cluster.world.until(lambda: cluster.equal() and cluster.live(), 5.0)


def test_a_refused_token_is_renewed_once_for_all_streams(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 1.0)
    cluster.server.tokens_valid = False
    cluster.refresh_changes = True
    cluster.server.end()
    cluster.world.run(0.05)
    assert sync(cluster, "Node") is Sync.STALE
    cluster.world.until(lambda: cluster.equal() and cluster.live(), 5.0)
    assert cluster.refreshes == 1


def test_a_401_to_a_request_from_before_the_renewal_needs_no_second_one(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 1.0)
    cluster.refresh_changes = True
    refusal = (401, {"kind": "Status", "code": 401, "message": "Unauthorized"})
    cluster.server.answers = [refusal, refusal]
    for stream in list(cluster.server.streams):
        stream.open = False
        stream.sink.on_end(True)
        cluster.server.latency = 0.2
    cluster.world.until(lambda: not cluster.server.answers, 1.0)
    cluster.world.until(cluster.live, 2.0)
    assert cluster.refreshes == 1
    assert cluster.store.link.link is Link.LIVE


def test_credentials_that_stay_refused_are_shown_and_asked_again_rarely(cluster: Cluster) -> None:
    cluster.server.tokens_valid = False
    cluster.start()
    cluster.world.run(10.0)
    assert cluster.store.link.link is Link.REFUSED
    before = cluster.server.dials
    cluster.world.run(600.0)
    assert cluster.server.dials - before <= 25
    cluster.server.tokens_valid = True
    cluster.supervisor.credentials_changed()
    cluster.world.until(cluster.live, 5.0)


def test_a_wrong_certificate_is_refused_and_asked_again_rarely(cluster: Cluster) -> None:
    cluster.server.cut(TlsError("The certificate is signed by an unknown authority.", "Check the CA."))
    cluster.start()
    cluster.world.run(120.0)
    assert cluster.store.link.link is Link.REFUSED
    assert "unknown authority" in cluster.store.link.sentence
    assert cluster.server.dials <= 6
    assert sync(cluster) is Sync.NEVER


def test_403_at_cluster_scope_falls_to_the_namespaces(cluster: Cluster) -> None:
    cluster.server.denied = lambda kind, namespace: 0 if namespace == "a" else 403
    cluster.server.namespaces_listed = ["a", "b"]
    cluster.start()
    cluster.world.run(3.0)
    assert sync(cluster, "Node") is Sync.FORBIDDEN
    fresh = cluster.store.freshness("Pod")
    assert fresh.sync is Sync.LIVE
    assert fresh.partial
    assert "namespace a " in fresh.reason
    assert set(cluster.rows("Pod")) == {key for key in cluster.truth("Pod") if key[0] == "a"}
    cluster.server.denied = lambda kind, namespace: 0
    cluster.world.until(lambda: cluster.equal() and cluster.live(), 400.0)
    assert not cluster.store.freshness("Pod").partial
    assert sorted(stream.namespace for stream in cluster.server.streams if stream.open) == ["", ""]


def test_a_namespace_that_is_gone_takes_its_rows_with_it(cluster: Cluster) -> None:
    cluster.server.denied = lambda kind, namespace: 0 if namespace else 403
    cluster.server.namespaces_listed = ["a", "b"]
    cluster.start()
    cluster.world.until(lambda: cluster.rows("Pod") == cluster.truth("Pod"), 3.0)
    cluster.server.namespaces_listed = ["a"]
    cluster.world.until(lambda: {space for space, _ in cluster.rows("Pod")} == {"a"}, 10.0)


def test_everything_forbidden_is_said_at_the_link(cluster: Cluster) -> None:
    cluster.server.denied = lambda kind, namespace: 403
    cluster.start()
    cluster.world.run(2.0)
    assert cluster.store.link.link is Link.REFUSED
    assert "may not read" in cluster.store.link.sentence


def test_a_starting_server_that_answers_403_for_a_moment_changes_nothing(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 1.0)
    cluster.server.restart()
    cluster.server.denied = lambda kind, namespace: 403
    cluster.world.run(1.6)
    cluster.server.denied = lambda kind, namespace: 0
    for _ in range(50):
        cluster.world.run(0.1)
        assert sync(cluster) in (Sync.LIVE, Sync.STALE)
        assert cluster.equal()
    assert cluster.live()


def test_rights_that_are_gone_for_good_take_the_rows_with_them(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 1.0)
    cluster.server.denied = lambda kind, namespace: 403 if kind.name == "Pod" else 0
    cluster.server.end()
    cluster.world.until(lambda: sync(cluster) is Sync.FORBIDDEN, 20.0)
    assert not cluster.rows("Pod")
    assert cluster.store.link.link is Link.LIVE


def test_a_kind_that_the_server_lacks_is_absent(cluster: Cluster) -> None:
    cluster.server.denied = lambda kind, namespace: 404 if kind.name == "Pod" else 0
    cluster.start()
    cluster.world.run(600.0)
    assert sync(cluster) is Sync.ABSENT
    assert sum(path.endswith("pods") for _, path, _ in cluster.server.requests) <= 3
    assert cluster.supervisor.settled()


def test_hidden_kinds_cost_nothing(cluster: Cluster) -> None:
    cluster.start("Node", "Pod", "Event")
    cluster.world.until(cluster.live, 1.0)
    cluster.supervisor.hide("Pod")
    before = len(cluster.server.requests)
    cluster.world.run(50.0)
    assert len(cluster.server.requests) == before
    assert not cluster.rows("Pod")
    cluster.supervisor.show("Pod")
    cluster.world.until(cluster.equal, 1.0)


def test_after_stop_nothing_happens(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 1.0)
    cluster.supervisor.stop()
    cluster.server.reset()
    before = len(cluster.server.requests)
    cluster.server.put("Pod", "a", "unseen", 1)
    cluster.world.run(1000.0)
    assert len(cluster.server.requests) == before
    assert not any(stream.open for stream in cluster.server.streams)


def test_a_wall_clock_that_jumps_moves_every_time_that_was_told(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 1.0)
    heard, since = cluster.store.freshness("Pod").heard, cluster.store.link.since
    cluster.offset += 3600.0
    cluster.supervisor.republish()
    assert cluster.store.freshness("Pod").heard == pytest.approx(heard + 3600.0)
    assert cluster.store.link.since == pytest.approx(since + 3600.0)


def test_a_kind_shown_before_anything_was_asked_for_becomes_the_pilot(cluster: Cluster) -> None:
    cluster.supervisor.start(())
    cluster.world.run(5.0)
    assert cluster.server.dials == 0
    cluster.supervisor.show("Pod")
    cluster.world.until(cluster.live, 1.0)


def test_a_pilot_that_is_hidden_is_replaced(cluster: Cluster) -> None:
    cluster.server.latency = 1.0
    cluster.start()
    cluster.supervisor.hide("Node")
    cluster.world.until(lambda: cluster.rows("Pod") == cluster.truth("Pod"), 3.0)


def test_idle_streams_rotate_without_turning_stale(cluster: Cluster) -> None:
    cluster.start()
    cluster.world.until(cluster.live, 1.0)
    for _ in range(1300):
        cluster.world.run(1.0)
        assert cluster.live()
    assert all("sendInitialEvents" not in query for at, _, query in cluster.server.requests if at > 1010)
    assert len(cluster.server.requests) <= 2 + 2 * 5


def test_a_bare_404_for_the_core_group_is_no_api_server(cluster: Cluster) -> None:
    cluster.server.denied = lambda kind, namespace: 404
    cluster.server.bare = True
    cluster.start()
    cluster.world.run(5.0)
    assert cluster.store.link.link is Link.REFUSED
    assert "not a Kubernetes API server" in cluster.store.link.sentence


def test_a_gateway_that_only_fails_is_not_live(cluster: Cluster) -> None:
    cluster.server.denied = lambda kind, namespace: 502
    cluster.start()
    cluster.world.run(20.0)
    assert cluster.store.link.link is not Link.LIVE
    assert cluster.store.link.sentence.startswith("No rows yet:")
