"""Which libraries an ELF file asks for: its DT_NEEDED entries, for any machine.

Layout: the generic ABI, chapters "Program Header" and "Dynamic Section".
"""

from __future__ import annotations

import struct
from pathlib import Path

PT_LOAD, PT_DYNAMIC = 1, 2
DT_NULL, DT_NEEDED, DT_STRTAB = 0, 1, 5
_MAGIC = b"\x7fELF"


def is_elf(path: Path) -> bool:
    """Whether the file is a program or a library."""
    with path.open("rb") as file:
        return file.read(4) == _MAGIC


def needed(path: Path) -> list[str]:
    """Names of the libraries that the file asks for, in its order; little-endian files only."""
    data = path.read_bytes()
    wide = data[4] == 2
    start, size, count = (
        (struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54))
        if wide
        else (struct.unpack_from("<I", data, 28)[0], *struct.unpack_from("<HH", data, 42))
    )
    segments = [_segment(data, start + index * size, wide) for index in range(count)]
    dynamic = next((segment for segment in segments if segment[0] == PT_DYNAMIC), None)
    if dynamic is None:
        return []
    loads = [segment for segment in segments if segment[0] == PT_LOAD]
    pair = struct.Struct("<qQ" if wide else "<iI")
    names, table = [], 0
    for tag, value in pair.iter_unpack(data[dynamic[1] : dynamic[1] + dynamic[3] - dynamic[3] % pair.size]):
        if tag == DT_NULL:
            break
        if tag == DT_NEEDED:
            names.append(value)
        elif tag == DT_STRTAB:
            table = next(
                offset + value - address
                for _, offset, address, length in loads
                if address <= value < address + length
            )
    return [data[table + name : data.index(b"\0", table + name)].decode() for name in names]


def _segment(data: bytes, at: int, wide: bool) -> tuple[int, int, int, int]:
    """Kind, offset in the file, address and size in the file of a program header."""
    if wide:
        kind, _, offset, address, _, size = struct.unpack_from("<IIQQQQ", data, at)
    else:
        kind, offset, address, _, size = struct.unpack_from("<IIIII", data, at)
    return kind, offset, address, size
