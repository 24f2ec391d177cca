"""A pane is rebuilt by every kind that it reads: any change reaches the rows that depend on it."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.base import Row
from edgetui.model.panes import PANES
from edgetui.model.panes.base import BAD, FINE, Pane
from edgetui.model.view.fleet import Fleet
from tests.unit.model import factories as f


def site() -> Store:
    """A node with a pod, the pod's ReplicaSet and its Deployment, and a Service with endpoints and an address."""
    press = f.deployment("press", "line", replicas=1, ready=0, available=0, updated=1)
    owned = f.replica_set(press, "7f9c66", replicas=1, ready=0)
    pod = f.pod("press-1", "line", owner=owned, ready="False", node="edge", created=f.NOW - 9999)
    slice_ = f.endpoint_slice("press", "line", ready=2, on=["edge"])
    service = f.service("press", "line", type_="LoadBalancer", ips=["192.0.2.7"])
    announced = [
        f.announced(kind, "press", "edge", "line") for kind in ("ServiceL2Status", "ServiceBGPStatus")
    ]
    balanced = f.service_lb("press", "edge", namespace="line")
    return f.store_of(f.node("edge"), press, owned, pod, service, slice_, *announced, *balanced)


NEEDS = [
    (pane, kind)
    for pane in PANES.values()
    if any(site().count(kind) for kind in pane.kinds)  # the others have such tests beside those of their kind
    for kind in pane.needs
    if kind not in pane.kinds and site().count(kind)
]


def changed(store: Store, kind: str) -> None:
    """Change the objects of a kind in a way that anybody who reads them must look at."""
    for row in list(store.rows(kind)):
        more = {"Node": {"ready": "Unknown"}, "Pod": {"phase": "Succeeded"}}.get(
            kind, {"created": row.created - 1}
        )
        store.apply(kind, replace(row, resource_version="9000001", **more))


def reached(pane: Pane, store: Store) -> bool:
    """Whether the last change has a row of this pane made again, of those that are there."""
    return any(store.get(*one) for one in pane.affected(store, store.drain()))


@pytest.mark.parametrize(("pane", "kind"), NEEDS, ids=lambda one: one if isinstance(one, str) else one.id)
def test_a_change_of_each_kind_that_a_pane_reads_reaches_its_rows(pane: Pane, kind: str) -> None:
    store = site()
    changed(store, kind)
    assert reached(pane, store), f"{pane.id} does not listen to {kind}"


@pytest.mark.parametrize(("pane", "kind"), NEEDS, ids=lambda one: one if isinstance(one, str) else one.id)
def test_what_comes_and_what_goes_reaches_them_too(pane: Pane, kind: str) -> None:
    store = site()
    rows = list(store.rows(kind))
    for row in rows:
        store.delete(kind, row.namespace, row.name, row.uid)
    assert reached(pane, store)
    for row in rows:
        store.apply(kind, row)
    assert reached(pane, store)


def heard(kind: str, thing: f.Json, version: int) -> Row:
    return replace(row_of(kind, thing), resource_version=str(9_000_000 + version))


def printed(name: str, version: str) -> Row:
    make = KINDS["Pod"].printed
    assert make is not None
    cells = {"Name": name, "Ready": "1/1", "Status": "Running", "Restarts": "0", "Age": "9d", "Node": "edge"}
    return make(cells, "line", version, float(f.NOW))


@pytest.mark.parametrize("full", [True, False])
def test_a_pod_follows_its_node_whichever_of_the_two_is_heard_first(full: bool) -> None:
    store = Store("plant")
    for kind in KINDS:
        store.set_freshness(kind, Freshness(Sync.LIVE, float(f.NOW)))
    store.apply("Node", row_of("Node", f.node("edge")))
    pod = row_of("Pod", f.pod("cam", "line", node="edge", ready="False", created=f.NOW - 9999))
    store.apply("Pod", pod if full else printed("cam", "2"))
    fleet = Fleet([store])
    view = fleet.view(PANES["pods"])
    fleet.drain()
    view.rebuild(f.NOW)
    store.apply("Node", heard("Node", f.node("edge", ready="Unknown"), 1))
    view.absorb(fleet.drain(), f.NOW + 1)
    row = view.row(view.keys[0])
    assert row is not None
    assert (row.severity, view.pane.value(row, "why")) == (BAD, "node NotReady")
    store.apply("Node", heard("Node", f.node("edge"), 2))
    view.absorb(fleet.drain(), f.NOW + 2)
    row = view.row(view.keys[0])
    assert row is not None
    assert view.pane.value(row, "why") != "node NotReady"
    assert full or row.severity == FINE


