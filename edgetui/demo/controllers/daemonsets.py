"""DaemonSets: one pod on every node that takes it, replaced within maxUnavailable.

A node that is unreachable leaves the desired count and becomes misscheduled, as on a real cluster; its pod, once
marked for deletion, stays Terminating and eats the budget.
"""

from __future__ import annotations

from edgetui.demo.defaults import TEMPLATE_GENERATION
from edgetui.demo.resources import DAEMONSETS, NODES, PODS, Resource
from edgetui.demo.storage import Object

from . import revisions
from .kubelet import Kubelet
from .manager import Manager, owner_key
from .pods import REVISION, count, deleting, make_pod, ready

_SOURCE = "daemonset-controller"
_TOLERATED = {"node.kubernetes.io/unschedulable", "node.kubernetes.io/disk-pressure"}


class DaemonSets:
    def __init__(self, manager: Manager, kubelet: Kubelet) -> None:
        self._manager = manager
        self._kubelet = kubelet

    def observe(self, resource: Resource, kind: str, obj: Object, old: Object | None) -> None:
        if resource is DAEMONSETS and kind != "DELETED":
            self._manager.enqueue(self, (obj["metadata"]["namespace"], obj["metadata"]["name"]))
        elif resource is PODS:
            key = owner_key(obj, DAEMONSETS.kind)
            if key is not None:
                self._manager.enqueue(self, key)
        elif resource is NODES and (old is None or kind == "DELETED" or obj["spec"] != old["spec"]):
            for namespace, name in self._manager.storage.collections[DAEMONSETS].entries:
                self._manager.enqueue(self, (namespace, name))

    def reconcile(self, namespace: str, name: str) -> None:
        owner = self._manager.storage.find(DAEMONSETS, namespace, name)
        if owner is None or deleting(owner):
            return
        revision = revisions.current(self._manager, DAEMONSETS, owner)
        digest = revision["metadata"]["labels"][REVISION]
        nodes = [
            node["metadata"]["name"] for node in self._manager.storage.objects(NODES) if _takes(owner, node)
        ]
        pods = self._by_node(owner)
        for node in nodes:
            if node not in pods:
                pods[node] = self._create(owner, revision, digest, node)
        self._update(owner, nodes, pods, digest)
        self._report(owner, nodes, digest)

    def _by_node(self, owner: Object) -> dict[str, Object]:
        pods = self._manager.storage.owned(PODS, owner["metadata"]["uid"])
        return {pod["spec"].get("nodeName", ""): pod for pod in pods}

    def _create(self, owner: Object, revision: Object, digest: str, node: str) -> Object:
        generation = owner["metadata"]["annotations"][TEMPLATE_GENERATION]
        labels = {REVISION: digest, "pod-template-generation": generation}
        pod = make_pod(self._manager, DAEMONSETS, owner, revision["data"]["spec"]["template"], labels)
        pod["spec"]["nodeName"] = node
        for toleration in pod["spec"]["tolerations"]:
            toleration.pop("tolerationSeconds", None)
        pod = self._kubelet.launch(pod)
        self._say(owner, "SuccessfulCreate", f"Created pod: {pod['metadata']['name']}")
        return pod

    def _update(self, owner: Object, nodes: list[str], pods: dict[str, Object], digest: str) -> None:
        """Old pods that do not work go first and for free, then working ones within the budget."""
        strategy = owner["spec"]["updateStrategy"]
        if strategy["type"] != "RollingUpdate":
            return
        limit = count(strategy["rollingUpdate"].get("maxUnavailable", 1), len(nodes), up=True)
        gone = sum(1 for pod in pods.values() if deleting(pod) or not ready(pod))
        old = [pod for pod in pods.values() if _digest(pod) != digest and not deleting(pod)]
        old.sort(key=lambda pod: (ready(pod), pod["spec"]["nodeName"] in nodes))
        for pod in old:
            if ready(pod):
                if gone >= limit:
                    return
                gone += 1
            self._say(owner, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")
            self._manager.delete_pod(pod)

    def _report(self, owner: Object, nodes: list[str], digest: str) -> None:
        pods = self._by_node(owner)
        wanted = [pods[node] for node in nodes if node in pods]
        ready_count = sum(map(ready, wanted))
        counts = {
            "updatedNumberScheduled": sum(_digest(pod) == digest for pod in wanted),
            "numberAvailable": ready_count,
            "numberUnavailable": len(nodes) - ready_count,
        }
        owner["status"] = {
            "currentNumberScheduled": len(wanted),
            "numberMisscheduled": len(pods.keys() - set(nodes)),
            "desiredNumberScheduled": len(nodes),
            "numberReady": ready_count,
            "observedGeneration": owner["metadata"]["generation"],
            **{field: value for field, value in counts.items() if value},
        }
        self._manager.storage.update(DAEMONSETS, owner, keep_generation=True)

    def _say(self, owner: Object, reason: str, message: str) -> None:
        self._manager.event(DAEMONSETS, owner, reason, message, _SOURCE)


def _takes(owner: Object, node: Object) -> bool:
    pod = owner["spec"]["template"]["spec"]
    if not (pod.get("nodeSelector") or {}).items() <= (node["metadata"].get("labels") or {}).items():
        return False
    keys = {
        taint["key"] for taint in node["spec"].get("taints") or () if taint["effect"] != "PreferNoSchedule"
    }
    if any(
        toleration.get("operator") == "Exists" and "key" not in toleration
        for toleration in pod.get("tolerations") or ()
    ):
        return True
    return keys <= _TOLERATED


def _digest(pod: Object) -> str:
    return str((pod["metadata"].get("labels") or {}).get(REVISION, ""))
