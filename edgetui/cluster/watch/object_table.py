"""Tables with the metadata of each object: rows of any kind, whatever its objects look like.

The metadata names the object, so one watch serves the whole cluster, and the row is at the object's own version. A
server that prints no Tables sends the objects; of those the metadata is read as well, and the rows have no cells.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import ClassVar

import msgspec

from edgetui.cluster.api.client import PREFERRED
from edgetui.cluster.api.status import FOREIGN, UNDECODABLE, is_foreign, not_kubernetes
from edgetui.cluster.errors import Unreadable
from edgetui.cluster.watch.events import with_plain_name
from edgetui.cluster.watch.partition import Partition
from edgetui.cluster.watch.reflector.states import Change, Page
from edgetui.cluster.watch.table import (
    Column,
    ListMeta,
    ObjectMeta,
    PrintedObject,
    PrintedRow,
    Printer,
    Table,
)
from edgetui.model.kinds.base import Kind
from edgetui.model.kinds.discovered import NO_HEAD, bare_row, head_of, row_of_cells

LISTED_EVERY = 30.0
"""Seconds between two lists of what may be listed and not watched."""
_head_of = lru_cache(maxsize=256)(head_of)
"""One head for all watches whose columns are the same."""


class _Meta(ObjectMeta):
    """`metadata` of an object or of a list."""

    continue_: str | None = msgspec.field(name="continue", default=None)
    remaining_item_count: int | None = None


class _Answer(msgspec.Struct, rename="camel"):
    """A Table, a list of objects or one object: told apart by `kind`. Each part is read by itself."""

    kind: str = ""
    metadata: msgspec.Raw = msgspec.Raw(b"{}")
    column_definitions: list[Column] | None = None
    rows: list[msgspec.Raw] | None = None
    items: list[msgspec.Raw] | None = None


_answer = msgspec.json.Decoder(_Answer)
_meta = msgspec.json.Decoder(_Meta)
_printed = msgspec.json.Decoder(PrintedRow)
_object = msgspec.json.Decoder(PrintedObject)
_UNREAD = PrintedRow(cells=[])


class ObjectPrinter(Printer):
    """Makes rows of one kind from Tables with metadata."""

    form: ClassVar[dict[str, str]] = {"includeObject": "Metadata"}
    accept: ClassVar[str] = PREFERRED["Accept"]
    optional: ClassVar[bool] = False
    dear: ClassVar[bool] = False

    def __init__(self, kind: Kind, namespace: str, now: Callable[[], float]) -> None:
        super().__init__(kind, namespace, now)
        self._head = NO_HEAD

    @staticmethod
    def whole() -> type[Printer]:
        """Its rows name their namespaces already."""
        return ObjectPrinter

    def read(self, body: bytes | bytearray | msgspec.Raw) -> Table:
        """A Table, or what came instead as one. Raises ProtocolError for what is neither."""
        try:
            answer = _answer.decode(body)
            meta = _meta.decode(answer.metadata)
        except UNDECODABLE as error:
            if is_foreign(bytes(body)):
                raise not_kubernetes(FOREIGN) from None
            raise Unreadable(
                f"The server's table of {self.kind.plural} cannot be read: {str(error)[:160]}."
            ) from None
        if answer.kind == "Table":
            rows = [_row(raw) for raw in answer.rows or ()]
        elif answer.kind.endswith("List"):
            rows = [_without_cells(raw) for raw in answer.items or ()]
        elif answer.kind:
            rows = [_without_cells(body)]
        else:
            raise not_kubernetes(FOREIGN)
        about = ListMeta(
            meta.resource_version or "", meta.continue_, meta.remaining_item_count, meta.annotations
        )
        return Table(answer.kind, about, answer.column_definitions, rows)

    def page(self, body: bytes | bytearray) -> Page:
        """One page of a LIST; each row is at its object's version. Raises ProtocolError."""
        table = self.read_page(body)
        about = table.metadata
        if not (about.resource_version or self.kind.lists_only):  # what is measured has no version
            raise Unreadable(f"The server answered a list of {self.kind.plural} with something else.")
        changes = self.changes("ADDED", table)
        rows = [row for change, row in changes if change == "ADDED"]
        odd = [row for change, row in changes if change != "ADDED"]
        return Page(rows, about.resource_version, about.continue_ or "", odd, about.remaining_item_count)

    def learn(self, table: Table) -> None:
        """Take the columns of a Table that names them."""
        if table.column_definitions is not None:
            columns = tuple(
                (one.name, one.type, one.format, one.priority) for one in table.column_definitions
            )
            self._head = _head_of(columns)

    def changes(self, change: str, table: Table) -> list[Change]:
        """The rows of a Table as changes; a row that cannot be read costs itself."""
        self.learn(table)
        now = self._now()
        return [self._change(change, row, now) for row in table.rows or ()]

    def _change(self, change: str, printed: PrintedRow, now: float) -> Change:
        meta = printed.object.metadata if printed.object is not None else ObjectMeta()
        try:
            row = row_of_cells(self._head, printed.cells, meta, now) if printed.cells else bare_row(meta)
        except ValueError:
            row, change = bare_row(meta), change if change == "DELETED" else "UNREADABLE"
        return change if row.name else "UNREADABLE", with_plain_name(row)


OBJECT_TABLES = Partition(tables=ObjectPrinter, polls=LISTED_EVERY)
"""The rows of a kind that edgetui has no file for."""


def _row(raw: msgspec.Raw) -> PrintedRow:
    try:
        return _printed.decode(raw)
    except UNDECODABLE:
        return _UNREAD


def _without_cells(raw: msgspec.Raw | bytes | bytearray) -> PrintedRow:
    """The row of an object that came as it is."""
    try:
        return PrintedRow(cells=[], object=_object.decode(raw))
    except UNDECODABLE:
        return _UNREAD
