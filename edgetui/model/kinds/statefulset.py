"""StatefulSets: counters, partition and the two revisions a rollout moves between."""

from __future__ import annotations

from edgetui.model.kinds.base import Kind, Watched
from edgetui.model.kinds.pod import POD
from edgetui.model.kinds.wire import Wire, WorkloadMeta, shared
from edgetui.model.kinds.workload import (
    RolloutRow,
    WireWorkloadSpec,
    WireWorkloadStatus,
    limit,
    rollout,
    without_cause,
)

STATEFUL_SET = "StatefulSet"


class WireStatefulSetRollingUpdate(Wire):
    partition: int | None = None
    max_unavailable: int | str | None = None


class WireStatefulSetStrategy(Wire):
    type: str | None = None
    rolling_update: WireStatefulSetRollingUpdate | None = None


class WireStatefulSetSpec(WireWorkloadSpec):
    pod_management_policy: str | None = None
    update_strategy: WireStatefulSetStrategy | None = None


class WireStatefulSetStatus(WireWorkloadStatus):
    current_replicas: int | None = None
    current_revision: str | None = None
    update_revision: str | None = None


class WireStatefulSet(Wire):
    """A StatefulSet as it arrives."""

    metadata: WorkloadMeta | None = None
    spec: WireStatefulSetSpec | None = None
    status: WireStatefulSetStatus | None = None


class StatefulSetRow(RolloutRow):
    """A StatefulSet.

    `current_old` is how many pods are at `current_revision`. `partition` is None when the spec has none;
    `partitioned` says that it has the block in which one would be. `management` is "OrderedReady" or "Parallel".
    """

    current_old: int = 0
    partition: int | None = None
    partitioned: bool = False
    management: str = "OrderedReady"
    current_revision: str = ""
    update_revision: str = ""


def project(stateful_set: WireStatefulSet) -> StatefulSetRow:
    """The row of a StatefulSet. Old servers count no available pods; there the ready ones are."""
    meta = stateful_set.metadata or WorkloadMeta()
    spec = stateful_set.spec or WireStatefulSetSpec()
    status = stateful_set.status or WireStatefulSetStatus()
    strategy = spec.update_strategy or WireStatefulSetStrategy()
    rolling = strategy.rolling_update
    available = status.ready_replicas if status.available_replicas is None else status.available_replicas
    fields = rollout(meta, spec, status, strategy.type) | {"available": available or 0}
    return StatefulSetRow(
        **fields,
        max_unavailable=limit(rolling.max_unavailable) if rolling else "",
        current_old=status.current_replicas or 0,
        partition=rolling.partition if rolling else None,
        partitioned=rolling is not None,
        management=shared(spec.pod_management_policy) or "OrderedReady",
        current_revision=shared(status.current_revision),
        update_revision=shared(status.update_revision),
    )


KIND = Kind(
    name=STATEFUL_SET,
    plural="statefulsets",
    group="apps",
    version="v1",
    namespaced=True,
    wire=WireStatefulSet,
    row=StatefulSetRow,
    project=project,
    short_names=("sts",),
    owns=(POD,),
    watched=Watched.ALWAYS,
    printed_columns=("Name", "Ready", "Age", "Containers", "Images"),
    snapshot=without_cause,
)
