"""Bytes of a watch or a LIST -> rows and reflector inputs, in one typed pass per object.

The API server writes one JSON event a line, its "type" first. Objects decode straight into the kind's wire
struct, so fields that no pane shows are skipped without being built. What the fast look cannot place, or what
has an unexpected type in some field, is decoded fully, without that field. An object that cannot be read costs
itself: it is an UNREADABLE change, or stands beside the rows of its page. What is no JSON is Unreadable as a whole.

When many lines come at once, a MODIFIED line is dropped undecoded if a newer one of the same object follows. That
changes neither the rows in the end nor the version to resume from: whatever events of objects come between the
two, the newer one is accepted wherever the older one is, and overrules it. Nothing is dropped across any other
line. If the newer one cannot be read after all, the older one would not be shown either. A look takes a fifteenth of
the time of decoding.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

import msgspec
from msgspec.structs import replace

from edgetui.cluster.api.status import FOREIGN, UNDECODABLE, is_foreign, map_status, not_kubernetes
from edgetui.cluster.errors import ProtocolError, Unreadable
from edgetui.cluster.http.answer_size import (
    MOST_FREE_VALUES,
    MOST_ITEMS,
    MOST_LINE,
    MOST_LINE_VALUES,
    TooLarge,
    check_lines,
    check_values,
)
from edgetui.cluster.watch.reflector.states import Bookmark, Change, Changes, Failed, Heard, Input, Page
from edgetui.model.kinds.base import Kind, NotReadable, Row
from edgetui.model.kinds.wire import tolerant
from edgetui.model.text import escaped

WORTH_A_LOOK = 12
"""Lines at once from which on it pays to look for lines that a later one makes needless."""
PAYS = 8
"""One line in so many must be needless for the look to go on; else it rests for PASSED pieces of many lines."""
PASSED = 256
MOST_KEPT = 1024 * 1024
"""Bytes of lines that are kept back at most: decoding that many takes about 2 ms."""
_OBJECT_EVENTS = frozenset({"ADDED", "MODIFIED", "DELETED"})
_OBJECT_STARTS = frozenset({b'{"type":"A', b'{"type":"M', b'{"type":"D'})
# How API servers begin the line of a changed object; what begins otherwise is not compared with anything.
_MODIFIED = re.compile(
    rb'\{"type":"MODIFIED","object":\{"kind":"\w+","apiVersion":"[\w./]+","metadata":\{("name":"[-.0-9a-z]+",'
    rb'(?:"generateName":"[-.0-9a-z]*",)?(?:"namespace":"[-0-9a-z]+",)?(?:"selfLink":"[^"\\]*",)?'
    rb'"uid":"[-0-9A-Za-z]+)","resourceVersion":"([1-9][0-9]{0,18})"[,}]'
)


class _Envelope(msgspec.Struct):
    type: str
    object: msgspec.Raw


class _MarkAnnotations(msgspec.Struct):
    initial_events_end: str = msgspec.field(name="k8s.io/initial-events-end", default="")


class _MarkMeta(msgspec.Struct, rename="camel"):
    resource_version: str
    annotations: _MarkAnnotations | None = None


class _Mark(msgspec.Struct):
    metadata: _MarkMeta


class _ListMeta(msgspec.Struct, rename="camel"):
    resource_version: str
    continue_: str | None = msgspec.field(name="continue", default=None)
    remaining_item_count: int | None = None


class _RawList(msgspec.Struct):
    kind: str
    metadata: _ListMeta
    items: list[msgspec.Raw] | None = None


class _Decoders:
    """The decoders of one wire struct; built once, because building them costs more than using them."""

    def __init__(self, wire: type[msgspec.Struct]) -> None:
        event = msgspec.defstruct("WatchEvent", [("type", str), ("object", wire)], gc=False)
        items = msgspec.defstruct(
            "List",
            [("kind", str), ("metadata", _ListMeta), ("items", list[wire] | None, None)],  # type: ignore[valid-type]
            gc=False,
        )
        self.event: msgspec.json.Decoder[Any] = msgspec.json.Decoder(event)
        self.list: msgspec.json.Decoder[Any] = msgspec.json.Decoder(items)
        self.one: msgspec.json.Decoder[Any] = msgspec.json.Decoder(wire)


_decoders = lru_cache(maxsize=None)(_Decoders)
_envelope = msgspec.json.Decoder(_Envelope)
_mark = msgspec.json.Decoder(_Mark)
_raw_list = msgspec.json.Decoder(_RawList)


class _Batch:
    """Lines in the order of the stream, without those that a newer line of the same object makes needless."""

    __slots__ = ("_newest", "lines", "looked", "needless", "size")

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.size = 0
        self.looked = 0
        self.needless = 0
        self._newest: dict[bytes, tuple[int, int]] = {}

    def add(self, lines: list[bytes]) -> bool:
        """Add lines; whether all of them can wait: events of objects, some of which were looked into."""
        waits = True
        kept, newest = self.lines, self._newest
        for line in lines:
            whole = line.endswith(b"}}")
            found = _MODIFIED.match(line) if whole else None
            if found is not None:
                who, text = found.groups()
                version = int(text)
                before = newest.get(who)
                if before is not None and before[0] < version:
                    self.size -= len(kept[before[1]])
                    kept[before[1]] = b""
                    self.needless += 1
                newest[who] = (version, len(kept))
            elif not whole or line[:10] not in _OBJECT_STARTS:
                newest.clear()
                waits = False
            self.size += len(line)
            kept.append(line)
        self.looked += len(lines)
        return waits and bool(newest)


class EventDecoder:
    """The events of one watch stream of one kind. Holds one unfinished line, and what it was asked to keep."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._decoders = _decoders(kind.wire)
        self._rest = bytearray()
        self._begun = False
        self._batch = _Batch()
        self._pass = 0

    @property
    def keeping(self) -> bool:
        """Whether lines are kept back that the next `feed` or `release` will give out."""
        return bool(self._batch.lines)

    def feed(self, data: bytes, *, keep: bool = False) -> list[Input]:
        """The inputs that these bytes complete, in order; `Heard` alone if they complete none.

        The last one is `Failed` if a line is no event or an ERROR event; the stream is then of no more use, and what
        follows is not read. With `keep` lines may be kept back if more is sure to follow, as newer ones may make them
        needless.
        """
        try:
            check_lines(data)
        except TooLarge as error:
            return [Failed(error)]
        lines, start = [], 0
        while (end := data.find(b"\n", start)) >= 0:  # seven times as fast as split
            lines.append(data[start:end])
            start = end + 1
        rest = data[start:]
        if lines and self._rest:
            lines[0] = bytes(self._rest) + lines[0]
            self._rest = bytearray()
        many = keep or len(lines) >= WORTH_A_LOOK
        if many and self._pass:
            self._pass -= 1
        elif many or self._batch.lines:
            waits = self._batch.add(lines)
            lines = [] if keep and waits and self._batch.size < MOST_KEPT else self._take()
        return self._read(lines, rest)

    def release(self) -> list[Input]:
        """What was kept back."""
        return self._read(self._take(), b"")

    def _take(self) -> list[bytes]:
        batch, self._batch = self._batch, _Batch()
        if batch.needless * PAYS < batch.looked:
            self._pass = PASSED
        return [line for line in batch.lines if line]

    def _read(self, lines: list[bytes], rest: bytes) -> list[Input]:
        inputs: list[Input] = []
        changes: list[Change] = []
        line = b""
        try:
            for line in lines:
                if line[:10] in _OBJECT_STARTS:
                    changes.append(self._change(line))
                elif line.strip():
                    other = self._other(line)
                    if isinstance(other, tuple):
                        changes.append(other)
                        continue
                    if changes:
                        inputs.append(Changes(changes))
                        changes = []
                    inputs.append(other)
                    if isinstance(other, Failed):
                        self._begun = True
                        return inputs
            self._keep(rest)
        except (Unreadable, *UNDECODABLE) as error:
            self._begun = self._begun or bool(inputs or changes)
            failed = Failed(self._failure(line, error))
            return [*inputs, Changes(changes), failed] if changes else [*inputs, failed]
        self._begun = self._begun or bool(inputs or changes)
        if changes:
            inputs.append(Changes(changes))
        return inputs or [Heard()]

    def _failure(self, line: bytes, error: Exception) -> ProtocolError:
        if isinstance(error, Unreadable):
            return error
        if not self._begun and is_foreign(line):
            return not_kubernetes(FOREIGN)
        return _unreadable(self._kind, error)

    def foreign(self) -> bool:
        """Whether what no line has ended is a whole document that no API server sends: to ask once it has ended."""
        return not self._begun and is_foreign(bytes(self._rest))

    def _keep(self, rest: bytes) -> None:
        if len(self._rest) + len(rest) > MOST_LINE:
            raise TooLarge(f"An event of more than {MOST_LINE >> 20} MB came; that is no Kubernetes event.")
        self._rest += rest

    def _change(self, line: bytes) -> Change:
        check_values(line, MOST_LINE_VALUES)
        try:
            event = self._decoders.event.decode(line)
            row = _row(self._kind, event.object)
        except (Unreadable, *UNDECODABLE):
            other = self._other(line)
            if isinstance(other, tuple):
                return other
            raise
        if event.type not in _OBJECT_EVENTS:
            raise Unreadable(f"The server sent an event of the unknown type {event.type[:32]!r}.")
        return event.type, row

    def _other(self, line: bytes) -> Change | Bookmark | Failed:
        check_values(line, MOST_LINE_VALUES)
        envelope = _opened(line)
        if envelope.type == "BOOKMARK":
            meta = _mark.decode(envelope.object).metadata
            return Bookmark(
                meta.resource_version, bool(meta.annotations and meta.annotations.initial_events_end)
            )
        if envelope.type == "ERROR":
            code = msgspec.json.decode(envelope.object, type=_Code).code
            return Failed(map_status(code or 500, {}, bytes(envelope.object)))
        if envelope.type not in _OBJECT_EVENTS:
            raise Unreadable(f"The server sent an event of the unknown type {envelope.type[:32]!r}.")
        row = _read(self._kind, envelope.object)
        if row is not None:
            return envelope.type, row
        gone = envelope.type == "DELETED"  # for that its name is enough
        return "DELETED" if gone else "UNREADABLE", _nameless(envelope.object)


