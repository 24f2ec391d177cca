"""Writes: create, update, patch, delete and the scale subresource, with preconditions and dry run."""

from __future__ import annotations

import copy
import json
from typing import Any

from edgetui.demo import status
from edgetui.demo.defaults import complete, validate
from edgetui.demo.http import Reply, Request, json_reply
from edgetui.demo.patches import json_patch, merge_patch, strategic_merge
from edgetui.demo.resources import NAMESPACES, PODS, Resource
from edgetui.demo.storage import Object, Storage

PATCHES = {
    "application/json-patch+json": json_patch,
    "application/merge-patch+json": merge_patch,
    "application/strategic-merge-patch+json": strategic_merge,
}
DEFAULT_GRACE = 30


def body_of(request: Request) -> Any:
    """The decoded JSON body. Raises StatusError 400 or 415."""
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip()
    if kind != "application/json" and kind not in PATCHES:
        accepted = ", ".join(sorted(PATCHES)) if request.method == "PATCH" else "application/json"
        message = (
            f"the body of the request was in an unknown format - accepted media types include: {accepted}"
        )
        raise status.StatusError(415, message)
    try:
        return json.loads(request.body or b"{}")
    except ValueError as error:
        raise status.StatusError(400, f"error decoding request body: {error}") from None


def dry_run(request: Request) -> bool:
    """Raises StatusError 400 for anything but `All`."""
    asked = request.query.get("dryRun", "")
    if asked not in ("", "All"):
        raise status.StatusError(400, f'Invalid value: "{asked}": dryRun must be "All"')
    return asked == "All"


def create(request: Request, storage: Storage, resource: Resource, namespace: str) -> Reply:
    obj = _object(body_of(request), resource, namespace)
    complete(resource, obj)
    validate(resource, obj, None)
    if resource.namespaced and not storage.find(NAMESPACES, "", namespace):
        raise status.not_found("", "namespaces", namespace)
    obj.pop("status", None)
    if resource is PODS:
        obj["status"] = {"phase": "Pending", "qosClass": "BestEffort"}
    return json_reply(storage.create(resource, obj, dry_run=dry_run(request)), 201)


def update(
    request: Request, storage: Storage, resource: Resource, namespace: str, name: str, subresource: str
) -> Reply:
    """PUT of a whole object or of its status."""
    sent = _object(body_of(request), resource, namespace, name)
    return _store(request, storage, resource, sent, storage.get(resource, namespace, name), subresource)


def patch(
    request: Request, storage: Storage, resource: Resource, namespace: str, name: str, subresource: str
) -> Reply:
    old = storage.get(resource, namespace, name)
    sent = _patched(request, old)
    meta = sent.get("metadata") if isinstance(sent, dict) else None
    if not isinstance(meta, dict) or (meta.get("name"), meta.get("namespace", "")) != (name, namespace):
        raise status.StatusError(400, "the name of the object does not match the name on the URL")
    if meta.get("uid") != old["metadata"]["uid"]:
        raise status.invalid(
            resource.group,
            resource.kind,
            name,
            "metadata.uid",
            f'Invalid value: "{meta.get("uid")}": field is immutable',
        )
    return _store(request, storage, resource, sent, old, subresource)


def delete(request: Request, storage: Storage, resource: Resource, namespace: str, name: str) -> Reply:
    """Pods leave after their grace period, objects with finalizers wait for them, all others go at once."""
    options = body_of(request)
    obj = storage.get(resource, namespace, name)
    _check_preconditions(resource, obj, options.get("preconditions") or {})
    if options.get("dryRun") == ["All"] or (not options and dry_run(request)):
        return json_reply(obj)
    grace = options.get("gracePeriodSeconds")
    if grace is None:
        grace = int(request.query.get("gracePeriodSeconds") or -1)
    if resource is PODS and grace != 0 and obj.get("spec", {}).get("nodeName"):
        seconds = grace if grace > 0 else obj["spec"].get("terminationGracePeriodSeconds", DEFAULT_GRACE)
        return json_reply(storage.mark_deleting(resource, obj, seconds))
    if obj["metadata"].get("finalizers"):
        return json_reply(storage.mark_deleting(resource, obj, 0))
    storage.remove(resource, namespace, name)
    if resource is PODS:
        return json_reply(obj)
    details = {"name": name, "group": resource.group, "kind": resource.plural, "uid": obj["metadata"]["uid"]}
    if not resource.group:
        del details["group"]
    success = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
    return json_reply(success)


