"""The members of an archive as files below a local target, and nowhere else.

Directories are opened one below the other without following links (`O_NOFOLLOW`), so that no member is written through
a link, whoever made that. Every file is written under another name in its directory and renamed once it is complete.
The check is our own: Python's `tarfile` filter "data" is missing before 3.11.4, and resolves names as text.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from edgetui.actions.files.tar_reader import Content, Event, Kind, Member
from edgetui.actions.messages import Refusal
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.cells import visible

MOST_NAME = 4096
"""Bytes of a path, as in Linux (PATH_MAX)."""
TOLD = 5
"""How many of what was left out are named."""
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_INTO = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

Parts = tuple[str, ...]


class Tally:
    """What was copied, and what was not and why: `told` has the first sentences, `left_out` counts all."""

    def __init__(self) -> None:
        self.files = self.links = self.bytes = 0
        self.left_out = 0
        self.told: list[str] = []

    def leave_out(self, name: str, why: str) -> None:
        """Note one that was not copied."""
        self.left_out += 1
        if len(self.told) < TOLD:
            self.told.append(f"Left out {visible(name)}: {why}.")


class CannotWrite(EdgetuiError):
    """The machine that edgetui runs on does not take a file."""

    def __init__(self, path: str, error: OSError) -> None:
        super().__init__(
            f"{visible(path)} could not be written: {error.strerror or 'the name cannot be used'}."
        )


class Unpacker:
    """Takes the events of a `TarReader`. `root` is what was asked for, by the names that its members begin with.

    `target` is a local path: of a file for a file, unless it is a directory or ends like one, of a directory for the
    content of a directory, as kubectl cp has it. Without `preserve` files get the permissions that new ones have here.
    Raises Refusal for a member that is outside of what was asked for, CannotWrite.
    """

    def __init__(self, target: str, root: Parts, *, preserve: bool = True) -> None:
        self.tally = Tally()
        self.total: int | None = None
        """Bytes of all content, None while nobody knows: a directory does not say."""
        self._target = target
        self._root = root
        self._preserve = preserve
        self._base: int | None = None
        self._at: tuple[Parts, int] | None = None
        self._file: _File | None = None
        self._alone = False

    def take(self, event: Event) -> None:
        """Write what one event brings."""
        if isinstance(event, Content):
            self._content(event)
        else:
            self._member(event)

    def close(self) -> None:
        """Remove a file that is not complete, and let go of everything. Harmless when repeated."""
        if self._file is not None:
            self._file.give_up()
            self._file = None
        for handle in (self._base, self._at[1] if self._at and self._at[0] else None):
            if handle is not None:
                os.close(handle)
        self._base = self._at = None

    def _content(self, event: Content) -> None:
        if self._file is None:
            return
        try:
            self._file.write(event.data)
        except OSError as error:
            raise CannotWrite(self._file.shown, error) from None
        self.tally.bytes += len(event.data)
        if event.last:
            file, self._file = self._file, None
            if self._settled(file):
                self.tally.files += 1

    def _settled(self, entry: _Entry) -> bool:
        try:
            entry.settle()
        except IsADirectoryError:
            self.tally.leave_out(entry.shown, "a directory stands in its place")
            return False
        except OSError as error:
            raise CannotWrite(entry.shown, error) from None
        return True

    def _member(self, member: Member) -> None:
        rest = self._below(member.name)
        if self._base is None:
            rest = self._begin(member, rest)
        elif self._alone:
            raise _outside(member.name)
        if not rest:
            return
        if member.kind is Kind.SPECIAL:
            self.tally.leave_out("/".join(rest), "it is a device, a pipe, or another special file")
            return
        try:
            folder = self._folder(rest if member.kind is Kind.DIRECTORY else rest[:-1])
        except NotADirectoryError:
            self.tally.leave_out(
                "/".join(rest), "a link, or a file, stands here in the place of a directory on its way"
            )
            return
        except (OSError, ValueError) as error:
            raise self._cannot(rest, error) from None
        try:
            self._put(member, folder, rest)
        except (OSError, ValueError) as error:
            raise self._cannot(rest, error) from None

    def _put(self, member: Member, folder: int, rest: Parts) -> None:
        shown = self._shown(rest)
        match member.kind:
            case Kind.FILE:
                mode = member.mode & 0o777 if self._preserve else 0o666
                self._file = _File(folder, rest[-1], shown, mode)
            case Kind.SYMLINK:
                if not stays_inside(member.link, len(rest) - 1):
                    self.tally.leave_out("/".join(rest), f"it links to {member.link}, outside of the copy")
                elif self._settled(_Link.symbolic(folder, rest[-1], shown, member.link)):
                    self.tally.links += 1
            case Kind.HARDLINK:
                self._hard_link(member, folder, rest, shown)

    def _hard_link(self, member: Member, folder: int, rest: Parts, shown: str) -> None:
        first = self._below(member.link)
        try:
            with self._held(first[:-1]) as there:
                link = _Link.hard(folder, rest[-1], shown, there, first[-1] if first else "")
        except (FileNotFoundError, NotADirectoryError):
            self.tally.leave_out(
                "/".join(rest), f"it is the same file as {member.link}, which was not copied"
            )
            return
        if self._settled(link):
            self.tally.files += 1

    def _below(self, name: str) -> Parts:
        """The parts of a name below what was asked for."""
        parts = tuple(part for part in name.split("/") if part not in ("", "."))
        inside = parts[: len(self._root)] == self._root and ".." not in parts
        rooted = name.startswith("/") and not self._root
        if not inside or rooted or "\0" in name or len(os.fsencode(name)) > MOST_NAME:
            raise _outside(name)
        return parts[len(self._root) :]

    def _begin(self, member: Member, rest: Parts) -> Parts:
        """Open the target, which the first member decides; returns where that member goes below it."""
        name = self._root[-1] if self._root else "it"
        if not rest and member.kind not in (Kind.FILE, Kind.DIRECTORY):
            link = f" to {visible(member.link)}" if member.kind is Kind.SYMLINK else ""
            raise Refusal(
                f"{visible(name)} is a {member.kind.value}{link}: nothing was copied.",
                "Name the file, or the directory with a / behind it." if link else "",
            )
        target = self._target
        if not rest and member.kind is Kind.FILE:
            self.total, self._alone = member.size, True
            if not Path(target).is_dir() and not target.endswith("/"):
                where = Path(os.path.realpath(target) if Path(target).is_symlink() else target)
                self._open(str(where.parent))
                self._target = str(where.parent)
                return (where.name,)
            rest = (name,)
        self._open(target)
        return rest

    def _open(self, path: str) -> None:
        try:
            Path(path).mkdir(parents=True, exist_ok=True)
            self._base = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileExistsError:
            raise Refusal(
                f"{visible(path)} is a file, and what is copied is a directory.", "Name another target."
            ) from None
        except (OSError, ValueError) as error:
            raise self._cannot((), error) from None
        self._at = ((), self._base)

    def _folder(self, parts: Parts) -> int:
        """The directory of these parts, made where it is missing; held open until another one is."""
        assert self._base is not None and self._at is not None
        if self._at[0] != parts:
            before, self._at = self._at, ((), self._base)
            if before[0]:
                os.close(before[1])
            self._at = (parts, self._walk(parts, make=True))
        return self._at[1]

    def _walk(self, parts: Parts, *, make: bool) -> int:
        assert self._base is not None
        here = self._base
        try:
            for part in parts:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(part, dir_fd=here)
                below = _into(part, here)
                if here != self._base:
                    os.close(here)
                here = below
        except BaseException:
            if here != self._base:
                os.close(here)
            raise
        return here

    @contextmanager
    def _held(self, parts: Parts) -> Iterator[int]:
        handle = self._walk(parts, make=False)
        try:
            yield handle
        finally:
            if handle != self._base:
                os.close(handle)

    def _shown(self, rest: Parts) -> str:
        return "/".join((self._target.rstrip("/"), *rest)) if rest else self._target

    def _cannot(self, rest: Parts, error: Exception) -> CannotWrite:
        return CannotWrite(self._shown(rest), error if isinstance(error, OSError) else OSError())


def _outside(name: str) -> Refusal:
    return Refusal(
        f"The tar in the container sent {visible(name[:120])}, which is outside of what was asked for: nothing more "
        "was copied.",
        "Do not trust what that container sends.",
    )


def _into(part: str, here: int) -> int:
    """A directory below an open one. Raises NotADirectoryError for a link, too."""
    try:
        return os.open(part, _INTO, dir_fd=here)
    except OSError as error:
        if stat.S_ISLNK(os.stat(part, dir_fd=here, follow_symlinks=False).st_mode):
            raise NotADirectoryError from None
        raise error from None


def stays_inside(link: str, depth: int) -> bool:
    """Whether a symbolic link in a directory so many levels below the target leads nowhere else.

    Where ".." comes after a name, that name may be a link itself, and text does not tell where it leads.
    """
    parts: Sequence[str] = [part for part in link.split("/") if part not in ("", ".")]
    up = next((at for at, part in enumerate(parts) if part != ".."), len(parts))
    return bool(link) and not link.startswith("/") and up <= depth and ".." not in parts[up:]


class _Entry:
    """What stands under a temporary name in its directory, until `settle` gives it its own."""

    def __init__(self, folder: int, name: str, shown: str) -> None:
        self.shown = shown
        self._folder = os.dup(folder)
        self._name = name
        self._temporary = f".edgetui.{secrets.token_hex(6)}.tmp"

    def settle(self) -> None:
        """It is complete: put it in the place of whatever had its name. Raises OSError."""
        try:
            os.rename(self._temporary, self._name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        finally:
            self.give_up()

    def give_up(self) -> None:
        """Remove what has not got its name."""
        with suppress(FileNotFoundError):
            os.unlink(self._temporary, dir_fd=self._folder)
        os.close(self._folder)

    @contextmanager
    def _given_up_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.give_up()
            raise


class _Link(_Entry):
    @classmethod
    def symbolic(cls, folder: int, name: str, shown: str, target: str) -> _Link:
        made = cls(folder, name, shown)
        with made._given_up_on_error():
            os.symlink(target, made._temporary, dir_fd=folder)
        return made

    @classmethod
    def hard(cls, folder: int, name: str, shown: str, there: int, first: str) -> _Link:
        made = cls(folder, name, shown)
        with made._given_up_on_error():
            os.link(first, made._temporary, src_dir_fd=there, dst_dir_fd=folder, follow_symlinks=False)
        return made


class _File(_Entry):
    """A file that is being written."""

    def __init__(self, folder: int, name: str, shown: str, mode: int) -> None:
        super().__init__(folder, name, shown)
        self._handle = -1
        with self._given_up_on_error():
            self._handle = os.open(self._temporary, _NEW, mode, dir_fd=folder)

    def write(self, data: bytes) -> None:
        """Append. Raises OSError."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._handle, rest) :]

    def settle(self) -> None:
        with self._given_up_on_error():
            self._close()  # some file systems tell only here that there was no room
        super().settle()

    def give_up(self) -> None:
        with suppress(OSError):
            self._close()
        super().give_up()

    def _close(self) -> None:
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)
