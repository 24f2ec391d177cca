"""ReplicaSets: the revisions of a Deployment, and the step between it and its pods."""

from __future__ import annotations

from edgetui.model.kinds.base import Kind, Row
from edgetui.model.kinds.wire import (
    Condition,
    ImageTemplate,
    Wire,
    WireCondition,
    WorkloadMeta,
    conditions,
    controller,
    identity,
    images,
    number,
    shared,
)
from edgetui.model.labels import read
from edgetui.model.text import clean


class WireReplicaSetSpec(Wire):
    replicas: int | None = None
    min_ready_seconds: int | None = None
    template: ImageTemplate | None = None


class WireReplicaSetStatus(Wire):
    observed_generation: int | None = None
    replicas: int | None = None
    ready_replicas: int | None = None
    available_replicas: int | None = None
    terminating_replicas: int | None = None
    conditions: list[WireCondition] | None = None


class WireReplicaSet(Wire):
    """A ReplicaSet as it arrives."""

    metadata: WorkloadMeta | None = None
    spec: WireReplicaSetSpec | None = None
    status: WireReplicaSetStatus | None = None


class ReplicaSetRow(Row):
    """A ReplicaSet.

    `replicas` is what the spec wants, `current` what exists. `template` is its pod-template-hash, `revision`
    the Deployment revision it stands for (0 none).
    """

    generation: int = 0
    observed: int = 0
    replicas: int = 1
    current: int = 0
    ready: int = 0
    available: int = 0
    terminating: int | None = None
    owner_kind: str = ""
    owner_name: str = ""
    template: str = ""
    revision: int = 0
    cause: str = ""
    images: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()


def project(replica_set: WireReplicaSet) -> ReplicaSetRow:
    """The row of a ReplicaSet."""
    meta = replica_set.metadata or WorkloadMeta()
    spec = replica_set.spec or WireReplicaSetSpec()
    status = replica_set.status or WireReplicaSetStatus()
    owner = controller(meta)
    notes = meta.annotations
    return ReplicaSetRow(
        **identity(meta),
        generation=meta.generation or 0,
        observed=status.observed_generation or 0,
        replicas=1 if spec.replicas is None else spec.replicas,
        current=status.replicas or 0,
        ready=status.ready_replicas or 0,
        available=status.available_replicas or 0,
        terminating=status.terminating_replicas,
        owner_kind=shared(owner.kind) if owner else "",
        owner_name=shared(owner.name) if owner else "",
        template=shared(read(meta.labels).get("pod-template-hash")),
        revision=number(notes.revision) if notes else 0,
        cause=shared(clean(notes.change_cause)) if notes else "",
        images=images(spec.template),
        conditions=conditions(status.conditions),
    )


KIND = Kind(
    name="ReplicaSet",
    plural="replicasets",
    group="apps",
    version="v1",
    namespaced=True,
    wire=WireReplicaSet,
    project=project,
)
