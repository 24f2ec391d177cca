"""`python -m tests.bench.terminal`: from a key to its picture over slow links, beside stock Textual in the same run."""

from __future__ import annotations

import argparse
import json
import platform
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from tests.terminal.slow_link import FarTerminal, Link

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(__file__).parent / "results"


class Setting(NamedTuple):
    """A link, and what is on the screen behind it: pods in the table, and how many change a second."""

    link: Link
    rates: tuple[int, ...] = (0, 100)
    pods: int = 1000


SETTINGS = (
    Setting(Link("local", 100_000_000, 0.0), (0, 100, 1000), 10_000),
    Setting(Link("9600 baud", 960, 0.005)),
    Setting(Link("64 kbit/s, 300 ms", 8_000, 0.3)),
    Setting(Link("512 kbit/s, 150 ms", 64_000, 0.15)),
)
PROFILES = {"9600 baud": "serial", "local": "local"}
PROGRAMS = {"edgetui": range(4, 20), "stock": range(2, 20)}
"""The lines of the screen on which the cursor is looked for."""

OPEN_LIMIT = 90.0
KEY_LIMIT = 15.0
SPREAD = (6, 30, 55)
"""Columns that must all have the look of the cursor's line before a key counts as painted."""


def cursor_line(app: FarTerminal, lines: range) -> int:
    """The line that looks unlike the others on every one of the columns; -1 while there is none."""
    screen = app.screen
    looks = [[(cell.bg, cell.reverse) for x in SPREAD for cell in [screen.buffer[y][x]]] for y in lines]
    usual = Counter(map(tuple, looks)).most_common(1)[0][0]
    found = [
        y
        for y, look in zip(lines, looks, strict=True)
        if all(a != b for a, b in zip(look, usual, strict=True))
    ]
    return found[0] if len(found) == 1 else -1


def measure(program: str, setting: Setting, per_second: int, keys: int) -> dict[str, object]:
    """Times (s) from a key to its picture; empty when the screen did not open, or a key was not painted in time."""
    link, lines = setting.link, PROGRAMS[program]
    env = {"SSH_TTY": "/dev/pts/9", "EDGETUI_PROFILE": PROFILES.get(link.name, "")}
    command = [sys.executable, "-m", "tests.bench.tables", program, str(per_second), str(setting.pods)]
    chosen = random.Random(2)
    times: list[float] = []
    lost = 0
    with FarTerminal(command, link, cwd=ROOT, env=env) as app:
        began = time.monotonic()
        if program == "edgetui":
            app.pump(OPEN_LIMIT, lambda: "2 pods" in app.text())
            app.press("2")
        opened = app.pump(OPEN_LIMIT, lambda: "job-00049" in app.text() or "job-00010" in app.text())
        opening = time.monotonic() - began
        app.pump(3.0)
        app.pump(OPEN_LIMIT if per_second == 0 else 0, lambda: app.quiet_link)
        app.press("down")
        app.press("down")
        app.pump(3.0)
        before = app.bytes_out
        app.pump(3.0)
        rate = (app.bytes_out - before) / 3.0
        at = cursor_line(app, lines)
        for number in range(keys if opened and at >= 0 else 0):
            wanted = at + (1 if number % 2 == 0 else -1)
            pressed = time.monotonic()
            app.press("down" if wanted > at else "up")
            if not app.pump(KEY_LIMIT, lambda wanted=wanted: cursor_line(app, lines) == wanted):  # type: ignore[misc]
                lost += 1
                break
            times.append(time.monotonic() - pressed)
            at = wanted
            app.pump(chosen.uniform(0.1, 0.6))
    open_after = round(opening, 2) if opened else None
    seen = {"cursor_seen": at >= 0}
    return {"opened_s": open_after, "bytes_per_s": round(rate), **seen, **percentiles(times, lost)}


def percentiles(times: list[float], lost: int) -> dict[str, object]:
    """p50, p99 and the number of keys; None where a key was never painted."""
    times = sorted(times)
    if lost:
        return {"p50_s": None, "p99_s": None, "keys": len(times), "unpainted_within_s": KEY_LIMIT}
    if not times:
        return {"p50_s": None, "p99_s": None, "keys": 0}
    return {
        "p50_s": round(times[len(times) // 2], 3),
        "p99_s": round(times[min(int(len(times) * 0.99), len(times) - 1)], 3),
        "keys": len(times),
    }


def main() -> int:
    """Measure every program on every link, print a line for each and write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.terminal", description=__doc__)
    parser.add_argument("--keys", type=int, default=40)
    parser.add_argument("--only", default="", help="edgetui or stock")
    parser.add_argument("--link", default="", help="a word of a link's name")
    given = parser.parse_args()
    figures = []
    for setting in SETTINGS:
        for per_second in setting.rates if given.link in setting.link.name else ():
            for program in PROGRAMS:
                if given.only in ("", program):
                    found = measure(program, setting, per_second, given.keys)
                    about = {"link": setting.link.name, "pods": setting.pods, "changes_per_s": per_second}
                    figures.append({**about, "program": program, **found})
                    print(json.dumps(figures[-1]), flush=True)
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / "terminal.json"
    machine = {"python": platform.python_version(), "size": "80x24"}
    file.write_text(json.dumps({"setting": machine, "figures": figures}, indent=2) + "\n")
    print(f"written to {file.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
