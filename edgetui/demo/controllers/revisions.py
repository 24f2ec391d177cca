"""ControllerRevisions: the history of StatefulSets and DaemonSets (`controller_history.go`)."""

from __future__ import annotations

from edgetui.demo.defaults import TEMPLATE_GENERATION
from edgetui.demo.resources import DAEMONSETS, REVISIONS, Resource
from edgetui.demo.storage import Object

from .manager import Manager, owner_reference
from .pods import REVISION, template_hash

_CAUSE = "kubernetes.io/change-cause"


def current(manager: Manager, resource: Resource, owner: Object) -> Object:
    """The revision of the owner's template: the newest one, a repeated one raised to be it, or a new one."""
    template = owner["spec"]["template"]
    data = {"spec": {"template": {**template, "$patch": "replace"}}}
    known = sorted(
        manager.storage.owned(REVISIONS, owner["metadata"]["uid"]), key=lambda cr: int(cr["revision"])
    )
    same = next((cr for cr in known if cr["data"] == data), None)
    highest = known[-1]["revision"] if known else 0
    if same is not None:
        if same["revision"] != highest:
            same["revision"] = highest + 1
            same = manager.storage.update(REVISIONS, same)
        return same
    digest = template_hash(data)
    notes = {}
    if resource is DAEMONSETS:
        notes[TEMPLATE_GENERATION] = owner["metadata"]["annotations"][TEMPLATE_GENERATION]
    if _CAUSE in (owner["metadata"].get("annotations") or {}):
        notes[_CAUSE] = owner["metadata"]["annotations"][_CAUSE]
    body: Object = {
        "metadata": {
            "name": f"{owner['metadata']['name']}-{digest}",
            "namespace": owner["metadata"]["namespace"],
            "labels": {**(template["metadata"].get("labels") or {}), REVISION: digest},
            "annotations": notes,
            "ownerReferences": [owner_reference(resource, owner)],
        },
        "data": data,
        "revision": highest + 1,
    }
    for old in known[: max(len(known) - owner["spec"].get("revisionHistoryLimit", 10), 0)]:
        manager.storage.remove(REVISIONS, old["metadata"]["namespace"], old["metadata"]["name"])
    return manager.storage.create(REVISIONS, body)


def named(manager: Manager, namespace: str, name: str) -> Object | None:
    return manager.storage.find(REVISIONS, namespace, name)
