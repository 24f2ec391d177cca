"""From a key to its picture: walk a table at the far end of a link, and time when each next row has the cursor."""

from __future__ import annotations

import math
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tests.terminal.slow_link import FarTerminal, Link

ROOT = Path(__file__).resolve().parents[2]

OPEN_LIMIT = 90.0
LIMIT = 5.0
"""Seconds after which a picture is not waited for; it counts as this long."""

GIVE_UP = 5
"""Pictures that stay away one after the other until no more keys are pressed."""

WARM = 4.0
"""Seconds before the first key: each program has put its start aside by then."""

PAUSES = (0.05, 0.3)
SPREAD = (6, 30, 55)
"""Columns that must all have the look of the cursor's line."""

ECHO = """
import os, tty
tty.setraw(0)
os.write(1, b"ready")
while True:
    os.write(1, b"\\r\\x1b[K" + os.read(0, 64))
"""
"""A program that shows the key and nothing else."""

NAME = re.compile(r"\bjob-\d{5}\b")


class Run(NamedTuple):
    """One program (`tests.bench.tables`), what happens in it, and the keys."""

    program: str
    lines: range
    """The lines of the screen that hold rows."""
    link: Link
    profile: str
    flush: float
    pods: int
    per_second: int
    keys: int


class Found(NamedTuple):
    """Times (s) from each key to its picture, in order; LIMIT where it did not come, which `unpainted` counts.

    `opened` is the time to the first rows, None when they did not come. Processor time is in percent of a core while
    keys were pressed, for the program and for the terminal at the far end, which must not be what is measured.
    `waited_ms_per_s` is the time for which the program was ready to run and others had the processors.
    """

    opened: float | None
    times: tuple[float, ...] = ()
    unpainted: int = 0
    terminal_bytes_per_s: float = 0.0
    cpu_percent: float = 0.0
    far_end_cpu_percent: float = 0.0
    waited_ms_per_s: float = 0.0

    def percentile(self, share: float) -> float:
        """The time that this share of the keys does not exceed."""
        return sorted(self.times)[math.ceil(share * len(self.times)) - 1]

    def words(self) -> str:
        """p50, p99 and the slowest, for a table."""
        if self.opened is None:
            return f"no rows after {OPEN_LIMIT:.0f} s"
        three = [self.percentile(0.5), self.percentile(0.99), max(self.times)]
        keys = f"{len(self.times)} keys" + (f", {self.unpainted} without a picture" if self.unpainted else "")
        return f"{' / '.join(map(duration, three))} ({keys})"

    def as_json(self) -> dict[str, object]:
        """For the result file; times in milliseconds."""
        document: dict[str, object] = {"opened_s": self.opened and round(self.opened, 2)}
        if self.times:
            document |= {
                "p50_ms": round(self.percentile(0.5) * 1000, 1),
                "p99_ms": round(self.percentile(0.99) * 1000, 1),
                "slowest_ms": round(max(self.times) * 1000, 1),
                "keys": len(self.times),
                f"unpainted_in_{LIMIT:.0f}_s": self.unpainted,
                "terminal_bytes_per_s": round(self.terminal_bytes_per_s),
                "cpu_percent": round(self.cpu_percent, 1),
                "far_end_cpu_percent": round(self.far_end_cpu_percent, 1),
                "waited_ms_per_s": round(self.waited_ms_per_s, 1),
            }
        return document


def duration(seconds: float) -> str:
    """A time for a person."""
    if seconds >= LIMIT:
        return f"> {LIMIT:.0f} s"
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.1f} ms" if seconds < 0.01 else f"{seconds * 1000:.0f} ms"


def measure(run: Run) -> Found:
    """Start the program, wait until it stands, and walk down and up its first screenful."""
    env = {"SSH_TTY": "/dev/pts/9", "EDGETUI_PROFILE": run.profile}
    command = [sys.executable, "-m", "tests.bench.tables", run.program, str(run.per_second), str(run.pods)]
    with FarTerminal([*command, str(run.flush)], run.link, cwd=ROOT, env=env) as app:
        opened = opening(app, run)
        if opened is None:
            return Found(None)
        app.pump(WARM)
        names = [NAME.search(app.screen.display[y]) for y in run.lines]
        rows = [found[0] for found in names if found]
        sent, cpu, waited = app.bytes_out, app.cpu_seconds(), waiting(app.pid)
        own, began = time.process_time(), time.monotonic()
        times, unpainted = walk(app, run, rows)
        took = time.monotonic() - began
        return Found(
            opened,
            tuple(times),
            unpainted,
            (app.bytes_out - sent) / took,
            (app.cpu_seconds() - cpu) / took * 100,
            (time.process_time() - own) / took * 100,
            (waiting(app.pid) - waited) / took * 1000,
        )


def waiting(pid: int) -> float:
    """Seconds for which a process has waited for a processor so far."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


def echo(link: Link, keys: int) -> Found:
    """The same for a program that only shows which key was pressed: as much of each time is machine and link."""
    chosen = random.Random(2)
    times = []
    with FarTerminal([sys.executable, "-c", ECHO], link, cwd=ROOT, env={}) as app:
        app.pump(OPEN_LIMIT, lambda: "ready" in app.text())
        opened = time.monotonic() - app.started
        for number in range(keys):
            key = "ab"[number % 2]
            pressed = time.monotonic()
            app.press(key)
            shown = app.pump(LIMIT, lambda key=key: app.screen.display[0].startswith(key))  # type: ignore[misc]
            times.append(app.drawn_at - pressed if shown else LIMIT)
            app.pump(chosen.uniform(*PAUSES))
    return Found(opened, tuple(times), times.count(LIMIT))


def opening(app: FarTerminal, run: Run) -> float | None:
    """Seconds until the whole screenful is there; None when it does not come."""
    if run.program == "edgetui":
        app.pump(OPEN_LIMIT, lambda: "2 pods" in app.text())
        app.press("2")
    full = app.pump(OPEN_LIMIT, lambda: all(NAME.search(app.screen.display[y]) for y in run.lines))
    return time.monotonic() - app.started if full else None


def walk(app: FarTerminal, run: Run, rows: Sequence[str]) -> tuple[list[float], int]:
    """The time of each key, and how many pictures did not come. A key is pressed when the last one is painted."""
    chosen = random.Random(2)
    times: list[float] = []
    at, step, lost, missed = 0, 1, 0, 0
    for _ in range(run.keys):
        step = 1 if at == 0 else -1 if at == len(rows) - 1 else step
        at += step
        pressed = time.monotonic()
        app.press("down" if step > 0 else "up")
        if app.pump(LIMIT, partial(has_cursor, app, run.lines, rows[at])):
            times.append(app.drawn_at - pressed)
            missed = 0
        else:
            times.append(LIMIT)
            lost, missed = lost + 1, missed + 1
        if missed == GIVE_UP:
            break
        app.pump(chosen.uniform(*PAUSES))
    return times, lost


def has_cursor(app: FarTerminal, lines: range, name: str) -> bool:
    """Whether the one line that looks unlike the others on all of the columns is that of `name`."""
    buffer = app.screen.buffer
    looks = {y: [(buffer[y][x].bg, buffer[y][x].reverse) for x in SPREAD] for y in lines}
    usual = Counter(map(tuple, looks.values())).most_common(1)[0][0]
    unlike = [y for y, look in looks.items() if all(a != b for a, b in zip(look, usual, strict=True))]
    return len(unlike) == 1 and name in app.screen.display[unlike[0]]
