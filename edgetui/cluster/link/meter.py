"""The meter of one cluster's link, and the wire profile that follows from it. Clock and counters are handed in.

What a link can do is told from ordinary traffic: nothing is sent to find out.
"""

from __future__ import annotations

from edgetui.cluster.http.traffic import Counters
from edgetui.cluster.link import profile
from edgetui.cluster.link.profile import Choice, Seen
from edgetui.model.cache.wireprofile import Wire, WireState
from edgetui.model.meter import Meter

WINDOW = 60.0
LEAST_FLOW = 1024  # bytes between two samples below which nothing is said about the link
MOST_GAP = 3.0  # seconds without flow that belong to a measurement
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
        self._gap = 0.0

    def look(self, now: float, total: int, listing: bool) -> None:
        """The counter of bytes stands at `total`; `listing` is whether a list is under way."""
        last, self._last = self._last, (now, total) if listing else None
        if last is not None:
            came, took = total - last[1], now - last[0]
            if listing and came >= LEAST_FLOW:
                self._bytes += came
                self._time += took + self._gap
                self._gap = 0.0
                if self._time >= LEAST_TIME:
                    self._keep(self._bytes / self._time, now)
            elif listing:
                # A TLS record of 16 KB is nothing until the whole of it is there.
                self._gap = min(self._gap + took, MOST_GAP) if self._bytes else 0.0
            elif self._bytes + came >= LEAST_BURST:
                self._keep((self._bytes + came) / max(self._time + took, 1e-3), now)
        if not listing:
            self._bytes, self._time, self._gap = 0, 0.0, 0.0
        if self.value is not None and now - self._measured > self._lasts:
            self._forgotten, self.value = self.value, None

    def pause(self) -> None:
        """The link is down: what comes next is no part of what was being measured."""
        self._last = None
        self._bytes, self._time, self._gap = 0, 0.0, 0.0

    def _keep(self, value: float, now: float) -> None:
        if self._forgotten is not None:
            alike = 1 / ALIKE <= value / self._forgotten <= ALIKE
            self._lasts = min(2 * self._lasts, LONGEST) if alike else LASTS
            self._forgotten = None
        self.value, self._measured = value, now


class LinkWatch:
    """Samples the counters of one cluster now and then.

    `forced` is the profile to keep whatever the link does; `budget` is in bytes per second, in both directions.
    Time counts while the link is up: a link that is down says nothing about what it can bear, so meanwhile nothing
    is forgotten and the profile stands still.
    """

    def __init__(self, forced: Wire | None = None, budget: float | None = None) -> None:
        self._forced = forced
        self._budget = budget
        self._choice = Choice(wire=forced or Wire.FULL)
        self._speed = LinkSpeed()
        self._meter = Meter(WINDOW)
        self._spent = Meter(WINDOW)
        self._last: tuple[float, int] | None = None
        self._up_time = 1.0  # 0.0 stands for "never" in a Choice
        self._exempt = 0

    @property
    def rate(self) -> float:
        """Bytes per second from and to the API server, over the last minute."""
        return self._meter.rate

    @property
    def state(self) -> WireState:
        """The profile in force."""
        return profile.state(self._choice, forced=self._forced, budget=self._budget)

    def look(
        self, now: float, counters: Counters, *, listing: bool = False, first: bool = False, up: bool = True
    ) -> WireState:
        """Read the counters at a steady time.

        `listing` is whether a list fills the link, `first` whether it is the first of its collection: that one does
        not count against a budget, which would else never allow it. `up` is whether the link is up.
        """
        total = counters.bytes_in + counters.bytes_out
        self._meter.read(now, total)
        if not up:
            self._last = None
            self._speed.pause()
            self._spent.restart()
            return self.state
        if self._last is not None:
            self._up_time += now - self._last[0]
            self._exempt += total - self._last[1] if first else 0
        self._last = (now, total)
        self._speed.look(self._up_time, counters.bytes_in, listing)
        self._spent.read(self._up_time, total - self._exempt)
        before = self.state
        seen = Seen(
            round_trip=min(counters.waits, default=None),
            speed=self._speed.value,
            rate=self._spent.rate if self._spent.span >= WINDOW and not first else None,
        )
        self._choice = profile.choose(
            self._choice, seen, self._up_time, forced=self._forced, budget=self._budget
        )
        if self.state != before:
            self._spent.restart()
        return self.state