def test_a_heartbeat_makes_nobody_look_again() -> None:
    store = site()
    node = next(store.rows("Node"))
    store.apply("Node", replace(node, heartbeat=f.NOW + 60, resource_version="9000001"))
    change = store.drain()
    assert not change.carriers
    assert not list(PANES["pods"].affected(store, change))


@pytest.mark.parametrize("pane", PANES.values(), ids=lambda pane: pane.id)
def test_after_any_changes_a_pane_says_what_it_would_say_built_anew(pane: Pane) -> None:
    for seed in range(20):
        rng = random.Random(seed)
        store = site()
        fleet = Fleet([store])
        view = fleet.view(pane)
        fleet.drain()
        view.rebuild(f.NOW)
        for step in range(30):
            _CHANGES[rng.randrange(len(_CHANGES))](store, rng, step)
            if rng.random() < 0.5:
                view.absorb(fleet.drain(), f.NOW)
        view.absorb(fleet.drain(), f.NOW)
        anew = Fleet([store]).view(pane)
        anew.rebuild(f.NOW)
        assert view.keys == anew.keys
        assert [view.row(key) for key in view.keys] == [anew.row(key) for key in anew.keys]


def _node(store: Store, rng: random.Random, step: int) -> None:
    name, ready = rng.choice(["edge", "edge-2"]), rng.choice(["True", "Unknown", "False"])
    store.apply("Node", heard("Node", f.node(name, ready=ready), step))


def _pod(store: Store, rng: random.Random, step: int) -> None:
    owners = [*store.rows("ReplicaSet"), *store.rows("DaemonSet")]
    name, node = f"press-{rng.randrange(4)}", rng.choice(["edge", "edge-2", ""])
    row = heard("Pod", f.pod(name, "line", node=node, ready=rng.choice(["True", "False"])), step)
    store.apply("Pod", replace(row, owner_uid=rng.choice(owners).uid if owners else ""))


def _gone(store: Store, rng: random.Random, _step: int) -> None:
    kind = rng.choice(["Node", "Pod", "Pod", "ReplicaSet", "EndpointSlice", "DaemonSet", "ServiceL2Status"])
    rows = list(store.rows(kind))
    if rows:
        row = rng.choice(rows)
        store.delete(kind, row.namespace, row.name, row.uid)


def _set(store: Store, rng: random.Random, step: int) -> None:
    press = next(store.rows("Deployment"))
    made = f.replica_set(f.deployment("press", "line"), rng.choice(["7f9c66", "66d8c4"]))
    store.apply("ReplicaSet", replace(heard("ReplicaSet", made, step), owner_uid=press.uid))


def _slice(store: Store, rng: random.Random, step: int) -> None:
    made = f.endpoint_slice(
        "press",
        "line",
        ready=rng.randrange(3),
        waiting=rng.randrange(2),
        number=rng.randrange(1, 3),
        on=rng.choice([["edge"], ["edge", "edge-2"]]),
    )
    store.apply("EndpointSlice", heard("EndpointSlice", made, step))


def _announced(store: Store, rng: random.Random, step: int) -> None:
    made = f.announced(
        rng.choice(["ServiceL2Status", "ServiceBGPStatus"]), "press", rng.choice(["edge", "edge-2"]), "line"
    )
    store.apply(made["kind"], heard(made["kind"], made, step))


_CHANGES: list[Callable[[Store, random.Random, int], None]] = [
    _node,
    _pod,
    _pod,
    _gone,
    _set,
    _slice,
    _announced,
]
