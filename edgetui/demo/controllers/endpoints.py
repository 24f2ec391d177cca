"""EndpointSlices: for each Service one slice with the pods that its selector matches."""

from __future__ import annotations

import zlib

from edgetui.demo.resources import ENDPOINTSLICES, PODS, SERVICES, Resource
from edgetui.demo.storage import Object

from .manager import Manager, owner_reference
from .pods import deleting, ready

_CONTROLLER = "endpointslice-controller.k8s.io"
UPDATES_BATCHED = 1.0
"""Seconds that changes of pods are collected for one update of a slice."""


class EndpointSlices:
    """Keeps what each Service selects, so that a change of one pod costs the same however many there are."""

    def __init__(self, manager: Manager) -> None:
        self._manager = manager
        self._members: dict[tuple[str, str], dict[str, Object]] = {}
        self._by_label: dict[tuple[str, str, str], set[str]] = {}  # by the first label of the selector

    def observe(self, resource: Resource, kind: str, obj: Object, old: Object | None) -> None:
        namespace = obj["metadata"].get("namespace", "")
        if resource is SERVICES:
            key = (namespace, obj["metadata"]["name"])
            if kind == "DELETED":
                self._members.pop(key, None)
            elif old is None or old["spec"] != obj["spec"]:
                pods = (pod for pod in self._manager.storage.objects(PODS, namespace) if _selects(obj, pod))
                found = {pod["metadata"]["uid"]: _endpoint(pod) for pod in pods}
                self._members[key] = {uid: one for uid, one in found.items() if one is not None}
                for label, value in list((obj["spec"].get("selector") or {}).items())[:1]:
                    self._by_label.setdefault((namespace, label, value), set()).add(obj["metadata"]["name"])
            self._manager.enqueue(self, key)
        elif resource is PODS:
            now = None if kind == "DELETED" else _endpoint(obj)
            if kind == "DELETED" or old is None or now != _endpoint(old):
                self._changed(namespace, obj, now)

    def _changed(self, namespace: str, pod: Object, now: Object | None) -> None:
        uid = pod["metadata"]["uid"]
        labels = (pod["metadata"].get("labels") or {}).items()
        names = {name for label in labels for name in self._by_label.get((namespace, *label), ())}
        for name in sorted(names):
            service = self._manager.storage.find(SERVICES, namespace, name)
            if service is None or not _selects(service, pod):
                continue
            key = (namespace, name)
            members = self._members.setdefault(key, {})
            if now is None:
                members.pop(uid, None)
            else:
                members[uid] = now
            self._manager.enqueue(self, key, UPDATES_BATCHED)

    def reconcile(self, namespace: str, name: str) -> None:
        storage = self._manager.storage
        piece = f"{name}-{zlib.crc32(name.encode()) % 100000:05d}"
        service = storage.find(SERVICES, namespace, name)
        there = storage.find(ENDPOINTSLICES, namespace, piece)
        if service is None:
            if there is not None:
                storage.remove(ENDPOINTSLICES, namespace, piece)
            return
        endpoints = list(self._members.get((namespace, name), {}).values())
        if there is None:
            storage.create(ENDPOINTSLICES, _slice(service, piece, endpoints))
        elif there["endpoints"] != endpoints:
            there["endpoints"] = endpoints
            storage.update(ENDPOINTSLICES, there)


def _slice(service: Object, name: str, endpoints: list[Object]) -> Object:
    meta = service["metadata"]
    labels = {
        "endpointslice.kubernetes.io/managed-by": _CONTROLLER,
        "kubernetes.io/service-name": meta["name"],
    }
    ports = [
        {"name": one["name"], "port": one["port"], "protocol": "TCP"} for one in service["spec"]["ports"]
    ]
    return {
        "metadata": {
            "name": name,
            "generateName": f"{meta['name']}-",
            "namespace": meta["namespace"],
            "labels": labels,
            "ownerReferences": [owner_reference(SERVICES, service)],
        },
        "addressType": "IPv4",
        "endpoints": endpoints,
        "ports": ports,
    }


def _selects(service: Object, pod: Object) -> bool:
    wanted = service["spec"].get("selector") or {}
    labels = pod["metadata"].get("labels") or {}
    return bool(wanted) and all(labels.get(key) == value for key, value in wanted.items())


def _endpoint(pod: Object) -> Object | None:
    """A pod as an endpoint; none without an address, and none that has ended."""
    status = pod.get("status") or {}
    if not status.get("podIP") or status.get("phase") in ("Succeeded", "Failed"):
        return None
    serving, ending = ready(pod), bool(deleting(pod))
    meta = pod["metadata"]
    return {
        "addresses": [status["podIP"]],
        "conditions": {"ready": serving and not ending, "serving": serving, "terminating": ending},
        "nodeName": pod["spec"].get("nodeName", ""),
        "targetRef": {
            "kind": "Pod",
            "name": meta["name"],
            "namespace": meta["namespace"],
            "uid": meta["uid"],
        },
    }
