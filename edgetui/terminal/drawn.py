"""When the terminal has drawn what it was sent: told by its answer to a request behind the last byte of that.

A terminal that never answers has drawn it, as far as anybody can know, when the last byte was taken.
"""

from __future__ import annotations

from collections.abc import Callable

from .ack_clock import AckClock

Tell = Callable[[], None]


class Drawn:
    """Those who wait for the terminal. `clock` counts the requests and their answers."""

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
