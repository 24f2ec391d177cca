"""Lines that only moved: which are found, what moves them on a terminal, and when that is less than drawing them."""

from __future__ import annotations

from itertools import product

import pytest
from rich.segment import Segment
from rich.style import Style
from syrupy.assertion import SnapshotAssertion

from edgetui.terminal.cells import Grid
from edgetui.terminal.scrolling import Shift, find_shift

BLUE = Style.parse("on blue")


def test_lines_that_moved(snapshot: SnapshotAssertion) -> None:
    found = []
    for by, changed, first in product((-3, -1, 1, 2), (0, 1, 3), (0, 2)):
        grid = Grid(30, 10, colours="16")
        rows = [f"row {n * 7919 % 65521:05} of the table" for n in range(20)]
        for shift in (0, by):
            for y in range(first, 9):
                text = rows[y + 5 + shift] if not shift or y - first >= changed else f"changed {y}"
                grid.put(0, y, [Segment(text.ljust(30), BLUE if y == 8 else None)])
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


def test_three_lines_that_moved_are_drawn_and_four_are_scrolled() -> None:
    for count in (3, 4):
        grid = Grid(30, 10)
        rows = [f"{n * 7919 % 65521:05} " * 5 for n in range(count + 1)]
        for y, text in enumerate(rows):
            grid.put(0, y, [Segment(text.ljust(30))])
        grid.emit()
        for y, text in enumerate(rows[1:]):
            grid.put(0, y, [Segment(text.ljust(30))])
        assert ("\x1bD" in grid.emit()) == (count == 4)
