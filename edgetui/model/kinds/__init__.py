"""The kinds of objects edgetui knows, one file each; `KINDS` is their registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgetui.model.kinds import (
    autoscaler,
    daemonset,
    deployment,
    event,
    node,
    pod,
    replicaset,
    service,
    statefulset,
)
from edgetui.model.kinds.base import Kind, Row
from edgetui.model.kinds.wire import from_data

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
        event.KIND,
    )
}
"""Every kind by its Kubernetes name ("Pod", "HorizontalPodAutoscaler")."""


def row_of(kind: str, obj: Mapping[str, Any]) -> Row:
    """The row of an object that is at hand as plain JSON data, for single objects read outside the watch.

    Raises KeyError for an unknown kind and msgspec.ValidationError for a field of the wrong type.
    """
    known = KINDS[kind]
    return known.project(from_data(obj, known.wire))
