"""What happened: every turn for the worse and for the better since the start, the newest first."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.model.cells import cells, pad, told_apart
from edgetui.model.panes.base import BAD, FINE
from edgetui.model.text import age
from edgetui.model.timeline import Happening
from edgetui.ui.keymap import kind_word
from edgetui.ui.spans import Span, Spans, line

from .base import TextScreen

WIDEST = 18
"""Cells for the name of a cluster."""

_ROLES = {BAD: "bad", FINE: "ok"}


class TimelineScreen(TextScreen):
    """The timeline of the fleet."""

    def lines(self) -> Sequence[Spans]:
        """A line for each happening."""
        app = self.app
        now, timeline = app.now(), app.timeline
        told = timeline.newest_first()
        title = line(
            Span("what happened", "title"), Span(f"   since {age(now - timeline.began)} ago", "quiet")
        )
        if not told:
            return [title, line(), line("  nothing: what turns bad, or good again, will stand here")]
        clusters = list({one.cluster for one in told})
        short = dict(zip(clusters, told_apart(clusters, WIDEST), strict=True))
        wide = max(map(cells, short.values()))
        return [title, line(), *(_line(one, now, pad(short[one.cluster], wide)) for one in told)]


def _line(one: Happening, now: float, cluster: str) -> Spans:
    sign = "!" if one.severity == BAD else " "
    role = _ROLES.get(one.severity, "warn")
    when = f"{sign}{age(now - one.time):>4}  {cluster}  "
    if not one.kind:
        return line(Span(when, role if sign == "!" else "row"), "link is ", Span(one.words, role))
    where = f" in {one.namespace}" if one.namespace else ""
    more = f" and {one.count - 1} more" if one.count > 1 else ""
    what = f"{kind_word(one.kind)} {one.name}{more}"
    return line(
        Span(when, role if sign == "!" else "row"), what, Span(f"{where}: ", "quiet"), Span(one.words, role)
    )
