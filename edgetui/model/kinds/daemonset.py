"""DaemonSets: counters per node, and the template generation that tells new pods from old ones."""

from __future__ import annotations

from edgetui.model.kinds.base import Kind, Row
from edgetui.model.kinds.deployment import WireStrategy, limit
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
    number,
    shared,
)
from edgetui.model.text import clean


class WireDaemonSetSpec(Wire):
    update_strategy: WireStrategy | None = None
    min_ready_seconds: int | None = None
    revision_history_limit: int | None = None
    template: ImageTemplate | None = None


class WireDaemonSetStatus(Wire):
    observed_generation: int | None = None
    desired_number_scheduled: int | None = None
    current_number_scheduled: int | None = None
    updated_number_scheduled: int | None = None
    number_misscheduled: int | None = None
    number_ready: int | None = None
    number_available: int | None = None
    conditions: list[WireCondition] | None = None


class WireDaemonSet(Wire):
    """A DaemonSet as it arrives."""

    metadata: WorkloadMeta | None = None
    spec: WireDaemonSetSpec | None = None
    status: WireDaemonSetStatus | None = None


class DaemonSetRow(Row):
    """A DaemonSet.

    `replicas` is how many nodes should run it (desiredNumberScheduled), `current` how many do. A dead node
    leaves `replicas` and shows in `misscheduled` instead. `template_generation` is the
    pod-template-generation of the newest pods, 0 when the server does not tell.
    """

    generation: int = 0
    observed: int = 0
    replicas: int = 0
    current: int = 0
    updated: int = 0
    ready: int = 0
    available: int = 0
    misscheduled: int = 0
    strategy: str = "RollingUpdate"
    max_surge: str = ""
    max_unavailable: str = ""
    min_ready: int = 0
    history_limit: int = 10
    template_generation: int = 0
    conditions: tuple[Condition, ...] = ()
    cause: str = ""
    images: tuple[str, ...] = ()
    managers: tuple[str, ...] = ()


def project(daemon_set: WireDaemonSet) -> DaemonSetRow:
    """The row of a DaemonSet."""
    meta = daemon_set.metadata or WorkloadMeta()
    spec = daemon_set.spec or WireDaemonSetSpec()
    status = daemon_set.status or WireDaemonSetStatus()
    strategy = spec.update_strategy or WireStrategy()
    rolling = strategy.rolling_update
    notes = meta.annotations
    return DaemonSetRow(
        **labelled(meta),
        generation=meta.generation or 0,
        observed=status.observed_generation or 0,
        replicas=status.desired_number_scheduled or 0,
        current=status.current_number_scheduled or 0,
        updated=status.updated_number_scheduled or 0,
        ready=status.number_ready or 0,
        available=status.number_available or 0,
        misscheduled=status.number_misscheduled or 0,
        strategy=shared(strategy.type) or "RollingUpdate",
        max_surge=limit(rolling.max_surge) if rolling else "",
        max_unavailable=limit(rolling.max_unavailable) if rolling else "",
        min_ready=spec.min_ready_seconds or 0,
        history_limit=10 if spec.revision_history_limit is None else spec.revision_history_limit,
        template_generation=number(notes.template_generation) if notes else 0,
        conditions=conditions(status.conditions),
        cause=clean(notes.change_cause) if notes else "",
        images=images(spec.template),
        managers=managers(meta),
    )


KIND = Kind(
    name="DaemonSet",
    plural="daemonsets",
    group="apps",
    version="v1",
    namespaced=True,
    wire=WireDaemonSet,
    project=project,
)
