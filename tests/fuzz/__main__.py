"""Fuzz what reads bytes from servers: ``python -m tests.fuzz --help``. Every find says how to run it again."""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from collections.abc import Sequence

from edgetui.heap import give_back_blocks

from . import guided
from .campaign import Find, campaign, once
from .catalogue import TARGETS

MILLION = 1_000_000


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    result.add_argument(
        "targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all by default"
    )
    result.add_argument(
        "--runs", type=int, default=MILLION, metavar="N", help="inputs of each target (1000000)"
    )
    result.add_argument("--seed", type=int, default=None, metavar="N", help="a fresh one by default")
    result.add_argument("--only", type=int, default=None, metavar="RUN", help="repeat one run of a seed")
    result.add_argument(
        "--guided", action="store_true", help="by coverage with atheris, if that is installed (one target)"
    )
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and say what came of it."""
    chosen = parser().parse_args(arguments)
    unknown = set(chosen.targets) - set(TARGETS)
    if unknown:
        parser().error(f"there is no target {', '.join(sorted(unknown))}")
    give_back_blocks()  # as the program does: else the heap's holes grow for as long as this runs
    seed = secrets.randbits(31) if chosen.seed is None else chosen.seed
    names = chosen.targets or list(TARGETS)
    if chosen.guided:
        return guided.run(TARGETS[names[0]], chosen.runs, seed)
    for name in names:
        began = time.monotonic()
        try:
            if chosen.only is not None:
                once(TARGETS[name], seed, chosen.only)
                continue
            done = campaign(TARGETS[name], seed, runs=chosen.runs)
        except Find as find:
            print(f"{name}: {find}")
            if chosen.only is not None:
                raise
            return 1
        took = time.monotonic() - began
        print(
            f"{name}: {done} inputs without a find, seed {seed}, {took:.0f} s, {done / took:.0f} a second",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
