"""The meter of one cluster's link, and the wire profile that follows from it. Clock and counters are handed in."""

from __future__ import annotations

from edgetui.cluster import wirechoice
from edgetui.cluster.counters import Counters
from edgetui.cluster.linkspeed import LinkSpeed
from edgetui.cluster.wirechoice import Choice, Seen
from edgetui.model.meter import Meter
from edgetui.model.wireprofile import Wire, WireState

WINDOW = 60.0


class LinkWatch:
    """Looks at the counters of one cluster now and then.

    `forced` is the profile to keep whatever the link does; `budget` is in bytes per second, in both directions.
    """

    def __init__(self, forced: Wire | None = None, budget: float | None = None) -> None:
        self._forced = forced
        self._budget = budget
        self._choice = Choice(wire=forced or Wire.FULL)
        self._speed = LinkSpeed()
        self._meter = Meter(WINDOW)
        self._spent = Meter(WINDOW)

    @property
    def rate(self) -> float:
        """Bytes per second from and to the API server, over the last minute."""
        return self._meter.rate

    @property
    def state(self) -> WireState:
        """The profile in force."""
        return wirechoice.state(self._choice, forced=self._forced, budget=self._budget)

    def look(self, now: float, counters: Counters, loading: bool) -> WireState:
        """Read the counters at a steady time; `loading` is whether a first list is under way."""
        total = counters.bytes_in + counters.bytes_out
        self._meter.read(now, total)
        self._speed.look(now, counters.bytes_in, loading)
        if loading:
            self._spent.restart()  # first lists are no habit: a budget that counted them would never allow one
        else:
            self._spent.read(now, total)
        before = self.state
        seen = Seen(
            round_trip=min(counters.waits, default=None),
            speed=self._speed.value,
            rate=self._spent.rate if self._spent.span >= WINDOW else None,
        )
        self._choice = wirechoice.choose(self._choice, seen, now, forced=self._forced, budget=self._budget)
        if self.state != before:
            self._spent.restart()
        return self.state
