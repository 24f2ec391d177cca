"""One queue of things to do at a time: run forward by hand, or in step with the wall clock.

A scenario plays its past on the same controllers that later run live, so rows have honest ages and histories.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable


class Timeline:
    """`now` is Unix seconds. Before `go_live` it moves only through `advance`."""

    def __init__(self, now: float) -> None:
        self._now = now
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def now(self) -> float:
        return self._now if self._loop is None else time.time()

    def after(self, delay: float, action: Callable[[], None]) -> None:
        """Runs `action` once, `delay` seconds from now; equal times keep their order."""
        due = self.now() + max(delay, 0.0)
        heapq.heappush(self._queue, (due, next(self._order), action))
        if self._loop is not None and self._queue[0][0] == due:
            self._arm()

    def advance(self, until: float) -> None:
        """Runs everything due up to `until` at its own time. Only before `go_live`."""
        while self._queue and self._queue[0][0] <= until:
            due, _, action = heapq.heappop(self._queue)
            self._now = max(self._now, due)
            action()
        self._now = max(self._now, until)

    def go_live(self, loop: asyncio.AbstractEventLoop) -> None:
        """From here on the wall clock decides; what is still queued keeps its time."""
        self._loop = loop
        self._arm()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._queue.clear()

    def _arm(self) -> None:
        assert self._loop is not None
        if self._timer is not None:
            self._timer.cancel()
        if self._queue:
            delay = max(self._queue[0][0] - time.time(), 0.0)
            self._timer = self._loop.call_later(delay, self._run_due)

    def _run_due(self) -> None:
        deadline = time.time()
        try:
            while self._queue and self._queue[0][0] <= deadline:
                _, _, action = heapq.heappop(self._queue)
                action()
        finally:
            self._arm()
