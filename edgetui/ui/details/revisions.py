"""The revisions of a workload as lines: each with its set, images and cause, and under it the pods that run it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from edgetui.model.cache.store import Store
from edgetui.model.panes.rollouts import short_image
from edgetui.model.rollout.history import RevisionNode
from edgetui.model.text import ago
from edgetui.ui.spans import Span, Spans, line

from .common import pod_lines

MOST = 12
"""Revisions without pods that are listed: Kubernetes keeps ten unless told otherwise."""
_ROLES = {"now": "title", "last good": "ok", "worked": "ok"}


def revision_lines(
    store: Store, branches: Sequence[RevisionNode], now: float, said: str, keys: str
) -> list[Spans]:
    """All revisions; `said` is what is to be known about the history (may be empty), `keys` what can be pressed."""
    out = [line(), line(Span("revisions", "title"), Span(f"  {keys}" if keys else "", "quiet"))]
    if said:
        out.append(line("  ", Span(said, "quiet")))
    name = min(max((len(one.name) for one in branches), default=0), 40)
    shown = [one for one in branches if one.pods] or list(branches[:1])
    before = {one.name: older.cause for one, older in pairwise(branches)}
    empty = [one for one in branches if one not in shown]
    for one in sorted([*shown, *empty[:MOST]], key=branches.index):
        out += _branch(store, one, name, now, before.get(one.name, ""))
    if len(empty) > MOST:
        out.append(line(Span(f"  and {len(empty) - MOST} older", "quiet")))
    return out


def _branch(store: Store, one: RevisionNode, name: int, now: float, before: str) -> list[Spans]:
    """One revision. A cause that is that of the revision before was only left over: nobody wrote it for this one."""
    number = str(one.number) if one.number else "?"
    ready = f"{one.ready}/{one.staying}" if one.pods else "-"
    images = ", ".join(short_image(image) for image in one.images)
    out = [
        line(
            f"{number:>4}  ",
            Span(f"{one.mark or '':<9}", _ROLES.get(one.mark, "row")),
            f"  {one.name:<{name}}  {ready:>5}  {ago(one.created, now):>4}  {images}",
        )
    ]
    if one.cause and one.cause != before:
        out.append(line(Span(f"      cause: {one.cause}", "quiet")))
    return out + pod_lines(store, one.pods, now, indent=4)
