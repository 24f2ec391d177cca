"""Services on a real control plane: whether each leads anywhere, and who holds its address."""

from __future__ import annotations

import time
from typing import Any

from edgetui.cluster.session import ClusterSession
from edgetui.model.cache.freshness import Sync
from edgetui.model.panes import PANES

from . import workloads as w
from .cluster import ControlPlane
from .custom import defined, definition
from .watching import until, watching

PANE = PANES["services"]


def service(name: str, app: str | None = "press", **spec: Any) -> dict[str, Any]:
    selector = {"selector": {"app": app}} if app else {}
    return {"metadata": {"name": name}, "spec": {"ports": [{"port": 80}], **selector, **spec}}


def said(session: ClusterSession, namespace: str) -> dict[str, str]:
    """The state of every Service of a namespace, a while after it was made."""
    now = time.time() + 3600
    rows = [row for row in session.store.rows("Service") if row.namespace == namespace]
    return {
        row.name: PANE.value(PANE.build(session.store, "Service", row, now), "state").words for row in rows
    }


async def test_a_service_says_whether_it_leads_anywhere(cluster: ControlPlane, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/services"
    cluster.create(namespace, w.deployment("press", replicas=2))
    for made in (
        service("press"),
        service("lost", "nobody"),
        service("headless", clusterIP="None"),
        service("by-hand", None),
        service("outside", None, type="ExternalName", externalName="db.example.org"),
    ):
        cluster.api.create(path, made)
    steady = {"lost": "no endpoints", "by-hand": "no endpoints", "outside": "ok"}
    async with watching(cluster.kubeconfig(), PANE.needs) as session:
        ready = {**steady, "press": "2 of 2 ready", "headless": "2 of 2 ready"}
        await until(session, lambda: said(session, namespace) == ready, within=60, what=f"{ready}")
        scale = f"/apis/apps/v1/namespaces/{namespace}/deployments/press/scale"
        cluster.api.patch(scale, {"spec": {"replicas": 0}})
        none = {**steady, "press": "no endpoints", "headless": "no endpoints"}
        await until(session, lambda: said(session, namespace) == none, within=60, what=f"{none}")


L2 = definition("servicel2statuses", "ServiceL2Status", "metallb.io", versions=("v1beta1",))


def holders(session: ClusterSession, namespace: str) -> dict[str, tuple[str, ...]]:
    """By Service of a namespace: what gave its address away, and the nodes that hold it or why none is known."""
    rows = [row for row in session.store.rows("Service") if row.namespace == namespace]
    made = {row.name: PANE.value(PANE.build(session.store, "Service", row, 0.0), "holder") for row in rows}
    return {name: (one.by, *one.nodes, one.why) for name, one in made.items() if one is not None}


async def test_an_address_says_who_holds_it(cluster: ControlPlane, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/services"
    told = {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}}
    for name in ("on-k3s", "announced", "in-a-cloud"):
        cluster.api.create(path, service(name, type="LoadBalancer"))
        cluster.api.patch(f"{path}/{name}/status", told)
    labels = {"svcname": "on-k3s", "svcnamespace": namespace}
    balancer = w.daemonset("svclb-on-k3s")
    balancer["metadata"]["labels"] = {
        f"svccontroller.k3s.cattle.io/{key}": one for key, one in labels.items()
    }
    cluster.create(namespace, balancer)
    nodes = sorted(one["metadata"]["name"] for one in cluster.api.get("/api/v1/nodes")["items"])
    with defined(cluster, L2):
        announced = {
            "apiVersion": "metallb.io/v1beta1",
            "kind": "ServiceL2Status",
            "metadata": {"name": "l2-1"},
            "status": {"node": nodes[0], "serviceName": "announced", "serviceNamespace": namespace},
        }
        cluster.api.create(f"/apis/metallb.io/v1beta1/namespaces/{namespace}/servicel2statuses", announced)
        async with watching(cluster.kubeconfig(), PANE.needs) as session:
            says = {
                "on-k3s": ("ServiceLB", *nodes, ""),
                "announced": ("MetalLB L2", nodes[0], ""),
                "in-a-cloud": ("", "not visible"),
            }
            await until(session, lambda: holders(session, namespace) == says, within=60, what=f"{says}")
            assert session.store.freshness("ServiceBGPStatus").sync is Sync.ABSENT
