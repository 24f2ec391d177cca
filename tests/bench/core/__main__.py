"""`python -m tests.bench.core`: what following many clusters costs, edgetui's core beside three other clients."""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from .peers import PEERS
from .running import ROOT, Gone, Process, Server
from .screen import screen_memory

RESULTS = Path(__file__).resolve().parents[1] / "results"
CLUSTERS = 50
MOST_PODS = 200
SPREAD, HOT = 2000, 40
FEW = 20
PATIENCE = 300.0
SETTLE = 1.0

Figures = dict[str, float | str]


def speed(seconds: float, names: list[str], figures: dict[str, Figures], home: Path) -> None:
    """Events as fast as they are taken: of many pods in turn, and of few that change all the time."""
    with Server(1, SPREAD, home) as server:
        for name in names:
            with server.peer(name) as peer:
                peer.hear("synced", PATIENCE)
                for what, pods in ((f"of {SPREAD:,} pods", SPREAD), (f"of {HOT} pods", HOT)):
                    time.sleep(SETTLE)
                    peer.forget()
                    cpu, began = peer.cpu_seconds(), time.monotonic()
                    sent = server.ask("storm", PATIENCE, seconds=seconds, hot=pods)
                    try:
                        peer.hear("marker", PATIENCE)
                    except Gone as gone:
                        figures[name][f"events/s, {what}"] = str(gone)
                        break
                    took = time.monotonic() - began
                    spent = (peer.cpu_seconds() - cpu) / sent * 10_000
                    figures[name][f"events/s, {what}"] = round(sent / took)
                    figures[name][f"CPU-s for 10,000 events {what}"] = round(spent, 3)


def rows(seconds: float, names: list[str], figures: dict[str, Figures], home: Path) -> None:
    """What stays allocated for each more pod, as tracemalloc counts it."""
    held: dict[str, list[int]] = {name: [] for name in names}
    for pods in (SPREAD // 4, SPREAD):
        with Server(1, pods, home) as server:
            for name in names:
                with server.peer(name, "--traced") as peer:
                    held[name].append(int(peer.hear("traced", PATIENCE)))
    for name, (few, many) in held.items():
        figures[name]["bytes kept for each pod"] = round((many - few) / (SPREAD - SPREAD // 4))


def memory(seconds: float, names: list[str], figures: dict[str, Figures], home: Path) -> None:
    """Resident memory with 50 clusters of six kinds, a stream each: with few pods, and with many."""
    for pods in (FEW, MOST_PODS):
        what = f"MB resident, {CLUSTERS} clusters, {6 * CLUSTERS} streams, {pods * CLUSTERS:,} pods"
        with Server(CLUSTERS, pods, home) as server:
            for name in names:
                with server.peer(name, "--all-kinds") as peer:
                    peer.hear("synced", PATIENCE)
                    figures[name][what] = round(_settled(peer) / 1024, 1)
            if pods == MOST_PODS and "edgetui" in names:
                with_screen = f"{what}, with its screen"
                figures["edgetui"][with_screen] = round(screen_memory(server, SETTLE * 5) / 1024, 1)


def _settled(peer: Process) -> int:
    """Resident memory once it has stopped growing."""
    before, now = 0, peer.memory_kib()
    while now > before * 1.005:
        time.sleep(SETTLE * 2)
        before, now = now, peer.memory_kib()
    return now


def outage(seconds: float, names: list[str], figures: dict[str, Figures], home: Path) -> None:
    """Every connection is reset for half a minute; then one pod changes."""
    with Server(1, FEW, home) as server:
        for name in names:
            with server.peer(name, "--all-kinds") as peer:
                peer.hear("synced", PATIENCE)
                time.sleep(SETTLE * 3)
                server.ask("cut", down=True)
                before, cpu = server.ask("count"), peer.cpu_seconds()
                time.sleep(seconds)
                attempts = server.ask("count") - before
                cpu = (peer.cpu_seconds() if peer.alive else cpu) - cpu
                server.ask("cut", down=False)
                peer.forget()
                server.ask("mark")
                back = time.monotonic()
                try:
                    peer.hear("marker", 60)
                    recovered: float | str = round(time.monotonic() - back, 2)
                except Gone:
                    recovered = "never"
                figures[name][f"connections tried in an outage of {seconds:.0f} s"] = attempts
                figures[name]["CPU-s meanwhile"] = round(cpu, 2)
                figures[name]["s until data came again"] = recovered


PARTS: dict[str, Callable[[float, list[str], dict[str, Figures], Path], None]] = {
    "speed": speed,
    "rows": rows,
    "memory": memory,
    "outage": outage,
}


def table(figures: dict[str, Figures]) -> str:
    """A line for each figure and a column for each client."""
    lines = ["| | " + " | ".join(figures) + " |", "|---|" + "---:|" * len(figures)]
    for what in dict.fromkeys(what for each in figures.values() for what in each):
        cells = [each.get(what, "–") for each in figures.values()]
        lines.append(f"| {what} | " + " | ".join(c if isinstance(c, str) else f"{c:,}" for c in cells) + " |")
    return "\n".join(lines)


def main() -> int:
    """Measure, print the table and write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.core", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="length of each run at full speed")
    parser.add_argument("--outage", type=float, default=30, help="length of the outage")
    parser.add_argument("--part", choices=list(PARTS), action="append", help="only this; may be repeated")
    parser.add_argument("--only", help="a word of the client's name")
    given = parser.parse_args()
    names = [name for name in PEERS if not given.only or given.only in name]
    figures: dict[str, Figures] = {name: {} for name in names}
    for part in given.part or PARTS:
        print(f"measuring {part}", flush=True)
        with tempfile.TemporaryDirectory(prefix="edgetui-bench-") as home:
            PARTS[part](given.outage if part == "outage" else given.seconds, names, figures, Path(home))
    print(table(figures))
    RESULTS.mkdir(exist_ok=True)
    setting = {"seconds": given.seconds, "outage": given.outage, "python": platform.python_version()}
    file = RESULTS / "core.json"
    file.write_text(json.dumps({"setting": setting, "figures": figures}, indent=2) + "\n")
    print(f"written to {file.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
