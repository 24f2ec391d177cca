"""A program in a real pseudo-terminal: real bytes out to a pyte screen, real keys in, nothing patched.

The reader waits for facts on the screen with a deadline and keeps reading while it waits, so that the program
never blocks on a full pty. Device status reports are answered as a terminal would.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

import pyte

# pyte 0.8 misreads private sequences with an intermediate byte; a terminal that lacks the feature ignores them.
UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[[>=<][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p|\x1b\[[0-9;]*;?u")
INCOMPLETE = re.compile(rb"\x1b(?:\[[0-9;?><=$ ]{0,40})?$")
STATUS_QUERY, STATUS_ANSWER = b"\x1b[5n", b"\x1b[0n"
MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
PATIENCE = 60.0
"""Seconds after which a fact does not come any more, however busy the machine is."""

KEYS = {
    "enter": b"\r",
    "escape": b"\x1b",
    "tab": b"\t",
    "up": b"\x1b[A",
    "down": b"\x1b[B",
    "right": b"\x1b[C",
    "left": b"\x1b[D",
    "pageup": b"\x1b[5~",
    "pagedown": b"\x1b[6~",
    "home": b"\x1b[H",
    "end": b"\x1b[F",
    "backspace": b"\x7f",
    "ctrl+c": b"\x03",
    "ctrl+u": b"\x15",
    "ctrl+y": b"\x19",
    "ctrl+z": b"\x1a",
    "space": b" ",
}


class ScreenTimeout(AssertionError):
    """The awaited fact did not come; the message carries the whole screen."""


class PtyApp:
    """One program in its own session on its own terminal.

    `bytes_out` counts every byte the program wrote to the terminal. `started` is the monotonic time of the fork.
    `modes` holds the private modes that are on now: 1049 alternate screen, 1000 mouse, 25 visible cursor.
    While `answering` is false status requests are only counted, in `unanswered`.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 80,
        lines: int = 24,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        answer_queries: bool = True,
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.ByteStream(self.screen)
        self.bytes_out = 0
        self.raw = bytearray()
        self.modes = {7, 25}
        self.status: int | None = None
        self.answering = answer_queries
        self.unanswered = 0
        self._pending = b""
        environment = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", **(env or {})}
        for name in ("COLUMNS", "LINES", "NO_COLOR", "COLORTERM"):
            if not env or name not in env:
                environment.pop(name, None)
        self.started = time.monotonic()
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            try:
                set_size(0, columns, lines)
                if cwd is not None:
                    os.chdir(cwd)
                os.execvpe(command[0], list(command), environment)
            finally:
                os._exit(127)
        os.set_blocking(self.master, False)
        self.attributes_at_start = self.attributes()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def resize(self, columns: int, lines: int) -> None:
        """Change the window size, as a terminal emulator does."""
        self.screen.resize(lines, columns)
        set_size(self.master, columns, lines)
        os.kill(self.pid, signal.SIGWINCH)

    def keys(self, *keys: str) -> None:
        """Type keys by name ("enter", "down") or as text."""
        for key in keys:
            os.write(self.master, KEYS.get(key, key.encode()))

    def read(self, timeout: float = 0.05) -> bytes:
        """Take what the program wrote within `timeout` seconds; feeds the screen; b"" when nothing came."""
        ready, _, _ = select.select([self.master], [], [], timeout)
        if not ready:
            return b""
        try:
            data = os.read(self.master, 1 << 16)
        except OSError:
            data = b""
        if not data:
            self.poll()
            time.sleep(0.005)
            return b""
        self.bytes_out += len(data)
        self.raw += data
        self._feed(data)
        return data

    def _feed(self, data: bytes) -> None:
        data = self._pending + data
        self._pending = b""
        if tail := INCOMPLETE.search(data):
            self._pending = data[tail.start() :]
            data = data[: tail.start()]
        self.unanswered += data.count(STATUS_QUERY)
        if self.answering:
            self.answer()
        for match in MODE.finditer(data):
            for number in match[1].split(b";"):
                (self.modes.add if match[2] == b"h" else self.modes.discard)(int(number))
        self.stream.feed(UNKNOWN_TO_PYTE.sub(b"", data).replace(STATUS_QUERY, b""))

    def answer(self) -> None:
        """Answer the status requests that have no answer yet."""
        os.write(self.master, STATUS_ANSWER * self.unanswered)
        self.unanswered = 0

    def text(self) -> str:
        """The screen as lines of text, without trailing blanks."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def until(self, fact: Callable[[str], object], timeout: float = PATIENCE, what: str = "") -> str:
        """Read until `fact(screen text)` is true; returns the screen. Raises ScreenTimeout with the screen."""
        deadline = time.monotonic() + timeout
        while True:
            text = self.text()
            if fact(text):
                return text
            if time.monotonic() > deadline or (self.poll() is not None and not self.read(0)):
                state = "" if self.status is None else f" (the program ended with {self.status})"
                raise ScreenTimeout(f"not seen within {timeout} s{state}: {what}\n{text}")
            self.read(0.05)

    def wait_for(self, *words: str, timeout: float = PATIENCE) -> str:
        """Read until all of `words` are on the screen together."""
        return self.until(lambda text: all(word in text for word in words), timeout, " and ".join(words))

    def wait_gone(self, *words: str, timeout: float = PATIENCE) -> str:
        """Read until none of `words` is on the screen."""
        return self.until(
            lambda text: not any(w in text for w in words), timeout, "gone: " + ", ".join(words)
        )

    def quiet(self, seconds: float) -> int:
        """Read for `seconds`; returns how many bytes the program wrote meanwhile."""
        before, deadline = self.bytes_out, time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.read(left)
        return self.bytes_out - before

    def settle(self, quiet: float = 0.3, timeout: float = PATIENCE) -> None:
        """Read until the program wrote nothing for `quiet` seconds, and does not merely wait for a processor."""
        deadline = time.monotonic() + timeout
        while self.read(quiet) or self.busy():
            if time.monotonic() > deadline:
                raise ScreenTimeout(f"still writing after {timeout} s\n{self.text()}")

    def busy(self) -> bool:
        """Whether the program runs, or would if it were given a processor."""
        if self.poll() is not None:
            return False
        return Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in ("R", "D")

    def kill(self, number: signal.Signals) -> None:
        """Send a signal to the program."""
        os.kill(self.pid, number)

    def hang_up(self) -> None:
        """Close the terminal under the program, as a dropped SSH connection does."""
        os.close(self.master)
        self.master = os.open(os.devnull, os.O_RDWR)

    def poll(self) -> int | None:
        """The exit status as a shell would say it (128 + signal), or None while the program runs."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                self.status = code if code >= 0 else 128 - code
        return self.status

    def wait_exit(self, timeout: float = PATIENCE) -> int:
        """Read until the program ends; returns its exit status."""
        deadline = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise ScreenTimeout(f"still running after {timeout} s\n{self.text()}")
            self.read(0.05)
        while self.read(0.02):
            pass
        assert self.status is not None
        return self.status

    def attributes(self) -> list[object]:
        """The terminal's settings (termios), to compare before and after."""
        return termios.tcgetattr(self.master)

    def memory_kib(self) -> int:
        """Resident memory of the program, in KiB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1))  # type: ignore[union-attr]

    def cpu_seconds(self) -> float:
        """Processor time of the program so far, in seconds."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def waits(self) -> int:
        """How often the program's threads went to sleep so far, which no slow processor changes."""
        threads = Path(f"/proc/{self.pid}/task").glob("*/status")
        text = "".join(thread.read_text() for thread in threads)
        return sum(map(int, re.findall(r"(?m)^voluntary_ctxt_switches:\s+(\d+)", text)))

    def close(self) -> None:
        """End the program, by force if it does not go, and close the terminal."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.status = 137
        os.close(self.master)


def set_size(fd: int, columns: int, lines: int) -> None:
    """Set a terminal's window size."""
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
