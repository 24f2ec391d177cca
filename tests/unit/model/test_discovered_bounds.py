"""A kind without a file of its own, at the bounds of what is kept of the server's Table."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.kinds.discovered import (
    Moment,
    OwnerName,
    TableRow,
    bare_row,
    cell_text,
    head_of,
    kind_of,
    row_of_cells,
)
from edgetui.model.kinds.wire import Meta, OwnerReference
from edgetui.model.resources.served import Resource

NOW = 1_800_000_000.0


def one_cell(cell: Any, type_: str = "string", title: str = "Phase") -> Any:
    head = head_of([("Name", "string", "name", 0), (title, type_, "", 0)])
    return row_of_cells(head, ["press", cell], Meta(name="press"), NOW).cells[0]


@pytest.mark.parametrize("length", [159, 160, 161, 5000])
def test_of_a_cell_160_characters_are_kept(length: int) -> None:
    kept = one_cell("x" * length)
    assert kept == ("x" * length if length <= 160 else "x" * 159 + "…")


@pytest.mark.parametrize("length", [31, 32, 33])
def test_of_a_title_32_characters_are_kept(length: int) -> None:
    (column,) = head_of([("Name", "string", "name", 0), ("T" * length, "string", "", 0)]).columns
    assert column.title == ("T" * length if length <= 32 else "T" * 31 + "…")


@pytest.mark.parametrize(("more", "kept"), [(0, 0), (47, 47), (48, 48), (49, 48), (60, 48)])
def test_48_columns_are_kept_beside_the_name_and_the_age(more: int, kept: int) -> None:
    others = [(f"C{number}", "string", "", 0) for number in range(more)]
    head = head_of([("Name", "string", "name", 0), *others, ("Age", "date", "", 0)])
    assert [column.title for column in head.columns] == [f"C{number}" for number in range(kept)]
    assert head.places == tuple(range(1, kept + 1))
    assert head.width == more + 2


@pytest.mark.parametrize(
    ("name", "type_", "format_", "at", "left_out"),
    [
        ("Name", "string", "name", 0, True),
        ("Host", "string", "name", 1, True),
        ("NAME", "string", "", 0, True),
        ("Name", "string", "", 1, False),
        ("Age", "date", "", 3, True),
        ("AGE", "string", "", 1, True),
        ("Last Seen", "string", "", 1, False),
    ],
)
def test_what_every_row_tells_anyway_has_no_column(
    name: str, type_: str, format_: str, at: int, left_out: bool
) -> None:
    others = [(f"C{number}", "string", "", 0) for number in range(3)]
    head = head_of([*others[:at], (name, type_, format_, 0), *others[at:]])
    assert (name not in [column.title for column in head.columns]) is left_out


@pytest.mark.parametrize(
    ("title", "type_", "priority", "told"),
    [
        ("Phase", "string", 0, (False, False, False)),
        ("Phase", "string", 1, (True, False, False)),
        ("Phase", "string", -1, (False, False, False)),
        ("Ready", "integer", 0, (False, False, True)),
        ("Ready", "number", 0, (False, False, True)),
        ("Serviced", "date", 0, (False, True, False)),
        ("Last Seen", "string", 0, (False, True, False)),
        ("first seen", "string", 0, (False, True, False)),
        ("Last Schedule", "string", 0, (False, True, False)),
    ],
)
def test_what_a_column_holds(title: str, type_: str, priority: int, told: tuple[bool, bool, bool]) -> None:
    (column,) = head_of([("Name", "string", "name", 0), (title, type_, "", priority)]).columns
    assert (column.wide, column.is_age, column.is_number) == told


@pytest.mark.parametrize(
    ("cell", "type_", "kept", "shown"),
    [
        (None, "string", None, "<none>"),
        (3, "integer", 3, "3"),
        (0.5, "number", 0.5, "0.5"),
        (True, "string", "true", "true"),
        (False, "string", "false", "false"),
        ("", "string", "", ""),
        ({"a": [1]}, "string", '{"a":[1]}', '{"a":[1]}'),
        ("5m", "date", Moment(int(NOW) - 300), "5m"),
        ("5m", "string", "5m", "5m"),
        ("<unknown>", "date", "<unknown>", "<unknown>"),
        ("a\x1b[31m", "string", "a [31m", "a [31m"),
    ],
)
def test_every_sort_of_cell(cell: Any, type_: str, kept: Any, shown: str) -> None:
    found = one_cell(cell, type_)
    assert (type(found), found) == (type(kept), kept)
    assert cell_text(found, NOW) == shown


@pytest.mark.parametrize("cells", [0, 1, 3])
def test_another_number_of_cells_than_of_columns_is_refused(cells: int) -> None:
    head = head_of([("Name", "string", "name", 0), ("Phase", "string", "", 0)])
    with pytest.raises(ValueError, match=f"{cells} cells in 2 columns"):
        row_of_cells(head, ["x"] * cells, Meta(name="press"), NOW)


def owner(name: str | None, version: str | None = "apps/v1", **more: Any) -> OwnerReference:
    return OwnerReference(
        api_version=version, kind=more.pop("kind", "ReplicaSet"), name=name, uid="u", **more
    )


@pytest.mark.parametrize(
    ("owners", "found"),
    [
        (None, None),
        ([], None),
        ([owner("a")], OwnerName("apps", "ReplicaSet", "a")),
        ([owner("a"), owner("b", controller=True)], OwnerName("apps", "ReplicaSet", "b")),
        ([owner("a", "v1", kind="Node")], OwnerName("", "Node", "a")),
        ([owner("a", None)], OwnerName("", "ReplicaSet", "a")),
        ([owner(None)], None),
        ([owner("a", kind=None)], None),
    ],
)
def test_whose_it_is(owners: list[OwnerReference] | None, found: OwnerName | None) -> None:
    row = bare_row(Meta(name="press", owner_references=owners))
    assert isinstance(row, TableRow)
    assert row.owner == found
    assert (row.cells, row.head.width) == ((), 0)


@pytest.mark.parametrize(
    ("plural", "verbs", "bookmarks", "lists_only"),
    [
        ("pumps", ("list", "watch"), True, False),
        ("pumps", ("list",), True, True),
        ("events", ("list", "watch"), False, False),
    ],
)
def test_how_it_is_kept(plural: str, verbs: tuple[str, ...], bookmarks: bool, lists_only: bool) -> None:
    kind = kind_of(
        Resource(
            group="example.com",
            version="v1",
            plural=plural,
            kind="Pump",
            namespaced=True,
            verbs=verbs,
            short_names=("pu",),
        )
    )
    assert (kind.bookmarks, kind.lists_only, kind.discovered, kind.namespaced) == (
        bookmarks,
        lists_only,
        True,
        True,
    )
    assert kind.short_names == ("pu",)
