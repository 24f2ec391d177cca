"""How fast a copy goes: held to a limit, and told on one line of the terminal."""

from __future__ import annotations

import asyncio
import shutil
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TextIO

from edgetui.model.cells import elided, visible
from edgetui.model.text import NO_RATE, duration, memory, rate

EVERY = 0.5
"""Seconds between two looks of the line."""
WINDOW = 10.0
"""Seconds that the rate is an average of."""


def size(count: int) -> str:
    """Bytes for a person: "12MiB"."""
    return f"{memory(count)}B"


class Pace:
    """Holds what is done to so many bytes per second, None for no limit; time that was not used is not made up for."""

    def __init__(
        self,
        limit: float | None,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.limit = limit
        self._clock = clock
        self._sleep = sleep
        self._free = 0.0

    async def spend(self, count: int) -> None:
        """Wait until so many bytes may have gone."""
        if self.limit is None:
            return
        now = self._clock()
        self._free = max(self._free, now) + count / self.limit
        await self._sleep(self._free - now)


class Progress:
    """The line "12MiB of 50MiB · 310 KiB/s · 2m5s left", written anew; none without a terminal, and none if `quiet`."""

    def __init__(self, out: TextIO, what: str, clock: Callable[[], float], *, quiet: bool) -> None:
        self._out = out
        self._what = visible(what)
        self._clock = clock
        self._shown = out.isatty() and not quiet
        self._open = False
        self._next = 0.0
        self._seen: deque[tuple[float, int]] = deque()

    def tell(self, done: int, total: int | None) -> None:
        """So many bytes are copied."""
        now = self._clock()
        if self._shown and now >= self._next:
            self._next = now + EVERY
            self._seen.append((now, done))
            while now - self._seen[0][0] > WINDOW:
                self._seen.popleft()
            width = shutil.get_terminal_size().columns - 1
            figures = self._figures(now, done, total)
            self._out.write(f"\r{elided(f'{figures} · {self._what}', width)}\x1b[K")
            self._out.flush()
            self._open = True

    def _figures(self, now: float, done: int, total: int | None) -> str:
        (since, before), parts = self._seen[0], [size(done)]
        if total is not None:
            parts = [f"{size(done)} of {size(total)}"]
        speed = (done - before) / (now - since) if now > since else 0.0
        if speed > 0:
            parts += [told] if (told := rate(speed)) != NO_RATE else []
            parts += [f"{duration(max(0.0, (total - done) / speed))} left"] if total is not None else []
        return " · ".join(parts)

    def end(self) -> None:
        """Take the line away."""
        if self._open:
            self._open = False
            self._out.write("\r\x1b[K")
            self._out.flush()
