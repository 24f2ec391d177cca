"""All that edgetui knows of Textual's insides: frames of its compositor, its key parser, its way to the driver.

Textual is pinned because of this file; the test of equality with Textual's own output holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, Generic, Protocol

from textual import events, keys, messages
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual._time import get_time as event_clock
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.geometry import Size
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen, ScreenResultType
from textual.timer import Timer, TimerCallback

from .cells import Grid
from .key_names import KeyNames
from .profile import Profile

Frame = CompositorUpdate

__all__ = [
    "Borrower",
    "DrawnApp",
    "FittedScreen",
    "Frame",
    "KeyParser",
    "Punctual",
    "SyncSupported",
    "event_clock",
    "put_update",
    "screen_text",
]

for _option in "§1234567890-=":
    # What Option and a digit type on a Mac; where a link brings Escape and a digit together, they are meant.
    ANSI_SEQUENCES_KEYS.pop(f"\x1b{_option}", None)  # type: ignore[attr-defined]


keys.unicodedata = KeyNames(  # type: ignore[assignment, attr-defined]
    [*(key.value for key in keys.Keys), *keys.KEY_NAME_REPLACEMENTS.values()]
)


class SyncSupported(Message):
    """The terminal can hold a frame back until it is whole."""


class _Parser(XTermParser):
    """Takes Escape and the key behind it for two keys: on a bad link they come together."""

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        if alt:
            yield events.Key("escape", "\x1b")
        yield from super()._sequence_to_key_events(sequence)


class KeyParser:
    """Text of a terminal to messages for the app; what only a terminal with other settings sends is left out."""

    def __init__(self, debug: bool = False) -> None:
        self._parser = _Parser(debug)

    @property
    def waiting(self) -> bool:
        """Whether what came may be the beginning of a longer key sequence."""
        return self._parser._timeout_time is not None

    def feed(self, text: str) -> Iterable[Message]:
        """The messages that `text` completes."""
        return self._kept(self._parser.feed(text))

    def nothing_follows(self) -> Iterable[Message]:
        """The rest of a sequence did not come in time: take what came for what it is."""
        if self.waiting:
            self._parser._timeout_time = 0.0
        return self._kept(self._parser.tick())

    @staticmethod
    def _kept(found: Iterable[Message]) -> Iterable[Message]:
        for message in found:
            if isinstance(message, messages.TerminalSupportsSynchronizedOutput):
                yield SyncSupported()
            elif not isinstance(message, messages.InBandWindowResize):
                yield message


EXIT_LIMIT = 2.0
"""Seconds from a signal to the end of the program, where nothing else is said."""


class Borrower(Protocol):
    """What has the terminal for a while in place of the screen.

    `raw` is true where every key goes to it as it is; else the terminal is as the screen found it.
    """

    raw: bool

    def resized(self) -> None:
        """The terminal may have another size now."""

    def put_back(self) -> None:
        """Its time is over: what it turned on in the terminal is turned off. Harmless when repeated."""


class Punctual(MessagePump):
    """Its one-shot timers come, however late: Textual leaves one out that is late already when it begins to wait."""

    def set_timer(
        self,
        delay: float,
        callback: TimerCallback | None = None,
        *,
        name: str | None = None,
        pause: bool = False,
    ) -> Timer:
        """Call `callback` in `delay` seconds."""
        timer = super().set_timer(delay, callback, name=name, pause=pause)
        timer._skip = False
        return timer


class FittedScreen(Screen[ScreenResultType], Generic[ScreenResultType]):
    """A screen that is laid out for the size that the terminal has, and for none that it had before.

    Textual lays a screen out for the size in each `Resize` and then sends the screen another one with that size. Where
    two sizes wait with a key between them, the screen goes from one to the other without end.
    """

    def _screen_resized(self, size: Size) -> None:
        if size == self.app.size:
            super()._screen_resized(size)


class DrawnApp(Punctual, App[int]):
    """An app whose frames go to the driver as cells instead of as text; a driver without `draw` gets them as ever."""

    @property
    def exit_limit(self) -> float:
        """Seconds that it may take to leave after a signal."""
        return EXIT_LIMIT

    def link_changed(self, profile: Profile) -> None:
        """The link turned out to be slower or quicker than thought; `profile` fits it."""

    def when_drawn(self, tell: Callable[[], None]) -> None:
        """Call `tell` once the terminal has drawn what it was sent so far; at once where the driver cannot know."""
        wait: Callable[[Callable[[], None]], None] | None = getattr(self._driver, "when_drawn", None)
        if wait is None:
            tell()
        else:
            wait(tell)

    def lend_terminal(self, borrower: Borrower) -> AbstractContextManager[None] | None:
        """Give the terminal away while the result is entered; None where the driver has none to give."""
        lent: Callable[[Borrower], AbstractContextManager[None]] | None = getattr(self._driver, "lent", None)
        return lent(borrower) if lent is not None else None

    async def _shutdown(self) -> None:
        """Timers that are due, and what was to be done next, find no screen any more once the screens are closed."""
        self._exit = True
        self._next_callbacks.clear()
        await super()._shutdown()

    def _display(self, screen: Any, renderable: Any) -> None:
        draw = getattr(self._driver, "draw", None)
        if draw is None:
            super()._display(screen, renderable)
        elif (
            isinstance(renderable, CompositorUpdate)
            and self._running
            and not self._closed
            and not self._batch_count
        ):
            draw(renderable)


def screen_text(app: App[Any]) -> list[str]:
    """What the terminal shows, line by line, without colours: nothing that is not a cell is part of it."""
    grid = Grid(*app.size)
    for y, strip in enumerate(app.screen._compositor.render_strips(app.size)):
        grid.put(0, y, strip)
    return [line.rstrip() for line in grid.lines()]


def put_update(grid: Grid, update: Frame) -> None:
    """Put a frame of Textual's compositor into cells."""
    if isinstance(update, LayoutUpdate):
        _put_layout(grid, update)
    elif isinstance(update, ChopsUpdate):
        _put_chops(grid, update)


def _put_layout(grid: Grid, update: LayoutUpdate) -> None:
    for y, line in enumerate(update.strips, update.region.y):
        x = update.region.x
        for strip in line:
            grid.put(x, y, strip)
            x += strip.cell_length


def _put_chops(grid: Grid, update: ChopsUpdate) -> None:
    for y, start, stop in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x < stop and end > start:
                grid.put(x, y, strip, min(end, stop))
