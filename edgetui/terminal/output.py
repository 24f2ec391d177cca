"""Bytes to the terminal: written when it takes them, never waited for but while leaving."""

from __future__ import annotations

import asyncio
import errno
import os
import select
import sys
from collections.abc import Callable

PENDING_LIMIT = 64 * 1024
"""Bytes that may wait for a terminal that does not read; text that would pass it is dropped."""


class Output:
    """The way out. `emptied` is called when nothing waits any more, `lost` when the terminal is gone."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, emptied: Callable[[], None], lost: Callable[[], None]
    ) -> None:
        self.descriptor, self._own = _open()
        self.bytes_out = 0
        """Bytes the terminal has taken so far."""
        self._loop = loop
        self._emptied = emptied
        self._lost = lost
        self._pending = bytearray()
        self._watching = False

    @property
    def pending(self) -> int:
        """Bytes that wait for the terminal to read."""
        return len(self._pending)

    def send(self, data: bytes) -> None:
        """Write `data`, now as far as the terminal takes it, and the rest when it reads again."""
        if len(self._pending) + len(data) > PENDING_LIMIT and self._pending:
            return
        self._pending += data
        if not self._watching:
            self._write()

    def leave(self, data: str, limit: float) -> None:
        """Write what waits and then `data`, for at most `limit` seconds; what is left then is forgotten."""
        self._watch(False)
        self._pending += data.encode()
        deadline = self._loop.time() + limit
        try:
            while self._pending and (left := deadline - self._loop.time()) > 0:
                if select.select([], [self.descriptor], [], left)[1]:
                    self._take(os.write(self.descriptor, bytes(self._pending[:256])))
        except OSError:
            pass
        self._pending.clear()

    def forget(self) -> None:
        """Nothing more goes to this terminal."""
        self._watch(False)
        self._pending.clear()

    def close(self) -> None:
        """Close the descriptor, if it was opened here."""
        if self._own and self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def _write(self) -> None:
        try:
            while self._pending and _takes_bytes(self.descriptor):
                chunk = bytes(self._pending[: 65536 if self._own else 256])
                self._take(os.write(self.descriptor, chunk))
        except BlockingIOError:
            pass
        except OSError as error:
            if error.errno != errno.EINTR:
                self._lost()
                return
        self._watch(bool(self._pending))
        if not self._pending:
            self._emptied()

    def _take(self, count: int) -> None:
        self.bytes_out += count
        del self._pending[:count]

    def _watch(self, wanted: bool) -> None:
        if wanted != self._watching:
            self._watching = wanted
            if wanted:
                self._loop.add_writer(self.descriptor, self._write)
            else:
                self._loop.remove_writer(self.descriptor)


def _open() -> tuple[int, bool]:
    """A descriptor of the terminal, and whether it is a non-blocking one of our own.

    Setting O_NONBLOCK on the inherited descriptor would change it for the shell too, so the terminal is opened
    again; where that is not allowed, small writes to the inherited one do.
    """
    inherited = sys.__stdout__.fileno() if sys.__stdout__ else 1
    for path in (_name_of(inherited), "/dev/tty"):
        if path:
            try:
                return os.open(path, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC), True
            except OSError:
                continue
    return inherited, False


def _name_of(descriptor: int) -> str:
    try:
        return os.ttyname(descriptor)
    except OSError:
        return ""


def _takes_bytes(descriptor: int) -> bool:
    return bool(select.select([], [descriptor], [], 0)[1])
