"""How much the tests notice: change one small thing at a time, run the tests that run that line, see if any fails.

`python -m tests.mutants --sample 200 --seed 2`. All of it happens in a copy of the tree. What survives is printed with
its line and its change; a line that no test runs survives by itself. A mutant hangs when its tests do not end in a
time in which they end twice without it, however busy the machine is. Each is judged in a fork of a pytest that has
collected the tests, or in a new one where it changes what importing the program does.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from random import Random
from typing import Any

from .forks import Forks
from .mutations import Mutant, of_package, one_a_line, probed
from .tracing import NOTED, told_by_others

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "edgetui/__init__.py"
LEFT_OUT = ("edgetui/demo/",)
USUAL_TESTS = (
    "tests/unit",
    "tests/ui",
    *(
        f"tests/terminal/test_{name}.py"
        for name in (
            "ack_clock",
            "ack_traces",
            "cells",
            "driver",
            "input",
            "lent",
            "output",
            "profile",
            "scrolling",
            "seam",
            "way_out",
        )
    ),
)
PYTEST = (sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider")
MOST_TESTS, LONGEST_NAME = 400, 300  # so that a command line holds them
KILLED, HUNG, SURVIVED, NOT_RUN = "killed", "hung", "survived", "not run"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    add = result.add_argument
    add("--sample", type=int, default=200, metavar="N", help="how many mutants (200)")
    add("--seed", type=int, default=1, metavar="N", help="which ones (1)")
    add("--only", default="edgetui", metavar="PREFIX", help="of files that begin so, such as edgetui/actions")
    add("--tests", nargs="*", default=[*USUAL_TESTS], metavar="PATH", help="the tests that may notice")
    add(
        "--seconds",
        type=float,
        default=20.0,
        metavar="S",
        help="of tests, per mutant, the quickest first (20)",
    )
    add("--limit", type=float, default=60.0, metavar="S", help="after which a mutant may hang (60)")
    add("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="mutants at a time (one per core)")
    add(
        "--map",
        type=Path,
        metavar="FILE",
        help="keep here which tests run which line, of every line; an old one is used again",
    )
    add("--json", type=Path, metavar="FILE", help="write the result here; an interrupted run goes on")
    return result


Runner = Callable[[Sequence[str], float], int | None]
"""Runs tests up to the first that fails: the exit code of pytest, or None after so many seconds."""


class Copy:
    """A copy of what git knows of a tree, to be changed; `forks` judges in it what is no part of an import."""

    forks: Forks | None = None

    def __init__(self, root: Path, place: Path) -> None:
        self.place = place
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=root, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        for name in filter(None, listed.split("\0")):
            if (root / name).is_file():
                target = place / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(root / name, target)

    def collect(self, files: Sequence[str]) -> frozenset[str]:
        """Have the tests of these files ready for `runner`; returns which they are."""
        self.forks = Forks(self.place, files, self._environment())
        return self.forks.tests

    def close(self) -> None:
        """End what waits in it."""
        if self.forks is not None:
            self.forks.close()

    def runner(self, file: str, before: bytes, after: bytes) -> Runner:
        """What runs tests with this change of a file, and without it in the same way."""
        if self.forks is not None and self.forks.takes(file, before, after):
            return partial(self.forks.run, file, before)
        return lambda tests, limit: self.run(["-x", *tests], limit)

    def _environment(self, **variables: str) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(self.place),
            **variables,
        }

    def run(self, arguments: Sequence[str], limit: float, **variables: str) -> int | None:
        """The exit code of pytest in a process of its own; None if it took too long."""
        process = subprocess.Popen(
            [*PYTEST, *arguments],
            cwd=self.place,
            env=self._environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return process.wait(limit)
        except subprocess.TimeoutExpired:
            return None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait()


def tests_of(
    copies: Sequence[Copy], sample: Sequence[Mutant], paths: Sequence[str], kept: Path | None
) -> dict[str, Any]:
    """Which tests come to the probes of the sample, and how long each takes; each copy runs a part of them."""
    if kept is not None and kept.is_file():
        known: dict[str, Any] = json.loads(kept.read_text())
        return known
    parts = shared_out(copies[0].place, paths, len(copies))
    with ThreadPoolExecutor(len(copies)) as workers:
        noted = list(workers.map(lambda copy, part: _noted(copy, sample, part), copies, parts))
    found: dict[str, Any] = {"tests": {}, "seconds": {}, "failed": []}
    for one in noted:
        for probe, tests in one["tests"].items():
            found["tests"][probe] = [*found["tests"].get(probe, ()), *tests]
        found["seconds"] |= one["seconds"]
        found["failed"] += one["failed"]
    if kept is not None:
        kept.write_text(json.dumps(found))
    return found


def shared_out(place: Path, paths: Sequence[str], parts: int) -> list[list[str]]:
    """The test files in parts that are about as large, the largest files first."""
    files = {
        file
        for path in paths
        for file in ([place / path] if path.endswith(".py") else (place / path).rglob("test_*.py"))
    }
    made: list[tuple[int, list[str]]] = [(0, []) for _ in range(parts)]
    for file in sorted(files, key=lambda one: (-one.stat().st_size, one)):
        size, part = min(made, key=lambda one: one[0])
        made[made.index((size, part))] = (
            size + file.stat().st_size,
            [*part, file.relative_to(place).as_posix()],
        )
    return [part for _, part in made]


def _noted(copy: Copy, sample: Sequence[Mutant], files: Sequence[str]) -> dict[str, Any]:
    noted = copy.place / "noted.json"
    sources = {file: (copy.place / file).read_bytes() for file in {PACKAGE, *(one.file for one in sample)}}
    for file, source in sources.items():
        (copy.place / file).write_bytes(probed(source, [one for one in sample if one.file == file]))
    with (copy.place / PACKAGE).open("a") as text:
        text.write(told_by_others(str(noted)))
    if files:
        copy.run(["-p", "tests.mutants.tracing", *files], 7200.0, **{NOTED: str(noted)})
    for file, source in sources.items():
        (copy.place / file).write_bytes(source)
    found: dict[str, Any] = {"tests": {}, "seconds": {}, "failed": []}
    return found | (json.loads(noted.read_text()) if files else {})


def fate(copy: Copy, mutant: Mutant, tests: Sequence[str], limit: float) -> str:
    """What becomes of one mutant."""
    if not tests:
        return NOT_RUN
    file = copy.place / mutant.file
    source = file.read_bytes()
    mutated = mutant.applied(source)
    run = copy.runner(mutant.file, source, mutated)
    while True:
        try:
            file.write_bytes(mutated)
            code = run(tests, limit)
        finally:
            file.write_bytes(source)
        if code is not None:
            return SURVIVED if code == 0 else KILLED
        if run(tests, limit / 2) is not None:
            return HUNG
        limit *= 2


def chosen_tests(found: dict[str, Any], mutant: Mutant, seconds: float) -> list[str]:
    """The tests that run the line, as long as they fit into the time: the module's own first, quick ones first."""
    took, left = found["seconds"], seconds
    chosen: list[str] = []
    own = f"/test_{Path(mutant.file).stem}.py::"
    for test in sorted(found["tests"].get(mutant.asked, ()), key=lambda one: (own not in one, took[one])):
        left -= took[test]
        if chosen and left < 0:
            break
        chosen.append(test)
    return [test for test in chosen if len(test) < LONGEST_NAME][:MOST_TESTS]


