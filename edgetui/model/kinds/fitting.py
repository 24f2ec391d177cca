"""What is left of an object that has values of other types than the API says."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from msgspec import inspect as types

_LEFT_OUT: Any = object()
_types = cache(types.type_info)


def fit(value: Any, wire: type[msgspec.Struct]) -> Any:
    """Plain JSON data without what has another type than `wire` says; None where it is no object at all."""
    found = _fit(value, _types(wire))
    return None if found is _LEFT_OUT else found


def _fit(value: Any, kind: types.Type) -> Any:
    """The part of a value that has this type; it goes no deeper than the type does."""
    if isinstance(kind, types.UnionType):
        if value is None:
            return None
        kind = next(one for one in kind.types if not isinstance(one, types.NoneType))
    match kind:
        case types.StructType():
            if not isinstance(value, dict):
                return _LEFT_OUT
            parts = {field.encode_name: field.type for field in kind.fields}
            return _kept((name, _fit(value[name], part)) for name, part in parts.items() if name in value)
        case types.DictType():
            if not isinstance(value, dict):
                return _LEFT_OUT
            return _kept((name, _fit(one, kind.value_type)) for name, one in value.items())
        case types.ListType():
            if not isinstance(value, list):
                return _LEFT_OUT
            return [one for one in (_fit(one, kind.item_type) for one in value) if one is not _LEFT_OUT]
        case types.AnyType() | types.RawType():
            return value
    try:
        return msgspec.convert(value, _PLAIN[type(kind)])
    except (msgspec.ValidationError, KeyError):
        return _LEFT_OUT


def _kept(pairs: Any) -> dict[str, Any]:
    return {name: one for name, one in pairs if one is not _LEFT_OUT}


_PLAIN: dict[type[types.Type], type] = {types.StrType: str, types.IntType: int, types.BoolType: bool}
