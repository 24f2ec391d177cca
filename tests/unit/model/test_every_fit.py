"""Where pods fit, what a drain and a loss of nodes do, and when evictions stop, over random clusters.

`pytest tests/unit/model/test_every_fit.py --snapshot-update` takes what is foretold now; look at what differs first.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.model.kinds.node import NodeRow
from edgetui.model.node.demand import Apart, Demand, Offer, Taint, Toleration
from edgetui.model.node.fits import Floor, chosen, matches
from edgetui.model.node.forecast import Budget, Cluster, Fate, drained, loses, stays
from edgetui.model.node.loss import leaves, prospects, tolerates
from edgetui.model.node.zones import Evictions, ZoneState, evictions, state_of, zone_of
from tests.unit.model import factories as f

Json = dict[str, Any]
HOST = "kubernetes.io/hostname"
UNREACHABLE, NOT_READY = "node.kubernetes.io/unreachable", "node.kubernetes.io/not-ready"
OUT = "node.kubernetes.io/out-of-service"
MANY_CORES: Json = {"matchExpressions": [{"key": "cores", "operator": "Gt", "values": ["4"]}]}


def random_cluster(rng: random.Random) -> Cluster:
    offers = tuple(
        Offer(
            name=f"edge-{at}",
            labels={HOST: f"edge-{at}", "site": rng.choice("ab"), "cores": str(rng.choice([4, 8]))},
            taints=tuple(rng.sample([
                Taint(UNREACHABLE, "NoExecute", since=f.NOW - 100), Taint(NOT_READY, "NoExecute", since=f.NOW - 50),
                Taint("line", "NoSchedule", "2"), Taint("line", "PreferNoSchedule", "3"),
                Taint(UNREACHABLE, "NoSchedule"),
                Taint(OUT, "NoExecute", "nodeshutdown"),
            ], rng.choice([0, 0, 0, 1, 2]))),
            cordoned=rng.random() < 0.2,
            ready=rng.random() < 0.8,
            room={"cpu": rng.choice([2.0, 4.0, 8.0]), "memory": 1000.0, "pods": 4.0},
        )
        for at in range(rng.choice([1, 3, 4]))
    )  # fmt: skip
    pods = tuple(random_pod(rng, at, rng.choice(offers).name) for at in range(rng.choice([2, 5, 8])))
    budgets = tuple(
        Budget("d", f"budget-{app}", {"matchLabels": {"app": app}}, rng.choice([0, 1]), rng.choice([1, 2]),
               rng.choice([0, 2]), rng.random() < 0.3)
        for app in rng.sample(["db", "web", "press"], rng.choice([0, 1, 2]))
    )  # fmt: skip
    volumes = {("d", "data"): [{"matchExpressions": [{"key": "site", "operator": "In", "values": ["a"]}]}]}
    return Cluster(offers, pods, budgets, volumes)


def random_pod(rng: random.Random, at: int, node: str) -> Demand:
    app, kind = (
        rng.choice(["db", "web", "press"]),
        rng.choice(["ReplicaSet", "StatefulSet", "DaemonSet", "Job", ""]),
    )
    tolerations = rng.choice([
        (), (), (Toleration(operator="Exists"),), (Toleration("line", "Exists"),), (Toleration("line", value="2"),),
        (Toleration(UNREACHABLE, "Exists", effect="NoExecute", seconds=rng.choice([0, 30, 300])),),
        (Toleration(NOT_READY, "Exists", "", "NoExecute", 60), Toleration(UNREACHABLE, "Exists", "", "NoExecute", 300)),
    ])  # fmt: skip
    return Demand(
        namespace="d", name=f"{app}-{at}", uid=f"{at}", node=node,
        phase=rng.choice(["Running", "Running", "Running", "Pending", "Succeeded"]), ready=rng.random() < 0.7,
        deleting=f.NOW - 20 if rng.random() < 0.15 else 0, evicted=f.NOW - 40 if rng.random() < 0.3 else 0,
        labels={"app": app}, owner_kind=kind, owner_name=f"of-{app}" if kind else "",
        owner_uid=f"of-{app}" if kind else "",
        static=rng.random() < 0.1, asks={"cpu": rng.choice([0.5, 1.0, 2.0]), "memory": 100.0, "pods": 1.0},
        selector=rng.choice([{}, {}, {}, {"site": "a"}]),
        terms=rng.choice([None, None, None, (MANY_CORES,)]),
        tolerations=tolerations, ports=rng.choice([(), (), ((80, "TCP"),)]),
        claims=rng.choice([(), (), ("data",), ("tmp",)]),
        scratch=rng.random() < 0.2,
        apart=rng.choice([(), (), (Apart({"matchLabels": {"app": app}}, HOST, ("d",)),)]),
    )  # fmt: skip


def told_pod(pod: Demand) -> str:
    flags = " ".join(
        word for word, is_so in (
            ("ready", pod.ready), ("static", pod.static), ("scratch", pod.scratch), ("ending", bool(pod.deleting)),
            ("selects", bool(pod.selector)), ("terms", pod.terms is not None), ("port", bool(pod.ports)),
            ("apart", bool(pod.apart)), (f"claims {' '.join(pod.claims)}", bool(pod.claims)),
        ) if is_so
    )  # fmt: skip
    stands = [f"{one.key or 'all'}={one.value} {one.seconds}" for one in pod.tolerations]
    return f"{pod.name} of {pod.owner_kind or 'nobody'} on {pod.node} {pod.phase} {pod.asks['cpu']} {flags} {stands}"


@pytest.mark.parametrize("seed", range(12))
def test_what_is_foretold(seed: int, snapshot: SnapshotAssertion) -> None:
    rng = random.Random(f"fits {seed}")
    cluster = random_cluster(rng)
    lines = [
        f"{one.name} {one.labels['site']}{one.labels['cores']} {one.room['cpu']}{' cordoned' if one.cordoned else ''}"
        f"{'' if one.ready else ' not Ready'} {[f'{taint.key} {taint.effect} {taint.value}' for taint in one.taints]}"
        for one in cluster.offers
    ]
    lines += [told_pod(pod) for pod in cluster.pods]
    lines += [f"{one.name} {one.allowed} {one.healthy}/{one.wanted} {one.unready}" for one in cluster.budgets]
    floor = Floor(cluster.offers, cluster.pods, cluster.volumes)
    for pod in cluster.pods:
        why = {name: floor.against(pod, name) for name in floor.offers}
        lines.append(
            f"{pod.name}: {floor.fitting(pod)} {why}; {floor.why_not(pod, {pod.node})}; {floor.why_not(pod)}"
        )
    for nodes in (["edge-0"], [one.name for one in cluster.offers][:2]):
        found = drained(cluster, nodes)
        lines += [f"drain {nodes}: {one.pod.name} {one.fate.name} {one.fits} {one.why}" for one in found.pods]
        lines.append(f"room {tuple(found.room)}; moves {len(found.of(Fate.MOVES, Fate.LOST))}")
    for offer, suspended in product(cluster.offers, (False, True)):
        for each in prospects(cluster, offer.name, suspended=suspended):
            at = "" if each.at is None else f" at {each.at - f.NOW:g}"
            done = " done" if each.done else ""
            lines.append(
                f"lose {offer.name}: {each.pod.name} {each.after.name}{at}{done} {each.fits} {each.why}"
            )
    assert prospects(cluster, "gone", suspended=False) == []
    assert "\n".join(lines) == snapshot


BASE = Demand("d", "press-0", "u", node="edge-1", phase="Running")
NO_EXECUTE = Taint(UNREACHABLE, "NoExecute")


@pytest.mark.parametrize(
    ("tolerations", "taints", "seconds"),
    [
        ((), [], None),
        ((), [NO_EXECUTE], 0.0),
        ((Toleration(UNREACHABLE, "Exists"),), [NO_EXECUTE], None),
        ((Toleration(UNREACHABLE, "Exists", seconds=30),), [NO_EXECUTE], 30),
        ((Toleration(UNREACHABLE, "Exists", seconds=-5),), [NO_EXECUTE], 0),
        (
            (Toleration(UNREACHABLE, "Exists", seconds=30), Toleration(operator="Exists", seconds=10)),
            [NO_EXECUTE],
            10,
        ),
        ((Toleration(UNREACHABLE, "Exists", seconds=30), Toleration(operator="Exists")), [NO_EXECUTE], 30),
        ((Toleration(UNREACHABLE, "Exists", seconds=30),), [NO_EXECUTE, Taint(NOT_READY, "NoExecute")], 0.0),
        (
            (Toleration(UNREACHABLE, "Exists", seconds=30), Toleration(NOT_READY, "Exists", seconds=20)),
            [NO_EXECUTE, Taint(NOT_READY, "NoExecute")],
            20,
        ),
    ],
)
def test_how_long_a_pod_stays(tolerations: Any, taints: list[Taint], seconds: float | None) -> None:
    pod = Demand("d", "press-0", "u", tolerations=tolerations)
    assert tolerates(pod, taints) == seconds


@pytest.mark.parametrize(
    ("toleration", "covers"),
    [
        (Toleration("a", "Equal", "b", "NoSchedule"), True),
        (Toleration("a", "Equal", "b"), True),
        (Toleration("a", "Equal", "c"), False),
        (Toleration("a", "Exists"), True),
        (Toleration("", "Exists"), True),
        (Toleration("", "Equal", "b"), False),
        (Toleration("c", "Exists"), False),
        (Toleration("a", "Exists", "", "NoExecute"), False),
        (Toleration("", "Exists", "", "NoSchedule"), True),
    ],
)
def test_what_a_toleration_covers(toleration: Toleration, covers: bool) -> None:
    assert toleration.covers("a", "b", "NoSchedule") is covers


@pytest.mark.parametrize(
    ("more", "leaves_it"),
    [
        ({}, True),
        ({"phase": "Failed"}, False),
        ({"static": True}, False),
        ({"static": True, "deleting": 5}, False),
        ({"tolerations": (Toleration(OUT, "Exists"),)}, False),
        ({"tolerations": (Toleration(OUT, "Exists", seconds=5),)}, True),
        ({"tolerations": (Toleration(OUT, "Equal", "other"),)}, True),
        ({"tolerations": (Toleration(OUT, "Exists"),), "deleting": 5}, True),
    ],
)
def test_what_leaves_a_node_that_is_out_of_service(more: dict[str, Any], leaves_it: bool) -> None:
    assert leaves(Demand(**{"namespace": "d", "name": "a", "uid": "u"} | more)) is leaves_it


@pytest.mark.parametrize(
    ("more", "why", "lost"),
    [
        ({"owner_kind": "ReplicaSet"}, "", ("", "")),
        ({}, "", ("force", "has no controller that makes it anew")),
        ({"scratch": True}, "", ("delete_emptydir_data", "has data in an emptyDir volume")),
        ({"scratch": True, "phase": "Failed"}, "", ("", "")),
        ({"static": True}, "a static pod of the node", ("force", "has no controller that makes it anew")),
        ({"owner_kind": "DaemonSet", "owner_name": "agent"}, "of daemonset agent", ("", "")),
        ({"owner_kind": "DaemonSet", "owner_name": "agent", "phase": "Succeeded"}, "", ("", "")),
    ],
)
def test_what_a_drain_leaves_and_what_a_pod_loses(
    more: dict[str, Any], why: str, lost: tuple[str, str]
) -> None:
    pod = Demand(**{"namespace": "d", "name": "a", "uid": "u"} | more)
    assert (stays(pod), loses(pod)) == (why, lost)


EDGE = Offer("edge-1", {"site": "a", "cores": "8", "empty": ""})


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ({"key": "site", "operator": "In", "values": ["a", "b"]}, True),
        ({"key": "site", "operator": "In", "values": ["b"]}, False),
        ({"key": "site", "operator": "NotIn", "values": ["b"]}, True),
        ({"key": "site", "operator": "NotIn", "values": ["a"]}, False),
        ({"key": "gone", "operator": "NotIn", "values": ["a"]}, True),
        ({"key": "site", "operator": "Exists"}, True),
        ({"key": "gone", "operator": "Exists"}, False),
        ({"key": "gone", "operator": "DoesNotExist"}, True),
        ({"key": "site", "operator": "DoesNotExist"}, False),
        *(({"key": "cores", "operator": "Gt", "values": [than]}, int(than) < 8) for than in ("7", "8", "9")),
        *(({"key": "cores", "operator": "Lt", "values": [than]}, int(than) > 8) for than in ("7", "8", "9")),
        ({"key": "gone", "operator": "Lt", "values": ["9"]}, False),
        ({"key": "site", "operator": "Lt", "values": ["9"]}, False),
        ({"key": "cores", "operator": "Gt"}, False),
        ({"key": "site", "operator": "Like", "values": ["a"]}, False),
        ({"key": "site", "values": ["a"]}, False),
        ({"operator": "Exists"}, False),
        ({"key": "site", "operator": "In"}, False),
    ],
)
def test_every_operator_of_a_node_selector(expression: Json, holds: bool) -> None:
    assert matches([{"matchExpressions": [expression]}], EDGE) is holds
    assert matches([{}, {"matchExpressions": [expression]}], EDGE) is holds
    assert matches([{"matchFields": [expression]}], EDGE) is (
        expression.get("operator") in ("NotIn", "DoesNotExist")
    )
    fields = [{"key": "metadata.name", "operator": "In", "values": ["edge-1"]}]
    assert matches([{"matchExpressions": [expression], "matchFields": fields}], EDGE) is holds


def test_an_empty_selector_takes_nothing_and_no_selector_everything() -> None:
    assert not matches([], EDGE)
    assert not matches([{"matchExpressions": [], "matchFields": None}], EDGE)
    assert chosen(BASE, EDGE)
    assert not chosen(Demand("d", "a", "u", terms=()), EDGE)
    assert chosen(Demand("d", "a", "u", selector={"site": "a", "empty": ""}), EDGE)
    assert not chosen(Demand("d", "a", "u", selector={"site": "a", "gone": ""}), EDGE)


# -- zones


@pytest.mark.parametrize(
    ("ready", "silent", "state"),
    [
        (0, 0, ZoneState.NORMAL), (0, 1, ZoneState.FULL), (1, 1, ZoneState.NORMAL), (1, 2, ZoneState.NORMAL),
        (2, 3, ZoneState.PARTIAL), (3, 3, ZoneState.NORMAL), (9, 11, ZoneState.PARTIAL), (10, 11, ZoneState.NORMAL),
        (2, 2, ZoneState.NORMAL), (45, 55, ZoneState.PARTIAL), (46, 55, ZoneState.NORMAL), (5, 0, ZoneState.NORMAL),
    ],
)  # fmt: skip
def test_the_state_of_a_zone(ready: int, silent: int, state: ZoneState) -> None:
    assert state_of(ready, silent) is state


def row(name: str, labels: Mapping[str, str], ready: bool = True) -> NodeRow:
    (found,) = f.store_of(f.node(name, ready="True" if ready else "Unknown", labels=dict(labels))).rows(
        "Node"
    )
    assert isinstance(found, NodeRow)
    return found


ZONE, REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"


@pytest.mark.parametrize(
    ("ready", "silent", "beside", "found"),
    [
        (2, 1, 0, Evictions(1, 3, 0.1)),
        (2, 3, 0, Evictions(3, 5, 0.0)),
        (2, 3, 2, Evictions(3, 5, 0.0)),
        (0, 2, 0, Evictions(2, 2, 0.0, True)),
        (0, 2, 1, Evictions(2, 2, 0.1)),
        (20, 30, 0, Evictions(30, 50, 0.0)),
        (20, 31, 0, Evictions(31, 51, 0.01)),
    ],
)
def test_when_evictions_stop(ready: int, silent: int, beside: int, found: Evictions) -> None:
    nodes = [row(f"a-{at}", {ZONE: "a"}, at < ready) for at in range(ready + silent)]
    others = [row(f"b-{at}", {ZONE: "b"}) for at in range(beside)]
    assert evictions([*nodes, *others], nodes[-1]) == found
    suspended = found.rate == 0.0
    assert found.suspended is suspended
    words = f"evictions suspended: {found.silent} of {found.nodes} hosts silent"
    assert found.words == (words if suspended else "")
    excluded = row("ex", {ZONE: "a", "node.kubernetes.io/exclude-disruption": ""}, ready=False)
    assert evictions([*nodes, *others, excluded], nodes[-1]) == found
    assert evictions([*nodes, *others, row("in", {ZONE: "a"}, ready=False)], nodes[-1]) != found


def test_the_zone_of_a_node_is_in_its_labels_the_old_ones_first() -> None:
    assert zone_of(row("a", {})) == ("", "")
    assert zone_of(row("a", {REGION: "r", ZONE: "z"})) == ("r", "z")
    old = {"failure-domain.beta.kubernetes.io/region": "q", "failure-domain.beta.kubernetes.io/zone": "y"}
    assert zone_of(row("a", {REGION: "r", ZONE: "z"} | old)) == ("q", "y")


@pytest.mark.parametrize(
    ("ready", "phase", "allowed", "healthy", "wanted", "always", "waits"),
    [
        (True, "Running", 1, 2, 1, False, False),
        (True, "Running", 0, 2, 1, True, True),
        (False, "Running", 0, 2, 2, False, False),
        (False, "Running", 0, 1, 2, False, True),
        (False, "Running", 0, 1, 2, True, False),
        (False, "Running", 0, 0, 0, False, True),
        (False, "Running", 1, 0, 0, False, False),
        (False, "Pending", 0, 0, 1, False, False),
    ],
)
def test_whether_a_budget_holds_a_pod(
    ready: bool, phase: str, allowed: int, healthy: int, wanted: int, always: bool, waits: bool
) -> None:
    pod = Demand("d", "a", "u", node="edge-1", phase=phase, ready=ready, owner_kind="ReplicaSet")
    budget = Budget("d", "b", {}, allowed, healthy, wanted, always)
    offers = (Offer("edge-1"), Offer("edge-2"))
    (one,) = drained(Cluster(offers, (pod,), (budget,)), ("edge-1",)).pods
    assert (one.fate is Fate.WAITS) is waits
    assert one.why == ("budget b lets no pod go" if waits else "")
    (both,) = drained(Cluster(offers, (pod,), (budget, budget)), ("edge-1",)).pods
    pending = phase == "Pending"
    assert both.why == ("" if pending else "has more than one budget, which evictions do not support")
