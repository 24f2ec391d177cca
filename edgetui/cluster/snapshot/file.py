"""The files of kept rows: one per cluster in a directory that is ours alone, each replaced as a whole or not at all.

Nothing in here is needed to go on: a file that is not there, not ours or not regular reads as empty.
"""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

import platformdirs

from edgetui.cluster import own_file
from edgetui.cluster.target import ClusterTarget

MOST_BYTES = 4 << 20
MOST_BYTES_IN_ALL = 32 << 20
OLDEST = 30 * 86_400
"""Seconds after which rows that nobody wrote again are of no use: their cluster, user or kubeconfig is not opened."""


def default_directory() -> Path:
    """Where rows are kept: `rows` in the user's cache directory (XDG_CACHE_HOME on Linux)."""
    return Path(platformdirs.user_cache_dir("edgetui", appauthor=False)) / "rows"


def file_name(target: ClusterTarget) -> str:
    """The name for one view of one cluster: where it is, how it is trusted, who looks, by which kubeconfig.

    The certificate and the file are part of it because tunnels of several clusters share addresses and names. It need
    only be another for another view, so the numbers that Python makes of a text do: hashlib takes 0.6 MB of memory.
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
    return f"{random.Random(repr(parts)).getrandbits(128):032x}.rows"


class RowFile:
    """One file. Its methods block: use a thread."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> bytes:
        """The content; empty when there is none that this user wrote."""
        return own_file.read(self.path, MOST_BYTES)

    def write(self, data: bytes) -> None:
        """Put `data` in the place of the file, then drop files that are too old or too much. Raises OSError."""
        own_file.write(self.path, data)
        _prune(self.path.parent, self.path)


def _prune(directory: Path, keep: Path) -> None:
    """Remove what is older than `keep` by OLDEST, and the oldest files while all together are too large."""
    files = []
    for path in directory.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if path.suffix == ".rows":
                files.append((path.lstat(), path))
    files.sort(key=lambda one: (one[1] != keep, -one[0].st_mtime))
    total, newest = 0, files[0][0].st_mtime if files else 0.0
    for found, path in files:
        total += found.st_size
        if total > MOST_BYTES_IN_ALL or newest - found.st_mtime > OLDEST:
            path.unlink(missing_ok=True)
