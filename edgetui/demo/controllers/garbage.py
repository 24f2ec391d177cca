"""The garbage collector and the namespace controller: what is owned goes with its owner."""

from __future__ import annotations

from edgetui.demo.resources import NAMESPACES, PODS, REPLICASETS, REVISIONS, STORED, Resource
from edgetui.demo.storage import Object

from .manager import Manager
from .pods import deleting

_DEPENDENT = (REPLICASETS, REVISIONS)


class GarbageCollector:
    def __init__(self, manager: Manager) -> None:
        self._manager = manager

    def observe(self, resource: Resource, kind: str, obj: Object, old: Object | None) -> None:
        if kind != "DELETED":
            return
        meta = obj["metadata"]
        if resource is NAMESPACES:
            self._manager.enqueue(self, (meta["name"], ""))
        elif resource is not PODS:
            self._manager.enqueue(self, ("", meta["uid"]))

    def reconcile(self, namespace: str, name: str) -> None:
        """With a namespace: empties it. With the uid of a deleted owner: removes what it owned."""
        storage = self._manager.storage
        if namespace:
            for resource in STORED:
                for obj in list(storage.objects(resource, namespace)) if resource.namespaced else ():
                    storage.remove(resource, namespace, obj["metadata"]["name"])
            return
        for resource in _DEPENDENT:
            for obj in storage.owned(resource, name):
                storage.remove(resource, obj["metadata"]["namespace"], obj["metadata"]["name"])
        for pod in storage.owned(PODS, name):
            if not deleting(pod):
                self._manager.delete_pod(pod)
