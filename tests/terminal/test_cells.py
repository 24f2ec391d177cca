"""The cell differ: whatever was on screen before, a real terminal ends up with what was put."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style

from edgetui.terminal.cells import PLAIN, Grid, pen_of, sgr

STYLES = [
    None,
    Style.parse("bold red"),
    Style.parse("reverse"),
    Style.parse("dim"),
    Style.parse("green on blue"),
    Style.parse("underline"),
    Style.parse("bold white on black"),
]
TEXTS = st.text(alphabet="ab 漢字é│…", max_size=14)
PIECES = st.lists(st.tuples(TEXTS, st.sampled_from(STYLES)), min_size=1, max_size=4)
PUTS = st.lists(st.tuples(st.integers(0, 19), st.integers(0, 4), PIECES), max_size=6)


class Terminal:
    def __init__(self, width: int, height: int) -> None:
        self.screen = pyte.Screen(width, height)
        self.screen.reset_mode(pyte.modes.DECAWM)
        self.stream = pyte.Stream(self.screen)

    def cells(self) -> list[list[tuple[object, ...]]]:
        """Every cell as what can be seen of it."""
        return [
            [_seen(self.screen.buffer[y][x]) for x in range(self.screen.columns)]
            for y in range(self.screen.lines)
        ]


def _seen(cell: pyte.screens.Char) -> tuple[object, ...]:
    return (cell.data, cell.fg, cell.bg, cell.bold, cell.reverse, cell.underscore)


def apply(grid: Grid, puts: list[tuple[int, int, list[tuple[str, Style | None]]]]) -> None:
    for x, y, pieces in puts:
        grid.put(x, y, [Segment(text, style) for text, style in pieces])


@settings(max_examples=300, deadline=None)
@given(PUTS, PUTS, PUTS)
def test_a_diff_leaves_the_same_screen_as_drawing_it_all(first, second, third) -> None:  # type: ignore[no-untyped-def]
    grid, terminal = Grid(20, 5, colours="16"), Terminal(20, 5)
    for puts in (first, second, third):
        apply(grid, puts)
        terminal.stream.feed(grid.emit())
    whole = Terminal(20, 5)
    grid.invalidate()
    whole.stream.feed(grid.emit())
    assert terminal.cells() == whole.cells()
    assert terminal.screen.display == grid.lines()


def test_an_unchanged_screen_sends_nothing() -> None:
    grid = Grid(20, 3)
    grid.put(0, 0, [Segment("hello", STYLES[1])])
    grid.emit()
    grid.put(0, 0, [Segment("hello", STYLES[1])])
    assert grid.emit() == ""


def test_one_changed_cell_is_cheap() -> None:
    grid = Grid(80, 24, colours="16")
    grid.put(0, 11, [Segment("press-7f9c66-x2k4q   running   12s", None)])
    grid.emit()
    grid.put(0, 11, [Segment("press-7f9c66-x2k4q   running   13s", None)])
    assert grid.emit() == "\x1b[12;33H3"


def test_a_blank_rest_of_the_line_is_erased_not_written() -> None:
    grid = Grid(80, 2, colours="16")
    grid.put(0, 0, [Segment("x" * 80, None)])
    grid.emit()
    grid.put(0, 0, [Segment("short" + " " * 75, None)])
    assert grid.emit() == "\x1b[1Hshort\x1b[K"


def test_text_from_a_cluster_cannot_steer_the_terminal() -> None:
    grid = Grid(40, 1)
    grid.put(0, 0, [Segment("a\x1b]0;owned\x07b\x9b31mc\u202ed", None)])
    sent = grid.emit()
    assert "\x1b]" not in sent
    assert "\x07" not in sent
    assert "\x9b" not in sent
    assert "\u202e" not in sent


def test_ascii_only_sends_ascii_only_in_the_same_places() -> None:
    grid = Grid(20, 1, ascii_only=True)
    grid.put(0, 0, [Segment("│ ok … 漢 é ↑", None)])
    sent = grid.emit()
    assert sent.isascii()
    assert grid.lines() == ["| ok ~ ?? ? ^       "]


def test_mono_sends_no_colour() -> None:
    assert pen_of(Style.parse("bold red on blue"), "mono") == (frozenset({"1"}), "39", "49")


@pytest.mark.parametrize("old", STYLES)
@pytest.mark.parametrize("new", STYLES)
def test_a_pen_change_says_only_what_differs(old: Style | None, new: Style | None) -> None:
    terminal = Terminal(4, 1)
    first, second = pen_of(old, "16"), pen_of(new, "16")
    terminal.stream.feed(sgr(PLAIN, first) + "a" + sgr(first, second) + "b")
    fresh = Terminal(4, 1)
    fresh.stream.feed("a" + sgr(PLAIN, second) + "b")
    assert _seen(terminal.screen.buffer[0][1]) == _seen(fresh.screen.buffer[0][1])
