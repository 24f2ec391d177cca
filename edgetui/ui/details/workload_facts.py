"""What a workload asks for: counts, revision, strategy, images, autoscaler."""

from __future__ import annotations

from edgetui.model.autoscaling.hpa import headline
from edgetui.model.cache.store import Store
from edgetui.model.kinds.autoscaler import AUTOSCALER, AutoscalerRow
from edgetui.model.kinds.daemonset import DaemonSetRow
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.statefulset import StatefulSetRow
from edgetui.model.kinds.workload import RolloutRow
from edgetui.model.text import ago, plural
from edgetui.ui.spans import Span, Spans

from .common import fact


def facts(store: Store, row: RolloutRow, now: float) -> list[Spans]:
    """What the object asks for."""
    wanted = [] if isinstance(row, DaemonSetRow) and not row.observed else [f"{row.replicas} desired"]
    counts = [f"{row.current} current", f"{row.ready} ready", f"{row.available} available"]
    found = [
        fact(
            "replicas",
            ", ".join([*wanted, *(counts if row.observed else ["not observed by its controller yet"])]),
        )
    ]
    if isinstance(row, DeploymentRow):
        found.append(
            fact("revision", f"{row.revision or 'not known'}{f' ({row.cause})' if row.cause else ''}")
        )
        moving = f", maxSurge {row.max_surge or '25%'}, maxUnavailable {row.max_unavailable or '25%'}"
        found.append(fact("strategy", row.strategy, moving if row.strategy == "RollingUpdate" else ""))
        if row.paused:
            found.append(fact("paused", Span("yes: a change of the template starts no rollout", "warn")))
    elif isinstance(row, StatefulSetRow):
        found.append(fact("revision", f"{row.update_revision} (running: {row.current_revision})"))
        found.append(fact("strategy", f"{row.strategy}, {row.management}"))
    elif isinstance(row, DaemonSetRow):
        found.append(fact("strategy", row.strategy))
        if row.misscheduled:
            found.append(
                fact(
                    "misscheduled",
                    f"{plural(row.misscheduled, 'pod')} where it should not run; "
                    "an unreachable node counts as such",
                )
            )
    found += [fact("image", image) for image in row.images]
    scaler = _scaler(store, row)
    if scaler is not None:
        bounds = f"{scaler.min} to {scaler.max}"
        found.append(fact("autoscaler", f"{scaler.name}, {bounds}: {headline(scaler, now)[1]}"))
    found.append(fact("age", ago(row.created, now)))
    return found


def _scaler(store: Store, row: RolloutRow) -> AutoscalerRow | None:
    kind, _ = store.owner(row.uid) or ("", row)
    for one in store.rows(AUTOSCALER):
        if not isinstance(one, AutoscalerRow):
            continue
        if (one.namespace, one.target_kind, one.target_name) == (row.namespace, kind, row.name):
            return one
    return None
