"""The bytes that one change of the screen takes, to the last one, and the clock of answers at each of its bounds.

`pytest tests/terminal/test_exact_bytes.py --snapshot-update` takes what is sent now; look at what differs first.
"""

from __future__ import annotations

from itertools import product
from random import Random

import pytest
from rich.segment import Segment
from rich.style import Style
from syrupy.assertion import SnapshotAssertion

from edgetui.terminal.ack_clock import AckClock
from edgetui.terminal.cells import PLAIN, Grid, pen_of, sgr
from edgetui.terminal.scrolling import Shift, find_shift

STYLES = {
    "plain": None,
    "bold red": Style.parse("bold red"),
    "bold": Style.parse("bold"),
    "reverse": Style.parse("reverse"),
    "dim italic": Style.parse("dim italic"),
    "underline strike": Style.parse("underline strike"),
    "on blue": Style.parse("on blue"),
    "orange": Style.parse("#ff8800 on #102030"),
    "default": Style.parse("default on default"),
    "not bold": Style.parse("not bold red"),
}


@pytest.mark.parametrize("colours", ["mono", "16", "256", "truecolor"])
def test_what_turns_one_style_into_another(colours: str, snapshot: SnapshotAssertion) -> None:
    found = [
        f"{before} to {after}: {sgr(pen_of(STYLES[before], colours), pen_of(STYLES[after], colours))!r}"
        for before, after in product(STYLES, STYLES)
        if before != after
    ]
    assert "\n".join(found) == snapshot


def test_the_pen_of_no_style_is_the_terminals_own() -> None:
    assert pen_of(None, "256") == PLAIN == (frozenset(), "39", "49")
    assert (sgr(PLAIN, PLAIN), sgr((frozenset({"1"}), "39", "49"), PLAIN)) == ("", "\x1b[m")


LINES = [
    ("", "a"),
    ("a", ""),
    ("abcdef", "abcxef"),
    ("abcdef", "xbcdef"),
    ("abcdef", "abcdex"),
    ("abcdef", "xbxdef"),
    ("abcdef", "xbcxef"),
    ("abcdef", "xbcdxf"),
    ("abcdef", "xbcdex"),
    ("abcdefgh", "xbcdefgx"),
    ("abcdefghi", "xbcdefghx"),
    ("abcdefghijkl", "xbcdefghijkx"),
    ("abcdefghijkl", "abc"),
    ("abcdefghijkl", "abcdefghi"),
    ("abcdefghijkl", "abcdefgh"),
    ("abcdefghijkl", "abcdefg"),
    ("abcdefghijkl", "xbc"),
    ("abcdefghijkl", "abcxef"),
    ("abcdefghijkl", "            "),
    ("ab漢字ef", "ab漢語ef"),
    ("ab漢字ef", "ab漢xyef"),
    ("ab漢字ef", "xb漢字xf"),
    ("abcdef", "a漢def"),
    ("漢", "字"),
    ("abcdefghij漢", "abcdefghij字"),
    ("a👩\u200d🔧bcd", "a👩\u200d🔧bxd"),
    ("abcdef", "👩\u200d🔧cdxf"),
    ("e\u0301a", "e\u0301b"),
    ("ab", "e\u0301b"),
]


def test_one_line_becomes_another(snapshot: SnapshotAssertion) -> None:
    found = []
    for (before, after), here in product(LINES, (0, 2)):
        grid = Grid(12, 4, colours="16")
        grid.put(0, here, [Segment(before)])
        grid.emit()
        grid.put(0, here, [Segment(after.ljust(12))])
        found.append(f"{before!r} to {after!r} in line {here}: {grid.emit()!r}")
    assert "\n".join(found) == snapshot


def test_styles_within_a_line(snapshot: SnapshotAssertion) -> None:
    chance, found = Random(7), []
    for _ in range(60):
        grid = Grid(12, 2, colours="16")
        sent = []
        for _ in range(3):
            pieces = [
                Segment(
                    "".join(chance.choices("ab 漢", k=chance.randrange(5))),
                    STYLES[chance.choice(list(STYLES))],
                )
                for _ in range(3)
            ]
            grid.put(chance.randrange(13), chance.randrange(2), pieces, chance.choice([None, 5, 12, 20]))
            sent.append(grid.emit())
        found.append(f"{sent!r} {grid.lines()!r}")
    assert "\n".join(found) == snapshot


