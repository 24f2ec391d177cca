"""The answers of a real API server that every fuzzed input starts from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from edgetui.cluster.http.inflate import Inflater
from edgetui.cluster.http.protocol import Body, Head, ResponseReader
from edgetui.model.kinds import KINDS

FOLDER = Path(__file__).with_name("corpus")


@dataclass(frozen=True)
class Answer:
    """One recorded answer: as it came, its head, its body as sent and decompressed."""

    name: str
    wire: bytes
    status: int
    headers: dict[str, str]
    body: bytes
    plain: bytes

    @property
    def compressed(self) -> bool:
        return self.body != self.plain


def _read(path: Path) -> Answer:
    wire = path.read_bytes()
    reader = ResponseReader()
    events = reader.feed(wire)
    reader.eof()
    head = events[0]
    assert isinstance(head, Head) and reader.done, path.name
    body = b"".join(event.data for event in events if isinstance(event, Body))
    gzipped = head.headers.get("content-encoding") == "gzip"
    plain = b"".join(Inflater().feed(body)) if gzipped else body
    return Answer(path.stem, wire, head.status, head.headers, body, plain)


@cache
def answers() -> tuple[Answer, ...]:
    """All of them."""
    found = tuple(_read(path) for path in sorted(FOLDER.glob("*.http")))
    assert found, "the corpus is missing"
    return found


@cache
def members() -> tuple[bytes, ...]:
    """The compressed bodies."""
    return tuple(answer.body for answer in answers() if answer.compressed)


@cache
def _named() -> dict[str, str]:
    """The kinds by the words of file names: their plurals, or their ids where two kinds have the same plural."""
    return {word: id for id, kind in KINDS.items() for word in (kind.plural, id.lower())}


@cache
def pages() -> tuple[tuple[str, bytes], ...]:
    """Kind and body of every list."""
    return tuple(
        (_named()[answer.name.split("-")[1]], answer.plain)
        for answer in answers()
        if answer.name.startswith("list-") and answer.status == 200
    )


@cache
def refusals() -> tuple[Answer, ...]:
    """The answers that are errors."""
    return tuple(answer for answer in answers() if answer.status != 200)


@cache
def lines() -> tuple[tuple[str, bytes], ...]:
    """Kind and bytes of every event of every watch, and of every listed object as an event."""
    found = []
    for answer in answers():
        if answer.name.startswith("watch-"):
            kind = _named().get(answer.name.split("-")[1], "Pod")
            found += [(kind, line + b"\n") for line in answer.plain.splitlines()]
    for kind, body in pages():
        for one in json.loads(body)["items"]:
            found.append((kind, _line("MODIFIED", one)))
    return tuple(found)


def _line(change: str, thing: dict[str, Any]) -> bytes:
    return json.dumps({"type": change, "object": thing}, separators=(",", ":")).encode() + b"\n"