def _opened(line: bytes) -> _Envelope:
    """What is in a line. Raises what msgspec raises where it is no event."""
    try:
        return _envelope.decode(line)
    except UNDECODABLE:
        from edgetui.cluster.watch.flatjson import members  # seldom needed

        parts = members(line)
        if not {b'"type"', b'"object"'} <= parts.keys():
            raise
        return _Envelope(msgspec.json.decode(parts[b'"type"'], type=str), msgspec.Raw(parts[b'"object"']))


class _Code(msgspec.Struct):
    code: int | None = None


def decode_page(kind: Kind, body: bytes | bytearray) -> Page:
    """One page of a LIST.

    Raises Unreadable if the body is not a list of this kind, ProtocolError if no API server sends such a body.
    """
    odd: list[Row] = []
    check_values(body)
    try:
        try:
            found = _decoders(kind.wire).list.decode(body)
            make: Callable[[Kind, Any], Row] = _row
        except UNDECODABLE:
            check_values(body, MOST_FREE_VALUES)
            found, make = _listed(body), _read_or_raise
    except UNDECODABLE as error:
        if is_foreign(body):
            raise not_kubernetes(FOREIGN) from None
        raise _unreadable(kind, error) from None
    if not found.kind.endswith("List") or not found.metadata.resource_version:
        raise Unreadable(f"The server answered a list of {kind.plural} with something else.")
    items = found.items or []
    if len(items) > MOST_ITEMS:
        raise TooLarge(
            f"The server sent {len(items):,} {kind.plural} in one answer, too many to be held in memory."
        )
    rows = []
    while items:
        item = items.pop()
        try:
            rows.append(make(kind, item))
        except Unreadable:
            odd.append(_nameless(item))
    rows.reverse()
    meta = found.metadata
    return Page(rows, meta.resource_version, meta.continue_ or "", odd, meta.remaining_item_count)


