"""The first rows as plain text while Textual is still being loaded, which takes longer than a cluster needs to answer.

On the terminal's ordinary screen, so that whatever ends the program meanwhile leaves the terminal as it was.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence

from edgetui.model.cache.store import Store
from edgetui.model.kinds.node import NODE
from edgetui.terminal.profile import Profile

LOOK_EVERY = 0.04
"""Seconds between two looks at what has come; four times as long after each drawing, for fleets come bit by bit."""
FIRST = NODE
"""The kind that is asked for first; its lists are short."""
MOST = 10
"""Rows at most, the worst first: less than 1 KB, which a terminal whose link is not measured yet can take."""
_UNUSED = 3
"""Lines that stay free: the one above, the heading, and the one where the cursor rests."""


def affordable(profile: Profile) -> bool:
    """Whether a terminal like this one takes them in no time; a slow link is better used for the screen itself."""
    return profile.name in ("local", "ssh")


class FirstRows:
    """Draws below the line the cursor is on, through `write`; `size` is columns and lines of the terminal."""

    def __init__(
        self,
        stores: Sequence[Store],
        size: os.terminal_size,
        write: Callable[[str], None],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._stores = stores
        self._size = size
        self._write = write
        self._now = now
        self._seen = 0
        self._lines = 0
        self._every = LOOK_EVERY
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Look, now and again, until `clear`."""
        self.look()
        self._timer = asyncio.get_running_loop().call_later(self._every, self.start)

    def clear(self) -> None:
        """Take them away with the line above: the screen comes. Safe twice."""
        if self._timer is not None:
            self._timer.cancel()
        self._write(f"{self._back()}\r\x1b[J")
        self._lines = 0

    def look(self) -> None:
        """Draw what there is, where there is more than before."""
        count = sum(store.count(FIRST) for store in self._stores)
        if count == self._seen:
            return
        self._seen = count
        lines = self._text()
        lines += [""] * (self._lines - len(lines))
        self._write(self._back() + "".join(f"\r\n\x1b[K{line}" for line in lines))
        self._lines = len(lines)
        self._every *= 4

    def _back(self) -> str:
        return f"\x1b[{self._lines}A" if self._lines else ""

    def _text(self) -> list[str]:
        from edgetui.model.panes import PANES
        from edgetui.model.view.pane_view import FleetView
        from edgetui.table import rows_as_text

        pane = PANES["nodes"]
        view, now = FleetView(pane, self._stores), self._now()
        view.rebuild(now)
        shown = view.keys[: max(0, min(MOST, self._size.lines - _UNUSED))]
        rows = [row for key in shown if (row := view.row(key)) is not None]
        return rows_as_text(pane, rows, now, self._size.columns - 1, with_cluster=len(self._stores) > 1)
