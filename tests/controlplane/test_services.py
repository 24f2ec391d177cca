"""Services on a real control plane: whether each leads anywhere, while its pods come and go."""

from __future__ import annotations

import time
from typing import Any

from edgetui.cluster.session import ClusterSession
from edgetui.model.panes import PANES

from . import workloads as w
from .cluster import ControlPlane
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
