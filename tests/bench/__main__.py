"""`make bench`: the whole program in a real terminal on a real control plane, beside peers in the same run."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
import tempfile
from pathlib import Path

from tests.controlplane import build

from .program import Figures, Program, measure
from .setting import cluster_with

RESULTS = Path(__file__).parent / "results"
OFFICIAL = Path(__file__).parent / "official_client.py"


def programs(pods: int, kubectl: Path) -> list[Program]:
    """edgetui and the peers that every machine of this project has."""
    number = f"{pods:,}"
    return [
        Program(
            "edgetui",
            lambda config: [sys.executable, "-m", "edgetui", str(config)],
            first_pods=re.compile(r"unit-\d+-"),
            first_rows=re.compile(r"node-\d+ "),
            all_rows=re.compile(rf"\b{number}\b"),
            keys=("2",),
            survives_outage=True,
            remembers=True,
        ),
        Program(
            "kubectl get pods -A -w",
            lambda config: [str(kubectl), "--kubeconfig", str(config), "get", "pods", "-A", "-w"],
            first_pods=re.compile(r"unit-\d+-"),
        ),
        Program(
            "official Python client, list and watch of pods only, no screen",
            lambda config: [sys.executable, str(OFFICIAL), str(config)],
            first_pods=re.compile(r"unit-\d+-"),
        ),
    ]


def report(all_figures: dict[str, Figures]) -> str:
    """A table with a line for each figure and a column for each program."""
    names = list(all_figures)
    rows = {name: figures.as_json() for name, figures in all_figures.items()}
    lines = ["| | " + " | ".join(names) + " |", "|---|" + "---:|" * len(names)]
    for field in rows[names[0]]:
        lines.append(f"| {field} | " + " | ".join(f"{rows[name][field]:,}" for name in names) + " |")
    return "\n".join(lines)


def main() -> int:
    """Measure, print the table and write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--pods", type=int, default=1900)
    parser.add_argument("--seconds", type=float, default=30, help="length of each phase")
    parser.add_argument("--only", help="a word of the program's name")
    given = parser.parse_args()
    assets = build.ensure()
    root = Path(__file__).resolve().parents[2]
    os.environ["PYTHONPATH"] = str(root)
    figures: dict[str, Figures] = {}
    with tempfile.TemporaryDirectory(prefix="edgetui-bench-") as home:
        print(f"booting a control plane with {given.pods:,} pods, about a minute", flush=True)
        with cluster_with(given.pods) as cluster:
            for program in programs(given.pods, Path(assets["kubectl"])):
                if given.only and given.only not in program.name:
                    continue
                print(f"measuring {program.name}, about {4 * given.seconds:.0f} s", flush=True)
                figures[program.name] = measure(program, cluster, Path(home), given.seconds)
    print(report(figures))
    RESULTS.mkdir(exist_ok=True)
    setting = {"pods": given.pods, "phase_seconds": given.seconds, "python": platform.python_version()}
    document = {"setting": setting, "figures": {name: each.as_json() for name, each in figures.items()}}
    file = RESULTS / f"program-{given.pods}.json"
    file.write_text(json.dumps(document, indent=2) + "\n")
    print(f"written to {file.relative_to(root)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
