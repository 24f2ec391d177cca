"""How much the tests notice: change one small thing at a time, run the tests that run that line, see if any fails.

`python -m tests.mutants --sample 200 --seed 2`. All of it happens in a copy of the tree. What survives is printed with
its line and its change; a line that no test runs survives by itself.
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
from collections.abc import Sequence
from pathlib import Path
from random import Random

from .mutations import Mutant, of_package, one_a_line
from .tracing import ASKED, NOTED

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = ("edgetui/demo/",)
USUAL_TESTS = ("tests/unit", "tests/ui")
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
    add("--limit", type=float, default=60.0, metavar="S", help="after which a mutant hangs (60)")
    add(
        "--map",
        type=Path,
        metavar="FILE",
        help="keep here which tests run which line; an old one is used again",
    )
    add("--json", type=Path, metavar="FILE", help="write the result here; an interrupted run goes on")
    return result


class Copy:
    """A copy of what git knows of a tree, to be changed."""

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

    def run(self, arguments: Sequence[str], limit: float, **variables: str) -> int | None:
        """The exit code of pytest; None if it took too long."""
        environment = {
            **os.environ,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(self.place),
            **variables,
        }
        process = subprocess.Popen(
            [*PYTEST, *arguments],
            cwd=self.place,
            env=environment,
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
    copy: Copy, sample: Sequence[Mutant], paths: Sequence[str], kept: Path | None
) -> dict[str, object]:
    """Which tests run the lines of the sample, and how long each takes."""
    if kept is not None and kept.is_file():
        found: dict[str, object] = json.loads(kept.read_text())
        return found
    lines: dict[str, list[int]] = {}
    for one in sample:
        lines.setdefault(one.file, []).append(one.asked)
    asked, noted = copy.place / "asked.json", copy.place / "noted.json"
    asked.write_text(json.dumps(lines))
    copy.run(["-p", "tests.mutants.tracing", *paths], 3600.0, **{ASKED: str(asked), NOTED: str(noted)})
    if kept is not None:
        shutil.copy(noted, kept)
    found = json.loads(noted.read_text())
    return found


def fate(copy: Copy, mutant: Mutant, tests: Sequence[str], limit: float) -> str:
    """What becomes of one mutant."""
    if not tests:
        return NOT_RUN
    file = copy.place / mutant.file
    source = file.read_bytes()
    try:
        file.write_bytes(mutant.applied(source))
        code = copy.run(["-x", *tests], limit)
    finally:
        file.write_bytes(source)
    return HUNG if code is None else SURVIVED if code == 0 else KILLED


def chosen_tests(found: dict[str, object], mutant: Mutant, seconds: float) -> list[str]:
    """The quickest tests that run the line, as long as they fit into the time."""
    tests, took = found["tests"], found["seconds"]
    assert isinstance(tests, dict)
    assert isinstance(took, dict)
    left, chosen = seconds, []
    for test in sorted(tests.get(f"{mutant.file}:{mutant.asked}", ()), key=lambda one: took[one]):
        left -= took[test]
        if chosen and left < 0:
            break
        chosen.append(test)
    return [test for test in chosen if len(test) < LONGEST_NAME][:MOST_TESTS]


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Run, and say what survived."""
    options = parser().parse_args(arguments)
    everything = [one for one in of_package(root, "edgetui", LEFT_OUT) if one.file.startswith(options.only)]
    Random(options.seed).shuffle(everything)
    sample = sorted(one_a_line(root, everything, options.sample), key=lambda one: (one.file, one.line))
    print(f"{len(sample)} of {len(everything)} mutants, seed {options.seed}", flush=True)
    fates: dict[str, list[Mutant]] = {KILLED: [], HUNG: [], SURVIVED: [], NOT_RUN: []}
    with tempfile.TemporaryDirectory(prefix="edgetui-mutants-") as place:
        copy = Copy(root, Path(place))
        found = tests_of(copy, sample, options.tests, options.map)
        before = _read(options.json, options.seed)
        for number, mutant in enumerate(sample, 1):
            if known := before.get(json.dumps(mutant.told())):
                fates[known].append(mutant)
                continue
            began = time.monotonic()
            what = fate(copy, mutant, chosen_tests(found, mutant, options.seconds), options.limit)
            fates[what].append(mutant)
            took = time.monotonic() - began
            print(
                f"{number:>4}  {what:<8} {took:4.0f} s  {mutant.file}:{mutant.line} {mutant.what}", flush=True
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
