"""The columns of a table as rows come, change and go: which stand, how wide, and what stands in their cells.

`pytest tests/ui/test_column_states.py --snapshot-update` takes what is laid out now; look at what differs first.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.model.identity import ObjectKey
from edgetui.model.panes.base import Column
from edgetui.ui.widgets.column_layout import MEMORY, MOST_NAMES, ROOMY, ColumnLayout

NONE: frozenset[str] = frozenset()


def ages(value: int, now: float) -> str:
    return f"{int(now) - value}s"


COLUMNS = (
    Column("cluster", "cluster", 10, 5, identity=True, priority=3),
    Column("namespace", "ns", 9, 4, identity=True, priority=2),
    Column("name", "name", 20, 8, identity=True, flex=True),
    Column("state", "state", 14, 10),
    Column("ready", "ready", 5, 5, "right", priority=2),
    Column("age", "age", 4, 4, priority=6, text=ages, moves=True),
    Column("why", "why", 24, 10, priority=7, flex=True, moves=True),
    Column("image", "image", 20, 8, priority=9, wide=True),
)


class Row:
    """A row of these columns; `sign` as in a pane."""

    def __init__(self, *values: Any, sign: str = " ") -> None:
        self.values, self.sign = values, sign
        self.key = ObjectKey(str(values[0]), "Pod", str(values[1]), str(values[2]))


SHORT = Row("plant", "line-2", "press-1", "running", "1/1", 100, "", "press:1")
LONG = Row(
    "plant-of-the-north",
    "a-namespace-that-is-long",
    "press-7f9c66-a-very-long-name-x2k4q",
    "image not found",
    "0/12",
    7,
    "the image registry.local/press:2.1 is not found",
    "registry.local/line-2/press:2.1",
)
STALE = Row("plant", "line-2", "press-2", "running (4m ago)", "1/1", 100, "no answer", "press:1", sign="~")


def laid(width: int, *rows: Row, hidden: frozenset[str] = NONE, now: float = 130.0) -> ColumnLayout:
    """Arranged twice, for a layout that stands does not change any more."""
    layout = ColumnLayout(COLUMNS, hidden)
    for row in rows:
        layout.seen(row.key)
    assert layout.arrange(width, rows, now)  # type: ignore[arg-type]
    assert not layout.arrange(width, rows, now)  # type: ignore[arg-type]
    return layout


def told(layout: ColumnLayout, *rows: Any, now: float = 130.0) -> str:
    """The columns, and the cells of each row before they are cut."""
    found = [
        f"gap {layout.gap}{' more' * layout.more}{f' shift {layout.shift}' if layout.shift else ''}: "
        + " ".join(f"{one.column.id}@{one.at}:{one.width}" for one in layout.fitted)
    ]
    for row in rows:
        texts = layout.texts(row, now)
        shown = [layout.short(one, text) for one, text in zip(layout.fitted, texts, strict=True)]
        found.append(f"  {' | '.join(shown)}")
    return "\n".join(found)


WIDTHS = (30, 45, 58, 66, 74, 90, ROOMY - 1, ROOMY, 140, 220)


@pytest.mark.parametrize("hidden", [NONE, frozenset({"cluster"})], ids=["several clusters", "one cluster"])
def test_columns_at_every_width(hidden: frozenset[str], snapshot: SnapshotAssertion) -> None:
    found = []
    for width, rows in product(WIDTHS, ((SHORT,), (LONG,), (SHORT, LONG, STALE))):
        found.append(f"{width} {len(rows)} {told(laid(width, *rows, hidden=hidden), *rows)}")
    assert "\n".join(found) == snapshot


def test_every_column_in_full_and_scrolled(snapshot: SnapshotAssertion) -> None:
    found = []
    for wide, width in product((False, True), (40, 80, 120)):
        layout = ColumnLayout(COLUMNS, NONE)
        layout.wide = wide
        layout.arrange(width, [SHORT, LONG], 130.0)  # type: ignore[list-item]
        found.append(f"{width} wide {wide}")
        for step in (1, 1, 1, 9, -1, -9, -1):
            moved = layout.scroll(step)
            changed = layout.arrange(width, (), 130.0)
            found.append(f"{step} {moved} {changed} {told(layout, SHORT)}")
    assert "\n".join(found) == snapshot


# -- plain words in place of a state


def state_of(layout: ColumnLayout, row: Any) -> str:
    at = [one.column.id for one in layout.fitted].index("state")
    return layout.texts(row, 130.0)[at]


def test_a_reason_without_a_column_stands_in_place_of_the_state() -> None:
    narrow, roomy = laid(60, SHORT, LONG, STALE), laid(200, SHORT, LONG, STALE)
    assert "why" not in [one.column.id for one in narrow.fitted]
    assert "why" in [one.column.id for one in roomy.fitted]
    assert state_of(narrow, LONG) == LONG.values[6]
    assert state_of(narrow, SHORT) == "running", "where there is no reason"
    assert state_of(narrow, STALE) == "running (4m ago)", "an old state keeps its age"
    assert state_of(roomy, LONG) == "image not found"


def test_the_state_is_as_wide_as_the_reason_that_stands_there_where_there_is_room() -> None:
    layout = laid(66, Row("p", "d", "x", "up", "1/1", 100, "twelve cells", "i"))
    width = {one.column.id: one.width for one in layout.fitted}
    assert width["state"] == (12 if "why" not in width else 10)
    for length in (9, 10, 11, 13, 14):
        row = Row("p", "d", "x", "up", "1/1", 100, "y" * length, "i")
        layout = laid(45, row)
        fitted = {one.column.id: one.width for one in layout.fitted}
        assert "why" not in fitted
        assert fitted["state"] == max(10, length)


def test_only_texts_that_move_by_themselves_and_stand_there_are_looked_at_again() -> None:
    for width, row, names in (
        (200, SHORT, {"age"}),
        (200, LONG, {"age"}),
        (74, LONG, {"age"}),
        (45, SHORT, {"age"}),
        (30, SHORT, {"age"}),
    ):
        layout = laid(width, row)
        texts = layout.texts(row, 130.0)  # type: ignore[arg-type]
        there = {one.column.id for one in layout.fitted}
        assert not layout.moved(row, texts, 130.0)  # type: ignore[arg-type]
        assert layout.moved(row, texts, 131.0) == bool(names & there), width  # type: ignore[arg-type]


def test_a_state_that_another_speaks_for_does_not_move() -> None:
    columns = [*COLUMNS]
    columns[3] = Column("state", "state", 14, 10, text=ages, moves=True)
    layout = ColumnLayout(columns, frozenset({"age"}))
    spoken = Row("plant", "line-2", "press", 100, "1/1", 100, "a reason", "i")
    silent = Row("plant", "line-2", "press", 100, "1/1", 100, "", "i")
    layout.arrange(45, [spoken, silent], 130.0)  # type: ignore[list-item]
    assert "why" not in [one.column.id for one in layout.fitted]
    for row, moves in ((spoken, False), (silent, True)):
        assert layout.moved(row, layout.texts(row, 130.0), 131.0) == moves  # type: ignore[arg-type]


# -- what a text that comes asks for


def cells_of(layout: ColumnLayout, **texts: str) -> list[str]:
    return [texts.get(one.column.id, "x") for one in layout.fitted]


def test_a_text_that_needs_more_than_its_column_has_asks_for_other_columns() -> None:
    layout = laid(74, SHORT)
    width = {one.column.id: one.width for one in layout.fitted}
    assert layout.fits(cells_of(layout))
    assert layout.fits(cells_of(layout, name="n" * width["name"], state="s" * width["state"]))
    assert not layout.fits(cells_of(layout, state="s" * (width["state"] + 1)))
    assert not layout.fits(cells_of(layout, name="n" * (width["name"] + 1), state="s"))
    assert layout.arrange(74, (), 130.0), "what was seen is known from now on"
    grown = {one.column.id: one.width for one in layout.fitted}
    assert grown["state"] == width["state"] + 1
    assert layout.fits(cells_of(layout, state="s" * (width["state"] + 1)))


def test_a_text_that_was_as_wide_when_the_columns_were_laid_out_has_all_the_space_there_is() -> None:
    layout = laid(50, LONG)
    width = {one.column.id: one.width for one in layout.fitted}
    assert width["name"] < len(LONG.values[2])
    assert layout.fits(cells_of(layout, name="n" * len(LONG.values[2])))
    assert not layout.fits(cells_of(layout, name="n" * (len(LONG.values[2]) + 1)))


def test_a_name_that_many_rows_share_is_told_apart_from_the_others_once_it_is_known() -> None:
    layout = laid(50, LONG)
    fitted = next(one for one in layout.fitted if one.column.id == "namespace")
    known, other = LONG.values[1], "a-namespace-that-is-new!"
    assert len(known) > fitted.width
    assert layout.short(fitted, known) != known
    assert layout.short(fitted, "line-2") == "line-2"
    assert layout.fits(cells_of(layout, namespace=known))
    assert not layout.fits(cells_of(layout, namespace=other))
    layout.arrange(50, (), 130.0)
    assert layout.fits(cells_of(layout, namespace=other))
    shorts = {layout.short(fitted, name) for name in (known, other)}
    assert len(shorts) == 2
    assert all(len(short) <= fitted.width for short in shorts)


def test_more_names_than_can_be_told_apart_by_looking_are_only_cut() -> None:
    for count, apart in ((MOST_NAMES, True), (MOST_NAMES + 1, False)):
        rows = [
            Row("plant", f"a-namespace-of-the-line-{at:03}", "x", "up", "1", 100, "", "i")
            for at in range(count)
        ]
        layout = laid(50, *rows)
        fitted = next(one for one in layout.fitted if one.column.id == "namespace")
        assert (layout.short(fitted, rows[0].values[1]) != rows[0].values[1]) == apart


def test_names_come_from_keys_and_from_what_rows_say_of_other_objects() -> None:
    layout = ColumnLayout(COLUMNS, NONE)
    layout.seen(LONG.key)
    layout.arrange(50, (), 130.0)
    fitted = next(one for one in layout.fitted if one.column.id == "namespace")
    assert layout.short(fitted, LONG.values[1]) != LONG.values[1]
    other = Row("plant", LONG.values[1] + "-2", "x", "up", "1", 100, "", "i")
    assert layout.arrange(50, [other], 130.0)  # type: ignore[list-item]
    assert layout.short(fitted, other.values[1]) != layout.short(fitted, LONG.values[1])


# -- what is forgotten


def widths(layout: ColumnLayout, names: Sequence[str] = ("name", "state", "namespace")) -> list[int]:
    found = {one.column.id: one.width for one in layout.fitted}
    return [found.get(name, 0) for name in names]


def test_other_rows_begin_with_what_they_need_themselves() -> None:
    layout = laid(90, LONG)
    before = widths(layout)
    layout.forget()
    layout.arrange(90, [SHORT], 130.0)  # type: ignore[list-item]
    assert widths(layout) == widths(laid(90, SHORT)) != before


def test_widths_are_reviewed_no_sooner_than_said_and_only_after_news() -> None:
    layout = laid(90, LONG)
    assert not layout.review([SHORT.key], 1000.0), "the time begins to run"
    assert not layout.review([SHORT.key], 1000.0 + MEMORY - 0.01)
    assert layout.review([SHORT.key], 1000.0 + MEMORY)
    assert not layout.review([SHORT.key], 1000.0 + 9 * MEMORY), "nothing has come since"
    layout.seen(SHORT.key)
    assert layout.review([SHORT.key], 1000.0 + 9 * MEMORY)
    layout.seen(SHORT.key)
    assert layout.review([SHORT.key], 500.0), "a clock that was set back does not hold it up"


def test_a_review_forgets_names_at_once_and_other_texts_after_the_next() -> None:
    layout = laid(90, LONG)
    wide = widths(layout)
    layout.review([], 1000.0)
    layout.review([SHORT.key], 1000.0 + MEMORY)
    layout.arrange(90, [SHORT], 130.0)  # type: ignore[list-item]
    once = widths(layout)
    layout.seen(SHORT.key)
    layout.review([SHORT.key], 1000.0 + 2 * MEMORY)
    layout.arrange(90, [SHORT], 130.0)  # type: ignore[list-item]
    assert wide == widths(laid(90, LONG))
    assert once[1] > widths(laid(90, SHORT))[1], "a state is remembered for one look more"
    assert once[2] == widths(laid(90, SHORT))[2], "a namespace that is gone is not"
    assert widths(layout) == widths(laid(90, SHORT))
    fitted = next(one for one in layout.fitted if one.column.id == "namespace")
    assert layout.short(fitted, LONG.values[1]) == LONG.values[1]


def test_the_columns_of_a_pane_may_become_others() -> None:
    layout = laid(90, SHORT)
    assert layout.take(COLUMNS[:4]) is True
    layout.arrange(90, (), 130.0)
    assert [one.column.id for one in layout.fitted] == ["cluster", "namespace", "name", "state"]
    mine = COLUMNS[:3]
    assert layout.take(mine) is True
    assert layout.take(mine) is False
