"""Rights as a SelfSubjectAccessReview asks for them, and those that several actions need, per kind."""

from __future__ import annotations

import msgspec


class Access(msgspec.Struct, frozen=True):
    """One right on one resource, as a SelfSubjectAccessReview asks for it; "" is the core group.

    `named` is true when the right is about the one object that the action is aimed at, so that rights narrowed by
    resourceNames count.
    """

    verb: str
    resource: str
    group: str = ""
    subresource: str = ""
    named: bool = True

    @property
    def words(self) -> str:
        """The right as a person reads it: "update deployments/scale"."""
        return f"{self.verb} {self.resource}{f'/{self.subresource}' if self.subresource else ''}"


def _scale(resource: str) -> tuple[Access, ...]:
    return (Access("update", resource, "apps", "scale"), Access("get", resource, "apps"))


def _rollback(resource: str, history: str) -> tuple[Access, ...]:
    return (
        Access("patch", resource, "apps"),
        Access("get", resource, "apps"),
        Access("list", history, "apps", named=False),
    )


def _template(resource: str) -> tuple[Access, ...]:
    return (Access("patch", resource, "apps"), Access("get", resource, "apps"))


def _remote(subresource: str) -> dict[str, tuple[Access, ...]]:
    """A stream to a pod. A WebSocket is a GET; since Kubernetes 1.35 it needs create beside that
    (AuthorizePodWebsocketUpgradeCreatePermission), as streams without WebSockets always did.
    """
    verbs = (Access(verb, "pods", subresource=subresource) for verb in ("get", "create"))
    return {"Pod": (Access("get", "pods"), *verbs)}


def _forward(plural: str, group: str = "apps") -> tuple[Access, ...]:
    verbs = (Access(verb, "pods", "", "portforward", named=False) for verb in ("get", "create"))
    return (Access("get", plural, group), Access("list", "pods", named=False), *verbs)


