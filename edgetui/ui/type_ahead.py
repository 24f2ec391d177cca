"""Keys one after the other: each is handled, and what it opens is there, before the next one is looked at.

On a slow link what a person types arrives in one piece. Textual would hand all of it to what has the focus now, so
that the letters of a filter would act on the row under the cursor.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable

from textual import events
from textual.app import App
from textual.dom import DOMNode

LOOK_AGAIN = 0.02
"""Seconds until a dialog that is being opened is looked for again."""

ALT = "alt+"

ENDING = frozenset({"escape", "ctrl+c"})
"""Keys that end the opening of a dialog, and so never wait for it."""


class TypeAhead:
    """Holds keys back until it is their turn.

    `forward` gives one key to whatever has the focus now; `ready` says whether the screen can take one, `holds` whether
    a dialog is about to open that the next key is meant for.
    """

    def __init__(
        self,
        app: App[int],
        forward: Callable[[events.Event], Awaitable[None]],
        ready: Callable[[], bool],
        holds: Callable[[], bool],
    ) -> None:
        self._app = app
        self._forward = forward
        self._ready = ready
        self._holds = holds
        self._waiting: deque[events.Key] = deque()
        self._busy = False

    async def add(self, key: events.Key) -> None:
        """A key was typed. Escape and a key right behind it look like Alt and that key, which means nothing here."""
        if key.key.startswith(ALT):
            escape, behind = (
                events.Key("escape", "\x1b"),
                events.Key(key.key.removeprefix(ALT), key.character),
            )
            escape.time = behind.time = key.time
            self._waiting.append(escape)
            key = behind
        self._waiting.append(key)
        if not self._busy:
            await self._next()

    def clear(self) -> None:
        """What was typed was meant for something that did not open: forget it."""
        self._waiting.clear()

    async def _next(self) -> None:
        self._busy = bool(self._waiting)
        if not self._busy:
            return
        if not self._ready() or (self._holds() and not self._skip_to_the_end()):
            self._app.set_timer(LOOK_AGAIN, self._next)
            return
        target = self._app.focused or self._app.screen
        await self._forward(self._waiting.popleft())
        self._follow(target.ancestors_with_self)

    def _skip_to_the_end(self) -> bool:
        """Forget what was typed for a dialog that the person gave up in the same breath; whether that is so."""
        at = next((at for at, key in enumerate(self._waiting) if key.key in ENDING), None)
        if at is None:
            return False
        for _ in range(at):
            self._waiting.popleft()
        return True

    def _follow(self, path: list[DOMNode]) -> None:
        """A key that nobody takes climbs from the focus to the app, queue by queue; go the same way behind it."""
        if not path or path[0] is self._app:
            self._app.call_later(self._next)
        elif not path[0].call_later(self._follow, path[1:]):
            self._follow(path[1:])
