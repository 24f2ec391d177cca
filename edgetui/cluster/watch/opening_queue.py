"""Streams of one cluster open one after another, so that the first rows have the whole link."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.runner import Watcher

NEXT_WITHIN = 0.5
"""Seconds that a stream which opens may keep the next one waiting."""

# A resumption carries little, so the next stream need not wait for it.
_OPENING = frozenset({r.Phase.STREAMING, r.Phase.LISTING, r.Phase.REFRESHING})


class Turns:
    """Lets watchers open, each when the one before has its rows or half a second has passed.

    `later` calls something after so many seconds, and returns what cancels that.
    """

    def __init__(self, later: Callable[[float, Callable[[], None]], Callable[[], None]]) -> None:
        self._later = later
        self._queue: deque[tuple[Watcher, float]] = deque()
        self._opening: Watcher | None = None
        self._cancel: Callable[[], None] | None = None

    def admit(self, watchers: Iterable[Watcher], down_since: float = r.NEVER) -> None:
        """Let these open in turn, after those that wait already."""
        self._queue.extend((watcher, down_since) for watcher in watchers)
        if self._opening is None:
            self._next()

    def moved(self, watcher: Watcher) -> None:
        """The phase of a watcher changed: if it was its turn, it may be over."""
        if watcher is self._opening and watcher.state.phase not in _OPENING:
            self._next()

    def clear(self) -> None:
        """Nobody waits any more."""
        self._queue.clear()
        self._end()

    def _end(self) -> None:
        self._opening = None
        if self._cancel is not None:
            self._cancel()
            self._cancel = None

    def _next(self) -> None:
        self._end()
        while self._queue:
            watcher, down_since = self._queue.popleft()
            self._opening = watcher
            watcher.feed(r.LinkUp(down_since))
            if self._opening is not watcher:
                return  # it moved on while it was fed, and the next has been let in
            if watcher.state.phase in _OPENING:
                self._cancel = self._later(NEXT_WITHIN, self._next)
                return
        self._opening = None
