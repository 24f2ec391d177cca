"""HTTP/1.1 as events, exactly: what each piece of an answer completes, and the sentence for what breaks it.

`pytest tests/unit/cluster/test_protocol.py --snapshot-update` takes what is said now; look at what differs
first.
"""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.errors import ProtocolError
from edgetui.cluster.http import protocol
from edgetui.cluster.http.hpack import MAX_FIELDS
from edgetui.cluster.http.protocol import (
    Body,
    End,
    Event,
    Head,
    ResponseReader,
    check_request,
    encode_request,
)
from edgetui.cluster.http.request import Request
from tests.unit.cluster.test_http import CASES, MALFORMED, Case

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
SIZED = HEAD + b"Content-Length: 5\r\n\r\n"


def events(data: bytes, method: str = "GET", *, cut: int = 1 << 20, upgrades: bool = False) -> list[Event]:
    """Every event of an answer that comes in such pieces, bodies joined."""
    reader, found = ResponseReader(method, upgrades=upgrades), list[Event]()
    for at in range(0, len(data), cut):
        for event in reader.feed(data[at : at + cut]):
            if isinstance(event, Body) and found and isinstance(found[-1], Body):
                found[-1] = Body(found[-1].data + event.data)
            else:
                found.append(event)
    return found


def test_the_bounds_are_those_that_are_told() -> None:
    assert ResponseReader().feed(b"") == []
    assert (protocol.MAX_LINE, protocol.MAX_HEAD, protocol.MAX_HEADERS) == (16384, 65536, 128)
    assert (protocol.MAX_INTERIM, protocol.MAX_CHUNK_LINE, MAX_FIELDS) == (16, 1024, 65536)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_answer_is_these_events_however_it_comes(case: Case) -> None:
    for cut in (1 << 20, 1, 2, 7):
        found = events(case.data, case.method, cut=cut)
        head = found[0]
        assert isinstance(head, Head) and head.status == case.status
        bodies: list[Event] = [Body(case.body)] if case.body else []
        ends: list[Event] = [] if case.until_eof else [End(case.reusable)]
        assert found[1:] == [*bodies, *ends]


@pytest.mark.parametrize("cut", [1 << 20, 16])
def test_what_breaks_http_is_said(cut: int, snapshot: SnapshotAssertion) -> None:
    lines = []
    for name, data in MALFORMED.items():
        if len(data) > 5000 and cut < 100:
            continue
        with pytest.raises(ProtocolError) as caught:
            events(data, cut=cut)
        lines.append(f"{name}: {caught.value}")
    assert "\n".join(lines) == snapshot


STEPS: list[tuple[list[bytes], list[list[Event]]]] = [
    (
        [SIZED[:-1], SIZED[-1:], b"he", b"llo", b"x"],
        [[], [Head(200, {"content-length": "5"})], [Body(b"he")], [Body(b"llo"), End(True)], []],
    ),
    (
        [CHUNKED, b"5", b"\r", b"\n", b"he", b"llo", b"\r", b"\n0\r\n", b"\r\n"],
        [
            [Head(200, {"transfer-encoding": "chunked"})],
            [],
            [],
            [],
            [Body(b"he")],
            [Body(b"llo")],
            [],
            [],
            [End(True)],
        ],
    ),
    (
        [CHUNKED + b"2\r\nab\r\n3\r\ncde\r\n1\r\nf"],
        [[Head(200, {"transfer-encoding": "chunked"}), Body(b"abcdef")]],
    ),
    (
        [CHUNKED + b"0\r\n", b"a: b\r\n", b"\r\n"],
        [[Head(200, {"transfer-encoding": "chunked"})], [], [End(True)]],
    ),
    ([CHUNKED + b"0\r\n", b"\n", b"y"], [[Head(200, {"transfer-encoding": "chunked"})], [End(True)], []]),
    ([CHUNKED + b"0\r\n\r", b"\n"], [[Head(200, {"transfer-encoding": "chunked"})], [End(True)]]),
    ([HEAD + b"\r\n", b"a", b"b"], [[Head(200, {})], [Body(b"a")], [Body(b"b")]]),
    ([HEAD + b"\r\nab"], [[Head(200, {}), Body(b"ab")]]),
    (
        [HEAD.replace(b"200", b"103") + b"\r\n", HEAD.replace(b"200", b"204") + b"\r\n"],
        [[], [Head(204, {}), End(True)]],
    ),
    (
        [b"HTTP/1.1 199 X\r\n\r\nHTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"],
        [[Head(200, {"content-length": "0"}), End(True)]],
    ),
]


