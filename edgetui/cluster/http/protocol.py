"""HTTP/1.1 as a client speaks it, without I/O: one request out as bytes, one response in as events.

What RFC 9112 allows a recipient to mend is mended only where old servers need it (bare LF after a header line,
folded headers, blanks after a chunk size); everything else that is malformed raises ProtocolError, and the
reader is of no more use. Every size that the peer chooses has a limit, so that memory stays bounded; bodies have
none here, because they are handed on as they come.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NoReturn

import msgspec

from edgetui.cluster.errors import ProtocolError

MAX_LINE = 16 * 1024
"""Longest status or header line, in bytes."""
MAX_HEAD = 64 * 1024
"""Longest head, and longest trailer section, in bytes."""
MAX_HEADERS = 128
MAX_INTERIM = 16
"""Most 1xx responses before the final one."""
MAX_CHUNK_LINE = 1024

CHECK_ADDRESS = "Check the server address and port in the kubeconfig."

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: ([^\x00-\x08\x0a-\x1f\x7f]*))?")
_HEADER_LINE = re.compile(
    rb"([-!#$%&'*+.^_`|~0-9A-Za-z]+):[ \t]*((?:[^\x00-\x20\x7f]+(?:[ \t]+[^\x00-\x20\x7f]+)*)?)[ \t]*"
)
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?[ \t]*\r\n")
_MAYBE_CHUNK_LINE = re.compile(rb"[0-9A-Fa-f]{1,16}(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?[ \t]*\r?")
_BLANK_LINE = re.compile(rb"\n\r?\n")
_LENGTH = re.compile(r"[0-9]{1,18}")
_TOKEN = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
_TARGET = re.compile(r"[!-~]+")
_UNSENDABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class Head(msgspec.Struct, frozen=True, gc=False):
    """Status and headers of the final response; names are in lower case, repeated ones joined by ", "."""

    status: int
    headers: dict[str, str]


class Body(msgspec.Struct, frozen=True, gc=False):
    """A piece of the body, without chunk framing; never empty."""

    data: bytes


class End(msgspec.Struct, frozen=True, gc=False):
    """The response is complete. `reusable` says whether the connection may carry another request."""

    reusable: bool


Event = Head | Body | End
HeaderValues = Mapping[str, str | tuple[str, ...]]

# What the next byte belongs to. Plain numbers, because they are compared for every chunk.
_HEAD, _SIZED, _CHUNK_SIZE, _CHUNK_DATA, _CHUNK_END, _TRAILERS, _UNTIL_EOF, _DONE = range(8)


class ResponseReader:
    """Reads the response to one request that was sent with `method`.

    With `upgrades` the request asked for another protocol: 101 ends the response, and `extra` is in that protocol.
    """

    __slots__ = ("_held", "_interim", "_left", "_method", "_reusable", "_stage", "_upgrades", "extra")

    def __init__(self, method: str = "GET", *, upgrades: bool = False) -> None:
        self.extra = b""
        """Bytes that came after the end of the response; a connection with any must not be used again."""
        self._upgrades = upgrades
        self._method = method
        self._stage = _HEAD
        self._held = b""
        self._left = 0
        self._interim = 0
        self._reusable = False

    @property
    def done(self) -> bool:
        """Whether the response is complete."""
        return self._stage == _DONE

    @property
    def begun(self) -> bool:
        """Whether any byte of the response has come."""
        return self._stage != _HEAD or self._interim > 0 or bool(self._held)

    def feed(self, data: bytes) -> list[Event]:
        """The events that these bytes complete; body pieces of one call are joined into one Body.

        Raises ProtocolError on what is malformed or over a limit.
        """
        if self._held:
            data, self._held = self._held + data, b""
        events: list[Event] = []
        start, size = 0, len(data)
        while start < size:
            stage = self._stage
            if _CHUNK_SIZE <= stage <= _CHUNK_END:
                taken = self._read_chunks(data, start, events)
            elif stage == _SIZED:
                taken = self._read_sized(data, start, events)
            elif stage == _UNTIL_EOF:
                events.append(Body(data[start:] if start else data))
                taken = size
            elif stage == _HEAD:
                taken = self._read_head(data, start, events)
            elif stage == _TRAILERS:
                taken = self._read_trailers(data, start, events)
            else:
                self.extra += data[start:]
                taken = size
            if taken < 0:
                break
            start = taken
        if start < size:
            self._held = data[start:] if start else data
        return events

    def eof(self) -> bool:
        """The peer closed the connection: whether the response was complete by that."""
        if self._stage == _UNTIL_EOF:
            self._stage = _DONE
        return self._stage == _DONE

    # Each of these returns where it stopped reading, or -1 for "nothing can be read without more bytes".

    def _read_head(self, data: bytes, start: int, events: list[Event]) -> int:
        if not (data.startswith(b"HTTP/1.", start) or b"HTTP/1.".startswith(data[start : start + 7])):
            _refuse_stranger(data[start:])
        section = _section(data, start)
        if section is None:
            return -1
        lines, after = section
        match = _STATUS_LINE.fullmatch(lines[0])
        if match is None or len(lines[0]) > MAX_LINE:
            raise malformed("its status line cannot be read")
        status = int(match[2])
        headers = _headers(lines[1:])
        if status == 101 and self._upgrades:
            self._stage = _DONE
            events += [Head(status, headers), End(reusable=False)]
            return after
        if status < 200:
            if status == 101:
                raise malformed("it switches to a protocol that nobody asked for")
            self._interim += 1
            if self._interim > MAX_INTERIM:
                raise malformed("it sends interim responses without end")
            _framing(
                headers
            )  # it has no body, but a framing that cannot be read means the same in every head
            return after
        self._frame(status, headers, http_1_1=match[1] == b"1")
        events.append(Head(status, headers))
        if self._stage == _DONE:
            events.append(End(self._reusable))
        return after

    def _frame(self, status: int, headers: dict[str, str], *, http_1_1: bool) -> None:
        """Decide how long the body is (RFC 9112 section 6.3) and whether the connection may live on."""
        options = {option.strip(" \t").lower() for option in headers.get("connection", "").split(",")}
        length, chunked = _framing(headers)
        self._reusable = http_1_1 and "close" not in options and not (chunked and length is not None)
        tunnel = self._method == "CONNECT" and status < 300
        if tunnel or self._method == "HEAD" or status in (204, 304):
            self._stage = _DONE
        elif chunked:
            self._stage = _CHUNK_SIZE
        elif length is not None:
            self._left = length
            self._stage = _SIZED if length else _DONE
        else:
            self._reusable = False
            self._stage = _UNTIL_EOF

    def _read_sized(self, data: bytes, start: int, events: list[Event]) -> int:
        end = min(len(data), start + self._left)
        events.append(Body(data[start:end]))
        self._left -= end - start
        if not self._left:
            self._finish(events)
        return end

    def _read_chunks(self, data: bytes, start: int, events: list[Event]) -> int:
        size = len(data)
        parts: list[bytes] = []
        position = start
        stage = self._stage
        while position < size:
            if stage == _CHUNK_SIZE:
                line = _CHUNK_LINE.match(data, position, position + MAX_CHUNK_LINE)
                if line is None:
                    _check_chunk_line(data, position)
                    break
                position = line.end()
                self._left = int(line[1], 16)
                if not self._left:
                    stage = _TRAILERS
                    break
                end = position + self._left
                if data[end : end + 2] == b"\r\n":
                    parts.append(data[position:end])
                    position = end + 2
                else:
                    stage = _CHUNK_DATA
            elif stage == _CHUNK_DATA:
                end = min(size, position + self._left)
                parts.append(data[position:end])
                self._left -= end - position
                position = end
                if not self._left:
                    stage = _CHUNK_END
            else:
                if size - position < 2 and data[position] == 13:
                    break
                if data[position : position + 2] != b"\r\n":
                    raise malformed("a chunk is longer than it says")
                position += 2
                stage = _CHUNK_SIZE
        self._stage = stage
        if parts:
            events.append(Body(parts[0] if len(parts) == 1 else b"".join(parts)))
        return position if position > start else -1

    def _read_trailers(self, data: bytes, start: int, events: list[Event]) -> int:
        """Check the trailers and drop them; nothing in the Kubernetes API needs them."""
        if data.startswith(b"\r\n", start):
            self._finish(events)
            return start + 2
        if data.startswith(b"\n", start):
            self._finish(events)
            return start + 1
        section = _section(data, start)
        if section is None:
            return -1
        lines, after = section
        _headers(lines)
        self._finish(events)
        return after

    def _finish(self, events: list[Event]) -> None:
        self._stage = _DONE
        events.append(End(self._reusable))


def check_request(method: str, target: str, headers: Iterable[tuple[str, str]]) -> None:
    """Raises ProtocolError for what would break the framing of a request; the message never holds a value."""
    if not _TOKEN.fullmatch(method) or not _TARGET.fullmatch(target):
        raise ProtocolError("A request could not be made: its path holds a character that HTTP forbids.")
    for name, value in headers:
        if not _TOKEN.fullmatch(name) or _UNSENDABLE.search(value):
            raise ProtocolError(
                f"The header {name!a} cannot be sent: it holds a line break or another control character.",
                "Check the credentials in the kubeconfig.",
            )


def encode_request(
    method: str, target: str, headers: Iterable[tuple[str, str | tuple[str, ...]]], body: bytes | None = None
) -> bytes:
    """One request as bytes; a header with several values is sent once for each of them. Raises as `check_request`."""
    fields = [
        (name, value)
        for name, values in headers
        for value in ((values,) if isinstance(values, str) else values)
    ]
    check_request(method, target, fields)
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields)]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogatepass")
    return head + body if body else head


def malformed(why: str) -> ProtocolError:
    """What is raised for a response that breaks HTTP."""
    return ProtocolError(f"The server's answer is not valid HTTP: {why}.", CHECK_ADDRESS)


def _refuse_stranger(data: bytes) -> NoReturn:
    if data.startswith(b"SSH-"):
        raise ProtocolError("This is an SSH server, not a Kubernetes API server.", CHECK_ADDRESS)
    if data.startswith((b"\x15\x03", b"\x16\x03")):
        raise ProtocolError(
            "The server speaks HTTPS, but its address says http.", "Write https:// in the kubeconfig."
        )
    raise ProtocolError(
        "What answers is not a Kubernetes API server: it does not speak HTTP/1.1.", CHECK_ADDRESS
    )


def _section(data: bytes, start: int) -> tuple[list[bytes], int] | None:
    """The lines up to a blank line and where the rest begins; None while the blank line has not come."""
    blank = _BLANK_LINE.search(data, start, start + MAX_HEAD)
    if blank is None:
        last_line = max(start, data.rfind(b"\n", start) + 1)
        if len(data) - start >= MAX_HEAD or len(data) - last_line > MAX_LINE + 1:
            raise malformed("its headers are too long")
        return None
    lines = [line.removesuffix(b"\r") for line in data[start : blank.start()].split(b"\n")]
    return lines, blank.end()


def _headers(lines: list[bytes]) -> dict[str, str]:
    unfolded: list[bytes] = []
    for line in lines:
        if line[:1] in (b" ", b"\t"):
            if not unfolded:
                raise malformed("its first header line is a continuation")
            unfolded[-1] += b" " + line.lstrip(b" \t")
        else:
            unfolded.append(line)
    if len(unfolded) > MAX_HEADERS:
        raise malformed("it has too many headers")
    headers: dict[str, str] = {}
    for line in unfolded:
        match = _HEADER_LINE.fullmatch(line) if len(line) <= MAX_LINE else None
        if match is None:
            raise malformed("a header line cannot be read")
        name, value = match[1].decode("ascii").lower(), match[2].decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _framing(headers: dict[str, str]) -> tuple[int | None, bool]:
    """The length that a head tells, if any, and whether what follows is chunked."""
    coding = headers.get("transfer-encoding")
    if coding is not None and coding.strip(" \t").lower() != "chunked":
        raise malformed("its transfer encoding is not known")
    return _content_length(headers), coding is not None


def _content_length(headers: dict[str, str]) -> int | None:
    value = headers.get("content-length")
    if value is None:
        return None
    lengths = {length.strip(" \t") for length in value.split(",")}
    length = lengths.pop()
    if lengths or not _LENGTH.fullmatch(length):
        raise malformed("its Content-Length cannot be read")
    return int(length)


def _check_chunk_line(data: bytes, start: int) -> None:
    """Raise ProtocolError unless what is there may still become a chunk-size line."""
    line = data[start : start + MAX_CHUNK_LINE]
    if len(line) == MAX_CHUNK_LINE or not _MAYBE_CHUNK_LINE.fullmatch(line):
        raise malformed("a chunk size cannot be read")
