"""Run a target many times, with its promises about memory and work held, and every find repeatable by its numbers."""

from __future__ import annotations

import gc
import signal
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import FrameType

from edgetui.heap import give_back_pages

from .targets import Target

BATCH = 200
LONGEST = 30
"""Seconds of this process's own work that a batch may take before it counts as hanging; it takes a twentieth of one."""
WEIGHED = 250
"""Every so many runs one is weighed."""
WARM = 5000
MOST_GROWTH = 48 * 1024 * 1024
_PAGE = 4096


class Find(Exception):
    """An input for which a promise does not hold; the message says how to run it again."""


class Hang(BaseException):
    """An input that is worked on for too long. No Exception, so that nothing under test can catch it."""


def resident() -> int:
    """Bytes that this process has in memory now."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE


def growth(before: int) -> int:
    """By how many bytes this process has grown; where that is too much, without what is free but not given back."""
    if resident() - before > MOST_GROWTH:
        gc.collect()
        give_back_pages()
    return resident() - before


def dice(seed: int, run: int) -> Random:
    """The Random of one run."""
    return Random((seed << 32) + run)


def once(target: Target, seed: int, run: int) -> None:
    """One run. Raises Find."""
    rng = dice(seed, run)
    data = b""
    try:
        data = target.make(rng)
        target.check(data, rng)
        if run % WEIGHED == 0:
            weigh(target, data, rng)
    except (Exception, Hang) as error:
        again = f"python -m tests.fuzz {target.name} --seed {seed} --only {run}"
        raise Find(f"{again}: {type(error).__name__}: {str(error)[:400]}\n{data[:300]!r}") from error


def weigh(target: Target, data: bytes, rng: Random) -> int:
    """The most memory that this input took at once. Raises AssertionError when that is over the target's bound."""
    tracemalloc.start()
    try:
        target.weigh(data, rng)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= target.least + target.each * len(data), f"{len(data)} bytes took {peak} bytes of memory"
    return peak


def campaign(target: Target, seed: int, *, runs: int | None = None, seconds: float = 0.0) -> int:
    """Run until so many are done, or so much time has passed; returns how many were done. Raises Find."""
    began = time.monotonic()
    done, warm = 0, 0
    with _watchdog():
        while done < runs if runs is not None else time.monotonic() - began < seconds:
            signal.setitimer(signal.ITIMER_PROF, LONGEST)
            for run in range(done, done + (BATCH if runs is None else min(BATCH, runs - done))):
                once(target, seed, run)
            done = run + 1
            if done == WARM:
                warm = resident()
            elif warm and (grown := growth(warm)) > MOST_GROWTH:
                raise Find(f"{target.name}, seed {seed}: memory grew by {grown} bytes in {done} runs")
    return done


@contextmanager
def _watchdog() -> Iterator[None]:
    def bark(number: int, frame: FrameType | None) -> None:
        raise Hang(f"no end after {LONGEST} s")

    before = signal.signal(signal.SIGPROF, bark)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
