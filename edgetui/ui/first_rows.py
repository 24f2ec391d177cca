"""The first rows as plain text while Textual is still being loaded, which takes longer than a cluster needs to answer.

On the terminal's ordinary screen, so that whatever ends the program meanwhile leaves the terminal as it was.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from edgetui.model.cache.store import Store
from edgetui.terminal.profile import Profile

if TYPE_CHECKING:
    from edgetui.model.panes.base import Pane
    from edgetui.ui.layout import Layout

LOOK_EVERY = 0.04
"""Seconds between two looks at what has come; four times as long after each drawing, for fleets come bit by bit."""
MOST = 10
"""Rows at most, the worst first: less than 1 KB, which a terminal whose link is not measured yet can take."""
_UNUSED = 3
"""Lines that stay free: the one above, the heading, and the one where the cursor rests."""


def affordable(profile: Profile) -> bool:
    """Whether a terminal like this one takes them in no time; a slow link is better used for the screen itself."""
    return profile.name in ("local", "ssh")


class FirstRows:
    """Draws below the line the cursor is on, through `write`; `size` is columns and lines of the terminal.

    The rows are those that the screen will begin with: of the pane that was left, in its order, of one namespace where
    one is named. A pane that is not of the first screen, whose kinds nobody asks for yet, has none.
    """

    def __init__(
        self,
        stores: Sequence[Store],
        layout: Layout,
        *,
        namespace: str,
        size: os.terminal_size,
        write: Callable[[str], None],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._stores = stores
        self._layout = layout
        self._namespace = namespace
        self._size = size
        self._write = write
        self._now = now
        self._seen = 0
        self._lines = 0
        self._every = LOOK_EVERY
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Look now and again, until `clear`."""
        self._timer = asyncio.get_running_loop().call_later(self._every, self._look_again)

    def _look_again(self) -> None:
        self.look()
        self.start()

    def clear(self) -> None:
        """Take them away with the line above: the screen comes. Safe twice."""
        if self._timer is not None:
            self._timer.cancel()
        self._write(f"{self._back()}\r\x1b[J")
        self._lines = 0

    def look(self) -> None:
        """Draw what there is, where there is more than before."""
        from edgetui.model.panes import DASHBOARD, PANES

        if self._layout.pane not in DASHBOARD:
            return
        pane = PANES[self._layout.pane]
        count = sum(store.count(kind) for store in self._stores for kind in pane.kinds_in(store))
        if count == self._seen:
            return
        self._seen = count
        lines = self._text(pane)
        lines += [""] * (self._lines - len(lines))
        if not lines:
            return
        self._write(self._back() + "".join(f"\r\n\x1b[K{line}" for line in lines))
        self._lines = len(lines)
        self._every *= 4

    def _back(self) -> str:
        return f"\x1b[{self._lines}A" if self._lines else ""

    def _text(self, pane: Pane) -> list[str]:
        from edgetui.model.view.pane_view import FleetView
        from edgetui.table import rows_as_text

        view, now = FleetView(pane, self._stores), self._now()
        if (kept := self._layout.panes.get(pane.id)) is not None:
            view.set_sort(kept.column_of(pane), kept.reverse)
        view.set_filter("", self._namespace)
        view.rebuild(now)
        shown = view.keys[: max(0, min(MOST, self._size.lines - _UNUSED))]
        rows = [row for key in shown if (row := view.row(key)) is not None]
        return rows_as_text(pane, rows, now, self._size.columns - 1, with_cluster=len(self._stores) > 1)
