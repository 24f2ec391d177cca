"""The cursor and the marks of a table on rows that come, go, move and are made anew, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from edgetui.model.identity import ObjectKey
from edgetui.ui.widgets.cursor_and_marks import Cursor, Marks


class Row:
    def __init__(self, key: ObjectKey, uid: str) -> None:
        self.key, self.uid = key, uid


class View:
    """Rows by name, in this order; what is `hidden` is known and not shown."""

    def __init__(self, names: str, hidden: str = "") -> None:
        self.uids: dict[str, str] = {}
        self.order: Sequence[str] = ()
        self.set(names, hidden)

    def set(self, names: str, hidden: str = "") -> None:
        self.order = names.split()
        self.uids = {name: self.uids.get(name, f"uid-{name}") for name in [*self.order, *hidden.split()]}

    @property
    def keys(self) -> list[ObjectKey]:
        return [key(name) for name in self.order]

    def row(self, wanted: ObjectKey) -> Row | None:
        return Row(wanted, self.uids[wanted.name]) if wanted.name in self.uids else None

    def position(self, wanted: ObjectKey) -> int | None:
        return self.keys.index(wanted) if wanted in self.keys else None

    def shows(self, wanted: ObjectKey) -> bool:
        return wanted in self.keys


def key(name: str) -> ObjectKey:
    return ObjectKey("plant", "Pod", "d", name)


def cursor_on(view: View, index: int, *, top: int = 0, touched: bool = True) -> Cursor:
    cursor = Cursor(view)  # type: ignore[arg-type]
    cursor.place(index)
    cursor.top, cursor.touched = top, touched
    return cursor


def at(cursor: Cursor) -> tuple[str, str, int, int]:
    return (cursor.key.name if cursor.key else "", cursor.uid, cursor.index, cursor.top)


@pytest.mark.parametrize(
    ("index", "name", "stands"),
    [(-5, "a", 0), (-1, "a", 0), (0, "a", 0), (1, "b", 1), (2, "c", 2), (3, "c", 2), (99, "c", 2)],
)
def test_the_cursor_is_put_on_the_line_or_the_nearest_one(index: int, name: str, stands: int) -> None:
    assert at(cursor_on(View("a b c"), index)) == (name, f"uid-{name}", stands, 0)


def test_without_rows_the_cursor_is_on_nothing() -> None:
    assert at(Cursor(View("a"))) == ("", "", 0, 0)  # type: ignore[arg-type]
    cursor = cursor_on(View(""), 3)
    assert at(cursor) == ("", "", 0, 0)
    cursor.look_at_kinds(5)
    cursor.follow()
    assert at(cursor) == ("", "", 0, 0)


@pytest.mark.parametrize(
    ("touched", "after", "name", "index"),
    [
        (True, "x a b c", "b", 2),
        (True, "c b a", "b", 1),
        (True, "a c", "c", 1),
        (True, "a", "a", 0),
        (True, "", "", 0),
        (False, "x a b c", "x", 0),
        (False, "c b a", "c", 0),
    ],
)
def test_a_cursor_that_a_key_has_moved_stays_on_its_object_and_any_other_on_the_first_row(
    touched: bool, after: str, name: str, index: int
) -> None:
    view = View("a b c")
    cursor = cursor_on(view, 1, touched=touched)
    view.set(after)
    cursor.follow()
    assert at(cursor) == (name, f"uid-{name}" if name else "", index, 0)


def test_the_line_of_the_cursor_stays_where_it_is_on_the_screen_once_it_was_scrolled() -> None:
    view = View("a b c d e f")
    cursor = cursor_on(view, 3, top=2)
    view.set("x y a b c d e f")
    cursor.follow()
    assert at(cursor) == ("d", "uid-d", 5, 4)
    cursor = cursor_on(view, 3, top=0)
    view.set("z x y a b c d e f")
    cursor.follow()
    assert at(cursor) == ("b", "uid-b", 4, 0)


@pytest.mark.parametrize(
    ("top", "index", "height", "rows", "found"),
    [
        (0, 0, 3, 9, 0),
        (0, 2, 3, 9, 0),
        (0, 3, 3, 9, 1),
        (5, 4, 3, 9, 4),
        (5, 5, 3, 9, 5),
        (8, 8, 3, 9, 6),
        (6, 8, 3, 9, 6),
        (4, 4, 9, 9, 0),
        (4, 4, 20, 9, 0),
        (0, 4, 1, 9, 4),
        (0, 4, 0, 9, 4),
        (0, 4, -3, 9, 4),
        (7, 0, 3, 0, 0),
    ],
)
def test_the_cursor_is_in_sight_and_no_line_is_wasted(
    top: int, index: int, height: int, rows: int, found: int
) -> None:
    cursor = cursor_on(View(" ".join(f"p{at}" for at in range(rows))), index, top=top)
    cursor.look_at_kinds(height)
    assert cursor.top == found


@pytest.mark.parametrize(
    ("before", "now", "replaced", "uid"),
    [
        ("one", "one", False, "one"),
        ("one", "two", True, "two"),
        ("one", "", False, "one"),
        ("", "two", False, "two"),
        ("", "", False, ""),
    ],
)
def test_another_object_of_the_name_is_told_from_a_row_that_says_nothing(
    before: str, now: str, replaced: bool, uid: str
) -> None:
    view = View("a")
    view.uids["a"] = before
    cursor = cursor_on(view, 0)
    assert cursor.uid == before
    view.uids["a"] = now
    assert cursor.replaced() == replaced
    assert cursor.uid == uid
    assert not cursor.replaced()


# -- marks


def marks_on(view: View, names: str) -> Marks:
    marks = Marks(view)  # type: ignore[arg-type]
    for name in names.split():
        row: Any = view.row(key(name))
        marks.toggle(row)
    return marks


def test_a_mark_is_set_taken_away_and_counted() -> None:
    view = View("a b c", hidden="x y")
    marks = marks_on(view, "c x a c b")
    assert (len(marks), marks.hidden) == (3, 1)
    assert [key(name) in marks for name in "abcxy"] == [True, True, False, True, False]
    assert [row.key.name for row in marks.rows()] == ["a", "b"]
    view.set("b c a", hidden="x y")
    assert [row.key.name for row in marks.rows()] == ["b", "a"], "in the order of the screen"
    assert [row.key.name for row in marks.take()] == ["b", "a"]
    assert (len(marks), marks.hidden, key("x") in marks) == (2, 0, False)
    marks.clear()
    assert (len(marks), marks.rows(), marks.hidden) == (0, [], 0)


@pytest.mark.parametrize(
    ("before", "now", "marked", "kept"),
    [
        ("one", "one", True, "one"),
        ("one", "two", False, ""),
        ("one", "", True, "one"),
        ("", "two", True, "two"),
        ("", "", True, ""),
        ("one", None, False, ""),
    ],
)
def test_a_mark_goes_with_its_object_and_with_no_other(
    before: str, now: str | None, marked: bool, kept: str
) -> None:
    view = View("a b")
    view.uids["a"] = before
    marks = marks_on(view, "a b")
    if now is None:
        view.set("b")
    else:
        view.uids["a"] = now
    marks.follow([key("b")])
    assert len(marks) == 2, "only what changed is looked at"
    marks.follow([key("a"), key("c")])
    assert [key(name) in marks for name in "ab"] == [marked, True]
    assert marks._uids.get(key("a"), "") == kept
