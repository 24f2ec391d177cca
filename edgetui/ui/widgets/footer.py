"""The footer: the keys that work here and now, or for a moment a message."""

from __future__ import annotations

from collections.abc import Sequence

from textual.timer import Timer

from edgetui.terminal.textual_seam import Punctual
from edgetui.ui.spans import Span, line

from .bars import KeyHint, footer_line
from .base import LineBar, key_of

FLASH = 6.0
"""Seconds a message stays."""


class FooterBar(Punctual, LineBar):
    """Keys from the left, the fixed ones at the right end; a message covers them for FLASH seconds."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(base="bar", id=id)
        self._hints: tuple[Sequence[KeyHint], Sequence[KeyHint]] = ((), ())
        self._message: tuple[str, str] | None = None
        self._timer: Timer | None = None

    def set_hints(self, hints: Sequence[KeyHint], last: Sequence[KeyHint]) -> None:
        """The keys to show."""
        self._hints = (tuple(hints), tuple(last))
        self._draw()

    def flash(self, text: str, role: str = "note") -> None:
        """Say one sentence for a moment."""
        self._message = (text, role)
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(FLASH, self.clear)
        self._draw()

    def clear(self) -> None:
        """Take the message away."""
        if self._message is not None:
            self._message = None
            self._draw()

    @property
    def message(self) -> str:
        """The message that is shown, empty for none."""
        return self._message[0] if self._message else ""

    def on_resize(self) -> None:
        """Other keys fit another width."""
        self._draw()

    def _draw(self) -> None:
        if self._message is not None:
            self.say(line(Span(" ", "bar"), Span(*self._message)))
        else:
            hints, last = (list(map(self._own, some)) for some in self._hints)
            self.say(footer_line(hints, last, self.size.width))

    def _own(self, hint: KeyHint) -> KeyHint:
        """The hint with the key that the person has given it."""
        return hint._replace(key=key_of(self, hint.name, hint.key)) if hint.name else hint
