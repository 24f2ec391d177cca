"""The ack clock on simulated links: no queue grows, and the link is not left empty either."""

from __future__ import annotations

from collections import deque

import pytest

from edgetui.terminal.ack_clock import (
    FIRST_WINDOW,
    LONGEST_PATIENCE,
    PATIENCE,
    REQUEST,
    SMALLEST_WINDOW,
    AckClock,
    Drawn,
)

STEP = 0.005


class Link:
    """Carries `rate` bytes a second with a round trip of `delay` seconds; a frame wants out whenever there is room."""

    def __init__(self, clock: AckClock, rate: float, delay: float) -> None:
        self.clock, self.rate, self.delay = clock, rate, delay
        self.now = 1000.0
        self.carried = 0
        self.longest_queue = 0.0
        self._free_at = self.now
        self._answers: deque[float] = deque()

    def put(self, count: int, asked: bool) -> None:
        self.carried += count + len(REQUEST) * asked
        self._free_at = max(self._free_at, self.now) + (count + len(REQUEST) * asked) / self.rate
        self.longest_queue = max(self.longest_queue, self._free_at - self.now)
        if asked:
            self._answers.append(self._free_at + self.delay)

    def run(self, seconds: float, frame: int, every: float) -> None:
        """Offer a frame of `frame` bytes every `every` seconds; one that finds no room is replaced by the next."""
        due, waiting, end = self.now, 0, self.now + seconds
        while self.now < end:
            while self._answers and self._answers[0] <= self.now:
                self._answers.popleft()
                self.clock.answered(self.now)
            if self.now >= due:
                due, waiting = due + every, frame
            while waiting and (room := self.clock.room(self.now)):
                piece = min(room, waiting)
                waiting -= piece
                self.put(piece, self.clock.sent(piece, self.now))
            self.now += STEP


def opened(rate: float, delay: float) -> Link:
    """A link on which the screen was just opened: a request, and the first frame."""
    link = Link(AckClock(16e3), rate, delay)
    link.clock.ask(link.now)
    link.put(60, asked=True)
    link.run(8, 2500, 8)
    return link


@pytest.mark.parametrize(
    ("rate", "delay"), [(960, 0.01), (1920, 0.05), (8000, 0.3), (64000, 0.15), (8000, 0.9)]
)
def test_the_queue_stays_short_and_the_link_full(rate: float, delay: float) -> None:
    link = opened(rate, delay)
    link.run(20, 4000, 0.05)
    link.carried, link.longest_queue = 0, 0.0
    link.run(20, 4000, 0.05)
    assert link.longest_queue <= 0.25
    assert link.carried >= (0.6 if delay < 0.5 else 0.35) * rate * 20


def test_small_frames_are_never_held_back_by_a_long_round_trip() -> None:
    link = opened(8000, 0.3)
    link.run(20, 120, 0.1)
    assert link.clock.room(link.now) >= 120
    assert link.carried >= 120 * 190


def test_a_quick_terminal_is_hardly_asked() -> None:
    link = opened(1e7, 0.0005)
    link.run(10, 4000, 0.01)
    assert link.clock.window >= 2 * FIRST_WINDOW
    link.carried = 0
    link.run(10, 12, 0.1)
    assert link.carried <= 12 * 101 * 1.03


def test_round_trip_and_answer_time() -> None:
    link = opened(8000, 0.3)
    link.run(10, 200, 0.5)
    assert 0.3 <= link.clock.round_trip <= 0.32
    assert link.clock.round_trip <= link.clock.answer_time <= 0.5
    link.delay = 0.6
    link.run(120, 200, 0.5)
    assert 0.6 <= link.clock.round_trip <= 0.65


def test_one_late_answer_does_not_close_the_window() -> None:
    clock = AckClock(16e3)
    clock.ask(0)
    clock.answered(0.05)
    assert clock.sent(300, 1)
    clock.answered(2.5)
    assert clock.window == FIRST_WINDOW // 2


def test_without_any_answer_the_rate_holds() -> None:
    clock = AckClock(1000)
    clock.ask(0)
    clock.sent(FIRST_WINDOW, 0)
    assert clock.room(PATIENCE - 0.1) == 0
    assert clock.wait_until() == PATIENCE
    sent, now = 0, PATIENCE
    while now < PATIENCE + 10:
        if room := clock.room(now):
            assert not clock.sent(room, now)
            sent += room
        else:
            now = clock.wait_until()
    assert 9_000 <= sent <= 10_500
    clock.answered(now)
    assert clock.answers


def test_a_stall_lets_out_less_and_less() -> None:
    """The terminal answered once; then nothing for two minutes: a piece now and then, never a stream."""
    clock = AckClock(16e3)
    clock.ask(0)
    clock.answered(0.1)
    sent, now = 0, 1.0
    while now < 121:
        if room := clock.room(now):
            clock.sent(room, now)
            sent += room
        else:
            now = clock.wait_until()
    assert clock.answers
    assert sent <= FIRST_WINDOW + SMALLEST_WINDOW * (2 + 120 / LONGEST_PATIENCE)


