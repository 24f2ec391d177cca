"""VPA and KEDA beside a workload: their kinds as custom resources on a real API server, and a cluster without them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.messages import Changed, Refusal
from edgetui.actions.scaling import keda, scale
from edgetui.actions.scaling.vpa_keda_owner import scaled_object_of, vpa_recommendations
from edgetui.actions.undo import undo
from edgetui.model.autoscaling.vpa_keda import PAUSED, PAUSED_AT

from . import workloads as w
from .acting import Acting, connected, named
from .cluster import ControlPlane
from .commanding import Command
from .test_scale import settled
from .test_scale_other import CRDS
from .waiting import eventually
from .workloads import PATHS

VERTICAL = "/apis/autoscaling.k8s.io/v1/namespaces/{}/verticalpodautoscalers"
KEDA = "/apis/keda.sh/v1alpha1/namespaces/{}/scaledobjects"


def define(cluster: ControlPlane, group: str, version: str, kind: str, **more: Any) -> str:
    """A kind with any spec and status; where its definition is."""
    loose = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    served: dict[str, Any] = {"name": version, "served": True, "storage": True, **more}
    served["schema"] = {"openAPIV3Schema": {"type": "object", "properties": {"spec": loose, "status": loose}}}
    plural = f"{kind.lower()}s"
    names = {"plural": plural, "singular": kind.lower(), "kind": kind}
    spec = {"group": group, "names": names, "scope": "Namespaced", "versions": [served]}
    cluster.api.create(
        CRDS,
        {
            "metadata": {
                "name": f"{plural}.{group}",
                "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"},
            },
            "spec": spec,
        },
    )
    listing = f"/apis/{group}/{version}/namespaces/default/{plural}"
    eventually(
        lambda: cluster.api.request("GET", listing).code == 200, within=20, what=f"{plural} are served"
    )
    return f"{CRDS}/{plural}.{group}"


@pytest.fixture(scope="module")
def scalers(cluster: ControlPlane) -> Iterator[ControlPlane]:
    """The cluster with both kinds."""
    made = [
        define(cluster, "autoscaling.k8s.io", "v1", "VerticalPodAutoscaler"),
        define(cluster, "keda.sh", "v1alpha1", "ScaledObject", subresources={"status": {}}),
    ]
    yield cluster
    for path in made:
        cluster.api.delete(path)


async def test_a_cluster_without_them_has_nothing_to_say(cluster: ControlPlane, namespace: str) -> None:
    async with connected(cluster.kubeconfig()) as session:
        press = named(session, "Deployment", namespace, "press")
        assert await vpa_recommendations(session, press.key) == []
        assert await scaled_object_of(session, press.key) is None


class Operator:
    """KEDA's operator as its source has it: it scales to the paused number and writes the condition Paused."""

    def __init__(self, cluster: ControlPlane, namespace: str) -> None:
        self._cluster = cluster
        self._namespace = namespace

    def answer(self) -> None:
        path = f"{KEDA.format(self._namespace)}/by-queue"
        there = self._cluster.api.get(path)
        notes = there["metadata"].get("annotations") or {}
        if PAUSED_AT in notes:
            scale = {"spec": {"replicas": int(notes[PAUSED_AT])}}
            self._cluster.api.patch(f"{PATHS['Deployment'].format(self._namespace)}/press/scale", scale)
        paused = {"type": "Paused", "status": str(bool(notes))}
        self._cluster.api.patch(
            f"{path}/status", {"status": {"conditions": [{"type": "Ready", "status": "True"}, paused]}}
        )


@pytest.fixture
def queue(scalers: ControlPlane, namespace: str) -> ControlPlane:
    """A deployment that KEDA scales."""
    scalers.create(namespace, w.deployment("press", replicas=1))
    settled(scalers, namespace, "press", 1)
    scalers.api.create(
        KEDA.format(namespace),
        {
            "apiVersion": "keda.sh/v1alpha1",
            "kind": "ScaledObject",
            "metadata": {"name": "by-queue"},
            "spec": {"scaleTargetRef": {"name": "press"}, "minReplicaCount": 1, "maxReplicaCount": 4},
        },
    )
    return scalers


def annotations(cluster: ControlPlane, namespace: str) -> dict[str, str]:
    there = cluster.api.get(f"{KEDA.format(namespace)}/by-queue")
    return dict(there["metadata"].get("annotations") or {})


