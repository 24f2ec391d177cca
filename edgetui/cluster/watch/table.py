"""Tables: objects as the rows that `kubectl get` prints, without the objects (meta.k8s.io/v1 Table).

A row has neither namespace nor uid, so one Printer serves one namespace. Columns come once, with the first page or
event, and are null afterwards; where it is known what Kubernetes prints they are not asked for, until cells come that
are others. A bookmark is a Table as well, with a made-up row that stands for nothing; an ERROR stays a plain Status.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from edgetui.cluster.api.probe import PRINTED, PRINTED_QUERY, WITHOUT_COLUMNS
from edgetui.cluster.api.status import UNDECODABLE, map_status
from edgetui.cluster.errors import NotPrinted, ProtocolError, Unreadable
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
from edgetui.model.kinds.wire import Meta

_END = "k8s.io/initial-events-end"


class Column(msgspec.Struct):
    """A column definition."""

    name: str
    type: str = ""
    format: str = ""
    priority: int = 0


class _Marks(msgspec.Struct):
    """The one annotation that is read: those of a Secret may hold what it holds."""

    end: str = msgspec.field(name=_END, default="")


class ObjectMeta(Meta):
    """`metadata` of the object of a row, and of a bookmark."""

    annotations: _Marks | None = None


class ListMeta(msgspec.Struct, rename="camel"):
    """`metadata` of a Table."""

    resource_version: str = ""
    continue_: str | None = msgspec.field(name="continue", default=None)
    remaining_item_count: int | None = None
    annotations: _Marks | None = None


class PrintedObject(msgspec.Struct):
    """The object of a row, as far as its metadata."""

    metadata: ObjectMeta = msgspec.field(default_factory=ObjectMeta)


class PrintedRow(msgspec.Struct):
    """One row as it arrives; `object` is there where its metadata was asked for."""

    cells: list[Any]
    object: PrintedObject | None = None


class Table(msgspec.Struct, rename="camel"):
    """A Table as it arrives; any other object has another `kind`."""

    kind: str = ""
    metadata: ListMeta = msgspec.field(default_factory=ListMeta)
    column_definitions: list[Column] | None = None
    rows: list[PrintedRow] | None = None


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
    """Makes rows of one kind in one namespace from Tables. `now` gives Unix seconds, because cells hold ages.

    `form` asks for what it reads: here the cells alone, which are the smallest form a server has.
    """

    form: ClassVar[dict[str, str]] = PRINTED_QUERY
    accept: ClassVar[str] = PRINTED
    optional: ClassVar[bool] = True
    """Whether a server that prints in another way is asked for objects instead."""
    dear: ClassVar[bool] = True
    """Whether a bookmark, which is a whole Table, is more than a quiet minute is worth."""

    def __init__(self, kind: Kind, namespace: str, now: Callable[[], float]) -> None:
        self.kind = kind
        self._namespace = namespace
        self._now = now
        self._columns = list(kind.printed_columns)
        self._assumed = bool(self._columns)

    @property
    def query(self) -> dict[str, str]:
        """What is added to the query of a list or a watch."""
        return {**self.form, **WITHOUT_COLUMNS} if self._assumed else self.form

    @staticmethod
    def whole() -> type[Printer]:
        """What prints the objects of a whole cluster."""
        return WholePrinter

    def read(self, body: bytes | bytearray | msgspec.Raw) -> Table:
        """A Table. Raises NotPrinted if it is something else."""
        return decode_table(body)

    def read_page(self, body: bytes | bytearray) -> Table:
        """The Table of one page of a LIST. Raises as `read`, and TooLarge."""
        check_values(body)
        table = self.read(body)
        if len(table.rows or ()) > MOST_ITEMS:
            raise TooLarge(
                f"The server sent {len(table.rows or ()):,} rows in one answer, too many to be held in memory."
            )
        return table

    def page(self, body: bytes | bytearray) -> Page:
        """One page of a LIST; its rows are as old as the list, and carry its version. Raises NotPrinted."""
        table = self.read_page(body)
        meta = table.metadata
        if not meta.resource_version:
            raise NotPrinted("The server's table has no version.")
        rows = self.rows(table)
        return Page(rows, meta.resource_version, meta.continue_ or "", remaining=meta.remaining_item_count)

    def rows(self, table: Table) -> list[Row]:
        """The rows of a Table. Raises NotPrinted if their cells are not those that this kind is known by."""
        self.learn(table)
        return [self._row(row, table.metadata.resource_version) for row in table.rows or ()]

    def changes(self, change: str, table: Table) -> list[Change]:
        """The rows of the Table of an event as changes. Raises as `rows` does."""
        return [(change, row) for row in self.rows(table)]

    def learn(self, table: Table) -> None:
        """Take the columns of a Table that names them; any may be the first, a bookmark too."""
        if table.column_definitions:
            self._columns = [column.name for column in table.column_definitions]
            self._assumed = False

    def _row(self, row: PrintedRow, version: str) -> Row:
        return self._made(row, self._namespace, version)

    def _made(self, row: PrintedRow, namespace: str, version: str) -> Row:
        make = self.kind.printed
        if make is None or len(row.cells) != len(self._columns):
            raise self._otherwise(f"{len(row.cells)} cells")
        cells = {name: str(cell) for name, cell in zip(self._columns, row.cells, strict=True)}
        try:
            made = make(cells, namespace, version, self._now())
        except (LookupError, ValueError) as error:
            raise self._otherwise(str(error)) from None
        if not made.name:
            raise NotPrinted(f"The server prints {self.kind.plural} without names.")
        return with_plain_name(made)

    def _otherwise(self, why: str) -> Unreadable:
        """The error for cells of another make: with their columns, which the next question asks for, they may do."""
        told, self._assumed = not self._assumed, False
        kind = NotPrinted if told else Unreadable
        return kind(f"The server prints {self.kind.plural} in another way ({why}).")


class WholePrinter(Printer):
    """The same for a whole cluster: the metadata of each object names it."""

    form: ClassVar[dict[str, str]] = {"includeObject": "Metadata"}
    dear: ClassVar[bool] = False

    def _row(self, row: PrintedRow, version: str) -> Row:
        if row.object is None:
            raise NotPrinted("The server's table does not name its objects.")
        meta = row.object.metadata
        made = self._made(row, meta.namespace or "", meta.resource_version or version)
        made.uid = meta.uid or ""
        return made


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
        except ProtocolError as error:
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
        table = self._printer.read(event.object)
        if event.type == "BOOKMARK":
            self._printer.learn(table)
            inputs.append(_bookmark(table))
            return
        if event.type not in ("ADDED", "MODIFIED", "DELETED"):
            raise Unreadable(f"The server sent an event of the unknown type {event.type[:32]!r}.")
        changes = self._printer.changes(event.type, table)
        if inputs and isinstance(inputs[-1], Changes):
            inputs[-1].items.extend(changes)
        elif changes:
            inputs.append(Changes(changes))


class _Code(msgspec.Struct):
    code: int | None = None


def _bookmark(table: Table) -> Bookmark:
    """Its version, and whether it ends a first list; the row is empty and means nothing."""
    carried = next((row.object.metadata for row in table.rows or () if row.object is not None), ObjectMeta())
    version = table.metadata.resource_version or carried.resource_version
    if not version:
        raise Unreadable("The server sent a bookmark without a version.")
    marks = carried.annotations or table.metadata.annotations or _Marks()
    return Bookmark(version, marks.end == "true")
