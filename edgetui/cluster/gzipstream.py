"""Gunzip of a stream in pieces: kube-apiserver sends one gzip member per flush."""

from __future__ import annotations

import zlib

from edgetui.cluster.errors import ProtocolError

_GZIP = 16 + zlib.MAX_WBITS
MAX_PIECE = 1 << 20


class Inflater:
    """Decodes any number of members one after another; output comes as soon as its input has come."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP)

    def feed(self, data: bytes) -> list[bytes]:
        """Pieces of at most MAX_PIECE bytes each. Raises ProtocolError for what is not gzip."""
        pieces = []
        try:
            while data:
                if self._member.eof:
                    self._member = zlib.decompressobj(_GZIP)
                piece = self._member.decompress(data, MAX_PIECE)
                if piece:
                    pieces.append(piece)
                data = self._member.unconsumed_tail or self._member.unused_data
        except zlib.error as error:
            raise ProtocolError(
                "The server sent compressed data that cannot be read.", "edgetui asks again."
            ) from error
        return pieces
