"""What every field of the objects of a small cluster does to what is foretold of a drain, a cut cable and a silence.

`pytest tests/unit/model/test_every_field_of_a_cluster.py --snapshot-update` takes what is foretold now; look at what
differs first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.model.kinds.base import NotReadable
from edgetui.model.kinds.node import NodeRow
from edgetui.model.lease import Lease
from edgetui.model.node.demand import demand_of, offer_of
from edgetui.model.node.failure import steps, summary
from edgetui.model.node.forecast import Cluster, budget_of, drained
from edgetui.model.node.loss import prospects
from edgetui.model.node.unplug import Known, answer, short_form
from tests.ui.test_every_field import differences, variants_of
from tests.unit.model import factories as f
from tests.unit.model.test_fields_left_out import full_pod
from tests.unit.model.test_node_failure import GONE_AT, SET, STATEFUL, both, lost, pod, taint

Json = dict[str, Any]
VOLUME = {("default", "press"): [{"matchExpressions": [{"key": "site", "operator": "In", "values": ["a"]}]}]}
ODD = (NotReadable, LookupError, TypeError, AttributeError, ValueError)


def cluster_of(objects: Sequence[Json]) -> Cluster:
    def made(kind: str, of: Callable[[Json], Any]) -> tuple[Any, ...]:
        return tuple(of(one) for one in objects if one["kind"] == kind)

    return Cluster(
        made("Node", offer_of), made("Pod", demand_of), made("PodDisruptionBudget", budget_of), VOLUME
    )


def of_drain(objects: Sequence[Json]) -> Iterator[str]:
    """What a drain of edge-1 does."""
    found = drained(cluster_of(objects), ("edge-1",))
    for one in found.pods:
        yield f"{one.pod.words}: {one.fate.value} {' '.join(one.fits)} {one.why}".strip()
    yield f"room: {found.room.nodes} nodes, {found.room.cpu:g} cores, {found.room.memory / 2**20:g} MiB"


def of_loss(objects: Sequence[Json]) -> Iterator[str]:
    """What becomes of the pods of edge-1 when it is lost, and where nothing is evicted."""
    for suspended in (False, True):
        yield f"suspended {suspended}"
        for one in prospects(cluster_of(objects), "edge-1", suspended=suspended):
            at = "" if one.at is None else f" at {one.at - f.NOW:g}"
            done = " done" if one.done else ""
            yield f"{one.pod.words}: {one.after.value}{at}{done} {' '.join(one.fits)} {one.why}".rstrip()


def of_cable(objects: Sequence[Json]) -> Iterator[str]:
    """What is told before edge-1 is cut off."""
    rows = f.store_of(*(one for one in objects if one["kind"] != "PodDisruptionBudget"))
    found = answer(Known(cluster_of(objects), rows, ("leases were not looked at",)), {"edge-1"})
    yield from (f"{one}" for one in (*found.services, *found.addresses))
    yield f"sole {' '.join(found.sole)}"
    yield f"quorum {found.quorum}, lost {found.quorum.lost}"
    yield f"cut {found.cut.evictions.words}, {found.cut.numbered} numbered"
    yield from short_form(found)


def of_silence(objects: Sequence[Json]) -> Iterator[str]:
    """What the page of edge-1 says of its silence, step by step."""
    store = f.store_of(*(one for one in objects if one["kind"] != "PodDisruptionBudget"))
    row = store.get("Node", "", "edge-1")
    if not isinstance(row, NodeRow):
        return
    lease = Lease("edge-1", GONE_AT - 50)
    foreseen = prospects(cluster_of(objects), "edge-1", suspended=False)
    for given in (None, foreseen):
        for one in steps(store, row, f.NOW, lease, given):
            at = f"{one.at - f.NOW:g} " if one.at else ""
            yield f"{one.label}: {at}{'due ' if one.due else ''}{one.words}{' !' if one.bad else ''}"
    yield summary(store, row, f.NOW)


TWO_OF = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
    {"labelSelector": {"matchLabels": {"app": "db"}}, "topologyKey": "kubernetes.io/hostname"}]}}  # fmt: skip
BUDGET: Json = {
    "kind": "PodDisruptionBudget",
    "metadata": {"name": "db", "namespace": "default"},
    "spec": {"selector": {"matchLabels": {"app": "db"}}, "unhealthyPodEvictionPolicy": "IfHealthyBudget"},
    "status": {"disruptionsAllowed": 1, "currentHealthy": 2, "desiredHealthy": 1},
}


def node(name: str, **more: Any) -> Json:
    return f.node(name, labels={"kubernetes.io/hostname": name, "site": "a"}, **more)


def on_edge_1(made: Json) -> Json:
    made["spec"]["nodeName"] = "edge-1"
    return made


SLICE = f.endpoint_slice("web", ready=2, on=["edge-1", "edge-2"])
for _at, _name in enumerate(("press-a", "press-b")):
    SLICE["endpoints"][_at]["targetRef"] = {"kind": "Pod", "name": _name}

SCENES: dict[str, tuple[Callable[[Sequence[Json]], Iterator[str]], list[Json]]] = {
    "a pod that asks for everything": (
        of_drain,
        [
            on_edge_1(full_pod()),
            node("edge-1"),
            node("edge-2", taints=[{"key": "line", "value": "2", "effect": "NoExecute"}]),
        ],
    ),
    "a drain under a budget": (
        of_drain,
        [
            pod("db-0", STATEFUL, ready="True", labels={"app": "db"}, spec={"affinity": TWO_OF}),
            pod("db-1", STATEFUL, ready="True", labels={"app": "db"}),
            pod("tool", None, ready="True"),
            pod("agent-x", f.daemon_set("agent"), ready="True"),
            BUDGET,
            node("edge-1"),
            node("edge-2", cpu="1"),
            node("edge-3", cordoned=True),
        ],
    ),
    "a node that is lost": (
        of_loss,
        [
            lost(taint(GONE_AT + 5), taint(GONE_AT + 9, "not-ready")),
            node("edge-2"),
            pod("press-a", spec=both(300, 60)),
            pod("camera-0", STATEFUL, labels={"app": "camera"}),
            pod("tool", None),
            pod("agent-x", f.daemon_set("agent")),
            pod("going", deleting=f.NOW - 20),
        ],
    ),
    "a node that is out of service": (
        of_loss,
        [
            lost(taint(GONE_AT), {"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"}),
            node("edge-2"),
            pod("camera-0", STATEFUL, labels={"app": "camera"}),
            pod("agent-x", f.daemon_set("agent")),
            pod("going", deleting=f.NOW - 20),
            pod("kept", spec={"tolerations": [{"operator": "Exists"}]}),
        ],
    ),
    "a cable": (
        of_cable,
        [
            node("edge-1", roles=("control-plane", "etcd")),
            node("edge-2", roles=("control-plane", "etcd")),
            node("edge-3"),
            pod("press-a", ready="True"),
            pod("press-b", ready="True", on="edge-2"),
            pod("cam-0", STATEFUL, ready="True"),
            f.service("web", type_="LoadBalancer", ips=["192.0.2.7"]),
            SLICE,
            f.announced("ServiceL2Status", "web", "edge-1"),
        ],
    ),
    "a silence with traffic": (
        of_silence,
        [
            lost(taint(GONE_AT + 5)),
            pod("press-a", ready="True"),
            pod("press-b", on="edge-2", at=f.NOW - 30, ready="True"),
            f.endpoint_slice("web", ready=1, on=["edge-1"]),
        ],
    ),
    "a silence": (
        of_silence,
        [
            lost(taint(GONE_AT + 5)),
            node("edge-2"),
            pod("press-a"),
            pod("press-b", deleting=f.NOW - 20, ready="True"),
            pod("press-c", on="edge-2", at=f.NOW - 30, ready="True"),
            SET,
        ],
    ),
}


def foretold(of: Callable[[Sequence[Json]], Iterator[str]], objects: Sequence[Json]) -> list[str]:
    try:
        return list(of(objects))
    except ODD as problem:
        return [f"{type(problem).__name__}"]


@pytest.mark.parametrize("scene", SCENES)
def test_what_every_field_does_to_what_is_foretold(scene: str, snapshot: SnapshotAssertion) -> None:
    of, objects = SCENES[scene]
    usual = foretold(of, objects)
    found: dict[tuple[str, ...], list[str]] = {}
    for at, one in enumerate(objects):
        for what, variant in variants_of(one):
            lines = differences(usual, foretold(of, [*objects[:at], variant, *objects[at + 1 :]]))
            if lines:
                found.setdefault(tuple(lines), []).append(f"{one['kind']} {one['metadata']['name']}: {what}")
    parts = ["\n".join([*(f"# {what}" for what in by), *lines]) for lines, by in found.items()]
    assert "\n\n".join(["\n".join(usual), *parts]) == snapshot
