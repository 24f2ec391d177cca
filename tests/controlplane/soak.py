"""Churn on real clusters behind bad links, and at each checkpoint the truth: ``python -m tests.controlplane.soak``.

A process with sessions and no screen watches three clusters. At a checkpoint everything pauses, and what each session
holds must be what the official client lists; the resident memory of that process must stay flat after the warm-up.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import build
from . import workloads as w
from .churning import NAMES, BadLink, Churn
from .cluster import ControlPlane
from .official import everything
from .proxy import FaultProxy

ROUND = 20.0
"""Seconds of churn between two checkpoints of the short form; the long form takes three times as long."""
LONG = 5.0
"""Minutes from which connections are also left dead without a word, which only a missing bookmark betrays."""
EQUAL_WITHIN, EQUAL_WITHIN_LONG = 60.0, 180.0
WARM_UP = 0.3
"""Part of the time after which memory must be flat."""
MOST_GROWTH_KIB = 3 * 1024
ROOT = Path(__file__).resolve().parents[2]

Say = Callable[[str], None]


@dataclass
class Figures:
    """What happened; `rss_kib` at each checkpoint after the warm-up."""

    checkpoints: int = 0
    changes: int = 0
    faults: int = 0
    attempts: int = 0
    rss_kib: list[int] = field(default_factory=list)

    @property
    def growth_kib(self) -> int:
        """The most that memory was above its first figure."""
        return max(self.rss_kib) - self.rss_kib[0]


class Watcher:
    """The process with the sessions."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.controlplane.soak_sessions", *map(str, files)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def ask(self) -> list[dict[str, Any]]:
        """What it knows of each cluster."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        found: list[dict[str, Any]] = json.loads(self._process.stdout.readline())
        return found

    def rss_kib(self) -> int:
        """Its resident memory."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") // 1024

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """As Ctrl-Z does it."""
        os.kill(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._process.pid, signal.SIGCONT)

    def close(self) -> None:
        """End it; it has to end well."""
        _, _ = self._process.communicate("", timeout=20)
        assert self._process.returncode == 0, f"the sessions ended with {self._process.returncode}"


def soak(clusters: Sequence[ControlPlane], minutes: float, say: Say = lambda text: None) -> Figures:
    """Churn for so long. Raises AssertionError when rows differ from the truth; memory is for the caller to judge.

    The API server of the last cluster is killed now and then.
    """
    figures = Figures()
    long = minutes >= LONG
    seconds = ROUND * (3 if long else 1)
    with ExitStack() as around:
        namespaces = [around.enter_context(cp.namespace("soak")) for cp in clusters]
        for cp, namespace in zip(clusters, namespaces, strict=True):
            cp.create(namespace, *(w.deployment(name, replicas=2) for name in NAMES))
        proxies = [around.enter_context(FaultProxy.in_front_of(cp)) for cp in clusters]
        files = [cp.kubeconfig(server=proxy.url) for cp, proxy in zip(clusters, proxies, strict=True)]
        watcher = Watcher(files)
        around.callback(watcher.close)
        churns = [Churn(cp, each, n) for n, (cp, each) in enumerate(zip(clusters, namespaces, strict=True))]
        links = [BadLink(proxy, n, abandoning=long) for n, proxy in enumerate(proxies)]
        trouble = random.Random(7)
        began, end = time.monotonic(), time.monotonic() + minutes * 60.0
        while time.monotonic() + seconds < end:
            _one_round(clusters[-1], watcher, [*churns, *links], trouble, seconds)
            took = _checkpoint(clusters, watcher, EQUAL_WITHIN_LONG if long else EQUAL_WITHIN)
            figures.checkpoints += 1
            figures.changes = sum(churn.changes for churn in churns)
            figures.faults = sum(link.faults for link in links)
            figures.attempts = sum(proxy.stats.attempted for proxy in proxies)
            rss = watcher.rss_kib()
            if time.monotonic() - began >= minutes * 60.0 * WARM_UP:
                figures.rss_kib.append(rss)
            say(
                f"checkpoint {figures.checkpoints}: equal after {took:.1f} s, {figures.changes} changes, "
                f"{figures.faults} faults, {figures.attempts} connections, {rss} KiB"
            )
    return figures


def _one_round(
    victim: ControlPlane,
    watcher: Watcher,
    busy: Sequence[Churn | BadLink],
    trouble: random.Random,
    seconds: float,
) -> None:
    over = threading.Event()
    with ThreadPoolExecutor(len(busy)) as threads:
        working = [threads.submit(one.until, over) for one in busy]
        try:
            over.wait(seconds / 2)
            if trouble.random() < 0.5:
                with watcher.stopped():
                    over.wait(2.0)
            else:
                victim.stop_apiserver()
                victim.start_apiserver()
            over.wait(seconds / 2)
        finally:
            over.set()
        for one in working:
            one.result()


def _checkpoint(clusters: Sequence[ControlPlane], watcher: Watcher, within: float) -> float:
    """Wait until all sessions hold what is true; heartbeats may move versions between two looks."""
    began = time.monotonic()
    left = set(range(len(clusters)))
    while True:
        known = watcher.ask()
        for number in list(left):
            truth = everything(clusters[number].kubeconfig(path=clusters[number].directory / "truth"))
            if known[number]["live"] and known[number]["rows"] == truth:
                left.discard(number)
        if not left:
            return time.monotonic() - began
        assert time.monotonic() - began < within, _difference(clusters, left, known, truth)
        time.sleep(0.2)


def _difference(
    clusters: Sequence[ControlPlane], left: set[int], known: list[dict[str, Any]], truth: dict[str, Any]
) -> str:
    words = []
    for number in left:
        rows = known[number]["rows"]
        differ = {kind: [one for one in rows[kind] if one not in truth[kind]][:3] for kind in rows}
        words.append(
            f"{clusters[number].name}: live {known[number]['live']}, {known[number]['link']!r}, {differ}"
        )
    return "; ".join(words)


def main(arguments: Sequence[str] | None = None) -> int:
    """Boot three clusters and soak; 1 when something differed or memory grew."""
    parser = argparse.ArgumentParser(prog="python -m tests.controlplane.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0, metavar="N")
    parser.add_argument("--clusters", type=int, default=3, metavar="N")
    chosen = parser.parse_args(arguments)
    assets = build.ensure()
    with ExitStack() as running:
        clusters = [
            running.enter_context(ControlPlane(f"soak-{number}", assets=assets, nodes=2))
            for number in range(1, chosen.clusters + 1)
        ]
        build.say(f"{len(clusters)} clusters; churn for {chosen.minutes:g} min")
        figures = soak(clusters, chosen.minutes, build.say)
    grown = figures.growth_kib
    build.say(f"memory moved by {grown} KiB after the warm-up, {MOST_GROWTH_KIB} are allowed")
    return int(grown > MOST_GROWTH_KIB)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        raise SystemExit(main())
