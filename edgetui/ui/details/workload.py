"""A Deployment, StatefulSet or DaemonSet: how far its rollout is, what holds it up, its revisions and pods."""

from __future__ import annotations

from edgetui.model.kinds.autoscaler import AutoscalerRow
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.daemonset import DaemonSetRow
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.node import NodeRow
from edgetui.model.kinds.replicaset import ReplicaSetRow
from edgetui.model.kinds.statefulset import StatefulSetRow
from edgetui.model.rollout import Segments, Workload, bar, countdown, findings, look, verdict
from edgetui.model.scaling import headline
from edgetui.model.store import Store
from edgetui.model.text import ago, duration, plural
from edgetui.ui.spans import Span, Spans, line

from .common import condition_lines, fact, pod_lines, trouble

UNKNOWN = "not known here: on a lean wire they are read now, on a thin one see the pods pane"
_GOOD = {"ReplicaFailure": "False"}
_KINDS = {DeploymentRow: "Deployment", StatefulSetRow: "StatefulSet", DaemonSetRow: "DaemonSet"}


def lines(store: Store, row: Row, now: float, width: int) -> list[Spans]:
    """All about one workload."""
    assert isinstance(row, DeploymentRow | StatefulSetRow | DaemonSetRow)
    view = look(store, row)
    said = verdict(row)
    found = findings(view.pods, _nodes(store))
    out: list[Spans] = [
        line("  ", bar(view.segments, max(20, min(40, width - 60))), f"  {_parts(view.segments)}")
    ]
    role = "bad" if said.failed else "ok" if said.done and not found else "warn"
    out.append(line("  ", Span(said.text, role), _deadline(row, now)))
    out += [
        trouble(f"{one.sentence} ({plural(count, 'pod')})", "bad" if one.hard else "warn")
        for one, count in found[:4]
    ]
    out.append(line())
    out += _facts(store, row, now)
    if isinstance(row, DeploymentRow):
        out += _revisions(store, row, now)
    pods = list(view.pods)
    count, none = ("pods", UNKNOWN) if row.current and not pods else (f"pods {len(pods)}", "none")
    out += [line(), line(Span(count, "title"))]
    out += pod_lines(store, pods, now) or [line(Span(f"  {none}", "quiet"))]
    out += condition_lines(row.conditions, _GOOD, now)
    return out


def _parts(segments: Segments) -> str:
    words = ("available", "ready, not yet available", "starting", "old still serving", "ending", "missing")
    parts = [f"{count} {word}" for count, word in zip(segments.parts(), words, strict=True) if count]
    return f"{segments.wanted} wanted: {' · '.join(parts) or 'none'}"


def _deadline(row: Workload, now: float) -> str:
    running = countdown(row, now) if isinstance(row, DeploymentRow) else None
    if running is None:
        return ""
    return f"  {duration(running[0])} of {duration(running[1])} since the last progress"


def _facts(store: Store, row: Workload, now: float) -> list[Spans]:
    facts = [
        fact(
            "replicas",
            f"{row.replicas} wanted, {row.current} there, {row.ready} ready, {row.available} available",
        )
    ]
    if isinstance(row, DeploymentRow):
        facts.append(fact("revision", f"{row.revision}{f': {row.cause}' if row.cause else ''}"))
        moving = (
            f", {row.max_surge or '25%'} above and {row.max_unavailable or '25%'} below the number at a time"
        )
        facts.append(fact("strategy", row.strategy, moving if row.strategy == "RollingUpdate" else ""))
        if row.paused:
            facts.append(fact("paused", Span("yes: a change of the template starts no rollout", "warn")))
    elif isinstance(row, StatefulSetRow):
        facts.append(fact("revision", f"{row.update_revision} (running: {row.current_revision})"))
        facts.append(fact("strategy", f"{row.strategy}, {row.management}"))
    else:
        facts.append(fact("strategy", row.strategy))
        if row.misscheduled:
            facts.append(
                fact("misplaced", f"{plural(row.misscheduled, 'pod')} on nodes that should not run it")
            )
    facts += [fact("image", image) for image in row.images]
    scaler = _scaler(store, row)
    if scaler is not None:
        bounds = f"{scaler.min} to {scaler.max}"
        facts.append(fact("autoscaler", f"{scaler.name}, {bounds}: {headline(scaler, now)[1]}"))
    facts += [fact("managed by", f"{manager}: it may undo a change made here") for manager in row.managers]
    facts.append(fact("age", ago(row.created, now)))
    return facts


def _scaler(store: Store, row: Workload) -> AutoscalerRow | None:
    kind = _KINDS[type(row)]
    for one in store.rows("HorizontalPodAutoscaler"):
        if not isinstance(one, AutoscalerRow):
            continue
        if (one.namespace, one.target_kind, one.target_name) == (row.namespace, kind, row.name):
            return one
    return None


def _revisions(store: Store, row: DeploymentRow, now: float) -> list[Spans]:
    sets = [one for one in store.owned_by(row.uid) if isinstance(one, ReplicaSetRow)]
    if not sets:
        return []
    out = [line(), line(Span("revisions", "title"), Span("  b rolls back", "quiet"))]
    newest = sorted(sets, key=lambda one: -one.revision)[:6]
    widest = max(len(", ".join(one.images)) for one in newest)
    for one in newest:
        mark = "now" if one.revision == row.revision else ""
        images = ", ".join(one.images)
        numbers = f"{one.ready}/{one.replicas}" if one.replicas or one.current else "-"
        numbered = f"  {one.revision:>4}  {mark:<4}{numbers:>6}  {ago(one.created, now):>4}"
        out.append(line(f"{numbered}  {images:<{widest}}  {one.cause}".rstrip()))
    return out


def _nodes(store: Store) -> list[NodeRow]:
    return [node for node in store.rows("Node") if isinstance(node, NodeRow)]
