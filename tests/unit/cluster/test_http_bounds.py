"""Every size that an HTTP/1.1 peer chooses is taken up to its bound, and not a byte or a line beyond."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edgetui.cluster.errors import ProtocolError
from edgetui.cluster.http.protocol import Head, ResponseReader

OK = b"HTTP/1.1 200 OK\r\n"
KIB = 1024


def status_line(size: int) -> bytes:
    return b"HTTP/1.1 200 ".ljust(size, b"x") + b"\r\nContent-Length: 0\r\n\r\n"


def header_line(size: int) -> bytes:
    return OK + b"a: ".ljust(size, b"x") + b"\r\n\r\n"


def head(size: int) -> bytes:
    """A head of so many bytes, its blank line included, in lines of 1,000."""
    rest = size - len(OK) - 4
    lines = [b"a: ".ljust(min(998, rest - at), b"x") for at in range(0, rest, 1000)]
    found = OK + b"\r\n".join(lines) + b"\r\n\r\n"
    assert len(found) == size
    return found


def headers(count: int) -> bytes:
    return OK + b"".join(b"h%d: v\r\n" % number for number in range(count)) + b"\r\n"


def interim(count: int) -> bytes:
    return b"HTTP/1.1 103 Early Hints\r\n\r\n" * count + OK + b"Content-Length: 0\r\n\r\n"


def chunk_line(size: int) -> bytes:
    line = b"1;".ljust(size - 2, b"x") + b"\r\n"
    return OK + b"Transfer-Encoding: chunked\r\n\r\n" + line + b"v\r\n0\r\n\r\n"


def trailers(count: int) -> bytes:
    lines = b"".join(b"h%d: v\r\n" % number for number in range(count))
    return OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + lines + b"\r\n"


BOUNDS: dict[str, tuple[Callable[[int], bytes], int]] = {
    "a status line": (status_line, 16 * KIB),
    "a header line": (header_line, 16 * KIB),
    "a head": (head, 64 * KIB),
    "headers": (headers, 128),
    "interim answers": (interim, 16),
    "a chunk line": (chunk_line, 1 * KIB),
    "trailers": (trailers, 128),
}
EACH = pytest.mark.parametrize(("make", "most"), BOUNDS.values(), ids=BOUNDS)
CUTS = pytest.mark.parametrize("cut", [1 << 20, 4096, 997], ids=lambda size: f"{size} at a time")


def read(data: bytes, cut: int) -> Head:
    """The head of an answer that comes in pieces."""
    reader = ResponseReader()
    found = [event for at in range(0, len(data), cut) for event in reader.feed(data[at : at + cut])]
    (one,) = (event for event in found if isinstance(event, Head))
    return one


@EACH
@CUTS
def test_what_is_as_large_as_allowed_is_read(make: Callable[[int], bytes], most: int, cut: int) -> None:
    assert read(make(most), cut).status == 200


@EACH
@CUTS
def test_what_is_larger_by_one_is_refused(make: Callable[[int], bytes], most: int, cut: int) -> None:
    with pytest.raises(ProtocolError, match="not valid HTTP"):
        read(make(most + 1), cut)
