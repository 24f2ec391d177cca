"""The HTTP/1.1 reader on every way to cut a response, and on responses that must be refused."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from edgetui.cluster.errors import ProtocolError
from edgetui.cluster.http import protocol
from edgetui.cluster.http.protocol import Body, End, Event, Head, ResponseReader, encode_request


@dataclass
class Read:
    """What came out of a reader, however the bytes were cut."""

    head: Head | None = None
    body: bytes = b""
    end: End | None = None
    extra: bytes = b""
    complete: bool = False
    order: list[str] = field(default_factory=list)

    def take(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Head):
                assert self.head is None
                self.head = event
            elif isinstance(event, Body):
                assert self.head is not None and self.end is None and event.data
                self.body += event.data
            else:
                assert self.end is None
                self.end = event


def read(pieces: list[bytes], method: str = "GET", *, eof: bool = False) -> Read:
    reader, result = ResponseReader(method), Read()
    for piece in pieces:
        result.take(reader.feed(piece))
    result.complete = reader.eof() if eof else reader.done
    result.extra = reader.extra
    return result


def cuts(data: bytes) -> list[list[bytes]]:
    """Whole, byte by byte, and in two at every offset."""
    return [
        [data],
        [data[i : i + 1] for i in range(len(data))],
        *([data[:i], data[i:]] for i in range(1, len(data))),
    ]


@dataclass
class Case:
    name: str
    data: bytes
    status: int = 200
    headers: dict[str, str] | None = None
    body: bytes = b""
    reusable: bool = True
    method: str = "GET"
    until_eof: bool = False


CASES = [
    Case("sized", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", body=b"hello"),
    Case("sized zero", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", headers={"content-length": "0"}),
    Case(
        "length said twice",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
        body=b"hi",
    ),
    Case(
        "chunked",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0006\r\n world\r\n0\r\n\r\n",
        headers={"transfer-encoding": "chunked"},
        body=b"hello world",
    ),
    Case(
        "chunk holds line ends",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: CHUNKED\r\n\r\nA\r\n\r\n0\r\n\r\n\r\n\n\r\n0\r\n\r\n",
        body=b"\r\n0\r\n\r\n\r\n\n",
    ),
    Case(
        "chunk extensions and trailers",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
        b"3;name=value \r\nabc\r\n2  \r\nde\r\n0;last\r\nChecksum: 1\r\nEmpty:\r\n\r\n",
        body=b"abcde",
    ),
    Case(
        "no chunk at all",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    Case("until EOF", b"HTTP/1.1 200 OK\r\n\r\nall of it", body=b"all of it", reusable=False, until_eof=True),
    Case("until EOF, empty", b"HTTP/1.0 200 OK\r\n\r\n", reusable=False, until_eof=True),
    Case("no reason", b"HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", status=404),
    Case("empty reason", b"HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n", status=404),
    Case(
        "reason in another alphabet",
        "HTTP/1.1 404 fehlt: ß\r\nContent-Length: 0\r\n\r\n".encode(),
        status=404,
    ),
    Case("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", method="HEAD"),
    Case("HEAD, chunked", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", method="HEAD"),
    Case("204", b"HTTP/1.1 204 No Content\r\n\r\n", status=204),
    Case("304", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", status=304),
    Case("tunnel", b"HTTP/1.1 200 Connection established\r\n\r\n", method="CONNECT"),
    Case(
        "tunnel refused",
        b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno",
        status=407,
        body=b"no",
        method="CONNECT",
    ),
    Case(
        "interim responses are skipped",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
        body=b"x",
    ),
    Case(
        "close",
        b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 1\r\n\r\nx",
        body=b"x",
        reusable=False,
    ),
    Case(
        "close among others",
        b"HTTP/1.1 200 \r\nconnection: a, close\r\ncontent-length: 0\r\n\r\n",
        reusable=False,
    ),
    Case("HTTP/1.0", b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", body=b"x", reusable=False),
    Case(
        "length beside chunks is ignored and the connection is not trusted further",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        body=b"x",
        reusable=False,
    ),
    Case(
        "empty header values, as a starting apiserver sends them",
        b"HTTP/1.1 200 OK\r\nX-Kubernetes-Pf-Flowschema-Uid:\r\nX-Empty: \t \r\nContent-Length: 0\r\n\r\n",
        headers={"x-kubernetes-pf-flowschema-uid": "", "x-empty": "", "content-length": "0"},
    ),
    Case(
        "blanks, repeats, folds and other alphabets in headers",
        b"HTTP/1.1 200 OK\r\nA:  b \t c\t\r\nWarning: 1\r\nwarning: 2\r\nF: x\r\n \t y\r\n"
        b"L: \xe4\r\nContent-Length:0\r\n\r\n",
        headers={"a": "b \t c", "warning": "1, 2", "f": "x y", "l": "ä", "content-length": "0"},
    ),
    Case(
        "bare line feeds in the head",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi",
        headers={"content-length": "2"},
        body=b"hi",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_response_reads_the_same_however_it_is_cut(case: Case) -> None:
    for pieces in cuts(case.data):
        result = read(pieces, case.method, eof=case.until_eof)
        assert result.head is not None
        assert result.head.status == case.status
        if case.headers is not None:
            assert result.head.headers == case.headers
        assert result.body == case.body
        assert result.complete
        assert result.end == (None if case.until_eof else End(case.reusable))
        assert result.extra == b""


@pytest.mark.parametrize("case", [c for c in CASES if not c.until_eof], ids=lambda case: case.name)
def test_bytes_after_the_end_are_kept_apart(case: Case) -> None:
    trailing = b"HTTP/1.1 200 OK\r\n"
    for pieces in cuts(case.data + trailing):
        result = read(pieces, case.method)
        assert result.body == case.body
        assert result.extra == trailing


@pytest.mark.parametrize("case", [c for c in CASES if not c.until_eof], ids=lambda case: case.name)
def test_an_early_eof_is_never_taken_for_the_end(case: Case) -> None:
    for cut in range(len(case.data)):
        reader = ResponseReader(case.method)
        reader.feed(case.data[:cut])
        assert not reader.done
        assert not reader.eof()


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
MALFORMED = {
    "another protocol": b"220 mail.example ESMTP\r\n",
    "HTTP/2": b"HTTP/2 200\r\n\r\n",
    "HTTP/1.2": b"HTTP/1.2 200 OK\r\n\r\n",
    "a blank line first": b"\r\nHTTP/1.1 200 OK\r\n\r\n",
    "status of two digits": b"HTTP/1.1 20 OK\r\n\r\n",
    "status of four digits": b"HTTP/1.1 2000 OK\r\n\r\n",
    "status below 100": b"HTTP/1.1 099 OK\r\n\r\n",
    "control character in the reason": b"HTTP/1.1 200 O\x07K\r\n\r\n",
    "switching protocols": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
    "header without colon": HEAD + b"Content-Length 5\r\n\r\n",
    "header without name": HEAD + b": 5\r\n\r\n",
    "blank before the colon": HEAD + b"Content-Length : 5\r\n\r\n",
    "continuation first": HEAD + b" folded: 1\r\n\r\n",
    "NUL in a value": HEAD + b"A: b\x00c\r\n\r\n",
    "CR in a value": HEAD + b"A: b\rc\r\n\r\n",
    "escape in a value": HEAD + b"A: b\x1b[0m\r\n\r\n",
    "negative length": HEAD + b"Content-Length: -1\r\n\r\n",
    "signed length": HEAD + b"Content-Length: +1\r\n\r\n",
    "length of no number": HEAD + b"Content-Length: five\r\n\r\n",
    "empty length": HEAD + b"Content-Length:\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
    "length without bound": HEAD + b"Content-Length: " + b"9" * 19 + b"\r\n\r\n",
    "coding with a space that is no blank": HEAD + b"Transfer-Encoding: \xa0chunked\r\n\r\n",
    "unknown coding": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
    "chunk size of no number": CHUNKED + b"five\r\n",
    "chunk size with a sign": CHUNKED + b"+5\r\nhello\r\n",
    "chunk size with a prefix": CHUNKED + b"0x5\r\nhello\r\n",
    "empty chunk size": CHUNKED + b"\r\nhello\r\n",
    "chunk size of 17 digits": CHUNKED + b"0" * 16 + b"5\r\nhello\r\n",
    "chunk line with a bare line feed": CHUNKED + b"5\nhello\r\n",
    "chunk longer than it says": CHUNKED + b"5\r\nhello!\r\n",
    "chunk end with a bare line feed": CHUNKED + b"5\r\nhello\n0\r\n\r\n",
    "chunk end half right": CHUNKED + b"5\r\nhello\rX",
    "endless chunk extension": CHUNKED + b"5;" + b"x" * protocol.MAX_CHUNK_LINE + b"\r\nhello\r\n",
    "trailer of no header": CHUNKED + b"0\r\nnot a header\r\n\r\n",
    "endless trailers": CHUNKED + b"0\r\n" + b"a: b\r\n" * (protocol.MAX_HEADERS + 1) + b"\r\n",
    "endless status line": b"HTTP/1.1 200 " + b"x" * protocol.MAX_LINE + b"\r\n\r\n",
    "endless header line": HEAD + b"A: " + b"x" * protocol.MAX_LINE + b"\r\n\r\n",
    "endless folded header": HEAD + b"A: b\r\n" + b" x\r\n" * (protocol.MAX_LINE // 2) + b"\r\n",
    "too many headers": HEAD + b"a: b\r\n" * (protocol.MAX_HEADERS + 1) + b"\r\n",
    "endless head": HEAD + (b"a: " + b"x" * 8000 + b"\r\n") * 9 + b"\r\n",
    "an interim response of an unknown coding": b"HTTP/1.1 100\r\nTransfer-Encoding: chunked\r\n Continue\r\n\r\n",
    "an interim response of two lengths": b"HTTP/1.1 100\r\nContent-Length: 1, 2\r\n\r\n",
    "endless interim responses": b"HTTP/1.1 100 Continue\r\n\r\n" * (protocol.MAX_INTERIM + 1),
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_malformed_is_refused(data: bytes) -> None:
    some_cuts = (
        cuts(data) if len(data) < 200 else [[data], [data[i : i + 500] for i in range(0, len(data), 500)]]
    )
    for pieces in some_cuts:
        with pytest.raises(ProtocolError) as caught:
            read(pieces)
        assert caught.value.sentence.endswith(".")
        assert caught.value.next_step


def test_a_head_within_the_limits_is_read() -> None:
    line = b"a: " + b"x" * (protocol.MAX_LINE - 3) + b"\r\n"
    many = b"".join(b"h%d: v\r\n" % i for i in range(protocol.MAX_HEADERS - 3))
    result = read([HEAD + line + line.replace(b"a", b"b") + many + b"Content-Length: 0\r\n\r\n"])
    assert result.head is not None
    assert len(result.head.headers) == protocol.MAX_HEADERS
    assert len(result.head.headers["a"]) == protocol.MAX_LINE - 3


@pytest.mark.parametrize("end", [b"", b"HTTP/1.1 200 OK\r\na:", b"HTTP/1.1 200"])
def test_a_peer_that_never_ends_a_line_cannot_fill_the_memory(end: bytes) -> None:
    reader = ResponseReader()
    if end:
        reader.feed(end)
    with pytest.raises(ProtocolError):
        for _ in range(protocol.MAX_HEAD // 100 + 1):
            reader.feed(b"x" * 100)


def test_other_servers_are_named() -> None:
    with pytest.raises(ProtocolError, match="SSH server"):
        read([b"SSH-2.0-OpenSSH_9.6\r\n"])
    with pytest.raises(ProtocolError, match="speaks HTTPS"):
        read([b"\x15\x03\x01\x00\x02\x02\x46"])


def test_a_large_chunk_is_handed_on_before_it_is_complete() -> None:
    reader = ResponseReader()
    reader.feed(CHUNKED + b"100000\r\n")
    for _ in range(16):
        assert reader.feed(b"x" * 65536) == [Body(b"x" * 65536)]
    assert reader.feed(b"\r\n0\r\n\r\n") == [End(reusable=True)]


def test_chunks_of_one_feed_are_joined() -> None:
    reader = ResponseReader()
    reader.feed(CHUNKED)
    assert reader.feed(b"1\r\na\r\n2\r\nbc\r\n4\r\nde") == [Body(b"abcde")]
    assert reader.feed(b"fg\r\n") == [Body(b"fg")]


def test_begun_tells_an_unanswered_request_from_a_broken_answer() -> None:
    reader = ResponseReader()
    assert not reader.begun
    reader.feed(b"H")
    assert reader.begun
    interim = ResponseReader()
    interim.feed(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert interim.begun


def test_a_request_is_encoded_as_written() -> None:
    headers = [("Host", "a:6443"), ("Impersonate-Group", ("one", "zwei ä"))]
    assert encode_request("POST", "/api?x=1", headers, b"{}") == (
        b"POST /api?x=1 HTTP/1.1\r\nHost: a:6443\r\nImpersonate-Group: one\r\n"
        b"Impersonate-Group: zwei \xc3\xa4\r\nContent-Length: 2\r\n\r\n{}"
    )
    assert encode_request("GET", "/", []) == b"GET / HTTP/1.1\r\n\r\n"
    assert encode_request("POST", "/", [], b"") == b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize("target", ["", "/a b", "/a\r\nX: y", "/ä", "/\x00"])
def test_a_target_cannot_smuggle_a_second_request(target: str) -> None:
    with pytest.raises(ProtocolError):
        encode_request("GET", target, [])


@pytest.mark.parametrize("value", ["s3cret\r\nX: y", "s3cret\n", "\x00s3cret", "s3cret\x7f"])
def test_a_bad_header_value_is_refused_without_being_repeated(value: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        encode_request("GET", "/", [("Authorization", value)])
    assert "s3cret" not in str(caught.value)
    assert "Authorization" in str(caught.value)
