"""How long to wait before trying again: jittered, growing, and never a stampede; and the clock for intervals."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

FIRST = 0.1
CAP = 30.0
MOST_RETRY_AFTER = 300.0


class Random(Protocol):
    """The part of `random.Random` that the cluster core uses; handed in, so that tests decide."""

    def uniform(self, a: float, b: float) -> float: ...


def steady_clock() -> float:
    """Seconds that never jump, whatever becomes of the wall clock; on Linux they go on while the machine sleeps."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


def delay(failures: int, rng: Random) -> float:
    """Seconds to wait after `failures` failures in a row (1 or more): about 0.1 s doubling to 30 s.

    The upper half is random, so that many streams that broke together do not return together.
    """
    ceiling = min(CAP, FIRST * 2.0 ** min(failures, 16))
    return rng.uniform(ceiling / 2, ceiling)


def asked_for(retry_after: float | None) -> float:
    """The server's Retry-After in seconds, bounded so that one bad header cannot stop a stream for good."""
    return min(max(retry_after or 0.0, 0.0), MOST_RETRY_AFTER)


FIRST_WHILE, LONGEST_WHILE = 3600.0, 8 * 3600.0


class Feature:
    """Something that is used unless the server turned out to lack it, and then not for a while, longer each time.

    What looked like lacking may have been one bad answer, and a server may be replaced. `now` gives steady seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._until = 0.0
        self._while = FIRST_WHILE

    @property
    def there(self) -> bool:
        """Whether it is to be used."""
        return self._now() >= self._until

    def lacking(self) -> None:
        """The server turned out to lack it."""
        if self.there:
            self._until = self._now() + self._while
            self._while = min(2 * self._while, LONGEST_WHILE)


class Features:
    """Streaming lists, bookmarks and Tables, and whether streaming lists come compressed. `now` is a steady clock."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.streaming, self.bookmarks, self.tables = (Feature(now) for _ in range(3))
        self.gzips = True
        self._told = self._present

    @property
    def _present(self) -> tuple[bool, bool, bool]:
        return self.streaming.there, self.bookmarks.there, self.gzips

    def changed(self) -> bool:
        """Whether it is something else than when this was last asked."""
        before, self._told = self._told, self._present
        return self._told != before
