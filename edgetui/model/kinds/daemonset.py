"""DaemonSets: counters per node, and the template generation that tells new pods from old ones."""

from __future__ import annotations

from edgetui.model.kinds.base import Kind, Watched
from edgetui.model.kinds.pod import POD
from edgetui.model.kinds.wire import Wire, WireCondition, WorkloadMeta, number
from edgetui.model.kinds.workload import (
    RolloutRow,
    WireStrategy,
    WireWorkloadSpec,
    WireWorkloadStatus,
    limit,
    rollout,
    without_cause,
)

DAEMON_SET = "DaemonSet"
BY_SITE, BY_OPENYURT = "site", "OpenYurt"
"""Who deletes the old pods of a DaemonSet of OpenYurt, whose own strategy is OnDelete."""
_UPDATED_BY = {"ota": BY_SITE, "auto": BY_OPENYURT, "advancedrollingupdate": BY_OPENYURT}


class WireDaemonSetSpec(WireWorkloadSpec):
    update_strategy: WireStrategy | None = None


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


class DaemonSetRow(RolloutRow):
    """A DaemonSet.

    `replicas` is how many nodes should run it (desiredNumberScheduled), `current` how many do. A dead node
    leaves `replicas` and shows in `misscheduled` instead. `template_generation` is the
    pod-template-generation of the newest pods, 0 when the server does not tell. `updated_by` is who deletes old pods
    where the strategy is OnDelete, and empty for a person: each site when it wants to (OpenYurt's OTA), or OpenYurt,
    which leaves out nodes that are not Ready (AdvancedRollingUpdate; pkg/yurtmanager/controller/daemonpodupdater).
    """

    replicas: int = 0
    misscheduled: int = 0
    max_surge: str = ""
    template_generation: int = 0
    updated_by: str = ""


def project(daemon_set: WireDaemonSet) -> DaemonSetRow:
    """The row of a DaemonSet."""
    meta = daemon_set.metadata or WorkloadMeta()
    spec = daemon_set.spec or WireDaemonSetSpec()
    status = daemon_set.status or WireDaemonSetStatus()
    strategy = spec.update_strategy or WireStrategy()
    rolling = strategy.rolling_update
    counters = WireWorkloadStatus(
        observed_generation=status.observed_generation,
        replicas=status.current_number_scheduled,
        updated_replicas=status.updated_number_scheduled,
        ready_replicas=status.number_ready,
        available_replicas=status.number_available,
        conditions=status.conditions,
    )
    fields = rollout(meta, spec, counters, strategy.type) | {"replicas": status.desired_number_scheduled or 0}
    return DaemonSetRow(
        **fields,
        max_unavailable=limit(rolling.max_unavailable) if rolling else "",
        misscheduled=status.number_misscheduled or 0,
        max_surge=limit(rolling.max_surge) if rolling else "",
        updated_by=_updated_by(meta) if strategy.type == "OnDelete" else "",
        template_generation=number(meta.annotations.template_generation) if meta.annotations else 0,
    )


def _updated_by(meta: WorkloadMeta) -> str:
    notes = meta.annotations
    return _UPDATED_BY.get((notes.openyurt_update or "").lower(), "") if notes else ""


KIND = Kind(
    name=DAEMON_SET,
    plural="daemonsets",
    group="apps",
    version="v1",
    namespaced=True,
    wire=WireDaemonSet,
    row=DaemonSetRow,
    project=project,
    short_names=("ds",),
    owns=(POD,),
    watched=Watched.ALWAYS,
    printed_columns=(
        "Name",
        "Desired",
        "Current",
        "Ready",
        "Up-to-date",
        "Available",
        "Node Selector",
        "Age",
        "Containers",
        "Images",
        "Selector",
    ),
    snapshot=without_cause,
)