def test_lines_that_moved(snapshot: SnapshotAssertion) -> None:
    found = []
    for by, changed, first in product((-3, -1, 1, 2), (0, 1, 3), (0, 2)):
        grid = Grid(30, 10, colours="16")
        rows = [f"row {n * 7919 % 65521:05} of the table" for n in range(20)]
        for shift in (0, by):
            for y in range(first, 9):
                text = rows[y + 5 + shift] if not shift or y - first >= changed else f"changed {y}"
                grid.put(0, y, [Segment(text.ljust(30), STYLES["on blue"] if y == 8 else None)])
            sent = grid.emit()
        found.append(f"by {by}, {changed} changed, from {first}: {sent!r}")
    assert "\n".join(found) == snapshot


@pytest.mark.parametrize(
    ("shown", "wanted", "found"),
    [
        ("abcdef", "bcdefx", Shift(0, 5, 1)),
        ("abcdef", "xabcde", Shift(0, 5, -1)),
        ("abcdef", "xyabcd", Shift(0, 5, -2)),
        ("abcdef", "abdefx", Shift(2, 5, 1)),
        ("abcdef", "cdxxxx", None),
        ("abcdef", "cdexxx", Shift(0, 4, 2)),
        ("aabcde", "abcdex", Shift(1, 5, 1)),
        ("aaaaaa", "aaaaab", None),
        ("abcdef", "abcdef", None),
        ("abcdefg", "bcdxefg", Shift(0, 3, 1)),
    ],
)
def test_which_lines_moved(shown: str, wanted: str, found: Shift | None) -> None:
    changed = [at for at in range(len(shown)) if shown[at] != wanted[at]]
    assert find_shift(list(shown), list(wanted), changed) == found
    assert find_shift(list(shown), list(wanted), []) is None


@pytest.mark.parametrize(
    ("shift", "lines", "sequence"),
    [
        (Shift(0, 3, 1), ["b", "c", "d", " ", "e"], "\x1b[1;4r\x1b[4H\x1bD\x1b[r"),
        (Shift(1, 3, 2), ["a", "d", " ", " ", "e"], "\x1b[2;4r\x1b[4H\x1bD\x1bD\x1b[r"),
        (Shift(1, 4, -1), ["a", " ", "b", "c", "d"], "\x1b[2;5r\x1b[2H\x1bM\x1b[r"),
        (Shift(0, 4, -2), [" ", " ", "a", "b", "c"], "\x1b[1;5r\x1b[1H\x1bM\x1bM\x1b[r"),
    ],
)
def test_a_shift_on_the_terminal_and_in_memory(shift: Shift, lines: list[str], sequence: str) -> None:
    assert shift.sequence == sequence
    assert shift.applied([[one] for one in "abcde"], [" "]) == [[one] for one in lines]


def test_what_has_no_room_or_no_text_changes_nothing() -> None:
    for x, end, text in (
        (2, None, ""),
        (12, None, "x"),
        (20, None, "漢"),
        (3, 3, "x"),
        (3, 3, "漢"),
        (5, 3, "x"),
    ):
        grid = Grid(12, 1)
        grid.put(0, 0, [Segment("a漢字bc漢")])
        before = grid.lines()
        grid.put(x, 0, [Segment(text)], end)
        assert grid.lines() == before, (x, end, text)
    for y in (-1, 1):
        grid.put(0, y, [Segment("x")])
        assert grid.lines() == before


@pytest.mark.parametrize("limit", [1, 8, 9, 10, 20, 21, 40, 1000])
def test_a_limit_ends_between_two_lines_and_the_rest_follows(limit: int, snapshot: SnapshotAssertion) -> None:
    grid = Grid(10, 4)
    for y in range(4):
        grid.put(0, y, [Segment(f"line {y}")])
    sent = []
    while grid.changed:
        sent.append(grid.emit(limit))
    assert sent == snapshot


# -- the clock of answers, at its bounds


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
