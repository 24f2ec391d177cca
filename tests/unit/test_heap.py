"""Freed lists go back to the system, whatever small objects were made meanwhile."""

from __future__ import annotations

import subprocess
import sys

# Blocks freed with small ones between them, as when lists are decoded while others come in.
PROGRAM = """
import pathlib, re, sys
from edgetui import heap

def resident():
    return int(re.search(r"VmRSS:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])

if sys.argv[1] == "told":
    heap.give_back_blocks()
del (first := [bytearray(8 << 20)])[:]
before, blocks, small = resident(), [], []
for _ in range(200):
    blocks.append(bytearray(b"x") * (300 << 10))
    small.append(bytearray(b"x") * 1000)
blocks.clear()
print(resident() - before)
"""


def kept(how: str) -> int:
    """KiB that stay resident of 60 MB that were freed."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, timeout=60, check=True
    )
    return int(done.stdout)


def test_freed_blocks_are_given_back() -> None:
    assert kept("told") < 3_000


def test_another_c_library_is_left_alone() -> None:
    program = (
        "import ctypes\n"
        "class Library:\n    def __init__(self, name): pass\n"
        "ctypes.CDLL = Library\n"
        "from edgetui import heap\nheap.give_back_blocks()\nheap.give_back_pages()\n"
    )
    subprocess.run([sys.executable, "-c", program], timeout=60, check=True)


PIECES = """
import pathlib, re
from edgetui import heap

def resident():
    return int(re.search(r"VmRSS:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])

heap.give_back_blocks()
pieces, small = [], []
for _ in range(2000):
    pieces.append(bytearray(b"x") * (20 << 10))
    small.append(bytearray(b"x") * 1000)
pieces.clear()
before = resident()
heap.give_back_pages()
print(before - resident())
"""


def test_pages_between_small_objects_are_given_back() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PIECES], capture_output=True, text=True, timeout=60, check=True
    )
    assert int(done.stdout) > 20_000, "KiB of 40 MB that were freed"
