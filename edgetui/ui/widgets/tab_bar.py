"""The line of tabs above the one pane that is shown."""

from __future__ import annotations

from collections.abc import Iterable

from .bars import Tab, tab_line
from .base import LineBar
from .pane_view import PaneView


class TabBar(LineBar):
    """One tab for each pane in the order of their keys, with what narrows it behind its number of rows."""

    def show(self, panes: Iterable[PaneView], current: PaneView) -> None:
        """Say them again; `current` is the pane that is shown."""
        tabs = []
        for pane in sorted(panes, key=lambda pane: pane.number):
            count = pane.count_text
            if pane.aside:
                total, dot, summary = count.partition(" · ")
                count = f"{total} {pane.aside}{dot}{summary}"
            tabs.append(Tab(str(pane.number), pane.name_text, count, pane is current, pane.view.bad > 0))
        self.say(tab_line(tabs, self.app.size.width))
