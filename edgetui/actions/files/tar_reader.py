"""A tar archive read as it arrives: ustar, GNU and pax headers (POSIX.1-2017, pax; GNU tar, Basic Tar Format).

Pure: bytes in, members out. Python's `tarfile` would have to block a thread, and reads headers of any length that an
archive claims. Here memory is one block and one header; what is in a file goes through.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from edgetui.actions.messages import Refusal

BLOCK = 512
MOST_HEADER = 1024 * 1024
"""Bytes of one extended header; a path has at most 4096, and so has an attribute of a file, or a few times that."""
MOST_PADDING = 1024 * 1024
"""Bytes that may follow the end of an archive: GNU tar fills a record of 10 KiB, or of what -b says."""


class Kind(Enum):
    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symbolic link"
    HARDLINK = "hard link"
    SPECIAL = "device, pipe or other special file"


class Member(NamedTuple):
    """One member of an archive, before its content. `name` and `link` are as the archive has them.

    `start` is where its first header begins, in bytes from the beginning of the archive; `raw` is all of its headers.
    """

    name: str
    kind: Kind
    size: int = 0
    mode: int = 0o644
    link: str = ""
    start: int = 0
    raw: bytes = b""


class Content(NamedTuple):
    """A piece of the content of the member before it; `last` where that is complete."""

    data: bytes
    last: bool


Event = Member | Content

_KINDS = {
    tarfile.REGTYPE: Kind.FILE,
    tarfile.AREGTYPE: Kind.FILE,
    tarfile.CONTTYPE: Kind.FILE,
    tarfile.DIRTYPE: Kind.DIRECTORY,
    tarfile.SYMTYPE: Kind.SYMLINK,
    tarfile.LNKTYPE: Kind.HARDLINK,
}
_WITHOUT_CONTENT = frozenset(
    [tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE]
)
_EXTENDED = frozenset([tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE])
_LONG = {tarfile.GNUTYPE_LONGNAME: "path", tarfile.GNUTYPE_LONGLINK: "linkpath"}
_HEADERS = frozenset([*_EXTENDED, *_LONG, tarfile.XGLTYPE])
_SPARSE = "GNU.sparse."
_DIGITS = 18
"""Of a number in a header; more bytes than that there are nowhere."""


class TarReader:
    """Members and their content, from bytes in any pieces. Raises Refusal for what is no tar archive.

    `ended` is true once the archive has said that it is complete; `read` counts its bytes.
    """

    def __init__(self) -> None:
        self.ended = False
        self.read = 0
        self._held = bytearray()
        self._left = 0
        self._padding = self._trailing = 0
        self._skipped = False
        self._header = b""
        self._extended: dict[str, str] = {}
        self._start = -1
        self._raw = bytearray()

    def feed(self, data: bytes) -> Iterator[Event]:
        """What these bytes complete."""
        at = 0
        while at < len(data):
            if self._left:
                piece = data[at : at + self._left]
                at += len(piece)
                self.read += len(piece)
                self._left -= len(piece)
                self._keep(piece)
                yield from self._inside(piece)
            elif self._padding:
                piece = data[at : at + self._padding]
                at += len(piece)
                self.read += len(piece)
                self._padding -= len(piece)
                self._keep(piece)
            elif self.ended:
                self._after_end(len(data) - at)
                return
            else:
                piece = data[at : at + BLOCK - len(self._held)]
                at += len(piece)
                self.read += len(piece)
                self._held += piece
                if len(self._held) == BLOCK:
                    block = bytes(self._held)
                    self._held.clear()
                    yield from self._block(block)

    def _keep(self, piece: bytes) -> None:
        """Keep a piece of the headers that a member has."""
        if self._start >= 0:
            self._raw += piece
            if len(self._raw) > 4 * MOST_HEADER:
                raise no_archive()

    def _after_end(self, count: int) -> None:
        self.read += count
        self._trailing += count
        if self._trailing > MOST_PADDING:
            raise Refusal("What comes from the container goes on after the end of its archive.")

    def _inside(self, piece: bytes) -> Iterator[Event]:
        if self._header:
            self._held += piece
            if not self._left:
                self._extend(self._header, bytes(self._held))
                self._held.clear()
                self._header = b""
        elif not self._skipped:
            yield Content(piece, last=not self._left)

    def _block(self, block: bytes) -> Iterator[Event]:
        if not block.strip(b"\0"):
            self.ended = True
            return
        try:
            found = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError:
            raise no_archive() from None
        if self._start < 0:
            self._start = self.read - BLOCK
        self._keep(block)
        size = _size(self._extended.get("size"), found.size)
        if found.type in _HEADERS:
            if not 0 < found.size <= MOST_HEADER:
                raise no_archive()
            self._header = found.type
            self._content(found.size)
            return
        kind = _KINDS.get(found.type, Kind.SPECIAL)
        if any(key.startswith(_SPARSE) for key in self._extended):
            kind = Kind.SPECIAL
        held = 0 if found.type in _WITHOUT_CONTENT else size
        name = self._extended.get("path", found.name)
        link = self._extended.get("linkpath", found.linkname)
        yield Member(name, kind, held, found.mode, link, self._start, bytes(self._raw))
        self._raw.clear()
        self._extended, self._start = {}, -1
        self._skipped = kind is not Kind.FILE
        self._content(held)
        if kind is Kind.FILE and not held:
            yield Content(b"", last=True)

    def _content(self, size: int) -> None:
        self._left, self._padding = size, -size % BLOCK

    def _extend(self, header: bytes, text: bytes) -> None:
        if (key := _LONG.get(header)) is not None:
            self._extended[key] = text.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
        elif header in _EXTENDED:  # what is said of all members is the comment of whoever made the archive
            self._extended |= pax_records(text)


def pax_records(text: bytes) -> dict[str, str]:
    """The records "LENGTH KEY=VALUE\\n" of a pax header. Raises Refusal for anything else."""
    found: dict[str, str] = {}
    text, at = text.rstrip(b"\0"), 0
    while at < len(text):
        digits, space, _ = text[at : at + _DIGITS + 1].partition(b" ")
        end = at + int(digits) if space and digits.isdigit() else -1
        key, equals, value = text[at + len(digits) + 1 : end].partition(b"=")
        if not at < end <= len(text) or not key or not equals or not value.endswith(b"\n"):
            raise no_archive()
        found[key.decode("utf-8", "surrogateescape")] = value[:-1].decode("utf-8", "surrogateescape")
        at = end
    return found


def _size(written: str | None, otherwise: int) -> int:
    if written is None:
        size = otherwise
    elif written.isascii() and written.isdigit() and len(written) <= _DIGITS:
        size = int(written)
    else:
        size = -1
    if size < 0:
        raise no_archive()
    return size


def no_archive() -> Refusal:
    """What came is no archive."""
    return Refusal(
        "What came from the container is no tar archive.", "Look at what its tar is: tar --version there."
    )
