"""metrics.k8s.io: the load of pods and nodes, made up steadily from a seed and a load curve.

The autoscaler simulation reads the same figures that the API shows.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from typing import NamedTuple

from edgetui.demo.resources import NODES, PODS, Resource
from edgetui.demo.storage import Object, Storage
from edgetui.demo.times import stamp

WINDOW = 15


class PodFacts(NamedTuple):
    """What the figures of one running pod are made from; requests in millicores and bytes."""

    namespace: str
    name: str
    node: str
    app: str
    containers: tuple[str, ...]
    labels: dict[str, str]
    cpu: int
    memory: int
    seed: int


class Metrics:
    """Usage of one cluster. `curves` gives the total millicores wanted by an app at a time, shared by its pods."""

    def __init__(self, storage: Storage, clock: Callable[[], float]) -> None:
        self._storage = storage
        self._clock = clock
        self.running: dict[str, PodFacts] = {}
        self._by_app: dict[tuple[str, str], int] = {}
        self.curves: dict[tuple[str, str], Callable[[float], float]] = {}
        storage.listeners.append(self._hear)

    def pod_cpu(self, facts: PodFacts) -> int:
        """Millicores of one pod now."""
        app = (facts.namespace, facts.app)
        curve = self.curves.get(app)
        if curve is not None:
            return max(int(curve(self._clock()) / max(self._by_app.get(app, 1), 1)), 1)
        return max(int(facts.cpu * self._wobble(facts.seed, 0.25, 0.55)), 1)

    def pod_memory(self, facts: PodFacts) -> int:
        return int(facts.memory * self._wobble(facts.seed + 1, 0.5, 0.8)) // 4096 * 4096

    def pods_of(self, namespace: str, labels: dict[str, str]) -> list[PodFacts]:
        return [
            facts
            for facts in self.running.values()
            if facts.namespace == namespace and labels.items() <= facts.labels.items()
        ]

    def pod_items(self) -> list[tuple[str, str, dict[str, str], bytes]]:
        """Namespace, name, labels and the encoded PodMetrics of every running pod."""
        when = stamp(self._clock() // WINDOW * WINDOW)
        return [(f.namespace, f.name, f.labels, self._pod_item(f, when)) for f in self.running.values()]

    def node_items(self) -> list[tuple[str, str, dict[str, str], bytes]]:
        """The same for every node that reports."""
        when = stamp(self._clock() // WINDOW * WINDOW)
        cpu: dict[str, int] = {}
        memory: dict[str, int] = {}
        for facts in self.running.values():
            cpu[facts.node] = cpu.get(facts.node, 0) + self.pod_cpu(facts)
            memory[facts.node] = memory.get(facts.node, 0) + self.pod_memory(facts)
        items = []
        for node in self._storage.objects(NODES):
            name = node["metadata"]["name"]
            if not node_ready(node):
                continue
            usage = _usage(cpu.get(name, 0) + 120, memory.get(name, 0) + (620 << 20))
            labels = node["metadata"].get("labels") or {}
            body = {
                "metadata": {"name": name, "labels": labels, "creationTimestamp": when},
                "timestamp": when,
            }
            items.append(("", name, labels, _encode(body | {"window": f"{WINDOW}s", "usage": usage})))
        return items

    def _pod_item(self, facts: PodFacts, when: str) -> bytes:
        share = len(facts.containers)
        usage = _usage(self.pod_cpu(facts) // share, self.pod_memory(facts) // share)
        body = {
            "metadata": {
                "name": facts.name,
                "namespace": facts.namespace,
                "labels": facts.labels,
                "creationTimestamp": when,
            },
            "timestamp": when,
            "window": f"{WINDOW}s",
            "containers": [{"name": name, "usage": usage} for name in facts.containers],
        }
        return _encode(body)

    def _wobble(self, seed: int, low: float, high: float) -> float:
        """A factor that is steady within one window and differs between pods and windows."""
        window = int(self._clock()) // WINDOW
        base = zlib.crc32(b"%d" % seed) / 0xFFFFFFFF
        step = zlib.crc32(b"%d/%d" % (seed, window)) / 0xFFFFFFFF
        return low + (high - low) * (0.8 * base + 0.2 * step)

    def _hear(self, resource: Resource, kind: str, obj: Object, old: Object | None) -> None:
        if resource is not PODS:
            return
        uid = obj["metadata"]["uid"]
        known = self.running.get(uid)
        runs = kind != "DELETED" and any(
            "running" in (status.get("state") or {})
            for status in (obj.get("status") or {}).get("containerStatuses") or ()
        )
        if runs and known is None:
            facts = _facts(obj)
            self.running[uid] = facts
            self._count(facts, 1)
        elif known is not None and not runs:
            del self.running[uid]
            self._count(known, -1)

    def _count(self, facts: PodFacts, step: int) -> None:
        app = (facts.namespace, facts.app)
        self._by_app[app] = self._by_app.get(app, 0) + step


def node_ready(node: Object) -> bool:
    conditions = (node.get("status") or {}).get("conditions") or ()
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def milli(text: str) -> int:
    """Millicores of a cpu quantity: "250m", "2"."""
    return int(text[:-1]) if text.endswith("m") else int(float(text) * 1000)


def size(text: str) -> int:
    """Bytes of a memory quantity: "64Mi", "1Gi", "1000"."""
    for suffix, factor in (("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30)):
        if text.endswith(suffix):
            return int(text[:-2]) * factor
    return int(text)


def requested(pod_spec: Object, what: str) -> str:
    """The request of the first container for `what`, empty if there is none."""
    containers = pod_spec.get("containers") or [{}]
    requests = (containers[0].get("resources") or {}).get("requests") or {}
    return str(requests.get(what, ""))


def _facts(pod: Object) -> PodFacts:
    meta, spec = pod["metadata"], pod["spec"]
    labels = meta.get("labels") or {}
    return PodFacts(
        meta["namespace"],
        meta["name"],
        spec.get("nodeName", ""),
        labels.get("app", ""),
        tuple(container["name"] for container in spec["containers"]),
        labels,
        milli(requested(spec, "cpu") or "100m"),
        size(requested(spec, "memory") or "128Mi"),
        zlib.crc32(meta["uid"].encode()),
    )


def _usage(cpu: int, memory: int) -> Object:
    return {"cpu": f"{cpu * 1_000_000 + 137_911}n", "memory": f"{memory >> 10}Ki"}


def _encode(body: Object) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()
