"""The meter of one cluster's link, and the wire profile that follows from it. Clock and counters are handed in.

What a link can do is told from ordinary traffic. Only what was measured long ago, and spares the link since, is
measured again by one answer of a few KB.
"""

from __future__ import annotations

from edgetui.cluster.http.traffic import Counters
from edgetui.cluster.link import profile
from edgetui.cluster.link.profile import Choice, Seen
from edgetui.model.cache.wireprofile import Wire, WireState
from edgetui.model.meter import Meter

WINDOW = 60.0
LEAST_FLOW = 256  # bytes between two samples below which nothing is said about the link
MOST_GAP = 3.0  # seconds without flow that belong to a measurement
LEAST_TIME = 3.0  # seconds of steady flow that make a measurement
LEAST_BURST = 64 * 1024  # bytes that came within one sample are a measurement, too, if there were so many
LASTS, LONGEST = 1800.0, 8 * 3600.0
LONGEST_START = 30.0  # seconds after which a start is over, whatever is still missing
ENOUGH = 16 * 1024  # bytes of a start that tell more than that the link is a very slow one
LEAST_START = 3 * 1024  # bytes of a start below which nothing is said
HANDSHAKE = 3400  # bytes that a full handshake of TLS 1.3 brings
TRIPS = 3  # one after another until all first lists are asked for
MORE_TRIPS = 2  # by which a start may take longer: lists that wait for others, the server's own time
ALIKE = 2.0
EARLIER = "as in the last run"


class LinkSpeed:
    """Bytes per second of one link, measured while a list is on its way, because then it is full.

    `value` is None until it is measured. After half an hour it is `due` to be measured again, since a vehicle may have
    come home; twice as late each time that it turned out to be much the same.
    """

    def __init__(self) -> None:
        self.value: float | None = None
        self._measured = 0.0
        self._lasts = LASTS
        self._last: tuple[float, int] | None = None
        self._restart()

    def _restart(self) -> None:
        self._first: tuple[int, float] | None = None
        self._bytes, self._time, self._gap = 0, 0.0, 0.0

    def due(self, now: float) -> bool:
        """Whether what is known is old."""
        return self.value is not None and now - self._measured > self._lasts

    def look(self, now: float, total: int, listing: bool) -> None:
        """The counter of bytes stands at `total`; `listing` is whether a list is under way."""
        last, self._last = self._last, (now, total) if listing else None
        if last is not None:
            came, took = total - last[1], now - last[0]
            if listing and came >= LEAST_FLOW and self._first is None:
                # A TLS record of 16 KB is nothing until the whole of it is there: since when it came is not known.
                self._first = (came, took)
            elif listing and came >= LEAST_FLOW:
                self._bytes += came
                self._time += took + self._gap
                self._gap = 0.0
                if self._time >= LEAST_TIME:
                    self.keep(self._bytes / self._time, now)
            elif listing:
                self._gap = min(self._gap + took, MOST_GAP) if self._first else 0.0
            else:
                self._end(came, took, now)
        if not listing:
            self._restart()

    def _end(self, came: int, took: float, now: float) -> None:
        """The list is over; its last bytes took so long."""
        first, waited = self._first or (0, 0.0)
        if first + self._bytes + came >= LEAST_BURST:
            self.keep((first + self._bytes + came) / max(waited + self._time + took, 1e-3), now)

    def recall(self, value: float | None, now: float) -> None:
        """What an earlier run measured counts as if it had been now."""
        self.value, self._measured = value, now

    def pause(self) -> None:
        """The link is down: what comes next is no part of what was being measured."""
        self._last = None
        self._restart()

    def keep(self, value: float, now: float) -> None:
        """This is what was measured."""
        if self.value is not None and self.due(now):
            alike = 1 / ALIKE <= value / self.value <= ALIKE
            self._lasts = min(2 * self._lasts, LONGEST) if alike else LASTS
        self.value, self._measured = value, now


def _trip(counters: Counters, took: float, came: int) -> float:
    """The round trip (s) of a start for which a full handshake took what it did, at most all of it.

    On a narrow link the shortest wait is mostly the bytes ahead of it. Both the handshake, a trip and HANDSHAKE bytes,
    and the start, TRIPS and the bytes that came, went at the same speed: two equations, where the start is long enough.
    """
    times = came / HANDSHAKE
    if counters.resumed or times < 2 * TRIPS:
        return counters.handshake
    return max(0.0, (counters.handshake * times - took) / (times - TRIPS))


