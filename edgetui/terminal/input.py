"""Keys from the terminal: read on the event loop, decoded, and a lone ESC told from the start of a sequence.

The terminal's answers to status requests come between the keys, at any time and in pieces; none gets into the app.
"""

from __future__ import annotations

import asyncio
import codecs
import os
import re
import select
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress

from textual import constants
from textual.message import Message

from .textual_seam import KeyParser

_ANSWER = re.compile(rb"\x1b\[[03]n")
_PERHAPS_ANSWER = re.compile(rb"\x1b(?:\[[03]?)?\Z")


class Input:
    """The way in: `take` gets every message, `answered` hears of every answer, `lost` of the end of the terminal."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        take: Callable[[Message], None],
        answered: Callable[[], None],
        lost: Callable[[], None],
        debug: bool = False,
    ) -> None:
        self.descriptor = sys.__stdin__.fileno() if sys.__stdin__ else 0
        self._loop = loop
        self._take = take
        self._answered = answered
        self._lost = lost
        self._parser = KeyParser(debug)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._held = b""
        self._reading = False
        self._escape_timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Read keys as they come."""
        if not self._reading:
            self._reading = True
            self._loop.add_reader(self.descriptor, self._read)

    def stop(self) -> None:
        """Leave what comes to others."""
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self.descriptor)

    def hear_out(self, limit: float, done: Callable[[], bool]) -> None:
        """Take answers and drop keys until `done`, for at most `limit` seconds; used only while leaving."""
        deadline = self._loop.time() + limit
        with suppress(OSError):
            while not done() and (left := deadline - self._loop.time()) > 0:
                if select.select([self.descriptor], [], [], left)[0]:
                    data = os.read(self.descriptor, 4096)
                    if not data:
                        return
                    self._without_answers(data)

    def _read(self) -> None:
        try:
            data = os.read(self.descriptor, 4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lost()
            return
        self._feed(self._without_answers(data))
        self._arm_escape()

    def _without_answers(self, data: bytes) -> bytes:
        """The keys in `data`; what may be the beginning of an answer is held back until more comes, or nothing."""
        data, count = _ANSWER.subn(b"", self._held + data)
        begun = _PERHAPS_ANSWER.search(data)
        self._held = begun[0] if begun else b""
        for _ in range(count):
            self._answered()
        return data.removesuffix(self._held)

    def _feed(self, data: bytes) -> None:
        text = self._decode(data)
        if text:
            self._dispatch(self._parser.feed(text))

    def _arm_escape(self) -> None:
        """A lone ESC becomes the Escape key when nothing follows in time; a timer runs only while one waits."""
        if self._escape_timer is not None:
            self._escape_timer.cancel()
            self._escape_timer = None
        if self._held or self._parser.waiting:
            self._escape_timer = self._loop.call_later(constants.ESCAPE_DELAY, self._escape_due)

    def _escape_due(self) -> None:
        self._escape_timer = None
        held, self._held = self._held, b""
        self._feed(held)
        self._dispatch(self._parser.nothing_follows())

    def _dispatch(self, found: Iterable[Message]) -> None:
        for message in found:
            self._take(message)
