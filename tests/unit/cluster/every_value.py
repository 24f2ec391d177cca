"""A document with each of its values missing or of another sort, one at a time; and what is made of them, in words."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from edgetui.cluster.errors import EdgetuiError

OTHERS: dict[str, Any] = {
    "null": None,
    "no text": "",
    "a text": "other",
    "a number": 7,
    "yes": True,
    "an empty list": [],
    "a list": ["other"],
    "an empty object": {},
    "an object": {"other": 1},
}
_OF_MSGSPEC = re.compile(r"(cannot be read: ).*?(\.$|\. )")
"""The words of another program, which may be others one day."""


def variants(document: Any, others: dict[str, Any] = OTHERS) -> Iterator[tuple[str, Any]]:
    """What is changed in each, and the document."""
    for path in _paths(document):
        if path and isinstance(path[-1], str):
            yield f"without {_named(path)}", _with(document, path, None, missing=True)
        for name, value in others.items():
            yield f"{_named(path) or 'all'} is {name}", _with(document, path, value)


def _named(path: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in path)


def _paths(document: Any) -> Iterator[tuple[str | int, ...]]:
    yield ()
    parts: Iterable[tuple[str | int, Any]] = document.items() if isinstance(document, dict) else ()
    if isinstance(document, list):
        parts = enumerate(document)
    for key, value in parts:
        yield from ((key, *path) for path in _paths(value))


def _with(document: Any, path: tuple[str | int, ...], value: Any, *, missing: bool = False) -> Any:
    if not path:
        return value
    made = copy.deepcopy(document)
    parent = made
    for part in path[:-1]:
        parent = parent[part]
    if missing:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return made


def encoded(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def outcome(make: Callable[[], object]) -> str:
    """What is made, or why nothing is."""
    try:
        return str(make())
    except EdgetuiError as error:
        return said(error)


def said(error: EdgetuiError) -> str:
    words = _OF_MSGSPEC.sub(r"\1…\2", str(error))
    return f"{type(error).__name__}: {words}"


def report(found: Iterable[tuple[str, str]]) -> str:
    """Outcomes in the order in which they come first, each with all that leads to it."""
    by: dict[str, list[str]] = {}
    for what, words in found:
        by.setdefault(words, []).append(what)
    return "\n".join(f"{words}\n    {'; '.join(what)}" for words, what in by.items())


def table(make: Callable[[bytes], object], document: Any) -> str:
    """What is made of a document, and of each that differs in one value."""
    whole = [("as it is", document), *variants(document)]
    return report((what, outcome(lambda one=one: make(encoded(one)))) for what, one in whole)  # type: ignore[misc]