async def test_keda_is_paused_at_a_number_and_that_is_undone(
    queue: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    acting, operator = Acting(tmp_path), Operator(queue, namespace)
    acting.on_step = lambda step: operator.answer() if "accepted" in step.text else None
    async with connected(queue.kubeconfig()) as session:
        press = named(session, "Deployment", namespace, "press")
        view = await keda.prepare_pause(session, press, 3)
        receipt = await keda.perform(acting.gate, session, view, wait=20)
        assert receipt.ok, receipt.lines
        assert "deployment press is paused by KEDA at 3: KEDA answered" in receipt.lines[0]
        assert annotations(queue, namespace) == {PAUSED_AT: "3"}
        assert any("has never said anything of" in one for one in acting.plans[0].warnings)
        again = await keda.perform(acting.gate, session, await keda.prepare_pause(session, press, 3), wait=20)
        assert again.lines == ("deployment press is paused by KEDA at 3 already: nothing was written.",)
        seen = await scale.prepare(session, press)
        assert (seen.owner, seen.desired) == ("paused by KEDA at 3 (ScaledObject by-queue)", 3)

        back = await undo.prepare(session, press, acting.log)
        assert back.way.diff == (f"- {PAUSED_AT}: 3",)
        undone = await undo.perform(acting.gate, session, back, acting.log, wait=20)
        assert undone.ok, undone.lines
        assert annotations(queue, namespace) == {}
        with pytest.raises(Refusal, match="edgetui has done nothing"):
            await undo.prepare(session, press, acting.log)

        view = await keda.prepare_pause(session, press, None)
        assert (await keda.perform(acting.gate, session, view, wait=20)).ok
        queue.api.patch(f"{KEDA.format(namespace)}/by-queue", {"metadata": {"annotations": {PAUSED_AT: "2"}}})
        with pytest.raises(Refusal, match="no longer as edgetui left it") as said:
            await undo.prepare(session, press, acting.log)
        assert f"+ {PAUSED_AT}: 2" in said.value.diff
    assert acting.writes == ["done"] * 3


async def test_a_concurrent_pause_is_shown_and_not_written_over(
    queue: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    path = f"{KEDA.format(namespace)}/by-queue"
    acting = Acting(tmp_path)
    async with connected(queue.kubeconfig()) as session:
        press = named(session, "Deployment", namespace, "press")
        view = await keda.prepare_pause(session, press, 3)
        acting.meanwhile = lambda: queue.api.patch(path, {"metadata": {"annotations": {PAUSED: "true"}}})
        with pytest.raises(Changed, match="was changed while you looked") as changed:
            await keda.perform(acting.gate, session, view, wait=20)
        assert changed.value.view.now == keda.Notes(held="true")
        assert annotations(queue, namespace) == {PAUSED: "true"}

        acting.meanwhile = lambda: queue.api.patch(
            f"{path}/status", {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
        )
        receipt = await keda.perform(acting.gate, session, changed.value.view, wait=0)
    assert annotations(queue, namespace) == {PAUSED_AT: "3"}
    assert (receipt.pending, acting.writes) == (True, ["refused", "refused", "done"])
    assert "KEDA has not answered yet" in receipt.lines[0]


def test_the_commands_say_that_no_operator_answered(
    queue: ControlPlane,
    namespace: str,
    command: Command,
) -> None:

    code, found, _ = command.agreed("keda-pause", "deploy/press", "--timeout", "0")
    assert (code, found["outcome"], annotations(queue, namespace)) == (3, "pending", {PAUSED: "true"})
    assert "nothing has answered yet" in found["lines"][0]
    code, _, _ = command.agreed("keda-resume", "deploy/press", "--timeout", "0")
    assert (code, annotations(queue, namespace)) == (3, {})
    code, found, _ = command.agreed("keda-resume", "deploy/press", "--timeout", "0")
    so = "KEDA scales deployment press, it is not paused: nothing was written."
    assert (code, found["outcome"], found["lines"]) == (0, "reached", [so])
    code, found, _ = command.agreed("keda-pause", "sts/press", "--timeout", "0")
    assert code == 1
    queue.api.patch(f"{KEDA.format(namespace)}/by-queue", {"metadata": {"annotations": {PAUSED: "false"}}})
    code, found, _ = command.agreed("keda-resume", "deploy/press", "--timeout", "0")
    assert (code, found["outcome"], found["lines"]) == (0, "reached", [so])
    code, found, _ = command.agreed("keda-pause", "deploy/press", "--timeout", "0", "--replicas", "2")
    assert (code, annotations(queue, namespace)) == (3, {PAUSED_AT: "2"})
    code, found, _ = command.agreed("undo", "deploy/press", "--timeout", "0")
    assert (code, annotations(queue, namespace)) == (3, {PAUSED: "false"})
    queue.api.patch(f"{KEDA.format(namespace)}/by-queue", {"metadata": {"annotations": {PAUSED: None}}})
    code, _, _ = command.agreed("undo", "deploy/press", "--timeout", "0")
    assert (code, annotations(queue, namespace)) == (3, {PAUSED: "true"})


async def test_a_scale_says_that_keda_sets_it_back_and_a_recommendation_is_read(
    queue: ControlPlane, namespace: str
) -> None:
    queue.api.create(
        VERTICAL.format(namespace),
        {
            "apiVersion": "autoscaling.k8s.io/v1",
            "kind": "VerticalPodAutoscaler",
            "metadata": {"name": "press"},
            "spec": {
                "targetRef": {"kind": "Deployment", "name": "press"},
                "updatePolicy": {"updateMode": "Off"},
            },
            "status": {
                "recommendation": {
                    "containerRecommendations": [{"containerName": "app", "target": {"cpu": "35m"}}]
                }
            },
        },
    )
    async with connected(queue.kubeconfig()) as session:
        press = named(session, "Deployment", namespace, "press")
        view = await scale.prepare(session, press)
        assert any("ScaledObject by-queue owns the number, 1 to 4" in one for one in view.warnings(3))
        (told,) = await vpa_recommendations(session, press.key)
        assert told.words == "app cpu 35m, by press (Off: it only recommends)"
