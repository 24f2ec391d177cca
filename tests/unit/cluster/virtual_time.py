"""Virtual time: a clock and its timers, moved by hand."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable


class World:
    """Virtual time."""

    def __init__(self, seed: int = 0) -> None:
        self.time = 1000.0
        self.rng = random.Random(seed)
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self._cancelled: set[int] = set()

    def later(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        number = next(self._count)
        heapq.heappush(self._heap, (self.time + seconds, number, call))
        return lambda: self._cancelled.add(number)

    def run(self, seconds: float) -> None:
        """Let this much time pass."""
        end = self.time + seconds
        while self._heap and self._heap[0][0] <= end:
            at, number, call = heapq.heappop(self._heap)
            if number in self._cancelled:
                self._cancelled.discard(number)
                continue
            self.time = max(self.time, at)
            call()
        self.time = end

    def sleep(self, seconds: float) -> None:
        """The machine is suspended: the clock goes on, and every timer is that much later."""
        self.time += seconds
        self._heap = [(at + seconds, number, call) for at, number, call in self._heap]

    def until(self, fact: Callable[[], bool], within: float, step: float = 0.05) -> float:
        """Let time pass until something is true; returns how long it took."""
        began = self.time
        while not fact():
            assert self.time - began < within, f"not within {within} s"
            self.run(step)
        return self.time - began
