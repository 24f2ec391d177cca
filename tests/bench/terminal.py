"""`python -m tests.bench.terminal`: from a key to its picture over slow links, beside stock Textual in the same run."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from typing import NamedTuple

from tests.terminal.slow_link import Link

from .keys import ROOT, Found, Run, echo, measure
from .tables import VISIBLE

RESULTS = ROOT / "tests" / "bench" / "results"


class Setting(NamedTuple):
    """A link, and what is on the screen behind it.

    `profile` is what edgetui is told, nothing where it has to find out. `flush` is how long (s) stock's author collects
    changes there: as long as edgetui does.
    """

    link: Link
    profile: str = ""
    flush: float = 0.1
    rates: tuple[int, ...] = (0, 100)
    pods: int = 1000
    keys: int = 25


SETTINGS = (
    Setting(Link("local", 100_000_000, 0.0), "local", rates=(0, 100, 1000), pods=10_000, keys=100),
    Setting(Link("9600 baud", 960, 0.005), "serial", 0.5),
    Setting(Link("64 kbit/s, 300 ms", 8_000, 0.3), flush=0.5),
    Setting(Link("512 kbit/s, 150 ms", 64_000, 0.15)),
)
PROGRAMS = {"edgetui": range(3, 3 + VISIBLE), "stock": range(1, 1 + VISIBLE)}
"""The lines of the screen that are walked."""
ECHO = "nothing but an echo"


def main() -> int:
    """Measure every program on every link, print both beside each other and write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.terminal", description=__doc__)
    parser.add_argument("--keys", type=int, help="keys of each run (100 locally, 25 over a slow link)")
    parser.add_argument("--only", default="", choices=["", *PROGRAMS])
    parser.add_argument("--link", default="", help="a word of a link's name; `kbit` means two of them")
    given = parser.parse_args()
    programs = [program for program in PROGRAMS if given.only in ("", program)]
    print("from a key to its picture, p50 / p99 / slowest; about eight minutes for all links\n")
    print(f"| link | pods | changes a second | {' | '.join([*programs, ECHO])} |")
    print(f"|---|---:|---:|{'---|' * (len(programs) + 1)}")
    figures = []
    waited = 0.0
    for setting in [setting for setting in SETTINGS if given.link in setting.link.name]:
        for rate in setting.rates:
            about = {"link": setting.link.name, "pods": setting.pods, "changes_per_s": rate}
            print(f"| {setting.link.name} | {setting.pods:,} | {rate:,} |", end="", flush=True)
            for program in programs:
                found = one(program, setting, rate, given.keys or setting.keys)
                figures.append({**about, "program": program, **found.as_json()})
                waited = max(waited, found.waited_ms_per_s)
                print(f" {found.words()} |", end="", flush=True)
            words = ""
            if rate == 0:
                floor = echo(setting.link, given.keys or setting.keys)
                figures.append({"link": setting.link.name, "program": ECHO, **floor.as_json()})
                words = floor.words()
            print(f" {words} |", flush=True)
    print(
        f"\nA program waited for a processor for up to {waited:.0f} ms of a second: that much others had the machine."
    )
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / "terminal.json"
    machine = {"python": platform.python_version(), "size": "80x24"}
    file.write_text(json.dumps({"setting": machine, "figures": figures}, indent=2) + "\n")
    print(f"written to {file.relative_to(ROOT)}")
    return 0


def one(program: str, setting: Setting, rate: int, keys: int) -> Found:
    """One program behind one link at one rate of changes."""
    return measure(
        Run(
            program,
            PROGRAMS[program],
            setting.link,
            setting.profile,
            setting.flush,
            setting.pods,
            rate,
            keys,
        )
    )


if __name__ == "__main__":
    sys.exit(main())
