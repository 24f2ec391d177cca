"""Everything about one object as lines of text. Pure: a store, a key and a time in, lines out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from edgetui.model.autoscaling.samples import Sample
from edgetui.model.cache.freshness import Sync
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.autoscaler import AutoscalerRow
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.daemonset import DaemonSetRow
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.discovered import TableRow
from edgetui.model.kinds.event import EventRow
from edgetui.model.kinds.node import NodeRow
from edgetui.model.kinds.pod import PodRow
from edgetui.model.kinds.service import ServiceRow
from edgetui.model.kinds.statefulset import StatefulSetRow
from edgetui.model.text import age, ago, plural
from edgetui.ui.keymap import kind_word
from edgetui.ui.spans import Span, Spans, line

from . import around, autoscaler, discovered, facts, node, pod, service, workload
from .common import since, title

if TYPE_CHECKING:
    from edgetui.actions.objects.describe import Description

Build = Callable[[Store, Row, float, int], list[Spans]]
"""Makes the lines of an object of its row, the time now (Unix s) and the cells of a line."""
_LINES: dict[type[Row], Build] = {
    NodeRow: node.lines,
    PodRow: pod.lines,
    DeploymentRow: workload.lines,
    StatefulSetRow: workload.lines,
    DaemonSetRow: workload.lines,
    ServiceRow: service.lines,
    TableRow: discovered.lines,
}

_SHOWS_PODS = (NodeRow, PodRow, DeploymentRow, StatefulSetRow, DaemonSetRow, ServiceRow)
"""Rows whose pages say themselves what they own or carry."""


def detail(
    store: Store,
    key: ObjectKey,
    row: Row | None,
    now: float,
    width: int,
    events: Sequence[EventRow],
    heard_events: str,
    samples: Sequence[Sample] = (),
    build: Build | None = None,
    read: Description | None = None,
    heard: str = "",
) -> list[Spans]:
    """All lines about one object; `row` is None when it no longer exists.

    `heard_events` says why there are no events to show, empty when `events` is complete. `samples` are what was
    measured of it while it was watched. `build` makes the lines between the title and the events, where a screen knows
    more than the store. `read` is what was asked for beside its row, None before that; `heard` why it could not be.
    """
    if row is None:
        return [title(key), line(), line(Span(f"! this {kind_word(key.kind)} no longer exists", "bad"))]
    lines = [title(key)]
    freshness = store.freshness(key.kind)
    if freshness.sync not in (Sync.LIVE, Sync.SYNCING):
        last = f"last heard {age(now - freshness.heard)} ago" if freshness.heard else "never heard"
        lines.append(line(Span(f"~ {last}: what stands here may have changed since", "stale")))
    lines.append(line())
    build = build or _LINES.get(type(row))
    kind = store.kinds.get(key.kind)
    if build is not None:
        lines += build(store, row, now, width)
    elif kind is not None and kind.facts is not None:
        lines += facts.lines(store, kind, row, now)
    if isinstance(row, AutoscalerRow):
        lines += autoscaler.lines(row, now, events, samples)
    if isinstance(row, EventRow):
        return [*lines, *_about(row, now)]
    lines += around.read_conditions(read, now)
    lines += around.owner_lines(store, row, now, read)
    if not isinstance(row, _SHOWS_PODS):
        lines += around.owned_lines(store, key.kind, row, now)
    lines += around.referrer_lines(read, heard)
    lines += [line(), line(Span("events", "title"))]
    if heard_events:
        lines.append(line("  ", Span(heard_events, "quiet")))
    for event in sorted(events, key=lambda one: -one.last)[:40]:
        lines.append(_event(event, now))
    return lines


def _event(event: EventRow, now: float) -> Spans:
    role = "row" if event.type == "Normal" else "warn"
    count = f" ×{event.count}" if event.count > 1 else ""
    return line(f"  {ago(event.last, now):>4}  ", Span(f"{event.reason}{count}", role), f"  {event.message}")


def _about(row: EventRow, now: float) -> list[Spans]:
    return [
        line(f"  {row.reason}: {row.message}"),
        line(),
        line(
            f"  about    {row.about_kind.lower()} {row.about_name} in {row.about_namespace or 'the cluster'}"
        ),
        line(
            f"  seen     {plural(row.count, 'time')}, first {since(row.first, now)}, last {since(row.last, now)}"
        ),
        line(f"  source   {row.source or '?'} {row.host}"),
    ]
