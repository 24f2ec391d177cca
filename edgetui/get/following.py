"""`edgetui get -w`: a line for every row that changes, below those that were printed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import TextIO

from edgetui.get.reading import Reading
from edgetui.get.result import Found, as_names, cluster_line
from edgetui.get.wanted import Wanted
from edgetui.model.cache.freshness import Link
from edgetui.model.identity import ObjectKey
from edgetui.model.panes.base import PaneRow
from edgetui.table import Layout

TOGETHER = 0.2
"""Seconds in which changes become one line for each row."""
GONE = "-"
"""The sign of a row whose object was deleted."""


class Following:
    """What was printed of one table, and what has changed since. Made before the first rows are printed."""

    def __init__(self, opened: Reading, wanted: Wanted, width: int, *, names: bool) -> None:
        self._opened, self._wanted, self._width, self._names = opened, wanted, width, names
        self._changed = asyncio.Event()
        self._changed.set()  # a store that has changed already calls nobody again
        for store in opened.stores:
            store.on_dirty = self._changed.set
        self._layout: Layout | None = None
        self._printed: dict[ObjectKey, tuple[PaneRow, tuple[str, ...]]] = {}
        self._links: dict[str, Link] = {}
        self.news(time.time())

    async def run(self, out: TextIO, err: TextIO) -> None:
        """Print until it is cancelled: rows to `out`, what becomes of links to `err`."""
        while True:
            await self._changed.wait()
            await asyncio.sleep(TOGETHER)
            self._changed.clear()
            for store in self._opened.stores:
                store.drain()
            rows, links = self.news(time.time())
            out.write("".join(f"{line}\n" for line in rows))
            out.flush()
            err.write("".join(f"{line}\n" for line in links))
            err.flush()

    def news(self, now: float) -> tuple[list[str], list[str]]:
        """The lines of the rows that changed or are gone since the last call, and of the links."""
        found = Found(self._wanted, self._opened.stores, now)
        lines = []
        if self._layout is None and found.rows:
            several = len(self._opened.stores) > 1
            self._layout = Layout(found.pane, found.rows, now, self._width, with_cluster=several)
            lines += [] if self._names else [self._layout.heading]
        if self._layout is not None:
            lines += self._rows(found, self._layout, now)
        return lines, list(self._link_lines(now))

    def _rows(self, found: Found, layout: Layout, now: float) -> list[str]:
        before = self._printed
        self._printed = {row.key: (row, layout.steady(row, now)) for row in found.rows}
        changed = [
            row for row, said in self._printed.values() if row.key not in before or before[row.key][1] != said
        ]
        if self._names:
            found.rows = changed
            return as_names(self._opened.stores, [found]).splitlines()
        gone = [row for key, (row, _) in before.items() if key not in self._printed]
        return [*layout.lines(changed, now), *layout.lines(gone, now, GONE)]

    def _link_lines(self, now: float) -> Iterator[str]:
        for store in self._opened.stores:
            link = store.link.link
            if self._links.setdefault(store.cluster, link) is not link:
                self._links[store.cluster] = link
                yield cluster_line(store, now)
