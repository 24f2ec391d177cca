"""How large an answer may be: in bytes, and in the values that decoding it makes of them.

An empty object is two bytes and takes up to a hundred as a Python object, so a small answer can fill the memory too.
The values of JSON are counted by their commas and brackets, which costs next to nothing; those within strings count
too, so the limits leave room. Every answer as large as these allow takes less than 150 MB together with its objects.
"""

from __future__ import annotations

from edgetui.cluster.errors import Unreadable

MOST_BYTES = 32 << 20
"""Bytes of one answer after decompression; a page of 250 objects has some 2 MB."""
MOST_WIDE_BYTES = 16 << 20
"""The same for text that is not ASCII alone: one such character makes its string take four bytes for each."""
MOST_VALUES = 1_000_000
"""Values where only the fields of a wire struct are built."""
MOST_FREE_VALUES = 500_000
"""Values where everything is built, as dictionaries and lists."""
MOST_LINE = 4 << 20
"""Bytes of one event; an API server takes objects of at most 3 MB."""
MOST_LINE_VALUES = 200_000
MOST_ITEMS = 50_000
"""Objects in one page: an answer of MOST_BYTES has fewer than that of a thousand bytes each."""
MOST_GROWTH, ALWAYS_GROWS = 200, 4 << 20
"""How many times its size an answer may grow when it is decompressed, beyond so many bytes; lists grow 20 times."""


class TooLarge(Unreadable):
    """An answer over one of the limits."""


def too_many_bytes(most: int = MOST_BYTES) -> TooLarge:
    """What to raise for an answer that goes on after so many bytes."""
    return TooLarge(
        f"The server's answer is too large to be held in memory: more than {most >> 20} MB.",
        "If this is a Kubernetes API server, look what fills it; otherwise check the address in the kubeconfig.",
    )


def check_size(body: bytes | bytearray) -> None:
    """Raise TooLarge for a whole answer that would take too much memory as text."""
    if len(body) > MOST_WIDE_BYTES and not body.isascii():
        raise too_many_bytes(MOST_WIDE_BYTES)


def check_values(body: bytes | bytearray, most: int = MOST_VALUES) -> None:
    """Raise TooLarge for JSON that holds more than so many values."""
    if len(body) > most and body.count(b",") + body.count(b"{") + body.count(b"[") > most:
        raise TooLarge(
            f"The server's answer holds more than {most:,} values, too many to be held in memory.",
            "If this is a Kubernetes API server, look what fills it; otherwise check the address in the kubeconfig.",
        )


def check_lines(data: bytes) -> None:
    """Raise TooLarge for what is almost nothing but ends of lines."""
    if data.count(b"\n") * 8 > len(data) + 1024:
        raise TooLarge("The server sends empty lines without end; that is no Kubernetes watch.")
