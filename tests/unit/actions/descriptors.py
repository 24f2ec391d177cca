"""Descriptors 0, 1 and 2 of this process as a test wants them: a terminal, or pipes; as they were at the end."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from contextlib import contextmanager

from tests.terminal.ptyapp import set_size


def drained(descriptor: int) -> bytes:
    """What can be read there now."""
    found = b""
    while select.select([descriptor], [], [], 0)[0] and (data := os.read(descriptor, 1 << 16)):
        found += data
    return found


@contextmanager
def standing_for(replacements: dict[int, int]) -> Iterator[None]:
    """These descriptors in the place of 0, 1 or 2."""
    before = {number: os.dup(number) for number in replacements}
    try:
        for number, descriptor in replacements.items():
            os.dup2(descriptor, number)
        yield
    finally:
        for number, kept in before.items():
            os.dup2(kept, number)
            os.close(kept)


@contextmanager
def on_terminal(columns: int = 80, lines: int = 24) -> Iterator[int]:
    """All three are a terminal; yields its other end."""
    master, slave = os.openpty()
    set_size(slave, columns, lines)
    try:
        with standing_for(dict.fromkeys((0, 1, 2), slave)):
            yield master
    finally:
        os.close(slave)
        os.close(master)


class Pipes:
    """The other ends of three pipes: `typed` goes to input, `out` and `err` come from the outputs."""

    def __init__(self, typed: int, out: int, err: int) -> None:
        self.typed, self.out, self.err = typed, out, err
        self.closed: set[int] = set()

    def type(self, data: bytes, *, end: bool = True) -> None:
        """Give input; with its `end` nothing more comes."""
        os.write(self.typed, data)
        if end:
            self.close(self.typed)

    def close(self, descriptor: int) -> None:
        """Nobody is there any more."""
        os.close(descriptor)
        self.closed.add(descriptor)

    @property
    def outputs(self) -> tuple[bytes, bytes]:
        """What has come on both since the last look."""
        return drained(self.out), drained(self.err)


@contextmanager
def on_pipes() -> Iterator[Pipes]:
    """All three are pipes."""
    (from_, typed), (out, to_out), (err, to_err) = os.pipe(), os.pipe(), os.pipe()
    pipes = Pipes(typed, out, err)
    try:
        with standing_for({0: from_, 1: to_out, 2: to_err}):
            yield pipes
    finally:
        for descriptor in {from_, typed, out, to_out, err, to_err} - pipes.closed:
            os.close(descriptor)
