"""One object in full, alive: it changes on screen as it changes on the cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from edgetui.cluster.errors import EdgetuiError
from edgetui.model.cache.wireprofile import Wire
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.base import Row, Watched
from edgetui.model.kinds.event import EVENT, EventRow
from edgetui.model.kinds.pod import PodRow
from edgetui.ui.details import Build, detail
from edgetui.ui.details.common import fact, trouble
from edgetui.ui.feed import Changes
from edgetui.ui.keymap import object_bindings
from edgetui.ui.later import attempt, later
from edgetui.ui.screens.text_screen import BACK, HELP, TextScreen
from edgetui.ui.spans import Span, Spans, line
from edgetui.ui.widgets.bars import KeyHint

from .object import COMMAND, ObjectScreen

if TYPE_CHECKING:
    from edgetui.actions.messages import Json
    from edgetui.actions.objects.describe import Description
    from edgetui.actions.session import Session

EVENTS_AGAIN = 10.0
"""Seconds between two requests for the events of the object, while it changes."""
DESCRIBE_AGAIN = 60.0
"""Seconds between two reads of what stands around it, while it changes: that is several lists."""


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
        self._description: Description | None = None
        self._not_described = ""
        self._described_at = -DESCRIBE_AGAIN
        self._needs: frozenset[str] = frozenset()
        self._owners: tuple[str, ...] | None = None
        self._object_read: asyncio.Future[Json] | None = None
        self._object_version = ""

    def on_mount(self) -> None:
        """Ask for the events, for who applies the object, and for what may be done with it."""
        super().on_mount()
        self._need(True)
        self._ask_events()
        self._ask_owners()
        self.app.action_keys.rests(self.key)

    def on_unmount(self) -> None:
        """What only this screen needed is needed no more."""
        self._need(False)

    @property
    def kinds_in_view(self) -> frozenset[str]:
        """The kind of the object."""
        return frozenset({self.key.kind})

    def _need(self, needed: bool) -> None:
        session = self.app.sessions.get(self.key.cluster)
        wanted = self._wanted() if needed else frozenset()
        if session is not None:
            for kind in wanted ^ self._needs:
                session.need(kind, needed)
            self._needs = wanted

    def _wanted(self) -> frozenset[str]:
        """The kinds to watch for this page: what the object owns, and what controls it as far as that is known yet."""
        store = self.app.fleet.stores[self.key.cluster]
        row = store.get(*self.key[1:])
        owners = [row.owner_kind] if row is not None else []
        owners += [owner.owner_kind for _, owner in store.owners(row.owner_uid)] if row is not None else []
        known = {kind for kind in owners if kind in KINDS and KINDS[kind].watched is Watched.SHOWN}
        return self._needs | KINDS.between(self.key.kind) | known

    def lines(self) -> Sequence[Spans]:
        """The details as the store knows them now."""
        app = self.app
        out = detail(
            app.fleet.stores[self.key.cluster],
            self.key,
            self._row(),
            app.now(),
            app.size.width,
            self._events,
            self._heard_events,
            app.samples(self.key),
            self.build(),
            self._description,
            self._not_described,
        )
        # Below the title: that it is of another object than was opened, what runs on it, and who will revert it.
        out[1:1] = [fact("owner", one) for one in self._owner_lines()]
        out[1:1] = [line(Span(f"  {note}", "warn")) for note in self.app.job_notes(self.key)]
        if words := self.new_words:
            out.insert(1, trouble(words, "warn"))
        return out

    def build(self) -> Build | None:
        """What makes the lines, where this screen has read more than the store knows; None where it has not."""
        return None

    def replaced(self) -> None:
        """Events are asked for again at once."""
        self._full, self._full_for, self._asked = None, "", -EVENTS_AGAIN
        self._description, self._not_described, self._described_at = None, "", -DESCRIBE_AGAIN
        self._owners, self._object_read = None, None
        self._ask_owners()
        self.call_later(self.show_again)

    def on_screen_resume(self) -> None:
        """Back from a dialog, which may have paused what applies it: nothing watches that."""
        if self._owners:
            self._ask_owners()

    def _owner_lines(self) -> tuple[str, ...]:
        """Who will revert a change of it: as was read, else as far as its own marks tell."""
        if self._owners is not None or not (marks := getattr(self._row(), "managers", ())):
            return self._owners or ()
        from edgetui.model.owner import owner_line

        return tuple(owner_line(one).text for one in marks)

    def _ask_owners(self) -> None:
        """What a controller made has no other owner."""
        row = self.row()
        if row is not None and not row.owner_uid and self.key.kind != EVENT:
            self.run_worker(later(self._fetch_owners), exclusive=True, group="owners", exit_on_error=False)

    async def _fetch_owners(self) -> None:
        from edgetui.actions.change.drivers import drivers_of
        from edgetui.actions.change.owners import owner_lines

        session = self.app.sessions.get(self.key.cluster)
        if session is None:
            return
        there, driven = await asyncio.gather(attempt(self._object(session)), drivers_of(session, self.key))
        if not isinstance(there, EdgetuiError) and isinstance(metadata := there.get("metadata"), dict):
            found = await owner_lines(session, self.key, metadata)
            self._owners = (*driven, *(one.text for one in found))
        self.show_again()

    async def _object(self, session: Session) -> Json:
        """The object, read once for each version of its row, whatever asks for it."""
        from edgetui.actions.objects.describe import read_object

        row = self.row()
        version = row.resource_version if row is not None else ""
        if self._object_read is None or version != self._object_version or not version:
            store = self.app.fleet.stores[self.key.cluster]
            self._object_version = version
            self._object_read = asyncio.ensure_future(read_object(session, store, self.key))
        try:
            return await asyncio.shield(self._object_read)
        except EdgetuiError:
            self._object_read = None  # the next one asks anew
            raise

    def _row(self) -> Row | None:
        """The object as the store knows it; where that is but a printed row, as it was last read in full."""
        row, full = self.row(), self._full
        if not isinstance(row, PodRow) or not row.summary_only or not isinstance(full, PodRow):
            return row
        return full if _printed(full) == _printed(row) else row

    def tick(self) -> None:
        """A second passed; what was read in full before the last change is read again."""
        super().tick()
        row = self.app.fleet.find(self.key)
        if isinstance(row, PodRow) and row.summary_only and row.resource_version != self._full_for:
            self._ask_events()

    def hints(self) -> list[KeyHint]:
        """The actions that work on this object, and its other views."""
        logs = [KeyHint("l", "logs", name="logs")] if KINDS.has_pods(self.key.kind) else []
        return self.app.action_keys.hints(
            self.key, (self.key.kind,), [*logs, KeyHint("y", "yaml", name="manifest"), COMMAND]
        )

    def changes_arrived(self, changes: Changes, now: float) -> None:
        """Something on the cluster changed: show it, and ask for new events when it was this object."""
        change = changes.get(self.key.cluster)
        if change is None:
            return
        self._need(True)
        self.show_again()
        if (self.key.namespace, self.key.name) in change.changed.get(self.key.kind, ()):
            self._ask_events()

    def _ask_events(self) -> None:
        now = self.app.monotonic()
        if self.key.kind != EVENT and now - self._asked >= EVENTS_AGAIN:
            self._asked = now
            self.run_worker(later(self._fetch_events), exclusive=True, group="events", exit_on_error=False)

    async def _fetch_events(self) -> None:
        from edgetui.ui.object_events import events_of, in_full

        session = self.app.sessions.get(self.key.cluster)
        if session is None:
            self._heard_events = "not connected"
        else:
            row = self.app.fleet.find(self.key)
            if isinstance(row, PodRow) and row.summary_only:
                full = await attempt(in_full(session, self.key))
                self._full = full if isinstance(full, PodRow) else None
                self._full_for = row.resource_version
                self.note_uid(self._full.uid if self._full is not None else "")
                self.show_again()
            found = await attempt(events_of(session, self.key, self._uid))
            if isinstance(found, EdgetuiError):
                self._heard_events = str(found)
            else:
                self._events, self._heard_events = found
            await self._describe(session)
        self.show_again()

    async def _describe(self, session: Session) -> None:
        """Read what stands around the object, where that was not done just now."""
        from edgetui.actions.objects.describe import describe

        store, now = self.app.fleet.stores[self.key.cluster], self.app.monotonic()
        kind = store.kinds.get(self.key.kind)
        again = EVENTS_AGAIN if kind is not None and kind.discovered else DESCRIBE_AGAIN
        if now - self._described_at < again:
            return
        self._described_at = now
        object_ = partial(self._object, session)
        self.show_again()
        found = await attempt(describe(session, store, self.key, object_, thin=store.wire.wire is Wire.THIN))
        if isinstance(found, EdgetuiError):
            self._not_described = str(found)
        else:
            self._description, self._not_described = found, ""


def _printed(row: PodRow) -> tuple[str, int, int, int, str]:
    """What both a printed row and a full one tell."""
    return row.status, row.ready, row.containers, row.restarts, row.node
