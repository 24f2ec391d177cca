"""The store: refuses old news, replaces as a diff, keeps its indexes, says what changed."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgetui.model import labels
from edgetui.model.cache.freshness import Freshness, Link, LinkState, Sync
from edgetui.model.cache.store import ChangeSet, Store, Usage, older
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.pod import PodRow
from tests.unit.model import factories as f


def row(name: str, version: str, uid: str = "", namespace: str = "d", **more: Any) -> PodRow:
    return PodRow(namespace=namespace, name=name, uid=uid or name, resource_version=version, **more)


@pytest.mark.parametrize(
    ("one", "other", "is_older"),
    [
        ("9", "10", True),
        ("10", "9", False),
        ("10", "10", False),
        ("99999999999999999999", "100000000000000000000", True),
        ("eyJhIjoxfQ==", "eyJhIjoyfQ==", False),
        ("9", "abc", False),
        ("", "1", False),
        ("٣", "4", False),
    ],
)
def test_versions_compare_only_when_both_are_decimal(one: str, other: str, is_older: bool) -> None:
    assert older(one, other) is is_older


def test_an_older_version_is_refused() -> None:
    store = Store("plant")
    assert store.apply("Pod", row("a", "10"))
    assert not store.apply("Pod", row("a", "9", node="old"))
    assert not store.apply("Pod", row("a", "10"))
    assert store.apply("Pod", row("a", "11"))
    assert store.get("Pod", "d", "a") == row("a", "11")


def test_a_new_uid_under_the_same_name_replaces_whatever_its_version() -> None:
    store = Store("plant")
    store.apply("Pod", row("a", "10", uid="one"))
    assert store.apply("Pod", row("a", "2", uid="two"))
    assert not store.delete("Pod", "d", "a", "one")
    assert store.delete("Pod", "d", "a", "two")
    assert store.count("Pod") == 0


def test_opaque_versions_are_taken_as_they_come() -> None:
    store = Store("hub")
    store.apply("Pod", row("a", "eyJh"))
    assert store.apply("Pod", row("a", "aaaa"))
    assert not store.apply("Pod", row("a", "aaaa"))


def test_the_first_change_after_a_drain_is_announced_once() -> None:
    store = Store("plant")
    calls: list[int] = []
    store.on_dirty = lambda: calls.append(1)
    store.apply("Pod", row("a", "1"))
    store.apply("Pod", row("b", "1"))
    assert len(calls) == 1
    assert store.drain() == ChangeSet(changed={"Pod": {("d", "a"), ("d", "b")}})
    assert not store.drain()
    store.apply("Pod", row("a", "1"))
    assert len(calls) == 1
    store.delete("Pod", "d", "a", "a")
    assert len(calls) == 2


def test_a_callback_that_writes_is_not_called_again() -> None:
    store = Store("plant")
    calls: list[int] = []

    def write() -> None:
        calls.append(1)
        store.apply("Pod", row(f"b{len(calls)}", "1"))

    store.on_dirty = write
    store.apply("Pod", row("a", "1"))
    assert (len(calls), store.count("Pod")) == (1, 2)


def test_a_relist_marks_only_what_differs() -> None:
    store = Store("plant")
    store.replace("Pod", [row("a", "1"), row("b", "1"), row("c", "1")])
    store.drain()
    store.replace("Pod", [row("a", "1"), row("b", "2"), row("d", "1")])
    assert store.drain().changed == {"Pod": {("d", "b"), ("d", "c"), ("d", "d")}}
    store.replace("Pod", [row("a", "1"), row("b", "2"), row("d", "1")])
    assert not store.drain()


def test_a_list_from_a_rewound_server_is_the_truth() -> None:
    store = Store("plant")
    store.replace("Pod", [row("a", "100")])
    store.replace("Pod", [row("a", "7")])
    assert store.get("Pod", "d", "a") == row("a", "7")


def test_a_list_of_one_namespace_leaves_the_others_alone() -> None:
    store = Store("plant")
    store.replace("Pod", [row("a", "1", namespace="x"), row("b", "1", namespace="y")])
    store.replace("Pod", [row("c", "1", namespace="x")], namespace="x")
    assert {(one.namespace, one.name) for one in store.rows("Pod")} == {("x", "c"), ("y", "b")}


def test_a_broad_relist_asks_for_a_rebuild() -> None:
    store = Store("plant")
    store.replace("Pod", [row(f"p{i}", "1") for i in range(1000)])
    change = store.drain()
    assert (change.reset, change.changed) == ({"Pod"}, {})
    assert store.count("Pod") == 1000


def test_status_is_a_change_only_when_it_differs() -> None:
    store = Store("plant")
    store.set_freshness("Pod", Freshness(Sync.LIVE, 5.0))
    store.set_link(LinkState(Link.LIVE))
    store.set_badges(("DEMO",))
    store.set_version("v1.37.2")
    assert store.drain() == ChangeSet(status=True)
    store.set_freshness("Pod", Freshness(Sync.LIVE, 5.0))
    store.set_link(LinkState(Link.LIVE))
    store.set_badges(("DEMO",))
    store.set_version("v1.37.2")
    assert not store.drain()
    assert store.freshness("Node") == Freshness()


def test_metrics_change_the_rows_whose_numbers_moved() -> None:
    store = Store("plant")
    store.set_metrics("Node", {("", "a"): Usage(5, 6), ("", "b"): Usage(1, 1)}, True)
    store.drain()
    store.set_metrics("Node", {("", "a"): Usage(5, 6), ("", "b"): Usage(2, 1)}, True)
    assert store.drain() == ChangeSet(changed={"Node": {("", "b")}}, status=True)
    assert store.usage("Node", "", "b") == Usage(2, 1)
    store.set_metrics("Node", {}, False)
    assert store.metrics_available("Node") is False
    assert store.metrics_available("Pod") is None
    assert store.usage("Node", "", "a") is None


def test_owners_and_nodes_of_changed_pods_are_named_even_when_the_pod_is_gone() -> None:
    store = Store("plant")
    store.apply("Pod", row("a", "1", owner_uid="rs", node="n1", phase="Running"))
    assert store.pods_on("n1") == 1
    store.drain()
    store.delete("Pod", "d", "a", "a")
    change = store.drain()
    assert (change.owners, change.nodes) == ({"rs"}, {"n1"})
    assert (store.pods_on("n1"), list(store.owned_by("rs"))) == (0, [])


def test_ended_pods_do_not_fill_a_node() -> None:
    store = Store("plant")
    store.apply("Pod", row("a", "1", node="n1", phase="Running"))
    store.apply("Pod", row("a", "2", node="n1", phase="Succeeded"))
    assert store.pods_on("n1") == 0


def test_workloads_are_found_by_uid() -> None:
    made = f.deployment("press")
    sets = f.replica_set(made, "abc")
    store = f.store_of(made, sets, *f.pods_of(sets, 2))
    found = store.owner(sets["metadata"]["uid"])
    assert found is not None
    assert (found[0], found[1].name) == ("ReplicaSet", "press-abc")
    assert [one.name for one in store.owned_by(made["metadata"]["uid"])] == ["press-abc"]
    assert len(store.owned_by(sets["metadata"]["uid"])) == 2


NAMES = st.sampled_from(["a", "b", "c"])
SPACES = st.sampled_from(["x", "y"])
UIDS = st.sampled_from(["1", "2", "3"])
OWNERS = st.sampled_from(["", "rs-1", "rs-2"])
NODES = st.sampled_from(["", "n1", "n2"])
PHASES = st.sampled_from(["Running", "Succeeded"])
ROWS = st.builds(
    lambda space, name, uid, version, owner, node, phase: PodRow(
        namespace=space,
        name=name,
        uid=f"{space}-{name}-{uid}",
        resource_version=str(version),
        owner_uid=owner,
        node=node,
        phase=phase,
    ),
    SPACES,
    NAMES,
    UIDS,
    st.integers(1, 120),
    OWNERS,
    NODES,
    PHASES,
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("apply"), ROWS),
        st.tuples(st.just("delete"), ROWS),
        st.tuples(st.just("replace"), st.lists(ROWS, max_size=6)),
        st.tuples(st.just("replace x"), st.lists(ROWS, max_size=6)),
        st.tuples(st.just("drain"), st.none()),
    ),
    max_size=40,
)

Model = dict[tuple[str, str], Row]


def play(model: Model, step: str, given_: Any) -> Any:
    """The same step on a plain dict; returns what the store calls it with."""
    if step == "apply":
        known = model.get((given_.namespace, given_.name))
        newer = (
            known is None
            or known.uid != given_.uid
            or int(known.resource_version) < int(given_.resource_version)
        )
        if newer:
            model[(given_.namespace, given_.name)] = given_
    elif step == "delete":
        known = model.get((given_.namespace, given_.name))
        if known is not None and known.uid == given_.uid:
            del model[(given_.namespace, given_.name)]
    elif step.startswith("replace"):
        only = step.partition(" ")[2]
        rows = [one for one in given_ if not only or one.namespace == only]
        kept = {key: one for key, one in model.items() if only and key[0] != only}
        for one in rows:
            known = model.get((one.namespace, one.name))
            same = known and (known.uid, known.resource_version) == (one.uid, one.resource_version)
            kept[(one.namespace, one.name)] = known if same and known else one
        last = {(one.namespace, one.name): one for one in rows}
        for key, one in last.items():
            known = model.get(key)
            same = known and (known.uid, known.resource_version) == (one.uid, one.resource_version)
            kept[key] = known if same and known else one
        model.clear()
        model.update(kept)
        return rows
    return given_


@settings(max_examples=400)
@given(STEPS)
def test_any_history_ends_equal_to_a_plain_dict(steps: list[tuple[str, Any]]) -> None:
    store = Store("plant")
    model: Model = {}
    seen: Model = {}
    for step, what in steps:
        called = play(model, step, what)
        if step == "apply":
            store.apply("Pod", called)
        elif step == "delete":
            store.delete("Pod", called.namespace, called.name, called.uid)
        elif step.startswith("replace"):
            store.replace("Pod", iter(called), namespace=step.partition(" ")[2])
        else:
            follow(store, seen)
    follow(store, seen)
    assert seen == model
    check(store, model)


def follow(store: Store, seen: Model) -> None:
    """What a reader knows who only ever looks at what a drain names."""
    change = store.drain()
    if "Pod" in change.reset:
        seen.clear()
        seen.update({(one.namespace, one.name): one for one in store.rows("Pod")})
    for namespace, name in change.changed.get("Pod", ()):
        found = store.get("Pod", namespace, name)
        if found is None:
            seen.pop((namespace, name), None)
        else:
            seen[(namespace, name)] = found


def check(store: Store, model: Model) -> None:
    assert {(one.namespace, one.name): one for one in store.rows("Pod")} == model
    assert store.count("Pod") == len(model)
    for owner in ("rs-1", "rs-2"):
        owned = {(one.namespace, one.name) for one in store.owned_by(owner)}
        assert owned == {key for key, one in model.items() if one.owner_uid == owner}
        assert len(store.owned_by(owner)) == len(owned)
    for node in ("n1", "n2"):
        carried = [
            one for one in model.values() if isinstance(one, PodRow) and one.node == node and not one.ended
        ]
        assert store.pods_on(node) == len(carried)


BUDGET = 550
PODS = 3000


def test_a_pod_row_with_its_share_of_the_store_fits_the_budget() -> None:
    """Three pods to a ReplicaSet, as wide as real names, uids and versions are; their ReplicaSets are rows already."""
    owners = [
        f.replica_set(f.deployment(f"conveyor-belt-{i}", "line-1"), "7f9c66d8b4") for i in range(PODS // 3)
    ]
    lines = [
        msgspec.json.encode(one)
        for owner in owners
        for one in f.pods_of(
            owner, 3, node=f"node-{hash(owner['metadata']['uid']) % 9}", created=f.NOW - 10_000
        )
    ]
    for at, line in enumerate(lines):
        one = msgspec.json.decode(line)
        one["metadata"] |= {
            "resourceVersion": str(1_845_000 + at),
            "creationTimestamp": f.stamp(f.NOW - at * 7),
        }
        one["metadata"]["name"] = f"conveyor-7f9c66d8b4-{at:05d}"
        lines[at] = msgspec.json.encode(one)
    labels._shared.clear()  # as in a program that has just begun, whatever ran here before
    labels._parse.cache_clear()
    store = f.store_of(*owners)
    kind = KINDS["Pod"]
    decoder = msgspec.json.Decoder(kind.wire)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for line in lines:
        store.apply("Pod", kind.project(decoder.decode(line)))
    store.drain()
    gc.collect()
    each = (tracemalloc.get_traced_memory()[0] - before) / PODS
    tracemalloc.stop()
    print(f"{each:.0f} B per pod row")
    assert store.count("Pod") == PODS
    assert each <= BUDGET, f"{each:.0f} B per pod row"


def test_a_row_is_projected_from_plain_data_too() -> None:
    assert row_of("Pod", f.pod("a")).name == "a"


def test_usage_takes_the_names_of_the_rows() -> None:
    """A poll brings a name of its own for every pod; kept, they would cost as much as half a row each."""
    store = f.store_of(f.pod("press-7f9c66-x2k4q", "line-2"))
    asked = ("line-2", "".join(["press-7f9c66-", "x2k4q"]))
    store.set_metrics("Pod", {asked: Usage(1, 2)}, True)
    row = store.get("Pod", *asked)
    assert row is not None
    (kept,) = store._usage["Pod"]
    assert kept == asked
    assert kept[1] is row.name is not asked[1]
    assert store.usage("Pod", *asked) == Usage(1, 2)


def test_what_an_owner_has_is_found_by_uid_once_it_is_much() -> None:
    store = Store("plant")
    count = 5000
    for at in range(count):
        store.apply("Pod", row(f"p{at}", "1", owner_uid="job"))
    assert isinstance(store._owned["job"], dict)
    store.apply("Pod", row("p7", "2", owner_uid="job", node="n"))
    store.apply("Pod", row("p8", "2", uid="another", owner_uid="job"))
    store.delete("Pod", "d", "p9", "p9")
    store.apply("Pod", row("p10", "2", owner_uid="other"))
    owned = store.owned_by("job")
    assert len(owned) == count - 2
    assert {(one.name, one.uid, one.resource_version) for one in owned} == {
        (one.name, one.uid, one.resource_version) for one in store.rows("Pod") if one.owner_uid == "job"
    }
    assert [one.name for one in store.owned_by("other")] == ["p10"]
    store.replace("Pod", [])
    assert store.owned_by("job") == ()
    assert store._owned == {}


def test_an_object_without_a_version_counts_as_changed_when_its_row_does() -> None:
    """Usage of nodes in metrics.k8s.io has neither uid nor version."""
    store = Store("plant")
    first = Row(namespace="", name="node-0", uid="", resource_version="", created=1)
    later = Row(namespace="", name="node-0", uid="", resource_version="", created=2)
    assert store.replace("NodeMetrics", [first])
    assert not store.replace("NodeMetrics", [first])
    assert store.replace("NodeMetrics", [later])
    assert store.apply("NodeMetrics", first)
    assert not store.apply("NodeMetrics", first)
