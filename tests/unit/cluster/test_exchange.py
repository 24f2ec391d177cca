"""One request and its answer without a socket: what the sink hears of every beginning, and of every end
after it.

`pytest tests/unit/cluster/test_exchange.py --snapshot-update` takes what is heard now; look at what
differs first.
"""

from __future__ import annotations

import errno
import gzip
import os
import ssl
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.errors import EdgetuiError, ProtocolError
from edgetui.cluster.http.connection import Connection
from edgetui.cluster.http.exchange import Exchange, Reception
from edgetui.cluster.http.http2 import Ended, Event
from edgetui.cluster.http.multiplexed import Call, Multiplexed
from edgetui.cluster.http.protocol import Body, Head
from edgetui.cluster.http.request import Request

GET = Request("GET", "/x", "h", (("Accept", "a"),))
PACKED = gzip.compress(b"hello", mtime=0)
HEAD = b"HTTP/1.1 200 OK\r\n"
GZIP = HEAD + b"Content-Encoding: GZIP\r\n"


class Line(Connection):
    """A connection that only notes what is done with it."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.is_closed = self.sent = False
        self.told: tuple[Callable[[bytes], None], Callable[[OSError | None], None]] | None = None

    @property
    def closed(self) -> bool:
        return self.is_closed

    def attach(self, on_data: Callable[[bytes], None], on_lost: Callable[[OSError | None], None]) -> None:
        self.done.append("attach")
        self.told = on_data, on_lost

    def detach(self) -> None:
        self.done.append("detach")

    def send(self, data: bytes) -> None:
        self.done.append(f"send {len(data)}")
        self.sent = True

    def rest(self, seconds: float) -> None:
        self.done.append(f"rest {seconds:g}")

    def close(self) -> None:
        self.done.append("close")
        self.is_closed = True


class Sink:
    """Notes what it hears; `then` is called with each word of it."""

    def __init__(self, then: Callable[[str], None] = lambda word: None) -> None:
        self.heard: list[str] = []
        self.then = then

    def _note(self, word: str, more: str) -> None:
        self.heard.append(f"{word} {more}".strip())
        self.then(word)

    def on_head(self, status: int, headers: dict[str, str]) -> None:
        self._note("head", f"{status} {headers or ''}")

    def on_data(self, data: bytes) -> None:
        self._note("data", str(data))

    def on_end(self, clean: bool) -> None:
        self._note("end", "clean" if clean else "cut")

    def on_error(self, error: EdgetuiError) -> None:
        self._note(type(error).__name__, str(error))


def exchange(
    sink: Sink, *, reused: bool = False, method: str = "GET"
) -> tuple[Exchange, Line, list[Connection]]:
    """A request that was sent, its connection, and what was given back."""
    line = Line()
    back: list[Connection] = []
    made = Exchange(line, method, sink, back.append, reused=reused, where="h:1")
    made.start(GET)
    assert line.done == ["attach", f"send {len(GET.as_bytes())}"]
    line.done.clear()
    return made, line, back


BEGINNINGS = {
    "nothing": b"",
    "half a head": HEAD[:9],
    "an interim head": b"HTTP/1.1 103 Early Hints\r\n\r\n",
    "a head": HEAD + b"Content-Length: 5\r\n\r\n",
    "half a body": HEAD + b"Content-Length: 5\r\n\r\nhel",
    "a head without a length": HEAD + b"\r\n",
    "a body without a length": HEAD + b"\r\nhello",
    "half of chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n",
    "half of gzip": GZIP + b"\r\n" + PACKED[:-9],
    "the whole of gzip": GZIP + b"\r\n" + PACKED,
    "half of gzip by its length": GZIP + b"Content-Length: 99\r\n\r\n" + PACKED,
}
EVENTS: dict[str, list[Event]] = {
    "nothing": [],
    "a head": [Head(200, {})],
    "a body": [Head(200, {}), Body(b"hello")],
    "half of gzip": [Head(200, {"content-encoding": "x-gzip"}), Body(PACKED[:-9])],
    "the whole of gzip": [Head(200, {"content-encoding": "gzip"}), Body(PACKED)],
}


def tls(kind: type[ssl.SSLError], reason: str) -> ssl.SSLError:
    error = kind(1, "tls")
    error.reason = reason
    return error


LOSSES: dict[str, OSError | None] = {
    "closed": None,
    "no goodbye": tls(ssl.SSLEOFError, "UNEXPECTED_EOF"),
    "damaged": tls(ssl.SSLError, "BAD_RECORD"),
    "reset": ConnectionResetError(errno.ECONNRESET, "reset"),
    "silent": OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)),
}


@pytest.mark.parametrize("reused", [False, True])
@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_what_is_heard_of_a_lost_connection(
    beginning: str, reused: bool, snapshot: SnapshotAssertion
) -> None:
    lines: list[str] = []
    for name, failure in LOSSES.items():
        sink = Sink()
        made, line, back = exchange(sink, reused=reused)
        assert line.told is not None
        if BEGINNINGS[beginning]:
            line.told[0](BEGINNINGS[beginning])
        assert made.begun is bool(BEGINNINGS[beginning])
        assert not made.over and made.sent
        line.told[1](failure)
        assert made.over and made.sent and not back
        made.fail(ProtocolError("late"))
        lines.append(f"{name}: {'; '.join(sink.heard)}")
    assert "\n".join(lines) == snapshot


class Shared(Multiplexed):
    """A shared connection that only notes what is done with it."""

    __slots__ = ("done", "is_closed")

    def __init__(self) -> None:
        self.done: list[str] = []
        self.is_closed, self.failure = False, None

    @property
    def closed(self) -> bool:
        return self.is_closed

    def begin(self, call: Call, request: Request) -> int:
        self.done.append(f"begin {request.method}")
        return 7

    def cancel(self, number: int) -> None:
        self.done.append(f"cancel {number}")

    def rest(self, seconds: float) -> None:
        self.done.append(f"rest {seconds:g}")


def call(sink: Sink, *, reused: bool = False) -> tuple[Call, Shared]:
    shared = Shared()
    made = Call(shared, sink, reused=reused, where="h:1")
    assert not made.sent
    made.start(GET)
    assert (shared.done, made.number, made.sent, made.begun, made.over) == (
        ["begin GET"],
        7,
        True,
        False,
        False,
    )
    shared.done.clear()
    return made, shared


def lose(failure: OSError | None, made: Call) -> None:
    made.lost(failure)


@pytest.mark.parametrize("reused", [False, True])
@pytest.mark.parametrize("beginning", EVENTS)
def test_what_is_heard_of_a_shared_connection_that_is_lost_or_an_answer_that_ends(
    beginning: str, reused: bool, snapshot: SnapshotAssertion
) -> None:
    ends: dict[str, Callable[[Call], None]] = {
        **{name: partial(lose, failure) for name, failure in LOSSES.items()},
        "whole": lambda made: made.hear(Ended(clean=True)),
        "cut": lambda made: made.hear(Ended(clean=False)),
        "unseen": lambda made: made.hear(Ended(clean=False, unseen=True)),
    }
    lines = []
    for name, end in ends.items():
        sink = Sink()
        made, shared = call(sink, reused=reused)
        for event in EVENTS[beginning]:
            made.hear(event)
        assert made.begun is bool(EVENTS[beginning])
        end(made)
        assert made.over and made.sent is (name != "unseen")
        for late in (Head(500, {}), Body(b"late"), Ended(clean=True)):
            made.hear(late)
        made.lost(None)
        made.abort()
        made.fail(ProtocolError("late"))
        assert shared.done == []
        lines.append(f"{name}: {'; '.join(sink.heard)}")
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize("failure", LOSSES)
def test_a_request_on_a_shared_connection_that_has_ended_is_told_why(failure: str) -> None:
    heard = []
    for ended in (False, True):
        sink, shared = Sink(), Shared()
        made = Call(shared, sink, reused=True, where="h:1")
        if ended:
            shared.is_closed, shared.failure = True, LOSSES[failure]
            made.start(GET)
            assert (made.sent, made.begun, shared.done) == (False, False, [])
        else:
            made.start(GET)
            made.lost(LOSSES[failure])
        heard.append(sink.heard)
    assert heard[0] == heard[1] and len(heard[0]) == 1


WHOLE = HEAD + b"Content-Length: 2\r\n\r\nhi"


@pytest.mark.parametrize(
    ("answer", "extra", "closed", "back"),
    [
        (WHOLE, b"", False, True),
        (WHOLE, b"x", False, False),
        (WHOLE, b"", True, False),
        (WHOLE.replace(b"1.1", b"1.0"), b"", False, False),
        (WHOLE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), b"", False, False),
    ],
)
def test_a_connection_is_given_back_where_it_can_carry_another(
    answer: bytes, extra: bytes, closed: bool, back: bool
) -> None:
    sink = Sink()
    made, line, given = exchange(sink)
    line.is_closed = closed
    assert line.told is not None
    line.told[0](answer + extra)
    assert sink.heard[1:] == ["data b'hi'", "end clean"]
    assert given == ([line] if back else [])
    assert line.done == (["detach"] if back else ["close"])
    assert made.over and made.sent
    made.abort()
    made.rest(1)
    made.start(GET)
    assert line.done[1:] == []


@pytest.mark.parametrize(
    ("packed", "clean"), [(PACKED, True), (PACKED[:-1], False), (PACKED * 2, True), (b"", True)]
)
def test_an_answer_that_is_compressed_ends_where_its_last_member_does(packed: bytes, clean: bool) -> None:
    head = GZIP + f"Content-Length: {len(packed)}\r\n\r\n".encode()
    sink = Sink()
    _, line, _ = exchange(sink)
    assert line.told is not None
    line.told[0](head + packed)
    assert sink.heard[-1] == ("end clean" if clean else "end cut")
    shared = Sink()
    made, _ = call(shared)
    events: list[Event] = [
        Head(200, {"content-encoding": "gzip"}),
        *([Body(packed)] if packed else []),
        Ended(clean=True),
    ]
    for event in events:
        made.hear(event)
    assert shared.heard[-1] == sink.heard[-1]


CODINGS = {
    "identity": True,
    "IDENTITY": True,
    "gzip": True,
    "X-GZip": True,
    "br": False,
    "": False,
    "gzip, gzip": False,
}


@pytest.mark.parametrize("coding", CODINGS)
def test_what_was_not_asked_for_is_refused(coding: str) -> None:
    sink = Sink()
    made, line, _ = exchange(sink)
    assert line.told is not None
    line.told[0](HEAD + f"Content-Encoding: {coding}\r\nContent-Length: 0\r\n\r\n".encode())
    assert made.over
    if CODINGS[coding]:
        assert sink.heard[1:] == ["end clean"]
    else:
        assert sink.heard == [
            "ProtocolError The server's answer is compressed in a way that was not asked for."
        ]
        assert line.done == ["close"]


@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize(
    ("words", "https"),
    [
        (b"Client sent an HTTP request to an HTTPS server.\n", True),
        (b"<p>The plain HTTP request was sent to HTTPS port</p>", True),
        (b"something else", False),
    ],
)
def test_a_server_that_wants_https_is_told_from_another_refusal(
    status: int, words: bytes, https: bool
) -> None:
    sink = Sink()
    _, line, _ = exchange(sink)
    assert line.told is not None
    line.told[0](b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (status, len(words), words))
    if https and status == 400:
        assert sink.heard[1:] == [
            "ProtocolError h:1 speaks HTTPS, but its address says http. "
            "Write https:// before the server address in the kubeconfig."
        ]
    else:
        assert sink.heard[1:] == [f"data {words!r}", "end clean"]


RECEPTIONS: dict[str, Callable[[Sink], tuple[Reception, Any]]] = {
    "of its own": lambda sink: exchange(sink)[:2],
    "shared": call,
}
CHUNKS = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def give(made: Reception, connection: Any, *pieces: bytes) -> None:
    """A head and these pieces, however they come."""
    if isinstance(made, Call):
        made.hear(Head(200, {}))
        for piece in pieces:
            made.hear(Body(piece))
    else:
        connection.told[0](CHUNKS)
        for piece in pieces:
            connection.told[0](b"%x\r\n%b\r\n" % (len(piece), piece))


@pytest.mark.parametrize("kind", RECEPTIONS)
@pytest.mark.parametrize("word", ["head", "data"])
def test_who_gives_an_answer_up_hears_nothing_more(kind: str, word: str) -> None:
    made: Reception | None = None

    def stop(said: str) -> None:
        if said == word:
            assert made is not None
            made.abort()
            made.abort()

    sink = Sink(stop)
    made, connection = RECEPTIONS[kind](sink)
    made.rest(0.5)
    give(made, connection, b"a", b"b")
    assert [heard.split()[0] for heard in sink.heard] == ["head", "data"][: 1 + (word == "data")]
    assert connection.done == ["rest 0.5", "close" if kind == "of its own" else "cancel 7"]
    assert made.over and made.sent


@pytest.mark.parametrize("kind", RECEPTIONS)
@pytest.mark.parametrize("word", ["head", "data"])
@pytest.mark.parametrize("error", [ProtocolError("Too large.", "Look."), RuntimeError("defect")])
def test_what_goes_wrong_with_an_answer_ends_it_alone(kind: str, word: str, error: Exception) -> None:
    def fail(said: str) -> None:
        if said == word:
            raise error

    sink = Sink(fail)
    made, connection = RECEPTIONS[kind](sink)
    if isinstance(error, RuntimeError):
        with pytest.raises(RuntimeError):
            give(made, connection, b"a", b"b")
        assert sink.heard[-1] == (
            "EdgetuiError edgetui could not handle an answer: this is a defect. Please report it."
        )
    else:
        give(made, connection, b"a", b"b")
        assert sink.heard[-1] == "ProtocolError Too large. Look."
    assert len(sink.heard) == (2 if word == "head" else 3)
    assert connection.done == ["close" if kind == "of its own" else "cancel 7"]


def test_pieces_of_what_is_unpacked_stop_with_who_gave_up() -> None:
    made: Reception | None = None
    sink = Sink(lambda word: made.abort() if word == "data" and made is not None else None)
    made, line, _ = exchange(sink)
    assert line.told is not None
    line.told[0](GZIP + b"\r\n" + gzip.compress(bytes(600_000)))
    assert [heard[:4] for heard in sink.heard] == ["head", "data"]
