"""The setting every figure is measured in: one real control plane, its pods in nine namespaces, a steady churn."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from tests.controlplane import workloads
from tests.controlplane.cluster import ControlPlane
from tests.controlplane.waiting import eventually

NAMESPACES = 9
PODS_PER_NODE = 100
OLD_ENOUGH = 75.0
"""Seconds after which the age of a pod changes on screen once a minute, as that of nearly all pods does."""


@contextmanager
def cluster_with(pods: int) -> Iterator[ControlPlane]:
    """A control plane whose `pods` pods all run."""
    with ControlPlane("bench", nodes=pods // PODS_PER_NODE + 1) as cluster:
        share, rest = divmod(pods, NAMESPACES)
        for number in range(NAMESPACES):
            name = f"line-{number}"
            cluster.api.create("/api/v1/namespaces", {"metadata": {"name": name}})
            cluster.create(name, *workloads.mix(share + (number < rest)))
        eventually(lambda: len(running(cluster)) >= pods, within=300, what=f"{pods} running pods")
        eventually(lambda: youngest(cluster) >= OLD_ENOUGH, within=OLD_ENOUGH * 2, what="old pods", pause=2)
        yield cluster


def running(cluster: ControlPlane) -> list[dict[str, Any]]:
    """All pods that run, as the server has them."""
    items = cluster.api.get("/api/v1/pods?resourceVersion=0")["items"]
    return [item for item in items if item.get("status", {}).get("phase") == "Running"]


def youngest(cluster: ControlPlane) -> float:
    """Seconds since the last pod was created."""
    made = [datetime.fromisoformat(pod["metadata"]["creationTimestamp"]) for pod in running(cluster)]
    return (datetime.now(UTC) - max(made)).total_seconds()


class Churn:
    """Pod status patches at a steady rate: each raises one pod's restart count, so that a cell changes.

    `sent` counts the patches. Use as a context manager.
    """

    def __init__(self, cluster: ControlPlane, per_second: float) -> None:
        self._api = cluster.api
        self._pods = [(pod["metadata"], pod["status"]["containerStatuses"]) for pod in running(cluster)]
        self._pause = 1 / per_second
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="churn", daemon=True)
        self.sent = 0

    def __enter__(self) -> Churn:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        stride = 37
        while not self._stop.wait(self._pause):
            meta, containers = self._pods[self.sent * stride % len(self._pods)]
            containers[0]["restartCount"] += 1
            path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}/status"
            self._api.patch(path, {"status": {"containerStatuses": containers}})
            self.sent += 1
