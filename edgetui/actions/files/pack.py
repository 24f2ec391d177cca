"""Local files as a tar archive, piece by piece: names as kubectl cp gives them, headers that every tar reads.

GNU's form rather than pax: busybox knows long names in no other. How long the archive is, is known before it is sent:
before Kubernetes 1.30 a command is never told that its input is over.
"""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Iterator
from typing import NamedTuple

from edgetui.actions.files.tar_reader import BLOCK
from edgetui.actions.files.unpack import Tally
from edgetui.actions.messages import Refusal
from edgetui.model.cells import visible

RECORD = 20 * BLOCK
"""Bytes that the length of an archive is a multiple of, as GNU tar makes it and some read it."""
_SPECIAL = "it is a device, a pipe, or another special file"
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Entry(NamedTuple):
    """One thing to send: its local path, its name in the archive, what it was when it was found, where it links to."""

    path: str
    name: str
    seen: os.stat_result
    link: str = ""

    @property
    def size(self) -> int:
        """Bytes of its content."""
        return self.seen.st_size if stat.S_ISREG(self.seen.st_mode) else 0

    def header(self) -> bytes:
        """What stands before its content."""
        info = tarfile.TarInfo(self.name)
        info.mode, info.size, info.linkname = stat.S_IMODE(self.seen.st_mode), self.size, self.link
        info.uid, info.gid = self.seen.st_uid, self.seen.st_gid
        info.mtime = max(0, int(self.seen.st_mtime))
        if stat.S_ISDIR(self.seen.st_mode):
            info.type = tarfile.DIRTYPE
        elif self.link:
            info.type = tarfile.SYMTYPE
        return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


class Packer:
    """An archive of a local file, or of a directory with all that is in it, under another name.

    A link is sent as a link. What cannot be read, or is a device, is left out, and `tally` says so; a file that becomes
    shorter meanwhile is filled up with zeros, and told as well. `total` is the content of all files and `length` the
    whole archive, both in bytes. Raises Refusal where there is no such file.
    """

    def __init__(self, source: str, name: str) -> None:
        self.tally = Tally()
        try:
            # What is named itself may be a link to a directory, as long as that is said with a slash.
            first = os.lstat(f"{source}." if source.endswith("/") else source)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "no such name can be"
            raise Refusal(f"{visible(source)} cannot be read: {why}.", "Nothing was copied.") from None
        self.is_directory = stat.S_ISDIR(first.st_mode)
        self._entries = list(self._found(Entry(source.rstrip("/") or "/", name, first)))
        self.total = sum(entry.size for entry in self._entries)
        length = sum(len(entry.header()) + entry.size + -entry.size % BLOCK for entry in self._entries)
        self._end = -(length + 2 * BLOCK) % RECORD + 2 * BLOCK
        self.length = length + self._end

    @property
    def empty(self) -> bool:
        """Whether there is nothing that could be sent."""
        return not self._entries

    def pieces(self, most: int) -> Iterator[bytes]:
        """The archive, in pieces of at most `most` bytes. Raises Refusal where a file is gone that was there before."""
        for entry in self._entries:
            header = entry.header()
            yield from (header[at : at + most] for at in range(0, len(header), most))
            if stat.S_ISREG(entry.seen.st_mode):
                yield from self._content(entry, most)
            else:
                self.tally.links += bool(entry.link)
        yield from _zeros(self._end, most)

    def _found(self, first: Entry) -> Iterator[Entry]:
        """Depth first, in the order of names; a directory itself only where it is empty, as kubectl sends it."""
        left = [first]
        while left:
            entry = left.pop()
            mode = entry.seen.st_mode
            try:
                if stat.S_ISDIR(mode):
                    with os.scandir(entry.path) as below:
                        names = sorted((one.name for one in below), reverse=True)
                    left += self._below(entry, names)
                    if not names:
                        yield entry
                elif stat.S_ISLNK(mode):
                    yield entry._replace(link=os.readlink(entry.path))  # noqa: PTH115 - Path would tidy what it says
                elif not stat.S_ISREG(mode):
                    self.tally.leave_out(entry.path, _SPECIAL)
                else:
                    os.close(os.open(entry.path, _READ))
                    yield entry
            except OSError as error:
                self._cannot(entry.path, error)

    def _below(self, entry: Entry, names: list[str]) -> Iterator[Entry]:
        for name in names:
            path = f"{entry.path.rstrip('/')}/{name}"
            try:
                yield Entry(path, f"{entry.name}/{name}", os.lstat(path))
            except OSError as error:
                self._cannot(path, error)

    def _cannot(self, path: str, error: OSError) -> None:
        self.tally.leave_out(path, f"it cannot be read ({error.strerror})")

    def _content(self, entry: Entry, most: int) -> Iterator[bytes]:
        left = entry.size
        try:
            handle = os.open(entry.path, _READ)
        except OSError:
            raise Refusal(
                f"{visible(entry.path)} went away while it was copied: nothing was copied.", "Run it again."
            ) from None
        try:
            while left and (piece := _read(handle, min(left, most))):
                left -= len(piece)
                self.tally.bytes += len(piece)
                yield piece
        finally:
            os.close(handle)
        if left:
            self.tally.leave_out(entry.path, "it became shorter, or unreadable, while it was copied")
        else:
            self.tally.files += 1
        yield from _zeros(left + -entry.size % BLOCK, most)


def _read(handle: int, most: int) -> bytes:
    try:
        return os.read(handle, most)
    except OSError:
        return b""


def _zeros(count: int, most: int) -> Iterator[bytes]:
    while count:
        yield bytes(min(count, most))
        count -= min(count, most)
