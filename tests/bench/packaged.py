"""`python -m tests.bench.packaged`: the folder of `make package` beside the venv: size, starts, first rows, memory."""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

from edgetui.demo.launcher import Fleet
from release.build import ROOT, here
from tests.terminal.ptyapp import PtyApp

from .starts import EDGETUI, KUBECONFIG, RESULTS, ended, first_byte

Measure = Callable[[Sequence[str], Mapping[str, str]], float]
"""Runs a command in an environment; seconds."""
MOST_MB, MOST_FIRST_BYTE = 12.0, 25.0
"""Budgets: the compressed folder, and milliseconds to the first byte on a machine that does nothing else."""
SETTLED = 3.0
"""Seconds after the first rows until memory is read."""


def first_rows(command: Sequence[str], env: Mapping[str, str]) -> tuple[float, float]:
    """Seconds until rows of every demo cluster are on the screen, and MiB resident some time after."""
    with PtyApp(
        [*command, "--all-contexts", "--no-cache", "--read-only"], columns=120, lines=36, env=env
    ) as app:
        app.wait_for("press", "turbine", timeout=60)
        took = time.monotonic() - app.started
        app.settle(quiet=0.5, timeout=SETTLED)
        memory = app.memory_kib() / 1024
        app.keys("q")
        app.wait_exit()
    return took, memory


def processor(how: Measure) -> Measure:
    """The same run in seconds of the processor, which other programs on the machine stretch far less than the time."""

    def measured(command: Sequence[str], env: Mapping[str, str]) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        how(command, env)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return measured


def size(folder: Path) -> float:
    """Megabytes of everything below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def main() -> int:
    """Measure both in turn, so that a busy moment meets both; print, write JSON, and fail where a budget is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.packaged", description=__doc__)
    parser.add_argument("--times", type=int, default=21)
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "package" / here().name / "edgetui")
    given = parser.parse_args()
    if not (given.folder / "edgetui").exists():
        sys.stderr.write(f"There is no {given.folder}: run `make package` first.\n")
        return 2
    commands = {"venv": EDGETUI, "folder": str(given.folder / "edgetui")}
    figures: dict[str, dict[str, float]] = {name: {} for name in commands}
    with tempfile.TemporaryDirectory(prefix="edgetui-bench-") as home, Fleet(3, 0, outages=False) as fleet:
        config = Path(home) / "config"
        config.write_text(KUBECONFIG)
        env = {"HOME": home, "KUBECONFIG": str(config), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        for what, how, more in (
            ("--version ms", ended, ["--version"]),
            ("--version ms of a core", processor(ended), ["--version"]),
            ("first byte ms", first_byte, []),
            ("first byte ms of a core", processor(first_byte), []),
        ):
            _in_turn(figures, commands, what, given.times, _starting(how, more, env))
        rows = {name: [] for name in commands}
        demo = {**env, "KUBECONFIG": str(fleet.ready())}
        for _ in range(max(given.times // 4, 3)):
            for name, command in commands.items():
                rows[name].append(first_rows([command], demo))
        for name in commands:
            figures[name]["first rows ms"] = median(took for took, _ in rows[name]) * 1000
            figures[name]["resident MiB"] = median(memory for _, memory in rows[name])
    figures["folder"]["unpacked MB"] = size(given.folder)
    for archive in (ROOT / "dist").glob(f"*-linux-{here().name}.tar.xz"):
        figures["folder"]["tar.xz MB"] = archive.stat().st_size / 1e6
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    _print(figures)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "packaged.json").write_text(json.dumps(figures, indent=2) + "\n")
    return 1 if figures["folder"].get("tar.xz MB", 0.0) > MOST_MB else 0


def _starting(how: Measure, more: Sequence[str], env: Mapping[str, str]) -> Callable[[str], float]:
    return lambda command: how([command, *more], env) * 1000


def _in_turn(
    figures: dict[str, dict[str, float]],
    commands: Mapping[str, str],
    what: str,
    times: int,
    measure: Callable[[str], float],
) -> None:
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(times + 1):
        for name, command in commands.items():
            taken[name].append(measure(command))
    for name, each in taken.items():
        figures[name][what] = median(each[1:])
        figures[name][f"{what}, best"] = min(each[1:])


def _print(figures: dict[str, dict[str, float]]) -> None:
    venv, folder = figures["venv"], figures["folder"]
    print("| | venv | folder | folder / venv |\n|---|---:|---:|---:|")
    for what, value in folder.items():
        beside = venv.get(what)
        ratio = "" if beside is None else f"{value / beside:.2f}"
        print(f"| {what} | {'' if beside is None else f'{beside:.1f}'} | {value:.1f} | {ratio} |")


if __name__ == "__main__":
    sys.exit(main())
