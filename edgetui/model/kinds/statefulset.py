"""StatefulSets: counters, partition and the two revisions a rollout moves between."""

from __future__ import annotations

from edgetui.model.kinds.base import Kind, Row
from edgetui.model.kinds.deployment import limit
from edgetui.model.kinds.wire import (
    Condition,
    ImageTemplate,
    Wire,
    WireCondition,
    WorkloadMeta,
    conditions,
    images,
    labelled,
    managers,
    shared,
)
from edgetui.model.text import clean


class WireStatefulSetRollingUpdate(Wire):
    partition: int | None = None
    max_unavailable: int | str | None = None


class WireStatefulSetStrategy(Wire):
    type: str | None = None
    rolling_update: WireStatefulSetRollingUpdate | None = None


class WireStatefulSetSpec(Wire):
    replicas: int | None = None
    pod_management_policy: str | None = None
    update_strategy: WireStatefulSetStrategy | None = None
    min_ready_seconds: int | None = None
    revision_history_limit: int | None = None
    template: ImageTemplate | None = None


class WireStatefulSetStatus(Wire):
    observed_generation: int | None = None
    replicas: int | None = None
    ready_replicas: int | None = None
    available_replicas: int | None = None
    current_replicas: int | None = None
    updated_replicas: int | None = None
    current_revision: str | None = None
    update_revision: str | None = None
    conditions: list[WireCondition] | None = None


class WireStatefulSet(Wire):
    """A StatefulSet as it arrives."""

    metadata: WorkloadMeta | None = None
    spec: WireStatefulSetSpec | None = None
    status: WireStatefulSetStatus | None = None


class StatefulSetRow(Row):
    """A StatefulSet.

    `replicas` is what the spec wants, `current` what exists, `current_old` how many are at
    `current_revision`. `partition` is None when the spec has none; `partitioned` says that it has the
    block in which one would be. `management` is "OrderedReady" or "Parallel".
    """

    generation: int = 0
    observed: int = 0
    replicas: int = 1
    current: int = 0
    current_old: int = 0
    updated: int = 0
    ready: int = 0
    available: int = 0
    partition: int | None = None
    partitioned: bool = False
    strategy: str = "RollingUpdate"
    max_unavailable: str = ""
    management: str = "OrderedReady"
    min_ready: int = 0
    history_limit: int = 10
    current_revision: str = ""
    update_revision: str = ""
    conditions: tuple[Condition, ...] = ()
    cause: str = ""
    images: tuple[str, ...] = ()
    managers: tuple[str, ...] = ()


def project(stateful_set: WireStatefulSet) -> StatefulSetRow:
    """The row of a StatefulSet."""
    meta = stateful_set.metadata or WorkloadMeta()
    spec = stateful_set.spec or WireStatefulSetSpec()
    status = stateful_set.status or WireStatefulSetStatus()
    strategy = spec.update_strategy or WireStatefulSetStrategy()
    rolling = strategy.rolling_update
    return StatefulSetRow(
        **labelled(meta),
        generation=meta.generation or 0,
        observed=status.observed_generation or 0,
        replicas=1 if spec.replicas is None else spec.replicas,
        current=status.replicas or 0,
        current_old=status.current_replicas or 0,
        updated=status.updated_replicas or 0,
        ready=status.ready_replicas or 0,
        available=(status.ready_replicas if status.available_replicas is None else status.available_replicas)
        or 0,
        partition=rolling.partition if rolling else None,
        partitioned=rolling is not None,
        strategy=shared(strategy.type) or "RollingUpdate",
        max_unavailable=limit(rolling.max_unavailable) if rolling else "",
        management=shared(spec.pod_management_policy) or "OrderedReady",
        min_ready=spec.min_ready_seconds or 0,
        history_limit=10 if spec.revision_history_limit is None else spec.revision_history_limit,
        current_revision=shared(status.current_revision),
        update_revision=shared(status.update_revision),
        conditions=conditions(status.conditions),
        cause=clean(meta.annotations.change_cause) if meta.annotations else "",
        images=images(spec.template),
        managers=managers(meta),
    )


KIND = Kind(
    name="StatefulSet",
    plural="statefulsets",
    group="apps",
    version="v1",
    namespaced=True,
    wire=WireStatefulSet,
    project=project,
)
