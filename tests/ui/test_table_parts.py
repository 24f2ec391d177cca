"""What a live table does with keys, clicks, notes, rows and time, method by method."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.model.view.fleet import ViewChange
from edgetui.ui.widgets.live_table import SETTLE, LiveTable

from .noting import Noting
from .test_cursor_and_marks import View, cursor_on, key, marks_on


class Columns(Noting):
    """Columns that change when they are told to."""


def table(names: str = "a b c d e f", *, at: int = 2, height: int = 4, notes: int = 0, **there: Any) -> Any:
    """A table of these rows, the cursor on one of them, at a steady time."""
    noted: list[Any] = []
    view = View(names)
    usual: dict[str, Any] = {
        "view": view, "_cursor": cursor_on(view, at), "marks": marks_on(view, ""), "_notes": ("note",) * notes,
        "size": SimpleNamespace(height=height, width=40), "_monotonic": lambda: 100.0, "_now": lambda: 9.0,
        "_moved_by_itself": 0.0, "_reordered": 0.0, "_had_cursor": True, "_more_below": False, "_shown": {},
        "columns": Columns(noted, fitted=["x"], wide=False, shift=3), "top": 0, "has_focus": True,
        "visible_rows": max(height - 1 - notes, 0), "more_below": False, "_empty": False,
    }  # fmt: skip
    made: Any = Noting(noted, **usual | there)
    for name in ("Opened", "Scrolled", "CursorMoved"):
        made.__dict__[name] = lambda *given, name=name: (name, *given[1:])
    return made


def call(method: str, made: Any, *given: Any, **more: Any) -> Any:
    return getattr(LiveTable, method)(made, *given, **more)


def of(method: str, made: Any) -> Any:
    return getattr(LiveTable, method).fget(made)


@pytest.mark.parametrize(
    ("passed", "settled"), [(0.0, False), (SETTLE - 0.01, False), (SETTLE, True), (9.0, True)]
)
def test_an_action_waits_until_a_row_that_came_by_itself_could_be_seen(passed: float, settled: bool) -> None:
    assert of("settled", table(_monotonic=lambda: passed)) == settled


@pytest.mark.parametrize(
    ("height", "notes", "rows"), [(0, 0, 0), (1, 0, 0), (5, 0, 4), (5, 1, 3), (5, 4, 0), (5, 9, 0)]
)
def test_rows_fit_between_the_head_and_the_notes(height: int, notes: int, rows: int) -> None:
    made = table(height=height, notes=notes)
    assert of("visible_rows", made) == rows
    assert call("get_content_height", made, None, None, 40) == 7 + notes


@pytest.mark.parametrize(
    ("top", "rows", "more"), [(0, 5, True), (0, 6, False), (1, 5, False), (1, 4, True), (0, 9, False)]
)
def test_whether_rows_are_below(top: int, rows: int, more: bool) -> None:
    assert of("more_below", table(top=top, visible_rows=rows)) == more


@pytest.mark.parametrize(("before", "now"), product((False, True), repeat=2))
def test_it_is_told_once_that_rows_are_below_or_no_longer(before: bool, now: bool) -> None:
    made = table(_more_below=before, more_below=now)
    call("_tell_scrolled", made)
    call("_tell_scrolled", made)
    assert made.noted == ([("post_message", ("Scrolled",))] if before != now else [])


@pytest.mark.parametrize(
    ("method", "given", "to"),
    [
        ("action_move", 1, 3), ("action_move", -1, 1), ("action_page", 1, 4), ("action_page", -1, 0),
        ("action_edge", 0, 0), ("action_edge", 1, 5),
    ],
)  # fmt: skip
def test_where_keys_move_the_cursor_to(method: str, given: int, to: int) -> None:
    made = table()
    call(method, made, given)
    assert made.noted == [("_move_to", to)]
    low = table(height=1)
    call("action_page", low, 1)
    assert low.noted == [("_move_to", 3)], "at least one row"


@pytest.mark.parametrize(("method", "to"), [("on_mouse_scroll_down", 5), ("on_mouse_scroll_up", -1)])
def test_the_wheel_moves_three_rows(method: str, to: int) -> None:
    made = table()
    call(method, made, Noting(made.noted))
    assert made.noted == [("stop",), ("_move_to", to)]


@pytest.mark.parametrize(("y", "hit"), [(0, False), (1, True), (3, True), (4, False)])
@pytest.mark.parametrize(
    ("reordered", "held"), [(100.0, True), (100.0 - SETTLE + 0.01, True), (100.0 - SETTLE, False)]
)
def test_a_click_is_on_the_row_that_is_drawn_there(y: int, hit: bool, reordered: float, held: bool) -> None:
    made = table(top=2, _reordered=reordered)
    call("on_click", made, SimpleNamespace(y=y))
    assert made.noted == ([("_move_to", 2 + y - 1)] if hit else [])
    assert made._moved_by_itself == (100.0 if hit and held else 0.0)


def test_enter_and_marks_are_about_the_row_under_the_cursor() -> None:
    made = table(cursor_row=None)
    call("action_open", made)
    call("mark", made)
    assert (made.noted, len(made.marks)) == ([("post_message", ("Opened", key("c")))], 0)
    made.noted.clear()
    made.__dict__["cursor_row"] = made.view.row(key("c"))
    call("mark", made)
    assert (made.noted, key("c") in made.marks) == ([("_move_to", 3)], True)
    empty = table("")
    call("action_open", empty)
    assert empty.noted == []
    assert of("cursor_row", made).key == key("c")
    assert of("cursor_row", empty) is None


def test_an_object_that_is_there_gets_the_cursor() -> None:
    made = table()
    assert call("go_to", made, key("e")) is True
    assert call("go_to", made, key("x")) is False
    assert made.noted == [("_move_to", 4)]


def test_columns_are_shown_in_full_and_scrolled_where_that_leads_anywhere() -> None:
    made = table()
    call("show_wide", made, True)
    assert (made.columns.wide, made.columns.shift, made.noted) == (True, 0, [("_layout_columns",)])
    for moves in (True, False):
        made = table()
        made.columns.__dict__["scroll"] = lambda step, moves=moves: moves and step == 1
        call("action_scroll_columns", made, 1)
        assert made.noted == ([("_layout_columns",)] if moves else [])


def test_the_cursor_moves_and_only_what_changed_is_painted() -> None:
    made = table()
    call("_move_to", made, 3)
    assert made._cursor.touched
    assert (made._cursor.key, made._cursor.top) == (key("d"), 1)
    assert made.noted == [
        ("_tell_cursor", key("c"), False), ("sync",), ("_refresh_row", 2), ("_refresh_row", 2)
    ]  # fmt: skip
    made.noted.clear()
    call("_move_to", made, 1)
    assert made.noted == [("_tell_cursor", key("d"), False), ("_refresh_row", 2), ("_refresh_row", 0)]


@pytest.mark.parametrize(("by_itself", "had"), product((False, True), repeat=2))
@pytest.mark.parametrize("change", ["none", "another", "made anew"])
def test_another_object_under_the_cursor_is_told_and_by_itself_holds_actions(
    by_itself: bool, had: bool, change: str
) -> None:
    made = table(_had_cursor=had)
    before = key("c")
    if change == "another":
        before = key("b")
    elif change == "made anew":
        made.view.uids["c"] = "another"
    call("_tell_cursor", made, before, by_itself=by_itself)
    told = change != "none"
    assert made.noted == ([("post_message", ("CursorMoved", key("c")))] if told else [])
    assert made._moved_by_itself == (100.0 if told and by_itself and had else 0.0)
    assert made._had_cursor == (had or told)


@pytest.mark.parametrize(("order", "others"), product((False, True), repeat=2))
def test_rows_that_changed_keep_cursor_and_marks_on_their_objects(order: bool, others: bool) -> None:
    made = table()
    made.view.pane = SimpleNamespace(columns="columns")
    made.columns.__dict__["take"] = lambda columns: others and columns == "columns"
    made.__dict__["marks"] = Noting(made.noted)
    call("view_changed", made, ViewChange(order=order, changed={key("a"), key("gone")}))
    assert made.noted == [
        ("seen", key("a")),
        ("follow", {key("a"), key("gone")}),
        ("_tell_cursor", key("c"), True),
        *([("_layout_columns",)] if others else []),
        ("sync",),
    ]
    assert made._reordered == (100.0 if order else 0.0)
    assert made._cursor.key == (key("a") if order and not made._cursor.touched else key("c"))


def test_other_notes_are_painted_and_the_same_are_not() -> None:
    made = table(at=5, visible_rows=3)
    call("set_notes", made, ("a note",))
    call("set_notes", made, ("a note",))
    assert made.noted == [("_tell_scrolled",), ("_repaint",)]
    assert (made._notes, made._cursor.top) == (("a note",), 3)


def test_after_a_filter_the_cursor_follows_the_first_row_again() -> None:
    made = table(_moved_by_itself=100.0)
    made._cursor.touched, made._cursor.top = True, 2
    call("reset_cursor", made)
    assert (made._cursor.touched, made._cursor.top, made._cursor.key) == (False, 0, key("a"))
    assert made._moved_by_itself == -SETTLE
    assert made.noted == [
        ("_tell_cursor", key("c"), False), ("_tell_scrolled",), ("forget",), ("_layout_columns",), ("_repaint",)
    ]  # fmt: skip


def test_time_alone_paints_the_lines_that_read_differently_now() -> None:
    line = SimpleNamespace(texts=("x",))
    made = table(top=2, _shown={0: line, 1: None, 2: line, 9: line})
    made.columns.__dict__.update(
        moved=lambda row, texts, now: row.key == key("e") and now == 9.0,
        review=lambda keys, now: len(keys) == 6,
    )
    call("tick", made)
    assert made.noted == [("_refresh_row", 2), ("_layout_columns",)]
    made.columns.__dict__["review"] = lambda keys, now: False
    made.noted.clear()
    call("tick", made)
    assert made.noted == [("_refresh_row", 2)]


@pytest.mark.parametrize(("y", "painted"), [(-1, False), (0, True), (2, True), (3, False)])
def test_only_lines_in_sight_are_painted(y: int, painted: bool) -> None:
    made = table()
    call("_refresh_row", made, y)
    assert [tuple(one[1]) for one in made.noted] == ([(0, y + 1, 40, 1)] if painted else [])


@pytest.mark.parametrize(("width", "laid"), [(3, False), (4, True), (40, True)])
@pytest.mark.parametrize("changes", [False, True])
def test_columns_are_laid_out_for_the_rows_in_sight(width: int, laid: bool, changes: bool) -> None:
    made, given = table(top=1, size=SimpleNamespace(height=4, width=width)), list[Any]()

    def arrange(room: int, rows: Any, now: float) -> bool:
        given.append((room, [row.key.name for row in rows], now))
        return changes

    made.columns.__dict__["arrange"] = arrange
    call("_layout_columns", made)
    assert given == ([(width - 2, ["b", "c", "d"], 9.0)] if laid else [])
    assert made.noted == ([("_repaint",)] if laid and changes else [])
