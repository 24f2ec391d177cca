"""Every cluster in full: its link, its versions, what is wrong and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.model.freshness import Link
from edgetui.ui import words
from edgetui.ui.spans import Span, Spans, line

from .base import TextScreen

_WORST_FIRST = {Link.BROKEN: 0, Link.REFUSED: 1, Link.STALE: 2, Link.CONNECTING: 3, Link.LIVE: 4}


class ClustersScreen(TextScreen):
    """The list of clusters, those in trouble first."""

    def lines(self) -> Sequence[Spans]:
        """A few lines per cluster."""
        app = self.app
        out: list[Spans] = [line(Span(f"clusters {len(app.stores)}", "title")), line()]
        for store in sorted(app.stores, key=lambda store: _WORST_FIRST[store.link.link]):
            session = app.sessions.get(store.cluster)
            server = session.target.server if session is not None else ""
            context = session.target.context if session is not None else ""
            notice = session.credentials.notice if session is not None else ""
            out += words.cluster_lines(store, app.now(), server, context, notice)
            out.append(line())
        return out
