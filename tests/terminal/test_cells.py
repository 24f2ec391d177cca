"""The cell differ: whatever was on screen before, a real terminal ends up with what was put.

`pytest tests/terminal/test_cells.py --snapshot-update` takes the bytes that are sent now; look at what differs first.
"""

from __future__ import annotations

from itertools import product
from random import Random

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from syrupy.assertion import SnapshotAssertion

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


ROWS = [
    "alpha 漢字 1",
    "bravo runs",
    "charlie │ 3",
    "delta",
    "echo é",
    "foxtrot 6/6",
    "",
    "golf",
    "hotel",
    "india",
]
SCROLLS = st.lists(
    st.tuples(
        st.integers(0, 7),
        st.integers(1, 12),
        st.integers(-4, 4),
        st.lists(st.tuples(st.integers(0, 11), st.sampled_from(ROWS), st.sampled_from(STYLES)), max_size=3),
    ),
    min_size=1,
    max_size=4,
)
"""Frames: a block from a line on, of some height, moves by some lines; then some lines get another text or style."""


class ColouringScreen(pyte.Screen):  # type: ignore[misc]
    """Fills lines that scroll in with the pen's background, as xterm and the Linux console do."""

    def index(self) -> None:
        bottom = self.margins.bottom if self.margins else self.lines - 1
        at_end = self.cursor.y == bottom
        super().index()
        if at_end:
            self._fill(bottom)

    def reverse_index(self) -> None:
        top = self.margins.top if self.margins else 0
        at_end = self.cursor.y == top
        super().reverse_index()
        if at_end:
            self._fill(top)

    def _fill(self, y: int) -> None:
        for x in range(self.columns):
            self.buffer[y][x] = self.cursor.attrs


class Terminal:
    def __init__(self, width: int, height: int) -> None:
        self.screen = ColouringScreen(width, height)
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


@settings(max_examples=300)
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


@settings(max_examples=300)
@given(SCROLLS, st.integers(1, 200))
def test_scrolled_blocks_end_as_if_drawn(frames, limit) -> None:  # type: ignore[no-untyped-def]
    height = 12
    grid, terminal = Grid(20, height, colours="16"), Terminal(20, height)
    wanted = [(ROWS[y % len(ROWS)] + str(y), STYLES[y % 3]) for y in range(height)]
    for top, size, by, changes in [(0, 1, 0, []), *frames]:
        block = wanted[top : top + size]
        wanted[top : top + size] = block[by:] + block[:by]
        for y, text, style in changes:
            wanted[y] = (text, style)
        for y, (text, style) in enumerate(wanted):
            grid.put(0, y, [Segment(text.ljust(20), style)])
        terminal.stream.feed(grid.emit(limit))
    while grid.changed:
        terminal.stream.feed(grid.emit(limit))
    whole = Terminal(20, height)
    grid.invalidate()
    whole.stream.feed(grid.emit())
    assert terminal.cells() == whole.cells()
    assert terminal.screen.margins is None


@pytest.mark.parametrize("by", [1, -1, 3, -3])
def test_a_scrolled_block_is_moved_not_drawn(by: int) -> None:
    """Lines 2 to 21 of a table scroll; the head and the foot stand still, and the pen was coloured before."""
    grid, terminal = Grid(80, 24, colours="16"), Terminal(80, 24)
    names = [f"{n * 7919 % 65521:05} " * 8 for n in range(40)]

    def show(first: int) -> str:
        grid.put(0, 0, [Segment("NAME".ljust(80), STYLES[2])])
        for y in range(20):
            grid.put(0, 2 + y, [Segment(names[first + y].ljust(80), STYLES[4] if y == 19 else None)])
        grid.put(0, 23, [Segment("q quit".ljust(80), STYLES[4])])
        return grid.emit()

    terminal.stream.feed(show(10))
    sent = show(10 + by)
    terminal.stream.feed(sent)
    assert ("\x1bD" if by > 0 else "\x1bM") * abs(by) in sent
    assert len(sent) <= 60 + 80 * (abs(by) + 1)
    assert terminal.screen.display == grid.lines()
    whole = Terminal(80, 24)
    grid.invalidate()
    whole.stream.feed(grid.emit())
    assert terminal.cells() == whole.cells()


