"""Nodes: leases, heartbeats, and what follows when they stop (node lifecycle and taint eviction controllers)."""

from __future__ import annotations

from edgetui.demo.resources import LEASES, NODES, PODS, Resource
from edgetui.demo.storage import Object
from edgetui.demo.times import micro_stamp, stamp

from . import podstatus
from .kubelet import Kubelet
from .manager import Manager, set_condition
from .pods import deleting

LEASE_SECONDS = 10.0
HEARTBEAT_SECONDS = 60.0
GRACE = 40.0
EVICT_AFTER = 300.0
_UNREACHABLE = "node.kubernetes.io/unreachable"
_OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"
COLLECTED = 3.0
"""Seconds until what is on a node out of service is deleted by force; a real control plane looks every 20."""
_NAMESPACE = "kube-node-lease"
_HEALTHY = (
    ("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
)


class Nodes:
    """Keeps the nodes of one cluster alive, or lets one die and come back."""

    def __init__(self, manager: Manager, kubelet: Kubelet) -> None:
        self._manager = manager
        self._kubelet = kubelet

    def observe(self, resource: Resource, kind: str, obj: Object, old: Object | None) -> None:
        """Cordons show as a taint, as the node lifecycle controller keeps it."""
        if resource is not NODES or kind == "DELETED":
            return
        name = obj["metadata"]["name"]
        out = _has_taint(obj, _OUT_OF_SERVICE) and name in self._kubelet.dead
        if out and not (old is not None and _has_taint(old, _OUT_OF_SERVICE)):
            self._manager.timeline.after(COLLECTED, lambda: self._collect(name))
        cordoned = bool(obj["spec"].get("unschedulable"))
        if cordoned is not _has_taint(obj, "node.kubernetes.io/unschedulable"):
            self._manager.enqueue(self, ("", name))

    def reconcile(self, namespace: str, name: str) -> None:
        node = self._manager.storage.find(NODES, "", name)
        if node is None:
            return
        key = "node.kubernetes.io/unschedulable"
        if node["spec"].get("unschedulable"):
            _taint(node, key, "NoSchedule", self._manager.now())
        else:
            _untaint(node, key)
        self._manager.storage.update(NODES, node)

    def start(self) -> None:
        """Begins the regular life signs; the past before that has none."""
        for node in self._manager.storage.objects(NODES):
            name = node["metadata"]["name"]
            if name not in self._kubelet.dead:
                self._heartbeat(name)
                self._renew(name)
            self._manager.every(LEASE_SECONDS, lambda name=name: self._renew(name))  # type: ignore[misc]
            self._manager.every(HEARTBEAT_SECONDS, lambda name=name: self._heartbeat(name))  # type: ignore[misc]

    def fail(self, name: str) -> None:
        """The host dies now; the cluster finds out after the grace period."""
        self._heartbeat(name)
        self._renew(name)
        self._kubelet.dead.add(name)
        self._manager.timeline.after(GRACE, lambda: self._lost(name))
        self._manager.timeline.after(GRACE + EVICT_AFTER, lambda: self._evict(name))

    def recover(self, name: str) -> None:
        """The host is back: ready at once, taints off, pods reporting."""
        self._kubelet.revive(name)
        node = self._manager.storage.find(NODES, "", name)
        if node is None:
            return
        _untaint(node, _UNREACHABLE)
        make_ready(node, self._manager.now())
        node = self._manager.storage.update(NODES, node)
        self._manager.event(NODES, node, "NodeReady", f"Node {name} status is now: NodeReady", "kubelet")

    def _renew(self, name: str) -> None:
        if name in self._kubelet.dead:
            return
        spec = {
            "holderIdentity": name,
            "leaseDurationSeconds": 40,
            "renewTime": micro_stamp(self._manager.now()),
        }
        lease = self._manager.storage.find(LEASES, _NAMESPACE, name)
        if lease is None:
            self._manager.storage.create(
                LEASES, {"metadata": {"name": name, "namespace": _NAMESPACE}, "spec": spec}
            )
        else:
            lease["spec"] = spec
            self._manager.storage.update(LEASES, lease)

    def _heartbeat(self, name: str) -> None:
        node = self._manager.storage.find(NODES, "", name)
        if node is None or name in self._kubelet.dead:
            return
        for condition in node["status"]["conditions"]:
            condition["lastHeartbeatTime"] = stamp(self._manager.now())
        node["status"]["images"] = self._images(name, node["status"].get("images") or [])
        self._manager.storage.update(NODES, node)

    def _images(self, name: str, before: list[Object]) -> list[Object]:
        """What a container runtime keeps: the images that ran here, also when nothing runs them any more."""
        kept = {image for one in before for image in one["names"]}
        for pod in self._pods(name):
            for one in pod["status"].get("containerStatuses") or ():
                if "running" in (one.get("state") or {}):
                    kept.add(one["image"])
        return [{"names": [image], "sizeBytes": 48_000_000} for image in sorted(kept)]

    def _lost(self, name: str) -> None:
        node = self._manager.storage.find(NODES, "", name)
        if node is None or name not in self._kubelet.dead:
            return
        now = self._manager.now()
        for condition in node["status"]["conditions"]:
            condition |= {
                "status": "Unknown",
                "reason": "NodeStatusUnknown",
                "message": "Kubelet stopped posting node status.",
                "lastTransitionTime": stamp(now),
            }
        for effect in ("NoSchedule", "NoExecute"):
            _taint(node, _UNREACHABLE, effect, now)
        node = self._manager.storage.update(NODES, node)
        text = f"Node {name} status is now: NodeNotReady"
        self._manager.event(NODES, node, "NodeNotReady", text, "node-controller", warn=True)
        for pod in self._pods(name):
            podstatus.node_lost(pod, now)
            self._manager.storage.update(PODS, pod)

    def _evict(self, name: str) -> None:
        node = self._manager.storage.find(NODES, "", name)
        if node is None or not _has_taint(node, _UNREACHABLE):
            return
        for pod in self._pods(name):
            limits = [
                t.get("tolerationSeconds") for t in pod["spec"]["tolerations"] if t.get("key") == _UNREACHABLE
            ]
            if None in limits or deleting(pod):
                continue
            podstatus.evicted_by_taint(pod, self._manager.now())
            pod = self._manager.storage.update(PODS, pod)
            text = f"Marking for deletion Pod {pod['metadata']['namespace']}/{pod['metadata']['name']}"
            self._manager.event(PODS, pod, "TaintManagerEviction", text, "taint-eviction-controller")
            self._manager.storage.mark_deleting(PODS, pod, 30)

    def _collect(self, name: str) -> None:
        """What the taint evicts and the garbage collector of pods removes: all that does not tolerate every taint."""
        node = self._manager.storage.find(NODES, "", name)
        if node is None or name not in self._kubelet.dead or not _has_taint(node, _OUT_OF_SERVICE):
            return
        for pod in self._pods(name):
            if not any(not one.get("key") for one in pod["spec"]["tolerations"]):
                self._manager.storage.remove(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"])

    def _pods(self, node: str) -> list[Object]:
        return [pod for pod in self._manager.storage.objects(PODS) if pod["spec"].get("nodeName") == node]


def make_ready(node: Object, now: float) -> None:
    """The conditions of a healthy node."""
    status = node["status"]
    for kind, reason, text in _HEALTHY:
        set_condition(status, kind, "False", reason, text, now)
    set_condition(status, "Ready", "True", "KubeletReady", "kubelet is posting ready status", now)
    for condition in status["conditions"]:
        condition["lastHeartbeatTime"] = stamp(now)


def _taint(node: Object, key: str, effect: str, now: float) -> None:
    taints = node["spec"].setdefault("taints", [])
    if not any((taint["key"], taint["effect"]) == (key, effect) for taint in taints):
        taints.append({"key": key, "effect": effect, "timeAdded": stamp(now)})


def _untaint(node: Object, key: str) -> None:
    taints = [taint for taint in node["spec"].get("taints") or () if taint["key"] != key]
    node["spec"].pop("taints", None)
    if taints:
        node["spec"]["taints"] = taints


def _has_taint(node: Object, key: str) -> bool:
    return any(taint["key"] == key for taint in node["spec"].get("taints") or ())
