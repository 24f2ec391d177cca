"""Objects for tests and trials: what a small site runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

USAGE_CPU = "kwok.x-k8s.io/usage-cpu"
"""Pod annotation: how much CPU kwok reports the pod to use, for example ``90m``."""

REGISTRY = "registry.local"


def pod_template(
    name: str,
    image: str,
    *,
    cpu_request: str = "10m",
    usage_cpu: str | None = None,
    bulky: bool = False,
    pod_spec: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A pod template with one container ``app``; ``bulky`` makes it as long as those of real workloads.

    ``pod_spec`` is what its spec has beside that.
    """
    container: dict[str, Any] = {
        "name": "app",
        "image": image,
        "resources": {"requests": {"cpu": cpu_request, "memory": "16Mi"}},
    }
    if bulky:
        probe = {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 10, "failureThreshold": 3}
        container["ports"] = [{"name": "http", "containerPort": 8080}]
        container["env"] = [{"name": f"SETTING_{n}", "value": f"value-{n}" * 4} for n in range(12)]
        container["livenessProbe"] = container["readinessProbe"] = probe
        container["volumeMounts"] = [{"name": "scratch", "mountPath": "/var/lib/app"}]
    spec: dict[str, Any] = {"containers": [container], "terminationGracePeriodSeconds": 5, **(pod_spec or {})}
    if bulky:
        spec["volumes"] = [{"name": "scratch", "emptyDir": {}}]
    metadata: dict[str, Any] = {"labels": {"app": name}}
    if usage_cpu is not None:
        metadata["annotations"] = {USAGE_CPU: usage_cpu}
    return {"metadata": metadata, "spec": spec}


def deployment(
    name: str,
    image: str = f"{REGISTRY}/app:1.0",
    *,
    replicas: int = 3,
    spec: dict[str, Any] | None = None,
    **template: Any,
) -> dict[str, Any]:
    """A Deployment; ``spec`` is merged into its spec, the rest goes to ``pod_template``."""
    return _workload("Deployment", name, image, {"replicas": replicas, **(spec or {})}, template)


def statefulset(
    name: str,
    image: str = f"{REGISTRY}/app:1.0",
    *,
    replicas: int = 3,
    spec: dict[str, Any] | None = None,
    **template: Any,
) -> dict[str, Any]:
    """A StatefulSet, as ``deployment``."""
    own = {"replicas": replicas, "serviceName": name, **(spec or {})}
    return _workload("StatefulSet", name, image, own, template)


def daemonset(
    name: str, image: str = f"{REGISTRY}/agent:1.0", *, spec: dict[str, Any] | None = None, **template: Any
) -> dict[str, Any]:
    """A DaemonSet, as ``deployment``."""
    return _workload("DaemonSet", name, image, spec or {}, template)


def _workload(
    kind: str, name: str, image: str, spec: dict[str, Any], template: dict[str, Any]
) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": pod_template(name, image, **template),
            **spec,
        },
    }


def autoscaler(target: str, *, low: int = 1, high: int = 8, percent: int = 50) -> dict[str, Any]:
    """A HorizontalPodAutoscaler of a Deployment of the same name, on CPU as a percentage of the request."""
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": target},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target},
            "minReplicas": low,
            "maxReplicas": high,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {
                        "name": "cpu",
                        "target": {"type": "Utilization", "averageUtilization": percent},
                    },
                }
            ],
        },
    }


PATHS = {
    "Job": "/apis/batch/v1/namespaces/{}/jobs",
    "CronJob": "/apis/batch/v1/namespaces/{}/cronjobs",
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "StatefulSet": "/apis/apps/v1/namespaces/{}/statefulsets",
    "DaemonSet": "/apis/apps/v1/namespaces/{}/daemonsets",
    "HorizontalPodAutoscaler": "/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers",
}
"""Where objects of each kind are created; the gap is the namespace."""


def mix(pods: int) -> list[dict[str, Any]]:
    """Deployments that together have ``pods`` sound pods, at most 25 each."""
    objects = []
    left, number = pods, 0
    while left > 0:
        replicas = min(left, 1 + (number * 7) % 25)
        objects.append(deployment(f"unit-{number}", replicas=replicas, bulky=True, cpu_request="1m"))
        left -= replicas
        number += 1
    return objects


def trouble() -> list[dict[str, Any]]:
    """One workload of each way to fail, and an autoscaler with work to do."""
    words = ("bad", "timeout", "crash", "oom", "flap", "slow")
    failing = [deployment(word, f"{REGISTRY}/{word}:2.0", replicas=2) for word in words]
    return [
        *failing,
        statefulset("store"),
        daemonset("agent"),
        deployment("press", replicas=2, cpu_request="100m", usage_cpu="90m"),
        autoscaler("press", low=2),
    ]
