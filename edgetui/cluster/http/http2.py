"""HTTP/2 as a client speaks it (RFC 9113), without I/O: requests out as bytes, answers in as events of their streams.

One connection carries every watch and request of a cluster, so that its handshake is paid for once. What the peer may
have on the way to us is bounded for each stream, because everything shares one pipe: a long list must not hold up the
answer to a key by more than its window. The window of a stream grows while it is filled quickly.

Everything that is malformed raises ProtocolError, and the connection is of no more use. Pushes are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from edgetui.cluster.http.hpack import MAX_FIELDS, Decoder, Encoder, Field
from edgetui.cluster.http.protocol import Body, Head, malformed

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
FIRST_WINDOW = 16 * 1024
"""Bytes of one answer that may be on the way at first; at 8 KiB/s they hold up anything else by 2 s."""
MOST_WINDOW, GROWTH = 4 * 1024 * 1024, 4
QUICK = 0.1
"""Seconds within which half a window must be filled for the window to be made four times as large."""
SHARED_WINDOW = 16 * 1024 * 1024
"""Bytes of all answers together; what bounds them are the windows of the streams."""
MAX_FRAME = 16 * 1024
"""The most that we allow a frame to have, and the most that every peer must take."""
MAX_INTERIM = 16

_DATA, _HEADERS, _PRIORITY, _RST_STREAM, _SETTINGS, _PUSH, _PING, _GOAWAY, _WINDOW_UPDATE, _CONTINUATION = (
    range(10)
)
_END_STREAM = _ACK = 0x1
_END_HEADERS, _PADDED, _PRIORITIZED = 0x4, 0x8, 0x20
_HEADER_TABLE_SIZE, _ENABLE_PUSH, _MAX_CONCURRENT_STREAMS, _INITIAL_WINDOW_SIZE, _MAX_FRAME_SIZE = (
    1,
    2,
    3,
    4,
    5,
)
_DEFAULT_WINDOW = 65_535
_MOST = 2**31 - 1
_NO_ERROR, _REFUSED_STREAM, _CANCEL = 0, 7, 8
_FORBIDDEN = frozenset(
    {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "host"}
)


class Ended(NamedTuple):
    """An answer is complete, or will not be: `clean` is whether the peer said that this is its end.

    `unseen` is whether the peer promises not to have acted on the request, so that it may be sent again.
    """

    clean: bool
    unseen: bool = False


Event = Head | Body | Ended


class Answer:
    """One stream: its request on the way out and its answer on the way in."""

    __slots__ = (
        "expected",
        "head",
        "interim",
        "number",
        "quick_since",
        "received",
        "rest",
        "send_window",
        "taken",
        "window",
    )

    def __init__(self, number: int, send_window: int, now: float) -> None:
        self.number = number
        self.head = False
        self.interim = 0
        self.expected = -1
        self.received = 0
        self.rest = b""
        self.send_window = send_window
        self.window = FIRST_WINDOW
        self.taken = 0
        self.quick_since = now


class Frames:
    """The frames of one connection. `tell` hears every event with the number of its stream; `out` is what to send.

    `clock` gives monotonic seconds. `open` says whether another request may be begun, `capacity` how many may be open.
    """

    def __init__(self, tell: Callable[[int, Event], None], clock: Callable[[], float]) -> None:
        self.out = bytearray(PREFACE)
        self.capacity = 100  # until the peer says what it takes, RFC 9113 section 6.5.2 wants at least that
        self.going_away = False
        self.begun = False
        self._tell = tell
        self._clock = clock
        self._answers: dict[int, Answer] = {}
        self._next = 1
        self._buffer = b""
        self._decoder, self._encoder = Decoder(), Encoder()
        self._peer_window = _DEFAULT_WINDOW
        self._send_window = _DEFAULT_WINDOW
        self._taken = 0
        self._waiting: list[int] = []
        self._block: tuple[int, int, bytearray] | None = None
        settings = ((_ENABLE_PUSH, 0), (_INITIAL_WINDOW_SIZE, FIRST_WINDOW), (_MAX_FRAME_SIZE, MAX_FRAME))
        self._frame(
            _SETTINGS, 0, 0, b"".join(k.to_bytes(2, "big") + v.to_bytes(4, "big") for k, v in settings)
        )
        self._frame(_WINDOW_UPDATE, 0, 0, (SHARED_WINDOW - _DEFAULT_WINDOW).to_bytes(4, "big"))

    @property
    def active(self) -> int:
        """How many answers are still to come."""
        return len(self._answers)

    @property
    def takes_more(self) -> bool:
        """Whether another request may be begun."""
        return not self.going_away and len(self._answers) < self.capacity and self._next < _MOST

    # -- what is sent

    def request(self, fields: Sequence[Field], body: bytes | None) -> int:
        """Begin a request; returns the number of its stream. What must be sent is in `out`."""
        number, self._next = self._next, self._next + 2
        answer = self._answers[number] = Answer(number, self._peer_window, self._clock())
        block = self._encoder.encode(fields)
        flags = 0 if body else _END_STREAM
        first, rest = block[:MAX_FRAME], block[MAX_FRAME:]
        self._frame(_HEADERS, flags | (0 if rest else _END_HEADERS), number, first)
        while rest:
            first, rest = rest[:MAX_FRAME], rest[MAX_FRAME:]
            self._frame(_CONTINUATION, 0 if rest else _END_HEADERS, number, first)
        if body:
            answer.rest = body
            self._waiting.append(number)
            self._send_bodies()
        return number

    def cancel(self, number: int) -> None:
        """Give an answer up; nothing more is told of it."""
        if self._answers.pop(number, None) is not None:
            self._frame(_RST_STREAM, 0, number, _CANCEL.to_bytes(4, "big"))

    def ping(self) -> None:
        """Ask the peer for a sign of life."""
        self._frame(_PING, 0, 0, b"edgetui?")

    def _frame(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        self.out += (
            len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload
        )

    def _send_bodies(self) -> None:
        waiting, self._waiting = self._waiting, []
        for number in waiting:
            answer = self._answers.get(number)
            if answer is None:
                continue
            while answer.rest:
                size = min(len(answer.rest), MAX_FRAME, self._send_window, answer.send_window)
                if size <= 0:
                    self._waiting.append(number)
                    break
                piece, answer.rest = answer.rest[:size], answer.rest[size:]
                self._send_window -= size
                answer.send_window -= size
                self._frame(_DATA, 0 if answer.rest else _END_STREAM, number, piece)

    # -- what comes

    def feed(self, data: bytes) -> None:
        """Take bytes of the peer. Raises ProtocolError, and what `tell` raises."""
        buffer = self._buffer + data if self._buffer else data
        at, size = 0, len(buffer)
        while size - at >= 9:
            length = int.from_bytes(buffer[at : at + 3], "big")
            if length > MAX_FRAME or (not self.begun and buffer[at + 3] != _SETTINGS):
                raise malformed(
                    "it does not begin as HTTP/2 does" if not self.begun else "a frame is too large"
                )
            if size - at < 9 + length:
                break
            kind, flags = buffer[at + 3], buffer[at + 4]
            stream = int.from_bytes(buffer[at + 5 : at + 9], "big") & _MOST
            payload = buffer[at + 9 : at + 9 + length]
            at += 9 + length
            self.begun = True
            if self._block is not None and (kind != _CONTINUATION or stream != self._block[0]):
                raise malformed("header frames are interrupted")
            if kind == _DATA:
                self._on_data(stream, flags, payload)
            elif (handler := _HANDLERS.get(kind)) is not None:
                handler(self, stream, flags, payload)
        self._buffer = buffer[at:]

    def _on_data(self, stream: int, flags: int, payload: bytes) -> None:
        self._taken += len(payload)
        if self._taken >= SHARED_WINDOW // 2:
            self._frame(_WINDOW_UPDATE, 0, 0, self._taken.to_bytes(4, "big"))
            self._taken = 0
        answer = self._answers.get(stream)
        if answer is None:
            self._must_have_been(stream)
            return
        if not answer.head:
            raise malformed("a body without a head")
        if not flags & _END_STREAM:
            self._refill(answer, len(payload))
        data = _unpadded(flags, payload)
        answer.received += len(data)
        if data:
            self._tell(stream, Body(data))
        if flags & _END_STREAM:
            self._end(answer)

    def _refill(self, answer: Answer, size: int) -> None:
        """Let the peer send on once half the window is used; a window that fills quickly was too small."""
        answer.taken += size
        if answer.taken > answer.window:
            raise malformed("more came than was allowed")
        if answer.taken < answer.window // 2:
            return
        now, more = self._clock(), answer.taken
        if now - answer.quick_since < QUICK and answer.window < MOST_WINDOW:
            more += (GROWTH - 1) * answer.window
            answer.window *= GROWTH
        answer.taken, answer.quick_since = 0, now
        self._frame(_WINDOW_UPDATE, 0, answer.number, more.to_bytes(4, "big"))

    def _end(self, answer: Answer) -> None:
        if self._answers.pop(answer.number, None) is None:
            return  # who heard of the last piece gave it up
        whole = answer.expected in (-1, answer.received)
        if answer.rest and whole:
            self._frame(_RST_STREAM, 0, answer.number, _NO_ERROR.to_bytes(4, "big"))
        self._tell(answer.number, Ended(clean=whole))

    def _on_headers(self, stream: int, flags: int, payload: bytes) -> None:
        payload = _unpadded(flags, payload)
        if flags & _PRIORITIZED:
            payload = payload[5:]
        self._block = stream, flags, bytearray(payload)
        self._on_continuation(stream, flags, b"")

    def _on_continuation(self, stream: int, flags: int, payload: bytes) -> None:
        if self._block is None:
            raise malformed("a continuation of nothing")
        _, first, block = self._block
        block += payload
        if len(block) > MAX_FIELDS:
            raise malformed("a head is too large")
        if not flags & _END_HEADERS:
            return
        self._block = None
        fields = self._decoder.decode(bytes(block))
        answer = self._answers.get(stream)
        if answer is None:
            self._must_have_been(stream)
            return
        if answer.head:
            if not first & _END_STREAM:
                raise malformed("trailers that do not end")
        else:
            self._on_head(answer, fields)
        if first & _END_STREAM:
            self._end(answer)

    def _on_head(self, answer: Answer, fields: list[Field]) -> None:
        status, headers = _head(fields)
        if 100 <= status < 200:
            answer.interim += 1
            if answer.interim > MAX_INTERIM:
                raise malformed("too many interim responses")
            return
        answer.head = True
        length = headers.get("content-length", "")
        if length.isascii() and length.isdigit() and len(length) < 19:
            answer.expected = int(length)
        self._tell(answer.number, Head(status, headers))

    def _on_rst(self, stream: int, _flags: int, payload: bytes) -> None:
        code = _four(payload)
        answer = self._answers.pop(stream, None)
        if answer is None:
            self._must_have_been(stream)
        else:
            self._tell(stream, Ended(clean=False, unseen=code == _REFUSED_STREAM and not answer.head))

    def _on_settings(self, stream: int, flags: int, payload: bytes) -> None:
        if stream or len(payload) % 6 or (flags & _ACK and payload):
            raise malformed("settings")
        if flags & _ACK:
            return
        for at in range(0, len(payload), 6):
            self._set(
                int.from_bytes(payload[at : at + 2], "big"), int.from_bytes(payload[at + 2 : at + 6], "big")
            )
        self._frame(_SETTINGS, _ACK, 0, b"")
        self._send_bodies()

    def _set(self, name: int, value: int) -> None:
        if name == _HEADER_TABLE_SIZE:
            self._encoder.limit(value)
        elif name == _MAX_CONCURRENT_STREAMS:
            self.capacity = value
        elif name == _INITIAL_WINDOW_SIZE:
            if value > _MOST:
                raise malformed("a window that is too large")
            for answer in self._answers.values():
                answer.send_window += value - self._peer_window
            self._peer_window = value
        elif name == _MAX_FRAME_SIZE and not MAX_FRAME <= value < 2**24:
            raise malformed("a frame size that is not allowed")

    def _on_ping(self, _stream: int, flags: int, payload: bytes) -> None:
        if len(payload) != 8:
            raise malformed("a ping")
        if not flags & _ACK:
            self._frame(_PING, _ACK, 0, payload)

    def _on_goaway(self, _stream: int, _flags: int, payload: bytes) -> None:
        """What the peer has not begun it will not do; the rest goes on to its end (RFC 9113 section 6.8)."""
        last = _four(payload[:4]) & _MOST
        self.going_away = True
        for number in [number for number in self._answers if number > last]:
            answer = self._answers.pop(number)
            self._tell(number, Ended(clean=False, unseen=not answer.head))

    def _on_window(self, stream: int, _flags: int, payload: bytes) -> None:
        more = _four(payload) & _MOST
        answer = self._answers.get(stream)
        if not stream:
            self._send_window += more
        elif answer is not None:
            answer.send_window += more
        if self._send_window > _MOST or (answer is not None and answer.send_window > _MOST):
            raise malformed("a window that is too large")
        self._send_bodies()

    def _on_push(self, _stream: int, _flags: int, _payload: bytes) -> None:
        raise malformed("a push that was forbidden")

    def _must_have_been(self, stream: int) -> None:
        """Frames of an answer that was given up may still be on their way; of one that was never asked for, not."""
        if not stream & 1 or stream >= self._next:
            raise malformed("an answer to nothing")


_HANDLERS: dict[int, Callable[[Frames, int, int, bytes], None]] = {
    _HEADERS: Frames._on_headers,
    _RST_STREAM: Frames._on_rst,
    _SETTINGS: Frames._on_settings,
    _PUSH: Frames._on_push,
    _PING: Frames._on_ping,
    _GOAWAY: Frames._on_goaway,
    _WINDOW_UPDATE: Frames._on_window,
    _CONTINUATION: Frames._on_continuation,
}


def fields_of(method: str, authority: str, target: str, headers: Sequence[Field]) -> list[Field]:
    """A request's fields over TLS: lower-case names, without those that HTTP/2 forbids (RFC 9113 section 8.2.2)."""
    pseudo = [(":method", method), (":scheme", "https"), (":authority", authority), (":path", target)]
    lowered = ((name.lower(), value) for name, value in headers)
    return pseudo + [(name, value) for name, value in lowered if name not in _FORBIDDEN]


def _head(fields: list[Field]) -> tuple[int, dict[str, str]]:
    headers: dict[str, str] = {}
    for name, value in fields:
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    status = headers.pop(":status", "")
    if (
        len(status) != 3
        or not (status.isascii() and status.isdigit())
        or any(name[:1] == ":" for name in headers)
    ):
        raise malformed("a status")
    return int(status), headers


def _unpadded(flags: int, payload: bytes) -> bytes:
    if not flags & _PADDED:
        return payload
    if not payload or payload[0] >= len(payload):
        raise malformed("padding")
    return payload[1 : len(payload) - payload[0]]


def _four(payload: bytes) -> int:
    if len(payload) < 4:
        raise malformed("a short frame")
    return int.from_bytes(payload[:4], "big")
