"""Hosts that fail on a real control plane: each step with the API's own time, the rules of zones, and what moves where.

Zones of several sizes lose hosts at once, because the node lifecycle controller judges each zone by itself.
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from edgetui.actions.nodes.foresee import read
from edgetui.cluster.api.leases import NODES, read_lease
from edgetui.cluster.session import FIRST_PAINT, ClusterSession
from edgetui.model.kinds.endpointslice import ENDPOINT_SLICE
from edgetui.model.kinds.node import NODE, NodeRow
from edgetui.model.kinds.service import SERVICE, ServiceRow
from edgetui.model.node.failure import Step, evictions_of, steps
from edgetui.model.node.loss import After, Prospect, prospects
from edgetui.model.panes import PANES
from edgetui.model.text import unix

from . import workloads as w
from .acting import until as polled
from .cluster import ControlPlane
from .conftest import Boot
from .waiting import eventually
from .watching import until, watching

Json = dict[str, Any]
ZONE = "topology.kubernetes.io/zone"
GRACE, TOLERATED = 6, 6
ZONES = {"two": 2, "four": 4, "five": 5, "one": 1}
LOST = {"two": 1, "four": 3, "five": 3, "one": 1}
HEARTBEAT = 10.0


def label_zones(cluster: ControlPlane) -> dict[str, list[str]]:
    """The nodes of each zone."""
    names = iter(sorted(one["metadata"]["name"] for one in cluster.api.get("/api/v1/nodes")["items"]))
    found = {zone: [next(names) for _ in range(count)] for zone, count in ZONES.items()}
    for zone, nodes in found.items():
        for name in nodes:
            cluster.api.patch(f"/api/v1/nodes/{name}", {"metadata": {"labels": {ZONE: zone}}})
    return found


def kubelet_says_not_ready(cluster: ControlPlane, node: str) -> None:
    """The last that a kubelet tells before its host is gone, as on a graceful shutdown."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    ready = {
        "type": "Ready",
        "status": "False",
        "reason": "KubeletNotReady",
        "message": "node is shutting down",
    }
    ready |= {"lastHeartbeatTime": stamp, "lastTransitionTime": stamp}
    cluster.api.patch(
        f"/api/v1/nodes/{node}/status",
        {"status": {"conditions": [ready]}},
        content_type="application/strategic-merge-patch+json",
    )


def row_of(session: ClusterSession, node: str) -> NodeRow:
    row = session.store.get(NODE, "", node)
    assert isinstance(row, NodeRow)
    return row


def told(session: ClusterSession, node: str, foreseen: list[Prospect] | None = None) -> dict[str, Step]:
    found = steps(session.store, row_of(session, node), time.time(), None, foreseen)
    return {one.label: one for one in found}


def said(session: ClusterSession, node: str, label: str) -> str:
    """What a step says, empty while there is none."""
    found = told(session, node).get(label)
    return found.words if found is not None else ""


def pods_on(cluster: ControlPlane, namespace: str, node: str) -> list[Json]:
    found = cluster.api.get(f"/api/v1/namespaces/{namespace}/pods?fieldSelector=spec.nodeName%3D{node}")[
        "items"
    ]
    return list(found)


def evicting_since(node: Json) -> int:
    """When a node got the taint that evicts, 0 while it has none."""
    taints = node["spec"].get("taints", [])
    return max((unix(one["timeAdded"]) for one in taints if one["effect"] == "NoExecute"), default=0)


def evicted_at(pod: Json) -> int:
    """When the taint eviction controller asked for its end, 0 while it has not."""
    for one in pod["status"].get("conditions", []):
        if one["type"] == "DisruptionTarget" and one["status"] == "True":
            return unix(one["lastTransitionTime"])
    return 0


@pytest.fixture(scope="module")
def site(boot: Boot) -> ControlPlane:
    return boot(
        "hosts", nodes=sum(ZONES.values()), node_monitor_grace=GRACE, lease_duration=8, toleration=TOLERATED
    )


