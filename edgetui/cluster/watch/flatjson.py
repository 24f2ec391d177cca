"""JSON cut into the members of an object or the elements of an array without descending into any of them.

A decoder descends, so one value that is nested without end takes all that stands beside it. Here nothing is decoded:
brackets and strings are counted.
"""

from __future__ import annotations

import re

MOST = 8 * 1024 * 1024
"""Bytes that are looked through at most: a page of a list has no more, and this is slower than decoding."""
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},:]', re.DOTALL)
_OPEN, _CLOSE, _COLON, _COMMA = frozenset(b"[{"), frozenset(b"]}"), ord(":"), ord(",")


def elements(data: bytes) -> list[bytes]:
    """The elements of an array, as they stand; none of what is too long, cut short or no array."""
    return [value for _, value in _parts(data, b"[")]


def members(data: bytes) -> dict[bytes, bytes]:
    """The members of an object by name, quotes included, as they stand; none of what is too long or no whole object."""
    return dict(_parts(data, b"{"))


def _parts(data: bytes, kind: bytes) -> list[tuple[bytes, bytes]]:
    """Name (empty in an array) and value of each part."""
    data = data.strip() if len(data) <= MOST else b""
    if not data.startswith(kind):
        return []
    found: list[tuple[bytes, bytes]] = []
    depth, start, name = 0, 1, b""
    for token in _TOKEN.finditer(data):
        sign = data[token.start()]
        if sign in _OPEN:
            depth += 1
        elif sign in _CLOSE:
            depth -= 1
        if depth == 1 and sign == _COLON and not name:
            name, start = data[start : token.start()].strip(), token.end()
        elif (depth == 1 and sign == _COMMA) or depth == 0:
            if value := data[start : token.start()].strip():
                found.append((name, value))
            name, start = b"", token.end()
        if depth == 0:
            return found if token.end() == len(data) else []
    return []