@pytest.mark.parametrize(("pieces", "found"), STEPS, ids=range(len(STEPS)))
def test_each_piece_gives_what_it_completes(pieces: list[bytes], found: list[list[Event]]) -> None:
    reader = ResponseReader()
    assert (reader.begun, reader.done) == (False, False)
    assert [reader.feed(piece) for piece in pieces] == found
    assert reader.begun
    assert reader.done is any(isinstance(event, End) for each in found for event in each)
    assert reader.extra == (pieces[-1] if reader.done and not found[-1] else b"")
    until_eof = found[0][:1] == [Head(200, {})]
    assert reader.eof() is (reader.done or until_eof)
    assert reader.done is (until_eof or reader.done)


@pytest.mark.parametrize("rest", [b"", b"\x81\x00", HEAD])
def test_a_protocol_that_was_asked_for_begins_behind_its_head(rest: bytes) -> None:
    data = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
    reader = ResponseReader(upgrades=True)
    assert reader.feed(data + rest) == [Head(101, {"upgrade": "websocket"}), End(False)]
    assert (reader.extra, reader.done) == (rest, True)
    assert events(SIZED + b"hello", upgrades=True) == events(SIZED + b"hello")
    with pytest.raises(ProtocolError, match="it switches to a protocol that nobody asked for"):
        events(data)


@pytest.mark.parametrize(
    ("method", "status", "more", "ends"),
    [
        ("CONNECT", 200, "Content-Length: 5", [End(True)]),
        ("CONNECT", 299, "Transfer-Encoding: chunked", [End(True)]),
        ("CONNECT", 300, "Content-Length: 5", []),
        ("GET", 204, "Content-Length: 5", [End(True)]),
        ("GET", 304, "", [End(True)]),
        ("GET", 205, "Content-Length: 0", [End(True)]),
        ("HEAD", 404, "", [End(True)]),
        ("GET", 200, "Connection: keep-alive, Close", []),
        ("HEAD", 200, "Connection: keep-alive, Close", [End(False)]),
        ("HEAD", 200, "Connection: closed", [End(True)]),
        ("HEAD", 200, "Connection:\tclose\t", [End(False)]),
        ("HEAD", 200, "Content-Length: 5\r\nTransfer-Encoding: chunked", [End(False)]),
        ("HEAD", 200, "Content-Length: 5, 5", [End(True)]),
        ("GET", 200, "Content-Length: 007", []),
    ],
)
def test_whether_a_body_follows_and_the_connection_lives_on(
    method: str, status: int, more: str, ends: list[Event]
) -> None:
    data = f"HTTP/1.1 {status} X\r\n{more}{chr(13) + chr(10) if more else ''}\r\n".encode()
    assert events(data, method)[1:] == ends


@pytest.mark.parametrize(
    ("first", "said"),
    [
        (b"SSH-2.0-X", "This is an SSH server, not a Kubernetes API server."),
        (b"SSH", "What answers is not a Kubernetes API server: it does not speak HTTP/1.1."),
        (b"\x15\x03\x01", "The server speaks HTTPS, but its address says http."),
        (b"\x16\x03\x01", "The server speaks HTTPS, but its address says http."),
        (b"\x17\x03\x01", "What answers is not a Kubernetes API server: it does not speak HTTP/1.1."),
        (b"HTTQ", "What answers is not a Kubernetes API server: it does not speak HTTP/1.1."),
        (b"H", ""),
        (b"HTTP/1.", ""),
        (b"HTTP/1.1 2", ""),
        (b"HTTP/2", "What answers is not a Kubernetes API server: it does not speak HTTP/1.1."),
    ],
)
def test_who_does_not_speak_it_is_known_by_the_first_bytes(first: bytes, said: str) -> None:
    if not said:
        assert events(first) == []
        return
    with pytest.raises(ProtocolError) as caught:
        events(first)
    assert caught.value.sentence == said
    assert caught.value.next_step


