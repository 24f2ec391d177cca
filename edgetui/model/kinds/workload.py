"""What Deployments, StatefulSets, DaemonSets and ReplicaSets share: a pod template, and counters of its pods."""

from __future__ import annotations

from typing import Any, TypeVar

from msgspec.structs import replace

from edgetui.model.kinds.base import Row
from edgetui.model.kinds.wire import (
    MARKS,
    Condition,
    ImageTemplate,
    Manager,
    Wire,
    WireCondition,
    WorkloadMeta,
    conditions,
    controller,
    images,
    labelled,
    shared,
)
from edgetui.model.labels import read
from edgetui.model.text import clean

DRIVERS = ("Rollout", "Canary")
"""Ids of the kinds that roll a workload out in its stead, on the few clusters that serve them."""
DEFAULT_HISTORY = 10
"""`spec.revisionHistoryLimit` where it is not set."""


class WireWorkloadSpec(Wire):
    """`spec`, as far as several of them have it."""

    replicas: int | None = None
    min_ready_seconds: int | None = None
    revision_history_limit: int | None = None
    template: ImageTemplate | None = None


class WireWorkloadStatus(Wire):
    """`status`, as far as several of them have it; DaemonSets have other names for the counters."""

    observed_generation: int | None = None
    replicas: int | None = None
    ready_replicas: int | None = None
    available_replicas: int | None = None
    updated_replicas: int | None = None
    terminating_replicas: int | None = None
    conditions: list[WireCondition] | None = None


class RollingUpdate(Wire):
    """Limits of a rolling update: whole numbers or percentages."""

    max_surge: int | str | None = None
    max_unavailable: int | str | None = None


class WireStrategy(Wire):
    """`spec.strategy` of a Deployment, `spec.updateStrategy` of a DaemonSet."""

    type: str | None = None
    rolling_update: RollingUpdate | None = None


class WorkloadRow(Row):
    """An object with a pod template and pods made of it.

    `observed` is the generation that its controller has acted on, 0 before the first time. `replicas` is how many pods
    are desired, `current` how many exist. `cause` is the change-cause annotation.
    """

    generation: int = 0
    observed: int = 0
    replicas: int = 1
    current: int = 0
    ready: int = 0
    available: int = 0
    conditions: tuple[Condition, ...] = ()
    cause: str = ""
    images: tuple[str, ...] = ()


class RolloutRow(WorkloadRow):
    """A workload that rolls a change of its template out: a Deployment, StatefulSet or DaemonSet.

    `updated` pods are of the newest template. `max_unavailable` is a number or a percentage as text, empty where it is
    not set; `min_ready` is in seconds. `managers` are tools that apply the object from elsewhere.
    """

    updated: int = 0
    strategy: str = "RollingUpdate"
    max_unavailable: str = ""
    min_ready: int = 0
    history_limit: int = DEFAULT_HISTORY
    managers: tuple[Manager, ...] = ()


def limit(value: int | str | None) -> str:
    """A maxSurge or maxUnavailable as text: "1", "25%", "" when not set."""
    return "" if value is None else clean(str(value), 20)


def workload(meta: WorkloadMeta, spec: WireWorkloadSpec, status: WireWorkloadStatus) -> dict[str, Any]:
    """The fields of a WorkloadRow, but its identity."""
    notes = meta.annotations
    return {
        "generation": meta.generation or 0,
        "observed": status.observed_generation or 0,
        "replicas": 1 if spec.replicas is None else spec.replicas,
        "current": status.replicas or 0,
        "ready": status.ready_replicas or 0,
        "available": status.available_replicas or 0,
        "conditions": conditions(status.conditions),
        "cause": shared(clean(notes.change_cause)) if notes else "",
        "images": images(spec.template),
    }


def rollout(
    meta: WorkloadMeta, spec: WireWorkloadSpec, status: WireWorkloadStatus, strategy: str | None
) -> dict[str, Any]:
    """The fields of a RolloutRow, its identity and labels with them, but for `max_unavailable`."""
    return {
        **labelled(meta),
        **workload(meta, spec, status),
        "updated": status.updated_replicas or 0,
        "strategy": shared(strategy) or "RollingUpdate",
        "min_ready": spec.min_ready_seconds or 0,
        "history_limit": DEFAULT_HISTORY
        if spec.revision_history_limit is None
        else spec.revision_history_limit,
        "managers": _managers(meta),
    }


W = TypeVar("W", bound=WorkloadRow)


def without_cause(row: W) -> W:
    """The snapshot of a workload: a change-cause may be a command line that quotes a secret."""
    return replace(row, cause="") if row.cause else row


_LABELS = (
    "argocd.argoproj.io/",
    "toolkit.fluxcd.io/",
    "objectset.rio.cattle.io/",
    "app.kubernetes.io/managed-by=Helm",
)
"""What is in the labels of an object that a tool applies."""


def _managers(meta: WorkloadMeta | None) -> tuple[Manager, ...]:
    """Who applies this object and may undo what a person does to it."""
    if meta is None:
        return ()
    labels, notes = read(meta.labels), meta.annotations
    told = {name: getattr(notes, field) for field, name in MARKS.items()} if notes is not None else {}
    if not any(told.values()) and not any(one in labels.text for one in _LABELS):
        return ()
    from edgetui.model.kinds import managers as marks  # of most objects nothing tells such a thing

    return marks.managers(labels.get, told.get, meta.name or "", controller(meta) is not None)
