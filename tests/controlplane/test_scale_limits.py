"""Budgets and quotas that a scale meets: said before, and true on the cluster afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgetui.actions.scaling import scale

from . import workloads as w
from .acting import Acting, connected, named
from .cluster import ControlPlane
from .test_scale import get, settled
from .waiting import eventually

QUOTAS = "/api/v1/namespaces/{}/resourcequotas"
BUDGETS = "/apis/policy/v1/namespaces/{}/poddisruptionbudgets"


def budget(name: str, app: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"selector": {"matchLabels": {"app": app}}, **spec}}


async def test_a_quota_says_how_many_pods_will_not_be_made_and_they_are_not(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.create(namespace, w.deployment("press"))
    settled(cluster, namespace, "press", 3)
    path = QUOTAS.format(namespace)
    cluster.api.create(path, {"metadata": {"name": "team"}, "spec": {"hard": {"requests.memory": "64Mi"}}})
    eventually(
        lambda: cluster.api.get(f"{path}/team")["status"].get("used", {}).get("requests.memory") == "48Mi",
        within=20,
        what="the quota has counted",
    )
    acting = Acting(tmp_path)
    async with connected(cluster.kubeconfig()) as session:
        view = await scale.prepare(session, named(session, "Deployment", namespace, "press"))
        assert view.warnings(4) == ()
        assert view.warnings(6) == (
            "ResourceQuota team leaves room for 1 more (48Mi of 64Mi requests.memory in use, 16Mi each): "
            "2 of 3 new pods will not be made.",
        )
        receipt = await scale.perform(acting.gate, session, view, 6, wait=2)
    assert receipt.pending
    assert get(cluster, namespace, "press")["status"]["replicas"] == 4


async def test_a_budget_says_when_a_scale_takes_its_room(cluster: ControlPlane, namespace: str) -> None:
    cluster.create(namespace, w.deployment("press"), w.deployment("oven"))
    settled(cluster, namespace, "press", 3)
    path = BUDGETS.format(namespace)
    cluster.api.create(path, budget("press-pdb", "press", minAvailable=2))
    async with connected(cluster.kubeconfig()) as session:
        view = await scale.prepare(session, named(session, "Deployment", namespace, "press"))
        other = await scale.prepare(session, named(session, "Deployment", namespace, "oven"))
    assert view.warnings(4) == ()
    assert "press-pdb lets no pod be moved" in view.warnings(2)[0]
    assert "asks for 2 available pods; it does not stop a scale, and 1 is less" in view.warnings(1)[0]
    assert other.warnings(1) == ()
    cluster.kubectl("scale", "deployment/press", "--replicas=2", "-n", namespace)
    settled(cluster, namespace, "press", 2)

    def counted() -> bool:
        status = cluster.api.get(f"{path}/press-pdb").get("status", {})
        return status.get("currentHealthy") == 2 and status.get("disruptionsAllowed") == 0

    eventually(counted, within=20, what="the budget allows no disruption")


async def test_without_the_right_to_read_them_nothing_is_said(cluster: ControlPlane, namespace: str) -> None:
    cluster.create(namespace, w.deployment("press"))
    settled(cluster, namespace, "press", 3)
    cluster.api.create(BUDGETS.format(namespace), budget("press-pdb", "press", minAvailable=2))
    async with connected(cluster.service_account_kubeconfig(namespace, "ops")) as session:
        view = await scale.prepare(session, named(session, "Deployment", namespace, "press"))
    assert view.warnings(1) == ()
