"""Rows of an earlier run, handed in before or after a start: all that follows until the cluster has told its own.

`pytest tests/unit/cluster/test_earlier_rows.py --snapshot-update` takes what happens now; look at what differs first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.watch.partition import WHOLE, Partition
from edgetui.cluster.watch.resumption import Kept
from edgetui.cluster.watch.table import WholePrinter
from tests.unit.cluster.recorded import CLOCK, OFFSET, Recorded, record
from tests.unit.cluster.simulated_server import ThingRow
from tests.unit.cluster.test_kept_rows import earlier
from tests.unit.cluster.test_partitions import PARTITIONS
from tests.unit.cluster.test_printed import PRINTED

AGO = OFFSET + 900.0
KEPT: dict[str, Kept] = {
    "without versions": Kept(AGO, partial=False),
    "in part": Kept(AGO, partial=True),
    "of a time that has not come": Kept(CLOCK - 1.0, partial=False),
    "resumed whole": Kept(AGO, partial=False, versions={"": "18"}),
    "resumed by namespace": Kept(AGO, partial=False, versions={"a": "18", "b": "17", "": "18"}, tables=True),
    "resumed in part": Kept(AGO, partial=True, versions={"a": "18", "b": "18"}),
    "resumed in part, printed": Kept(AGO, partial=True, versions={"a": "18", "b": "18"}, tables=True),
    "resumed from the future": Kept(AGO, partial=False, versions={"": "99"}),
}


def made(partition: str) -> Recorded:
    c = Recorded(3, PRINTED)
    c.server.put("Node", "", "n0", 0)
    for n in range(6):
        c.server.put("Pod", "ab"[n % 2], f"p{n}", n)
    c.server.namespaces_listed = ["a", "b"]
    c.supervisor._partition = lambda kind: PARTITIONS[partition] if kind == "Pod" else WHOLE  # type: ignore[method-assign]
    return c


def hand_in(c: Recorded, kept: Kept) -> None:
    rows = [*earlier(c, "Pod"), ThingRow(namespace="c", name="old", uid="u", resource_version="9", value=-1)]
    c.note(f"taken {c.supervisor.recall('Pod', rows, kept)}")


@pytest.mark.parametrize("partition", PARTITIONS)
@pytest.mark.parametrize("kept", KEPT)
def test_all_that_follows_from_rows_that_are_there_before_the_start(
    kept: str, partition: str, snapshot: SnapshotAssertion
) -> None:
    c = made(partition)
    c.supervisor.show("Pod")
    c.do(lambda: hand_in(c, KEPT[kept]), kept)
    c.do(lambda: hand_in(c, KEPT[kept]), "once more")
    c.server.put("Pod", "a", "p0", 90)
    c.do(lambda: c.supervisor.start(("Node", "Pod")), "start")
    c.world.run(0.4)
    c.do(lambda: c.supervisor.identified(str(c.server.rv)), "the cluster is known")
    c.world.run(20.0)
    assert record(c) == snapshot


def _another(c: Recorded) -> None:
    c.supervisor.forget()


def _hidden_and_shown(c: Recorded) -> None:
    c.supervisor.hide("Pod")
    c.supervisor.show("Pod")


WAYS: dict[str, Callable[[Recorded], Any]] = {
    "another cluster": _another,
    "nobody knows": lambda c: c.supervisor.identified(""),
    "behind": lambda c: c.supervisor.identified("5"),
    "denied": lambda c: setattr(c.server, "denied", lambda kind, namespace: 403),
    "namespace a is looked at": lambda c: c.supervisor.look_at(["a"]),
    "hidden and shown": _hidden_and_shown,
    "cut": lambda c: c.server.cut(),
    "no answer for long": lambda c: c.server.vanish(),
}


@pytest.mark.parametrize("partition", ["whole", "tables"])
@pytest.mark.parametrize("way", WAYS)
def test_all_that_follows_from_rows_that_are_resumed(
    way: str, partition: str, snapshot: SnapshotAssertion
) -> None:
    c = made(partition)
    c.server.latency = 0.2
    c.supervisor.show("Pod")
    tables = partition == "tables"
    versions = {"a": "18", "b": "18", "": "18"} if tables else {"": "18"}
    c.do(lambda: hand_in(c, Kept(AGO, False, versions, tables)), "handed in")
    c.do(lambda: WAYS[way](c), way)
    c.do(lambda: c.supervisor.start(("Node", "Pod")), "start")
    c.world.run(30.0)
    for kind in ("Node", "Pod", "Event"):
        c.note(f"{kind} {c.supervisor.versions(kind)} in {c.supervisor.namespaces_of(kind)}")
    c.note(f"{[(kind.name, *more) for kind, *more in c.supervisor.complete()]}")
    c.note(f"settled {c.supervisor.settled()}, {c.supervisor.listing} {c.supervisor.first_listing}")
    assert record(c) == snapshot


@pytest.mark.parametrize("partition", PARTITIONS)
@pytest.mark.parametrize("seconds", [0.0, 0.005, 0.3, 30.0])
def test_all_that_follows_from_rows_that_come_after_the_start(
    seconds: float, partition: str, snapshot: SnapshotAssertion
) -> None:
    c = made(partition)
    c.server.latency = 0.2
    c.do(lambda: c.supervisor.start(("Node", "Pod")), "start")
    c.world.run(seconds)
    c.do(lambda: hand_in(c, KEPT["resumed whole"]), "handed in")
    c.world.run(20.0)
    assert record(c) == snapshot


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize("tables", [False, True])
def test_each_byte_of_a_resumption_counts_over_a_slow_link_unless_rows_are_printed(
    tables: bool, long: bool
) -> None:
    c = made("whole")
    partition = Partition(tables=WholePrinter if tables else None)
    c.supervisor._partition = lambda kind: partition  # type: ignore[method-assign]
    c.supervisor.pace(long, {})
    c.supervisor.show("Pod")
    hand_in(c, Kept(AGO, False, {"": "18"}, tables))
    (watcher,) = c.supervisor.watchers
    assert (watcher.state.rv, watcher.state.rows, watcher.state.thin) == ("18", 8, long and not tables)


def test_where_nothing_is_kept_of_an_earlier_run_nothing_is_forgotten() -> None:
    c = made("whole")
    c.supervisor.start(("Pod",))
    c.world.run(5.0)
    informer = c.supervisor._informers["Pod"]
    assert not informer.forget()
    hand_in(c, KEPT["without versions"])
    assert not informer.forget(), "the cluster has told its own"
    c.supervisor.show("Event")
    assert c.supervisor.recall("Event", [], KEPT["without versions"])
    assert c.supervisor._informers["Event"].forget()


def test_a_namespace_that_grows_after_a_resumption_has_rows_of_its_own_half_a_minute_after_it_was_found() -> (
    None
):
    c = made("tables")
    c.server.namespaces_listed = ["a", "b", "c"]
    c.supervisor.show("Pod")
    hand_in(c, Kept(AGO, False, {"a": "17", "b": "17", "": "17"}, True))
    c.supervisor.start(("Node", "Pod"))
    c.world.run(0.4)
    c.supervisor.identified(str(c.server.rv))
    c.world.run(40.0)
    assert {watcher.namespace for watcher in c.supervisor.watchers if watcher.kind.id == "Pod"} == {
        "",
        "a",
        "b",
    }
    for n in range(4):
        c.server.put("Pod", "c", f"x{n}", n)
    c.world.run(15.0)
    assert "c" not in c.supervisor.namespaces_of("Pod")
    c.world.run(10.0)
    assert c.supervisor.namespaces_of("Pod") == ["a", "b", "c"]
