"""The near side of a command in a container: this program's own input, outputs and terminal.

The terminal is raw meanwhile, so that every key goes to the far side, ctrl+c and ctrl+z too. Ctrl+] and then d leaves,
also when the far side hangs; ctrl+] twice sends one. Nothing here waits in the event loop: outputs that block, and
files, are read and written in threads.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import sys
import termios
import tty
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from edgetui.actions.messages import Cancelled
from edgetui.actions.remote.far_modes import FarModes
from edgetui.cluster.api.remote_command import Channel, Ended

PIECE = 16 * 1024
ESCAPE, LEAVE = b"\x1d", b"d"
_OUT = {Channel.STDOUT: 1, Channel.STDERR: 2}


class LocalTerminal:
    """Descriptors 0, 1 and 2 of this process. `left` is set when the person asked to leave, `typed` is true once
    something went in.

    On a `full` one keys and outputs go through as they are, from `held` to its end. `lines` is true where what comes
    was not made for a terminal and ends its lines with a line feed alone.
    """

    raw = True

    def __init__(self, full: bool, *, lines: bool = False) -> None:
        self.left = asyncio.Event()
        self.typed = False
        self.attended = full
        self._lines = lines
        self._resized = asyncio.Event()
        self._modes = FarModes()
        self._escaped = False

    @staticmethod
    def is_terminal() -> bool:
        """Whether a person sits there: both input and output are a terminal."""
        return os.isatty(0) and os.isatty(1)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """The terminal raw, and as it was before at the end, however that comes."""
        if not self.attended:
            yield
            return
        before = termios.tcgetattr(0)
        try:
            tty.setraw(0, termios.TCSANOW)
            yield
        finally:
            self.put_back()
            termios.tcsetattr(0, termios.TCSADRAIN, before)

    async def done(self, ended: Ended) -> None:
        """How it ended is said by the exit code."""

    def put_back(self) -> None:
        """Turn off what the far side has turned on in the terminal; one that does not read stays as it is."""
        left_on = self._modes.undo()
        with contextlib.suppress(OSError):
            if left_on and select.select([], [1], [], 0)[1]:
                os.write(1, left_on)

    def resized(self) -> None:
        """The terminal may have another size now."""
        self._resized.set()

    def tell(self, text: str) -> None:
        """A line of edgetui's own between what the far side writes."""
        with contextlib.suppress(OSError):
            if select.select([], [1], [], 0)[1]:
                os.write(1, f"{text}\r\n".encode())

    async def any_key(self) -> None:
        """Until a key is pressed, or the terminal is gone."""
        await _read(0)

    async def input(self) -> AsyncIterator[bytes]:
        """What is typed or piped in, until its end. Raises Cancelled when the person leaves or the terminal is gone."""
        while data := await _read(0):
            kept = self._without_escapes(data) if self.attended else data
            if self.left.is_set():
                raise Cancelled("Left.")
            if kept:
                self.typed = True
                yield kept
        if self.attended:
            raise Cancelled("The terminal is gone.")

    def _without_escapes(self, data: bytes) -> bytes:
        out = bytearray()
        for key in (data[at : at + 1] for at in range(len(data))):
            if self._escaped:
                self._escaped = False
                if key in (LEAVE, LEAVE.upper()):
                    self.left.set()
                    break
                out += key if key == ESCAPE else ESCAPE + key
            elif key == ESCAPE:
                self._escaped = True
            else:
                out += key
        return bytes(out)

    async def write(self, channel: Channel, data: bytes) -> None:
        """All of it, on the descriptor of that channel. Raises OSError when nobody reads that any more."""
        if self.attended:
            self._modes.see(data)
            data = data.replace(b"\n", b"\r\n") if self._lines else data
        await asyncio.to_thread(_write_all, _OUT[channel], data)

    async def sizes(self) -> AsyncIterator[tuple[int, int]]:
        """The size of the terminal, and again whenever it changes."""
        with self.told_of_sizes():
            while True:
                self._resized.clear()
                size = os.get_terminal_size(1)
                yield size.columns, size.lines
                await self._resized.wait()

    @contextmanager
    def told_of_sizes(self) -> Iterator[None]:
        """Have `resized` called."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGWINCH, self.resized)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGWINCH)


async def _read(descriptor: int) -> bytes:
    """What comes next, empty at the end; without a thread, which a key press would have to end."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    while True:
        try:
            loop.add_reader(descriptor, ready.set)
        except OSError:  # epoll takes no files
            return await asyncio.to_thread(os.read, descriptor, PIECE)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(descriptor)
        try:
            return os.read(descriptor, PIECE)
        except BlockingIOError:
            ready.clear()
        except OSError:  # a terminal that is gone
            return b""


def _write_all(descriptor: int, data: bytes) -> None:
    rest: Any = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def say(text: str) -> None:
    """One line for the person, beside the outputs of the command."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
