"""One program, measured from outside as a person has it: a real terminal in front, a counting link behind."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from edgetui.ui import layout
from tests.controlplane.cluster import ControlPlane
from tests.controlplane.proxy import FaultProxy
from tests.terminal.ptyapp import PtyApp

from .setting import Churn

EVENTS_PER_SECOND = 20
SETTLE_SECONDS = 5
STARTS = 7


@dataclass
class Figures:
    """What one program cost. Times in seconds and milliseconds, memory in KiB, processor in percent of one core.

    `first_pods` come after a key that asks for them, `left_pods` where the last run was left at the pods.
    """

    first_rows_ms: float = 0.0
    first_rows_best_ms: float = 0.0
    first_pods_ms: float = 0.0
    first_pods_best_ms: float = 0.0
    left_pods_ms: float = 0.0
    left_pods_best_ms: float = 0.0
    all_rows_ms: float = 0.0
    all_rows_best_ms: float = 0.0
    boot_terminal_bytes: int = 0
    boot_api_bytes: int = 0
    rss_kib: int = 0
    idle_cpu_percent: float = 0.0
    idle_terminal_bytes_per_s: float = 0.0
    idle_api_bytes_per_s: float = 0.0
    churn_cpu_percent: float = 0.0
    churn_terminal_bytes_per_s: float = 0.0
    churn_api_bytes_per_event: float = 0.0
    rss_after_churn_kib: int = 0
    outage_seconds: float = 0.0
    outage_connections: int = 0
    outage_cpu_seconds: float = 0.0
    data_after_outage_s: float = 0.0

    def as_json(self) -> dict[str, float]:
        """Rounded, for the result file."""
        return {name: round(value, 2) for name, value in asdict(self).items()}


@dataclass
class Program:
    """A peer: its command, and how its screen says that any rows, pods, and all of them are there."""

    name: str
    argv: Callable[[Path], Sequence[str]]
    first_pods: re.Pattern[str]
    first_rows: re.Pattern[str] | None = None
    all_rows: re.Pattern[str] | None = None
    keys: tuple[str, ...] = ()
    survives_outage: bool = False
    remembers: bool = False
    """Whether it begins where it was left, as `layout.Layout` says."""


def measure(program: Program, cluster: ControlPlane, home: Path, seconds: float) -> Figures:
    """Start the program, let it idle, let the cluster churn, and where it survives that, cut the link.

    Starts are measured straight at the API server, each with an empty cache; everything else behind the counting link.
    """
    figures = Figures()
    starts(program, cluster, home, figures)
    with FaultProxy.in_front_of(cluster) as proxy:
        kubeconfig = cluster.kubeconfig(server=proxy.url)
        with PtyApp(list(program.argv(kubeconfig)), env=environment(home)) as app:
            app.keys(*program.keys)
            app.until(program.first_pods.search, 60, "first pods")
            if program.all_rows is not None:
                app.until(program.all_rows.search, 60, "all rows")
            app.quiet(SETTLE_SECONDS)
            figures.boot_terminal_bytes = app.bytes_out
            figures.boot_api_bytes = proxy.bytes_up + proxy.bytes_down
            figures.rss_kib = app.memory_kib()
            idle(app, proxy, figures, seconds)
            churn(app, proxy, cluster, figures, seconds)
            if program.survives_outage:
                outage(app, proxy, figures, seconds)
    return figures


def starts(program: Program, cluster: ControlPlane, home: Path, figures: Figures) -> None:
    """Start it a few times: the median and the best."""
    facts = {"first_rows": program.first_rows, "first_pods": program.first_pods, "all_rows": program.all_rows}
    took: dict[str, list[float]] = {}

    def begin(fresh: Path, keys: Sequence[str], facts: Mapping[str, re.Pattern[str] | None]) -> None:
        started = time.monotonic()
        with PtyApp(list(program.argv(cluster.kubeconfig())), env=environment(fresh)) as app:
            app.keys(*keys)
            for fact, pattern in facts.items():
                if pattern is not None:
                    app.until(pattern.search, 60, fact)
                    took.setdefault(fact, []).append((time.monotonic() - started) * 1000)

    for number in range(STARTS):
        fresh = home / f"{program.name.split()[0]}-{number}"
        fresh.mkdir()
        begin(fresh, program.keys, facts)
        if program.remembers:
            left = home / f"{program.name.split()[0]}-left-{number}"
            left_at_pods(left)
            begin(left, (), {"left_pods": program.first_pods})
    for fact, every in took.items():
        setattr(figures, f"{fact}_ms", median(every))
        setattr(figures, f"{fact}_best_ms", min(every))


def environment(home: Path) -> dict[str, str]:
    """What a shell would give, with a home of its own."""
    return {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
    }


def left_at_pods(home: Path) -> None:
    """A home in which edgetui was left with its pods in view."""
    layout.write(home / ".local/state/edgetui/layout.json", layout.Layout(pane="pods"))


def idle(app: PtyApp, proxy: FaultProxy, figures: Figures, seconds: float) -> None:
    """Nothing happens in the cluster but what it does by itself."""
    cpu, terminal, api = app.cpu_seconds(), app.bytes_out, proxy.bytes_up + proxy.bytes_down
    app.quiet(seconds)
    figures.idle_cpu_percent = (app.cpu_seconds() - cpu) / seconds * 100
    figures.idle_terminal_bytes_per_s = (app.bytes_out - terminal) / seconds
    figures.idle_api_bytes_per_s = (proxy.bytes_up + proxy.bytes_down - api) / seconds


def churn(app: PtyApp, proxy: FaultProxy, cluster: ControlPlane, figures: Figures, seconds: float) -> None:
    """Twenty pods a second change."""
    cpu, terminal, api = app.cpu_seconds(), app.bytes_out, proxy.bytes_up + proxy.bytes_down
    began = time.monotonic()
    with Churn(cluster, EVENTS_PER_SECOND) as load:
        app.quiet(seconds)
    took = time.monotonic() - began
    figures.churn_cpu_percent = (app.cpu_seconds() - cpu) / took * 100
    figures.churn_terminal_bytes_per_s = (app.bytes_out - terminal) / took
    figures.churn_api_bytes_per_event = (proxy.bytes_up + proxy.bytes_down - api) / max(1, load.sent)
    figures.rss_after_churn_kib = app.memory_kib()


def outage(app: PtyApp, proxy: FaultProxy, figures: Figures, seconds: float) -> None:
    """The link is refused for a while, then comes back."""
    cpu, attempts = app.cpu_seconds(), proxy.stats.attempted
    proxy.cut(refuse=False)
    app.quiet(seconds)
    figures.outage_seconds = seconds
    figures.outage_connections = proxy.stats.attempted - attempts
    figures.outage_cpu_seconds = app.cpu_seconds() - cpu
    app.wait_for("stale", timeout=5)
    proxy.restore()
    back = time.monotonic()
    app.wait_gone("stale", timeout=120)
    figures.data_after_outage_s = time.monotonic() - back
