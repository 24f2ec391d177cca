"""Files in a directory that is ours alone: read only if this user wrote them, replaced as a whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path


def read(path: Path, most: int) -> bytes:
    """The content; empty when there is none that this user wrote, or more of it. Follows no link, raises no OSError."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with open(os.open(path, flags), "rb") as file:  # noqa: PTH123 - by its descriptor
            if not _is_ours(os.fstat(file.fileno()), stat.S_IFREG):
                return b""
            data = file.read(most + 1)
    except OSError:
        return b""
    return data if len(data) <= most else b""


def write(path: Path, data: bytes) -> None:
    """Put `data` in the place of the file. Raises OSError."""
    from edgetui.cluster.atomic_file import create, sync_directory  # not needed for the first screen

    directory = path.parent
    directory.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        directory.mkdir(mode=0o700)
    if not _is_ours(directory.lstat(), stat.S_IFDIR):
        raise PermissionError(0, "it belongs to somebody else, or others may write there")
    unfinished = directory / f".{path.name}.{os.urandom(6).hex()}.tmp"
    try:
        create(unfinished, data)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    sync_directory(directory)


def _is_ours(found: os.stat_result, kind: int) -> bool:
    """Whether it is of this kind, belongs to this user, and nobody else may write to it."""
    return stat.S_IFMT(found.st_mode) == kind and found.st_uid == os.geteuid() and not found.st_mode & 0o022
