"""One object as YAML, as the server has it now; read again when it changes on the cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from edgetui.actions.reading import shaped
from edgetui.cluster.api.versions import get
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import kind_word
from edgetui.model.manifest import manifest
from edgetui.model.redaction import HIDDEN
from edgetui.ui.details.common import title, trouble
from edgetui.ui.feed import Changes
from edgetui.ui.later import attempt, later
from edgetui.ui.screens.text_screen import BACK, HELP, TextScreen
from edgetui.ui.spans import Span, Spans, line
from edgetui.ui.widgets.bars import KeyHint

from .object import COMMAND, ObjectScreen

if TYPE_CHECKING:
    from edgetui.actions.session import Session

AGAIN = 3.0
"""Seconds between two reads of an object that keeps changing."""


class ManifestScreen(ObjectScreen, TextScreen):
    """The manifest of `key`."""

    shows = "manifest"
    last_hints = (HELP, BACK)

    def __init__(self, key: ObjectKey) -> None:
        super().__init__()
        self.key = key
        self._yaml: list[Spans] = []
        self._said = "reading…"
        self._changed = True
        self._asked = 0.0

    def on_mount(self) -> None:
        """Ask for the object."""
        super().on_mount()
        self.row()
        self._read()

    def lines(self) -> Sequence[Spans]:
        """The title, what is wrong with the text below it, and the text."""
        said = [line(Span(self._said, "quiet"))] if self._said else []
        anew = [trouble(words, "warn")] if (words := self.new_words) else []
        return [title(self.key), *anew, *said, line(), *self._yaml]

    def replaced(self) -> None:
        """The text is of the one that is gone."""
        self._yaml, self._said, self._changed, self._asked = [], "reading…", True, -AGAIN
        self.call_later(self.show_again)

    def hints(self) -> list[KeyHint]:
        """Where a name or the text can go."""
        return [COMMAND, KeyHint("ctrl+y", "copy the name", name="copy")]

    def changes_arrived(self, changes: Changes, now: float) -> None:
        """Note that the object changed; it is read again when the last time is long enough ago."""
        change = changes.get(self.key.cluster)
        if change is not None:
            self.row()
            about = (self.key.namespace, self.key.name)
            self._changed |= self.key.kind in change.reset or about in change.changed.get(self.key.kind, ())

    def tick(self) -> None:
        """A second passed."""
        self.row()
        if self._changed and self.app.monotonic() - self._asked >= AGAIN:
            self._read()
        super().tick()

    def _read(self) -> None:
        self._changed, self._asked = False, self.app.monotonic()
        self.run_worker(later(self._fetch), exclusive=True, group="manifest", exit_on_error=False)

    async def _fetch(self) -> None:
        session = self.app.sessions.get(self.key.cluster)
        if session is None:
            self._said = "not connected"
        else:
            found = await attempt(self._read_yaml(session))
            if isinstance(found, EdgetuiError):
                known = "What stands here may have changed since. " if self._yaml else ""
                self._said = f"{known}{found}"
            else:
                self._yaml, self._said = found, ""
        self.show_again()

    async def _read_yaml(self, session: Session) -> list[Spans]:
        found = shaped(await get(session.api, *self.key[1:]), dict[str, Any], kind_word(self.key.kind))
        metadata = found.get("metadata")
        self.note_uid(str(metadata.get("uid") or "") if isinstance(metadata, Mapping) else "")
        # Looking through a large object for secrets takes longer than a key may wait.
        return await asyncio.to_thread(_spans, found)


def _spans(obj: Mapping[str, Any]) -> list[Spans]:
    return [
        line(Span(head, "quiet"), Span(value, "warn" if value.startswith(HIDDEN[:-1]) else "row"))
        for head, value in manifest(obj)
    ]