@pytest.mark.parametrize("others", [0, 1])
def test_answers_that_come_after_all_are_not_taken_for_others(others: int) -> None:
    """`others` answers came while the late one was already asked for."""
    clock = AckClock(16e3)
    clock.ask(0)
    clock.answered(0.3)
    for _ in range(others):
        clock.ask(1)
    clock.sent(FIRST_WINDOW, 1)
    for _ in range(others):
        clock.answered(1.3)
    assert clock.room(1 + PATIENCE)
    assert clock.sent(100, 10)
    clock.answered(10.01)
    assert clock.waiting, "this was the answer to the request of second 1"
    clock.answered(10.4)
    assert not clock.waiting
    assert clock.round_trip == pytest.approx(0.3)


def test_after_another_program_had_the_terminal_nothing_old_is_waited_for() -> None:
    clock = AckClock(16e3)
    clock.ask(0)
    clock.answered(0.3)
    clock.sent(FIRST_WINDOW, 1)
    clock.set_aside()
    assert clock.room(1.1)
    clock.ask(10)
    clock.answered(10.01)
    assert clock.waiting, "this was the answer to the request of second 1"
    clock.answered(10.3)
    assert not clock.waiting
    assert clock.round_trip == pytest.approx(0.3)


def test_lost_answers_are_not_waited_for_for_ever() -> None:
    """A multiplexer without anybody looking throws requests away; later ones are answered."""
    clock = AckClock(16e3)
    clock.ask(0)
    clock.answered(0.1)
    clock.sent(FIRST_WINDOW, 1)
    now = 1 + PATIENCE
    for _ in range(4):
        room = clock.room(now)
        assert room
        if clock.sent(room, now):
            clock.answered(now + 0.1)
        now = max(now + 1, clock.wait_until() if clock.waiting else 0)
    assert not clock.waiting
    assert clock.round_trip == pytest.approx(0.1)


def test_a_late_answer_that_came_long_ago_says_nothing_of_one_that_is_late_now() -> None:
    """Answers come late twice, with a prompt one between: the second late one is waited for too, not taken as lost."""
    clock = AckClock(16e3)
    clock.ask(0)
    clock.answered(0.3)
    clock.ask(1)
    assert clock.room(1 + PATIENCE)
    clock.answered(5)
    clock.ask(10)
    clock.answered(10.3)
    assert not clock.waiting
    clock.ask(60)
    assert clock.room(60 + PATIENCE)
    clock.ask(80)
    clock.answered(80.01)
    assert clock.waiting, "this was the answer to the request of second 60"
    clock.answered(80.3)
    assert not clock.waiting
    assert clock.round_trip == pytest.approx(0.3)


class Waiting:
    """Somebody who waits for the terminal to have drawn something."""

    def __init__(self) -> None:
        self.clock = AckClock(rate=1000.0)
        self.drawn = Drawn(self.clock)
        self.told = 0
        self.clock.ask(0.0)

    def tell(self) -> None:
        self.told += 1


def test_what_was_sent_is_drawn_when_the_request_behind_it_is_answered_and_no_earlier() -> None:
    one = Waiting()
    one.drawn.tell_when(one.tell)
    assert one.drawn.must_ask(0.1)
    one.clock.answered(0.2)
    one.drawn.answered()
    assert one.told == 0, "that was the answer to what came before"
    assert not one.drawn.must_ask(0.3)
    one.clock.answered(0.4)
    one.drawn.answered()
    assert (one.told, one.drawn.waiting) == (1, False)


def test_an_answer_that_stays_away_is_asked_for_again_of_a_terminal_that_has_answered() -> None:
    one = Waiting()
    one.clock.answered(0.1)
    one.drawn.tell_when(one.tell)
    assert one.drawn.must_ask(0.2)
    assert not one.drawn.must_ask(1.0)
    assert one.drawn.must_ask(0.2 + PATIENCE)
    one.clock.answered(PATIENCE + 0.3)  # the late one
    one.drawn.answered()
    assert one.told == 0
    one.clock.answered(PATIENCE + 0.4)
    one.drawn.answered()
    assert one.told == 1


def test_after_another_program_had_the_terminal_everything_must_be_drawn_again() -> None:
    one = Waiting()
    one.clock.answered(0.1)
    one.drawn.tell_when(one.tell)
    assert one.drawn.must_ask(0.2)
    one.clock.set_aside()
    one.clock.ask(5.0)
    one.drawn.answered()
    assert one.told == 0
    assert one.drawn.must_ask(5.1)


