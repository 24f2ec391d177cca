"""Bytes per second, from a counter that only grows."""

from __future__ import annotations

from collections import deque


class Meter:
    """The mean over the last `window` seconds of a counter that is read now and then."""

    def __init__(self, window: float) -> None:
        self._window = window
        self._read: deque[tuple[float, int]] = deque()

    def read(self, now: float, total: int) -> None:
        """The counter stands at `total`. Readings may come at any pace."""
        self._read.append((now, total))
        while len(self._read) > 2 and self._read[1][0] <= now - self._window:
            self._read.popleft()

    def restart(self) -> None:
        """Forget what was read: the next readings begin anew."""
        self._read.clear()

    @property
    def span(self) -> float:
        """Seconds that the readings cover, at most about the window."""
        return self._read[-1][0] - self._read[0][0] if self._read else 0.0

    @property
    def rate(self) -> float:
        """Bytes per second; 0.0 until there are two readings."""
        if self.span <= 0:
            return 0.0
        return (self._read[-1][1] - self._read[0][1]) / self.span
