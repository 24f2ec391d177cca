"""The control plane of one cluster: what of it is alive, who leads, and what one more loss would stop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from edgetui.actions.change.watch import longer
from edgetui.actions.nodes.control_plane import look
from edgetui.model.cache.wireprofile import Wire
from edgetui.model.control_plane.findings import Seen
from edgetui.model.text import age
from edgetui.ui.last_seen import control_planes
from edgetui.ui.later import attempt, later
from edgetui.ui.screens.text_screen import TextScreen
from edgetui.ui.spans import Span, Spans, line
from edgetui.ui.text.control_plane import control_plane_lines
from edgetui.ui.widgets.bars import KeyHint

AGAIN = 10.0
"""Seconds between two looks: an API server renews its Lease as often."""
AGAIN_THIN = 60.0
"""The same where the link carries little."""


class ControlPlaneScreen(TextScreen):
    """It is asked for while this screen is open and on top, and never else."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("r", "again", "again", show=False)]

    def __init__(self, cluster: str) -> None:
        super().__init__()
        self._cluster = cluster
        self._seen: Seen | None = None
        self._said = "reading the Leases, checks and nodes of the control plane…"
        self._next = 0.0
        self._asking = False

    def on_mount(self) -> None:
        """Look at once; Textual lets the base class do its part."""
        self.action_again()

    def action_again(self) -> None:
        """Look again now."""
        if not self._asking:
            self._asking = True
            self.run_worker(later(self._read), group="control plane", exclusive=True, exit_on_error=False)

    def tick(self) -> None:
        """A second passed."""
        super().tick()
        if self.app.front is self and self.app.monotonic() >= self._next:
            self.action_again()

    def hints(self) -> list[KeyHint]:
        """Look again."""
        return [KeyHint("r", "again")]

    def lines(self) -> Sequence[Spans]:
        """What was seen, and how old that is."""
        now, store = self.app.now(), self.app.fleet.stores[self._cluster]
        facts = [self._cluster, store.version]
        if self._seen is not None:
            facts.append(f"{age(now - self._seen.at)} old")
        title = line(
            Span("control plane", "title"), Span(f"   {'  '.join(one for one in facts if one)}", "quiet")
        )
        out = [title, line()]
        if self._said:
            out += [line(Span(self._said, "warn" if self._seen else "row")), line()]
        return out + (control_plane_lines(self._seen, now) if self._seen is not None else [])

    async def _read(self) -> None:
        began = self.app.monotonic()
        session = self.app.sessions.get(self._cluster)
        found = await attempt(look(session, self.app.now)) if session is not None else None
        self._asking = False
        if isinstance(found, Seen):
            self._seen, self._said = found, ""
            if session is not None:
                control_planes[session] = found
        else:
            self._said = str(found) if found is not None else "not connected"
        thin = self.app.fleet.stores[self._cluster].wire.wire is Wire.THIN
        pause, now = AGAIN_THIN if thin else AGAIN, self.app.monotonic()
        self._next = now + max(pause, longer(pause, now - began))
        self.show_again()
