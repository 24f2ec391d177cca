"""Tables: objects as the rows that `kubectl get` prints, without the objects (meta.k8s.io/v1 Table).

A row has neither namespace nor uid, so one Printer serves one namespace. Columns come once, with the first page or
event, and are null afterwards. A bookmark is a Table as well, with a made-up row that stands for nothing; an ERROR
stays a plain Status.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from edgetui.cluster.api.status import UNDECODABLE, map_status
from edgetui.cluster.errors import Unreadable
from edgetui.cluster.http.answer_size import (
    MOST_ITEMS,
    MOST_LINE,
    MOST_LINE_VALUES,
    TooLarge,
    check_lines,
    check_values,
)
from edgetui.cluster.watch.events import with_plain_name
from edgetui.cluster.watch.reflector.states import Bookmark, Change, Changes, Failed, Heard, Input, Page
from edgetui.model.kinds.base import Kind, Row

ACCEPT = "application/json;as=Table;v=v1;g=meta.k8s.io"
QUERY = {"includeObject": "None"}
_END = "k8s.io/initial-events-end"


class NotPrinted(Unreadable):
    """The server gives no Table here, or one that says too little."""


class _Column(msgspec.Struct):
    name: str


class _Meta(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    continue_: str | None = msgspec.field(name="continue", default=None)
    annotations: dict[str, str] | None = None


class _Object(msgspec.Struct):
    metadata: _Meta = msgspec.field(default_factory=_Meta)


class _Row(msgspec.Struct):
    cells: list[Any]
    object: _Object | None = None


class Table(msgspec.Struct, rename="camel"):
    """A Table as it arrives; any other object has another `kind`."""

    kind: str = ""
    metadata: _Meta = msgspec.field(default_factory=_Meta)
    column_definitions: list[_Column] | None = None
    rows: list[_Row] | None = None


class _Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


_table = msgspec.json.Decoder(Table)
_event = msgspec.json.Decoder(_Event)


def decode_table(body: bytes | bytearray | msgspec.Raw) -> Table:
    """A Table. Raises NotPrinted if it is something else."""
    try:
        table = _table.decode(body)
    except UNDECODABLE as error:
        raise NotPrinted(f"The server's table cannot be read: {str(error)[:160]}.") from None
    if table.kind != "Table":
        raise NotPrinted("The server does not print tables.")
    return table


class Printer:
    """Makes rows of one kind in one namespace from Tables. `now` gives Unix seconds, because cells hold ages."""

    def __init__(self, kind: Kind, namespace: str, now: Callable[[], float]) -> None:
        self.kind = kind
        self._namespace = namespace
        self._now = now
        self._columns: list[str] = []

    def page(self, body: bytes | bytearray) -> Page:
        """One page of a LIST; its rows are as old as the list, and carry its version. Raises NotPrinted."""
        check_values(body)
        table = decode_table(body)
        if len(table.rows or ()) > MOST_ITEMS:
            raise TooLarge(
                f"The server sent {len(table.rows or ()):,} rows in one answer, too many to be held in memory."
            )
        version = table.metadata.resource_version
        if not version:
            raise NotPrinted("The server's table has no version.")
        return Page(self.rows(table), version, table.metadata.continue_ or "")

    def rows(self, table: Table) -> list[Row]:
        """The rows of a Table. Raises NotPrinted if their cells are not those that this kind is known by."""
        self.learn(table)
        return [self._row(row, table.metadata.resource_version) for row in table.rows or ()]

    def learn(self, table: Table) -> None:
        """Take the columns of a Table that names them; any may be the first, a bookmark too."""
        if table.column_definitions:
            self._columns = [column.name for column in table.column_definitions]

    def _row(self, row: _Row, version: str) -> Row:
        make = self.kind.printed
        if make is None or len(row.cells) != len(self._columns):
            raise NotPrinted(f"The server prints {self.kind.plural} in another way.")
        cells = {name: str(cell) for name, cell in zip(self._columns, row.cells, strict=True)}
        try:
            made = make(cells, self._namespace, version, self._now())
        except (LookupError, ValueError) as error:
            raise NotPrinted(f"The server prints {self.kind.plural} in another way ({error}).") from None
        if not made.name:
            raise NotPrinted(f"The server prints {self.kind.plural} without names.")
        return with_plain_name(made)


class TableDecoder:
    """The events of one watch stream of Tables. Holds no more than one unfinished line."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self._rest = b""

    keeping = False
    """A printed row is cheap to read: nothing is kept back."""

    def feed(self, data: bytes, *, keep: bool = False) -> list[Input]:
        """The inputs that these bytes complete, in order; `Heard` alone if they complete none.

        The last one is `Failed` if a line cannot be read or is an ERROR event; what follows is not read. `keep` changes
        nothing here.
        """
        inputs: list[Input] = []
        try:
            check_lines(data)
            *lines, self._rest = (self._rest + data).split(b"\n")
            if len(self._rest) > MOST_LINE:
                raise TooLarge(
                    f"An event of more than {MOST_LINE >> 20} MB came; that is no Kubernetes event."
                )
            for line in lines:
                if line.strip():
                    self._take(line, inputs)
                if inputs and isinstance(inputs[-1], Failed):
                    break
        except Unreadable as error:
            inputs.append(Failed(error))
        return inputs or [Heard()]

    def release(self) -> list[Input]:
        """What was kept back: nothing."""
        return []

    def foreign(self) -> bool:
        """Whether what no line has ended is a whole document of another server; a LIST has told before."""
        return False

    def _take(self, line: bytes, inputs: list[Input]) -> None:
        check_values(line, MOST_LINE_VALUES)
        try:
            event = _event.decode(line)
            code = msgspec.json.decode(event.object, type=_Code).code if event.type == "ERROR" else None
        except UNDECODABLE as error:
            raise Unreadable(f"An event of a table cannot be read: {str(error)[:160]}.") from None
        if event.type == "ERROR":
            inputs.append(Failed(map_status(code or 500, {}, bytes(event.object))))
            return
        table = decode_table(event.object)
        if event.type == "BOOKMARK":
            self._printer.learn(table)
            inputs.append(_bookmark(table))
            return
        if event.type not in ("ADDED", "MODIFIED", "DELETED"):
            raise Unreadable(f"The server sent an event of the unknown type {event.type[:32]!r}.")
        changes: list[Change] = [(event.type, row) for row in self._printer.rows(table)]
        if inputs and isinstance(inputs[-1], Changes):
            inputs[-1].items.extend(changes)
        elif changes:
            inputs.append(Changes(changes))


class _Code(msgspec.Struct):
    code: int | None = None


def _bookmark(table: Table) -> Bookmark:
    """Its version, and whether it ends a first list; the row is empty and means nothing."""
    carried = next((row.object.metadata for row in table.rows or () if row.object is not None), _Meta())
    version = table.metadata.resource_version or carried.resource_version
    if not version:
        raise Unreadable("The server sent a bookmark without a version.")
    notes = carried.annotations or table.metadata.annotations or {}
    return Bookmark(version, notes.get(_END) == "true")
