"""gzip as a Kubernetes API server sends it: one member per flush, as many members as the stream is long.

A decoder that stops after the first member loses every later event without a word (RFC 1952 section 2.2 allows
any number of members). Output comes in bounded pieces, so that a small input cannot fill the memory at once.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from edgetui.cluster.errors import ProtocolError
from edgetui.cluster.http.answer_size import ALWAYS_GROWS, MOST_GROWTH, TooLarge

MAX_PIECE = 256 * 1024
_GZIP = 31  # zlib's wbits for a gzip header with the largest window


class Inflater:
    """Decompresses a body that comes in pieces. Between two members it holds no memory."""

    __slots__ = ("_allowed", "_member")

    def __init__(self) -> None:
        self._member: zlib._Decompress | None = None
        self._allowed = ALWAYS_GROWS

    @property
    def at_boundary(self) -> bool:
        """Whether every member so far is complete: a body may end here and nowhere else."""
        return self._member is None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The decompressed pieces of `data`, each at most MAX_PIECE bytes; what is whole comes out at once.

        Raises ProtocolError on what is no gzip data, TooLarge on what grows too much.
        """
        full = False
        self._allowed += MOST_GROWTH * len(data)
        while data or full:
            if self._member is None:
                self._member = zlib.decompressobj(_GZIP)
            member = self._member
            try:
                piece = member.decompress(data, MAX_PIECE)
            except zlib.error:
                raise ProtocolError(
                    "The server's answer cannot be decompressed.",
                    "A proxy on the way may damage it; disable-compression in the kubeconfig avoids that.",
                ) from None
            if member.eof:
                data, full = member.unused_data, False
                self._member = None
            else:
                data, full = member.unconsumed_tail, len(piece) == MAX_PIECE
            self._allowed -= len(piece)
            if self._allowed < 0:
                raise TooLarge(
                    f"The server's answer grows more than {MOST_GROWTH} times when it is decompressed; no Kubernetes "
                    "answer does.",
                    "Check the address in the kubeconfig.",
                )
            if piece:
                yield piece
