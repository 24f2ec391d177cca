"""The kinds of Flux, Argo and Flagger on a real API server, with the fields that edgetui reads, and what their
controllers leave in a status.
"""

from __future__ import annotations

from typing import Any

from .cluster import ControlPlane
from .custom import DEFINITIONS
from .waiting import eventually

Json = dict[str, Any]

KUSTOMIZATIONS = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/{}/kustomizations"
APPLICATIONS = "/apis/argoproj.io/v1alpha1/namespaces/{}/applications"
ROLLOUTS = "/apis/argoproj.io/v1alpha1/namespaces/{}/rollouts"
CANARIES = "/apis/flagger.app/v1beta1/namespaces/{}/canaries"

HASH = "rollouts-pod-template-hash"

_ANY: Json = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_ROLLOUT_STATUS: Json = {
    "type": "object",
    "properties": {
        "abort": {"type": "boolean"},
        "abortedAt": {"type": "string", "format": "date-time"},
        "promoteFull": {"type": "boolean"},
        "controllerPause": {"type": "boolean"},
        "currentStepIndex": {"type": "integer", "format": "int32"},
        "currentPodHash": {"type": "string"},
        "stableRS": {"type": "string"},
        "phase": {"type": "string"},
        "message": {"type": "string"},
        "observedGeneration": {"type": "string"},
        "replicas": {"type": "integer"},
        "updatedReplicas": {"type": "integer"},
        "readyReplicas": {"type": "integer"},
        "availableReplicas": {"type": "integer"},
        "pauseConditions": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["reason", "startTime"],
                "properties": {
                    "reason": {"type": "string"},
                    "startTime": {"type": "string", "format": "date-time"},
                },
            },
        },
        "canary": _ANY,
    },
}
PAUSED: Json = {
    "phase": "Paused",
    "message": "CanaryPauseStep",
    "currentStepIndex": 1,
    "stableRS": "6d",
    "currentPodHash": "7f",
    "controllerPause": True,
    "pauseConditions": [{"reason": "CanaryPauseStep", "startTime": "2026-11-28T10:00:00Z"}],
    "replicas": 5,
    "updatedReplicas": 1,
    "readyReplicas": 5,
    "availableReplicas": 5,
}
"""What the controller of Argo Rollouts 1.10 writes while a canary of five waits at its second step."""
ABORTED: Json = {
    "phase": "Degraded",
    "message": "RolloutAborted: Rollout aborted update to revision 2",
    "currentStepIndex": 0,
    "controllerPause": False,
    "pauseConditions": None,
    "updatedReplicas": None,
}
"""What it makes of `abort`."""


def define(
    cluster: ControlPlane, group: str, version: str, kind: str, plural: str, status: Json | None
) -> None:
    """A kind of that group; one without a `status` has no such subresource, as an Application has none."""
    version_: Json = {
        "name": version,
        "served": True,
        "storage": True,
        "schema": {
            "openAPIV3Schema": {"type": "object", "properties": {"spec": _ANY, "status": status or _ANY}}
        },
    }
    if status is not None:
        version_["subresources"] = {"status": {}}
    cluster.api.create(
        DEFINITIONS,
        {
            "metadata": {"name": f"{plural}.{group}"},
            "spec": {
                "group": group,
                "names": {"plural": plural, "singular": kind.lower(), "kind": kind},
                "scope": "Namespaced",
                "versions": [version_],
            },
        },
    )
    path = f"/apis/{group}/{version}/namespaces/default/{plural}"
    eventually(lambda: cluster.api.request("GET", path).code == 200, within=30, what=f"{plural} are served")


def define_all(cluster: ControlPlane) -> list[str]:
    """All of them; the paths of their definitions."""
    kinds = (
        ("kustomize.toolkit.fluxcd.io", "v1", "Kustomization", "kustomizations", _ANY),
        ("argoproj.io", "v1alpha1", "Application", "applications", None),
        ("argoproj.io", "v1alpha1", "Rollout", "rollouts", _ROLLOUT_STATUS),
        ("flagger.app", "v1beta1", "Canary", "canaries", _ANY),
    )
    for group, version, kind, plural, status in kinds:
        define(cluster, group, version, kind, plural, status)
    return [f"{DEFINITIONS}/{plural}.{group}" for group, _, _, plural, _ in kinds]


def rollout(template: Json, **spec: Any) -> Json:
    """An Argo Rollout with two setWeight and two pause steps."""
    steps = [{"setWeight": 20}, {"pause": {}}, {"setWeight": 60}, {"pause": {"duration": "10m"}}]
    selector = {"matchLabels": {"app": "press"}}
    own = {
        "replicas": 5,
        "strategy": {"canary": {"steps": steps}},
        "selector": selector,
        "template": template,
    }
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "press"},
        "spec": own | spec,
    }


def template(image: str, **env: str) -> Json:
    """A pod template."""
    container: Json = {"name": "app", "image": image}
    if env:
        container["env"] = [{"name": name, "value": value} for name, value in env.items()]
    return {"metadata": {"labels": {"app": "press"}}, "spec": {"containers": [container]}}


def waiting_canary(
    cluster: ControlPlane, namespace: str, stable: Json, newest: Json, pods: tuple[int, int] = (0, 0)
) -> str:
    """A Rollout that waits at its second step, with a ReplicaSet of each template and so many pods; its path."""
    path = f"{ROLLOUTS.format(namespace)}/press"
    made = cluster.api.create(ROLLOUTS.format(namespace), rollout(newest))
    owner = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "name": "press",
        "uid": made["metadata"]["uid"],
        "controller": True,
    }
    for number, (hash_, kept, count) in enumerate(
        zip(("6d", "7f"), (stable, newest), pods, strict=True), start=1
    ):
        labels = {"app": "press", HASH: hash_}
        own = {**kept, "metadata": {**kept["metadata"], "labels": labels}}
        cluster.api.create(
            f"/apis/apps/v1/namespaces/{namespace}/replicasets",
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "metadata": {
                    "name": f"press-{hash_}",
                    "labels": labels,
                    "annotations": {"rollout.argoproj.io/revision": str(number)},
                    "ownerReferences": [owner],
                },
                "spec": {"replicas": count, "selector": {"matchLabels": labels}, "template": own},
            },
        )
    observe(cluster, path, PAUSED)
    return path


def observe(cluster: ControlPlane, path: str, status: Json) -> None:
    """What the controller writes."""
    generation = cluster.api.get(path)["metadata"]["generation"]
    cluster.api.patch(f"{path}/status", {"status": status | {"observedGeneration": str(generation)}})