def test_rows_that_are_alike_are_drawn_where_that_is_less() -> None:
    grid = Grid(80, 24)
    for first in (0, 1):
        for y in range(20):
            grid.put(0, y, [Segment(f"{'job-runner ' * 6}{first + y:02}", None)])
        sent = grid.emit()
    assert "\x1bD" in sent
    grid = Grid(80, 24)
    for first in (0, 1):
        for y in range(4):
            grid.put(0, y, [Segment(f"{first + y} {'job-runner ' * 6}", None)])
        sent = grid.emit()
    assert "\x1bD" not in sent


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


CHARACTERS = ["a", "b", " ", "漢", "字", "é", "e\u0301", "👩\u200d🔧", "⚠\ufe0f", "\x07", "\u202e"]
SEGMENTS = st.lists(
    st.tuples(st.lists(st.sampled_from(CHARACTERS), max_size=6), st.booleans()), min_size=1, max_size=4
)
WRITES = st.lists(
    st.tuples(st.integers(0, 21), st.one_of(st.none(), st.integers(0, 24)), SEGMENTS), min_size=1, max_size=6
)


class Naive:
    """A line as a list of cells, one character written after the other."""

    def __init__(self, width: int) -> None:
        self.cells = [" "] * width

    def write(self, x: int, segments: list[tuple[list[str], bool]], end: int) -> None:
        for characters, control in segments:
            if control or x >= end:
                continue
            for character in characters:
                x = self._put(x, character, cell_len(character), end)

    def _put(self, x: int, character: str, width: int, end: int) -> int:
        if not width or x >= end:
            return x
        if x + width > end:
            self._clear(x, end)
            return end
        self._clear(x, x + width)
        self.cells[x : x + width] = [character, *[""] * (width - 1)]
        return x + width

    def _clear(self, start: int, stop: int) -> None:
        if not self.cells[start]:
            self.cells[start - 1] = " "
        if stop < len(self.cells) and not self.cells[stop]:
            self.cells[stop] = " "
        self.cells[start:stop] = [" "] * (stop - start)


@settings(max_examples=400)
@given(WRITES)
def test_what_is_put_anywhere_is_what_a_line_of_cells_would_hold(writes) -> None:  # type: ignore[no-untyped-def]
    width = 20
    grid, naive = Grid(width, 1), Naive(width)
    for x, end, segments in writes:
        control = [(1,)]
        grid.put(
            x,
            0,
            [Segment("".join(text), None, control if hidden else None) for text, hidden in segments],
            end,
        )
        naive.write(x, segments, width if end is None else min(end, width))
        assert len(grid._text[0]) == len(grid._style[0]) == width
        assert grid._text[0] == naive.cells


def test_control_segments_are_not_painted() -> None:
    grid = Grid(10, 1)
    grid.put(
        0, 0, [Segment("\x1b[2J", None, [(1,)]), Segment("ab"), Segment("gone", None, [(1,)]), Segment("c")]
    )
    assert grid.lines() == ["abc       "]


def test_behind_a_character_whose_width_terminals_disagree_on_the_cursor_is_placed_anew() -> None:
    grid = Grid(20, 1)
    grid.put(0, 0, [Segment("👩\u200d🔧 press")])
    assert grid.emit().endswith("👩\u200d🔧\x1b[1;4Hpress")
    grid.put(0, 0, [Segment("漢字 press")])
    assert "\x1b[1;4H" not in grid.emit()


NAMED = {
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
        f"{before} to {after}: {sgr(pen_of(NAMED[before], colours), pen_of(NAMED[after], colours))!r}"
        for before, after in product(NAMED, NAMED)
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
                    NAMED[chance.choice(list(NAMED))],
                )
                for _ in range(3)
            ]
            grid.put(chance.randrange(13), chance.randrange(2), pieces, chance.choice([None, 5, 12, 20]))
            sent.append(grid.emit())
        found.append(f"{sent!r} {grid.lines()!r}")
    assert "\n".join(found) == snapshot


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
