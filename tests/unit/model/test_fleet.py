"""Views over many stores: taking changes in one by one ends where building everything again ends."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store, Usage
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import row_of
from edgetui.model.kinds.base import Row
from edgetui.model.panes import PANES
from edgetui.model.panes.base import Pane, PaneRow
from edgetui.model.panes.pods import Pods
from edgetui.model.view.fleet import Fleet, FleetView
from tests.unit.model import factories as f

MADE = f.deployment("press", version=1)
SETS = f.replica_set(MADE, "aaa", version=1)


def noded(name: str, version: int, **more: Any) -> f.Json:
    """A node at a resourceVersion; the factory's own `version` is the kubelet's."""
    made = f.node(f"node-{name[-1]}", **more)
    made["metadata"]["resourceVersion"] = str(version)
    return made


MAKERS: list[Any] = [
    lambda name, **more: f.pod(name, owner=SETS, labels={"pod-template-hash": "aaa"}, **more),
    lambda name, **more: f.image_pull(name, owner=SETS, labels={"pod-template-hash": "bbb"}, **more),
    lambda name, **more: f.pod(name, statuses=[f.running(ready=False)], created=f.NOW - 50, **more),
    lambda name, **more: f.pod(name, node="node-2", **more),
    lambda name, **more: f.deployment(name, updated=1, **more),
    lambda name, **more: f.deployment("press", available=int(name[-1]), **more),
    lambda name, **more: noded(name, ready="Unknown", **more),
    noded,
    lambda name, **more: f.autoscaler(name, cpu=93, **more),
    lambda name, **more: f.service(name, **more),
    lambda name, **more: f.replica_set(MADE, name, **more),
]
OBJECTS = st.builds(
    lambda make, name, version: make(name, version=version),
    st.sampled_from(MAKERS),
    st.sampled_from(["a-1", "a-2", "a-3"]),
    st.integers(1, 9),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("apply"), OBJECTS),
        st.tuples(st.just("apply"), OBJECTS),
        st.tuples(st.just("delete"), OBJECTS),
        st.tuples(st.just("replace"), st.lists(OBJECTS, max_size=4)),
        st.tuples(st.just("fresh"), st.sampled_from(list(Sync))),
        st.tuples(st.just("metrics"), st.integers(1, 3)),
        st.tuples(st.just("absorb"), st.floats(0, 30)),
        st.tuples(st.just("filter"), st.sampled_from(["", "a-1", "!a-1", "ns=default image", "running"])),
        st.tuples(
            st.just("sort"), st.tuples(st.sampled_from([None, "state", "cluster", "age"]), st.booleans())
        ),
    ),
    max_size=30,
)


def act(store: Store, step: str, what: Any) -> None:
    if step == "apply":
        store.apply(what["kind"], row_of(what["kind"], what))
    elif step == "delete":
        store.delete(what["kind"], what["metadata"].get("namespace", ""), what["metadata"]["name"], "")
    elif step == "replace":
        rows = [row_of("Pod", one) for one in what if one["kind"] == "Pod"]
        store.replace("Pod", rows)
    elif step == "fresh":
        store.set_freshness("Pod", Freshness(what, heard=f.NOW - 60))
    elif step == "metrics":
        store.set_metrics("Pod", {("default", "a-1"): Usage(what, what)}, True)


@settings(max_examples=150)
@given(st.sampled_from(list(PANES.values())), st.lists(st.tuples(st.booleans(), STEPS), max_size=4))
def test_taking_changes_in_ends_where_a_rebuild_ends(pane: Pane, histories: list[tuple[bool, Any]]) -> None:
    stores = [f.store_of(MADE, SETS, cluster="plant"), f.store_of(cluster="van-17")]
    fleet = Fleet(stores)
    view = fleet.view(pane)
    now = float(f.NOW)
    view.rebuild(now)
    wanted, order = "", (None, False)
    painted: dict[ObjectKey, PaneRow] = {key: row for key in view.keys if (row := view.row(key)) is not None}
    for first, steps in histories:
        for step, what in steps:
            if step == "filter":
                wanted = what
                view.set_filter(what)
            elif step == "sort" and what[0] in {None, *pane.index}:
                order = what
                view.set_sort(*what)
            elif step == "absorb":
                now += what
                absorb(view, fleet, now, painted)
            else:
                act(stores[not first], step, what)
    absorb(view, fleet, now + 11, painted)
    again = FleetView(pane, stores)
    again.rebuild(now + 11)
    again.set_filter(wanted)
    again.set_sort(*order)
    assert view.keys == again.keys
    assert [view.row(key) for key in view.keys] == [again.row(key) for key in again.keys]
    assert (view.counts(), view.summary(), view.shown) == (again.counts(), again.summary(), again.shown)
    assert all(painted.get(key) == view.row(key) for key in view.keys)


def absorb(view: FleetView, fleet: Fleet, now: float, painted: dict[ObjectKey, PaneRow]) -> None:
    """Repaint only what the view says, and hold it to telling when the order changed."""
    before = list(view.keys)
    view.summary()  # counted before a change, so that what was counted is seen to be forgotten after it
    change = view.absorb(fleet.drain(), now)
    assert change.order or view.keys == before
    for key in change.changed:
        row = view.row(key)
        if row is None:
            painted.pop(key, None)
        else:
            painted[key] = row


class Counting(Pods):
    """The pods pane, counting how often it builds."""

    def __init__(self) -> None:
        self.built = 0

    def build(self, store: Store, kind: str, row: Row, now: float) -> PaneRow:
        self.built += 1
        return super().build(store, kind, row, now)


def test_an_event_builds_one_row_however_many_there_are() -> None:
    store = f.store_of(*[f.pod(f"p-{at:05d}", version=1) for at in range(2000)])
    pane = Counting()
    view = FleetView(pane, [store])
    view.rebuild(f.NOW)
    pane.built = 0
    for at in range(20):
        store.apply("Pod", row_of("Pod", f.pod(f"p-{at:05d}", version=2, statuses=[f.crashing()])))
    change = view.absorb({"plant": store.drain()}, f.NOW)
    assert pane.built == 20
    assert (len(change.changed), change.order, view.bad) == (20, True, 20)
    assert [key.name for key in view.keys[:20]] == [f"p-{at:05d}" for at in range(20)]
    view.absorb({}, f.NOW + 5)
    assert pane.built == 20


def test_a_change_of_values_alone_keeps_the_order() -> None:
    store = f.store_of(f.pod("a", version=1), f.pod("b", version=1))
    view = FleetView(PANES["pods"], [store])
    view.rebuild(f.NOW)
    store.set_metrics("Pod", {("default", "a"): Usage(1, 1)}, True)
    change = view.absorb({"plant": store.drain()}, f.NOW)
    assert (change.order, {key.name for key in change.changed}) == (False, {"a"})


def test_news_that_change_nothing_visible_paint_nothing_but_the_version() -> None:
    store = f.store_of(f.pod("a", version=1))
    view = FleetView(PANES["pods"], [store])
    view.rebuild(f.NOW)
    store.set_freshness("Pod", Freshness(Sync.LIVE, heard=f.NOW + 60))
    assert not view.absorb({"plant": store.drain()}, f.NOW + 60)
    assert not view.absorb({}, f.NOW)


def test_a_cluster_that_goes_stale_takes_all_its_rows_with_it_and_no_others() -> None:
    plant, van = f.store_of(f.pod("a"), cluster="plant"), f.store_of(f.pod("b"), cluster="van")
    view = FleetView(PANES["pods"], [plant, van])
    view.rebuild(f.NOW)
    van.set_freshness("Pod", Freshness(Sync.STALE, heard=f.NOW - 60))
    change = view.absorb({"van": van.drain()}, f.NOW)
    assert {key.cluster for key in change.changed} == {"van"}
    assert [view.row(key).sign for key in view.keys] == ["~", " "]  # type: ignore[union-attr]


def test_what_depends_on_the_clock_is_looked_at_again() -> None:
    slow = f.pod("a", statuses=[f.waiting("ContainerCreating")], created=f.NOW - 100)
    view = FleetView(PANES["pods"], [f.store_of(slow)])
    view.rebuild(f.NOW)
    assert view.bad == 0
    assert view.absorb({}, f.NOW + 30)
    assert view.bad == 1


def test_sorting_by_a_column_both_ways() -> None:
    store = f.store_of(*[f.pod(name, created=f.NOW - age) for name, age in (("a", 50), ("b", 500), ("c", 5))])
    view = FleetView(PANES["pods"], [store])
    view.rebuild(f.NOW)
    view.set_sort("age", False)
    assert [key.name for key in view.keys] == ["c", "a", "b"]
    view.set_sort("age", True)
    assert [key.name for key in view.keys] == ["b", "a", "c"]
    view.set_sort(None, False)
    assert [key.name for key in view.keys] == ["a", "b", "c"]
    with pytest.raises(KeyError):
        view.set_sort("colour", False)


def test_the_same_name_in_two_clusters_is_two_rows() -> None:
    view = Fleet([f.store_of(f.pod("a"), cluster=name) for name in ("one", "two")]).view(PANES["pods"])
    view.rebuild(f.NOW)
    assert [key.cluster for key in view.keys] == ["one", "two"]


def test_objects_are_found_by_key_and_quiet_clusters_drain_nothing() -> None:
    store = f.store_of(f.pod("a"))
    fleet = Fleet([store, Store("van")])
    found = fleet.find(ObjectKey("plant", "Pod", "default", "a"))
    assert found is not None and found.name == "a"
    assert fleet.find(ObjectKey("nowhere", "Pod", "default", "a")) is None
    assert fleet.drain() == {}
    store.delete("Pod", "default", "a", "")
    assert list(fleet.drain()) == ["plant"]


class Compared(tuple[Any, ...]):
    """A place in an order that counts how often it is compared."""

    count = 0

    def __lt__(self, other: Any) -> bool:
        Compared.count += 1
        return super().__lt__(other)


class Placed(Counting):
    """The pods pane, counting builds, places made and comparisons."""

    def __init__(self) -> None:
        super().__init__()
        self.placed = 0

    def order(self, row: PaneRow) -> tuple[Any, ...]:
        self.placed += 1
        return Compared(super().order(row))


def test_a_few_changes_among_a_hundred_thousand_rows_cost_a_few_comparisons() -> None:
    """k changed rows among n: k builds, and about log2(n) places and comparisons to take each out and put it in."""
    rows, changed = 100_000, 40
    store, template = Store("plant"), row_of("Pod", f.pod("p", version=1))
    store.replace("Pod", [replace(template, name=f"p-{at:06d}", uid=str(at)) for at in range(rows)])
    store.drain()
    pane = Placed()
    view = FleetView(pane, [store])
    view.rebuild(f.NOW)
    assert view.shown == rows
    pane.built = pane.placed = Compared.count = 0
    crashing = row_of("Pod", f.pod("p", version=2, statuses=[f.crashing()]))
    for at in range(changed):
        store.apply("Pod", replace(crashing, name=f"p-{at * 2500:06d}", uid=str(at * 2500)))
    view.absorb({"plant": store.drain()}, f.NOW)
    assert view.bad == changed
    assert pane.built == changed
    assert changed <= Compared.count <= changed * 2 * 18
    assert pane.placed <= changed * 2 * 20
    Compared.count = 0
    assert view.position(ObjectKey("plant", "Pod", "default", "p-050001")) == 50_001 + changed - 21
    assert Compared.count <= 18
    assert view.position(ObjectKey("plant", "Pod", "default", "p-100001")) is None


def test_a_position_is_the_place_on_the_screen_whatever_the_order() -> None:
    store = f.store_of(*[f.pod(f"p-{at}", version=1) for at in range(9)], f.pod("other", version=1))
    view = FleetView(PANES["pods"], [store])
    view.rebuild(f.NOW)
    for reverse in (False, True):
        view.set_sort("name", reverse)
        view.set_filter("p-")
        assert [view.position(key) for key in view.keys] == list(range(9))
        assert view.position(ObjectKey("plant", "Pod", "default", "other")) is None
        view.set_filter("")


def test_a_row_of_a_view_costs_no_more_than_it_did() -> None:
    store, template = Store("plant"), row_of("Pod", f.pod("p", version=1))
    count = 3000
    store.replace("Pod", [replace(template, name=f"p-{at:06d}", uid=str(at)) for at in range(count)])
    view = FleetView(PANES["pods"], [store])
    gc.collect()
    tracemalloc.start()
    view.rebuild(f.NOW)
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used / count <= 620
