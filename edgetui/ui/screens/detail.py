"""One object in full, alive: it changes on screen as it changes on the cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType

from edgetui import crash
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.event import EventRow
from edgetui.model.kinds.pod import PodRow
from edgetui.ui.details import detail
from edgetui.ui.details.common import trouble
from edgetui.ui.feed import Changes
from edgetui.ui.keymap import LOGGED, object_bindings
from edgetui.ui.screens.text_screen import BACK, HELP, TextScreen
from edgetui.ui.spans import Spans
from edgetui.ui.widgets.bars import KeyHint

from .object import COMMAND, ObjectScreen

READS = {"Deployment": "ReplicaSet"}
"""What is not told by the rows of a kind alone."""
EVENTS_AGAIN = 10.0
"""Seconds between two requests for the events of the object, while it changes."""


class DetailScreen(ObjectScreen, TextScreen):
    """The details of `key`; the actions work on it as they do in the panes."""

    BINDINGS: ClassVar[list[BindingType]] = object_bindings()
    shows = "detail"
    last_hints = (HELP, BACK)

    def __init__(self, key: ObjectKey) -> None:
        super().__init__()
        self.key = key
        self._events: Sequence[EventRow] = ()
        self._heard_events = "asking…"
        self._asked = -EVENTS_AGAIN
        self._full: Row | None = None
        self._full_for = ""

    def on_mount(self) -> None:
        """Ask for the events, and for what may be done with the object."""
        super().on_mount()
        self._need(True)
        self._ask_events()
        self.app.action_keys.rests(self.key)

    def on_unmount(self) -> None:
        """What only this screen needed is needed no more."""
        self._need(False)

    @property
    def metered(self) -> frozenset[str]:
        """The kind whose usage is shown here."""
        return frozenset({self.key.kind})

    def _need(self, needed: bool) -> None:
        session = self.app.sessions.get(self.key.cluster)
        if session is not None and self.key.kind in READS:
            session.need(READS[self.key.kind], needed)

    def lines(self) -> Sequence[Spans]:
        """The details as the store knows them now."""
        app = self.app
        store = app.fleet.stores[self.key.cluster]
        row = self._row()
        samples = app.samples(self.key)
        out = detail(
            store, self.key, row, app.now(), app.size.width, self._events, self._heard_events, samples
        )
        return self.marked(out)

    def marked(self, out: list[Spans]) -> list[Spans]:
        """These details, and below their title that they are of another object than was opened."""
        if words := self.new_words:
            out.insert(1, trouble(words, "warn"))
        return out

    def replaced(self) -> None:
        """Events are asked for again at once."""
        self._full, self._full_for, self._asked = None, "", -EVENTS_AGAIN
        self.call_later(self.show_again)

    def _row(self) -> Row | None:
        """The object as the store knows it; where that is but a printed row, as it was last read in full."""
        row, full = self.row(), self._full
        if not isinstance(row, PodRow) or not row.brief or not isinstance(full, PodRow):
            return row
        return full if _printed(full) == _printed(row) else row

    def tick(self) -> None:
        """A second passed; what was read in full before the last change is read again."""
        super().tick()
        row = self.app.fleet.find(self.key)
        if isinstance(row, PodRow) and row.brief and row.resource_version != self._full_for:
            self._ask_events()

    def hints(self) -> list[KeyHint]:
        """The actions that work on this object, and its other views."""
        logs = [KeyHint("l", "logs")] if self.key.kind in LOGGED else []
        return self.app.action_keys.hints(self.key, (self.key.kind,), [*logs, KeyHint("y", "yaml"), COMMAND])

    def changes_arrived(self, changes: Changes, now: float) -> None:
        """Something on the cluster changed: show it, and ask for new events when it was this object."""
        change = changes.get(self.key.cluster)
        if change is None:
            return
        self.show_again()
        if (self.key.namespace, self.key.name) in change.changed.get(self.key.kind, ()):
            self._ask_events()

    def _ask_events(self) -> None:
        now = self.app.monotonic()
        if self.key.kind != "Event" and now - self._asked >= EVENTS_AGAIN:
            self._asked = now
            self.run_worker(self._fetch_events(), exclusive=True, group="events", exit_on_error=False)

    async def _fetch_events(self) -> None:
        from edgetui.ui.object_events import events_of, in_full

        session = self.app.sessions.get(self.key.cluster)
        if session is None:
            self._heard_events = "not connected"
        else:
            try:
                row = self.app.fleet.find(self.key)
                if isinstance(row, PodRow) and row.brief:
                    full = await in_full(session, self.key)
                    self.note_uid(full.uid if full is not None else "")
                    self._full, self._full_for = full, row.resource_version
                    self.show_again()
                self._events, self._heard_events = await events_of(session, self.key, self._uid)
            except Exception as error:  # noqa: BLE001 - the edge of the task: a defect is told, never hidden
                self._heard_events = crash.sentence(error)
        self.show_again()


def _printed(row: PodRow) -> tuple[str, int, int, int, str]:
    """What both a printed row and a full one tell."""
    return row.status, row.ready, row.containers, row.restarts, row.node
