"""The way of a node that fails, comes back or joins, with the times of the API; and what becomes of its pods."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.cache.store import Store
from edgetui.model.kinds.node import NodeRow
from edgetui.model.lease import Lease
from edgetui.model.node.demand import demand_of, offer_of
from edgetui.model.node.failure import Step, grace_of, steps, summary
from edgetui.model.node.forecast import Cluster
from edgetui.model.node.loss import After, Prospect, prospects
from tests.unit.model import factories as f

Json = dict[str, Any]
NOW = f.NOW
GONE_AT = NOW - 100
SET = f.replica_set(f.deployment("press"), "7f9c66", replicas=2)
STATEFUL = f.stateful_set("camera")


def taint(at: float, key: str = "unreachable") -> Json:
    return {"key": f"node.kubernetes.io/{key}", "effect": "NoExecute", "timeAdded": f.stamp(at)}


def tolerant(seconds: int | None = 300) -> Json:
    each = {"operator": "Exists", "effect": "NoExecute"} | (
        {} if seconds is None else {"tolerationSeconds": seconds}
    )
    keys = [
        {"key": "node.kubernetes.io/not-ready", **each},
        {"key": "node.kubernetes.io/unreachable", **each},
    ]
    return {"tolerations": keys}


def both(one: int, other: int) -> Json:
    return {"tolerations": [*tolerant(one)["tolerations"], *tolerant(other)["tolerations"]]}


def lost(*taints: Json, ready: str = "Unknown", **more: Any) -> Json:
    return f.node("edge-1", ready=ready, heartbeat=GONE_AT, taints=taints, **more)


def pod(
    name: str, owner: Json | None = SET, on: str = "edge-1", spec: Json | None = None, **more: Any
) -> Json:
    made = f.pod(
        name, node=on, owner=owner, ready=more.pop("ready", "False"), ready_at=more.pop("at", GONE_AT), **more
    )
    made["spec"] |= tolerant() if spec is None else spec
    return made


def told(store: Store, lease: Lease | None = None, foreseen: list[Prospect] | None = None) -> dict[str, Step]:
    row = store.get("Node", "", "edge-1")
    assert isinstance(row, NodeRow)
    return {one.label: one for one in steps(store, row, NOW, lease, foreseen)}


def cluster_of(*objects: Json) -> Cluster:
    return Cluster(
        tuple(offer_of(one) for one in objects if one["kind"] == "Node"),
        tuple(demand_of(one) for one in objects if one["kind"] == "Pod"),
    )


def test_each_step_of_a_lost_node_has_the_time_that_the_api_has_for_it() -> None:
    there = [lost(taint(GONE_AT + 5)), f.node("edge-2"), pod("a"), pod("b")]
    found = told(
        f.store_of(*there),
        Lease("edge-1", GONE_AT - 50),
        prospects(cluster_of(*there), "edge-1", suspended=False),
    )
    assert [(one.label, one.at, one.due) for one in found.values()] == [
        ("last lease", GONE_AT - 50, False),
        ("NotReady", GONE_AT, False),
        ("endpoints out", GONE_AT, False),
        ("evicting taint", GONE_AT + 5, False),
        ("first eviction", GONE_AT + 305, True),
    ]


def test_a_node_that_misses_a_renewal_is_told_of_before_it_is_given_up() -> None:
    store = f.store_of(f.node("edge-1", created=NOW - 9999, heartbeat=NOW - 9000))
    store.set_version("v1.37.2")
    assert list(told(store, Lease("edge-1", NOW - 9))) == ["last lease"]
    found = told(store, Lease("edge-1", NOW - 20))
    assert (found["NotReady"].at, found["NotReady"].due) == (NOW + 30, True)
    assert [grace_of(version) for version in ("v1.31.4+k3s1", "v1.32.0", "")] == [40.0, 50.0, 50.0]


def test_pods_that_stay_ready_on_a_silent_node_are_the_hole_that_is_shown() -> None:
    there = [lost(), f.node("edge-2"), pod("a", ready="True", at=NOW - 9000)]
    store = f.store_of(*there, f.service("press"), f.endpoint_slice("press", ready=1, on=["edge-1"]))
    found = told(store)["endpoints out"]
    assert found.bad
    assert found.words.startswith("not: 1 endpoint keeps getting traffic until eviction")


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ([], "evictions suspended: 1 of 1 host silent; no node of the cluster is Ready"),
        ([True], "not yet: one node every 10s gets it"),
        ([False, False, True], "evictions suspended: 3 of 4 hosts silent"),
        ([False, False, True, True], "evictions suspended: 3 of 5 hosts silent"),
        ([False, True, True, True], "not yet: one node every 10s gets it"),
    ],
)
def test_a_node_without_the_taint_says_whether_it_will_get_one(others: list[bool], words: str) -> None:
    more = [f.node(f"edge-{at}", ready="True" if up else "Unknown") for at, up in enumerate(others, 2)]
    store = f.store_of(lost(), *more, pod("a"))
    assert told(store)["evicting taint"].words == words
    assert "first eviction" not in told(store)
    row = store.get("Node", "", "edge-1")
    assert isinstance(row, NodeRow)
    assert (words in summary(store, row, NOW)) == ("suspended" in words)


def test_evicted_pods_are_counted_with_their_successors() -> None:
    gone = [pod(name, deleting=NOW - 20) for name in ("a", "b")]
    made = f.pod("c", node="edge-2", owner=SET, created=NOW - 40, ready_at=NOW - 30)
    waits = f.pod("d", node="", owner=SET, created=NOW - 40, ready="False")
    store = f.store_of(lost(taint(GONE_AT)), f.node("edge-2"), SET, *gone, made, waits)
    found = told(store)
    assert (found["replaced"].words, found["replaced"].at) == ("1 of 2 pods made anew elsewhere", NOW - 40)
    assert (found["endpoints in"].words, found["endpoints in"].at) == ("", NOW - 30)


def test_what_lacks_after_several_nodes_were_lost_counts_for_each_of_them() -> None:
    gone = [pod("a", deleting=NOW - 20), *(pod(name, on="edge-3", deleting=NOW - 20) for name in ("b", "c"))]
    other = f.node("edge-3", ready="Unknown", taints=[taint(GONE_AT)])
    three = f.replica_set(f.deployment("press"), "7f9c66", replicas=3)
    made = [f.pod(name, node="edge-2", owner=SET, created=NOW - 40) for name in ("d", "e", "g")]
    there = [lost(taint(GONE_AT)), f.node("edge-2"), other, three, *gone]
    said = [told(f.store_of(*there, *made[:count]))["replaced"].words[:6] for count in range(4)]
    assert said == ["0 of 1", "0 of 1", "0 of 1", "1 of 1"]


def test_the_pod_of_a_stateful_set_is_not_made_anew() -> None:
    gone = pod("camera-0", STATEFUL, deleting=NOW - 20)
    store = f.store_of(lost(taint(GONE_AT)), f.node("edge-2"), f.stateful_set("camera", replicas=1), gone)
    assert told(store)["replaced"].words == "0 of 1 pod made anew elsewhere"


def test_a_node_that_is_back_and_one_that_joined_say_what_arrived_there() -> None:
    back = f.node("edge-1", created=NOW - 99999, heartbeat=NOW - 60)
    came = pod("a", ready="True", at=NOW - 50)
    found = told(f.store_of(back, came))
    assert (found["Ready again"].at, found["endpoints in"].at) == (NOW - 60, NOW - 50)
    joined = f.node("edge-1", created=NOW - 80, heartbeat=NOW - 60)
    found = told(f.store_of(joined, pod("a", ready="True", at=NOW - 40, created=NOW - 55)))
    assert [(one.label, one.at) for one in found.values()] == [
        ("joined", NOW - 80),
        ("Ready", NOW - 60),
        ("first pod", NOW - 55),
        ("endpoints in", NOW - 40),
    ]
    assert not told(f.store_of(f.node("edge-1", created=NOW - 99999, heartbeat=NOW - 9999), came))


PROSPECTS: list[tuple[str, Json, tuple[After, float | None]]] = [
    ("of a ReplicaSet", pod("a"), (After.MOVES, 300)),
    ("with a short toleration", pod("a", spec=tolerant(30)), (After.MOVES, 30)),
    ("with the shorter of two", pod("a", spec=both(300, 60)), (After.MOVES, 60)),
    ("with none", pod("a", spec={"tolerations": []}), (After.MOVES, 0)),
    ("for ever", pod("a", spec=tolerant(None)), (After.STAYS, None)),
    ("of a DaemonSet", pod("a", f.daemon_set("agent"), spec=tolerant(None)), (After.STAYS, None)),
    ("of a StatefulSet", pod("camera-0", STATEFUL), (After.NEVER, 300)),
    ("of nobody", pod("a", None), (After.LOST, 300)),
    ("that fits nowhere", pod("a", spec={**tolerant(), "nodeSelector": {"camera": "yes"}}), (After.NOWHERE, 300)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "wanted"), [each[1:] for each in PROSPECTS], ids=[each[0] for each in PROSPECTS]
)
def test_each_pod_of_a_lost_node_says_when_it_goes_and_whether_it_comes_again(
    one: Json, wanted: tuple[After, float | None]
) -> None:
    there = cluster_of(lost(taint(GONE_AT)), f.node("edge-2"), one)
    (found,) = prospects(there, "edge-1", suspended=False)
    after, seconds = wanted
    assert (found.after, found.at) == (after, None if seconds is None else GONE_AT + seconds)
    assert found.fits == (("edge-2",) if after is After.MOVES else ())


def test_without_the_taint_no_eviction_has_a_time_and_a_suspended_one_says_so() -> None:
    there = cluster_of(lost(), f.node("edge-2"), pod("a"))
    (waiting,), (held,) = (prospects(there, "edge-1", suspended=one) for one in (False, True))
    assert (waiting.at, waiting.why) == (None, "")
    assert (held.at, held.why) == (None, "evictions are suspended")


def test_an_eviction_that_was_begun_has_the_time_of_its_condition() -> None:
    ended = f.cond("DisruptionTarget", "True", "DeletionByTaintManager", at=NOW - 33)
    there = cluster_of(lost(taint(GONE_AT)), f.node("edge-2"), pod("a", deleting=NOW - 3, conditions=[ended]))
    (found,) = prospects(there, "edge-1", suspended=False)
    assert (found.done, found.at) == (True, NOW - 33)
