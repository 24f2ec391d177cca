"""A program on a real pseudo-terminal: real keys in, every byte counted, the screen kept by pyte."""

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

import pyte

KEYS = {
    "enter": "\r",
    "esc": "\x1b",
    "tab": "\t",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pgup": "\x1b[5~",
    "pgdn": "\x1b[6~",
    "backspace": "\x7f",
    "ctrl+c": "\x03",
    "ctrl+z": "\x1a",
}

# Private sequences and mode queries, which pyte would print.
_UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_POSITION_QUERY = re.compile(rb"\x1b\[6n")
_MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")


class Timeout(AssertionError):
    """What was waited for did not come; the message holds the screen."""


class PtyApp:
    """One program on its own terminal of `columns` x `lines`. Use as a context manager.

    `received` counts every byte the program sent, `modes` are the private modes switched on (1049 is the
    alternate screen, 1000 the mouse, 25 the visible cursor).
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        columns: int = 80,
        lines: int = 24,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.received = 0
        self.raw = bytearray()
        self.modes: set[int] = {25}
        self.ended = False
        self._held = b""
        full_env = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
        full_env.update(env or {})
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                if cwd is not None:
                    os.chdir(cwd)
                os.execvpe(argv[0], list(argv), full_env)
            finally:
                os._exit(127)
        self.modes_at_start = termios.tcgetattr(self.fd)
        self.status: int | None = None
        self.resize(columns, lines)

    def __enter__(self) -> PtyApp:
        return self

    def __exit__(self, *_: object) -> None:
        if self.exit_status() is None:
            os.killpg(self.pid, signal.SIGKILL)
            os.killpg(self.pid, signal.SIGCONT)
            os.waitpid(self.pid, 0)
        os.close(self.fd)

    def resize(self, columns: int, lines: int) -> None:
        """Change the size of the terminal; the program gets SIGWINCH."""
        self.screen.resize(lines, columns)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def press(self, *keys: str) -> None:
        """Type keys by name (see KEYS) or as they are."""
        for key in keys:
            os.write(self.fd, KEYS.get(key, key).encode())

    def kill(self, number: signal.Signals) -> None:
        """Send a signal to the program itself."""
        os.kill(self.pid, number)

    def hang_up(self) -> None:
        """Close the terminal under the program, as a dropped SSH connection does."""
        os.close(self.fd)
        self.fd = os.open(os.devnull, os.O_RDONLY)
        self.ended = True

    def pump(self, timeout: float) -> bool:
        """Read what comes within `timeout` seconds; True if anything came."""
        if self.ended or not select.select([self.fd], [], [], timeout)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        if not data:
            self.ended = True
            return False
        self.received += len(data)
        self.raw += data
        self._show(data)
        return True

    def wait_for(self, what: str | Callable[[PtyApp], bool], timeout: float = 10.0) -> None:
        """Until the screen holds a text or a condition is true."""
        condition = (lambda app: what in app.text()) if isinstance(what, str) else what
        deadline = time.monotonic() + timeout
        while not condition(self):
            left = deadline - time.monotonic()
            if left <= 0 or (self.ended and not condition(self)):
                raise Timeout(f"waited {timeout} s for {what!r}; the screen was:\n{self.text()}")
            self.pump(min(left, 0.25))

    def wait_quiet(self, quiet: float = 0.3, timeout: float = 10.0) -> None:
        """Until the program sent nothing for `quiet` seconds."""
        deadline = time.monotonic() + timeout
        while self.pump(quiet):
            if time.monotonic() > deadline:
                raise Timeout(f"still sending after {timeout} s:\n{self.text()}")

    def wait_exit(self, timeout: float = 10.0) -> int:
        """The exit status: negative for a signal."""
        deadline = time.monotonic() + timeout
        while (status := self.exit_status()) is None:
            if time.monotonic() > deadline:
                raise Timeout(f"still running after {timeout} s:\n{self.text()}")
            if not self.pump(0.02) and self.ended:
                select.select([], [], [], 0.02)
        while self.pump(0.05):
            pass
        return status

    def exit_status(self) -> int | None:
        """The exit status if it ended, without waiting."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status

    def text(self) -> str:
        """The screen as text, trailing blanks cut."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def terminal_modes(self) -> list[object]:
        """The line discipline now, to compare with `modes_at_start`."""
        return termios.tcgetattr(self.fd)

    def cpu_seconds(self) -> float:
        """User and system time the program has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _show(self, data: bytes) -> None:
        data = self._held + data
        self._held = b""
        cut = data.rfind(b"\x1b")
        if cut >= 0 and len(data) - cut < 16 and not re.search(rb"[a-zA-Z~]", data[cut + 1 :]):
            data, self._held = data[:cut], data[cut:]
        for match in _MODE.finditer(data):
            for number in match[1].split(b";"):
                (self.modes.add if match[2] == b"h" else self.modes.discard)(int(number))
        for _ in _POSITION_QUERY.findall(data):
            position = f"\x1b[{self.screen.cursor.y + 1};{self.screen.cursor.x + 1}R"
            os.write(self.fd, position.encode())
        self._stream.feed(_UNKNOWN_TO_PYTE.sub(b"", data))
