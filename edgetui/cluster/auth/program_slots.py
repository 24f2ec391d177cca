"""How many helper programs work at the same time: a few, however many wait for a person or for the network.

Fifty clusters with one credential plugin each would start fifty interpreters at once. So a program takes a slot to
start, and gives it up as soon as it only waits (nothing of it runs, and it used no CPU time between two looks), or
after LONGEST: programs that hang hold up nobody.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

MOST_WORKING = 8
LONGEST = 5.0
"""Seconds after which a program holds its slot no longer, whatever it does."""
EVERY = 0.1
"""Seconds between two looks at what it does."""

_PROC = Path("/proc")
_slots = threading.BoundedSemaphore(MOST_WORKING)


class Slot:
    """The leave of one program to work; `take` it before it starts, `look` while it runs, `give_up` at its end."""

    def __init__(self) -> None:
        self._held = False
        self._until = self._next = 0.0
        self._used = -1

    @property
    def held(self) -> bool:
        """Whether it still counts."""
        return self._held

    def take(self, seconds: float) -> bool:
        """Wait so long for a slot; whether there was one."""
        self._held = _slots.acquire(timeout=seconds)
        self._until = time.monotonic() + LONGEST
        return self._held

    def look(self, pid: int) -> None:
        """Give the slot up if this program only waits."""
        now = time.monotonic()
        if not self._held or now < self._next:
            return
        self._next = now + EVERY
        used = cpu_ticks(pid)
        if used == self._used or now >= self._until:
            self.give_up()
        self._used = -1 if used is None else used

    def give_up(self) -> None:
        """Let another program work; harmless when repeated."""
        if self._held:
            self._held = False
            _slots.release()


def cpu_ticks(pid: int) -> int | None:
    """The CPU time that a program and what it started have used; None while any of them runs, or is unknown."""
    total, tree = 0, [pid]
    for one in tree:
        try:
            facts = (_PROC / str(one) / "stat").read_text(encoding="utf-8", errors="replace")
            children = (_PROC / str(one) / "task" / str(one) / "children").read_text(encoding="ascii")
        except OSError:
            if one == pid:
                return None
            continue
        fields = facts.rpartition(")")[2].split()
        if fields[0] in "RD":
            return None
        total += sum(int(ticks) for ticks in fields[11:15])
        tree += [int(child) for child in children.split()]
    return total
