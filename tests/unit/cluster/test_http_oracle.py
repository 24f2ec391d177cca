"""The HTTP/1.1 reader against h11 on generated responses, well-formed and not.

Ours may be stricter, never different: what it accepts, h11 reads the same; what h11 refuses, it refuses.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

import h11
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgetui.cluster.errors import ProtocolError
from edgetui.cluster.http.protocol import MAX_HEADERS, MAX_LINE, Body, End, Head, ResponseReader

from .test_http import CASES


@dataclass
class Outcome:
    refused: bool = False
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    complete: bool = False
    reusable: bool = False


def ours(pieces: list[bytes], method: str) -> Outcome:
    reader, outcome = ResponseReader(method), Outcome()
    try:
        for piece in pieces:
            for event in reader.feed(piece):
                match event:
                    case Head(status, headers):
                        outcome.status, outcome.headers = status, tuple(sorted(headers.items()))
                    case Body(data):
                        outcome.body += data
                    case End(reusable):
                        outcome.reusable = reusable
    except ProtocolError:
        return Outcome(refused=True)
    outcome.complete = reader.done or reader.eof()
    return outcome


def theirs(pieces: list[bytes], method: str) -> Outcome:
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=2**20)
    connection.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())
    outcome = Outcome()
    try:
        for piece in [*pieces, b""]:
            if piece or connection.their_state is h11.SEND_BODY:
                connection.receive_data(piece)
            while True:
                event = connection.next_event()
                if isinstance(event, h11.Response):
                    outcome.status = event.status_code
                    merged: dict[str, str] = {}
                    for raw_name, raw_value in event.headers:
                        name, value = raw_name.decode(), raw_value.decode("latin-1")
                        merged[name] = f"{merged[name]}, {value}" if name in merged else value
                    outcome.headers = tuple(sorted(merged.items()))
                elif isinstance(event, h11.Data):
                    outcome.body += bytes(event.data)
                elif isinstance(event, h11.EndOfMessage):
                    outcome.complete = True
                    outcome.reusable = connection.their_state is h11.DONE and bool(piece)
                elif not isinstance(event, h11.InformationalResponse):
                    break
            if outcome.complete:
                break
    except h11.RemoteProtocolError as error:
        # An EOF in the middle is an unfinished response for us, and bytes after a last response are set apart.
        mild = ("peer" in str(error) and "closed" in str(error)) or "expecting EOF" in str(error)
        return outcome if mild else Outcome(refused=True)
    return outcome


def may_differ(data: bytes) -> bool:
    """Whether ours is stricter here on purpose: control characters, other versions, sizes, too much of a head."""
    sections = re.split(rb"\n\r?\n", data)
    return bool(
        any(section.count(b"\n") >= MAX_HEADERS or len(section) > MAX_LINE for section in sections)
        or re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)", data)
        or any(re.match(rb"HTTP/(?!1\.[01] [1-9])", section) for section in sections)
        or not data.startswith(b"HTTP/")
        or re.search(rb"[0-9A-Fa-f]{17}", data)
        or re.search(rb"(?i)content-length[^\n]*[0-9]{19}", data)
    )


def normal(outcome: Outcome) -> Outcome:
    """h11 keeps one Content-Length of several equal ones; apart from that headers must agree."""
    if outcome.refused:
        return outcome
    headers = tuple(
        (
            name,
            value.split(",")[0].strip()
            if name == "content-length"
            else value.lower()
            if name == "transfer-encoding"
            else value,
        )
        for name, value in outcome.headers
    )
    return Outcome(False, outcome.status, headers, outcome.body, outcome.complete, outcome.reusable)


def split(data: bytes, seed: int) -> list[bytes]:
    rng = random.Random(seed)
    marks = sorted({rng.randrange(len(data) + 1) for _ in range(rng.randrange(12))} - {0, len(data)})
    return [data[a:b] for a, b in zip([0, *marks], [*marks, len(data)], strict=True) if data[a:b]]


def compare(data: bytes, method: str, seed: int) -> None:
    pieces = split(data, seed)
    mine, other = normal(ours(pieces, method)), normal(theirs(pieces, method))
    if mine == other:
        return
    stricter = mine.refused and (may_differ(data) or not (other.refused or other.complete))  # or just earlier
    both = re.search(rb"(?i)content-length", data) and re.search(rb"(?i)transfer-encoding", data)
    if both and not mine.refused and not other.refused:
        other.reusable = mine.reusable = False  # ours does not trust such a connection further
        other.headers = mine.headers = ()  # and h11 hides the length that counts for nothing
        stricter = mine == other
    assert stricter, f"{mine} != {other}"


TOKENS = [
    b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 404 Not Found\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 204\r\n",
    b"Content-Length: 5\r\n", b"content-length: 0\r\n", b"Content-Length: 3, 3\r\n", b"Transfer-Encoding: chunked\r\n",
    b"Connection: close\r\n", b"Connection: keep-alive\r\n", b"X-Empty:\r\n", b"X-Fold: a\r\n b\r\n", b"\r\n", b"\n",
    b"5\r\nhello\r\n", b"0\r\n\r\n", b"0\r\nT: v\r\n\r\n", b"a;x=y\r\n0123456789\r\n", b"hello", b"\r", b" ", b"\t",
    b":", b"A", b"\xff", b"\x00", b"-1", b"F",
]  # fmt: skip
METHODS = st.sampled_from(["GET", "HEAD", "POST"])
SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def well_formed(draw: st.DrawFn) -> bytes:
    """A valid response with any framing, any headers, any chunking."""
    name = st.from_regex(r"[A-Za-z][-A-Za-z0-9_.]{0,12}", fullmatch=True)
    value = st.from_regex(r"([!-~\xa1-\xff]([ \t!-~\xa1-\xff]{0,20}[!-~\xa1-\xff])?)?", fullmatch=True)
    reserved = {"content-length", "transfer-encoding", "connection"}
    headers = [
        f"{n}:{draw(st.sampled_from(['', ' ', chr(9), '  ']))}{v}{draw(st.sampled_from(['', ' ']))}".encode(
            "latin-1"
        )
        for n, v in draw(st.lists(st.tuples(name, value), max_size=6))
        if n.lower() not in reserved
    ]
    body = draw(st.binary(max_size=300))
    framing = draw(st.sampled_from(["sized", "chunked", "eof"]))
    if framing == "sized":
        headers.append(b"Content-Length: %d" % len(body))
    elif framing == "chunked":
        headers.append(b"Transfer-Encoding: chunked")
        wire, rest = b"", body
        while rest:
            size = draw(st.integers(1, len(rest)))
            wire += draw(st.sampled_from([b"%x\r\n", b"%X;a=b\r\n", b"00%x\r\n", b"%x \r\n"])) % size
            wire, rest = wire + rest[:size] + b"\r\n", rest[size:]
        trailers = draw(st.sampled_from([b"", b"Trailer: 1\r\n", b"A:\r\nB: 2\r\n"]))
        body = wire + b"0\r\n" + trailers + b"\r\n"
    if draw(st.booleans()):
        headers.append(draw(st.sampled_from([b"Connection: close", b"Connection: keep-alive"])))
    status = draw(
        st.sampled_from([b"200 OK", b"201 Created", b"204", b"304 Not Modified", b"404 Not Found", b"503 "])
    )
    interim = b"HTTP/1.1 100 Continue\r\nA: b\r\n\r\n" * draw(st.integers(0, 2))
    version = draw(st.sampled_from([b"HTTP/1.1 ", b"HTTP/1.0 "]))
    return interim + version + status + b"\r\n" + b"".join(h + b"\r\n" for h in headers) + b"\r\n" + body


@given(well_formed(), METHODS, SEEDS)
def test_well_formed_responses_read_as_h11_reads_them(data: bytes, method: str, seed: int) -> None:
    mine = ours(split(data, seed), method)
    assert not mine.refused
    compare(data, method, seed)


@settings(max_examples=300)
@given(
    well_formed(),
    METHODS,
    SEEDS,
    st.lists(st.tuples(st.integers(0, 2**16), st.sampled_from(TOKENS)), max_size=3),
)
def test_damaged_responses_are_refused_or_read_as_h11_reads_them(
    data: bytes, method: str, seed: int, damage: list[tuple[int, bytes]]
) -> None:
    for where, what in damage:
        at = where % (len(data) + 1)
        data = data[:at] + what + data[at + (where >> 8) % 3 :]
    compare(data, method, seed)


@settings(max_examples=300)
@given(st.lists(st.sampled_from(TOKENS), max_size=14), METHODS, SEEDS)
@example(
    [b"HTTP/1.1 200 OK\r\n", b"Transfer-Encoding: chunked\r\n", b"\r\n", b"5\r\nhello\r\n", b"\r\n"], "GET", 1
)
def test_any_mix_of_pieces_is_refused_or_read_as_h11_reads_it(
    tokens: list[bytes], method: str, seed: int
) -> None:
    compare(b"".join(tokens), method, seed)


def test_the_written_cases_agree_with_h11() -> None:
    for case in (case for case in CASES if case.method != "CONNECT"):
        for seed in range(5):
            compare(case.data, case.method, seed)
