"""The partition of a kind changes under rows that stay: whole cluster, per namespace, as Tables, in any order."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from edgetui.cluster.link.state import Phase
from edgetui.cluster.watch.partition import WHOLE, Partition
from edgetui.cluster.watch.printed import TABLES
from edgetui.cluster.watch.resumption import Kept
from edgetui.model.cache.freshness import Freshness, Link, Sync
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
    while not pods.asking:
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
    c.supervisor.look_at(("ns7",))
    c.start("Node", "Pod")
    c.world.until(lambda: fresh(c).sync is Sync.LIVE, 5.0)
    assert c.supervisor.namespaces_of("Pod") == ["ns7"]
    assert fresh(c).reason == "watching only namespace ns7"
    c.supervisor.look_at(["ns9"])
    c.world.until(lambda: {space for space, _ in c.rows("Pod")} == {"ns9"}, 5.0)
    c.supervisor.look_at([])
    c.world.until(lambda: len(c.rows("Pod")) == 50, 30.0)


def tables_of(c: Cluster) -> set[str]:
    """The namespaces whose pods are printed; what is outside of them comes in one stream of objects."""
    open_ones = [s for s in c.server.streams if s.open and s.kind.name == "Pod"]
    assert [s.namespace for s in open_ones if not s.printed] == [""]
    return {s.namespace for s in open_ones if s.printed}


def test_a_namespace_that_comes_later_is_there_at_once_and_gets_a_table_when_it_is_worth_one() -> None:
    c = made()
    divide(c, "tables")
    c.start()
    c.world.until(c.live, 5.0)
    c.world.run(60.0)
    c.server.namespaces_listed = ["a", "b", "c"]
    for n in range(2):
        c.server.put("Pod", "c", f"new{n}", 1)
        c.world.run(0.1)
        assert right(c)
    c.world.run(700.0)
    assert tables_of(c) == {"a", "b"}
    c.server.put("Pod", "c", "new2", 1)
    c.server.put("Pod", "c", "new3", 1)
    while tables_of(c) != {"a", "b", "c"}:
        c.world.run(0.02)
        assert (fresh(c).sync, fresh(c).partial) == (Sync.LIVE, False)
        assert right(c)
        assert c.world.time < 3500.0
    c.world.run(0.1)
    c.server.put("Pod", "c", "new3", 2)
    c.server.put("Pod", "d", "far", 2)
    c.world.run(0.1)
    assert right(c)
    assert c.live()


def test_a_namespace_without_pods_costs_no_stream_of_its_own() -> None:
    c = made()
    c.server.namespaces_listed = ["a", "b", "empty", "default"]
    divide(c, "tables")
    c.start()
    c.world.until(c.live, 5.0)
    assert tables_of(c) == {"a", "b", "empty"}
    while tables_of(c) != {"a", "b"}:
        c.world.run(0.5)
        assert (fresh(c).sync, fresh(c).partial) == (Sync.LIVE, False)
        assert c.world.time < 1200.0
    c.server.put("Pod", "empty", "first", 1)
    c.server.put("Pod", "default", "first", 1)
    c.world.run(0.1)
    assert right(c)


def test_of_many_namespaces_all_pods_come_printed_in_one_stream() -> None:
    c = Cluster(kinds=PRINTED)
    c.server.put("Node", "", "n0", 0)
    c.server.namespaces_listed = [f"ns{n}" for n in range(48)]
    for name in c.server.namespaces_listed:
        c.server.put("Pod", name, "p", 1)
    divide(c, "tables")
    c.start()
    c.world.until(lambda: c.live() and right(c), 5.0)
    (stream,) = [s for s in c.server.streams if s.open and s.kind.name == "Pod"]
    assert (stream.printed, stream.namespace) == (True, "")
    assert all(row.uid for row in c.store.rows("Pod"))
    c.server.put("Pod", "ns7", "p", 70)
    c.server.remove("Pod", "ns8", "p")
    c.world.run(0.1)
    assert right(c)


def test_who_may_read_no_more_than_some_namespaces_gets_those_as_tables() -> None:
    c = made()
    c.server.namespaces_listed = ["a", "b", "default"]
    c.server.put("Pod", "default", "p", 1)
    c.server.denied = lambda kind, namespace: (
        403 if kind.name == "Pod" and namespace not in ("a", "default") else 0
    )
    divide(c, "tables")
    c.start()
    c.world.until(lambda: fresh(c).sync is Sync.LIVE, 30.0)
    assert {space for space, _ in values(c)} == {"a", "default"}
    assert fresh(c).partial


def test_rows_of_a_first_list_are_shown_as_they_come_and_said_to_be_on_their_way() -> None:
    c = made()
    c.server.watchlist = "silent"
    c.start()
    c.world.run(1.0)
    assert right(c)
    assert fresh(c).sync is Sync.SYNCING
    listing = c.store.listing.get("Pod")
    assert listing is not None
    assert (listing.rows, listing.remaining) == (8, None)


@pytest.mark.parametrize("down", [1.0, 40.0])
def test_namespaces_that_come_into_view_while_the_link_is_down_are_the_only_ones_watched_when_it_is_back(
    down: float,
) -> None:
    c = made()
    divide(c, "tables")
    c.start()
    c.world.until(c.live, 5.0)
    c.server.cut()
    c.world.run(down)
    c.supervisor.look_at(["a"])
    c.server.mend()
    c.world.until(lambda: c.store.link.link is Link.LIVE, 40.0)
    streams_are_those_of_the_partition(c)


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
    """No stream is open but those of watchers that are kept, or are to take over, and no two of the same collection."""
    informers = [one for one in c.supervisor._informers.values() if one.kind.id == "Pod"]
    assert len(informers) <= 2
    opened = [s for s in c.server.streams if s.open and s.kind.name == "Pod" and not s.mute]
    watchers = [(one, watcher) for one in informers for watcher in one.watchers]
    assert len(opened) <= len(watchers)
    assert {s.namespace for s in opened} <= {watcher.namespace for _, watcher in watchers}
    if c.supervisor.in_view and c.supervisor.link.phase is Phase.UP:
        assert {watcher.namespace for _, watcher in watchers} - {""} <= set(c.supervisor.in_view)
    forms = {(one.partition.tables is not None) and bool(watcher.namespace) for one, watcher in watchers}
    assert {s.printed for s in opened} <= forms


def test_rows_that_are_current_stay_so_while_another_partition_comes_and_nothing_is_missed_meanwhile() -> (
    None
):
    c = made()
    c.start()
    c.world.until(c.live, 5.0)
    for name in ("tables", "whole", "each", "whole"):
        c.world.run(40.0)
        c.server.latency = 4.0
        divide(c, name)
        for step in range(30):
            c.server.put("Pod", "a", "p0", 1000 + step)
            c.world.run(0.3)
            assert fresh(c).sync is Sync.LIVE
            assert right(c), step
        assert c.supervisor._informers["Pod"].partition == PARTITIONS[name]
        streams_are_those_of_the_partition(c)
        assert len([one for one in c.supervisor._informers.values() if one.kind.id == "Pod"]) == 1
        c.server.latency = 0.01


def test_a_kind_that_is_hidden_while_another_partition_comes_is_gone() -> None:
    c = made()
    c.start()
    c.world.until(c.live, 5.0)
    c.server.latency = 4.0
    divide(c, "tables")
    c.world.run(1.0)
    c.supervisor.hide("Pod")
    c.world.run(20.0)
    assert fresh(c).sync is Sync.HIDDEN
    assert not [s for s in c.server.streams if s.open and s.kind.name == "Pod"]


@settings(max_examples=150)
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
            # Denied as a whole its rows are gone, and those of its namespaces are shown as they come.
            begun = now.sync is Sync.SYNCING and c.supervisor._informers["Pod"]._denied
            if now.sync is not Sync.FORBIDDEN and values(c) and not begun:
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


@pytest.mark.parametrize("name", PARTITIONS)
def test_the_same_partition_is_no_change(name: str) -> None:
    c = made()
    divide(c, name)
    c.start()
    c.world.until(lambda: c.live() and right(c), 5.0)
    pods = c.supervisor._informers["Pod"]
    assert pods.divide(pods.partition) is False
    other = next(one for one in PARTITIONS.values() if one != pods.partition)
    assert pods.divide(other) is True
