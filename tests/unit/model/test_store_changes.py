"""The store beside a plain dict: it holds the same after every step, and a drain names what changed and no more."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.model.cache.freshness import CacheState, Freshness, Link, LinkState, Sync
from edgetui.model.cache.list_progress import ListProgress
from edgetui.model.cache.store import MOST_OWNERS, MOST_ROWS, ChangeSet, Store, Usage, older, reached
from edgetui.model.cache.wireprofile import LEVELS
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.node import NodeRow
from edgetui.model.kinds.pod import PodRow
from edgetui.model.kinds.replicaset import ReplicaSetRow
from edgetui.model.kinds.service import ServiceRow

Key = tuple[str, str, str]
"""Kind, namespace and name."""
Model = dict[Key, Row]
UIDS = [f"{kind}-{at}" for kind in ("d", "r") for at in range(3)]
KINDS = {
    "Pod": PodRow,
    "Node": NodeRow,
    "ReplicaSet": ReplicaSetRow,
    "Deployment": DeploymentRow,
    "Service": ServiceRow,
}
HAVE_OWNED = ("ReplicaSet", "Deployment")


def made(rng: random.Random, kind: str, version: int) -> Row:
    name = f"{kind[0].lower()}-{rng.randrange(3)}"
    base: dict[str, Any] = {"name": name, "namespace": "" if kind == "Node" else rng.choice(["x", "y"])}
    base["resource_version"] = rng.choice([str(version), str(version), str(version - 5), ""])
    base["uid"] = f"{base['namespace']}-{name}-{rng.randrange(3)}"
    if kind == "Pod":
        return PodRow(
            **base, owner_uid=rng.choice(["", *UIDS]), node=rng.choice(["", "n-0", "n-1"]),
            phase=rng.choice(["Running", "Running", "Succeeded", "Failed"]),
        )  # fmt: skip
    if kind == "Node":
        return NodeRow(**base, ready=rng.choice(["True", "Unknown"]), heartbeat=rng.randrange(3))
    if kind == "ReplicaSet":
        return ReplicaSetRow(**base | {"uid": f"r-{rng.randrange(3)}"}, owner_uid=rng.choice(["", *UIDS[:3]]))
    if kind == "Deployment":
        return DeploymentRow(**base | {"uid": f"d-{rng.randrange(3)}"})
    return ServiceRow(**base)


def same(known: Row, row: Row) -> bool:
    """Whether a list tells nothing new of a row."""
    if (known.uid, known.resource_version) != (row.uid, row.resource_version):
        return False
    return row.resource_version != "" or known == row


def carrier(row: Row | None) -> str:
    return row.node if isinstance(row, PodRow) and row.phase not in ("Succeeded", "Failed") else ""


def note(changes: ChangeSet, kind: str, old: Row | None, new: Row | None) -> None:
    """What one row that is another now means for a drain."""
    row = new or old
    assert row is not None
    changes.changed.setdefault(kind, set()).add((row.namespace, row.name))
    changes.owners |= {one.owner_uid for one in (old, new) if one is not None} - {""}
    if carrier(old) != carrier(new):
        changes.nodes |= {carrier(old), carrier(new)} - {""}
    if kind == "Node":
        quiet = [
            replace(one, heartbeat=0, resource_version="") for one in (old, new) if isinstance(one, NodeRow)
        ]
        if len(quiet) < 2 or quiet[0] != quiet[1]:
            changes.carriers.add(row.name)


def put(model: Model, changes: ChangeSet, kind: str, row: Row | None, key: Key) -> None:
    old = model.pop(key, None)
    if row is not None:
        model[key] = row
    note(changes, kind, old, row)


def steps(rng: random.Random, store: Store, model: Model, changes: ChangeSet) -> Iterator[None]:
    """One step after the other, on both."""
    for version in range(10, 150):
        kind = rng.choice(list(KINDS))
        row = made(rng, kind, version)
        key = (kind, row.namespace, row.name)
        known = model.get(key)
        what = rng.choice(["apply", "apply", "apply", "delete", "delete any", "replace", "replace x"])
        if what == "apply":
            stale = known is not None and known.uid == row.uid and (
                same(known, row) or older(row.resource_version, known.resource_version)
            )  # fmt: skip
            assert store.apply(kind, row) is not stale
            if not stale:
                put(model, changes, kind, row, key)
        elif what.startswith("delete"):
            uid = "" if what == "delete any" else row.uid
            gone = known is not None and uid in ("", known.uid)
            assert store.delete(kind, row.namespace, row.name, uid) is gone
            if gone:
                put(model, changes, kind, None, key)
        else:
            space = "x" if what == "replace x" and kind != "Node" else ""
            rows = {(one.namespace, one.name): one for one in (made(rng, kind, version) for _ in range(3))}
            listed = [one for one in rows.values() if space in ("", one.namespace)]
            inside = {one for one in model if one[0] == kind and space in ("", one[1])}
            gone_ones = inside - {(kind, one.namespace, one.name) for one in listed}
            fresh = [
                one
                for one in listed
                if (at := model.get((kind, one.namespace, one.name))) is None or not same(at, one)
            ]
            assert store.replace(kind, iter(listed), space) is bool(gone_ones or fresh)
            for old in gone_ones:
                put(model, changes, kind, None, old)
            for one in fresh:
                put(model, changes, kind, one, (kind, one.namespace, one.name))
        yield


def check(store: Store, model: Model) -> None:
    """Everything that can be asked of a store."""
    assert store.size == len(model)
    for kind in KINDS:
        rows = [row for (of, _, _), row in model.items() if of == kind]
        assert sorted(store.rows(kind), key=lambda one: (one.namespace, one.name)) == sorted(
            rows, key=lambda one: (one.namespace, one.name)
        )
        assert [store.count(kind, space) for space in ("", "x", "y", "z")] == [
            len(rows), *(sum(row.namespace == space for row in rows) for space in ("x", "y")), 0
        ]  # fmt: skip
    assert all(store.get(*key) is row for key, row in model.items())
    assert store.namespaces() == {space for _, space, _ in model if space}
    pods = [row for row in model.values() if isinstance(row, PodRow)]
    for node in ("n-0", "n-1", "n-2"):
        assert store.pods_on(node) == sum(carrier(pod) == node for pod in pods)
        assert sorted(pod.name for pod in store.carried_by({node})) == sorted(
            pod.name for pod in pods if pod.node == node
        )
    for uid in UIDS:
        owned = [row for row in model.values() if row.owner_uid == uid]
        assert sorted(map(repr, store.owned_by(uid))) == sorted(map(repr, owned))
        sets = {row.uid for row in owned if isinstance(row, ReplicaSetRow)}
        of_it = [pod for pod in pods if pod.owner_uid in {uid, *sets}]
        assert sorted(map(repr, store.pods_of(uid))) == sorted(map(repr, of_it))


@pytest.mark.parametrize("seed", range(8))
def test_any_history_leaves_what_a_plain_dict_holds_and_tells_what_changed(seed: int) -> None:
    rng = random.Random(seed)
    store, model, changes = Store("plant"), Model(), ChangeSet()
    for _ in steps(rng, store, model, changes):
        check(store, model)
        if rng.random() < 0.5:
            assert store.drain() == changes
            changes.changed, changes.owners, changes.nodes, changes.carriers = {}, set(), set(), set()


def service(at: int, version: str = "1", space: str = "d") -> ServiceRow:
    return ServiceRow(namespace=space, name=f"s-{at}", uid=f"u-{at}", resource_version=version)


@pytest.mark.parametrize(
    ("listed", "fresh", "gone", "broad"),
    [(256, 256, 0, False), (257, 257, 0, True), (0, 0, 256, False), (0, 0, 257, True), (600, 300, 0, False),
     (600, 301, 0, True), (520, 200, 61, True), (520, 200, 60, False), (512, 256, 1, True)],
)  # fmt: skip
def test_a_list_that_changes_more_than_half_asks_for_a_rebuild(
    listed: int, fresh: int, gone: int, broad: bool
) -> None:
    store = Store("plant")
    before = [service(at) for at in range(listed - fresh)] + [service(at) for at in range(1000, 1000 + gone)]
    store.replace("Service", before)
    store.drain()
    store.apply("Service", service(5000))
    assert store.replace("Service", [*(service(at) for at in range(listed)), service(5000)])
    changes = store.drain()
    assert changes.reset == ({"Service"} if broad else set())
    assert len(changes.changed.get("Service", ())) == (0 if broad else fresh + gone + 1)


def test_a_row_after_a_reset_is_not_named_besides() -> None:
    store = Store("plant")
    store.replace("Service", [service(at) for at in range(300)])
    store.apply("Service", service(999))
    store.delete("Service", "d", "s-1", "")
    store.set_metrics("Service", {("d", "s-2"): Usage(1, 2)}, True)
    assert store.drain() == ChangeSet(reset={"Service"}, status=True)
    assert store.drain() == ChangeSet()


def test_a_store_is_full_at_its_last_row() -> None:
    store = Store("plant")
    store.size = MOST_ROWS - 1
    assert not store.full
    store.apply("Service", service(1))
    assert store.full
    assert store.size == MOST_ROWS == 50_000
    store.delete("Service", "d", "s-1", "")
    assert not store.full


def test_a_chain_of_owners_ends_after_sixteen() -> None:
    store = Store("plant")
    for at in range(20):
        row = DeploymentRow(
            namespace="d", name=f"d-{at}", uid=f"{at}", resource_version="1", owner_uid=f"{at + 1}"
        )
        store.apply("Deployment", row)
    assert [row.uid for _, row in store.owners("0")] == [f"{at}" for at in range(MOST_OWNERS)]
    assert [row.uid for _, row in store.owners("18")] == ["18", "19"]
    assert [kind for kind, _ in store.owners("19")] == ["Deployment"]
    assert list(store.owners("99")) == []
    assert MOST_OWNERS == 16


def test_an_owner_is_known_by_its_uid_while_it_is_there() -> None:
    store = Store("plant")
    one = DeploymentRow(namespace="d", name="press", uid="1", resource_version="1")
    store.apply("Deployment", one)
    store.apply("Deployment", replace(one, resource_version="2"))
    assert store.owner("1") == ("Deployment", replace(one, resource_version="2"))
    two = replace(one, uid="2", resource_version="1")
    store.apply("Deployment", two)
    assert (store.owner("1"), store.owner("2")) == (None, ("Deployment", two))
    store.delete("Deployment", "d", "press", "2")
    assert store.owner("2") is None
    store.apply("Pod", PodRow(namespace="d", name="a", uid="p", resource_version="1"))
    assert store.owner("p") is None


def test_what_an_owner_has_stays_the_same_in_number_beyond_sixty_four() -> None:
    store = Store("plant")
    pods = [
        PodRow(
            namespace="d", name=f"p-{at}", uid=f"{at}" if at % 2 else "", resource_version="1", owner_uid="o"
        )
        for at in range(70)
    ]
    for pod in pods:
        store.apply("Pod", pod)
    assert {pod.name for pod in store.owned_by("o")} == {pod.name for pod in pods}
    anew = replace(pods[1], uid="anew")
    store.apply("Pod", anew)
    assert len(store.owned_by("o")) == 70
    assert anew in store.owned_by("o")
    assert pods[1] not in store.owned_by("o")
    store.apply("Pod", replace(anew, resource_version="2", owner_uid="other"))
    assert len(store.owned_by("o")) == 69
    for pod in pods:
        store.delete("Pod", "d", pod.name, "")
    assert list(store.owned_by("o")) == []


def announced(store: Store) -> list[bool]:
    calls: list[bool] = []
    store.on_dirty = lambda: calls.append(True)
    return calls


def test_what_is_told_of_a_cluster_counts_once_and_only_where_it_differs() -> None:
    store = Store("plant")
    calls = announced(store)
    live, link = Freshness(Sync.LIVE, 5.0), LinkState(Link.LIVE)
    writes: list[Callable[[], None]] = [
        lambda: store.set_freshness("Pod", live),
        lambda: store.set_link(link),
        lambda: store.set_badges(("k3s",)),
        lambda: store.set_version("v1.35.2"),
        lambda: store.set_wire(LEVELS[1]),
        lambda: store.set_metrics("Pod", {("d", "a"): Usage(1, 2)}, True),
    ]
    for again in (False, True):
        for write in writes:
            write()
            expected = ChangeSet() if again else ChangeSet(status=True)
            changes = store.drain()
            assert replace(changes, changed={}) == expected
            assert bool(changes) is not again
    assert len(calls) == 6
    assert (store.freshness("Pod"), store.link, store.badges) == (live, link, ("k3s",))
    assert (store.version, store.wire, store.heard()) == ("v1.35.2", LEVELS[1], ["Pod"])
    store.set_cache(CacheState(5.0, 7))
    assert (store.cache, store.drain()) == (CacheState(5.0, 7), ChangeSet(status=True))
    assert len(calls) == 7


def test_a_list_on_its_way_is_no_change() -> None:
    store = Store("plant")
    calls = announced(store)
    progress = ListProgress(5.0, 10.0, 3)
    store.set_listing("Pod", progress)
    assert store.listing == {"Pod": progress}
    store.set_listing("Pod", None)
    store.set_listing("Pod", None)
    assert (store.listing, calls, store.drain()) == ({}, [], ChangeSet())


def test_metrics_name_the_rows_whose_numbers_moved() -> None:
    store = Store("plant")
    store.set_metrics("Pod", {("d", "a"): Usage(1, 2), ("d", "b"): Usage(3, 4)}, True)
    assert store.drain() == ChangeSet(changed={"Pod": {("d", "a"), ("d", "b")}}, status=True)
    store.set_metrics(
        "Pod", {("d", "a"): Usage(1, 2), ("d", "b"): Usage(3, 5), ("d", "c"): Usage(0, 0)}, True
    )
    assert store.drain() == ChangeSet(changed={"Pod": {("d", "b"), ("d", "c")}}, status=True)
    assert store.metrics_available("Pod")
    store.set_metrics("Pod", {}, False)
    assert store.drain() == ChangeSet(changed={"Pod": {("d", "a"), ("d", "b"), ("d", "c")}}, status=True)
    assert (store.metrics_available("Pod"), store.metrics_available("Node")) == (False, None)
    store.set_metrics("Pod", {}, True)
    assert store.drain() == ChangeSet(status=True)
    assert (store.usage("Pod", "d", "a"), store.usage("Node", "", "n")) == (None, None)


@pytest.mark.parametrize(
    ("version", "other", "is_there"),
    [("10", "9", True), ("10", "10", True), ("9", "10", False), ("", "1", False), ("1", "", False), ("x", "1", False),
     ("1", "x", False), ("²", "1", False), ("1", "²", False)],
)  # fmt: skip
def test_whether_a_history_has_reached_a_version(version: str, other: str, is_there: bool) -> None:
    assert reached(version, other) is is_there


@pytest.mark.parametrize(
    "more", [{"ready": "Unknown"}, {"cordoned": True}, {"version": "v2"}, {"heartbeat": 9, "ready": "False"}]
)
def test_a_node_carries_its_pods_along_in_all_but_its_heartbeat(more: dict[str, object]) -> None:
    store = Store("plant")
    node = NodeRow(namespace="", name="n", uid="n", resource_version="1", ready="True")
    store.apply("Node", node)
    assert store.drain().carriers == {"n"}
    store.apply("Node", replace(node, resource_version="2", heartbeat=9))
    assert store.drain() == ChangeSet(changed={"Node": {("", "n")}})
    store.apply("Node", replace(node, resource_version="3", **more))
    assert store.drain() == ChangeSet(changed={"Node": {("", "n")}}, carriers={"n"})
    store.delete("Node", "", "n", "")
    assert store.drain() == ChangeSet(changed={"Node": {("", "n")}}, carriers={"n"})
