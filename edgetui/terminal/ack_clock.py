"""How much may be under way to the terminal: known from its own answers, so that no queue grows on a thin link.

A status request sent behind a frame is answered when the terminal has drawn it. What was sent and not answered yet
is held below a window, and the window follows the delay: it grows while answers come as soon as over an empty link,
and shrinks to what the link carries in that time when they do not. A terminal that never answers gets its bytes no
faster than a rate. No clock and no I/O in here: the time (s) is handed in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

REQUEST = "\x1b[5n"
"""Asks for the terminal's status; every terminal since the VT100 answers, and no key looks like its answer."""

FIRST_WINDOW = 4096
SMALLEST_WINDOW, LARGEST_WINDOW = 128, 64 * 1024
SMALLEST_PIECE = 64
REQUEST_EVERY = 256
"""Bytes after which a request is worth its four."""

QUEUE_TIME = 0.1
"""Seconds that bytes may queue on the way before the window shrinks."""

SURE = 512
"""Bytes under way from which one late answer may shrink the window by more than half: fewer can be late by chance."""

PATIENCE = 3.0
LONGEST_PATIENCE = 12.0
"""Seconds after which an answer is not waited for, at first and when it stays away again and again."""

BASE_SPAN = 30.0
"""Seconds for which a shortest round trip is remembered, at least."""


Tell = Callable[[], None]


class _Request(NamedTuple):
    total: int
    under_way: int
    at: float


class AckClock:
    """Counts what is under way. `rate` (bytes/s) bounds the output to a terminal that does not answer."""

    def __init__(self, rate: float) -> None:
        self.window = FIRST_WINDOW
        """Bytes that may be under way."""
        self.answers = True
        """False once the terminal left its first request without an answer."""
        self.answer_time = 0.0
        """Moving average (s) of the time to an answer, queues included; 0 before the first."""
        self.given_up = 0
        """How often the answers to come were given up or set aside: none of them tells anything any more."""
        self._rate = rate
        self._sent = self._acked = 0
        self._requests: deque[_Request] = deque()
        self._late = 0
        self._late_came = False
        self._ever_heard = False
        self._patience = PATIENCE
        self._free_at = 0.0
        self._best = self._best_before = 0.0
        self._best_since = 0.0

    @property
    def round_trip(self) -> float:
        """The shortest time (s) to an answer in the last minute of output; 0 before the first."""
        return min(self._best, self._best_before) if self._best_before else self._best

    @property
    def asked(self) -> int:
        """Bytes sent up to the end of the newest request."""
        return self._requests[-1].total if self._requests else self._acked

    @property
    def acked(self) -> int:
        """Bytes sent up to the end of the newest request that was answered, or given up."""
        return self._acked

    @property
    def waiting(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self._requests)

    def room(self, now: float) -> int:
        """Bytes that may be sent now; 0 means to wait, until an answer or until `wait_until`."""
        if self._requests and now >= self._requests[0].at + self._patience:
            self._give_up()
        if not self.answers:
            return self.window if now >= self._free_at else 0
        piece = max(self.window // 4, REQUEST_EVERY)
        if not self._requests:
            return min(self.window, piece)
        left = self.window - (self._sent - self._acked)
        return min(left, piece) if left >= SMALLEST_PIECE else 0

    def wait_until(self) -> float:
        """When to look for room again, if no answer comes before."""
        return self._requests[0].at + self._patience if self._requests else self._free_at

    def sent(self, count: int, now: float) -> bool:
        """`count` bytes go out; True when a request must follow them."""
        self._sent += count
        if not self.answers:
            self._free_at = max(now, self._free_at) + count / self._rate
            return False
        if self._sent - self.asked < min(REQUEST_EVERY, self.window // 4):
            return False
        self.ask(now)
        return True

    def ask(self, now: float) -> None:
        """A request goes out."""
        self._sent += len(REQUEST)
        self._requests.append(_Request(self._sent, self._sent - self._acked, now))

    def answered(self, now: float) -> None:
        """An answer came."""
        self.answers = self._ever_heard = True
        self._patience = PATIENCE
        if self._late:
            self._late -= 1
            self._late_came = True
        elif self._requests:
            self._late_came = False
            request = self._requests.popleft()
            self._learn(now - request.at, request, now)
            self._acked = request.total

    def set_aside(self) -> None:
        """Wait no more for the answers to come: another program had the terminal. They may come all the same."""
        self._late += len(self._requests)
        self._forget()

    def _forget(self) -> None:
        self.given_up += 1
        self._requests.clear()
        self._acked = self._sent

    def _give_up(self) -> None:
        """An answer is late or lost. What was taken for late ones, and none after, says that those were lost."""
        lost = self._late_came and not self._late
        self._late = 0 if lost else self._late + len(self._requests)
        self._late_came = False
        self._forget()
        self.answers = self._ever_heard
        self.window = SMALLEST_WINDOW if self.answers else max(int(self._rate * QUEUE_TIME), SMALLEST_WINDOW)
        self._patience = min(2 * self._patience, LONGEST_PATIENCE)

    def _learn(self, took: float, request: _Request, now: float) -> None:
        self.answer_time += (took - self.answer_time) / 8 if self.answer_time else took
        if now - self._best_since >= BASE_SPAN:
            self._best_before, self._best, self._best_since = self._best, took, now
        self._best = min(self._best or took, took)
        allowed = self.round_trip + QUEUE_TIME
        if took > allowed:
            fits = int(request.under_way * allowed / took)
            floor = SMALLEST_WINDOW if request.under_way >= SURE else max(self.window // 2, SMALLEST_WINDOW)
            self.window = max(min(self.window, fits), floor)
        elif 2 * request.under_way >= self.window:
            arrived = request.total - self._acked
            self.window += int(arrived * (allowed - took) / QUEUE_TIME)
            self.window = min(self.window, LARGEST_WINDOW)


class Drawn:
    """Those who wait until the terminal has drawn what it was sent: until it answers a request behind the last byte.

    A terminal that never answers has drawn it, as far as anybody can know, when the last byte was taken.
    """

    def __init__(self, clock: AckClock) -> None:
        self._clock = clock
        self._new: list[Tell] = []
        self._asked: list[Tell] = []
        self._behind, self._given_up = 0, 0

    @property
    def waiting(self) -> bool:
        """Whether somebody still waits."""
        return bool(self._new or self._asked)

    def tell_when(self, tell: Tell) -> None:
        """Call `tell` once what was sent up to the next call of `must_ask` is drawn."""
        self._new.append(tell)

    def must_ask(self, now: float) -> bool:
        """Everything to be drawn is on its way: whether a request must follow it.

        An answer that was given up is asked for again, for it may have been to another screen.
        """
        clock = self._clock
        if self._asked:
            clock.room(now)
        if self._asked and clock.given_up != self._given_up:
            self._new, self._asked = [*self._asked, *self._new], []
        if not self._new or self._asked:
            return False
        if not clock.answers:
            tell, self._new = self._new, []
            for one in tell:
                one()
            return False
        self._asked, self._new = self._new, []
        clock.ask(now)
        self._behind, self._given_up = clock.asked, clock.given_up
        return True

    def answered(self) -> None:
        """The terminal answered: tell those whose request that was."""
        clock = self._clock
        if self._asked and clock.given_up == self._given_up and clock.acked >= self._behind:
            tell, self._asked = self._asked, []
            for one in tell:
                one()
