"""What a link can do, as far as ordinary traffic shows it: nothing is sent to find out."""

from __future__ import annotations

LEAST_FLOW = 1024  # bytes between two looks below which nothing is said about the link
LEAST_TIME = 3.0  # seconds of steady flow that make a measurement
LEAST_BURST = 64 * 1024  # bytes that came within one look are a measurement, too, if there were so many
LASTS = 1800.0


class LinkSpeed:
    """Bytes per second of one link, measured while a first list is on its way, because then it is full.

    `value` is None while nothing is known; what was measured is forgotten after half an hour, since a vehicle may
    have come home.
    """

    def __init__(self) -> None:
        self.value: float | None = None
        self._measured = 0.0
        self._last: tuple[float, int] | None = None
        self._bytes = 0
        self._time = 0.0

    def look(self, now: float, total: int, loading: bool) -> None:
        """The counter of bytes stands at `total`; `loading` is whether a first list is under way."""
        last, self._last = self._last, (now, total) if loading else None
        if last is not None:
            came, took = total - last[1], now - last[0]
            if loading and came >= LEAST_FLOW:
                self._bytes += came
                self._time += took
                if self._time >= LEAST_TIME:
                    self._keep(self._bytes / self._time, now)
            elif not loading and self._bytes + came >= LEAST_BURST:
                self._keep((self._bytes + came) / max(self._time + took, 1e-3), now)
        if not loading:
            self._bytes, self._time = 0, 0.0
        if self.value is not None and now - self._measured > LASTS:
            self.value = None

    def _keep(self, value: float, now: float) -> None:
        self.value, self._measured = value, now
