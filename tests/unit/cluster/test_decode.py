"""Bytes of a watch or a list become rows, whatever way they are split and whatever odd things they hold."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edgetui.cluster.errors import Gone, ProtocolError, ServerFailure, Unreadable
from edgetui.cluster.watch.events import EventDecoder, decode_page
from edgetui.cluster.watch.reflector import states as r
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.pod import PodRow

POD = KINDS["Pod"]


def pod(name: str = "p", rv: str = "7", **more: Any) -> dict[str, Any]:
    meta = {"name": name, "namespace": "ns", "uid": f"uid-{name}", "resourceVersion": rv}
    return {"metadata": meta, **more}


def line(change: str, thing: dict[str, Any]) -> bytes:
    return (
        json.dumps({"type": change, "object": thing}, separators=(",", ":"), ensure_ascii=False).encode()
        + b"\n"
    )


def bookmark(rv: str, **annotations: str) -> bytes:
    meta: dict[str, Any] = {"resourceVersion": rv, "creationTimestamp": None}
    if annotations:
        meta["annotations"] = {"k8s.io/initial-events-end": "true"}
    return line("BOOKMARK", {"kind": "Pod", "metadata": meta, "spec": {"containers": None}, "status": {}})


STREAM = (
    line("ADDED", pod("a", spec={"nodeName": "größe-\U0001f680"}))
    + line("MODIFIED", pod("b"))
    + bookmark("9", end="true")
    + line("DELETED", pod("a", rv="10"))
    + bookmark("11")
)


def said(inputs: list[r.Input]) -> list[object]:
    out: list[object] = []
    for one in inputs:
        if isinstance(one, r.Changes):
            out += [(change, row.name, row.resource_version) for change, row in one.items]
        elif not isinstance(one, r.Heard):
            out.append(one)
    return out


EXPECTED = [
    ("ADDED", "a", "7"),
    ("MODIFIED", "b", "7"),
    r.Bookmark("9", initial_end=True),
    ("DELETED", "a", "10"),
    r.Bookmark("11"),
]


def test_a_whole_stream_in_one_piece() -> None:
    inputs = EventDecoder(POD).feed(STREAM)
    assert said(inputs) == EXPECTED
    assert [type(i) for i in inputs] == [r.Changes, r.Bookmark, r.Changes, r.Bookmark]


@pytest.mark.parametrize("at", range(1, len(STREAM)))
def test_every_split_gives_the_same(at: int) -> None:
    decoder = EventDecoder(POD)
    assert said(decoder.feed(STREAM[:at]) + decoder.feed(STREAM[at:])) == EXPECTED


def test_byte_by_byte_gives_the_same_and_text_survives() -> None:
    decoder = EventDecoder(POD)
    inputs = [i for n in range(len(STREAM)) for i in decoder.feed(STREAM[n : n + 1])]
    assert said(inputs) == EXPECTED
    first = next(i for i in inputs if isinstance(i, r.Changes)).items[0][1]
    assert isinstance(first, PodRow)
    assert first.node == "größe-\U0001f680"


def test_part_of_a_line_is_heard_and_no_more() -> None:
    assert EventDecoder(POD).feed(b'{"type":"ADD') == [r.Heard()]


def test_an_error_event_is_its_typed_error_after_what_came_before() -> None:
    expired = {
        "kind": "Status",
        "message": "too old resource version: 1 (529)",
        "reason": "Expired",
        "code": 410,
    }
    changes, failed = EventDecoder(POD).feed(line("ADDED", pod()) + line("ERROR", expired))
    assert isinstance(changes, r.Changes)
    assert isinstance(failed, r.Failed)
    assert isinstance(failed.error, Gone)


def test_a_version_from_the_future_says_its_cause() -> None:
    details = {"causes": [{"reason": "ResourceVersionTooLarge", "message": "x"}], "retryAfterSeconds": 1}
    (failed,) = EventDecoder(POD).feed(
        line("ERROR", {"kind": "Status", "code": 504, "message": "Too large", "details": details})
    )
    assert isinstance(failed, r.Failed)
    assert isinstance(failed.error, ServerFailure)
    assert (failed.error.cause, failed.error.retry_after) == ("ResourceVersionTooLarge", 1)


@pytest.mark.parametrize(
    "garbage",
    [
        b"<html>login</html>\n",
        b'{"type":"ADDED","object":{"metadata":{"name":"x"\n',
        b'{"type":"ADDED"}\n',
        b'{"type":"SURPRISE","object":{}}\n',
        b'{"type":"BOOKMARK","object":{}}\n',
        b"[]\n",
        b"7\n",
    ],
)
def test_garbage_fails_and_keeps_what_came_before(garbage: bytes) -> None:
    inputs = EventDecoder(POD).feed(line("ADDED", pod("a")) + garbage + line("ADDED", pod("b")))
    assert said(inputs[:-1]) == [("ADDED", "a", "7")]
    assert isinstance(inputs[-1], r.Failed)
    assert isinstance(inputs[-1].error, ProtocolError)


def test_unusual_spacing_and_order_are_read_fully() -> None:
    odd = json.dumps({"object": pod("a"), "type": "ADDED"}, indent=None, separators=(" , ", " : ")).encode()
    assert said(EventDecoder(POD).feed(b"\n" + odd + b"\r\n")) == [("ADDED", "a", "7")]


def test_a_field_of_an_unexpected_type_costs_the_field_and_not_the_object() -> None:
    strange = pod("a", spec={"nodeName": 7}, status={"phase": "Running", "containerStatuses": "none"})
    (changes,) = EventDecoder(POD).feed(line("ADDED", strange))
    assert isinstance(changes, r.Changes)
    row = changes.items[0][1]
    assert isinstance(row, PodRow)
    assert (row.name, row.node) == ("a", "")


def test_an_endless_line_is_given_up() -> None:
    decoder = EventDecoder(POD)
    inputs: list[r.Input] = []
    for _ in range(20):
        inputs = decoder.feed(b"x" * 1024 * 1024)
        if isinstance(inputs[-1], r.Failed):
            break
    assert isinstance(inputs[-1], r.Failed)


def test_a_page_gives_rows_version_and_token() -> None:
    body = {
        "kind": "PodList",
        "metadata": {"resourceVersion": "5", "continue": "t"},
        "items": [pod("a"), pod("b")],
    }
    page = decode_page(POD, json.dumps(body).encode())
    assert ([row.name for row in page.rows], page.rv, page.token) == (["a", "b"], "5", "t")


def test_a_page_with_one_strange_object_keeps_the_others_whole() -> None:
    strange = pod("b", spec={"nodeName": ["no"]})
    body = {
        "kind": "PodList",
        "metadata": {"resourceVersion": "5"},
        "items": [pod("a", spec={"nodeName": "n"}), strange],
    }
    page = decode_page(POD, json.dumps(body).encode())
    assert [row.node for row in page.rows if isinstance(row, PodRow)] == ["n", ""]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html></html>",
        b"{}",
        b'{"kind":"Status","metadata":{"resourceVersion":"1"}}',
        b'{"kind":"PodList","metadata":{},"items":[]}',
    ],
)
def test_what_is_no_list_is_never_taken_for_an_empty_one(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_page(POD, body)


@pytest.mark.parametrize("body", [b"{}", b'{"version": 3}', b"[1]", b'"hello"'])
def test_json_of_another_server_is_told_from_a_list_that_cannot_be_read(body: bytes) -> None:
    with pytest.raises(ProtocolError, match="not a Kubernetes API server: it sends JSON of another kind"):
        decode_page(POD, body)
    stream = EventDecoder(POD)
    assert stream.feed(body) == [r.Heard()]
    assert stream.foreign()
    (failed,) = EventDecoder(POD).feed(body + b"\n")
    assert isinstance(failed, r.Failed)
    assert "JSON of another kind" in failed.error.sentence


@pytest.mark.parametrize("rest", [b"", b'{"type":"ADDED","obj', line("ADDED", pod())[:-1], b"{}"])
def test_an_unfinished_line_of_a_watch_is_not_foreign(rest: bytes) -> None:
    stream = EventDecoder(POD)
    stream.feed(line("ADDED", pod("a")) if rest == b"{}" else b"")
    stream.feed(rest)
    assert not stream.foreign()


def test_no_text_of_an_object_reaches_an_error() -> None:
    secret = pod("a", spec={"containers": [{"name": "c", "env": [{"name": "T", "value": "hunter2"}]}]})
    broken = line("ADDED", secret)[:-10] + b"\n"
    failed = EventDecoder(POD).feed(broken)[-1]
    assert isinstance(failed, r.Failed)
    assert "hunter2" not in str(failed.error)


@pytest.mark.parametrize("where", ["spec", "metadata"])
def test_json_nested_without_end_is_unreadable_and_no_crash(where: str) -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    thing = b'{"metadata":%s,"spec":%s}' % (
        deep if where == "metadata" else b"{}",
        deep if where == "spec" else b"1",
    )
    (changes,) = EventDecoder(POD).feed(b'{"type":"ADDED","object":%s}\n' % thing)
    assert said([changes]) == [("UNREADABLE", "", "")]
    page = decode_page(POD, b'{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[%s]}' % thing)
    assert (page.rows, len(page.odd)) == ([], 1)
    (failed,) = EventDecoder(POD).feed(thing + b"\n")
    assert isinstance(failed, r.Failed) and isinstance(failed.error, Unreadable)


def test_what_is_wrong_does_not_depend_on_where_the_bytes_are_cut() -> None:
    good, foreign = line("ADDED", pod("a")), b'{"answer":42}\n'
    whole = EventDecoder(POD).feed(good + foreign)[-1]
    decoder = EventDecoder(POD)
    decoder.feed(good)
    (cut,) = decoder.feed(foreign)
    assert isinstance(whole, r.Failed) and isinstance(cut, r.Failed)
    assert str(whole.error) == str(cut.error)
    assert isinstance(cut.error, Unreadable)
