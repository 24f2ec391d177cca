"""Deployments: what `kubectl rollout status` needs, and what a person asks next."""

from __future__ import annotations

from edgetui.model.kinds.base import Kind, Row
from edgetui.model.kinds.wire import (
    Condition,
    ImageTemplate,
    Wire,
    WireCondition,
    WorkloadMeta,
    condition,
    conditions,
    images,
    labelled,
    managers,
    number,
    shared,
)
from edgetui.model.text import clean


class RollingUpdate(Wire):
    """Limits of a rolling update: whole numbers or percentages."""

    max_surge: int | str | None = None
    max_unavailable: int | str | None = None


class WireStrategy(Wire):
    type: str | None = None
    rolling_update: RollingUpdate | None = None


class WireDeploymentSpec(Wire):
    replicas: int | None = None
    paused: bool | None = None
    strategy: WireStrategy | None = None
    progress_deadline_seconds: int | None = None
    min_ready_seconds: int | None = None
    revision_history_limit: int | None = None
    template: ImageTemplate | None = None


class WireDeploymentStatus(Wire):
    observed_generation: int | None = None
    replicas: int | None = None
    updated_replicas: int | None = None
    ready_replicas: int | None = None
    available_replicas: int | None = None
    terminating_replicas: int | None = None
    conditions: list[WireCondition] | None = None


class WireDeployment(Wire):
    """A Deployment as it arrives."""

    metadata: WorkloadMeta | None = None
    spec: WireDeploymentSpec | None = None
    status: WireDeploymentStatus | None = None


class DeploymentRow(Row):
    """A Deployment.

    `replicas` is what the spec wants, `current` what exists. `terminating` is None on servers that do not
    count it. `deadline` and `min_ready` are in seconds. `managers` are tools that write the object too, in
    words.
    """

    generation: int = 0
    observed: int = 0
    replicas: int = 1
    current: int = 0
    updated: int = 0
    ready: int = 0
    available: int = 0
    terminating: int | None = None
    paused: bool = False
    strategy: str = "RollingUpdate"
    max_surge: str = ""
    max_unavailable: str = ""
    deadline: int = 600
    min_ready: int = 0
    history_limit: int = 10
    conditions: tuple[Condition, ...] = ()
    revision: int = 0
    cause: str = ""
    images: tuple[str, ...] = ()
    managers: tuple[str, ...] = ()

    @property
    def progressing(self) -> Condition | None:
        return condition(self.conditions, "Progressing")

    @property
    def replica_failure(self) -> Condition | None:
        """Set while pods cannot even be made: quota, admission."""
        failure = condition(self.conditions, "ReplicaFailure")
        return failure if failure and failure.status == "True" else None


def limit(value: int | str | None) -> str:
    """A maxSurge or maxUnavailable as text: "1", "25%", "" when not set."""
    return "" if value is None else clean(str(value), 20)


def project(deployment: WireDeployment) -> DeploymentRow:
    """The row of a Deployment."""
    meta = deployment.metadata or WorkloadMeta()
    spec = deployment.spec or WireDeploymentSpec()
    status = deployment.status or WireDeploymentStatus()
    strategy = spec.strategy or WireStrategy()
    rolling = strategy.rolling_update or RollingUpdate()
    notes = meta.annotations
    return DeploymentRow(
        **labelled(meta),
        generation=meta.generation or 0,
        observed=status.observed_generation or 0,
        replicas=1 if spec.replicas is None else spec.replicas,
        current=status.replicas or 0,
        updated=status.updated_replicas or 0,
        ready=status.ready_replicas or 0,
        available=status.available_replicas or 0,
        terminating=status.terminating_replicas,
        paused=bool(spec.paused),
        strategy=shared(strategy.type) or "RollingUpdate",
        max_surge=limit(rolling.max_surge),
        max_unavailable=limit(rolling.max_unavailable),
        deadline=600 if spec.progress_deadline_seconds is None else spec.progress_deadline_seconds,
        min_ready=spec.min_ready_seconds or 0,
        history_limit=10 if spec.revision_history_limit is None else spec.revision_history_limit,
        conditions=conditions(status.conditions),
        revision=number(notes.revision) if notes else 0,
        cause=clean(notes.change_cause) if notes else "",
        images=images(spec.template),
        managers=managers(meta),
    )


KIND = Kind(
    name="Deployment",
    plural="deployments",
    group="apps",
    version="v1",
    namespaced=True,
    wire=WireDeployment,
    project=project,
)
