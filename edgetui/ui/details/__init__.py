"""Everything about one object as lines of text. Pure: a store, a key and a time in, lines out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgetui.model.autoscaling.samples import Sample
from edgetui.model.cache.freshness import Sync
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.autoscaler import AutoscalerRow
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.event import EventRow
from edgetui.model.kinds.node import NodeRow
from edgetui.model.text import age, ago, plural
from edgetui.ui.keymap import kind_word
from edgetui.ui.spans import Span, Spans, line

from . import autoscaler, node, pod, service, workload
from .common import since, title

_KINDS: dict[str, Callable[[Store, Row, float, int], list[Spans]]] = {
    "Pod": pod.lines,
    "Deployment": workload.lines,
    "StatefulSet": workload.lines,
    "DaemonSet": workload.lines,
    "Service": service.lines,
}


def detail(
    store: Store,
    key: ObjectKey,
    row: Row | None,
    now: float,
    width: int,
    events: Sequence[EventRow],
    heard_events: str,
    samples: Sequence[Sample] = (),
    build: Callable[[Store, Row, float, int], list[Spans]] | None = None,
) -> list[Spans]:
    """All lines about one object; `row` is None when it no longer exists.

    `heard_events` says why there are no events to show, empty when `events` is complete. `samples` are what was
    measured of it while it was watched. `build` makes the lines between the title and the events, where a screen knows
    more than the store.
    """
    if row is None:
        return [title(key), line(), line(Span(f"! this {kind_word(key.kind)} no longer exists", "bad"))]
    lines = [title(key)]
    freshness = store.freshness(key.kind)
    if freshness.sync not in (Sync.LIVE, Sync.SYNCING):
        heard = f"last heard {age(now - freshness.heard)} ago" if freshness.heard else "never heard"
        lines.append(line(Span(f"~ {heard}: what stands here may have changed since", "stale")))
    lines.append(line())
    build = build or _KINDS.get(key.kind)
    if build is not None:
        lines += build(store, row, now, width)
    if isinstance(row, AutoscalerRow):
        lines += autoscaler.lines(row, now, events, samples)
    if isinstance(row, NodeRow):
        lines += node.lines(store, row, now, samples)
    if isinstance(row, EventRow):
        return [*lines, *_about(row, now)]
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
        line(f"  told by  {row.source or '?'} {row.host}"),
    ]
