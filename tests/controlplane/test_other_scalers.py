"""VPA and KEDA beside a workload: their kinds as custom resources on a real API server, and a cluster without them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from edgetui.actions import scale
from edgetui.actions.otherscalers import scaled_object_of, vertical_advice

from . import workloads as w
from .acting import connected, named
from .cluster import ControlPlane
from .test_scale import settled
from .test_scale_other import CRDS
from .waiting import eventually

VERTICAL = "/apis/autoscaling.k8s.io/v1/namespaces/{}/verticalpodautoscalers"
KEDA = "/apis/keda.sh/v1alpha1/namespaces/{}/scaledobjects"


def define(cluster: ControlPlane, group: str, version: str, kind: str) -> str:
    """A kind with any spec and status; where its definition is."""
    loose = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    served: dict[str, Any] = {"name": version, "served": True, "storage": True}
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


@pytest.fixture
def scalers(cluster: ControlPlane) -> Iterator[ControlPlane]:
    """The cluster with both kinds."""
    made = [
        define(cluster, "autoscaling.k8s.io", "v1", "VerticalPodAutoscaler"),
        define(cluster, "keda.sh", "v1alpha1", "ScaledObject"),
    ]
    yield cluster
    for path in made:
        cluster.api.delete(path)


async def test_a_cluster_without_them_has_nothing_to_say(cluster: ControlPlane, namespace: str) -> None:
    async with connected(cluster.kubeconfig()) as session:
        press = named(session, "Deployment", namespace, "press")
        assert await vertical_advice(session, press.key) == []
        assert await scaled_object_of(session, press.key) is None


async def test_a_scale_says_that_keda_sets_it_back_and_a_recommendation_is_read(
    scalers: ControlPlane, namespace: str
) -> None:
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
    scalers.api.create(
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
    async with connected(scalers.kubeconfig()) as session:
        press = named(session, "Deployment", namespace, "press")
        view = await scale.prepare(session, press)
        assert any("ScaledObject by-queue owns the number, 1 to 4" in one for one in view.warnings(3))
        (told,) = await vertical_advice(session, press.key)
        assert told.words == "app cpu 35m, by press (Off: it only recommends)"
