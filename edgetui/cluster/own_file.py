"""Files in a directory that is ours alone: read only if this user wrote them, replaced as a whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


class NotOurs(PermissionError):
    """The file or its directory belongs to somebody else, or others may write to it."""


def open_for_reading(path: Path) -> BinaryIO:
    """Open a file that this user wrote. Follows no link and waits for no pipe; raises OSError, NotOurs."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    handle = os.open(path, flags)
    if not _is_ours(os.fstat(handle), stat.S_IFREG):
        os.close(handle)
        raise NotOurs(0, "it belongs to somebody else, or others may write to it")
    return open(handle, "rb")  # noqa: PTH123 - by its descriptor; the caller closes it


def read(path: Path, most: int) -> bytes:
    """The content; empty when there is none that this user wrote, or more of it. Raises no OSError."""
    try:
        with open_for_reading(path) as file:
            data = file.read(most + 1)
    except OSError:
        return b""
    return data if len(data) <= most else b""


@contextlib.contextmanager
def directory(path: Path) -> Iterator[int]:
    """The directory, made where there is none, held open: names in it are looked up by this descriptor.

    Raises OSError; NotOurs when it is not ours alone, because whoever may write there can replace what is in it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
    if path.is_symlink():
        raise _not_our_directory()
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if not _is_ours(os.fstat(handle), stat.S_IFDIR):
            raise _not_our_directory()
        yield handle
    finally:
        os.close(handle)


def write(path: Path, data: bytes) -> None:
    """Put `data` in the place of the file. Raises OSError."""
    from edgetui.cluster.atomic_file import put  # not needed for the first screen

    with directory(path.parent) as handle:
        put(handle, path.name, data)


def _not_our_directory() -> NotOurs:
    return NotOurs(0, "it belongs to somebody else, or others may write there")


def _is_ours(found: os.stat_result, kind: int) -> bool:
    """Whether it is of this kind, belongs to this user, and nobody else may write to it."""
    return stat.S_IFMT(found.st_mode) == kind and found.st_uid == os.geteuid() and not found.st_mode & 0o022
