"""Pages and events of which one value is missing or of another sort: what each is read as, whole.

`pytest tests/unit/cluster/test_events.py --snapshot-update` takes what is read now; look at what differs first.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.api.status import is_foreign
from edgetui.cluster.errors import Unreadable
from edgetui.cluster.http.answer_size import TooLarge
from edgetui.cluster.watch import events
from edgetui.cluster.watch.events import EventDecoder, decode_page
from edgetui.cluster.watch.reflector import states as r
from edgetui.model.kinds import KINDS as REAL
from edgetui.model.kinds.base import Row
from tests.unit.cluster.every_value import encoded, outcome, report, said, table, variants
from tests.unit.cluster.simulated_server import KINDS, ThingRow

POD = KINDS["Pod"]


def thing(name: str, version: str, value: int = 0) -> dict[str, Any]:
    meta = {"name": name, "namespace": "a", "uid": f"u-{name}", "resourceVersion": version}
    return {"kind": "Pod", "apiVersion": "v1", "metadata": meta, "value": value}


def row_of(row: Row) -> str:
    value = f" {row.value}" if isinstance(row, ThingRow) else " (its name alone)"
    return f"{row.namespace}/{row.name} {row.uid} at {row.resource_version}{value}"


def page_of(found: r.Page) -> str:
    rows = [row_of(row) for row in found.rows]
    odd = [row_of(row) for row in found.odd]
    return f"{rows}, odd {odd}, at {found.rv}, token {found.token!r}, {found.remaining} more"


def input_of(found: r.Input) -> str:
    match found:
        case r.Changes(items):
            return ", ".join(f"{change} {row_of(row)}" for change, row in items)
        case r.Bookmark(rv, initial_end):
            return f"bookmark at {rv}{', the end' * initial_end}"
        case r.Failed(error):
            return said(error)
    return type(found).__name__


def fed(decoder: EventDecoder, *pieces: bytes) -> str:
    inputs = [one for piece in pieces for one in decoder.feed(piece)]
    return " | ".join(input_of(one) for one in inputs) + (", foreign" if decoder.foreign() else "")


PAGE = {
    "kind": "PodList",
    "apiVersion": "v1",
    "metadata": {"resourceVersion": "50", "continue": "token", "remainingItemCount": 3},
    "items": [thing("p0", "20", 1), thing("p1", "21", 2)],
}


def test_what_a_page_is_read_as(snapshot: SnapshotAssertion) -> None:
    assert table(lambda body: page_of(decode_page(POD, body)), PAGE) == snapshot


@pytest.mark.parametrize("items", [b"7", b'""', b'"x"', b"true", b"{}", b'{"a":{}}', b"[,]"])
def test_items_that_are_no_array_are_no_empty_list(items: bytes) -> None:
    with pytest.raises(Unreadable):
        decode_page(POD, b'{"kind":"PodList","metadata":{"resourceVersion":"5"},"items":%b}' % items)


@pytest.mark.parametrize("items", [b"null", b"[]", b"[ ]", b" [\n]\t"])
def test_a_list_without_items_is_an_empty_one(items: bytes) -> None:
    body = b'{"kind":"PodList","metadata":{"resourceVersion":"5"},"items":%b}' % items
    assert decode_page(POD, body) == r.Page([], "5")


@pytest.mark.parametrize(("count", "fits"), [(2, True), (3, False)])
def test_a_page_has_so_many_objects_at_most(count: int, fits: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MOST_ITEMS", 2)
    body = encoded({**PAGE, "items": [thing(f"p{n}", "5") for n in range(count)]})
    if fits:
        assert [row.name for row in decode_page(POD, body).rows] == ["p0", "p1"]
    else:
        with pytest.raises(TooLarge, match="sent 3 pods in one answer"):
            decode_page(POD, body)


@pytest.mark.parametrize("field", ["namespace", "uid", "resourceVersion", "name"])
def test_what_is_not_told_of_an_object_that_cannot_be_read_is_empty(field: str) -> None:
    known = {"name": "", "namespace": "a", "uid": "u", "resourceVersion": "7"}
    body = {
        "kind": "PodList",
        "metadata": {"resourceVersion": "9"},
        "items": [{"metadata": {**known, field: None}}],
    }
    (row,) = decode_page(REAL["Pod"], encoded(body)).odd
    expected = {**known, field: ""}
    assert (row.name, row.namespace, row.uid) == (expected["name"], expected["namespace"], expected["uid"])
    assert row.resource_version == expected["resourceVersion"]


ERROR = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old", "metadata": {}}
MARK = {
    "kind": "Pod",
    "metadata": {"resourceVersion": "60", "annotations": {"k8s.io/initial-events-end": "true"}},
}
EVENTS: dict[str, Any] = {
    "ADDED": {"type": "ADDED", "object": thing("p0", "20", 1)},
    "DELETED": {"type": "DELETED", "object": thing("p0", "20", 1)},
    "BOOKMARK": {"type": "BOOKMARK", "object": MARK},
    "ERROR": {"type": "ERROR", "object": ERROR},
}


@pytest.mark.parametrize("change", EVENTS)
def test_what_an_event_is_read_as_between_two_others(change: str, snapshot: SnapshotAssertion) -> None:
    before, after = (
        encoded({"type": "MODIFIED", "object": thing(name, "9", 9)}) + b"\n" for name in ("first", "last")
    )
    assert (
        table(lambda line: fed(EventDecoder(POD), before, line + b"\n" + after), EVENTS[change]) == snapshot
    )


@pytest.mark.parametrize("change", EVENTS)
def test_what_an_event_is_read_as_alone(change: str, snapshot: SnapshotAssertion) -> None:
    def read(line: bytes) -> str:
        whole, unended = fed(EventDecoder(POD), line + b"\n"), fed(EventDecoder(POD), line)
        return f"{whole} => without its end {unended}"

    assert table(read, EVENTS[change]) == snapshot


def test_lines_of_another_sort(snapshot: SnapshotAssertion) -> None:
    lines = (
        b"",
        b" ",
        b"\n",
        b"\r\n\r\n",
        b"null\n",
        b"7\n",
        b"[]\n",
        b"{}\n",
        b'{"type":"ADDED"}\n',
        b'{"object":{}}\n',
        b'{"type":"OTHER","object":{}}\n',
        b'{"type":"ANOTHER","object":{"metadata":{"name":"x"}}}\n',
        b'{"type":"%b","object":{}}\n' % (b"X" * 50),
        b'{"type":"ADDED","type":"BOOKMARK","object":{"metadata":{"resourceVersion":"5"}}}\n',
        b'{"type":"ADDED","type":"ERROR","object":{"metadata":{"resourceVersion":"5"}}}\n',
        b'{"error":"no"}\n',
        b'{"error":"no"}',
        b'{"kind":"Status","code":500}\n',
        b'{"kind":"Status"}',
        b"<html>\n",
        b"\xff\xfe\n",
        b'{"type":"ADDED","object":{"metadata":{"name":"x\\u001b"}}}\n',
        b'{"object":{"metadata":{"name":"x"}},"type":"ADDED"}\n',
        b'{"type":"ADDED","object":%b}\n' % (b"[" * 2000 + b"]" * 2000),
        b'{"type":"MODIFIED","object":{"metadata":{"name":"x"},"value":%b}}\n' % (b"[" * 2000 + b"]" * 2000),
    )
    assert report((f"{line[:70]!r}", fed(EventDecoder(POD), line)) for line in lines) == snapshot


def test_what_is_taken_for_json_of_another_server(snapshot: SnapshotAssertion) -> None:
    bodies = [{"kind": "Pod", "type": "ADDED"}, {"kind": "Pod"}, {"type": "x"}, {"error": "no"}]
    found = [(f"{one}", outcome(lambda one=one: is_foreign(encoded(one)))) for one in bodies]  # type: ignore[misc]
    found += [(what, f"{is_foreign(encoded(one))}") for what, one in variants(bodies[0])]
    found += [(f"{raw!r}", f"{is_foreign(raw)}") for raw in (b"", b"<html>", b"\xff", b"{", b"[" * 3000)]
    assert report(found) == snapshot


@pytest.mark.parametrize("pieces", [(100,), (60, 40), (1, 98, 1)])
@pytest.mark.parametrize("more", [0, 1])
def test_no_more_of_an_unended_line_is_held_than_a_bound(
    pieces: tuple[int, ...], more: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MOST_LINE", 100)
    decoder = EventDecoder(POD)
    found: list[r.Input] = []
    for size in (*pieces[:-1], pieces[-1] + more):
        found += decoder.feed(b"x" * size)
    if more:
        assert isinstance(found[-1], r.Failed)
        assert isinstance(found[-1].error, TooLarge)
    else:
        assert found == [r.Heard()] * len(pieces)


# Many lines at once


def changed(name: str, version: int, change: str = "MODIFIED") -> bytes:
    return encoded({"type": change, "object": thing(name, str(version), version)}) + b"\n"


def short(found: r.Input) -> str:
    if isinstance(found, r.Changes):
        return " ".join(f"{change[0]}{row.name}@{row.resource_version}" for change, row in found.items)
    return input_of(found)


@pytest.mark.parametrize("seed", range(30))
def test_what_many_lines_at_once_are_read_as(
    seed: int, monkeypatch: pytest.MonkeyPatch, snapshot: SnapshotAssertion
) -> None:
    draw, version, lines = random.Random(seed), 100, list[str]()
    monkeypatch.setattr(events, "PASSED", 3)
    monkeypatch.setattr(events, "MOST_KEPT", draw.choice((2000, 1 << 20)))
    decoder = EventDecoder(POD)
    for _ in range(14):
        if draw.random() < 0.2:
            lines.append(f"release: {' | '.join(short(one) for one in decoder.release())}")
            continue
        count, objects, keep = (
            draw.choice((1, 3, 11, 12, 24)),
            draw.choice((1, 2, 9, 40)),
            draw.random() < 0.6,
        )
        piece = b""
        for _ in range(count):
            version += 1
            what = draw.random()
            name = f"p{draw.randrange(objects)}"
            if what < 0.85:
                piece += changed(name, version if what < 0.8 else version - 50)
            else:
                piece += changed(name, version, draw.choice(("ADDED", "DELETED")))
        if draw.random() < 0.2:
            piece += (
                encoded({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": str(version)}}})
                + b"\n"
            )
        if draw.random() < 0.2:
            piece += b" \n"
        found = decoder.feed(piece, keep=keep)
        words = " | ".join(short(one) for one in found)
        lines.append(f"{count} lines of {objects}{', more to come' * keep}: {words}; keeps {decoder.keeping}")
    lines.append(" | ".join(short(one) for one in decoder.release()))
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize(("lines", "told"), [(11, 11), (12, 1), (13, 1)])
@pytest.mark.parametrize("keep", [False, True])
def test_twelve_lines_at_once_are_worth_a_look(lines: int, told: int, keep: bool) -> None:
    decoder = EventDecoder(POD)
    found = decoder.feed(b"".join(changed("p0", 100 + n) for n in range(lines)), keep=keep)
    assert decoder.keeping is keep
    (changes,) = decoder.release() if keep else found
    assert isinstance(changes, r.Changes)
    assert len(changes.items) == (1 if keep else told)


@pytest.mark.parametrize(("needless", "rests"), [(2, True), (3, False)])
def test_where_fewer_than_one_line_in_eight_is_needless_looking_rests_for_256_pieces(
    needless: int, rests: bool
) -> None:
    decoder = EventDecoder(POD)
    decoder.feed(b"".join(changed(f"p{max(0, n - needless)}", 100 + n) for n in range(24)))
    assert decoder._pass == (256 if rests else 0)
    assert events.MOST_KEPT == 1 << 20
    assert events.PAYS == 8
