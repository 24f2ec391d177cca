"""What frames cost in bytes: random ones, over cell by cell changes, moved blocks and every depth of colour.

`pytest tests/terminal/test_frame_costs.py --snapshot-update` takes what they cost now; a change of the differ says with
it what it costs. That they draw the right screen is said in test_cells.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from rich.segment import Segment
from rich.style import Style
from syrupy.assertion import SnapshotAssertion

from edgetui.terminal.cells import PLAIN, Grid, pen_of, sgr
from edgetui.terminal.scrolling import find_shift

STYLES = [
    None,
    *(
        Style.parse(text)
        for text in (
            "bold red",
            "reverse",
            "dim italic",
            "#1e90ff on blue",
            "underline",
            "strike on color(238)",
            "default on default",
        )
    ),
]
NAMES = [f"press-{at * 7919 % 65521:05} {'running' if at % 3 else '漢字 crash'}  {at}m" for at in range(60)]
DEPTHS = ("mono", "16", "256", "truecolor")


def cells_here_and_there(grid: Grid, rng: random.Random, _: int) -> None:
    """A few cells of a few lines get another text, or another look with the same one."""
    for _ in range(rng.randrange(1, 5)):
        text = rng.choice(("1", "12", "ok", " ", "      ", "漢", "e\u0301", "👩\u200d🔧", "x" * 9))
        grid.put(rng.randrange(30), rng.randrange(10), [Segment(text, rng.choice(STYLES))])


def whole_lines(grid: Grid, rng: random.Random, _: int) -> None:
    """A line is written anew, up to its end, in up to three looks."""
    y = rng.randrange(10)
    parts = [
        Segment(rng.choice(NAMES)[: rng.randrange(2, 20)], rng.choice(STYLES))
        for _ in range(rng.randrange(4))
    ]
    grid.put(0, y, [*parts, Segment(" " * 30)], rng.choice((None, 12, 30)))


def moved_blocks(grid: Grid, rng: random.Random, frame: int) -> None:
    """A table scrolls by a few lines, up or down; now and then one of its lines changes, too."""
    first = 20 + [0, 1, 2, 5, 4, 3, 7, 7, 6, 14][frame % 10]
    for y in range(1, 9):
        changed = rng.random() < 0.1
        grid.put(0, y, [Segment(NAMES[first + y + changed].ljust(30), STYLES[y % 3 if frame > 40 else 0])])


WAYS: dict[str, Callable[[Grid, random.Random, int], None]] = {
    one.__name__: one for one in (cells_here_and_there, whole_lines, moved_blocks)
}


@pytest.mark.parametrize("way", WAYS)
def test_random_frames(way: str, snapshot: SnapshotAssertion) -> None:
    found = []
    for colours in DEPTHS:
        for limit in (40, 10_000):
            rng, costs = random.Random(7), []
            grid = Grid(30, 10, colours=colours)
            for frame in range(60):
                WAYS[way](grid, rng, frame)
                sent = [grid.emit(limit)]
                while grid.changed:
                    sent.append(grid.emit(limit))
                costs.append(len("".join(sent).encode()))
                assert grid.emit() == ""
            found.append(f"{colours} {limit}: {sum(costs)} = {' '.join(map(str, costs))}")
    assert "\n".join(found) == snapshot


def test_every_change_of_the_pen(snapshot: SnapshotAssertion) -> None:
    found = []
    for colours in DEPTHS:
        pens = list(dict.fromkeys([PLAIN, *(pen_of(style, colours) for style in STYLES)]))
        for old in pens:
            found.append(f"{colours}: {' '.join(sgr(old, new).replace(chr(27), '') or '.' for new in pens)}")
    assert "\n".join(found) == snapshot


@pytest.mark.parametrize(
    ("shown", "wanted", "changed", "found"),
    [
        ("abcdefgh", "bcdefghi", range(8), (0, 7, 1)),
        ("abcdefgh", "xabcdefg", range(8), (0, 7, -1)),
        ("abcdefgh", "abcdexyz", range(8), None),
        ("abcdefgh", "adefexyz", range(8), (1, 5, 2)),
        ("abcdefgh", "adefexyz", (1, 2), None),
        ("aaaaaaaa", "baaaaaaa", range(8), None),
        ("abcdxyzw", "bcdxxyzw", range(8), (0, 4, 1)),
        ("abcdefgh", "abcdefgh", range(8), None),
        ("abcdefgh", "ccdeabcd", range(8), (0, 7, -4)),
    ],
)
def test_which_block_has_moved(
    shown: str, wanted: str, changed: range | tuple[int, ...], found: tuple[int, int, int] | None
) -> None:
    assert find_shift(shown, wanted, changed) == found
