"""Which nodes a pod fits: each filter of the scheduler alone, and what a drain makes of pods, budgets and room."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.node.demand import Demand, Offer, demand_of, offer_of
from edgetui.model.node.fits import Floor
from edgetui.model.node.forecast import Budget, Cluster, Fate, budget_of, drained, loses
from tests.unit.model import factories as f

Json = dict[str, Any]
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
SPREAD = [{"labelSelector": {"matchLabels": {"app": "press"}}, "topologyKey": "kubernetes.io/hostname"}]


def pod(
    name: str, on: str = "", *, cpu: str = "", owner: Json | None = None, ready: str = "True", **spec: Any
) -> Demand:
    made = f.pod(name, node=on, owner=owner, ready=ready, labels=spec.pop("labels", {"app": "press"}))
    made["spec"] |= spec
    if cpu:
        made["spec"]["containers"][0]["resources"] = {"requests": {"cpu": cpu}}
    return demand_of(made)


def node(name: str, **more: Any) -> Offer:
    labels = {"kubernetes.io/hostname": name, **more.pop("labels", {})}
    return offer_of(f.node(name, labels=labels, **more))


def needing(operator: str, *values: str, key: str = "cores") -> Json:
    term = {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}
    return {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [term]}}}}


TAINT = {"key": "line", "value": "2", "effect": "NoSchedule"}
FILTERS: list[tuple[str, Json, Json, str]] = [
    ("room", {"cpu": "4"}, {}, ""),
    ("too little cpu", {"cpu": "4001m"}, {}, "too little cpu"),
    ("cordoned", {}, {"cordoned": True}, "cordoned"),
    ("cordoned and tolerated", {"tolerations": [{"operator": "Exists"}]}, {"cordoned": True}, ""),
    ("tainted", {}, {"taints": [TAINT]}, "taint line"),
    ("tainted and tolerated", {"tolerations": [{"key": "line", "value": "2"}]}, {"taints": [TAINT]}, ""),
    ("another value", {"tolerations": [{"key": "line", "value": "3"}]}, {"taints": [TAINT]}, "taint line"),
    ("any value", {"tolerations": [{"key": "line", "operator": "Exists"}]}, {"taints": [TAINT]}, ""),
    ("another effect", {"tolerations": [{"key": "line", "operator": "Exists", "effect": "NoExecute"}]},
     {"taints": [TAINT]}, "taint line"),
    ("rather not", {}, {"taints": [TAINT | {"effect": "PreferNoSchedule"}]}, ""),
    ("silent", {}, {"ready": "Unknown", "taints": [TAINT]}, "not Ready"),
    ("selected", {"nodeSelector": {"cores": "4"}}, {"labels": {"cores": "4"}}, ""),
    ("not selected", {"nodeSelector": {"cores": "4"}}, {}, "not selected"),
    ("in", needing("In", "4", "8"), {"labels": {"cores": "8"}}, ""),
    ("not in", needing("NotIn", "4"), {"labels": {"cores": "4"}}, "not selected"),
    ("not in where there is none", needing("NotIn", "4"), {}, ""),
    ("more", needing("Gt", "4"), {"labels": {"cores": "8"}}, ""),
    ("no number", needing("Lt", "4"), {"labels": {"cores": "many"}}, "not selected"),
    ("there", needing("Exists"), {"labels": {"cores": ""}}, ""),
    ("not there", needing("DoesNotExist"), {"labels": {"cores": ""}}, "not selected"),
    ("no term", {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{}]}}}}, {}, "not selected"),
    ("sum of containers and overhead", {"cpu": "3", "overhead": {"cpu": "2"}}, {}, "too little cpu"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("wants", "there", "why"), [one[1:] for one in FILTERS], ids=[one[0] for one in FILTERS]
)
def test_each_filter_of_the_scheduler_takes_a_node_or_says_why_not(
    wants: Json, there: Json, why: str
) -> None:
    assert Floor([node("edge", **there)], []).against(pod("a", **wants), "edge") == why


def test_what_runs_there_takes_room_ports_and_keeps_its_kind_away() -> None:
    apart = {"affinity": {"podAntiAffinity": {REQUIRED: SPREAD}}}
    port = {"containers": [{"name": "app", "ports": [{"hostPort": 80}]}]}
    there = [node("edge")]
    assert (
        Floor(there, [pod("a", "edge", cpu="3")]).against(pod("b", cpu="1500m"), "edge") == "too little cpu"
    )
    assert Floor(there, [pod("a", "edge", **port)]).against(pod("b", **port), "edge") == "port taken"
    kept_away = "another of its kind is there"
    assert Floor(there, [pod("a", "edge")]).against(pod("b", **apart), "edge") == kept_away
    assert Floor(there, [pod("a", "edge", **apart)]).against(pod("b"), "edge") == kept_away
    assert Floor(there, [pod("a", "edge", labels={"app": "oven"})]).against(pod("b", **apart), "edge") == ""


def test_a_volume_holds_its_pod_on_the_nodes_that_can_use_it() -> None:
    terms = [
        {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["edge-1"]}]}
    ]
    mounted = pod("a", volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}])
    floor = Floor([node("edge-1"), node("edge-2")], [], {("default", "data"): terms})
    assert [floor.against(mounted, name) for name in ("edge-1", "edge-2")] == ["", "volume elsewhere"]


def test_why_nothing_fits_names_the_one_node_that_does_where_that_stays_so() -> None:
    there = [node("edge-1", labels={"camera": "yes"}), node("edge-2"), node("edge-3", cordoned=True)]
    floor = Floor(there, [])
    wants = pod("cam", "edge-1", nodeSelector={"camera": "yes"})
    assert floor.why_not(wants, {"edge-1"}) == "1 node: cordoned, 1 node: not selected"
    assert Floor(there[:2], []).why_not(wants, {"edge-1"}) == "only edge-1 fits"
    assert Floor(there[:1], []).why_not(wants, {"edge-1"}) == "there is no other node"


SET = f.replica_set(f.deployment("press"), "7f9c66")


def three(*pods: Demand, budget: Budget | None = None, room: str = "4") -> Cluster:
    nodes = (node("edge-1"), node("edge-2", cpu=room), node("edge-3", cpu=room))
    return Cluster(nodes, pods, (budget,) if budget else ())


def budget(allowed: int, healthy: int = 3, wanted: int = 2, **spec: Any) -> Budget:
    return budget_of(
        {
            "metadata": {"name": "press", "namespace": "default"},
            "spec": {"selector": {"matchLabels": {"app": "press"}}, **spec},
            "status": {"disruptionsAllowed": allowed, "currentHealthy": healthy, "desiredHealthy": wanted},
        }
    )


def fates(cluster: Cluster, *nodes: str) -> list[tuple[str, Fate]]:
    return [(one.pod.name, one.fate) for one in drained(cluster, nodes or ("edge-1",)).pods]


def of(name: str, on: str = "edge-1", **more: Any) -> Demand:
    return pod(name, on, owner=more.pop("owner", SET), **more)


def test_a_drain_moves_what_is_made_anew_and_leaves_or_loses_the_rest() -> None:
    daemon = of("agent", owner=f.daemon_set("agent"))
    bare = pod("bare", "edge-1")
    static = demand_of(f.pod("static", node="edge-1", annotations={"kubernetes.io/config.mirror": "x"}))
    ended = demand_of(f.pod("ended", node="edge-1", phase="Succeeded"))
    found = fates(three(of("press-a"), daemon, bare, static, ended, of("press-b", "edge-2")))
    assert found == [
        ("press-a", Fate.MOVES),
        ("agent", Fate.STAYS),
        ("bare", Fate.LOST),
        ("static", Fate.STAYS),
        ("ended", Fate.ENDED),
    ]
    assert loses(bare) == ("force", "has no controller that makes it anew")


def test_successors_take_the_room_one_after_the_other() -> None:
    pods = [of(f"press-{at}", cpu="3") for at in range(3)]
    assert [fate for _, fate in fates(three(*pods))] == [Fate.MOVES, Fate.MOVES, Fate.NOWHERE]
    found = drained(three(*pods), ("edge-1",))
    assert found.pods[2].why == "2 nodes: too little cpu"
    assert (found.room.nodes, found.room.cpu) == (2, 2.0)


def test_of_several_nodes_none_takes_what_the_others_lose() -> None:
    pods = [of("press-a"), of("press-b", "edge-2")]
    found = drained(three(*pods), ("edge-1", "edge-2"))
    assert [one.fits for one in found.pods] == [("edge-3",), ("edge-3",)]


@pytest.mark.parametrize(
    ("given", "room", "wanted"),
    [
        (budget(0), "4", [Fate.WAITS] * 3),
        (budget(1), "4", [Fate.MOVES] * 3),
        (budget(1), "1", [Fate.NOWHERE, Fate.WAITS, Fate.WAITS]),
        (budget(2), "1", [Fate.NOWHERE, Fate.NOWHERE, Fate.WAITS]),
    ],
)
def test_a_budget_lets_go_what_becomes_ready_elsewhere(given: Budget, room: str, wanted: list[Fate]) -> None:
    pods = [of(f"press-{at}", cpu="1200m") for at in range(3)]
    assert [fate for _, fate in fates(three(*pods, budget=given, room=room))] == wanted


@pytest.mark.parametrize(
    ("given", "fate"),
    [
        (budget(0, healthy=2, wanted=2), Fate.MOVES),
        (budget(0, healthy=1, wanted=2), Fate.WAITS),
        (budget(0, healthy=1, wanted=2, unhealthyPodEvictionPolicy="AlwaysAllow"), Fate.MOVES),
    ],
)
def test_a_pod_that_is_not_ready_is_evicted_where_its_budget_is_kept_without_it(
    given: Budget, fate: Fate
) -> None:
    assert fates(three(of("press-a", ready="False"), budget=given)) == [("press-a", fate)]


def test_two_budgets_of_one_pod_let_nobody_go() -> None:
    cluster = Cluster(three().offers, (of("press-a"),), (budget(3), budget(3)))
    assert fates(cluster) == [("press-a", Fate.WAITS)]
