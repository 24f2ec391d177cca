"""What a link can do, as far as ordinary traffic shows it: nothing is sent to find out."""

from __future__ import annotations

LEAST_FLOW = 1024  # bytes between two samples below which nothing is said about the link
LEAST_TIME = 3.0  # seconds of steady flow that make a measurement
LEAST_BURST = 64 * 1024  # bytes that came within one sample are a measurement, too, if there were so many
LASTS, LONGEST = 1800.0, 8 * 3600.0
ALIKE = 2.0


class LinkSpeed:
    """Bytes per second of one link, measured while a list is on its way, because then it is full.

    `value` is None while nothing is known. What was measured is forgotten after half an hour, since a vehicle may
    have come home; twice as late each time that it turned out to be much the same.
    """

    def __init__(self) -> None:
        self.value: float | None = None
        self._measured = 0.0
        self._lasts = LASTS
        self._forgotten: float | None = None
        self._last: tuple[float, int] | None = None
        self._bytes = 0
        self._time = 0.0

    def look(self, now: float, total: int, listing: bool) -> None:
        """The counter of bytes stands at `total`; `listing` is whether a list is under way."""
        last, self._last = self._last, (now, total) if listing else None
        if last is not None:
            came, took = total - last[1], now - last[0]
            if listing and came >= LEAST_FLOW:
                self._bytes += came
                self._time += took
                if self._time >= LEAST_TIME:
                    self._keep(self._bytes / self._time, now)
            elif not listing and self._bytes + came >= LEAST_BURST:
                self._keep((self._bytes + came) / max(self._time + took, 1e-3), now)
        if not listing:
            self._bytes, self._time = 0, 0.0
        if self.value is not None and now - self._measured > self._lasts:
            self._forgotten, self.value = self.value, None

    def pause(self) -> None:
        """The link is down: what comes next is no part of what was being measured."""
        self._last = None
        self._bytes, self._time = 0, 0.0

    def _keep(self, value: float, now: float) -> None:
        if self._forgotten is not None:
            alike = 1 / ALIKE <= value / self._forgotten <= ALIKE
            self._lasts = min(2 * self._lasts, LONGEST) if alike else LASTS
            self._forgotten = None
        self.value, self._measured = value, now