def test_a_terminal_that_never_answers_has_drawn_what_it_took() -> None:
    one = Waiting()
    one.drawn.tell_when(one.tell)
    assert one.drawn.must_ask(0.1)
    assert not one.drawn.must_ask(PATIENCE + 0.1)
    assert (one.told, one.drawn.waiting) == (1, False)
    one.drawn.tell_when(one.tell)
    assert not one.drawn.must_ask(PATIENCE + 0.2)
    assert one.told == 2


def begun(window: int = 4096) -> AckClock:
    """A clock whose first request was answered after 0.05 s."""
    clock = AckClock(16e3)
    clock.ask(0.0)
    clock.answered(0.05)
    clock.window = window
    return clock


@pytest.mark.parametrize(("count", "window"), [(506, 2048), (507, 2048), (508, 128), (600, 128)])
def test_one_late_answer_shrinks_to_a_half_and_one_with_much_under_way_to_what_fits(
    count: int, window: int
) -> None:
    clock = begun()
    assert clock.sent(count, 1.0)
    clock.answered(9.0)
    assert clock.window == window


@pytest.mark.parametrize(
    ("window", "under_way", "took", "then"),
    [
        (4096, 2048, 0.05, 4096 + 2048),
        (4096, 2047, 0.05, 4096),
        (4096, 2048, 0.1, 4096 + 1024),
        (4096, 2048, 0.15, 4096),
        (4096, 4096, 0.3, 2048),
        (4096, 512, 0.1501, 511),
        (200, 512, 0.3, 200),
        (129, 400, 20.0, 128),
        (65000, 40000, 0.05, 65536),
    ],
)
def test_the_window_follows_the_time_that_an_answer_takes(
    window: int, under_way: int, took: float, then: int
) -> None:
    clock = begun(window)
    assert clock.sent(under_way - 4, 1.0)
    clock.answered(1.0 + took)
    assert clock.window == pytest.approx(then, abs=1)


@pytest.mark.parametrize(
    ("window", "sent", "room"),
    [
        (4096, 0, 1024),
        (1024, 0, 256),
        (1028, 0, 257),
        (300, 0, 256),
        (128, 0, 128),
        (1000, 600, 250 + 6),
        (1000, 1000 - 64 - 4, 64),
        (1000, 1000 - 63 - 4, 0),
        (1000, 2000, 0),
    ],
)
def test_how_much_has_room(window: int, sent: int, room: int) -> None:
    clock = begun(window)
    if sent:
        assert clock.sent(sent, 1.0)
    assert clock.room(1.0) == room


@pytest.mark.parametrize(
    ("window", "count", "asks"),
    [(4096, 255, False), (4096, 256, True), (1024, 256, True), (800, 199, False), (800, 200, True)],
)
def test_a_request_follows_what_is_worth_one(window: int, count: int, asks: bool) -> None:
    clock = begun(window)
    assert clock.sent(count, 1.0) == asks
    assert clock.waiting == asks


def test_an_answer_is_waited_for_twice_as_long_each_time_up_to_twelve_seconds() -> None:
    clock = begun()
    now = 10.0
    for patience in (3.0, 6.0, 12.0, 12.0):
        clock.ask(now)
        assert clock.wait_until() == now + patience
        clock.room(now + patience - 0.01)
        assert clock.waiting
        clock.room(now + patience)
        assert not clock.waiting
        assert clock.window == 128
        now += 100
    clock.answered(now)
    clock.ask(now)
    assert clock.wait_until() == now + 3.0


@pytest.mark.parametrize(("rate", "window"), [(16e3, 1600), (960.0, 128), (1280.0, 128), (1290.0, 129)])
def test_a_terminal_that_never_answers_gets_a_tenth_of_a_second_at_a_time(rate: float, window: int) -> None:
    clock = AckClock(rate)
    clock.ask(0.0)
    assert clock.answers
    assert clock.room(3.0) == window
    assert not clock.answers
    assert not clock.sent(window, 3.0)
    free = 3.0 + window / rate
    assert clock.wait_until() == pytest.approx(free)
    assert clock.room(free - 0.001) == 0
    assert not clock.sent(window, free)
    assert clock.wait_until() == pytest.approx(free + window / rate)


@pytest.mark.parametrize(("later", "best"), [(29.9, 0.1), (30.0, 0.1), (60.0, 0.5)])
def test_a_shortest_round_trip_is_remembered_for_a_while(later: float, best: float) -> None:
    clock = AckClock(16e3)
    clock.ask(100.0)
    clock.answered(100.1)
    trips = []
    for step in range(1, 9):
        clock.ask(100.0 + step * later)
        clock.answered(100.5 + step * later)
        trips.append(clock.round_trip)
    assert trips[0] == pytest.approx(0.1)
    assert trips[1 if later >= 60 else 0] == pytest.approx(best)
    assert trips[-1] == pytest.approx(0.5)
    assert clock.answer_time == pytest.approx(0.5 - 0.4 * (7 / 8) ** 8)
