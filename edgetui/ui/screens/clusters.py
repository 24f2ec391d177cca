"""Every cluster in full: its link, its versions, what is wrong and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from edgetui.model.cache.freshness import Link
from edgetui.model.text import memory
from edgetui.ui.screens.text_screen import TextScreen
from edgetui.ui.spans import Span, Spans, line
from edgetui.ui.text import clusters
from edgetui.ui.widgets.bars import KeyHint

if TYPE_CHECKING:
    from edgetui.cluster.session import ClusterSession

_WORST_FIRST = {Link.BROKEN: 0, Link.REFUSED: 1, Link.STALE: 2, Link.CONNECTING: 3, Link.LIVE: 4}


class ClustersScreen(TextScreen):
    """The list of clusters, those in trouble first."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("v", "audit", "check server caches", show=False)]

    def lines(self) -> Sequence[Spans]:
        """A few lines per cluster."""
        app = self.app
        terminal = app.terminal_meter
        cost = f"   terminal {terminal.words or '0 B/s'}, since the start {memory(terminal.total)}B"
        title = line(
            Span(f"clusters {len(app.stores)}", "title"), Span(cost if terminal.total else "", "quiet")
        )
        out: list[Spans] = [title, line()]
        for store in sorted(app.stores, key=lambda store: _WORST_FIRST[store.link.link]):
            session = app.sessions.get(store.cluster)
            server = session.target.server if session is not None else ""
            context = session.target.context if session is not None else ""
            notice = _notice(session) if session is not None else ""
            traffic = _traffic(session) if session is not None else ""
            out += clusters.cluster_lines(store, app.now(), server, context, notice, traffic)
            out.append(line())
        return out

    def hints(self) -> list[KeyHint]:
        """Only live clusters can be checked."""
        live = any(store.link.link is Link.LIVE for store in self.app.stores)
        return [KeyHint("v", "check server caches", "" if live else "no live cluster")]

    def action_audit(self) -> None:
        """Hold the cache of every live cluster's server against its datastore, now."""
        for store in self.app.stores:
            session = self.app.sessions.get(store.cluster)
            if session is not None and store.link.link is Link.LIVE:
                self.run_worker(session.audit_cache(), group=f"audit {store.cluster}", exclusive=True)


def _notice(session: ClusterSession) -> str:
    """What could not be kept on this machine: a renewed credential, rows for the next start."""
    said = (session.credentials.notice, session.keeper.problem if session.keeper is not None else "")
    return " ".join(sentence for sentence in said if sentence)


def _traffic(session: ClusterSession) -> str:
    """The counters of one cluster in words; empty while it was never connected."""
    counters, watch = session.counters, session.link_watch
    if counters is None or watch is None:
        return ""
    return clusters.traffic(watch.rate, counters.bytes_in, counters.bytes_out, counters.requests)
