"""ReplicaSets: as many pods as the spec says, and a status that counts them."""

from __future__ import annotations

from edgetui.demo.resources import PODS, REPLICASETS, Resource
from edgetui.demo.storage import Object

from .kubelet import Kubelet
from .manager import Manager, owner_key
from .pods import HASH, deleting, deletion_order, make_pod, ready, ready_since

_SOURCE = "replicaset-controller"


class ReplicaSets:
    def __init__(self, manager: Manager, kubelet: Kubelet) -> None:
        self._manager = manager
        self._kubelet = kubelet

    def observe(self, resource: Resource, kind: str, obj: Object, old: Object | None) -> None:
        if resource is REPLICASETS and kind != "DELETED":
            self._manager.enqueue(self, (obj["metadata"]["namespace"], obj["metadata"]["name"]))
        elif resource is PODS:
            key = owner_key(obj, REPLICASETS.kind)
            if key is not None:
                self._manager.enqueue(self, key)

    def reconcile(self, namespace: str, name: str) -> None:
        replicaset = self._manager.storage.find(REPLICASETS, namespace, name)
        if replicaset is None or deleting(replicaset):
            return
        pods = self._manager.storage.owned(PODS, replicaset["metadata"]["uid"])
        active = [pod for pod in pods if not deleting(pod)]
        missing = replicaset["spec"]["replicas"] - len(active)
        for _ in range(missing):
            active.append(self._create(replicaset))
        for pod in sorted(active, key=deletion_order)[:-missing] if missing < 0 else ():
            active.remove(pod)
            self._manager.delete_pod(pod)
            self._say(replicaset, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")
        self._report(replicaset, active)

    def _create(self, replicaset: Object) -> Object:
        template = replicaset["spec"]["template"]
        pod = make_pod(self._manager, REPLICASETS, replicaset, template, {})
        pod = self._kubelet.launch(pod)
        self._say(replicaset, "SuccessfulCreate", f"Created pod: {pod['metadata']['name']}")
        return pod

    def _report(self, replicaset: Object, pods: list[Object]) -> None:
        now, wait = self._manager.now(), replicaset["spec"].get("minReadySeconds", 0)
        ready_pods = [pod for pod in pods if ready(pod)]
        available = [pod for pod in ready_pods if ready_since(pod) + wait <= now]
        if len(available) < len(ready_pods):
            due = min(ready_since(pod) for pod in ready_pods if pod not in available) + wait - now
            key = (replicaset["metadata"]["namespace"], replicaset["metadata"]["name"])
            self._manager.enqueue(self, key, max(due, 0.1))
        new_hash = (replicaset["spec"]["template"]["metadata"].get("labels") or {}).get(HASH)
        labeled = [pod for pod in pods if pod["metadata"]["labels"].get(HASH) == new_hash]
        counts = {
            "fullyLabeledReplicas": len(labeled),
            "readyReplicas": len(ready_pods),
            "availableReplicas": len(available),
        }
        status = {"replicas": len(pods), **{field: value for field, value in counts.items() if value}}
        status["observedGeneration"] = replicaset["metadata"]["generation"]
        replicaset["status"] = status
        self._manager.storage.update(REPLICASETS, replicaset)

    def _say(self, replicaset: Object, reason: str, message: str) -> None:
        self._manager.event(REPLICASETS, replicaset, reason, message, _SOURCE)
