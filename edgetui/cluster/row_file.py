"""The files of kept rows: one per cluster in a directory that is ours alone, each replaced as a whole or not at all.

Nothing in here is needed to go on: a file that is not there, not ours or not regular reads as empty.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import time
from pathlib import Path

import platformdirs

from edgetui.cluster.target import ClusterTarget

MOST_BYTES = 4 << 20
MOST_BYTES_IN_ALL = 32 << 20
ABANDONED = 3600.0
"""Seconds after which an unfinished file is what a killed process left behind."""


def default_directory() -> Path:
    """Where rows are kept: `rows` in the user's cache directory (XDG_CACHE_HOME on Linux)."""
    return Path(platformdirs.user_cache_dir("edgetui", appauthor=False)) / "rows"


def file_name(target: ClusterTarget) -> str:
    """The name for one view of one cluster: where it is, how it is trusted, who looks, by which kubeconfig.

    The certificate and the file are part of it because tunnels of several clusters share addresses and names.
    """
    file = target.context_file or target.file
    parts = (
        target.server,
        target.context,
        target.user_name,
        str(file.absolute() if file else ""),
        repr(target.impersonate),
        (target.tls.ca_pem or b"").hex(),
    )
    return f"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}.rows"


class RowFile:
    """One file. Its methods block: use a thread."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> bytes:
        """The content; empty when there is none that this user wrote. Follows no link and never raises OSError."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            with open(os.open(self.path, flags), "rb") as file:  # noqa: PTH123 - by its descriptor
                if not _is_ours(os.fstat(file.fileno()), stat.S_IFREG):
                    return b""
                data = file.read(MOST_BYTES + 1)
        except OSError:
            return b""
        return data if len(data) <= MOST_BYTES else b""

    def write(self, data: bytes) -> None:
        """Put `data` in the place of the file, then drop the oldest files over the limit. Raises OSError."""
        from edgetui.cluster.atomic_file import create, sync_directory  # not needed for the first screen

        directory = self.path.parent
        directory.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            directory.mkdir(mode=0o700)
        if not _is_ours(directory.lstat(), stat.S_IFDIR):
            raise PermissionError(0, "it belongs to somebody else, or others may write there")
        unfinished = directory / f".{self.path.name}.{os.urandom(6).hex()}.tmp"
        try:
            create(unfinished, data)
            unfinished.replace(self.path)
        finally:
            unfinished.unlink(missing_ok=True)
        sync_directory(directory)
        _prune(directory, self.path)


def _is_ours(found: os.stat_result, kind: int) -> bool:
    """Whether it is of this kind, belongs to this user, and nobody else may write to it."""
    return stat.S_IFMT(found.st_mode) == kind and found.st_uid == os.geteuid() and not found.st_mode & 0o022


def _prune(directory: Path, keep: Path) -> None:
    """Remove what killed processes left, and the oldest files while all together are too large."""
    files = []
    for path in directory.iterdir():
        with contextlib.suppress(FileNotFoundError):
            found = path.lstat()
            if path.suffix == ".tmp" and time.time() - found.st_mtime > ABANDONED:
                path.unlink(missing_ok=True)
            elif path.suffix == ".rows":
                files.append((path != keep, -found.st_mtime, found.st_size, path))
    total = 0
    for _, _, size, path in sorted(files):
        total += size
        if total > MOST_BYTES_IN_ALL:
            path.unlink(missing_ok=True)
