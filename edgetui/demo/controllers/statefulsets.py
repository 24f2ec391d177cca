"""StatefulSets: numbered pods, in order or in parallel, updated from the highest number down.

Like the real controller this one has the OrderedReady trap: while any pod is not ready nothing is updated, so a
pod that cannot start has to be deleted by hand (KEP-3541).
"""

from __future__ import annotations

from edgetui.demo.resources import PODS, STATEFULSETS, Resource
from edgetui.demo.storage import Object

from . import revisions
from .kubelet import Kubelet
from .manager import Manager, owner_key
from .pods import REVISION, deleting, make_pod, ready

_SOURCE = "statefulset-controller"


class StatefulSets:
    def __init__(self, manager: Manager, kubelet: Kubelet) -> None:
        self._manager = manager
        self._kubelet = kubelet

    def observe(self, resource: Resource, kind: str, obj: Object, old: Object | None) -> None:
        if resource is STATEFULSETS and kind != "DELETED":
            self._manager.enqueue(self, (obj["metadata"]["namespace"], obj["metadata"]["name"]))
        elif resource is PODS:
            key = owner_key(obj, STATEFULSETS.kind)
            if key is not None:
                self._manager.enqueue(self, key)

    def reconcile(self, namespace: str, name: str) -> None:
        owner = self._manager.storage.find(STATEFULSETS, namespace, name)
        if owner is None or deleting(owner):
            return
        update = revisions.current(self._manager, STATEFULSETS, owner)
        current = (owner.get("status") or {}).get("currentRevision") or update["metadata"]["name"]
        pods = {_ordinal(pod): pod for pod in self._manager.storage.owned(PODS, owner["metadata"]["uid"])}
        if self._fill(owner, pods, current, update) and self._shrink(owner, pods):
            self._update(owner, pods, update["metadata"]["name"])
        self._report(owner, current, update["metadata"]["name"])

    def _fill(self, owner: Object, pods: dict[int, Object], current: str, update: Object) -> bool:
        """Creates what is missing; False while an ordered set waits for one of its pods."""
        ordered = owner["spec"]["podManagementPolicy"] == "OrderedReady"
        for ordinal in range(owner["spec"]["replicas"]):
            pod = pods.get(ordinal)
            if pod is None:
                pod = self._create(owner, ordinal, self._revision_for(owner, ordinal, pods, current, update))
            if ordered and (deleting(pod) or not ready(pod)):
                return False
        return True

    def _shrink(self, owner: Object, pods: dict[int, Object]) -> bool:
        surplus = sorted((n for n in pods if n >= owner["spec"]["replicas"]), reverse=True)
        if owner["spec"]["podManagementPolicy"] == "OrderedReady":
            surplus = surplus[:1]
        for ordinal in surplus:
            if not deleting(pods[ordinal]):
                self._delete(owner, pods[ordinal])
        return not surplus

    def _update(self, owner: Object, pods: dict[int, Object], update: str) -> None:
        """One pod further down the numbers, once all above it are on the new revision and ready."""
        strategy = owner["spec"]["updateStrategy"]
        if strategy["type"] != "RollingUpdate":
            return
        lowest = (strategy.get("rollingUpdate") or {}).get("partition", 0)
        for ordinal in range(owner["spec"]["replicas"] - 1, lowest - 1, -1):
            pod = pods.get(ordinal)
            if pod is None:
                return
            if _revision(pod) != update and not deleting(pod):
                self._delete(owner, pod)
                return
            if deleting(pod) or not ready(pod):
                return

    def _revision_for(
        self, owner: Object, ordinal: int, pods: dict[int, Object], current: str, update: Object
    ) -> Object:
        """New pods join the update when all above them have; the others come back as they were."""
        rolling = owner["spec"]["updateStrategy"].get("rollingUpdate") or {}
        above = range(ordinal + 1, owner["spec"]["replicas"])
        new = update["metadata"]["name"]
        updated = all(number in pods and _revision(pods[number]) == new for number in above)
        if ordinal >= rolling.get("partition", 0) and (updated or current == new):
            return update
        return revisions.named(self._manager, owner["metadata"]["namespace"], current) or update

    def _create(self, owner: Object, ordinal: int, revision: Object) -> Object:
        meta = owner["metadata"]
        name = f"{meta['name']}-{ordinal}"
        labels = {
            REVISION: revision["metadata"]["name"],
            "statefulset.kubernetes.io/pod-name": name,
            "apps.kubernetes.io/pod-index": str(ordinal),
        }
        template = revision["data"]["spec"]["template"]
        pod = make_pod(self._manager, STATEFULSETS, owner, template, labels)
        pod["metadata"]["name"] = name
        pod["spec"] |= {"hostname": name, "subdomain": owner["spec"].get("serviceName", "")}
        self._say(owner, "SuccessfulCreate", f"create Pod {name} in StatefulSet {meta['name']} successful")
        return self._kubelet.launch(pod)

    def _delete(self, owner: Object, pod: Object) -> None:
        name = pod["metadata"]["name"]
        text = f"delete Pod {name} in StatefulSet {owner['metadata']['name']} successful"
        self._say(owner, "SuccessfulDelete", text)
        self._manager.delete_pod(pod)

    def _report(self, owner: Object, current: str, update: str) -> None:
        pods = self._manager.storage.owned(PODS, owner["metadata"]["uid"])
        ready_count = sum(map(ready, pods))
        updated = sum(_revision(pod) == update and not deleting(pod) for pod in pods)
        wanted = owner["spec"]["replicas"]
        if updated == wanted == len(pods) == ready_count:
            current = update
        counts = {
            "readyReplicas": ready_count,
            "currentReplicas": sum(_revision(pod) == current and not deleting(pod) for pod in pods),
            "updatedReplicas": updated,
        }
        status = {
            "observedGeneration": owner["metadata"]["generation"],
            "replicas": len(pods),
            **{field: value for field, value in counts.items() if value},
            "currentRevision": current,
            "updateRevision": update,
            "collisionCount": 0,
            "availableReplicas": ready_count,
        }
        owner["status"] = status
        self._manager.storage.update(STATEFULSETS, owner, keep_generation=True)

    def _say(self, owner: Object, reason: str, message: str) -> None:
        self._manager.event(STATEFULSETS, owner, reason, message, _SOURCE)


def _ordinal(pod: Object) -> int:
    return int(pod["metadata"]["name"].rpartition("-")[2])


def _revision(pod: Object) -> str:
    return str((pod["metadata"].get("labels") or {}).get(REVISION, ""))
