"""The page of an object of any kind that says its `facts`: its state, and what its kind says of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edgetui.model.cache.store import Store
from edgetui.model.kinds.base import Fact, Kind, Row
from edgetui.model.panes import PANES
from edgetui.model.panes.base import BAD, WATCH
from edgetui.model.text import ago
from edgetui.ui.spans import Span, Spans, line

from .common import condition_lines, fact, trouble

_ROLES = {BAD: "bad", WATCH: "warn"}


def lines(store: Store, kind: Kind, row: Row, now: float, read: Iterable[Fact] = ()) -> list[Spans]:
    """All about one object; `read` is what a screen has read of it beside the store."""
    out = [*_state(store, kind.id, row, now), line()]
    pane = PANES.of(kind.id)
    more = pane.facts(store, row, now) if pane is not None else ()
    for one in (*(kind.facts(row, now) if kind.facts is not None else ()), *more, *read):
        out.append(fact(one.label, Span(one.text, "warn" if one.bad else "row")))
    out.append(fact("age", ago(row.created, now)))
    return [*out, *condition_lines(getattr(row, "conditions", ()), kind.good, now)]


def _state(store: Store, kind: str, row: Row, now: float) -> Iterator[Spans]:
    """What its pane says of it."""
    pane = PANES.of(kind)
    if pane is None:
        return
    shown = pane.build(store, kind, row, now)
    role = _ROLES.get(shown.severity, "ok")
    sign = "! " if shown.severity == BAD else "  "
    yield line(Span(f"{sign}{pane.value(shown, 'state').words}", role))
    reason = pane.value(shown, "reason") if "reason" in pane.index else ""
    if reason:
        yield trouble(reason) if shown.severity == BAD else line("  ", Span(reason, role))
