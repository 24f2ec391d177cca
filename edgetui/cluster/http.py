"""HTTP/1.1 responses without I/O: bytes in, parts out (RFC 9112).

`ResponseReader.feed` takes whatever arrived and gives the parts that became complete: one `Head`, then pieces of
the body as `bytes`, then `END`. Anything malformed or larger than the limits raises ProtocolError, after which the
connection is of no use.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final, NamedTuple

from edgetui.cluster.errors import ProtocolError

MAX_LINE = 16 * 1024
MAX_HEADERS = 128
MAX_CHUNK_DIGITS = 15

ADVICE = "Check the server's address and port in the kubeconfig."


class Head(NamedTuple):
    """Status line and headers; names in lower case, repeated headers joined by ", "."""

    status: int
    headers: dict[str, str]


class _End:
    """The response is complete."""


END: Final = _End()
Part = Head | bytes | _End


class _Stage(Enum):
    STATUS = auto()
    HEADERS = auto()
    LENGTH = auto()
    CHUNK_SIZE = auto()
    CHUNK = auto()
    CHUNK_END = auto()
    TRAILERS = auto()
    UNTIL_EOF = auto()
    DONE = auto()


class ResponseReader:
    """Reads one response. `reusable` says, once it is complete, whether the connection may carry another."""

    def __init__(self) -> None:
        self.reusable = True
        self._stage = _Stage.STATUS
        self._buffer = bytearray()
        self._status = 0
        self._headers: dict[str, str] = {}
        self._count = 0
        self._left = 0

    @property
    def complete(self) -> bool:
        """Whether the last part has been given."""
        return self._stage is _Stage.DONE

    def feed(self, data: bytes | memoryview) -> list[Part]:
        """Take bytes, give parts. Raises ProtocolError."""
        self._buffer += data
        parts: list[Part] = []
        while self._advance(parts):
            pass
        if self._stage is _Stage.DONE and self._buffer:
            self.reusable = False
            raise _malformed("it sent more than it announced")
        return parts

    def end_of_stream(self) -> list[Part]:
        """The peer closed. Raises ProtocolError when the response is incomplete."""
        if self._stage is _Stage.UNTIL_EOF:
            self._stage = _Stage.DONE
            return [END]
        if self._stage is not _Stage.DONE:
            raise _malformed("it closed the connection in the middle of a response")
        return []

    def _advance(self, parts: list[Part]) -> bool:
        match self._stage:
            case _Stage.DONE:
                return False
            case _Stage.LENGTH | _Stage.CHUNK:
                return self._take(parts)
            case _Stage.UNTIL_EOF:
                if self._buffer:
                    parts.append(bytes(self._buffer))
                    self._buffer.clear()
                return False
        line = self._line()
        if line is None:
            return False
        match self._stage:
            case _Stage.STATUS:
                self._read_status(line)
            case _Stage.HEADERS:
                self._read_header(line, parts)
            case _Stage.CHUNK_SIZE:
                self._read_chunk_size(line)
            case _Stage.CHUNK_END:
                if line:
                    raise _malformed("a chunk is longer than it says")
                self._stage = _Stage.CHUNK_SIZE
            case _Stage.TRAILERS:
                self._count += 1
                if self._count > MAX_HEADERS:
                    raise _malformed("it sent too many trailers")
                if not line:
                    self._finish(parts)
        return True

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\n", 0, MAX_LINE)
        if end < 0:
            if len(self._buffer) >= MAX_LINE:
                raise _malformed("it sent a line without end")
            return None
        line = bytes(self._buffer[:end]).removesuffix(b"\r")
        del self._buffer[: end + 1]
        if b"\r" in line or b"\0" in line:
            raise _malformed("it sent a control character in a line")
        return line

    def _take(self, parts: list[Part]) -> bool:
        if not self._buffer:
            return False
        piece = bytes(self._buffer[: self._left])
        del self._buffer[: self._left]
        self._left -= len(piece)
        parts.append(piece)
        if self._left == 0:
            if self._stage is _Stage.CHUNK:
                self._stage = _Stage.CHUNK_END
            else:
                self._finish(parts)
        return True

    def _finish(self, parts: list[Part]) -> None:
        self._stage = _Stage.DONE
        parts.append(END)

    def _read_status(self, line: bytes) -> None:
        fields = line.split(b" ", 2)
        version = fields[0]
        if len(fields) < 2 or version not in (b"HTTP/1.1", b"HTTP/1.0") or not _digits(fields[1], 3):
            raise _malformed("it does not speak HTTP/1.1")
        self._status = int(fields[1])
        if self._status < 100:
            raise _malformed("it sent a status that does not exist")
        self.reusable = version == b"HTTP/1.1"
        self._headers = {}
        self._count = 0
        self._stage = _Stage.HEADERS

    def _read_header(self, line: bytes, parts: list[Part]) -> None:
        if not line:
            self._end_of_headers(parts)
            return
        self._count += 1
        if self._count > MAX_HEADERS:
            raise _malformed("it sent too many headers")
        name, colon, value = line.partition(b":")
        if not colon or not name or name != name.strip() or not name.isascii() or b" " in name:
            raise _malformed("it sent a header without a name")
        key = name.decode("ascii").lower()
        text = value.strip(b" \t").decode("latin-1")
        if key in self._headers:
            if key == "content-length" and self._headers[key] != text:
                raise _malformed("it sent two different lengths")
            if key != "content-length":
                text = f"{self._headers[key]}, {text}"
        self._headers[key] = text

    def _end_of_headers(self, parts: list[Part]) -> None:
        if self._status < 200:
            if self._status == 101:
                raise _malformed("it switched to another protocol unasked")
            self._stage = _Stage.STATUS
            return
        headers = self._headers
        if "close" in headers.get("connection", "").lower():
            self.reusable = False
        parts.append(Head(self._status, headers))
        coding = headers.get("transfer-encoding", "").lower()
        if self._status in (204, 304):
            self._finish(parts)
        elif coding:
            if coding != "chunked":
                raise _malformed("it uses a transfer coding that is not understood")
            self._stage = _Stage.CHUNK_SIZE
        elif "content-length" in headers:
            length = headers["content-length"]
            if not _digits(length.encode("latin-1"), 0) or len(length) > MAX_CHUNK_DIGITS:
                raise _malformed("it sent a length that is no number")
            self._left = int(length)
            self._stage = _Stage.LENGTH
            if self._left == 0:
                self._finish(parts)
        else:
            self.reusable = False
            self._stage = _Stage.UNTIL_EOF

    def _read_chunk_size(self, line: bytes) -> None:
        digits = line.partition(b";")[0].strip(b" \t")
        if (
            not digits
            or len(digits) > MAX_CHUNK_DIGITS
            or not all(c in b"0123456789abcdefABCDEF" for c in digits)
        ):
            raise _malformed("it sent a chunk size that is no number")
        self._left = int(digits, 16)
        self._count = 0
        self._stage = _Stage.CHUNK if self._left else _Stage.TRAILERS


def _digits(text: bytes, length: int) -> bool:
    return bool(text) and (not length or len(text) == length) and all(48 <= c <= 57 for c in text)


def _malformed(why: str) -> ProtocolError:
    return ProtocolError(f"What answers there is not a Kubernetes API server: {why}.", ADVICE)
