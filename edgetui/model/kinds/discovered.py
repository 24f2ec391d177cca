"""Objects of a kind that edgetui has no file for: what names them, and the cells that the server prints of them.

The rows come as Tables (meta.k8s.io/v1) with the metadata of each object. A cell that is an age is kept as the time it
tells, because the server prints it once and it would stand still.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from edgetui.model.kinds.base import Kind, Row
from edgetui.model.kinds.cells import when
from edgetui.model.kinds.wire import Meta, OwnerReference, Wire, labelled, shared
from edgetui.model.resources.served import Resource
from edgetui.model.text import ago, clean

MOST_COLUMNS = 48
MOST_CELL, MOST_TITLE = 160, 32
"""Characters that are kept of a cell and of the title of a column."""
SHARED = 40
"""Texts of so many characters are worth one copy for all rows: a phase, an image, a node."""
_AGES = frozenset({"last seen", "first seen", "last schedule"})
"""Titles of the columns of the built-in kinds that are ages, though their type is "string"."""


class Moment(msgspec.Struct, frozen=True, gc=False, order=True):
    """A time (Unix s) that a cell told as an age, as exact as it was printed."""

    at: int


Cell = str | int | float | Moment | None
"""What stands in a cell; None where the server has nothing to print."""


class TableColumn(msgspec.Struct, frozen=True, gc=False):
    """One column of a Table. `wide` ones have a priority above 0: kubectl shows them with `-o wide`."""

    title: str
    wide: bool = False
    is_age: bool = False
    is_number: bool = False


class TableHead(msgspec.Struct, frozen=True):
    """The columns of one Table, without those that every row has anyway: its name and its age.

    `columns` are those that are left, `places` where they stand in the server's cells, of which there are `width`.
    """

    columns: tuple[TableColumn, ...]
    places: tuple[int, ...]
    width: int


class OwnerName(msgspec.Struct, frozen=True, gc=False):
    """What an owner reference names. The namespace is the object's own, or none."""

    group: str
    kind: str
    name: str


class TableRow(Row, gc=False, kw_only=True):
    """One object: `cells` are parallel to the columns of `head`. `owner` is its controller, or its first owner."""

    head: TableHead
    cells: tuple[Cell, ...] = ()
    owner: OwnerName | None = None


_moment = lru_cache(maxsize=1024)(Moment)
"""One for all rows that tell the same time: what is days old is told in days."""
NO_HEAD = TableHead((), (), 0)


class WireObject(Wire):
    """Any object, as far as its metadata."""

    metadata: Meta | None = None


def kind_of(resource: Resource) -> Kind:
    """The kind of a resource that the server was found to serve."""
    return Kind(
        name=resource.kind,
        plural=resource.plural,
        group=resource.group,
        version=resource.version,
        namespaced=resource.namespaced,
        wire=WireObject,
        row=TableRow,
        project=project,
        short_names=resource.short_names,
        bookmarks=resource.plural != "events",  # these are not in the server's watch cache
        owns=None,
        discovered=True,
        lists_only=not resource.watched,
    )


def head_of(definitions: Sequence[tuple[str, str, str, int]]) -> TableHead:
    """The head of a Table from name, type, format and priority of each of its columns."""
    columns, places = [], []
    for at, (name, type_, format_, priority) in enumerate(definitions[: MOST_COLUMNS + 2]):
        title = clean(name, MOST_TITLE)
        if format_ == "name" or (at == 0 and title.lower() == "name") or title.lower() == "age":
            continue
        is_age = type_ == "date" or title.lower() in _AGES
        columns.append(TableColumn(title, priority > 0, is_age, type_ in ("integer", "number")))
        places.append(at)
    return TableHead(tuple(columns[:MOST_COLUMNS]), tuple(places[:MOST_COLUMNS]), len(definitions))


def row_of_cells(head: TableHead, cells: Sequence[Any], meta: Meta, now: float) -> TableRow:
    """The row of one object; `now` (Unix s) is when its cells were printed.

    Raises ValueError where there are not as many cells as columns.
    """
    if len(cells) != head.width:
        raise ValueError(f"{len(cells)} cells in {head.width} columns")
    return TableRow(
        **labelled(meta, repeated=False),
        head=head,
        cells=tuple(_cells(head, cells, now)),
        owner=_owner(meta.owner_references),
    )


def project(wire: WireObject) -> TableRow:
    """The row of an object that was read by itself."""
    return bare_row(wire.metadata or Meta())


def bare_row(meta: Meta) -> TableRow:
    """A row without cells: no server printed them."""
    return TableRow(**labelled(meta, repeated=False), head=NO_HEAD, owner=_owner(meta.owner_references))


def _cells(head: TableHead, cells: Sequence[Any], now: float) -> Iterator[Cell]:
    for column, place in zip(head.columns, head.places, strict=True):
        cell = cells[place]
        if cell is None or (isinstance(cell, int | float) and not isinstance(cell, bool)):
            yield cell
            continue
        text = clean(_text(cell), MOST_CELL)
        if column.is_age and (moment := when(text, now)):
            yield _moment(moment)
        else:
            yield shared(text) if len(text) <= SHARED else text


def _text(cell: Any) -> str:
    """A cell as kubectl prints it."""
    if isinstance(cell, str):
        return cell
    return msgspec.json.encode(cell).decode()


def _owner(references: list[OwnerReference] | None) -> OwnerName | None:
    """The controller among the owners, or the first of them."""
    if not references:
        return None
    one = next((owner for owner in references if owner.controller), references[0])
    if not (one.kind and one.name):
        return None
    group, slash, _ = (one.api_version or "").partition("/")
    return OwnerName(shared(group) if slash else "", shared(one.kind), shared(one.name))


def cell_text(value: Cell, now: float) -> str:
    """A cell as it is shown; an age is the one of now."""
    if isinstance(value, Moment):
        return ago(value.at, now)
    return "<none>" if value is None else str(value)
