"""The rows of one cluster as bytes for a file, and back; bytes that are not whole or not ours give nothing.

A file is a line of magic, a CRC-32 and one msgpack document: per kind its rows, in compressed chunks. Each kind
carries a fingerprint of its row's fields, so rows that another version of edgetui wrote otherwise are left unread.
What a program or a person wrote freely is not kept: it may quote a password. The most wanted kinds come first.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import islice
from types import GenericAlias

import msgspec

from edgetui.model.kinds.base import Kind, Row
from edgetui.model.labels import share

MAGIC = b"edgetui rows 1\n"
CHUNK = 256
MOST_CHUNK = 4 << 20  # bytes that one chunk may unfold to
_CHECK = 4


class Packed(msgspec.Struct, frozen=True):
    """The rows of one kind. `heard` is when they were last known to be current (Unix s); `partial` is true when only
    some namespaces could be read.

    `versions` has the resourceVersion of each collection whose rows are here as the server has them at that version, by
    namespace, "" for the whole cluster. `tables` is whether the server printed them.
    """

    fields: int
    heard: float
    partial: bool
    chunks: tuple[bytes, ...]
    versions: dict[str, str] = {}
    tables: bool = False

    @property
    def size(self) -> int:
        """Bytes in a file."""
        return sum(len(chunk) for chunk in self.chunks)


class KeptRows(msgspec.Struct, frozen=True):
    """What one file holds. `identity` is the uid of the cluster's kube-system, `version` that of its server, both
    empty if unknown; `saved` is when the file was written (Unix s).

    `program` is the version of edgetui that made the rows, `rbac_off` whether the server allowed everything to all.
    `wire` is the profile that the link called for and `speed` its bytes per second, empty and 0.0 if unknown.
    """

    saved: float
    identity: str
    version: str
    kinds: dict[str, Packed]
    program: str = ""
    rbac_off: bool = False
    wire: str = ""
    speed: float = 0.0


def pack(
    kind: Kind,
    rows: Iterable[Row],
    heard: float,
    partial: bool,
    versions: Mapping[str, str] | None = None,
    tables: bool = False,
) -> Packed:
    """The rows of a kind that has a `snapshot`, small, and without what may quote a secret.

    A collection that loses text by this has no version any more: nothing but a list gives that text back. Rows with a
    number that msgpack cannot hold give a value that unpacks to None.
    """
    assert kind.snapshot is not None
    left = iter(rows)
    chunks = []
    whole = dict(versions or {})
    try:
        while some := list(islice(left, CHUNK)):
            public = [kind.snapshot(row) for row in some]
            for row, kept in zip(some, public, strict=True):
                if kept is not row:
                    whole.pop(row.namespace, None)
                    whole.pop("", None)
            chunks.append(zlib.compress(_ENCODER.encode(public), 1))
    except OverflowError:
        return Packed(0, heard, partial, ())
    return Packed(fields_of(kind), heard, partial, tuple(chunks), whole, tables)


def unpack(kind: Kind, packed: Packed) -> list[Row] | None:
    """The rows again; None when they are damaged or were written with other fields."""
    if kind.snapshot is None or packed.fields != fields_of(kind):
        return None
    decoder = msgspec.msgpack.Decoder(GenericAlias(list, (kind.row,)))
    rows: list[Row] = []
    try:
        for chunk in packed.chunks:
            unfolding = zlib.decompressobj()
            text = unfolding.decompress(chunk, MOST_CHUNK)
            if not unfolding.eof:
                return None
            rows += decoder.decode(text)
    except (zlib.error, msgspec.MsgspecError):
        return None
    for row in rows:
        row.labels = share(row.labels)
    return rows


def to_bytes(kept: KeptRows) -> bytes:
    """The content of a file."""
    body = _ENCODER.encode(kept)
    return MAGIC + zlib.crc32(body).to_bytes(_CHECK, "big") + body


def from_bytes(data: bytes) -> KeptRows | None:
    """What a file holds; None when it is cut short, damaged, or not in this format."""
    check, body = data[len(MAGIC) :][:_CHECK], data[len(MAGIC) + _CHECK :]
    if not data.startswith(MAGIC) or check != zlib.crc32(body).to_bytes(_CHECK, "big"):
        return None
    try:
        return _DECODER.decode(body)
    except msgspec.MsgspecError:
        return None


def fields_of(kind: Kind) -> int:
    """A number that changes with the fields of a kind's row, their types and defaults, nested ones included."""
    return _fields(kind.row)


@cache
def _fields(row: type[Row]) -> int:
    return zlib.crc32(repr(msgspec.inspect.type_info(row)).encode())


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(KeptRows)