class LinkWatch:
    """Samples the counters of one cluster now and then.

    `forced` is the profile to keep whatever the link does; `budget` is in bytes per second, in both directions.
    Time counts while the link is up: a link that is down says nothing about what it can bear, so meanwhile nothing
    is forgotten and the profile stands still.
    Until the first lists are there the profile is thin, unless the handshake says that the link bears everything.
    """

    def __init__(self, forced: Wire | None = None, budget: float | None = None) -> None:
        self._forced = forced
        self._budget = budget
        self._choice = profile.NEW if forced is None else Choice(wire=forced)
        self._began: tuple[float, int] | None = None
        self._speed = LinkSpeed()
        self._meter = Meter(WINDOW)
        self._spent = Meter(WINDOW)
        self._last: tuple[float, int] | None = None
        self._up_time = 1.0  # 0.0 stands for "never" in a Choice
        self._exempt = 0

    @property
    def open(self) -> bool:
        """Whether nothing is decided yet."""
        return self._choice.open

    @property
    def due(self) -> bool:
        """Whether less than everything is asked for because of a speed that was measured long ago."""
        spares = self._forced is None and self._choice.wire is not Wire.FULL
        return spares and self._speed.due(self._up_time)

    def measured(self, size: int, took: float, counters: Counters) -> None:
        """One answer of so many bytes took so many seconds, a round trip among them."""
        trip = min(counters.waits, default=0.0)
        self._speed.keep(size / max(took - trip, took / 4, 1e-3), self._up_time)

    def unmeasured(self) -> None:
        """There was nothing to measure by: what is known has to do."""
        if self._speed.value is not None:
            self._speed.keep(self._speed.value, self._up_time)

    @property
    def found(self) -> tuple[str, float]:
        """For the next run: the profile that the link calls for and its bytes per second, empty and 0.0 if unknown."""
        if self._forced is not None or self._choice.open:
            return "", 0.0
        return self._choice.wire, self._speed.value or 0.0

    def begin(self, wire: str, speed: float) -> None:
        """Go on from what an earlier run found, unless a profile is forced; a name that is unknown says nothing."""
        if self._forced is None and wire in tuple(Wire):
            self._choice = Choice(wire=Wire(wire), why=EARLIER if wire != Wire.FULL else "")
            self._speed.recall(speed or None, self._up_time)

    @property
    def rate(self) -> float:
        """Bytes per second from and to the API server, over the last minute."""
        return self._meter.rate

    @property
    def state(self) -> WireState:
        """The profile in force."""
        return profile.state(self._choice, forced=self._forced, budget=self._budget)

    def connected(self, now: float, counters: Counters) -> WireState:
        """The first connection is there, and nothing has been asked for on it."""
        self._began = (now, counters.bytes_in)
        if self._choice.open and counters.handshake <= profile.QUICK_HANDSHAKE:
            self._choice = Choice()
        return self.state

    def look(
        self,
        now: float,
        counters: Counters,
        *,
        listing: bool = False,
        first: bool = False,
        up: bool = True,
        starting: bool = False,
    ) -> WireState:
        """Read the counters at a steady time.

        `listing` is whether a list fills the link, `first` whether it is the first of its collection: that one does
        not count against a budget, which would else never allow it. `up` is whether the link is up, `starting` whether
        first lists are missing.
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
        speed = self._speed.value
        if self._choice.open and speed is None:
            if starting and (self._began is None or now - self._began[0] < LONGEST_START):
                return before
            speed = self._first_speed(now, counters)
            if speed is not None:
                self._speed.keep(speed, self._up_time)
        seen = Seen(
            round_trip=min(counters.waits, default=None),
            speed=speed,
            rate=self._spent.rate if self._spent.span >= WINDOW and not first else None,
        )
        self._choice = profile.choose(
            self._choice, seen, self._up_time, forced=self._forced, budget=self._budget
        )
        if self.state != before:
            self._spent.restart()
        return self.state

    def _first_speed(self, now: float, counters: Counters) -> float | None:
        """What a start shows that was over too soon for a measurement: its bytes, in the time without round trips."""
        if self._began is None or not counters.waits:
            return None
        took, came = now - self._began[0], counters.bytes_in - self._began[1]
        if came < LEAST_START:
            return None
        trip = min(min(counters.waits), _trip(counters, took, came))
        speed = came / max(took - TRIPS * trip, took / 4, 1e-3)
        narrow = speed < profile.THIN_BELOW and took > (TRIPS + MORE_TRIPS) * trip
        return speed if came >= ENOUGH or narrow else None
