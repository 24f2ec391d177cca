"""Pods as controllers see them: made from a template, counted by readiness, sorted for deletion."""

from __future__ import annotations

import hashlib
import json

from msgspec.json import decode, encode

from edgetui.demo.resources import Resource
from edgetui.demo.storage import Object
from edgetui.demo.times import seconds

from .manager import Manager, owner_reference

HASH = "pod-template-hash"
REVISION = "controller-revision-hash"
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_TOKEN_VOLUME = {
    "defaultMode": 420,
    "sources": [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {
            "downwardAPI": {
                "items": [
                    {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
                ]
            }
        },
    ],
}


def template_hash(template: Object) -> str:
    """A short name for one template, in the letters that Kubernetes uses for it."""
    digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).digest()
    number = str(int.from_bytes(digest[:4], "big"))
    return "".join(_LETTERS[ord(digit) % len(_LETTERS)] for digit in number)


def make_pod(
    manager: Manager, resource: Resource, owner: Object, template: Object, labels: dict[str, str]
) -> Object:
    """A pod of `owner`, not stored yet and still without a name."""
    meta, spec = template.get("metadata") or {}, decode(encode(template["spec"]))
    volume = f"kube-api-access-{manager.storage.suffix()}"
    spec.setdefault("serviceAccountName", "default")
    spec.setdefault("serviceAccount", spec["serviceAccountName"])
    spec.setdefault("volumes", []).append({"name": volume, "projected": _TOKEN_VOLUME})
    mount = {"name": volume, "readOnly": True, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}
    for container in spec["containers"]:
        container.setdefault("volumeMounts", []).append(mount)
        container |= {"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}
    spec["tolerations"] = [*(spec.get("tolerations") or []), *_tolerations()]
    spec |= {"enableServiceLinks": True, "preemptionPolicy": "PreemptLowerPriority", "priority": 0}
    pod_meta: Object = {
        "generateName": f"{owner['metadata']['name']}-",
        "namespace": owner["metadata"]["namespace"],
        "labels": {**(meta.get("labels") or {}), **labels},
        "ownerReferences": [owner_reference(resource, owner)],
    }
    if meta.get("annotations"):
        pod_meta["annotations"] = dict(meta["annotations"])
    return {"metadata": pod_meta, "spec": spec, "status": {"phase": "Pending", "qosClass": _qos(spec)}}


def ready(pod: Object) -> bool:
    """By the Ready condition: container statuses stay true on a dead node."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def ready_since(pod: Object) -> float:
    for condition in (pod.get("status") or {}).get("conditions") or ():
        if condition["type"] == "Ready" and condition["status"] == "True":
            return seconds(condition["lastTransitionTime"])
    return 0.0


def deleting(obj: Object) -> bool:
    return "deletionTimestamp" in obj["metadata"]


def deletion_order(pod: Object) -> tuple[bool, bool, bool, float, str]:
    """Sorts the pods that a ReplicaSet gives up first to the front: unassigned, not running, not ready, newest."""
    return (
        bool(pod["spec"].get("nodeName")),
        pod["status"].get("phase") == "Running",
        ready(pod),
        -seconds(pod["metadata"]["creationTimestamp"]),
        pod["metadata"]["name"],
    )


def count(value: int | str, total: int, *, up: bool) -> int:
    """An IntOrString of `total`; percentages round up for maxSurge and down for maxUnavailable."""
    if isinstance(value, int):
        return value
    part = int(value.rstrip("%")) * total
    return -(-part // 100) if up else part // 100


def _tolerations() -> list[Object]:
    return [
        {
            "key": f"node.kubernetes.io/{key}",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": 300,
        }
        for key in ("not-ready", "unreachable")
    ]


def _qos(spec: Object) -> str:
    resources = [container.get("resources") or {} for container in spec["containers"]]
    if not any(r.get("requests") or r.get("limits") for r in resources):
        return "BestEffort"
    if all(r.get("limits") and r.get("limits") == r.get("requests", r["limits"]) for r in resources):
        return "Guaranteed"
    return "Burstable"
