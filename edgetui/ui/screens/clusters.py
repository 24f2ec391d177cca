"""Every cluster in full: its link, its versions, what is wrong and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from edgetui.model.cache.freshness import Link
from edgetui.model.text import memory
from edgetui.ui.dialogs.pick import PickScreen
from edgetui.ui.last_seen import control_planes
from edgetui.ui.later import later
from edgetui.ui.screens.text_screen import TextScreen
from edgetui.ui.shell import Shell
from edgetui.ui.spans import Span, Spans, line
from edgetui.ui.text import cluster_details
from edgetui.ui.text.clusters import link_words
from edgetui.ui.widgets.bars import KeyHint

if TYPE_CHECKING:
    from edgetui.cluster.session import ClusterSession
    from edgetui.model.control_plane.findings import Seen

_WORST_FIRST = {Link.BROKEN: 0, Link.REFUSED: 1, Link.STALE: 2, Link.CONNECTING: 3, Link.LIVE: 4}


class ClustersScreen(TextScreen):
    """The list of clusters, those in trouble first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "control_plane", "control plane", show=False),
        Binding("v", "audit", "check server caches", show=False),
    ]

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
            out += cluster_details.cluster_lines(store, app.now(), server, context, notice, traffic)
            if session is not None and (seen := control_planes.get(session)) is not None:
                out += _found(seen, app.now())
            out.append(line())
        return out

    def hints(self) -> list[KeyHint]:
        """Only live clusters can be checked."""
        live = any(store.link.link is Link.LIVE for store in self.app.stores)
        return [
            KeyHint("p", "control plane"),
            KeyHint("v", "check server caches", "" if live else "no live cluster"),
        ]

    def action_control_plane(self) -> None:
        """Open the control plane of the one cluster, or of the one that is chosen."""
        show_control_plane(self.app)

    def action_audit(self) -> None:
        """Hold the cache of every live cluster's server against its datastore, now."""
        for store in self.app.stores:
            session = self.app.sessions.get(store.cluster)
            if session is not None and store.link.link is Link.LIVE:
                self.run_worker(later(session.audit_cache), group=f"audit {store.cluster}", exclusive=True)


def show_control_plane(app: Shell) -> None:
    """Open the control plane of the one cluster, or ask which; those in trouble stand where they do in their list."""
    stores = list(app.stores)

    def chosen(place: int | None) -> None:
        if place is not None:
            from edgetui.ui.screens.control_plane import (
                ControlPlaneScreen,
            )  # with the code that reads, seldom needed

            app.push_screen(ControlPlaneScreen(stores[place].cluster))

    if len(stores) == 1:
        chosen(0)
    else:
        choices = [(store.cluster, link_words(store.link, app.now())) for store in stores]
        app.push_screen(PickScreen("The control plane of", choices), chosen)


def _found(seen: Seen, now: float) -> list[Spans]:
    """The worst of what the last look at its control plane found: nothing is asked for this list."""
    from edgetui.ui.text.control_plane import summary  # loaded with the first look

    return [summary(seen, now)]


def _notice(session: ClusterSession) -> str:
    """What could not be kept on this machine: a renewed credential, rows for the next start."""
    said = (session.credentials.notice, session.keeper.problem if session.keeper is not None else "")
    return " ".join(sentence for sentence in said if sentence)


def _traffic(session: ClusterSession) -> str:
    """The counters of one cluster in words; empty while it was never connected."""
    counters, watch = session.counters, session.link_watch
    if counters is None or watch is None:
        return ""
    return cluster_details.traffic(watch.rate, counters.bytes_in, counters.bytes_out, counters.requests)