def _listed(body: bytes | bytearray) -> Any:
    """A list with its items as they stand. Raises what msgspec raises where it is none."""
    try:
        return _raw_list.decode(body)
    except UNDECODABLE:
        from edgetui.cluster.watch.flatjson import elements, members

        parts = members(bytes(body))
        if b'"items"' not in parts:
            raise
        items = parts.pop(b'"items"')
        pieces = elements(items)
        if not pieces and items.strip(b"[] \t\r\n"):
            raise  # none of what is no array
        found = _raw_list.decode(b"{%s}" % b",".join(b"%s:%s" % one for one in parts.items()))
        found.items = [msgspec.Raw(piece) for piece in pieces]
        return found


def _read(kind: Kind, data: msgspec.Raw) -> Row | None:
    """The row of one object, without the fields that have a wrong type; None if it cannot be read."""
    try:
        try:
            wire = _decoders(kind.wire).one.decode(data)
        except msgspec.ValidationError:
            wire = tolerant(msgspec.json.decode(data), kind.wire)
        return _row(kind, wire)
    except (Unreadable, *UNDECODABLE):
        return None


def _read_or_raise(kind: Kind, data: msgspec.Raw) -> Row:
    row = _read(kind, data)
    if row is None:
        raise Unreadable(f"An object among the {kind.plural} cannot be read.")
    return row