async def test_hosts_fail_as_the_controllers_have_it_and_as_is_told(site: ControlPlane) -> None:
    zones = label_zones(site)
    lost = {zone: zones[zone][: LOST[zone]] for zone in zones}
    with site.namespace() as namespace:
        taints = [
            {
                "key": f"node.kubernetes.io/{key}",
                "operator": "Exists",
                "effect": "NoExecute",
                "tolerationSeconds": 60,
            }
            for key in ("unreachable", "not-ready")
        ]
        patient = {"nodeSelector": {ZONE: "one"}, "tolerations": taints}
        site.create(namespace, w.deployment("web", replicas=24))
        site.create(namespace, w.deployment("cam", replicas=2, pod_spec=patient))
        for app in ("web", "cam"):
            spec = {"selector": {"app": app}, "ports": [{"port": 80}]}
            site.api.create(
                f"/api/v1/namespaces/{namespace}/services", {"metadata": {"name": app}, "spec": spec}
            )
        (mover, *_), (hole, *_) = lost["two"], lost["one"]
        eventually(
            lambda: len(pods_on(site, namespace, hole)) >= 2 and pods_on(site, namespace, mover),
            within=60,
            what="pods on every host",
        )
        async with watching(site.kubeconfig(), (*FIRST_PAINT, SERVICE, ENDPOINT_SLICE)) as session:
            store = session.store
            await until(
                session, lambda: store.count(NODE) == 12 and _ready(session, namespace), within=60, what="all"
            )
            renewed = (await read_lease(session.api, NODES, mover)).renewed
            assert abs(time.time() - renewed) <= HEARTBEAT
            for name in (one for names in lost.values() for one in names):
                site.kill_node(name)
            kubelet_says_not_ready(site, hole)
            every = [name for names in lost.values() for name in names]
            await until(
                session,
                lambda: all(row_of(session, one).silent for one in every),
                within=40,
                what="all silent",
            )

            # the steps, as they come
            def begun() -> bool:
                now = told(session, mover)
                return bool(now["evicting taint"].at) and "endpoints out" in now

            await until(session, begun, within=20, what="the taint, and pods that count no more")
            known = await read(session)
            foreseen = prospects(
                known.cluster, mover, suspended=evictions_of(store, row_of(session, mover)).suspended
            )
            mine = [one for one in foreseen if one.pod.namespace == namespace]
            found = told(session, mover, mine)
            node = site.api.get(f"/api/v1/nodes/{mover}")
            ready = next(one for one in node["status"]["conditions"] if one["type"] == "Ready")
            assert found["NotReady"].at == unix(ready["lastTransitionTime"])
            # a second before, too, as `steps` takes it: its node and its pods are written one after the other
            assert -1 <= found["endpoints out"].at - found["NotReady"].at <= HEARTBEAT
            assert found["evicting taint"].at == evicting_since(node) > 0
            assert mine
            assert all(one.after is After.MOVES and one.fits for one in mine)

            # what is foretold of evictions is what comes
            def gone() -> list[Json]:
                there = pods_on(site, namespace, mover)
                return there if there and all(evicted_at(pod) for pod in there) else []

            evicted = eventually(gone, within=30, what="evictions")
            assert {pod["metadata"]["uid"] for pod in evicted} == {one.pod.uid for one in mine}
            for pod in evicted:
                assert 0 <= evicted_at(pod) - found["first eviction"].at <= HEARTBEAT, found
            count = len(mine)
            whole = f"{count} of {count} pod{'s' * (count > 1)} made anew elsewhere"
            await until(
                session,
                lambda: said(session, mover, "replaced") == whole,
                within=30,
                what="the successors",
            )
            await until(
                session, lambda: "endpoints in" in told(session, mover), within=30, what="endpoints in"
            )

            # where too much of a zone is silent, nobody is evicted who did not get the taint before, and that is said
            for zone in ("four", "five"):
                nodes = {name: site.api.get(f"/api/v1/nodes/{name}") for name in lost[zone]}
                spared = [name for name, node in nodes.items() if not evicting_since(node)]
                assert spared
                for name, node in nodes.items():
                    found = told(session, name)
                    words = f"evictions suspended: 3 of {ZONES[zone]} hosts silent" if name in spared else ""
                    assert found["evicting taint"].words == words
                    assert found["evicting taint"].at == evicting_since(node)

            # a kubelet that said NotReady before it fell silent: its pods keep getting traffic
            await polled(
                lambda: said(session, hole, "endpoints out").startswith("not: "), within=20, what="the hole"
            )
            cam = store.get(SERVICE, namespace, "cam")
            assert isinstance(cam, ServiceRow)
            pane = PANES["services"]
            assert pane.value(pane.build(store, SERVICE, cam, time.time()), "state").words == "2 of 2 silent"

            site.revive_node(mover)
            await until(
                session,
                lambda: "Ready" in told(session, mover),
                within=30,
                what="the return",
            )
        for name in every:
            site.revive_node(name)


def _ready(session: ClusterSession, namespace: str) -> bool:
    """Whether every pod of the test is ready."""
    pods = [one for one in session.store.rows("Pod") if one.namespace == namespace]
    return len(pods) == 26 and all(getattr(one, "is_ready", False) for one in pods)
