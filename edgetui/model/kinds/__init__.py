"""The kinds of objects edgetui knows, one file each; `KINDS` is their registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgetui.model.kinds import (
    autoscaler,
    daemonset,
    deployment,
    endpointslice,
    event,
    node,
    pod,
    replicaset,
    service,
    statefulset,
)
from edgetui.model.kinds.base import Kind, Row
from edgetui.model.kinds.wire import from_data, tolerant

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        node.KIND,
        pod.KIND,
        deployment.KIND,
        statefulset.KIND,
        daemonset.KIND,
        replicaset.KIND,
        autoscaler.KIND,
        service.KIND,
        endpointslice.KIND,
        event.KIND,
    )
}
"""Every kind by its Kubernetes name ("Pod", "HorizontalPodAutoscaler")."""


def row_of(kind: str, obj: Mapping[str, Any], *, strict: bool = False) -> Row:
    """The row of an object that is at hand as plain JSON data, for single objects read outside the watch.

    Its `apiVersion` may be an older one. A field of another type than the API says is taken for missing, or with
    `strict` not put up with. Raises KeyError for an unknown kind, msgspec.ValidationError for what is no object, and
    NotReadable.
    """
    known = KINDS[kind]
    version = str(obj.get("apiVersion")).rpartition("/")[2] if isinstance(obj, Mapping) else ""
    known = known.at(version) if version in known.older else known
    return known.project((from_data if strict else tolerant)(obj, known.wire))
