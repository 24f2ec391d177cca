"""What the simulated API serves: its resources, and the discovery documents made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

READ = ("get", "list", "watch")
ALL = ("create", "delete", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, eq=False)
class Resource:
    """One resource, known by identity.

    `generation` says that a change of spec counts it up; `cached` that its watches get bookmarks.
    """

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    verbs: tuple[str, ...] = ALL
    short: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    generation: bool = False
    cached: bool = True

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def list_kind(self) -> str:
        return f"{self.kind}List"


NAMESPACES = Resource("", "v1", "namespaces", "Namespace", namespaced=False, short=("ns",))
NODES = Resource("", "v1", "nodes", "Node", namespaced=False, short=("no",), subresources=("status",))
PODS = Resource(
    "", "v1", "pods", "Pod", short=("po",), subresources=("status", "log", "resize"), generation=True
)
SERVICES = Resource("", "v1", "services", "Service", short=("svc",))
EVENTS = Resource("", "v1", "events", "Event", short=("ev",), cached=False)
SECRETS = Resource("", "v1", "secrets", "Secret")
CONFIGMAPS = Resource("", "v1", "configmaps", "ConfigMap", short=("cm",))
SERVICEACCOUNTS = Resource(
    "", "v1", "serviceaccounts", "ServiceAccount", short=("sa",), subresources=("token",)
)
DEPLOYMENTS = Resource(
    "apps",
    "v1",
    "deployments",
    "Deployment",
    short=("deploy",),
    subresources=("scale", "status"),
    generation=True,
)
REPLICASETS = Resource(
    "apps",
    "v1",
    "replicasets",
    "ReplicaSet",
    short=("rs",),
    subresources=("scale", "status"),
    generation=True,
)
STATEFULSETS = Resource(
    "apps",
    "v1",
    "statefulsets",
    "StatefulSet",
    short=("sts",),
    subresources=("scale", "status"),
    generation=True,
)
DAEMONSETS = Resource(
    "apps", "v1", "daemonsets", "DaemonSet", short=("ds",), subresources=("status",), generation=True
)
REVISIONS = Resource("apps", "v1", "controllerrevisions", "ControllerRevision")
AUTOSCALERS = Resource(
    "autoscaling",
    "v2",
    "horizontalpodautoscalers",
    "HorizontalPodAutoscaler",
    short=("hpa",),
    subresources=("status",),
)
JOBS = Resource("batch", "v1", "jobs", "Job", subresources=("status",), generation=True)
CRONJOBS = Resource(
    "batch", "v1", "cronjobs", "CronJob", short=("cj",), subresources=("status",), generation=True
)
ENDPOINTSLICES = Resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice")
LEASES = Resource("coordination.k8s.io", "v1", "leases", "Lease")
BUDGETS = Resource(
    "policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", short=("pdb",), subresources=("status",)
)
PLANS = Resource("upgrade.cattle.io", "v1", "plans", "Plan", subresources=("status",), generation=True)
CLUSTERROLES = Resource(
    "rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", namespaced=False, verbs=READ
)

NODE_METRICS = Resource(
    "metrics.k8s.io", "v1beta1", "nodes", "NodeMetrics", namespaced=False, verbs=("get", "list"), cached=False
)
POD_METRICS = Resource("metrics.k8s.io", "v1beta1", "pods", "PodMetrics", verbs=("get", "list"), cached=False)

_REVIEW = ("create",)
REVIEWS = (
    Resource("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", False, _REVIEW),
    Resource("authentication.k8s.io", "v1", "tokenreviews", "TokenReview", False, _REVIEW),
    Resource(
        "authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", False, _REVIEW
    ),
    Resource(
        "authorization.k8s.io", "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview", False, _REVIEW
    ),
    Resource("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", False, _REVIEW),
)

STORED = (
    NAMESPACES,
    NODES,
    PODS,
    SERVICES,
    EVENTS,
    SECRETS,
    CONFIGMAPS,
    SERVICEACCOUNTS,
    DEPLOYMENTS,
    REPLICASETS,
    STATEFULSETS,
    DAEMONSETS,
    REVISIONS,
    AUTOSCALERS,
    JOBS,
    CRONJOBS,
    LEASES,
    ENDPOINTSLICES,
    BUDGETS,
    PLANS,
    CLUSTERROLES,
)
RESOURCES = {(r.group, r.version, r.plural): r for r in (*STORED, NODE_METRICS, POD_METRICS, *REVIEWS)}

_SUBRESOURCE_KINDS = {
    "scale": ("autoscaling", "v1", "Scale", ("get", "patch", "update")),
    "token": ("authentication.k8s.io", "v1", "TokenRequest", ("create",)),
    "log": ("", "", "Pod", ("get",)),
}


def api_versions(server: str) -> dict[str, Any]:
    """`GET /api`."""
    addresses = [{"clientCIDR": "0.0.0.0/0", "serverAddress": server}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": addresses}


def api_groups(metrics: bool) -> dict[str, Any]:
    """`GET /apis`; the metrics group is there only while something serves it."""
    versions = dict.fromkeys((r.group, r.version) for r in RESOURCES.values() if r.group)
    groups = [_group(g, v) for g, v in versions if metrics or g != NODE_METRICS.group]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def api_group(group: str) -> dict[str, Any] | None:
    """`GET /apis/<group>`."""
    for resource in RESOURCES.values():
        if group and resource.group == group:
            return {"kind": "APIGroup", "apiVersion": "v1", **_group(group, resource.version)}
    return None


def api_resources(group: str, version: str) -> dict[str, Any] | None:
    """`GET /apis/<group>/<version>`, None for one that is not served."""
    served = [r for r in RESOURCES.values() if (r.group, r.version) == (group, version)]
    if not served:
        return None
    listed: list[dict[str, Any]] = []
    for resource in served:
        listed.append(_entry(resource))
        listed += [_subresource(resource, name) for name in resource.subresources]
    group_version = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": listed}


def _group(group: str, version: str) -> dict[str, Any]:
    served = {"groupVersion": f"{group}/{version}", "version": version}
    return {"name": group, "versions": [served], "preferredVersion": served}


def _entry(resource: Resource) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": resource.plural,
        "singularName": resource.kind.lower(),
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short:
        entry["shortNames"] = list(resource.short)
    return entry


def _subresource(resource: Resource, name: str) -> dict[str, Any]:
    group, version, kind, verbs = _SUBRESOURCE_KINDS.get(
        name, ("", "", resource.kind, ("get", "patch", "update"))
    )
    entry: dict[str, Any] = {
        "name": f"{resource.plural}/{name}",
        "singularName": "",
        "namespaced": resource.namespaced,
        "kind": kind,
        "verbs": list(verbs),
    }
    if version:
        entry |= {"group": group, "version": version}
    return entry
