"""`make bench-link`: what a start costs over a bad link, on a real control plane, beside peers in the same run.

680 pods, 20 Deployments, 12 autoscalers and 5 nodes stand behind one pipe with a round trip and a rate for each
direction; the terminal stands behind a pipe of the same kind of its own. A connection to the pipe itself costs no round
trip, so a TCP handshake is free here, for everybody. k9s and sofka are measured where they are installed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.controlplane import build, workloads
from tests.controlplane.cluster import ControlPlane
from tests.controlplane.proxy import FaultProxy
from tests.controlplane.waiting import eventually
from tests.terminal.ptyapp import ScreenTimeout
from tests.terminal.slow_link import FarTerminal, Link

from .program import environment
from .setting import running

RESULTS = Path(__file__).parent / "results"
PODS, DEPLOYMENTS, AUTOSCALERS, NODES, NAMESPACES = 680, 20, 12, 5, 4
LINKS = {
    "8": Link("8 KB/s, 300 ms", 8 * 1024.0, 0.3),
    "64": Link("64 KB/s, 150 ms", 64 * 1024.0, 0.15),
    "loopback": Link("loopback", 1e9, 0.0),
}
POD = re.compile(r"site-\d+-[0-9a-f]+-")
LONGEST = 180.0
"""Seconds after which a fact is said not to have come."""


@dataclass
class Start:
    """One start. Seconds from exec on, bytes from and to the API server, connections; -1 where a fact did not come."""

    program: str
    link: str
    first_pods_s: float = -1.0
    all_s: float = -1.0
    api_bytes: int = 0
    connections: int = 0
    rest_bytes_per_s: float = -1.0
    rest_connections: int = -1
    terminal_bytes: int = 0


@dataclass(frozen=True)
class Peer:
    """A program: its command, and how its screen says that pods, and all it has to show, are there."""

    name: str
    argv: Callable[[Path], Sequence[str]]
    first: re.Pattern[str] = POD
    every: re.Pattern[str] | None = None
    keys: str = ""
    rests: bool = True


def edgetui(name: str, *options: str) -> Peer:
    """The program, on its pods."""
    every = re.compile(
        rf"(?s)(?=.*\b{NODES}\b)(?=.*\b{PODS}\b)(?=.*\b{AUTOSCALERS}\b)(?=.*\b{DEPLOYMENTS}\b)"
    )
    return Peer(
        name,
        lambda config: [sys.executable, "-m", "edgetui", *options, str(config)],
        every=every,
        keys="2",
    )


def peers(kubectl: Path) -> Iterator[Peer]:
    """Those that are installed."""
    yield Peer(
        "kubectl get pods -A",
        lambda config: [str(kubectl), "--kubeconfig", str(config), "get", "pods", "-A"],
        rests=False,
    )
    if (k9s := shutil.which("k9s")) is not None:
        yield Peer("k9s", lambda config: [k9s, "--kubeconfig", str(config), "-A", "-c", "pods"])
    if (sofka := shutil.which("sofka")) is not None:
        yield Peer("sofka", lambda config: [sofka, "--kubeconfig", str(config)])


@contextmanager
def site() -> Iterator[ControlPlane]:
    """The control plane of the table, at rest."""
    with ControlPlane("link", nodes=NODES, metrics=True) as cluster:
        share = PODS // DEPLOYMENTS
        for space in range(NAMESPACES):
            cluster.api.create("/api/v1/namespaces", {"metadata": {"name": f"line-{space}"}})
        for number in range(DEPLOYMENTS):
            name, space = f"site-{number:02}", f"line-{number % NAMESPACES}"
            cluster.create(space, workloads.deployment(name, replicas=share, bulky=True, usage_cpu="4m"))
            if number < AUTOSCALERS:
                cluster.create(space, workloads.autoscaler(name, low=share, high=share + 2))
        eventually(lambda: len(running(cluster)) >= PODS, within=300, what=f"{PODS} running pods")
        cluster.await_metrics(120)
        yield cluster


def start(peer: Peer, link: Link, cluster: ControlPlane, home: Path, rest: float) -> Start:
    """One start of one program, and what it costs at rest afterwards."""
    found = Start(peer.name, link.name)
    with FaultProxy.in_front_of(cluster) as proxy:
        proxy.rate, proxy.delay = link.rate, link.round_trip / 2
        config = cluster.kubeconfig(server=proxy.url)
        root = Path(__file__).resolve().parents[2]
        with FarTerminal(peer.argv(config), link, cwd=root, env=environment(home)) as app:
            for key in peer.keys:
                app.press(key)

            def seen(fact: re.Pattern[str]) -> float:
                came = app.pump(LONGEST, lambda: _answered(app) and fact.search(app.text()))
                return time.monotonic() - app.started if came else -1.0

            try:
                found.first_pods_s = seen(peer.first)
                found.all_s = seen(peer.every) if peer.every else found.first_pods_s
            except (ScreenTimeout, OSError):
                pass  # the program ended, as kubectl does
            found.api_bytes = proxy.bytes_up + proxy.bytes_down
            found.connections = proxy.stats.accepted
            found.terminal_bytes = app.bytes_out
            if peer.rests and rest:
                app.pump(rest / 2)
                before = proxy.bytes_up + proxy.bytes_down
                app.pump(rest)
                found.rest_bytes_per_s = (proxy.bytes_up + proxy.bytes_down - before) / rest
                found.rest_connections = proxy.open_connections
    return found


def _answered(app: FarTerminal) -> bool:
    app.answer()
    return True


def command(link: Link, cluster: ControlPlane, home: Path, name: str, argv: list[str]) -> Start:
    """A command from exec to its end."""
    found = Start(name, link.name)
    with FaultProxy.in_front_of(cluster) as proxy:
        proxy.rate, proxy.delay = link.rate, link.round_trip / 2
        config = cluster.kubeconfig(server=proxy.url)
        began = time.monotonic()
        done = subprocess.run(
            [*argv, "--kubeconfig", str(config)],
            env={**os.environ, **environment(home)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        if done.returncode == 0:
            found.first_pods_s = found.all_s = time.monotonic() - began
        else:
            print(
                f"{name} ended with {done.returncode}: {done.stdout[-400:]}{done.stderr[-400:]}",
                file=sys.stderr,
            )
        found.api_bytes = proxy.bytes_up + proxy.bytes_down
        found.connections = proxy.stats.accepted
    return found


def table(starts: Sequence[Start]) -> str:
    """A line for each start."""
    head = (
        "| link | program | first pods | all | API bytes | connections "
        "| at rest B/s | connections | terminal bytes |"
    )
    lines = [head, "|---|---|---:|---:|---:|---:|---:|---:|---:|"]
    for one in starts:
        rest = (
            f"{one.rest_bytes_per_s:.0f} | {one.rest_connections}" if one.rest_bytes_per_s >= 0 else "– | –"
        )
        times = " | ".join(f"{each:.2f} s" if each >= 0 else "–" for each in (one.first_pods_s, one.all_s))
        lines.append(
            f"| {one.link} | {one.program} | {times} | {one.api_bytes:,} | {one.connections} "
            f"| {rest} | {one.terminal_bytes:,} |"
        )
    return "\n".join(lines)


def measure(
    link: Link, cluster: ControlPlane, kubectl: Path, homes: Path, rest: float, only: str
) -> Iterator[Start]:
    """Every start over one link."""
    cold = homes / f"cold-{link.rate:.0f}"
    cold.mkdir()
    plan: list[tuple[Peer, Path]] = [
        (edgetui("edgetui"), cold),
        (edgetui("edgetui, second start"), cold),
    ]
    for number, peer in enumerate(peers(kubectl)):
        home = homes / f"peer-{number}-{link.rate:.0f}"
        home.mkdir()
        plan.append((peer, home))
    for peer, home in plan:
        if only in peer.name:
            yield start(peer, link, cluster, home, rest)
    scaled = [f"--replicas={PODS // DEPLOYMENTS}", "-n", "line-3"]
    if only in "edgetui scale":
        argv = [sys.executable, "-m", "edgetui", "scale", "deployment/site-15", *scaled, "--yes"]
        yield command(link, cluster, cold, "edgetui scale --yes", argv)
    if only in "kubectl scale":
        yield command(
            link, cluster, cold, "kubectl scale", [str(kubectl), "scale", "deployment/site-15", *scaled]
        )


def main() -> int:
    """Measure, print the table and write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.link", description=__doc__)
    parser.add_argument(
        "--link", action="append", choices=list(LINKS), help="one of the links; may be repeated"
    )
    parser.add_argument("--rest", type=float, default=60, metavar="S", help="seconds at rest (60)")
    parser.add_argument("--only", default="", help="a word of the program's name")
    given = parser.parse_args()
    assets = build.ensure()
    os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parents[2])
    starts: list[Start] = []
    with tempfile.TemporaryDirectory(prefix="edgetui-link-") as homes:
        print(f"booting a control plane with {PODS} pods, about a minute", flush=True)
        with site() as cluster:
            for name in given.link or LINKS:
                found = measure(
                    LINKS[name], cluster, Path(assets["kubectl"]), Path(homes), given.rest, given.only
                )
                for one in found:
                    starts.append(one)
                    print(table([one]).splitlines()[-1], flush=True)
    print(table(starts))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "link.json").write_text(json.dumps([asdict(one) for one in starts], indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