@pytest.mark.parametrize("size", [16 * 1024, 16 * 1024 + 1, 16 * 1024 + 2])
def test_a_line_that_does_not_end_is_refused_when_it_is_too_long(size: int) -> None:
    for before in (b"", HEAD, CHUNKED + b"0\r\n"):
        line = b"HTTP/1.1 200 ".ljust(size, b"x") if not before else b"a: ".ljust(size, b"x")
        if size > 16 * 1024 + 1:
            with pytest.raises(ProtocolError, match="its headers are too long"):
                events(before + line)
        else:
            assert len(events(before + line)) == before.count(b"chunked")


@pytest.mark.parametrize(
    ("line", "taken"),
    [
        (b"1;" + b"x" * 1019 + b"\r\n", True),
        (b"1;" + b"x" * 1020 + b"\r\n", True),
        (b"1;" + b"x" * 1021 + b"\r\n", False),
        (b"1;" + b"x" * 1021, True),
        (b"1;" + b"x" * 1022, False),
        (b"1;\x01", False),
        (b"1 ;a\r\n", False),
        (b"1\t \r\n", True),
        (b"1\r", True),
        (b"1\rx", False),
        (b"0" * 15 + b"1\r\n", True),
        (b"0" * 16, True),
        (b"0" * 17, False),
        (b"g", False),
    ],
    ids=range(14),
)  # fmt: skip
def test_a_line_of_a_chunk_size_has_its_bounds(line: bytes, taken: bool) -> None:
    if taken:
        reader = ResponseReader()
        reader.feed(CHUNKED)
        found = reader.feed(line)
        assert found == []
        if line.endswith(b"\n"):
            assert reader.feed(b"v\r\n0\r\n\r\n") == [Body(b"v"), End(True)]
    else:
        with pytest.raises(ProtocolError, match="a chunk size cannot be read"):
            events(CHUNKED + line)


REQUESTS: list[tuple[str, str, str, bool]] = [
    ("GET", "/a?b=%20~!", "v", True),
    ("", "/a", "v", False),
    ("GE T", "/a", "v", False),
    ("GET", "", "v", False),
    ("GET", "/a b", "v", False),
    ("GET", "/\x7f", "v", False),
    ("GET", "/é", "v", False),
    ("GET", "/a", "", True),
    ("GET", "/a", "a\tb é", True),
    *[("GET", "/a", f"a{c}b", False) for c in "\0\x08\n\r\x1f\x7f"],
]


@pytest.mark.parametrize(("method", "target", "value", "sent"), REQUESTS, ids=range(len(REQUESTS)))
def test_what_can_be_sent_is_sent_alike_over_both_protocols(
    method: str, target: str, value: str, sent: bool
) -> None:
    request = Request(method, target, "h", (("X-A", value),))
    assert repr(request) == f"Request(method={method!r}, target={target!r})"
    if sent:
        assert request.as_bytes() == f"{method} {target} HTTP/1.1\r\nHost: h\r\nX-A: {value}\r\n\r\n".encode()
        assert request.as_fields()[4:] == [("x-a", value)]
        return
    for call in (request.as_bytes, request.as_fields):
        with pytest.raises(ProtocolError) as caught:
            call()
        bad = "The header 'X-A' cannot be sent: it holds a line break or another control character. "
        path = "A request could not be made: its path holds a character that HTTP forbids."
        assert str(caught.value) == (
            bad + "Check the credentials in the kubeconfig." if (method, target) == ("GET", "/a") else path
        )


def test_the_name_of_a_header_is_a_word() -> None:
    for name in ("", "a b", "a:", "ä", "a\n"):
        with pytest.raises(ProtocolError, match="cannot be sent"):
            check_request("GET", "/", [(name, "v")])


@pytest.mark.parametrize(("body", "length"), [(None, ""), (b"", "0"), (b"{}", "2"), (b"x" * 1000, "1000")])
def test_the_length_of_a_body_is_told_where_there_is_one(body: bytes | None, length: str) -> None:
    request = Request("PUT", "/", "h", (("A", "b"),), body)
    more = f"Content-Length: {length}\r\n" if length else ""
    assert request.as_bytes() == f"PUT / HTTP/1.1\r\nHost: h\r\nA: b\r\n{more}\r\n".encode() + (body or b"")
    told = [("content-length", length)] if length else []
    assert request.as_fields()[4:] == [("a", "b"), *told]
    assert encode_request("PUT", "/", [("A", ("b", "c"))]) == b"PUT / HTTP/1.1\r\nA: b\r\nA: c\r\n\r\n"
