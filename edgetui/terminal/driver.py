"""The terminal driver: input and output on the event loop, without threads, and a life cycle that always ends well.

Textual's own driver spins on an input that ended, leaves the terminal raw after SIGTERM, shows a blank screen
after `fg` and blocks the event loop when the terminal stops reading. Here the input is a reader of the loop,
output goes out when the terminal takes it (a newer screen replaces one that was never sent), and every way to
end restores the terminal, within the app's exit_limit.
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from textual import events
from textual.app import App
from textual.driver import Driver
from textual.geometry import Size
from textual.message import Message

from .ack_clock import REQUEST, AckClock, Drawn
from .cells import Grid
from .input import Input
from .output import Output
from .profile import Profile, fitting
from .textual_seam import EXIT_LIMIT, Borrower, DrawnApp, Frame, SyncSupported, put_update

DRAIN_LIMIT = 0.5
"""Seconds that leaving waits for a terminal that does not read."""

ANSWER_LIMIT = 1.0
"""Seconds that leaving waits at most for an answer of the terminal that is still on its way."""

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[?2004h"
_LEAVE = "\x1b[m\x1b[?2004l\x1b[?7h\x1b[?1049l\x1b[?25h"
_MOUSE_ON, _MOUSE_OFF = "\x1b[?1000h\x1b[?1006h", "\x1b[?1006l\x1b[?1000l"
_KEYS_ON, _KEYS_OFF = "\x1b[>1u", "\x1b[<u"
_ASK_SYNC = "\x1b[?2026$p"
_SYNC_ON, _SYNC_OFF = "\x1b[?2026h", "\x1b[?2026l"
_POINTER_SHAPE = "\x1b]22;"  # comes with every screen and never says anything new
_ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
_SYNC_WORTH = 256  # bytes of a frame from which synchronised output is worth its own bytes


class TerminalDriver(Driver):
    """Draws frames as cell differences on a POSIX terminal. Use `driver_for` to set the profile."""

    profile: Profile

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._input = Input(self._loop, self._take, self._answered, self._lose, debug)
        self._output = Output(self._loop, self._go_on, self._lose)
        self._clock = AckClock(self.profile.rate)
        self._drawn = Drawn(self._clock)
        self.in_use = self.profile
        """The profile that fits the link as it was measured."""
        self._held: asyncio.TimerHandle | None = None
        self._before: list[Any] | None = None
        self._borrower: Borrower | None = None
        self._sync = False
        self._active = False
        self._ending = False
        self._behind = False
        width, height = self._terminal_size()
        self.grid = Grid(width, height, colours=self.profile.colours, ascii_only=self.profile.ascii)
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
        self._input.stop()

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was found."""
        self._take_back()
        self._input.stop()
        self._leave()

    def close(self) -> None:
        """Remove the signal handlers and close what this driver opened."""
        for number in (signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH):
            self._loop.remove_signal_handler(number)
        if not self._ending:
            for number in _ENDING:
                signal.signal(number, signal.SIG_DFL)
        self._output.close()

    def suspend_application_mode(self) -> None:
        """Give the terminal to another program."""
        self._input.stop()
        self._leave()

    def resume_application_mode(self) -> None:
        """Take the terminal back."""
        self._enter()

    @contextmanager
    def lent(self, borrower: Borrower) -> Iterator[None]:
        """The terminal is the borrower's, every key of it, until the end; then the screen is back as it is by then."""
        self.suspend_application_mode()
        self._borrower = borrower
        if borrower.raw:
            tty.setraw(self._input.descriptor, termios.TCSANOW)
        try:
            yield
        finally:
            if self._take_back() and not self._ending:
                self._enter()
                self.write_frame()

    def _take_back(self) -> bool:
        """End the loan, if there is one: the terminal as the screen had left it."""
        borrower, self._borrower = self._borrower, None
        if borrower is not None:
            borrower.put_back()
            self._restore_modes()
        return borrower is not None

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
        self._clock.set_aside()
        self._clock.ask(self._loop.time())
        self._output.send((control + REQUEST).encode())
        self.grid.invalidate()
        self._input.start()
        self._announce_size()

    def _leave(self) -> None:
        if not self._active:
            return
        self._active = False
        control = _MOUSE_OFF if self.profile.mouse and self._mouse else ""
        if self.profile.name in ("local", "ssh"):
            control += _KEYS_OFF
        self._output.leave(control + _LEAVE, DRAIN_LIMIT)
        if self._clock.waiting and not self.lost:
            # An answer that came later would be typed into the shell.
            limit = min(max(2 * self._clock.answer_time, DRAIN_LIMIT), ANSWER_LIMIT)
            self._input.hear_out(limit, lambda: not self._clock.waiting)
        self._restore_modes()

    def _make_raw(self) -> list[Any] | None:
        try:
            before = termios.tcgetattr(self._input.descriptor)
            raw = termios.tcgetattr(self._input.descriptor)
            raw[tty.LFLAG] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
            raw[tty.IFLAG] &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
            raw[tty.CC][termios.VMIN] = 1
            raw[tty.CC][termios.VTIME] = 0
            _set_modes(self._input.descriptor, raw)
        except termios.error:
            return None
        return before

    def _restore_modes(self) -> None:
        if self._before is not None:
            try:
                termios.tcflush(self._input.descriptor, termios.TCIFLUSH)
                _set_modes(self._input.descriptor, self._before)
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
        """Leave the app cleanly, or without its help where that takes too long, whatever the program is doing."""
        if self._ending:
            return
        self._ending = True
        longest = getattr(self._app, "exit_limit", EXIT_LIMIT)
        limit = threading.Timer(longest, self._end_now, (code,))
        limit.daemon = True
        limit.start()
        self._loop.call_soon_threadsafe(lambda: self._app.exit(return_code=code))

    def _end_now(self, code: int) -> None:
        """From another thread, when the loop did not end in time: restore what can be restored and go."""
        with suppress(OSError):
            os.write(self._output.descriptor, (_MOUSE_OFF + _KEYS_OFF + _LEAVE).encode())
        self._restore_modes()
        os._exit(code)

    def _stop(self) -> None:
        """Stop the whole job, so that a shell or `make` around it notices; runs on when continued.

        The kernel ignores the signal for a job without a shell to continue it.
        """
        self.suspend_application_mode()
        if self._borrower is not None:
            self._restore_modes()
        self._loop.remove_signal_handler(signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(0, signal.SIGTSTP)
        self._loop.add_signal_handler(signal.SIGTSTP, self._stop)
        self._continue()

    def _continue(self) -> None:
        """Continued, perhaps after a stop nobody announced: whoever had the terminal may have changed it."""
        if self._borrower is not None:
            if self._borrower.raw:
                tty.setraw(self._input.descriptor, termios.TCSANOW)
            self._borrower.resized()
            return
        was_active, self._active = self._active, False
        self._enter(keep_modes=was_active)
        self.write_frame()
        self._app.post_message(self.SignalResume())

    # -- size

    def _terminal_size(self) -> tuple[int, int]:
        try:
            size = os.get_terminal_size(self._output.descriptor)
        except OSError:
            return self._size or (80, 24)
        return size.columns or 80, size.lines or 24  # a serial line says 0 by 0

    def _announce_size(self) -> None:
        width, height = self._terminal_size()
        if (width, height) != (self.grid.width, self.grid.height):
            self.grid.resize(width, height)
        if self._borrower is not None:
            self._borrower.resized()
        size = Size(width, height)
        self._app.post_message(events.Resize(size, size))

    # -- input

    def _take(self, message: Message) -> None:
        if isinstance(message, SyncSupported):
            self._sync = True
        else:
            self.process_message(message)

    def send_message(self, message: Message) -> None:
        """Hand a message to the app; the driver is always on the app's own thread."""
        self._app.post_message(message)

    def _lose(self) -> None:
        """The terminal is gone: stop touching it and end."""
        self.lost = True
        self._input.stop()
        self._output.forget()
        self._end(128 + signal.SIGHUP)

    # -- output

    @property
    def bytes_out(self) -> int:
        """Bytes the terminal has taken since the start."""
        return self._output.bytes_out

    @property
    def round_trip(self) -> float:
        """The shortest time (s) lately in which the terminal answered; 0 while that is not known."""
        return self._clock.round_trip

    @property
    def answer_time(self) -> float:
        """The time (s) in which the terminal answers on average, queues on the way included; 0 if not known."""
        return self._clock.answer_time

    def write(self, data: str) -> None:
        """Send text that is not a frame: the bell, the clipboard. Frames come through `draw`."""
        if self._active and not self.lost and not data.startswith(_POINTER_SHAPE):
            self._send(data)

    def draw(self, frame: Frame) -> None:
        """Take a frame of Textual's compositor and send what changed, at once or when the link has room."""
        put_update(self.grid, frame)
        self.write_frame()

    def when_drawn(self, tell: Callable[[], None]) -> None:
        """Call `tell` once the terminal has drawn everything that is on the screen now."""
        self._drawn.tell_when(tell)
        self._ask_whether_drawn()

    def _ask_whether_drawn(self) -> None:
        """Send the request behind the newest screen, once all of that is on its way."""
        if self._active and not self._behind and not self._output.pending:
            if self._drawn.must_ask(self._loop.time()):
                self._output.send(REQUEST.encode())
            if self._drawn.waiting:
                self._hold()

    def write_frame(self) -> None:
        """Send the difference to what was last sent, as far as the link has room for it; the newest state later."""
        self._behind = self._active and not self.lost
        if not self._behind or self._output.pending:
            return
        room = self._clock.room(self._loop.time())
        if not room:
            self._hold()
            return
        data = self.grid.emit(room)
        self._behind = self.grid.changed
        if self._sync and len(data) >= _SYNC_WORTH:
            data = _SYNC_ON + data + _SYNC_OFF
        if data:
            self._send(data)
        self._ask_whether_drawn()

    def _send(self, text: str) -> None:
        data = text.encode("utf-8", "replace")
        if self._clock.sent(len(data), self._loop.time()):
            data += REQUEST.encode()
        self._output.send(data)

    def _answered(self) -> None:
        self._clock.answered(self._loop.time())
        self._drawn.answered()
        fits = fitting(self.profile, self.in_use, self._clock.round_trip)
        if fits != self.in_use:
            self.in_use = fits
            if isinstance(self._app, DrawnApp):
                self._app.link_changed(fits)
        self._go_on()

    def _go_on(self) -> None:
        """There may be room again for what was held back."""
        if self._held is not None:
            self._held.cancel()
            self._held = None
        if self._behind:
            self.write_frame()
        else:
            self._ask_whether_drawn()

    def _hold(self) -> None:
        if self._held is None:
            self._held = self._loop.call_at(self._clock.wait_until(), self._go_on)


def driver_for(profile: Profile) -> type[TerminalDriver]:
    """The driver class for one profile, as Textual's `driver_class` wants it."""
    return type("ProfiledDriver", (TerminalDriver,), {"profile": profile})


def _set_modes(descriptor: int, modes: list[Any]) -> None:
    """tcsetattr that survives being stopped in the background and continued."""
    while True:
        try:
            termios.tcsetattr(descriptor, termios.TCSANOW, modes)
            return
        except termios.error as error:
            if error.args[0] != errno.EINTR:
                raise
