"""The partition of a kind changes under rows that stay: whole cluster, per namespace, as Tables, in any order."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from edgetui.cluster.link.state import Phase
from edgetui.cluster.watch.informer import TABLES, WHOLE, Kept, Partition
from edgetui.model.cache.freshness import Freshness, Sync
from tests.unit.cluster.simulated_server import ThingRow
from tests.unit.cluster.simulation import Cluster
from tests.unit.cluster.test_printed import PRINTED

PARTITIONS = {"whole": WHOLE, "tables": TABLES, "each": Partition(each=True)}
CURRENT = (Sync.LIVE, Sync.STALE)


def made(seed: int = 0) -> Cluster:
    c = Cluster(seed, kinds=PRINTED)
    c.server.put("Node", "", "n0", 0)
    for n in range(8):
        c.server.put("Pod", "ab"[n % 2], f"p{n}", n)
    c.server.namespaces_listed = ["a", "b"]
    return c


def divide(c: Cluster, name: str) -> None:
    """Another partition for the pods, as the supervisor gives it."""
    c.supervisor._partition = lambda kind: PARTITIONS[name] if kind == "Pod" else WHOLE  # type: ignore[method-assign]
    c.supervisor.use_tables(True)


def values(c: Cluster) -> dict[tuple[str, str], int]:
    return {key: value for key, (_uid, value) in c.rows("Pod").items()}


def right(c: Cluster) -> bool:
    return values(c) == {key: value for key, (_uid, value) in c.truth("Pod").items()}


def fresh(c: Cluster) -> Freshness:
    return c.store.freshness("Pod")


@pytest.mark.parametrize("before", PARTITIONS)
@pytest.mark.parametrize("after", PARTITIONS)
def test_rows_keep_their_age_through_any_change_of_partition(before: str, after: str) -> None:
    c = made()
    divide(c, before)
    c.start()
    c.world.until(lambda: c.live() and right(c), 5.0)
    c.world.run(30.0)
    c.server.cut()
    c.world.run(2160.0)
    known = fresh(c)
    assert known.sync is Sync.STALE
    divide(c, after)
    c.world.run(60.0)
    assert (fresh(c).sync, fresh(c).heard) == (Sync.STALE, known.heard)
    assert len(values(c)) == 8
    c.server.put("Pod", "a", "p0", 99)
    c.server.mend()
    while not (fresh(c).sync is Sync.LIVE and right(c)):
        assert fresh(c).heard >= known.heard
        assert len(values(c)) == 8
        c.world.run(0.05)
        assert c.world.time < 10_000.0


@pytest.mark.parametrize("latency", [0.01, 1.0])
def test_an_answer_that_a_replaced_partition_waited_for_begins_nothing(latency: float) -> None:
    c = made()
    c.server.latency = latency
    c.server.denied = lambda kind, namespace: 403 if kind.name == "Pod" and not namespace else 0
    c.start()
    pods = c.supervisor._informers["Pod"]
    while not pods._asking:
        c.world.run(latency / 10)
    divide(c, "tables")
    c.world.run(20.0)
    assert {s.namespace for s in c.server.streams if s.open and s.kind.name == "Pod"} == {"a", "b"}
    assert all(s.printed for s in c.server.streams if s.open and s.kind.name == "Pod")
    divide(c, "whole")
    c.supervisor.stop()
    c.world.run(60.0)
    assert not [s for s in c.server.streams if s.open]


def test_namespaces_in_view_are_the_only_ones_watched_where_the_cluster_may_not_be_listed() -> None:
    c = Cluster()
    names = [f"ns{n}" for n in range(50)]
    for name in names:
        c.server.put("Pod", name, "p", 1)
    c.server.namespaces_listed = names
    c.server.denied = lambda kind, namespace: 403 if kind.name == "Pod" and not namespace else 0
    c.supervisor.in_view = ("ns7",)
    c.start("Node", "Pod")
    c.world.until(lambda: fresh(c).sync is Sync.LIVE, 5.0)
    assert c.supervisor.namespaces_of("Pod") == ["ns7"]
    assert fresh(c).reason == "watching only namespace ns7"
    c.supervisor.look_at(["ns9"])
    c.world.until(lambda: {space for space, _ in c.rows("Pod")} == {"ns9"}, 5.0)
    c.supervisor.look_at([])
    c.world.until(lambda: len(c.rows("Pod")) == 50, 30.0)


def test_a_namespace_that_comes_later_is_missing_and_the_others_keep_their_age() -> None:
    c = made()
    divide(c, "tables")
    c.start()
    c.world.until(c.live, 5.0)
    c.server.latency = 5.0
    c.server.namespaces_listed = ["a", "b", "c"]
    c.server.put("Pod", "c", "new", 1)
    asked = c.world.until(lambda: "c" in c.supervisor._informers["Pod"]._watchers, 700.0)
    assert asked
    while ("c", "new") not in values(c):
        assert (fresh(c).sync, fresh(c).partial) == (Sync.LIVE, True)
        c.world.run(0.5)
    c.world.run(1.0)
    assert (fresh(c).sync, fresh(c).partial) == (Sync.LIVE, False)


def test_an_answer_that_comes_after_the_link_went_down_opens_nothing() -> None:
    c = made()
    divide(c, "tables")
    c.start("Node")
    c.world.until(c.live, 5.0)
    c.server.latency = 0.5
    c.supervisor.show("Pod")
    c.server.cut()
    asked = len(c.server.requests)
    c.world.run(5.0)
    assert {path for _, path, _ in c.server.requests[asked:]} <= {"probe"}


def test_a_kind_shown_after_the_end_begins_nothing() -> None:
    c = made()
    c.start("Node")
    c.world.until(c.live, 5.0)
    c.supervisor.stop()
    before = len(c.server.requests)
    c.supervisor.show("Pod")
    c.world.run(60.0)
    assert len(c.server.requests) == before
    assert fresh(c).sync is Sync.HIDDEN


def test_rows_are_as_old_as_they_are_while_a_new_list_comes_and_when_it_does_not_come_through() -> None:
    """Bytes of a list that is under way prove nothing about the rows of the one before."""
    c = made()
    c.start()
    c.world.until(c.live, 5.0)
    c.world.run(10.0)
    c.server.cut()
    c.world.run(300.0)
    known = fresh(c).heard
    c.server.watchlist = "silent"
    c.server.mend()
    c.world.until(lambda: any(s.open and s.kind.name == "Pod" for s in c.server.streams), 40.0)
    c.world.run(3.0)
    assert (fresh(c).sync, fresh(c).heard) == (Sync.STALE, known)
    c.server.cut()
    c.world.run(3.0)
    assert (fresh(c).sync, fresh(c).heard) == (Sync.STALE, known)


def test_a_kind_that_goes_on_in_an_older_version_of_its_api_keeps_its_rows_and_their_age() -> None:
    newest = replace(PRINTED["Pod"], version="v2", group="pods", printed=None)
    kinds = {**PRINTED, "Pod": replace(newest, older={"v1": lambda: replace(newest, version="v1")})}
    c = Cluster(kinds=kinds)
    c.server.put("Node", "", "n0", 0)
    c.server.put("Pod", "a", "p0", 0)
    c.start()
    c.world.until(c.live, 5.0)
    c.world.run(30.0)
    known = fresh(c).heard
    c.server.denied = lambda kind, namespace: 404 if kind.version == "v2" else 0
    c.server.latency = 0.5
    c.server.end()
    for _ in range(60):
        c.world.run(0.1)
        assert fresh(c).heard >= known
        assert fresh(c).sync in CURRENT
        assert len(values(c)) == 1
    c.world.until(lambda: c.live() and right(c), 10.0)
    assert c.supervisor._informers["Pod"].kind.version == "v1"


# Random histories

Move = Callable[[Cluster], None]


def _late(c: Cluster) -> None:
    c.server.latency = 3.0


def _soon(c: Cluster) -> None:
    c.server.latency = 0.01


def _denied(c: Cluster) -> None:
    c.server.denied = lambda kind, namespace: 403 if kind.name == "Pod" and not namespace else 0


def _one_denied(c: Cluster) -> None:
    c.server.denied = lambda kind, namespace: 403 if kind.name == "Pod" and namespace == "b" else 0


def _allowed(c: Cluster) -> None:
    c.server.denied = lambda kind, namespace: 0


MOVES: dict[str, Move] = {
    **{name: lambda c, name=name: divide(c, name) for name in PARTITIONS},  # type: ignore[misc]
    "late": _late,
    "soon": _soon,
    "cut": lambda c: c.server.cut(),
    "vanish": lambda c: c.server.vanish(),
    "mend": lambda c: c.server.mend(),
    "reset": lambda c: c.server.reset(),
    "end": lambda c: c.server.end(),
    "compact": lambda c: c.server.compact(),
    "silent lists": lambda c: setattr(c.server, "watchlist", "silent"),
    "lists": lambda c: setattr(c.server, "watchlist", "yes"),
    "whole is denied": _denied,
    "whole is allowed": _allowed,
    "new credentials": lambda c: c.supervisor.credentials_changed(),
    "put": lambda c: c.server.put("Pod", "a", "p0", int(c.world.time)),
    "add": lambda c: c.server.put("Pod", "b", f"x{int(c.world.time)}", 1),
    "remove": lambda c: c.server.remove("Pod", "b", "p1"),
    "view a": lambda c: c.supervisor.look_at(["a"]),
    "view all": lambda c: c.supervisor.look_at([]),
    "b is denied": _one_denied,
    "list again": lambda c: c.supervisor.list_again("asked for"),
}
histories = st.lists(
    st.tuples(st.sampled_from(sorted(MOVES)), st.sampled_from([0.0, 0.01, 0.3, 1.0, 4.0, 30.0, 130.0])),
    max_size=25,
)


def streams_are_those_of_the_partition(c: Cluster) -> None:
    """No stream is open but those of watchers that are kept, and no two of the same collection."""
    pods = c.supervisor._informers["Pod"]
    opened = [s for s in c.server.streams if s.open and s.kind.name == "Pod" and not s.mute]
    assert len(opened) <= len(pods.watchers)
    assert {s.namespace for s in opened} <= pods._watchers.keys()
    if c.supervisor.in_view and c.supervisor.link.phase is Phase.UP:
        assert pods._watchers.keys() - {""} <= set(c.supervisor.in_view)
    assert all(s.printed == pods.partition.tables for s in opened)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 1000), first=st.sampled_from(sorted(PARTITIONS)), moves=histories)
def test_whatever_changes_rows_keep_their_age_and_end_equal_to_the_server(
    seed: int, first: str, moves: list[tuple[str, float]]
) -> None:
    c = made(seed)
    divide(c, first)
    c.start()
    c.world.until(c.live, 10.0)
    age = fresh(c)
    for name, wait in moves:
        MOVES[name](c)
        for _ in range(1 + min(8, int(wait / 0.3))):
            c.world.run(wait / 8)
            now = fresh(c)
            if now.sync is not Sync.FORBIDDEN and values(c):
                lost = now.heard < age.heard and not (age.sync is Sync.FORBIDDEN or not age.heard)
                assert not lost, (name, age, now)
                assert now.sync in CURRENT or not age.heard, (name, age, now)
            age = now if values(c) else Freshness()
            streams_are_those_of_the_partition(c)
    _allowed(c)
    _soon(c)
    c.supervisor.look_at([])
    c.server.mend()
    c.server.watchlist = "yes"
    c.world.run(1400.0)
    assert right(c), (values(c), c.truth("Pod"))
    assert fresh(c).sync is Sync.LIVE
    c.supervisor.stop()
    assert not [s for s in c.server.streams if s.open and not s.mute]
    before = values(c)
    c.server.put("Pod", "a", "after the end", 1)
    c.world.run(60.0)
    assert values(c) == before


def test_rows_of_an_earlier_run_stay_through_a_change_of_partition() -> None:
    c = made()
    c.server.cut()
    c.start()
    old = [ThingRow(namespace="a", name="old", uid="u", resource_version="5", value=5)]
    assert c.supervisor.recall("Pod", old, Kept(900_000.0, partial=False))
    for name in ("tables", "whole", "each"):
        divide(c, name)
        c.world.run(5.0)
        assert (fresh(c).sync, fresh(c).heard, fresh(c).kept) == (Sync.STALE, 900_000.0, True)
        assert values(c) == {("a", "old"): 5}
    c.server.mend()
    c.world.until(lambda: c.live() and right(c), 10.0)
    assert not fresh(c).kept
