"""CustomResourceDefinitions of update engines for tests: the fields that edgetui reads, with their types.

The names and types are those of the Go types in the engines' repositories; everything else is left out, so that the
real API server prunes and validates what is written as it does with the real definitions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .custom import definition

Json = dict[str, Any]
ANY: Json = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_TYPES: dict[Any, str] = {str: "string", int: "integer", bool: "boolean"}
CONDITIONS = [
    {
        "type": str,
        "status": str,
        "reason": str,
        "message": str,
        "lastTransitionTime": str,
        "lastUpdateTime": str,
        "lastHeartbeatTime": str,
    }
]
SELECTOR = {"matchLabels": {...: str}, "matchExpressions": [{"key": str, "operator": str, "values": [str]}]}


def schema(shape: Any) -> Json:
    """A structural schema: a type, a list of one shape, an object of named fields, or a map ({...: shape})."""
    if shape in (str, int, bool):
        return {"type": _TYPES[shape]}
    if isinstance(shape, list):
        return {"type": "array", "items": schema(shape[0])}
    if shape is ANY:
        return ANY
    if ... in shape:
        return {"type": "object", "additionalProperties": schema(shape[...])}
    return {"type": "object", "properties": {name: schema(one) for name, one in shape.items()}}


def _engine(plural: str, kind: str, group: str, version: str, *, namespaced: bool, **shape: Any) -> Json:
    made = definition(plural, kind, group, versions=(version,), namespaced=namespaced)
    (served,) = made["spec"]["versions"]
    served["schema"]["openAPIV3Schema"] = schema(shape)
    served["subresources"] = {"status": {}}
    return made


_K0S_TARGETS = [{"name": str, "state": str, "lastUpdatedTimestamp": str, "description": str}]
_VERSION = {"version": str}
SUC = _engine(
    "plans",
    "Plan",
    "upgrade.cattle.io",
    "v1",
    namespaced=True,
    spec={
        "concurrency": int,
        "cordon": bool,
        "nodeSelector": SELECTOR,
        "serviceAccountName": str,
        "prepare": {"image": str},
        "upgrade": {"image": str},
        "version": str,
        "channel": str,
        "drain": ANY,
        "window": {"days": [str], "startTime": str, "endTime": str, "timeZone": str},
    },
    status={"conditions": CONDITIONS, "latestVersion": str, "latestHash": str, "applying": [str]},
)
K0S = _engine(
    "plans",
    "Plan",
    "autopilot.k0sproject.io",
    "v1beta2",
    namespaced=False,
    spec={
        "id": str,
        "timestamp": str,
        "commands": [{"k0supdate": _VERSION | {"platforms": ANY, "targets": ANY}, "airgapupdate": _VERSION}],
    },
    status={
        "state": str,
        "commands": [
            {
                "id": int,
                "state": str,
                "description": str,
                "k0supdate": {"controllers": _K0S_TARGETS, "workers": _K0S_TARGETS},
                "airgapupdate": {"workers": _K0S_TARGETS},
            }
        ],
    },
)
KUBEEDGE = _engine(
    "nodeupgradejobs",
    "NodeUpgradeJob",
    "operations.kubeedge.io",
    "v1alpha2",
    namespaced=False,
    spec=_VERSION | {"image": str, "concurrency": int, "timeoutSeconds": int, "failureTolerate": str},
    status={
        "phase": str,
        "reason": str,
        "nodeStatus": [
            {
                "nodeName": str,
                "phase": str,
                "action": str,
                "reason": str,
                "currentVersion": str,
                "historicVersion": str,
                "actionFlow": [{"action": str, "status": str, "reason": str, "time": str}],
            }
        ],
    },
)
_PREPULL_TEMPLATE = {
    "images": [str],
    "nodeNames": [str],
    "labelSelector": SELECTOR,
    "checkItems": [str],
    "failureTolerate": str,
    "concurrency": int,
    "timeoutSeconds": int,
    "imageSecrets": str,
    "retryTimes": int,
}
_TASK = {"nodeName": str, "state": str, "event": str, "action": str, "reason": str, "time": str}
_OLDER_PULLS = {
    "state": str,
    "event": str,
    "action": str,
    "reason": str,
    "time": str,
    "status": [{"nodeStatus": _TASK, "imageStatus": [{"image": str, "state": str, "reason": str}]}],
}
PREPULL = _engine(
    "imageprepulljobs",
    "ImagePrePullJob",
    "operations.kubeedge.io",
    "v1alpha2",
    namespaced=False,
    spec={"imagePrePullTemplate": _PREPULL_TEMPLATE},
    status=_OLDER_PULLS
    | {
        "phase": str,
        "nodeStatus": [
            {
                "nodeName": str,
                "phase": str,
                "reason": str,
                "actionFlow": [{"action": str, "status": str, "reason": str, "time": str}],
                "imageStatus": [{"image": str, "status": str, "reason": str}],
            }
        ],
    },
)
OLDER_PREPULL = _engine(
    "imageprepulljobs",
    "ImagePrePullJob",
    "operations.kubeedge.io",
    "v1alpha1",
    namespaced=False,
    spec={"imagePrePullTemplate": _PREPULL_TEMPLATE},
    status=_OLDER_PULLS,
)
KAIROS = _engine(
    "nodeopupgrades",
    "NodeOpUpgrade",
    "operator.kairos.io",
    "v1alpha1",
    namespaced=True,
    spec={"image": str, "concurrency": int, "stopOnFailure": bool, "nodeSelector": SELECTOR},
    status={
        "phase": str,
        "message": str,
        "nodeStatuses": {...: {"phase": str, "message": str, "rebootStatus": str, "jobName": str}},
    },
)
_TUPPR = "tuppr.home-operations.com"
TALOS = _engine(
    "talosupgrades",
    "TalosUpgrade",
    _TUPPR,
    "v1alpha1",
    namespaced=False,
    spec={"talos": _VERSION, "nodeSelector": SELECTOR, "policy": {"rebootMode": str}},
    status={
        "phase": str,
        "message": str,
        "currentNode": str,
        "currentNodes": [str],
        "completedNodes": [str],
        "failedNodes": [{"nodeName": str, "retries": int, "lastError": str, "jobName": str}],
        "rebootingNodes": [{"nodeName": str, "deadline": str}],
        "prePulledNodes": [{"nodeName": str, "nodeUID": str, "image": str}],
        "prePullFailure": {"attempts": int, "lastError": str},
    },
)
KUBERNETES = _engine(
    "kubernetesupgrades",
    "KubernetesUpgrade",
    _TUPPR,
    "v1alpha1",
    namespaced=False,
    spec={"kubernetes": _VERSION},
    status={
        "phase": str,
        "message": str,
        "controllerNode": str,
        "currentVersion": str,
        "targetVersion": str,
        "retries": int,
        "lastError": str,
    },
)
FLEET = _engine(
    "bundles",
    "Bundle",
    "fleet.cattle.io",
    "v1alpha1",
    namespaced=True,
    spec={"paused": bool},
    status={
        "conditions": CONDITIONS,
        "display": {"state": str, "readyClusters": str},
        "summary": {
            **dict.fromkeys(
                (
                    "desiredReady",
                    "ready",
                    "notReady",
                    "waitApplied",
                    "errApplied",
                    "outOfSync",
                    "modified",
                    "pending",
                ),
                int,
            ),
            "nonReadyResources": [{"name": str, "bundleState": str, "message": str}],
        },
    },
)
DEFINITIONS: Mapping[str, Json] = {
    "SUC": SUC,
    "k0s": K0S,
    "KubeEdge": KUBEEDGE,
    "KubeEdge, images": PREPULL,
    "KubeEdge, images in v1alpha1": OLDER_PREPULL,
    "Kairos": KAIROS,
    "tuppr, Talos": TALOS,
    "tuppr, Kubernetes": KUBERNETES,
    "Fleet": FLEET,
}
"""The definition that each of the recorded sequences (tests/unit/model/updates.py) is written with."""
