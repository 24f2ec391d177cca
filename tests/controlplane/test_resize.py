"""Resizing a pod in place on a real API server. No kubelet acts here: what one would say is put into the status."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.messages import Changed, Refusal, Step
from edgetui.actions.scaling import resize_pod
from edgetui.actions.undo import undo
from edgetui.cluster.errors import Invalid

from . import workloads as w
from .acting import Acting, connected, named
from .cluster import ControlPlane
from .test_scale import settled

PODS = "/api/v1/namespaces/{}/pods"


def running(cluster: ControlPlane, namespace: str) -> str:
    """The name of a pod with 10m and 16Mi that runs."""
    cluster.create(namespace, w.deployment("press", replicas=1))
    settled(cluster, namespace, "press", 1)
    (pod,) = cluster.api.get(PODS.format(namespace))["items"]
    return str(pod["metadata"]["name"])


class Kubelet:
    """Says in the pod's status what a kubelet would, once the new values were accepted."""

    def __init__(self, cluster: ControlPlane, namespace: str, name: str) -> None:
        self.cluster, self.path = cluster, f"{PODS.format(namespace)}/{name}"
        self.condition: dict[str, Any] = {}

    def __call__(self, step: Step) -> None:
        if "accepted" not in step.text:
            return
        there = self.cluster.api.get(self.path)
        status: dict[str, Any] = {"conditions": [*there["status"]["conditions"]]}
        if self.condition:
            seen = {"status": "True", "observedGeneration": there["metadata"]["generation"]}
            status["conditions"].append({**self.condition, **seen})
        else:
            given = there["spec"]["containers"][0]["resources"]
            (container,) = there["status"]["containerStatuses"]
            status["containerStatuses"] = [{**container, "resources": given}]
        self.cluster.api.patch(f"{self.path}/status", {"status": status})


async def test_a_resize_is_written_once_and_seen_in_what_the_container_runs_with(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    name = running(cluster, namespace)
    acting = Acting(tmp_path)
    acting.on_step = Kubelet(cluster, namespace, name)
    async with connected(cluster.kubeconfig()) as session:
        view = await resize_pod.prepare(session, named(session, "Pod", namespace, name))
        box = view.box("")
        assert box.values == {"requests.cpu": "10m", "requests.memory": "16Mi"}
        wanted = {"requests.cpu": "20m", "requests.memory": "16Mi"}
        receipt = await resize_pod.perform(acting.gate, session, view, box, wanted, wait=20)
    assert receipt.ok, receipt.lines
    assert acting.plans[0].diff == ("- requests.cpu: 10m", "+ requests.cpu: 20m")
    assert "a new pod has its values again" in acting.plans[0].warnings[0]
    spec = cluster.api.get(f"{PODS.format(namespace)}/{name}")["spec"]["containers"][0]
    assert spec["resources"]["requests"] == {"cpu": "20m", "memory": "16Mi"}
    assert acting.writes == ["done"]


async def test_a_resize_is_undone_unless_the_container_had_no_such_value(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    name = running(cluster, namespace)
    path = f"{PODS.format(namespace)}/{name}"
    acting = Acting(tmp_path)
    async with connected(cluster.kubeconfig()) as session:
        pod = named(session, "Pod", namespace, name)
        view = await resize_pod.prepare(session, pod)
        wanted = {"requests.cpu": "0.02"}
        assert (await resize_pod.perform(acting.gate, session, view, view.box(""), wanted, wait=None)).pending
        there = await undo.prepare(session, pod, acting.log)
        receipt = await undo.perform(acting.gate, session, there, acting.log, wait=5)
        assert receipt.ok and "is on its way to requests.cpu 10m again" in receipt.lines[0]
        requests = cluster.api.get(path)["spec"]["containers"][0]["resources"]["requests"]
        assert requests == {"cpu": "10m", "memory": "16Mi"}

        view = await resize_pod.prepare(session, pod)
        wanted = {"limits.memory": "64Mi"}
        assert (await resize_pod.perform(acting.gate, session, view, view.box(""), wanted, wait=None)).pending
        with pytest.raises(Refusal, match="a running pod cannot lose one again"):
            await undo.prepare(session, pod, acting.log)


@pytest.mark.parametrize(
    ("condition", "pending", "words"),
    [
        (
            {
                "type": "PodResizePending",
                "reason": "Infeasible",
                "message": "Node didn't have enough capacity",
            },
            False,
            "its node can never give it that (Node didn't have enough capacity)",
        ),
        (
            {"type": "PodResizePending", "reason": "Deferred", "message": "Node didn't have enough resource"},
            True,
            "waiting until its node has room (Node didn't have enough resource)",
        ),
        ({"type": "PodResizeInProgress"}, True, "being carried out"),
    ],
)
async def test_what_the_node_answers_is_said(
    cluster: ControlPlane,
    namespace: str,
    tmp_path: Path,
    condition: dict[str, str],
    pending: bool,
    words: str,
) -> None:
    name = running(cluster, namespace)
    acting = Acting(tmp_path)
    kubelet = Kubelet(cluster, namespace, name)
    kubelet.condition = condition
    acting.on_step = kubelet
    async with connected(cluster.kubeconfig()) as session:
        view = await resize_pod.prepare(session, named(session, "Pod", namespace, name))
        receipt = await resize_pod.perform(
            acting.gate, session, view, view.box(""), {"requests.cpu": "30m"}, wait=1
        )
    assert (receipt.ok, receipt.pending) == (False, pending)
    assert words in receipt.lines[0]


async def test_what_the_server_refuses_and_what_changed_meanwhile_is_not_written(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    name = running(cluster, namespace)
    path = f"{PODS.format(namespace)}/{name}"
    acting = Acting(tmp_path)
    async with connected(cluster.kubeconfig()) as session:
        view = await resize_pod.prepare(session, named(session, "Pod", namespace, name))
        box = view.box("")
        both = {"limits.cpu": "10m", "limits.memory": "16Mi"}
        with pytest.raises(Invalid, match="QOS Class may not change"):
            await resize_pod.perform(acting.gate, session, view, box, both, wait=1)
        with pytest.raises(Refusal, match="has no container sidecar"):
            view.box("sidecar")
        same = await resize_pod.perform(acting.gate, session, view, box, {"requests.cpu": "0.01"}, wait=1)
        assert "has these values already: nothing was written" in same.lines[0]
        other = {"spec": {"containers": [{"name": "app", "resources": {"requests": {"cpu": "15m"}}}]}}
        acting.meanwhile = lambda: cluster.api.patch(
            f"{path}/resize", other, "application/strategic-merge-patch+json"
        )
        with pytest.raises(Changed) as changed:
            await resize_pod.perform(acting.gate, session, view, box, {"requests.cpu": "20m"}, wait=1)
    assert changed.value.view.box("app").values["requests.cpu"] == "15m"
    assert acting.writes == ["refused"]
