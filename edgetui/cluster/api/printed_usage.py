"""Usage as the rows that metrics-server prints: a sixth of the bytes of its objects, but rows name no namespace."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec

from edgetui.cluster.api.status import UNDECODABLE
from edgetui.cluster.errors import NotPrinted
from edgetui.model.cache.store import Usage
from edgetui.model.text import parse_cpu, whole

_FIGURES = ("Name", "cpu", "memory")


class _Column(msgspec.Struct):
    name: str = ""


class _Row(msgspec.Struct):
    cells: list[Any]


class _Table(msgspec.Struct, rename="camel"):
    kind: str = ""
    column_definitions: list[_Column] | None = None
    rows: list[msgspec.Raw] | None = None


_row = msgspec.json.Decoder(_Row)


def decode_rows(body: bytes | bytearray, namespace: str) -> dict[tuple[str, str], Usage] | None:
    """Usage by namespace and name from the Table of one namespace, or of nodes with ""; None for what is no Table.

    A row that cannot be read tells of nothing. Raises NotPrinted for a Table without figures, and what msgspec raises.
    """
    table = msgspec.json.decode(body, type=_Table)
    if table.kind != "Table":
        return None
    columns = [column.name for column in table.column_definitions or ()]
    if table.rows and not set(_FIGURES) <= set(columns):
        raise NotPrinted("The server does not print usage.")
    found: dict[tuple[str, str], Usage] = {}
    for raw in table.rows or ():
        with suppress(*UNDECODABLE, KeyError):
            cells = dict(zip(columns, _row.decode(raw).cells, strict=False))
            name, cpu, memory = (str(cells[one]) for one in _FIGURES)
            found[namespace, name] = _usage(parse_cpu(cpu), whole(memory))
    return found


def _usage(cpu: int | None, memory: int | None) -> Usage:
    """What runs uses memory: a sum of 0 is one of no figures at all."""
    return Usage(cpu, memory) if memory else Usage(None, None)
