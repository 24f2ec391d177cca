"""The terminal driver: input and output on the event loop, without threads, and a life cycle that always ends well.

Textual's own driver spins on an input that ended, leaves the terminal raw after SIGTERM, shows a blank screen
after `fg` and blocks the event loop when the terminal stops reading. Here the input is a reader of the loop,
output goes out when the terminal takes it (a newer screen replaces one that was never sent), and every way to
end restores the terminal, within EXIT_LIMIT seconds.
"""

from __future__ import annotations

import asyncio
import codecs
import errno
import os
import select
import signal
import sys
import termios
import threading
import tty
from contextlib import suppress
from typing import Any

from textual import constants, events, messages
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.driver import Driver
from textual.geometry import Size
from textual.message import Message

from .cells import Grid
from .profile import Profile

EXIT_LIMIT = 2.0
"""Seconds between a signal to end and the end, whatever the program is doing."""

DRAIN_LIMIT = 0.5
"""Seconds that leaving waits for a terminal that does not read."""

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[?2004h"
_LEAVE = "\x1b[m\x1b[?2004l\x1b[?7h\x1b[?1049l\x1b[?25h"
_MOUSE_ON, _MOUSE_OFF = "\x1b[?1000h\x1b[?1006h", "\x1b[?1006l\x1b[?1000l"
_KEYS_ON, _KEYS_OFF = "\x1b[>1u", "\x1b[<u"
_ASK_SYNC = "\x1b[?2026$p"
_SYNC_ON, _SYNC_OFF = "\x1b[?2026h", "\x1b[?2026l"
_ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
_SYNC_WORTH = 256  # bytes of a frame from which synchronised output is worth its own bytes


class TerminalDriver(Driver):
    """Draws frames as cell differences on a POSIX terminal. Use `driver_for` to set the profile."""

    profile: Profile

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._in = sys.__stdin__.fileno() if sys.__stdin__ else 0
        self._out, self._own_out = _open_output()
        self._before: list[Any] | None = None
        self._pending = bytearray()
        self._writing = False
        self._sync = False
        self._active = False
        self._ending = False
        self._reading = False
        self._parser = XTermParser(debug)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._escape_timer: asyncio.TimerHandle | None = None
        width, height = self._terminal_size()
        self.grid = Grid(width, height, colours=self.profile.colours, ascii_only=self.profile.ascii)
        self._behind = False
        self.lost = False
        """True when the terminal is gone: its input ended or its output failed."""

    @property
    def can_suspend(self) -> bool:
        """Suspending by job control works here."""
        return True

    # -- life cycle

    def start_application_mode(self) -> None:
        """Take the terminal over: raw keys, alternate screen, signal handlers."""
        self._install_signals()
        self._enter()

    def disable_input(self) -> None:
        """Stop reading keys; the screen stays."""
        self._stop_reading()

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was found."""
        self._stop_reading()
        self._leave()

    def close(self) -> None:
        """Remove the signal handlers and close what this driver opened."""
        for number in (signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH):
            self._loop.remove_signal_handler(number)
        if not self._ending:
            for number in _ENDING:
                signal.signal(number, signal.SIG_DFL)
        if self._own_out and self._out >= 0:
            os.close(self._out)
            self._out = -1

    def suspend_application_mode(self) -> None:
        """Give the terminal to another program."""
        self._stop_reading()
        self._leave()

    def resume_application_mode(self) -> None:
        """Take the terminal back."""
        self._enter()

    def _enter(self, keep_modes: bool = False) -> None:
        if self._active:
            return
        self._active = True
        found = self._make_raw()
        self._before = self._before if keep_modes else found
        control = _ENTER
        if self.profile.name in ("local", "ssh"):
            control += _KEYS_ON + _ASK_SYNC
        if self.profile.mouse and self._mouse:
            control += _MOUSE_ON
        self._send(control)
        self.grid.invalidate()
        self._start_reading()
        self._announce_size()

    def _leave(self) -> None:
        if not self._active:
            return
        self._active = False
        self._loop.remove_writer(self._out)
        self._writing = False
        control = _MOUSE_OFF if self.profile.mouse and self._mouse else ""
        if self.profile.name in ("local", "ssh"):
            control += _KEYS_OFF
        self._pending += (control + _LEAVE).encode()
        self._drain(DRAIN_LIMIT)
        self._restore_modes()

    def _make_raw(self) -> list[Any] | None:
        try:
            before = termios.tcgetattr(self._in)
            raw = termios.tcgetattr(self._in)
            raw[tty.LFLAG] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
            raw[tty.IFLAG] &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
            raw[tty.CC][termios.VMIN] = 1
            raw[tty.CC][termios.VTIME] = 0
            _set_modes(self._in, raw)
        except termios.error:
            return None
        return before

    def _restore_modes(self) -> None:
        if self._before is not None:
            try:
                termios.tcflush(self._in, termios.TCIFLUSH)
                _set_modes(self._in, self._before)
            except termios.error:
                pass

    # -- signals

    def _install_signals(self) -> None:
        # Not handlers of the loop: these must work while the loop is busy with something that never returns.
        for number in _ENDING:
            signal.signal(number, lambda number, _frame: self._end(128 + number))
        add = self._loop.add_signal_handler
        add(signal.SIGTSTP, self._stop)
        add(signal.SIGCONT, self._continue)
        add(signal.SIGWINCH, self._announce_size)

    def _end(self, code: int) -> None:
        """Leave the app cleanly, or without its help after EXIT_LIMIT seconds."""
        if self._ending:
            return
        self._ending = True
        limit = threading.Timer(EXIT_LIMIT, self._end_now, (code,))
        limit.daemon = True
        limit.start()
        self._loop.call_soon_threadsafe(lambda: self._app.exit(return_code=code))

    def _end_now(self, code: int) -> None:
        """From another thread, when the loop did not end in time: restore what can be restored and go."""
        with suppress(OSError):
            os.write(self._out, (_MOUSE_OFF + _KEYS_OFF + _LEAVE).encode())
        self._restore_modes()
        os._exit(code)

    def _stop(self) -> None:
        """Stop the whole job, so that a shell or `make` around it notices; runs on when continued.

        The kernel ignores the signal for a job without a shell to continue it.
        """
        self.suspend_application_mode()
        self._loop.remove_signal_handler(signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(0, signal.SIGTSTP)
        self._loop.add_signal_handler(signal.SIGTSTP, self._stop)
        self._continue()

    def _continue(self) -> None:
        """Continued, perhaps after a stop nobody announced: whoever had the terminal may have changed it."""
        was_active, self._active = self._active, False
        self._stop_reading()
        self._enter(keep_modes=was_active)
        self.write_frame()
        self._app.post_message(self.SignalResume())

    # -- size

    def _terminal_size(self) -> tuple[int, int]:
        try:
            size = os.get_terminal_size(self._out)
        except OSError:
            return self._size or (80, 24)
        return max(size.columns, 1) or 80, max(size.lines, 1) or 24

    def _announce_size(self) -> None:
        width, height = self._terminal_size()
        if (width, height) != (self.grid.width, self.grid.height):
            self.grid.resize(width, height)
        size = Size(width, height)
        self._app.post_message(events.Resize(size, size))

    # -- input

    def _start_reading(self) -> None:
        if not self._reading:
            self._reading = True
            self._loop.add_reader(self._in, self._read)

    def _stop_reading(self) -> None:
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._in)

    def _read(self) -> None:
        try:
            data = os.read(self._in, 4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lose()
            return
        text = self._decode(data)
        if text:
            self._dispatch(self._parser.feed(text))
        self._arm_escape()

    def _arm_escape(self) -> None:
        """A lone ESC becomes the Escape key when nothing follows in time; a timer runs only while one waits."""
        if self._escape_timer is not None:
            self._escape_timer.cancel()
            self._escape_timer = None
        if self._parser._timeout_time is not None:
            self._escape_timer = self._loop.call_later(constants.ESCAPE_DELAY + 0.005, self._escape_due)

    def _escape_due(self) -> None:
        self._escape_timer = None
        self._dispatch(self._parser.tick())

    def _dispatch(self, tokens: Any) -> None:
        for message in tokens:
            if isinstance(message, messages.TerminalSupportsSynchronizedOutput):
                self._sync = True
            elif not isinstance(message, messages.InBandWindowResize):
                self.process_message(message)

    def send_message(self, message: Message) -> None:
        """Hand a message to the app; the driver is always on the app's own thread."""
        self._app.post_message(message)

    def _lose(self) -> None:
        """The terminal is gone: stop touching it and end."""
        self.lost = True
        self._stop_reading()
        self._loop.remove_writer(self._out)
        self._writing = False
        self._pending.clear()
        self._end(128 + signal.SIGHUP)

    # -- output

    def write(self, data: str) -> None:
        """Send text that is not a frame: the bell, the clipboard. Frames come through `draw`."""
        if self._active:
            self._send(data)

    def draw(self, update: CompositorUpdate) -> None:
        """Take a frame of Textual's compositor and send what changed, at once or when the terminal reads again."""
        put_update(self.grid, update)
        self.write_frame()

    def write_frame(self) -> None:
        """Send the difference to what was last sent; while bytes wait, only remember that one is due."""
        if not self._active or self.lost:
            return
        if self._pending:
            self._behind = True
            return
        self._behind = False
        frame = self.grid.emit()
        if frame:
            if self._sync and len(frame) >= _SYNC_WORTH:
                frame = _SYNC_ON + frame + _SYNC_OFF
            self._send(frame)

    def _send(self, data: str) -> None:
        if self.lost:
            return
        self._pending += data.encode("utf-8", "replace")
        if not self._writing:
            self._write_some()

    def _write_some(self) -> None:
        """Write until all is out or the terminal takes no more; never blocks."""
        try:
            while self._pending and _takes_bytes(self._out):
                chunk = bytes(self._pending[: 65536 if self._own_out else 256])
                del self._pending[: os.write(self._out, chunk)]
        except BlockingIOError:
            pass
        except OSError as error:
            if error.errno != errno.EINTR:
                self._lose()
                return
        if bool(self._pending) != self._writing:
            self._writing = bool(self._pending)
            if self._writing:
                self._loop.add_writer(self._out, self._write_some)
            else:
                self._loop.remove_writer(self._out)
        if self._behind and not self._pending:
            self.write_frame()

    def _drain(self, limit: float) -> None:
        """Write what waits, for at most `limit` seconds; used only while leaving."""
        deadline = self._loop.time() + limit
        try:
            while self._pending and (left := deadline - self._loop.time()) > 0:
                if select.select([], [self._out], [], left)[1]:
                    del self._pending[: os.write(self._out, bytes(self._pending[:256]))]
        except OSError:
            pass
        self._pending.clear()


def driver_for(profile: Profile) -> type[TerminalDriver]:
    """The driver class for one profile, as Textual's `driver_class` wants it."""
    return type("ProfiledDriver", (TerminalDriver,), {"profile": profile})


class DrawnApp(App[int]):
    """An app whose frames go to the driver as cells instead of as text; other drivers get them as ever."""

    def _display(self, screen: Any, renderable: Any) -> None:
        driver = self._driver
        if not isinstance(driver, TerminalDriver):
            super()._display(screen, renderable)
        elif (
            isinstance(renderable, CompositorUpdate)
            and self._running
            and not self._closed
            and not self._batch_count
        ):
            driver.draw(renderable)


def put_update(grid: Grid, update: CompositorUpdate) -> None:
    """Put a frame of Textual's compositor into cells."""
    if isinstance(update, LayoutUpdate):
        _put_layout(grid, update)
    elif isinstance(update, ChopsUpdate):
        _put_chops(grid, update)


def _put_layout(grid: Grid, update: LayoutUpdate) -> None:
    for y, line in enumerate(update.strips, update.region.y):
        x = update.region.x
        for strip in line:
            grid.put(x, y, strip)
            x += strip.cell_length


def _put_chops(grid: Grid, update: ChopsUpdate) -> None:
    for y, start, stop in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x <= stop and end > start:
                grid.put(x, y, strip, min(end, stop))


def _open_output() -> tuple[int, bool]:
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


def _set_modes(descriptor: int, modes: list[Any]) -> None:
    """tcsetattr that survives being stopped in the background and continued."""
    while True:
        try:
            termios.tcsetattr(descriptor, termios.TCSANOW, modes)
            return
        except termios.error as error:
            if error.args[0] != errno.EINTR:
                raise
