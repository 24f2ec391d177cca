"""Replace a file as a whole or not at all, and never make it readable to more people than before.

A new file is held open from its creation to its rename: owner, mode and attributes are set on that descriptor, never by
name, and names are looked up in a directory that is held open. So whoever may write to the directory can spoil the
write, but never have another file changed by it.

kubectl and everything built on client-go take `<file>.lock` (O_EXCL) before they write a kubeconfig
(`tools/clientcmd/loader.go`); `locked` takes the same.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from edgetui.cluster.errors import KubeconfigError
from edgetui.model.text import clean, duration

LOCK_WAIT = 5.0
ABANDONED = 3600.0
"""Seconds after which an unfinished file was left by a killed process, where no lock tells."""
_EVERY = 0.05
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_UNFINISHED = re.compile(r"\.(.+)\.[0-9a-f]{12}\.tmp")
_ACCESS_LIST = "system.posix_acl_access"
# Signatures of the old content, which would be wrong for the new one.
_OF_CONTENT = frozenset({"security.ima", "security.evm"})


class Locked(KubeconfigError):
    """Another program holds the lock, or left it behind."""


@contextlib.contextmanager
def locked(file: Path, wait: float = LOCK_WAIT) -> Iterator[None]:
    """Hold client-go's lock on `file`, waiting at most `wait` seconds; it blocks, so use a thread.

    A link and what it leads to are both locked: others may know the file by either name. Raises Locked, or
    KubeconfigError when no lock can be made there.
    """
    until = time.monotonic() + wait
    with contextlib.ExitStack() as held:
        locks: set[tuple[int, int, str]] = set()
        for path in (file.absolute(), file.resolve()):
            directory = held.enter_context(_directory_of(path))
            found = os.fstat(directory)
            name = f"{path.name}.lock"
            if (lock := (found.st_dev, found.st_ino, name)) not in locks:
                locks.add(lock)
                held.enter_context(_lock(directory, path.parent / name, until))
        yield


@contextlib.contextmanager
def _directory_of(path: Path) -> Iterator[int]:
    """The directory that `path` is in, held open. Raises KubeconfigError."""
    try:
        handle = os.open(path.parent, _DIRECTORY)
    except OSError as error:
        raise cannot_write(path, error) from None
    try:
        yield handle
    finally:
        os.close(handle)


@contextlib.contextmanager
def _lock(directory: int, lock: Path, until: float) -> Iterator[None]:
    """Hold one lock file; it stays open, so that no other file can be taken for it."""
    handle = _take(directory, lock, until)
    try:
        yield
    finally:
        _remove(directory, lock.name, os.fstat(handle))
        os.close(handle)


def _take(directory: int, lock: Path, until: float) -> int:
    while True:
        try:
            return os.open(lock.name, _NEW, 0o600, dir_fd=directory)
        except FileExistsError:
            if time.monotonic() >= until:
                raise _still_held(lock) from None
            time.sleep(_EVERY)
        except OSError as error:
            raise cannot_write(lock, error) from None


def _still_held(lock: Path) -> Locked:
    try:
        age = duration(max(0.0, time.time() - lock.stat().st_mtime))
    except OSError:
        age = "a moment"
    shown = clean(str(lock))
    return Locked(
        f"Another program is writing this kubeconfig, or was killed while doing so: {shown} is there since {age}.",
        f"When no kubectl is running, remove it: rm {shown}",
    )


class Original:
    """A file that is about to be replaced, as it was read: what is written beside or over it gets its owner and mode.

    `content` was read from the descriptor that `seen` and the attributes are of.
    """

    def __init__(self, path: Path, directory: int, handle: int, most: int) -> None:
        self.path = path
        self.seen = os.fstat(handle)
        self._directory = directory
        if not stat.S_ISREG(self.seen.st_mode):
            raise OSError(0, "it is not a regular file")
        with open(handle, "rb", closefd=False) as file:
            self.content = file.read(most + 1)
        if len(self.content) > most:
            raise OSError(0, "it is too large")
        self._attributes = _attributes(handle)

    @property
    def in_place(self) -> bool:
        """Whether the file is still the one that was read, and unchanged."""
        try:
            return _same(self.seen, os.lstat(self.path.name, dir_fd=self._directory))
        except OSError:
            return False

    def replace(self, content: bytes) -> None:
        """Put `content` in the place of the file. Raises KubeconfigError; `in_place` tells whether it was too late."""
        try:
            put(self._directory, self.path.name, content, dress=self._dress, check=self._check, abandoned=0)
        except OSError as error:
            raise cannot_write(self.path, error) from None

    def copy(self, name: str) -> Path:
        """Make a copy under a new name beside the file. Raises FileExistsError, KubeconfigError."""
        try:
            create(self._directory, name, self.content, self._dress)
        except FileExistsError:
            raise
        except OSError as error:
            raise cannot_write(self.path.with_name(name), error) from None
        return self.path.with_name(name)

    def names(self) -> list[str]:
        """What is in the directory."""
        return os.listdir(self._directory)  # noqa: PTH208 - a descriptor

    def remove(self, name: str) -> None:
        """Remove a file of that name beside this one; one that cannot be removed stays."""
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=self._directory)

    def _check(self) -> None:
        if not self.in_place:
            raise KubeconfigError(
                f"{clean(str(self.path))} was changed by another program just now; nothing was written.",
                "Try again.",
            )

    def _dress(self, handle: int) -> None:
        """Give the open new file the owner, the mode and the attributes of the old one."""
        made, seen = os.fstat(handle), self.seen
        if (made.st_uid, made.st_gid) != (seen.st_uid, seen.st_gid):
            try:
                os.fchown(handle, seen.st_uid, seen.st_gid)
            except PermissionError:
                raise KubeconfigError(
                    f"{clean(str(self.path))} belongs to another user or group, and replacing it would change that.",
                    "Do this as its owner, or with sudo.",
                ) from None
        os.fchmod(handle, seen.st_mode & 0o777)
        if _ACCESS_LIST in _attributes(handle) and _ACCESS_LIST not in self._attributes:
            os.removexattr(handle, _ACCESS_LIST)  # inherited from the directory: it lets others in
        for name, value in self._attributes.items():
            with contextlib.suppress(*() if name == _ACCESS_LIST else (OSError,)):
                os.setxattr(handle, name, value)


@contextlib.contextmanager
def opened(file: Path, most: int) -> Iterator[Original]:
    """Read `file` of at most so many bytes, links followed, and hold its directory open. Raises KubeconfigError."""
    real = file.resolve()
    with _directory_of(real) as directory:
        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            handle = os.open(real.name, flags, dir_fd=directory)
            try:
                original = Original(real, directory, handle, most)
            finally:
                os.close(handle)
        except OSError as error:
            raise cannot_write(file, error) from None
        yield original


def put(
    directory: int,
    name: str,
    content: bytes,
    *,
    dress: Callable[[int], None] | None = None,
    check: Callable[[], None] | None = None,
    abandoned: float = ABANDONED,
) -> None:
    """Put `content` in the place of `name` in the open directory, readable by its owner alone unless `dress` says more.

    `dress` gets the descriptor of the new file; `check` is called right before the rename and may raise. What a killed
    process left of this file `abandoned` seconds ago is removed. Raises OSError, and what those two raise.
    """
    _remove_unfinished(directory, name, abandoned)
    temporary = f".{name}.{os.urandom(6).hex()}.tmp"
    with _new_file(directory, temporary, content, dress) as made:
        if check is not None:
            check()
        if not os.path.samestat(made, os.lstat(temporary, dir_fd=directory)):
            raise OSError(0, "another program took the place of the new file")
        os.rename(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
        if not os.path.samestat(made, os.lstat(name, dir_fd=directory)):
            raise OSError(0, "another program took its place")
    os.fsync(directory)


def create(directory: int, name: str, content: bytes, dress: Callable[[int], None] | None = None) -> None:
    """Make a new file in the open directory, readable by its owner alone unless `dress` says more.

    Raises FileExistsError, OSError and what `dress` raises, and then leaves no file.
    """
    with _new_file(directory, name, content, dress):
        pass
    os.fsync(directory)


def create_file(path: Path, content: bytes) -> None:
    """`create` by path."""
    directory = os.open(path.parent, _DIRECTORY)
    try:
        create(directory, path.name, content)
    finally:
        os.close(directory)


@contextlib.contextmanager
def _new_file(
    directory: int, name: str, content: bytes, dress: Callable[[int], None] | None
) -> Iterator[os.stat_result]:
    """A new file, whole and on the disk, held open; it is removed when anything fails."""
    handle = os.open(name, _NEW, 0o600, dir_fd=directory)
    try:
        made = os.fstat(handle)
        try:
            os.fchmod(handle, 0o600)
            with open(handle, "wb", closefd=False) as out:
                out.write(content)
            if dress is not None:
                dress(handle)
            os.fsync(handle)
            yield made
        except BaseException:
            _remove(directory, name, made)
            raise
    finally:
        os.close(handle)


def _remove(directory: int, name: str, made: os.stat_result) -> None:
    """Remove the file that this process made, if that is what has this name."""
    with contextlib.suppress(OSError):
        if os.path.samestat(made, os.lstat(name, dir_fd=directory)):
            os.unlink(name, dir_fd=directory)


def _remove_unfinished(directory: int, name: str, abandoned: float) -> None:
    """Remove what killed processes left, of this file and others; one that cannot be removed is no reason to fail."""
    for found in os.listdir(directory):
        if unfinished := _UNFINISHED.fullmatch(found):
            least = abandoned if unfinished[1] == name else ABANDONED
            with contextlib.suppress(OSError):
                if time.time() - os.lstat(found, dir_fd=directory).st_mtime >= least:
                    os.unlink(found, dir_fd=directory)


def _same(seen: os.stat_result, now: os.stat_result) -> bool:
    return os.path.samestat(seen, now) and (seen.st_size, seen.st_mtime_ns) == (now.st_size, now.st_mtime_ns)


def _attributes(handle: int) -> dict[str, bytes]:
    """Access control lists and security labels of an open file, where the system has them."""
    found: dict[str, bytes] = {}
    if hasattr(os, "listxattr"):
        with contextlib.suppress(OSError):
            for name in os.listxattr(handle):
                if name not in _OF_CONTENT:
                    found[name] = os.getxattr(handle, name)
    return found


def cannot_write(path: Path, error: OSError) -> KubeconfigError:
    """The sentence for a failed write."""
    return KubeconfigError(
        f"{clean(str(path))} cannot be written: {error.strerror or 'unknown error'}.",
        "Check who may write there, and that the disk is neither full nor read-only.",
    )
