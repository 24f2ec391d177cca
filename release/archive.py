"""A folder as a tar.xz that is always the same for the same files.

Only the standard library is used: the packed Python itself runs this file, so the compressor is one of the pinned
parts too.
"""

from __future__ import annotations

import lzma
import sys
import tarfile
from pathlib import Path
from typing import Protocol

FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9}]


class Out(Protocol):
    """Whatever takes bytes."""

    def write(self, data: bytes, /) -> object:
        """Take them all."""


def tar(out: Out, folder: Path, prefix: str, seconds: int) -> None:
    """Write everything below `folder` as a tar, named below `prefix`, owned by root and of one time.

    `seconds` is that time since 1970. Of the modes only whether something can be run is kept.
    """
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.GNU_FORMAT) as archive:  # type: ignore[call-overload]
        for path in [folder, *sorted(folder.rglob("*"))]:
            name = (Path(prefix) / path.relative_to(folder)).as_posix()
            entry = archive.gettarinfo(path, f"./{name}" if prefix in ("", ".") and name != "." else name)
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = "root"
            entry.mtime = seconds
            entry.mode = 0o755 if path.is_dir() or path.is_symlink() or entry.mode & 0o100 else 0o644
            if entry.isreg():
                with path.open("rb") as file:
                    archive.addfile(entry, file)
            else:
                archive.addfile(entry)


def pack(folder: Path, target: Path, prefix: str, seconds: int) -> None:
    """Write the folder as `target`, a tar.xz."""
    with lzma.open(target, "wb", format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC64, filters=FILTERS) as out:
        tar(out, folder, prefix, seconds)


if __name__ == "__main__":
    pack(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
