"""ELF files of any machine: which libraries one asks for (DT_NEEDED), and one without what no loader reads.

Layout: the generic ABI, chapters "ELF Header", "Program Header" and "Dynamic Section"; little-endian files only.
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
    """Names of the libraries that the file asks for, in its order."""
    data = path.read_bytes()
    wide = data[4] == 2
    segments = _segments(data)
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


def stripped(data: bytes) -> bytes:
    """The file without the bytes that no segment holds: symbols and lines for a debugger, and the table of sections."""
    wide = data[4] == 2
    start, size, count = _program_headers(data)
    held = sorted(
        [
            (0, 64 if wide else 52),
            (start, start + size * count),
            *((offset, offset + length) for _, offset, _, length in _segments(data)),
        ]
    )
    made = bytearray(max(end for _, end in held))
    for begin, end in held:
        made[begin:end] = data[begin:end]
    struct.pack_into("<Q" if wide else "<I", made, 40 if wide else 32, 0)  # e_shoff
    struct.pack_into("<HH", made, 60 if wide else 48, 0, 0)  # e_shnum, e_shstrndx
    return bytes(made)


def _segments(data: bytes) -> list[tuple[int, int, int, int]]:
    start, size, count = _program_headers(data)
    return [_segment(data, start + index * size, data[4] == 2) for index in range(count)]


def _program_headers(data: bytes) -> tuple[int, int, int]:
    """Where their table starts, the size of an entry and their number."""
    if data[4] == 2:
        return (struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54))
    return (struct.unpack_from("<I", data, 28)[0], *struct.unpack_from("<HH", data, 42))


def _segment(data: bytes, at: int, wide: bool) -> tuple[int, int, int, int]:
    """Kind, offset in the file, address and size in the file of a program header."""
    if wide:
        kind, _, offset, address, _, size = struct.unpack_from("<IIQQQQ", data, at)
    else:
        kind, offset, address, _, size = struct.unpack_from("<IIIII", data, at)
    return kind, offset, address, size