EXEC, ATTACH = _remote("exec"), _remote("attach")
DEBUG = {"Pod": (Access("patch", "pods", subresource="ephemeralcontainers"), *ATTACH["Pod"])}
NODE_SHELL = {
    "Node": (
        Access("get", "nodes"),
        *(Access(verb, "pods", named=False) for verb in ("create", "get", "delete")),
        *(Access(verb, "pods", subresource="attach", named=False) for verb in ("get", "create")),
    )
}
FORWARD = {
    **_remote("portforward"),
    "Deployment": _forward("deployments"),
    "StatefulSet": _forward("statefulsets"),
    "DaemonSet": _forward("daemonsets"),
    "ReplicaSet": _forward("replicasets"),
    "Service": _forward("services", ""),
}
SCALE = {
    "Deployment": _scale("deployments"),
    "StatefulSet": _scale("statefulsets"),
    "ReplicaSet": _scale("replicasets"),
}
_ROLLOUT = Access("get", "rollouts", "argoproj.io")
ARGO_STATUS: dict[str, tuple[Access, ...]] = {
    "Rollout": (Access("patch", "rollouts", "argoproj.io", "status"), _ROLLOUT)
}
ARGO_SPEC: dict[str, tuple[Access, ...]] = {"Rollout": (Access("patch", "rollouts", "argoproj.io"), _ROLLOUT)}
ARGO_UNDO: dict[str, tuple[Access, ...]] = {
    "Rollout": (*ARGO_SPEC["Rollout"], Access("list", "replicasets", "apps", named=False))
}
PAUSE = {"Deployment": _template("deployments")}
ROLLBACK = {
    "Deployment": _rollback("deployments", "replicasets"),
    "StatefulSet": _rollback("statefulsets", "controllerrevisions"),
    "DaemonSet": _rollback("daemonsets", "controllerrevisions"),
}
TEMPLATE = {
    "Deployment": _template("deployments"),
    "StatefulSet": _template("statefulsets"),
    "DaemonSet": _template("daemonsets"),
}
KEDA: dict[str, tuple[Access, ...]] = {
    kind: (
        Access("patch", "scaledobjects", "keda.sh"),
        Access("list", "scaledobjects", "keda.sh", named=False),
        Access("get", plural, "apps", named=False),
    )
    for kind, plural in (
        ("Deployment", "deployments"),
        ("StatefulSet", "statefulsets"),
        ("ReplicaSet", "replicasets"),
    )
}
DRAIN: dict[str, tuple[Access, ...]] = {
    "Node": (
        Access("patch", "nodes"),
        Access("get", "nodes"),
        Access("list", "pods", named=False),
        Access("create", "pods", "", "eviction", named=False),
    )
}
NODE: dict[str, tuple[Access, ...]] = {"Node": (Access("patch", "nodes"), Access("get", "nodes"))}
OUT_OF_SERVICE: dict[str, tuple[Access, ...]] = {"Node": (*NODE["Node"], Access("list", "pods", named=False))}
TUPPR: dict[str, tuple[Access, ...]] = {
    kind: tuple(Access(verb, plural, "tuppr.home-operations.com") for verb in ("patch", "get"))
    for kind, plural in (("TalosUpgrade", "talosupgrades"), ("KubernetesUpgrade", "kubernetesupgrades"))
}
BATCH: dict[str, tuple[Access, ...]] = {
    kind: (Access("patch", plural, "batch"), Access("get", plural, "batch"))
    for kind, plural in (("Job", "jobs"), ("CronJob", "cronjobs"))
}
GUARD = {
    kind: (*rights, Access("list", "pods", named=False))
    for kind, rights in {
        **ROLLBACK,
        "Rollout": (*ARGO_STATUS["Rollout"], Access("list", "replicasets", "apps", named=False)),
    }.items()
}
HPA: dict[str, tuple[Access, ...]] = {
    "HorizontalPodAutoscaler": (
        Access("patch", "horizontalpodautoscalers", "autoscaling"),
        Access("get", "horizontalpodautoscalers", "autoscaling"),
    )
}
TOKEN: dict[str, tuple[Access, ...]] = {
    "": (
        Access("create", "serviceaccounts", "", "token"),
        Access("create", "secrets", named=False),
        Access("delete", "secrets", named=False),
    )
}
TRIGGER: dict[str, tuple[Access, ...]] = {
    "CronJob": (
        Access("create", "jobs", "batch", named=False),
        Access("get", "cronjobs", "batch"),
        Access("get", "jobs", "batch", named=False),
    )
}
UNDO: dict[str, tuple[Access, ...]] = {
    kind: (Access("get", plural, group),)
    for kind, plural, group in (
        ("Deployment", "deployments", "apps"),
        ("StatefulSet", "statefulsets", "apps"),
        ("DaemonSet", "daemonsets", "apps"),
        ("ReplicaSet", "replicasets", "apps"),
        ("HorizontalPodAutoscaler", "horizontalpodautoscalers", "autoscaling"),
        ("Pod", "pods", ""),
        ("Node", "nodes", ""),
        ("Job", "jobs", "batch"),
        ("CronJob", "cronjobs", "batch"),
        ("Rollout", "rollouts", "argoproj.io"),
        ("TalosUpgrade", "talosupgrades", "tuppr.home-operations.com"),
        ("KubernetesUpgrade", "kubernetesupgrades", "tuppr.home-operations.com"),
    )
}
OWNER: dict[str, tuple[Access, ...]] = {
    kind: UNDO[kind]
    for kind in ("Deployment", "StatefulSet", "DaemonSet", "HorizontalPodAutoscaler", "CronJob", "Rollout")
}
"""What is paused is the owner's own object, whose rights are asked for when it is known."""
STUCK_POD: dict[str, tuple[Access, ...]] = {
    "StatefulSet": (
        Access("delete", "pods", named=False),
        Access("list", "pods", named=False),
        Access("get", "statefulsets", "apps", named=False),
    )
}
