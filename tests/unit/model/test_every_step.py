"""The steps of a node that fails or comes back, at each of their bounds."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from edgetui.model.kinds.node import NodeRow
from edgetui.model.kinds.node import Taint as RowTaint
from edgetui.model.kinds.pod import SUMMARY_ONLY, PodRow
from edgetui.model.kinds.replicaset import ReplicaSetRow
from edgetui.model.lease import Lease
from edgetui.model.node.demand import Demand
from edgetui.model.node.failure import LAST_LEASE, Step, grace_of, steps, summary
from edgetui.model.node.loss import After, Prospect
from tests.unit.model import factories as f

NOW = float(f.NOW)
UNREACHABLE = "node.kubernetes.io/unreachable"


def node(**more: Any) -> NodeRow:
    made: dict[str, Any] = {"created": f.NOW - 90_000, "since": f.NOW - 100, "ready": "Unknown"} | more
    return NodeRow(namespace="", name="edge-1", uid="n", resource_version="1", **made)


def tainted(ago: int, effect: str = "NoExecute", key: str = UNREACHABLE) -> tuple[RowTaint, ...]:
    return (RowTaint(key, effect, "", f.NOW - ago),)


def pod(name: str, *, on: str = "edge-1", ready: bool = False, since: int = 60, **more: Any) -> PodRow:
    made: dict[str, Any] = {
        "created": f.NOW - 5000,
        "phase": "Running",
        "condition": "True" if ready else "False",
    } | more
    after = max(0, f.NOW - since - made["created"])
    return PodRow(
        namespace="d", name=name, uid=name, resource_version="1", node=on, ready_after=after, **made
    )


def with_rows(row: NodeRow, *pods: PodRow, owner: ReplicaSetRow | None = None, others: int = 1) -> Store:
    store = f.store_of(*(f.node(f"other-{at}") for at in range(others)))
    store.apply("Node", row)
    for one in pods:
        store.apply("Pod", one)
    if owner is not None:
        store.apply("ReplicaSet", owner)
    store.set_version("v1.35.2")
    return store


def found(
    row: NodeRow, *pods: PodRow, lease: Lease | None = None, foreseen: Any = None, **more: Any
) -> list[Step]:
    return steps(with_rows(row, *pods, **more), row, NOW, lease, foreseen)


def step(all_: list[Step], label: str) -> Step | None:
    return next((one for one in all_ if one.label == label), None)


@pytest.mark.parametrize(
    ("version", "grace"),
    [
        ("v1.31.9", 40.0),
        ("v1.32.0", 50.0),
        ("v1.33.1+k3s1", 50.0),
        ("1.9", 40.0),
        ("", 50.0),
        ("odd", 50.0),
        ("v2.1", 50.0),
    ],
)
def test_how_long_a_control_plane_waits(version: str, grace: float) -> None:
    assert grace_of(version) == grace


@pytest.mark.parametrize(("ago", "late"), [(1.0, False), (15.0, False), (15.1, True), (40.0, True)])
def test_a_lease_that_is_late(ago: float, late: bool) -> None:
    well = node(ready="True", since=f.NOW - 9000)
    due = Step(
        "NotReady",
        NOW - ago + 50.0,
        True,
        "unless it is heard: 50s after its last lease, if that is not set otherwise",
        True,
    )
    assert found(well, lease=Lease("edge-1", NOW - ago)) == [
        Step(LAST_LEASE, NOW - ago, bad=late),
        *([due] if late else []),
    ]
    assert found(well) == found(well, lease=Lease()) == []
    unknown = node(ready="")
    assert found(unknown, lease=Lease("edge-1", NOW - ago)) == [Step(LAST_LEASE, NOW - ago)]


def test_who_said_that_it_is_not_ready() -> None:
    for ready, words in (
        ("Unknown", "the control plane heard nothing"),
        ("False", "its kubelet said so itself"),
    ):
        assert step(found(node(ready=ready)), "NotReady") == Step("NotReady", f.NOW - 100, False, words, True)


@pytest.mark.parametrize(
    ("pods", "out"),
    [
        ([], None),
        ([pod("a", since=100)], Step("endpoints out", f.NOW - 100, words="1 pod no longer counted as ready")),
        (
            [pod("a", since=101), pod("b", since=20)],
            Step("endpoints out", f.NOW - 101, words="2 pods no longer counted as ready"),
        ),
        ([pod("a", since=102)], None),
        ([pod("a", since=50), pod("b", ready=True)], None),
        ([pod("a", since=50, condition=SUMMARY_ONLY)], None),
        ([pod("a", since=50, phase="Failed")], None),
        ([pod("a", since=50, on="other-0")], None),
    ],
)
def test_when_endpoints_went_out(pods: list[PodRow], out: Step | None) -> None:
    assert step(found(node(), *pods), "endpoints out") == out


@pytest.mark.parametrize(
    ("ready", "since", "told"),
    [("Unknown", 6, True), ("Unknown", 5, False), ("False", 60, False)],
)
def test_endpoints_that_stay(ready: str, since: int, told: bool) -> None:
    row = node(ready=ready, since=f.NOW - since)
    store = with_rows(row, pod("a", ready=True), pod("b", ready=True))
    store.set_freshness("EndpointSlice", Freshness(Sync.SYNCING))
    said = step(steps(store, row, NOW, None), "endpoints out")
    words = "not: 2 pods keep getting traffic until eviction, for its kubelet had said NotReady before"
    assert said == (Step("endpoints out", words=words, bad=True) if told else None)
    store.set_freshness("EndpointSlice", Freshness(Sync.LIVE, NOW))
    assert step(steps(store, row, NOW, None), "endpoints out") is None
    made = f.store_of(f.endpoint_slice("web", ready=1, waiting=1, on=["edge-1"]))
    (piece,) = made.rows("EndpointSlice")
    store.apply("EndpointSlice", piece)
    words = "not: 1 endpoint keeps getting traffic until eviction, for its kubelet had said NotReady before"
    assert step(steps(store, row, NOW, None), "endpoints out") == (
        Step("endpoints out", words=words, bad=True) if told else None
    )


def test_the_taint_that_evicts() -> None:
    assert step(found(node(taints=tainted(90))), "evicting taint") == Step("evicting taint", f.NOW - 90)
    for other in (tainted(90, "NoSchedule"), tainted(90, key="line"), ()):
        assert step(found(node(taints=other), others=3), "evicting taint") == Step(
            "evicting taint", words="not yet: one node every 10s gets it"
        )
    assert step(found(node(), others=0), "evicting taint") == Step(
        "evicting taint",
        words="evictions suspended: 1 of 1 host silent; no node of the cluster is Ready",
        bad=True,
    )


def prospect(name: str, at: float | None = None, done: bool = False) -> Prospect:
    return Prospect(Demand("d", name, name), After.MOVES, at, done)


@pytest.mark.parametrize(
    ("taints", "pods", "foreseen", "label", "expected"),
    [
        (tainted(90), [], None, "first eviction", Step("first eviction", NOW + 210, True,
        "of pods that tolerate it for the default 5m")),
        (tainted(300), [], None, "first eviction", Step("first eviction", NOW, False,
        "of pods that tolerate it for the default 5m")),
        ((), [], None, "first eviction", None),
        (tainted(90), [pod("a", deleting=f.NOW)], None, "eviction", Step("eviction", words="1 pod evicted")),
        (tainted(90), [], [], "first eviction", Step("first eviction", words="none: every pod stays")),
        ((), [], [prospect("a")], "first eviction", None),
        (tainted(90), [], [prospect("a", NOW + 5), prospect("b", NOW + 2), prospect("c")],
        "first eviction", Step("first eviction", NOW + 2, True, "2 pods")),
        (tainted(90), [], [prospect("a", NOW - 5, True), prospect("b", NOW + 2)],
        "first eviction", Step("first eviction", NOW - 5, False, "1 of 2 pods evicted")),
        (tainted(90), [], [prospect("a", NOW)], "first eviction", Step("first eviction", NOW, False, "1 pod")),
    ],
)  # fmt: skip
def test_when_pods_are_evicted(
    taints: Any, pods: list[PodRow], foreseen: Any, label: str, expected: Step | None
) -> None:
    assert step(found(node(taints=taints), *pods, foreseen=foreseen), label) == expected


def test_a_node_out_of_service_deletes_by_force() -> None:
    row = node(taints=tainted(9, key="node.kubernetes.io/out-of-service"))
    for foreseen in (None, [prospect("a", NOW)]):
        assert step(found(row, foreseen=foreseen), "out of service") == Step(
            "out of service", words="its pods are deleted by force"
        )
        assert step(found(row, foreseen=foreseen), "first eviction") is None


OWNER = ReplicaSetRow(namespace="d", name="press", uid="o", resource_version="1", replicas=2)


@pytest.mark.parametrize(
    ("pods", "replaced", "arrived"),
    [
        ([], None, None),
        ([pod("a", deleting=5)], None, None),
        (
            [pod("a", deleting=5, owner_uid="o")],
            Step("replaced", words="0 of 1 pod made anew elsewhere", bad=True), None,
        ),
        (
            [pod("a", deleting=5, owner_uid="o"), pod("b", on="other-0", ready=True, owner_uid="o")],
            Step("replaced", words="0 of 1 pod made anew elsewhere", bad=True), None,
        ),
        (
            [pod("a", deleting=5, owner_uid="o"), pod("b", on="other-0", owner_uid="o"),
             pod("c", on="other-0", ready=True, since=30, created=f.NOW - 90, owner_uid="o")],
            Step("replaced", f.NOW - 90, words="1 of 1 pod made anew elsewhere"), Step("endpoints in", f.NOW - 30),
        ),
        (
            [pod("a", deleting=5, owner_uid="o"), pod("b", on="other-0", created=f.NOW - 80, owner_uid="o"),
             pod("c", on="other-0", ready=True, since=30, created=f.NOW - 90, owner_uid="o")],
            Step("replaced", f.NOW - 80, words="1 of 1 pod made anew elsewhere"),
            Step("endpoints in", f.NOW - 30, words="not all of them ready"),
        ),
        (
            [pod("a", deleting=5, owner_uid="o"), pod("b", deleting=5, owner_uid="o"),
             pod("c", on="other-0", created=f.NOW - 90, owner_uid="o"),
             pod("d", on="", created=f.NOW - 80, owner_uid="o")],
            Step("replaced", f.NOW - 90, words="1 of 2 pods made anew elsewhere", bad=True), None,
        ),
        (
            [pod("a", deleting=5, owner_uid="o"), pod("c", on="other-0", created=f.NOW - 91, owner_uid="o"),
             pod("d", on="other-0", created=f.NOW - 92, owner_uid="o")],
            Step("replaced", words="1 of 1 pod made anew elsewhere"), None,
        ),
    ],
)  # fmt: skip
def test_who_took_the_place_of_evicted_pods(
    pods: list[PodRow], replaced: Step | None, arrived: Step | None
) -> None:
    all_ = found(node(taints=tainted(90)), *pods, owner=OWNER)
    assert (step(all_, "replaced"), step(all_, "endpoints in")) == (replaced, arrived)


@pytest.mark.parametrize(
    ("since", "created", "labels"),
    [
        (900, 90_000, ["Ready again"]),
        (901, 90_000, []),
        (100, 900, ["joined", "Ready"]),
        (100, 901, ["Ready again"]),
        (9000, 900, ["joined", "Ready"]),
    ],
)
def test_a_node_that_came_lately(since: int, created: int, labels: list[str]) -> None:
    row = node(ready="True", since=f.NOW - since, created=f.NOW - created)
    all_ = found(row)
    assert [one.label for one in all_] == labels
    assert [one.at for one in all_] == [
        f.NOW - created if one == "joined" else f.NOW - since for one in labels
    ]


def test_the_pods_of_a_node_that_joined() -> None:
    row = node(ready="True", since=f.NOW - 100, created=f.NOW - 200)
    pods = [
        pod("a", ready=True, since=50, created=f.NOW - 90), pod("b", created=f.NOW - 80),
        pod("c", ready=True, since=100, created=f.NOW - 150),
        pod("d", ready=True, since=101, created=f.NOW - 1001), pod("e", condition=SUMMARY_ONLY),
    ]  # fmt: skip
    all_ = found(row, *pods)
    assert step(all_, "first pod") == Step("first pod", f.NOW - 150, words="4 pods there now")
    assert step(all_, "endpoints in") == Step("endpoints in", f.NOW - 50, words="2 of 4 pods ready")
    again = found(node(ready="True", since=f.NOW - 100), *pods)
    assert step(again, "first pod") is None


def test_the_way_of_a_node_in_one_line() -> None:
    row = node(taints=tainted(90))
    store = with_rows(row, pod("a", ready=True), pod("b", deleting=5, owner_uid="o"), owner=OWNER)
    store.set_freshness("EndpointSlice", Freshness(Sync.SYNCING))
    assert summary(store, row, NOW) == (
        "NotReady for 1m; endpoints out: not: 1 pod keeps getting traffic until eviction, "
        "for its kubelet had said NotReady before; 1 pod evicted; 0 of 1 pod made anew elsewhere"
    )
    assert summary(with_rows(row), row, NOW) == "NotReady for 1m; first eviction in 3m30s"
    lone = node()
    assert summary(with_rows(lone, others=0), lone, NOW) == (
        "NotReady for 1m; evictions suspended: 1 of 1 host silent; no node of the cluster is Ready"
    )
