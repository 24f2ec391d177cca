"""ReplicaSets: the revisions of a Deployment, and the step between it and its pods."""

from __future__ import annotations

from edgetui.model.kinds.base import Kind, Watched
from edgetui.model.kinds.pod import POD
from edgetui.model.kinds.wire import Wire, WorkloadMeta, identity, number, shared
from edgetui.model.kinds.workload import (
    WireWorkloadSpec,
    WireWorkloadStatus,
    WorkloadRow,
    without_cause,
    workload,
)
from edgetui.model.labels import read

REPLICA_SET = "ReplicaSet"


class WireReplicaSet(Wire):
    """A ReplicaSet as it arrives."""

    metadata: WorkloadMeta | None = None
    spec: WireWorkloadSpec | None = None
    status: WireWorkloadStatus | None = None


class ReplicaSetRow(WorkloadRow):
    """A ReplicaSet.

    `template` is its pod-template-hash, `revision` the Deployment revision it stands for (0 none). `terminating` is
    None on servers that do not count it.
    """

    terminating: int | None = None
    template: str = ""
    revision: int = 0


def project(replica_set: WireReplicaSet) -> ReplicaSetRow:
    """The row of a ReplicaSet."""
    meta = replica_set.metadata or WorkloadMeta()
    spec = replica_set.spec or WireWorkloadSpec()
    status = replica_set.status or WireWorkloadStatus()
    return ReplicaSetRow(
        **identity(meta),
        **workload(meta, spec, status),
        terminating=status.terminating_replicas,
        template=shared(read(meta.labels).get("pod-template-hash")),
        revision=number(meta.annotations.revision) if meta.annotations else 0,
    )


KIND = Kind(
    name=REPLICA_SET,
    plural="replicasets",
    group="apps",
    version="v1",
    namespaced=True,
    wire=WireReplicaSet,
    row=ReplicaSetRow,
    project=project,
    short_names=("rs",),
    owns=(POD,),
    watched=Watched.FULL,
    printed_columns=("Name", "Desired", "Current", "Ready", "Age", "Containers", "Images", "Selector"),
    snapshot=without_cause,
)
