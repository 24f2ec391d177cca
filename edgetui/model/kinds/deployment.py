"""Deployments: what `kubectl rollout status` needs, and what a person asks next."""

from __future__ import annotations

from edgetui.model.kinds.base import Kind, Watched
from edgetui.model.kinds.replicaset import REPLICA_SET
from edgetui.model.kinds.wire import Condition, Wire, WorkloadMeta, condition, number
from edgetui.model.kinds.workload import (
    RollingUpdate,
    RolloutRow,
    WireStrategy,
    WireWorkloadSpec,
    WireWorkloadStatus,
    limit,
    rollout,
    without_cause,
)

DEPLOYMENT = "Deployment"

DEFAULT_DEADLINE = 600
"""`spec.progressDeadlineSeconds` where it is not set."""


class WireDeploymentSpec(WireWorkloadSpec):
    paused: bool | None = None
    strategy: WireStrategy | None = None
    progress_deadline_seconds: int | None = None


class WireDeployment(Wire):
    """A Deployment as it arrives."""

    metadata: WorkloadMeta | None = None
    spec: WireDeploymentSpec | None = None
    status: WireWorkloadStatus | None = None


class DeploymentRow(RolloutRow):
    """A Deployment.

    `terminating` is None on servers that do not count it. `deadline` is in seconds. `revision` is its newest one,
    0 while its controller has named none.
    """

    terminating: int | None = None
    paused: bool = False
    max_surge: str = ""
    deadline: int = DEFAULT_DEADLINE
    revision: int = 0

    @property
    def progressing(self) -> Condition | None:
        return condition(self.conditions, "Progressing")

    @property
    def replica_failure(self) -> Condition | None:
        """Set while pods cannot even be made: quota, admission."""
        failure = condition(self.conditions, "ReplicaFailure")
        return failure if failure and failure.status == "True" else None


def project(deployment: WireDeployment) -> DeploymentRow:
    """The row of a Deployment."""
    meta = deployment.metadata or WorkloadMeta()
    spec = deployment.spec or WireDeploymentSpec()
    status = deployment.status or WireWorkloadStatus()
    strategy = spec.strategy or WireStrategy()
    rolling = strategy.rolling_update or RollingUpdate()
    deadline = spec.progress_deadline_seconds
    return DeploymentRow(
        **rollout(meta, spec, status, strategy.type),
        max_unavailable=limit(rolling.max_unavailable),
        terminating=status.terminating_replicas,
        paused=bool(spec.paused),
        max_surge=limit(rolling.max_surge),
        deadline=DEFAULT_DEADLINE if deadline is None else deadline,
        revision=number(meta.annotations.revision) if meta.annotations else 0,
    )


KIND = Kind(
    name=DEPLOYMENT,
    plural="deployments",
    group="apps",
    version="v1",
    namespaced=True,
    wire=WireDeployment,
    row=DeploymentRow,
    project=project,
    short_names=("deploy",),
    owns=(REPLICA_SET,),
    watched=Watched.ALWAYS,
    printed_columns=("Name", "Ready", "Up-to-date", "Available", "Age", "Containers", "Images", "Selector"),
    snapshot=without_cause,
)
