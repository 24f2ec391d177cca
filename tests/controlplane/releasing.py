"""Releases of workloads for the tests of actions: a good and a bad image, and waiting for what they do."""

from __future__ import annotations

from typing import Any

from . import workloads as w
from .cluster import ControlPlane
from .waiting import eventually

GOOD, BAD = f"{w.REGISTRY}/app:1.0", f"{w.REGISTRY}/bad:2.0"
PLURALS = {"Deployment": "deployments", "StatefulSet": "statefulsets", "DaemonSet": "daemonsets"}


def get(cluster: ControlPlane, namespace: str, kind: str, name: str) -> dict[str, Any]:
    return dict(cluster.api.get(f"/apis/apps/v1/namespaces/{namespace}/{PLURALS[kind]}/{name}"))


def image(there: dict[str, Any]) -> str:
    return str(there["spec"]["template"]["spec"]["containers"][0]["image"])


def release(cluster: ControlPlane, namespace: str, kind: str, name: str, to: str) -> None:
    """Set the image and wait until a pod of it exists; a bad one has then shown that it fails."""
    cluster.kubectl("set", "image", f"{kind.lower()}/{name}", f"app={to}", "-n", namespace)

    def seen() -> bool:
        pods = cluster.api.get(f"/api/v1/namespaces/{namespace}/pods?labelSelector=app={name}")["items"]
        new = [pod for pod in pods if pod["spec"]["containers"][0]["image"] == to]
        waiting = [
            state["state"].get("waiting", {}).get("reason")
            for pod in new
            for state in pod.get("status", {}).get("containerStatuses", [])
        ]
        return "ImagePullBackOff" in waiting if "bad" in to else len(new) == len(pods)

    eventually(seen, within=30, what=f"{name} at {to}")


def rolled_out(cluster: ControlPlane, namespace: str, kind: str, name: str) -> None:
    cluster.kubectl("rollout", "status", f"{kind.lower()}/{name}", "--timeout=120s", "-n", namespace)
