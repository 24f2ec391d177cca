"""A Deployment, StatefulSet or DaemonSet: how far its rollout is, what holds it up, its revisions and pods."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from edgetui.model.autoscaling.vpa_keda import Recommendation
from edgetui.model.cache.store import Store
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.event import EventRow
from edgetui.model.kinds.node import NODE, NodeRow
from edgetui.model.kinds.statefulset import StatefulSetRow
from edgetui.model.kinds.workload import RolloutRow
from edgetui.model.panes.base import BAD, WATCH
from edgetui.model.panes.rollout_state import rollout_state
from edgetui.model.pod.scheduling import refused
from edgetui.model.rollout.eta import pace
from edgetui.model.rollout.history import tree
from edgetui.model.rollout.revision import Revision
from edgetui.model.rollout.status import (
    Segments,
    View,
    bar,
    countdown,
    findings,
    is_updated,
    look,
    verdict,
)
from edgetui.model.text import duration, plural
from edgetui.ui.spans import Span, Spans, line

from .common import condition_lines, fact, trouble
from .revisions import revision_lines
from .workload_facts import facts

UNKNOWN = "not known here: with reduced API traffic they are read now, with minimal see the pods pane"
_GOOD = {"ReplicaFailure": "False"}
_ROLES = {BAD: "bad", WATCH: "warn"}


class Read(NamedTuple):
    """What was read when the screen was opened, beside the live rows.

    `said` is why the history is not there or not whole, empty when it is; `keys` what can be pressed on it.
    `recommendations` are those of vertical autoscalers, `keda` what KEDA does with the number of replicas.
    """

    history: Sequence[Revision] = ()
    events: Sequence[EventRow] = ()
    said: str = ""
    keys: str = ""
    recommendations: Sequence[Recommendation] = ()
    keda: str = ""


def lines(store: Store, row: Row, now: float, width: int, read: Read = Read()) -> list[Spans]:  # noqa: B008 - immutable
    """All about one workload."""
    assert isinstance(row, RolloutRow)
    view = look(store, row)
    out: list[Spans] = [
        line("  ", bar(view.segments, max(20, min(40, width - 60))), f"  {_parts(view.segments)}")
    ]
    out += _state(store, row, view, now, read.events)
    out += _time_left(row, view, now)
    out.append(line())
    out += facts(store, row, now)
    out += [fact("scaled", read.keda)] if read.keda else []
    out += [fact("recommended", one.words) for one in read.recommendations]
    if row.current and not view.pods:
        out += [line(), line(Span("pods", "title")), line(Span(f"  {UNKNOWN}", "quiet"))]
    branches = tree(store, row, view, read.history)
    if branches or read.said:
        out += revision_lines(store, branches, now, read.said, read.keys)
    out += condition_lines(row.conditions, _GOOD, now)
    return out


def _state(
    store: Store, row: RolloutRow, view: View, now: float, events: Iterable[EventRow]
) -> Iterable[Spans]:
    """The state in words, every finding as a sentence, and what kubectl makes of it."""
    found = rollout_state(store, row, view, now)
    role = _ROLES.get(found.severity, "ok")
    yield line(Span(f"{'! ' if found.severity == BAD else '  '}{found.words}", role))
    sentences = [found.sentence] if found.sentence else []
    for one, count in findings(view.pods, (node for node in store.rows(NODE) if isinstance(node, NodeRow))):
        sentences.append(f"{one.sentence} ({plural(count, 'pod')})")
    refusal = _refusal(view, events) if not sentences and role != "ok" else ""
    if refusal:
        yield trouble(refusal)
    for sentence in list(dict.fromkeys(sentences))[:4]:
        yield trouble(sentence) if found.severity == BAD else line("  ", Span(sentence, role))
    said = verdict(row)
    yield line("  ", Span("rollout status  ", "quiet"), said.text)
    if said.failed:
        yield line(Span("  progress deadline exceeded; the controller keeps trying", "quiet"))
    elif said.done and found.severity == BAD:
        yield line(Span("  rolled out, not healthy: see above", "quiet"))


def _refusal(view: View, events: Iterable[EventRow]) -> str:
    """Why pods are not made, empty when nothing says so: StatefulSets and DaemonSets tell it in their events only."""
    tries = [event for event in events if event.reason in ("FailedCreate", "SuccessfulCreate")]
    newest = max(tries, key=lambda event: event.last, default=None)
    if not view.segments.missing or newest is None or newest.reason != "FailedCreate":
        return ""
    return refused(newest.message).sentence


def _time_left(row: RolloutRow, view: View, now: float) -> Iterable[Spans]:
    """The deadline as a countdown, and how long the rest takes at the present pace."""
    running = countdown(row, now) if isinstance(row, DeploymentRow) else None
    if running is not None:
        since, deadline = running
        left = f"deadline in {duration(deadline - since)}" if since < deadline else "its deadline is passing"
        yield line(f"  {left}, {duration(since)} of {duration(deadline)} without progress")
    if verdict(row).done or row.generation > row.observed or any(one.hard for one, _ in findings(view.pods)):
        return
    if isinstance(row, DeploymentRow) and row.paused:
        return
    new = [pod for pod in view.pods if is_updated(row, pod, view.template)]
    partition = (row.partition or 0) if isinstance(row, StatefulSetRow) else 0
    going = pace(new, row.replicas - partition - view.segments.updated_available, row.min_ready, now)
    if going is not None:
        yield line(f"  {going.words}")


def _parts(segments: Segments) -> str:
    words = ("available", "ready, not yet available", "not ready", "old", "terminating", "missing")
    parts = [f"{count} {word}" for count, word in zip(segments.parts(), words, strict=True) if count]
    return f"{segments.wanted} desired: {' · '.join(parts) or 'none'}"
