"""EndpointSlices: for each Service one slice with the pods that its selector matches."""

from __future__ import annotations

import zlib

from edgetui.demo.resources import ENDPOINTSLICES, PODS, SERVICES, Resource
from edgetui.demo.storage import Object

from .pods import deleting, ready
from .world import World, owner_reference

_CONTROLLER = "endpointslice-controller.k8s.io"


class EndpointSlices:
    def __init__(self, world: World) -> None:
        self._world = world

    def observe(self, resource: Resource, kind: str, obj: Object, old: Object | None) -> None:
        namespace = obj["metadata"].get("namespace", "")
        if resource is SERVICES:
            self._world.enqueue(self, (namespace, obj["metadata"]["name"]))
        elif resource is PODS and (kind == "DELETED" or old is None or _endpoint(obj) != _endpoint(old)):
            for service in self._world.storage.objects(SERVICES, namespace):
                if _selects(service, obj):
                    self._world.enqueue(self, (namespace, service["metadata"]["name"]))

    def reconcile(self, namespace: str, name: str) -> None:
        storage = self._world.storage
        piece = f"{name}-{zlib.crc32(name.encode()) % 100000:05d}"
        service = storage.find(SERVICES, namespace, name)
        there = storage.find(ENDPOINTSLICES, namespace, piece)
        if service is None:
            if there is not None:
                storage.remove(ENDPOINTSLICES, namespace, piece)
            return
        found = (_endpoint(pod) for pod in storage.objects(PODS, namespace) if _selects(service, pod))
        endpoints = [one for one in found if one is not None]
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