def scale(request: Request, storage: Storage, resource: Resource, namespace: str, name: str) -> Reply:
    """GET, PUT and PATCH of `autoscaling/v1 Scale`; its version is the version of the object behind it."""
    obj = storage.get(resource, namespace, name)
    current = _scale_of(obj)
    if request.method == "GET":
        return json_reply(current)
    sent = body_of(request) if request.method == "PUT" else _patched(request, current)
    if not isinstance(sent, dict):
        raise status.StatusError(400, "the body of the request is not a Scale")
    replicas = (sent.get("spec") or {}).get("replicas") or 0
    if not isinstance(replicas, int):
        raise status.StatusError(400, 'Scale in version "v1" cannot be handled as a Scale: spec.replicas')
    if replicas < 0:
        text = f"Invalid value: {replicas}: must be greater than or equal to 0"
        raise status.invalid("autoscaling", "Scale", name, "spec.replicas", text)
    meta = sent.get("metadata") or {}
    for field in ("resourceVersion", "uid"):
        if field in meta:
            obj["metadata"][field] = meta[field]
    obj["spec"]["replicas"] = replicas
    return json_reply(_scale_of(storage.update(resource, obj, dry_run=dry_run(request))))


def resize(request: Request, storage: Storage, resource: Resource, namespace: str, name: str) -> Reply:
    """PATCH of a pod's resources, carried out at once: every node here has room, and nothing else in it counts."""
    pod = storage.get(resource, namespace, name)
    sent = _patched(request, pod)
    pod["metadata"]["resourceVersion"] = sent["metadata"]["resourceVersion"]
    given = {one["name"]: one.get("resources") or {} for one in sent["spec"]["containers"]}
    for container in pod["spec"]["containers"]:
        container["resources"] = given[container["name"]]
    for running in (pod.get("status") or {}).get("containerStatuses") or []:
        running["resources"] = given.get(running["name"], {})
    return json_reply(storage.update(resource, pod, dry_run=dry_run(request)))


def _patched(request: Request, old: Object) -> Any:
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    change = body_of(request)
    if kind not in PATCHES:
        raise status.StatusError(
            415,
            "the body of the request was in an unknown format - accepted media types "
            f"include: {', '.join(sorted(PATCHES))}",
        )
    return PATCHES[kind](old, change)


def _store(
    request: Request, storage: Storage, resource: Resource, sent: Object, old: Object, subresource: str
) -> Reply:
    """The main endpoint never changes the status, the status endpoint nothing but it."""
    if "status" in resource.subresources:
        if subresource == "status":
            kept = copy.deepcopy(old)
            kept["status"] = sent.get("status", {})
            kept["metadata"]["resourceVersion"] = sent["metadata"].get("resourceVersion", "")
            sent = kept
        elif "status" in old:
            sent["status"] = old["status"]
        else:
            sent.pop("status", None)
    complete(resource, sent, old)
    validate(resource, sent, old)
    return json_reply(storage.update(resource, sent, dry_run=dry_run(request)))


def _object(sent: Any, resource: Resource, namespace: str, name: str = "") -> Object:
    if not isinstance(sent, dict) or not isinstance(sent.get("metadata", {}), dict):
        raise status.StatusError(400, f"the body of the request is not a {resource.kind}")
    if sent.get("kind", resource.kind) != resource.kind:
        message = (
            f'the object provided is unrecognized: no kind "{sent["kind"]}" is registered for this resource'
        )
        raise status.StatusError(400, message)
    meta = sent.setdefault("metadata", {})
    if resource.namespaced and meta.setdefault("namespace", namespace) != namespace:
        message = "the namespace of the provided object does not match the namespace sent on the request"
        raise status.StatusError(400, message)
    if name and meta.setdefault("name", name) != name:
        raise status.StatusError(400, "the name of the object does not match the name on the URL")
    if not meta.get("name") and not meta.get("generateName"):
        text = "Required value: name or generateName is required"
        raise status.invalid(resource.group, resource.kind, "", "metadata.name", text, "FieldValueRequired")
    sent["kind"], sent["apiVersion"] = resource.kind, resource.api_version
    return sent


def _check_preconditions(resource: Resource, obj: Object, wanted: Object) -> None:
    for field, word in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
        have = obj["metadata"][field]
        if wanted.get(field, have) != have:
            why = (
                f"Precondition failed: {word} in precondition: {wanted[field]}, {word} in object meta: {have}"
            )
            raise status.modified(resource.group, resource.plural, obj["metadata"]["name"], why)


def _scale_of(obj: Object) -> Object:
    meta, have = obj["metadata"], obj.get("status") or {}
    shown = {key: meta[key] for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")}
    spec = {"replicas": obj["spec"]["replicas"]} if obj["spec"].get("replicas") else {}
    selector = (obj["spec"].get("selector") or {}).get("matchLabels") or {}
    state = {
        "replicas": have.get("replicas", 0),
        "selector": ",".join(f"{key}={value}" for key, value in sorted(selector.items())),
    }
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": shown, "spec": spec, "status": state}
