"""What the screen costs on its terminal, said so rarely and so roughly that saying it costs next to nothing."""

from __future__ import annotations

from collections.abc import Callable

from edgetui.model.meter import Meter
from edgetui.model.text import rate

WINDOW = 30.0
AGAIN = 10.0
"""Seconds that what is said stays: each change is bytes on the very line that is metered."""
LEAST = 128.0
"""Bytes per second below which nothing is said: a few keys pressed, or a clock that moves."""


class TerminalMeter:
    """The rate in words, empty while it is not worth them. `total` gives the bytes sent so far."""

    def __init__(self, total: Callable[[], int]) -> None:
        self._total = total
        self._meter = Meter(WINDOW)
        self._said = -AGAIN
        self.words = ""

    @property
    def total(self) -> int:
        """Bytes sent so far."""
        return self._total()

    def read(self, now: float) -> None:
        """Look at the counter; call it about once a second."""
        self._meter.read(now, self._total())
        if now - self._said >= AGAIN and self._meter.span >= WINDOW:
            self._said = now
            self.words = rate(self._meter.rate) if self._meter.rate >= LEAST else ""
