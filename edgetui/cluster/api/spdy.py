"""SPDY/3.1 frames, as much of it as port-forward needs inside a WebSocket. Pure: bytes in, frames out.

API servers speak it as spdystream does: without flow control, and with compressed headers, of which those that come
say nothing that is needed here and are passed over.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from edgetui.cluster.errors import ProtocolError

_SYN_STREAM, _SYN_REPLY, _RST_STREAM, _PING, _GOAWAY, _HEADERS = 1, 2, 3, 6, 7, 8
_VERSION, _FIN, _CANCEL = 0x8003, 1, 5
_HEAD = struct.Struct(">II")
MOST_FRAME = 4 * 1024 * 1024
"""Bytes of one frame; kubelets send 32 KiB at the most."""


class Data(NamedTuple):
    """Bytes of a stream; `last` where no more come on it."""

    stream: int
    data: bytes
    last: bool


class Reset(NamedTuple):
    """A stream was given up by the other side."""

    stream: int


class Ping(NamedTuple):
    """To be sent back as it is."""

    frame: bytes


class GoAway(NamedTuple):
    """No more streams are taken."""


class FrameReader:
    """Frames of what arrives, in pieces of any size."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Data | Reset | Ping | GoAway]:
        """The frames that are whole by now. Raises ProtocolError for one that cannot be."""
        self._buffer += data
        while len(self._buffer) >= _HEAD.size:
            first, second = _HEAD.unpack_from(self._buffer)
            length = second & 0xFFFFFF
            if length > MOST_FRAME:
                raise ProtocolError("The server sent a frame that is too long to be held in memory.")
            if len(self._buffer) < _HEAD.size + length:
                return
            whole = bytes(self._buffer[: _HEAD.size + length])
            del self._buffer[: _HEAD.size + length]
            yield from _frame(first, second >> 24, whole)


def _frame(first: int, flags: int, whole: bytes) -> Iterator[Data | Reset | Ping | GoAway]:
    body = whole[_HEAD.size :]
    if not first & 0x80000000:
        yield Data(first, body, bool(flags & _FIN))
        return
    if first >> 16 != _VERSION or len(body) < 4:
        raise ProtocolError("The server broke the rules of the stream it had opened.")
    kind, stream = first & 0xFFFF, int.from_bytes(body[:4]) & 0x7FFFFFFF
    if kind == _RST_STREAM:
        yield Reset(stream)
    elif kind == _PING:
        yield Ping(whole)
    elif kind == _GOAWAY:
        yield GoAway()
    elif kind in (_SYN_REPLY, _HEADERS) and flags & _FIN:
        yield Data(stream, b"", True)


class FrameWriter:
    """Frames to send: headers are compressed in the order in which they go out."""

    def __init__(self) -> None:
        self._zlib = zlib.compressobj()

    def open(self, stream: int, headers: Mapping[str, str], *, last: bool) -> bytes:
        """Begin a stream; `last` where nothing more goes out on it."""
        block = struct.pack(">I", len(headers))
        for word in (word for pair in headers.items() for word in pair):
            block += struct.pack(">I", len(word)) + word.encode()
        packed = self._zlib.compress(block) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
        return _control(_SYN_STREAM, struct.pack(">IIH", stream, 0, 0) + packed, _FIN if last else 0)

    @staticmethod
    def data(stream: int, data: bytes, *, last: bool = False) -> bytes:
        """Bytes on a stream."""
        return _HEAD.pack(stream, len(data) | (_FIN if last else 0) << 24) + data

    @staticmethod
    def reset(stream: int) -> bytes:
        """Give a stream up."""
        return _control(_RST_STREAM, struct.pack(">II", stream, _CANCEL))


def _control(kind: int, body: bytes, flags: int = 0) -> bytes:
    return _HEAD.pack(_VERSION << 16 | kind, len(body) | flags << 24) + body
