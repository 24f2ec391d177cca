"""A driver on a real pty whose event loop and clock only move when a test says so."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import tty
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from rich.segment import Segment
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from edgetui.terminal.driver import TerminalDriver, driver_for
from edgetui.terminal.profile import Profile, choose
from edgetui.terminal.textual_seam import DrawnApp

ANSWER = b"\x1b[0n"
ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class Timer:
    def __init__(self, due: float, call: Callable[[], None]) -> None:
        self.due, self.call, self.cancelled = due, call, False

    def cancel(self) -> None:
        self.cancelled = True


class StillLoop:
    """What the driver asks of the event loop; nothing happens but by `read`, `go_on` and `advance`."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.readers: dict[int, Callable[[], None]] = {}
        self.writers: dict[int, Callable[[], None]] = {}
        self.handlers: dict[int, Callable[[], None]] = {}
        self.timers: list[Timer] = []
        self.add_reader = self.readers.__setitem__
        self.add_writer = self.writers.__setitem__
        self.add_signal_handler = self.handlers.__setitem__
        self.remove_reader = self.readers.pop
        self.remove_writer = self.writers.pop
        self.remove_signal_handler: Callable[[int], object] = lambda number: self.handlers.pop(number, None)
        self.call_soon_threadsafe: Callable[[Callable[[], None]], None] = lambda call: call()

    def time(self) -> float:
        return self.now

    def call_at(self, due: float, call: Callable[[], None]) -> Timer:
        self.timers.append(Timer(due, call))
        return self.timers[-1]

    def call_later(self, delay: float, call: Callable[[], None]) -> Timer:
        return self.call_at(self.now + delay, call)

    @property
    def due(self) -> list[float]:
        """When something is to be done, s from now."""
        return [one.due - self.now for one in self.timers if not one.cancelled]

    def advance(self, seconds: float) -> None:
        self.now += seconds
        ready = [one for one in self.timers if one.due <= self.now]
        self.timers = [one for one in self.timers if one.due > self.now]
        for one in ready:
            if not one.cancelled:
                one.call()


class Listening(DrawnApp):
    """An app that only notes what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Message] = []
        self.links: list[str] = []
        self.ended: list[int] = []

    def post_message(self, message: Message) -> bool:
        self.told.append(message)
        return True

    def exit(self, result: Any = None, return_code: int = 0, message: Any = None) -> None:
        self.ended.append(return_code)

    def link_changed(self, profile: Profile) -> None:
        self.links.append(profile.name)


class Far:
    """The driver, and the terminal at its other end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str = "ssh", columns: int = 80) -> None:
        self.master, self.slave = pty.openpty()
        self.seen = 0
        self.resize(columns, 24)
        self.loop, self.app = StillLoop(), Listening()
        # Line discipline that is not the default, so that giving it back can be told from any other.
        modes = termios.tcgetattr(self.slave)
        modes[tty.LFLAG] &= ~termios.ECHO
        modes[tty.OFLAG] &= ~termios.OPOST
        termios.tcsetattr(self.slave, termios.TCSANOW, modes)
        self.modes = termios.tcgetattr(self.slave)
        standard = SimpleNamespace(fileno=lambda: self.slave)
        with monkeypatch.context() as patched:
            patched.setattr("sys.__stdin__", standard)
            patched.setattr("sys.__stdout__", standard)
            patched.setattr(asyncio, "get_running_loop", lambda: self.loop)
            profile = choose({"TERM": "xterm-256color", "LANG": "C.UTF-8"}, name)
            self.driver: TerminalDriver = driver_for(profile)(self.app)

    def resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def begin(self, answered_after: float | None = 0.01) -> bytes:
        """Take the terminal over; what it was sent. It answers after so many seconds, or never."""
        self.driver.start_application_mode()
        sent = self.sent()
        if answered_after is not None:
            self.loop.advance(answered_after)
            self.type(ANSWER)
        return sent

    def sent(self, more: int = 0) -> bytes:
        """What the driver sent since the last call, and `more` bytes that it does not count."""
        found = b""
        while len(found) < self.driver.bytes_out - self.seen + more:
            assert select.select([self.master], [], [], 10)[0], "what was sent did not come"
            found += os.read(self.master, 65536)
        self.seen = self.driver.bytes_out
        return found

    def type(self, data: bytes) -> None:
        """Keys, or answers of the terminal."""
        os.write(self.master, data)
        self.loop.readers[self.slave]()

    def show(self, text: str, y: int = 0) -> bytes:
        """Put this on the screen; what the terminal was sent for it."""
        self.driver.draw(LayoutUpdate([[Strip([Segment(text)])]], Region(0, y, len(text), 1)))
        return self.sent()

    def close(self) -> None:
        for descriptor in (self.master, self.slave):
            os.close(descriptor)


Start = Callable[..., Far]
