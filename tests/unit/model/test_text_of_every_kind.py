"""How many characters of every text of an object its row keeps, kind by kind.

`pytest tests/unit/model/test_text_of_every_kind.py --snapshot-update` takes what is kept now; look at what differs
first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import inspect
from syrupy.assertion import SnapshotAssertion

from edgetui.model.kinds import KINDS
from edgetui.model.kinds.base import Kind

LONG = "x" * 3000


def filled(kind: inspect.Type) -> Any:
    """A value of this type in which every field is there and every text is long."""
    match kind:
        case inspect.StructType(fields=fields):
            return {one.encode_name: filled(one.type) for one in fields}
        case inspect.UnionType(types=types):
            return filled(next(one for one in types if not isinstance(one, inspect.NoneType)))
        case inspect.ListType(item_type=item):
            return [filled(item)]
        case inspect.DictType(value_type=value):
            return {"k": filled(value)}
        case inspect.IntType() | inspect.FloatType():
            return 1
        case inspect.BoolType():
            return True
        case inspect.StrType() | inspect.AnyType():
            return LONG
    return {}


def kept(value: Any, name: str = "") -> Iterator[tuple[str, int]]:
    """Each long text within, by the fields that lead to it, and how much of it there is."""
    if isinstance(value, str) and len(value) > 9:
        yield name, len(value)
    elif isinstance(value, msgspec.Struct):
        for field in value.__struct_fields__:
            yield from kept(getattr(value, field), f"{name}.{field}" if name else field)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from kept(one, name)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_how_much_of_each_text_is_kept(kind: Kind, snapshot: SnapshotAssertion) -> None:
    document = msgspec.json.encode(filled(inspect.type_info(kind.wire)))
    row = kind.project(msgspec.json.decode(document, type=kind.wire))
    lines = [f"{name} {'all' if size == len(LONG) else size}" for name, size in dict.fromkeys(kept(row))]
    assert "\n".join(lines) == snapshot
