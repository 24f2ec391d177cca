"""A terminal behind a slow link: every byte to and from the program takes its time, and what waits is buffered."""

from __future__ import annotations

import os
import select
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .ptyapp import KEYS, STATUS_ANSWER, PtyApp

BUFFER = 64 * 1024
"""Bytes that kernels and sshd keep on the way before the program itself has to wait."""

SLICE = 0.01
"""Seconds' worth of bytes that arrive together."""


@dataclass(frozen=True)
class Link:
    """`rate` in bytes/s both ways, `round_trip` in seconds without any queue."""

    name: str
    rate: float
    round_trip: float


class Direction:
    """Bytes on their way to one end."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._free_at = 0.0
        self._under_way: deque[tuple[float, bytes]] = deque()
        self.size = 0
        self.last_at = 0.0
        """When the last byte that arrived did so."""

    def put(self, data: bytes) -> None:
        """Bytes enter the link."""
        step = max(int(self._link.rate * SLICE), 1)
        for start in range(0, len(data), step):
            piece = data[start : start + step]
            self._free_at = max(self._free_at, time.monotonic()) + len(piece) / self._link.rate
            self._under_way.append((self._free_at + self._link.round_trip / 2, piece))
        self.size += len(data)

    def arrived(self) -> bytes:
        """Bytes that are through by now."""
        found = b""
        while self._under_way and self._under_way[0][0] <= time.monotonic():
            self.last_at, piece = self._under_way.popleft()
            found += piece
        self.size -= len(found)
        return found

    def next_in(self) -> float:
        """Seconds until something arrives."""
        return max(self._under_way[0][0] - time.monotonic(), 0) if self._under_way else 1.0


class FarTerminal(PtyApp):
    """A program on a terminal at the far end of `link`."""

    def __init__(self, command: Sequence[str], link: Link, *, cwd: Path, env: dict[str, str]) -> None:
        self._down, self._up = Direction(link), Direction(link)
        super().__init__(command, cwd=cwd, env=env)

    @property
    def quiet_link(self) -> bool:
        """Whether nothing is on its way to the far end."""
        return not self._down.size

    @property
    def drawn_at(self) -> float:
        """When what the screen shows had come; what the screen itself takes to draw it is not in it."""
        return self._down.last_at

    def press(self, key: str) -> None:
        """A key is pressed at the far end."""
        self._up.put(KEYS.get(key, key.encode()))

    def answer(self) -> None:
        """The terminal's answers go the way of the keys."""
        self._up.put(STATUS_ANSWER * self.unanswered)
        self.unanswered = 0

    def pump(self, seconds: float, fact: Callable[[], object] = bool) -> bool:
        """Let bytes move for `seconds`, or until `fact` holds at the far end; whether it does."""
        deadline = time.monotonic() + seconds
        while not fact():
            if (left := deadline - time.monotonic()) <= 0:
                return False
            self._move(min(self._down.next_in(), self._up.next_in(), left))
        return True

    def _move(self, wait: float) -> None:
        """Take what the program writes within `wait` seconds, and deliver at both ends what is through."""
        while self._down.size < BUFFER and select.select([self.master], [], [], wait)[0]:
            data = os.read(self.master, 4096)
            self.bytes_out += len(data)
            self._down.put(data)
            wait = 0
        if self._down.size >= BUFFER:
            time.sleep(wait)
        if typed := self._up.arrived():
            os.write(self.master, typed)
        if drawn := self._down.arrived():
            self._feed(drawn)