def _nameless(found: Any) -> Row:
    """What names an object of which nothing more can be read, as far as that can be."""
    names = {"name": "", "namespace": "", "uid": "", "resourceVersion": ""}
    if isinstance(found, msgspec.Raw):
        from edgetui.cluster.watch.flatjson import members

        parts = members(members(bytes(found)).get(b'"metadata"', b""))
        for key in names:
            with suppress(*UNDECODABLE):
                names[key] = msgspec.json.decode(parts.get(b'"%s"' % key.encode(), b'""'), type=str)
    elif (meta := getattr(found, "metadata", None)) is not None:
        names = {
            "name": meta.name,
            "namespace": meta.namespace,
            "uid": meta.uid,
            "resourceVersion": meta.resource_version,
        }
    return Row(
        namespace=names["namespace"] or "",
        name=names["name"] or "",
        uid=names["uid"] or "",
        resource_version=names["resourceVersion"] or "",
    )


def _row(kind: Kind, wire: Any) -> Row:
    try:
        row = kind.project(wire)
    except NotReadable as lack:
        name = getattr(getattr(wire, "metadata", None), "name", "") or "?"
        raise Unreadable(f"{name} among the {kind.plural} cannot be read: {lack}.") from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as defect:
        name = getattr(getattr(wire, "metadata", None), "name", "") or "?"
        raise Unreadable(
            f"edgetui cannot understand {name} among the {kind.plural} ({type(defect).__name__}).",
            "This is a defect of edgetui; please report it.",
        ) from defect
    if not row.name:
        raise Unreadable(f"The server sent an object among the {kind.plural} that has no name.")
    return with_plain_name(row)


def with_plain_name(row: Row) -> Row:
    """No API server takes a name with characters that a terminal obeys; from another they stand as "\\u001b"."""
    if row.name.isprintable() and row.namespace.isprintable():
        return row
    return replace(row, name=escaped(row.name), namespace=escaped(row.namespace))


def _unreadable(kind: Kind, error: Exception) -> Unreadable:
    return Unreadable(
        f"The server's answer about {kind.plural} cannot be read: {str(error)[:160]}.",
        "If it persists, something between here and the server changes the bytes.",
    )
