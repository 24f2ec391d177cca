"""Keys from the terminal: read on the event loop, decoded, and a lone ESC told from the start of a sequence."""

from __future__ import annotations

import asyncio
import codecs
import os
import sys
from collections.abc import Callable, Iterable

from textual import constants
from textual.message import Message

from .textual_seam import KeyParser


class Input:
    """The way in. `take` gets every message, `lost` is called when the terminal is gone."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        take: Callable[[Message], None],
        lost: Callable[[], None],
        debug: bool = False,
    ) -> None:
        self.descriptor = sys.__stdin__.fileno() if sys.__stdin__ else 0
        self._loop = loop
        self._take = take
        self._lost = lost
        self._parser = KeyParser(debug)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
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
        text = self._decode(data)
        if text:
            self._dispatch(self._parser.feed(text))
        self._arm_escape()

    def _arm_escape(self) -> None:
        """A lone ESC becomes the Escape key when nothing follows in time; a timer runs only while one waits."""
        if self._escape_timer is not None:
            self._escape_timer.cancel()
            self._escape_timer = None
        if self._parser.waiting:
            self._escape_timer = self._loop.call_later(constants.ESCAPE_DELAY, self._escape_due)

    def _escape_due(self) -> None:
        self._escape_timer = None
        self._dispatch(self._parser.nothing_follows())

    def _dispatch(self, found: Iterable[Message]) -> None:
        for message in found:
            self._take(message)