def collected(copies: Sequence[Copy], chosen: Sequence[Sequence[str]]) -> list[list[str]]:
    """Have each copy collect the tests chosen for the mutants; those of them that are still in its files."""
    files = {test.partition("::")[0] for tests in chosen for test in tests}
    there = sorted(file for file in files if (copies[0].place / file).is_file())
    if not there:
        return [[] for _ in chosen]
    with ThreadPoolExecutor(len(copies)) as workers:
        known = frozenset.intersection(*workers.map(lambda copy: copy.collect(there), copies))
    return [[test for test in tests if test in known] for tests in chosen]


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Run, and say what survived."""
    options = parser().parse_args(arguments)
    everything = [one for one in of_package(root, "edgetui", LEFT_OUT) if one.file.startswith(options.only)]
    Random(options.seed).shuffle(everything)
    sample = sorted(one_a_line(root, everything, options.sample), key=lambda one: (one.file, one.line))
    print(f"{len(sample)} of {len(everything)} mutants, seed {options.seed}", flush=True)
    fates: dict[str, list[Mutant]] = {KILLED: [], HUNG: [], SURVIVED: [], NOT_RUN: []}
    before = _read(options.json, options.seed)
    with tempfile.TemporaryDirectory(prefix="edgetui-mutants-") as directory:
        copies: SimpleQueue[Copy] = SimpleQueue()
        made = [Copy(root, Path(directory, str(number))) for number in range(options.jobs)]
        asked = sample if options.map is None else of_package(root, "edgetui", LEFT_OUT)
        found = tests_of(made, asked, options.tests, options.map)
        chosen = collected(made, [chosen_tests(found, mutant, options.seconds) for mutant in sample])
        for one in made:
            copies.put(one)

        def judged(mutant: Mutant, tests: Sequence[str]) -> tuple[str, float]:
            if known := before.get(json.dumps(mutant.told())):
                return known, 0.0
            copy, began = copies.get(), time.monotonic()
            what = fate(copy, mutant, tests, options.limit)
            copies.put(copy)
            return what, time.monotonic() - began

        with contextlib.ExitStack() as ends, ThreadPoolExecutor(options.jobs) as workers:
            for one in made:
                ends.callback(one.close)
            for number, (mutant, (what, took)) in enumerate(
                zip(sample, workers.map(judged, sample, chosen), strict=True), 1
            ):
                fates[what].append(mutant)
                print(
                    f"{number:>4}  {what:<8} {took:4.0f} s  {mutant.file}:{mutant.line} {mutant.what}",
                    flush=True,
                )
                if what in (SURVIVED, NOT_RUN):
                    print(mutant.diff((root / mutant.file).read_bytes()), flush=True)
                _write(options.json, fates, options.seed)
    print(", ".join(f"{len(of_it)} {what}" for what, of_it in fates.items()))
    return 0


def _read(file: Path | None, seed: int) -> dict[str, str]:
    """What an interrupted run of the same seed found."""
    found = json.loads(file.read_text()) if file is not None and file.is_file() else {}
    if found.get("seed") != seed:
        return {}
    return {json.dumps(one): what for what in (KILLED, HUNG, SURVIVED, NOT_RUN) for one in found[what]}


def _write(file: Path | None, fates: dict[str, list[Mutant]], seed: int) -> None:
    if file is not None:
        document = {"seed": seed, **{what: [one.told() for one in of_it] for what, of_it in fates.items()}}
        file.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
