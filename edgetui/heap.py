"""What the C library keeps of freed memory: as little as it can be told to.

Lists of pods come in blocks of megabytes. After the first of them glibc raises its threshold (mallopt(3),
M_MMAP_THRESHOLD) and takes later ones from the heap, where one small object above keeps them for good.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
BLOCK = 64 * 1024
"""Bytes from which on a block is mapped by itself, and given back when it is freed."""


def give_back_blocks() -> None:
    """Have large blocks given back to the system as soon as they are free, and one heap for all threads.

    Does nothing where that is not glibc.
    """
    mallopt = _of_glibc("mallopt")
    if mallopt is None:
        return
    mallopt(M_ARENA_MAX, 1)  # one heap for all threads: what a loading thread leaves free is used by the loop
    mallopt(M_MMAP_THRESHOLD, BLOCK)
    mallopt(M_TRIM_THRESHOLD, BLOCK)


def give_back_pages() -> None:
    """Give back the pages between what is used: some 0.7 MB once everything is loaded. Takes a few milliseconds."""
    trim = _of_glibc("malloc_trim")
    if trim is not None:
        trim(0)


def _of_glibc(name: str) -> Callable[..., Any] | None:
    """A function of the C library; None where that is not glibc."""
    import ctypes

    try:
        found: Callable[..., Any] = getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError):
        return None
    return found
