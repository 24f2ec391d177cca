"""How many streams open at once, and who waits for whom, without a link."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.watch.opening_queue import MOST_OPENING, NEXT_WITHIN, WHOLE_WITHIN, OpeningQueue
from edgetui.cluster.watch.reflector import states as r


class Stream:
    """A watcher that asks as soon as it may."""

    def __init__(self, every: float = 0.0) -> None:
        self.state = r.State(every=every)
        self.stopped = False

    def feed(self, happened: r.LinkUp) -> None:
        self.is_in(r.Phase.STREAMING)

    def is_in(self, phase: r.Phase, *, head: bool = False) -> None:
        self.state = r.State(phase=phase, head=head, every=self.state.every)

    @property
    def asked(self) -> bool:
        return self.state.phase is not r.Phase.IDLE


class Clock:
    """Keeps what is to be called later; `ring` calls what was not cancelled."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], None]] = []
        self.seconds: list[float] = []

    def later(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        self.calls.append(call)
        self.seconds.append(seconds)
        return lambda: self.calls.remove(call) if call in self.calls else None

    def ring(self) -> None:
        calls, self.calls = self.calls, []
        for call in calls:
            call()


def opener(*, alone: bool = False, asking: bool = False) -> Any:
    return SimpleNamespace(alone=alone, asking=asking)


def of(count: int, every: float = 0.0) -> list[Any]:
    return [Stream(every) for _ in range(count)]


def asked(streams: list[Any]) -> int:
    return sum(stream.asked for stream in streams)


def test_no_more_than_eight_open_at_once_and_each_that_is_answered_makes_room_for_one() -> None:
    queue, streams = OpeningQueue(Clock().later), of(MOST_OPENING + 3)
    queue.admit(opener(), streams)
    for answered in range(4):
        assert asked(streams) == MOST_OPENING + min(answered, 3)
        streams[answered].is_in(r.Phase.STREAMING, head=True)
        queue.moved(streams[answered])
    assert asked(streams) == len(streams)


def test_what_is_shown_first_opens_alone_until_it_is_answered_or_a_second_has_passed() -> None:
    for late in (False, True):
        clock, first, then = Clock(), of(1), of(2)
        queue = OpeningQueue(clock.later)
        queue.admit(opener(alone=True), first)
        queue.admit(opener(), then)
        assert (asked(first), asked(then)) == (1, 0)
        assert set(clock.seconds) == {NEXT_WITHIN}
        if late:
            clock.ring()
        else:
            first[0].is_in(r.Phase.STREAMING, head=True)
            queue.moved(first[0])
        assert asked(then) == 2


def test_who_does_not_know_yet_what_to_open_keeps_its_turn() -> None:
    clock, then = Clock(), of(1)
    queue = OpeningQueue(clock.later)
    queue.admit(opener(asking=True), [])
    queue.admit(opener(), then)
    assert asked(then) == 0
    clock.ring()
    assert asked(then) == 1


def test_after_a_failure_one_tries_and_the_others_wait_until_it_is_complete() -> None:
    clock, streams = Clock(), of(4)
    queue = OpeningQueue(clock.later)
    queue.clear()
    queue.admit(opener(), streams)
    assert asked(streams) == 1
    clock.ring()
    assert asked(streams) == 1, "it owes the answer"
    streams[0].is_in(r.Phase.WATCHING, head=True)
    queue.moved(streams[0])
    assert asked(streams) == 4


def test_one_that_stopped_holds_nobody_up() -> None:
    queue, streams, others = OpeningQueue(Clock().later), of(MOST_OPENING), of(1)
    queue.admit(opener(), streams)
    queue.admit(opener(), others)
    assert asked(others) == 0
    streams[0].stopped = True
    queue.moved(streams[0])
    assert asked(others) == 1


def test_what_is_only_listed_opens_once_all_others_have_come_through_whole() -> None:
    clock, listed, watched, later = Clock(), of(2, 180.0), of(2), of(1)
    queue = OpeningQueue(clock.later)
    queue.admit(opener(), watched[:1])
    queue.admit(opener(), listed)
    queue.admit(opener(), watched[1:])
    assert (asked(watched), asked(listed)) == (2, 0)
    for one in watched:
        one.is_in(r.Phase.STREAMING, head=True)
        queue.moved(one)
    assert asked(listed) == 0, "their rows are still on their way"
    watched[0].is_in(r.Phase.WATCHING)
    queue.moved(watched[0])
    queue.admit(opener(), later)
    assert (asked(later), asked(listed)) == (1, 0), "nobody waits for a list"
    for one in (watched[1], later[0]):
        one.is_in(r.Phase.WATCHING)
        queue.moved(one)
    assert asked(listed) == 2


def test_a_list_does_not_wait_for_ever_for_what_does_not_come() -> None:
    clock, listed, watched = Clock(), of(1, 180.0), of(1)
    queue = OpeningQueue(clock.later)
    queue.admit(opener(), watched)
    queue.admit(opener(), listed)
    watched[0].is_in(r.Phase.STREAMING, head=True)
    queue.moved(watched[0])
    assert asked(listed) == 0
    assert clock.seconds[-1] == WHOLE_WITHIN
    clock.ring()
    assert asked(listed) == 1


def test_a_list_that_is_shown_opens_as_what_is_shown() -> None:
    clock, listed, then = Clock(), of(1, 60.0), of(1)
    queue = OpeningQueue(clock.later)
    queue.admit(opener(alone=True), listed)
    queue.admit(opener(), then)
    assert (asked(listed), asked(then)) == (1, 0)


# Random histories


class Told(Stream):
    """A stream that says when it may open."""

    def __init__(self, name: str, said: list[str], every: float) -> None:
        super().__init__(every)
        self.name, self.said = name, said

    def feed(self, happened: r.LinkUp) -> None:
        since = "" if happened.down_since == r.NEVER else f" since {happened.down_since:g}"
        self.said.append(f"{self.name} opens{since}")
        super().feed(happened)


class Timer:
    """At most one call that is due, told as it is set and cancelled."""

    def __init__(self, said: list[str]) -> None:
        self.said = said
        self.due: list[Callable[[], None]] = []

    def later(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        self.said.append(f"wait {seconds:g} s")
        self.due.append(call)

        def cancel() -> None:
            if call in self.due:
                self.said.append("wait no more")
                self.due.remove(call)

        return cancel

    def ring(self) -> None:
        assert len(self.due) <= 1
        for call in list(self.due):
            self.due.remove(call)
            call()


PHASES = (
    (r.Phase.STREAMING, True),
    (r.Phase.LISTING, False),
    (r.Phase.REFRESHING, False),
    (r.Phase.RESUMING, True),
    (r.Phase.WATCHING, True),
    (r.Phase.RESTING, False),
    (r.Phase.BACKOFF, False),
)


def history(seed: int) -> list[str]:
    """Kinds that come in turn, streams that come further, stop and fail, and time that passes."""
    draw, said = random.Random(seed), list[str]()
    timer = Timer(said)
    queue = OpeningQueue(timer.later)
    queue.patient = seed % 2 == 1
    said.append("others start over the same link" if queue.patient else "it starts alone")
    openers = [opener(alone=n < 2, asking=n == 3) for n in range(5)]
    streams: list[Told] = []
    for _ in range(30):
        what = draw.choice(
            ("admit", "admit", "move", "move", "move", "move", "time", "stop", "clear", "asked")
        )
        if what == "admit":
            kind = draw.randrange(5)
            every = draw.choice((0.0, 0.0, 60.0))
            fresh = [
                Told(f"{kind}.{len(streams) + n}", said, every) for n in range(draw.choice((0, 1, 3, 10)))
            ]
            streams += fresh
            since = draw.choice((r.NEVER, 7.0))
            said.append(f"-- admit {len(fresh)} of {kind}, every {every:g}, down since {since:g}")
            admitted: list[Any] = list(fresh)
            queue.admit(openers[kind], admitted, since)
        elif what == "clear" and draw.random() < 0.5:
            said.append("-- clear")
            queue.clear()
        elif what == "time":
            said.append("-- time")
            timer.ring()
        elif what == "asked":
            openers[3].asking = not openers[3].asking
            said.append(f"-- 3 asks {openers[3].asking}")
        elif asking := [one for one in streams if one.asked and not one.stopped]:
            one: Any = draw.choice(asking)
            if what == "stop":
                one.stopped = True
                said.append(f"-- {one.name} stops")
            else:
                phase, head = draw.choice(PHASES)
                one.is_in(phase, head=head)
                said.append(f"-- {one.name} is {phase}{', answered' * head}")
            queue.moved(one)
    return said


@pytest.mark.parametrize("seed", range(40))
def test_who_opens_when_through_a_random_history(seed: int, snapshot: SnapshotAssertion) -> None:
    assert "\n".join(history(seed)) == snapshot
