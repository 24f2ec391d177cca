"""`make bench-link`: what a start costs over a bad link, on a real control plane, beside peers in the same run.

680 pods, 20 Deployments, 12 autoscalers and 5 nodes stand behind one pipe with a round trip and a rate for each
direction; the terminal stands behind a pipe of the same kind of its own. A connection to the pipe itself costs no round
trip, so a TCP handshake is free here, for everybody. k9s and sofka are measured where they are installed.

`--link hour` shows what each profile takes at rest, usage and autoscalers included: 12 of them whose metrics move.
`--link fleet` shows fifty clusters at once behind one pipe of 64 KB/s: fifty contexts that lead to one server with 200
pods, one of which fails. For the program each of them is a cluster of its own.
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
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

from edgetui.model.cache.wireprofile import Wire
from tests.controlplane import build, workloads
from tests.controlplane.cluster import ControlPlane
from tests.controlplane.proxy import FaultProxy
from tests.controlplane.waiting import eventually
from tests.terminal.ptyapp import ScreenTimeout
from tests.terminal.slow_link import FarTerminal, Link

from .program import environment, left_at_pods
from .setting import running

RESULTS = Path(__file__).parent / "results"
PODS, DEPLOYMENTS, AUTOSCALERS, NODES, NAMESPACES = 680, 20, 12, 5, 4
CLUSTERS, FLEET_PODS, FLEET_NODES = 50, 200, 3
LINKS = {
    "8": Link("8 KB/s, 300 ms", 8 * 1024.0, 0.3),
    "64": Link("64 KB/s, 150 ms", 64 * 1024.0, 0.15),
    "loopback": Link("loopback", 1e9, 0.0),
}
FLEET = LINKS["64"]
HOUR = "hour"
POD = re.compile(r"site-\d+-[0-9a-f]+-")
SECOND = "edgetui, second start"
LEAVES_WITHIN = 5.0
LONGEST = 180.0
"""Seconds after which a fact is said not to have come."""


@dataclass
class Start:
    """One start. Seconds from exec on, bytes from and to the API server, connections; -1 where a fact did not come.

    `first_pods_s` of a second start is when rows of the first are shown, `all_s` when all are current again.
    """

    program: str
    link: str
    first_pods_s: float = -1.0
    all_s: float = -1.0
    api_bytes: int = 0
    connections: int = 0
    rest_bytes_per_s: float = -1.0
    rest_connections: int = -1
    terminal_bytes: int = 0
    resident_mb: float = 0.0


@dataclass(frozen=True)
class Door:
    """A way to an API server, and the kubeconfig that leads there."""

    proxy: FaultProxy
    config: Path

    @property
    def bytes(self) -> int:
        """From and to the API server so far."""
        return self.proxy.bytes_up + self.proxy.bytes_down


@dataclass(frozen=True)
class Peer:
    """A program: its command, and how its screen says that pods, and all it has to show, are there.

    One that `remembers` was left at its pods; the others are asked for them.
    """

    name: str
    argv: Callable[[Path], Sequence[str]]
    first: re.Pattern[str] = POD
    every: re.Pattern[str] | None = None
    remembers: bool = False
    rests: bool = True
    leave: str = ""


def edgetui(name: str, *options: str) -> Peer:
    """The program, on its pods: everything is there when the link is live, no row is stale and every count is right."""
    every = re.compile(
        r"(?ms)\A(?!.*^ ?~)(?=.*\blive\b)"
        rf"(?=.*\b{NODES}\b)(?=.*\b{PODS}\b)(?=.*\b{AUTOSCALERS}\b)(?=.*\b{DEPLOYMENTS}\b)"
    )
    return Peer(
        name,
        lambda config: [sys.executable, "-m", "edgetui", *options, str(config)],
        every=every,
        remembers=True,
        leave="q",
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


def fleet(name: str, *options: str) -> Peer:
    """The program on fifty clusters: the nodes of all, then the pods of all, the failing one of each among them."""
    nodes = re.compile(rf"(?s)\bnodes\s+{CLUSTERS * FLEET_NODES}\b")
    pods = re.compile(rf"\bpods\s+{CLUSTERS * FLEET_PODS:,}\b")
    return Peer(
        name,
        lambda config: [sys.executable, "-m", "edgetui", "--all-contexts", *options, str(config)],
        first=nodes,
        every=pods,
    )


@contextmanager
def fleet_site() -> Iterator[ControlPlane]:
    """The one server that is fifty clusters."""
    with ControlPlane("fleet", nodes=FLEET_NODES) as cluster:
        for space in range(NAMESPACES):
            share = FLEET_PODS // NAMESPACES - (space == 0)
            cluster.api.create("/api/v1/namespaces", {"metadata": {"name": f"line-{space}"}})
            made = workloads.deployment(f"site-{space:02}", replicas=share, bulky=True)
            cluster.create(f"line-{space}", made)
        cluster.create("line-0", workloads.deployment("weld", f"{workloads.REGISTRY}/crash:2.0", replicas=1))
        eventually(lambda: len(running(cluster)) >= FLEET_PODS, within=200, what=f"{FLEET_PODS} pods")
        yield cluster


def contexts(config: Path) -> None:
    """Fifty contexts in this file instead of one."""
    document = yaml.safe_load(config.read_text())
    (one,) = document["contexts"]
    document["contexts"] = [{**one, "name": f"van-{number:02}"} for number in range(CLUSTERS)]
    document["current-context"] = "van-00"
    config.write_text(yaml.safe_dump(document))


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


@contextmanager
def behind(link: Link, cluster: ControlPlane) -> Iterator[Door]:
    """The way to the API server over this link."""
    with FaultProxy.in_front_of(cluster) as proxy:
        proxy.rate, proxy.delay = link.rate, link.round_trip / 2
        yield Door(proxy, cluster.kubeconfig(server=proxy.url))


def start(peer: Peer, link: Link, door: Door, home: Path, rest: float) -> Start:
    """One start of one program, and what it costs at rest afterwards."""
    found = Start(peer.name, link.name)
    root = Path(__file__).resolve().parents[2]
    before, accepted = door.bytes, door.proxy.stats.accepted
    if peer.remembers:
        left_at_pods(home)
    with FarTerminal(peer.argv(door.config), link, cwd=root, env=environment(home)) as app:

        def seen(fact: re.Pattern[str]) -> float:
            came = app.pump(LONGEST, lambda: _answered(app) and fact.search(app.text()))
            return time.monotonic() - app.started if came else -1.0

        try:
            found.first_pods_s = seen(peer.first)
            found.all_s = seen(peer.every) if peer.every else found.first_pods_s
        except (ScreenTimeout, OSError):
            pass  # the program ended, as kubectl does
        found.api_bytes = door.bytes - before
        found.connections = door.proxy.stats.accepted - accepted
        found.terminal_bytes = app.bytes_out
        if peer.rests and rest:
            app.pump(rest / 2)
            resting = door.bytes
            app.pump(rest)
            found.rest_bytes_per_s = (door.bytes - resting) / rest
            found.rest_connections = door.proxy.open_connections
        if peer.rests:
            found.resident_mb = app.memory_kib() / 1024
        if peer.leave:
            with suppress(OSError):
                app.press(peer.leave)
                app.pump(LEAVES_WITHIN)
    return found


def _answered(app: FarTerminal) -> bool:
    app.answer()
    return True


def command(link: Link, cluster: ControlPlane, home: Path, name: str, argv: list[str]) -> Start:
    """A command from exec to its end."""
    found = Start(name, link.name)
    with behind(link, cluster) as door:
        began = time.monotonic()
        done = subprocess.run(
            [*argv, "--kubeconfig", str(door.config)],
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
        found.api_bytes, found.connections = door.bytes, door.proxy.stats.accepted
    return found


def table(starts: Sequence[Start]) -> str:
    """A line for each start."""
    head = (
        "| link | program | first pods | all | API bytes | connections "
        "| at rest B/s | connections | terminal bytes | MB resident |"
    )
    lines = [head, "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|"]
    for one in starts:
        rest = (
            f"{one.rest_bytes_per_s:.0f} | {one.rest_connections}" if one.rest_bytes_per_s >= 0 else "– | –"
        )
        times = " | ".join(f"{each:.2f} s" if each >= 0 else "–" for each in (one.first_pods_s, one.all_s))
        lines.append(
            f"| {one.link} | {one.program} | {times} | {one.api_bytes:,} | {one.connections} "
            f"| {rest} | {one.terminal_bytes:,} | {f'{one.resident_mb:.1f}' if one.resident_mb else '–'} |"
        )
    return "\n".join(lines)


def measure(
    link: Link, cluster: ControlPlane, kubectl: Path, homes: Path, rest: float, only: str
) -> Iterator[Start]:
    """Every start over one link."""
    cold = homes / f"cold-{link.rate:.0f}"
    cold.mkdir()
    if only in SECOND:
        with behind(link, cluster) as door:  # rows are kept for one address and one kubeconfig
            yield start(edgetui("edgetui"), link, door, cold, rest)
            yield start(edgetui(SECOND), link, door, cold, rest)
    for number, peer in enumerate(peers(kubectl)):
        home = homes / f"peer-{number}-{link.rate:.0f}"
        home.mkdir()
        if only in peer.name:
            with behind(link, cluster) as door:
                yield start(peer, link, door, home, rest)
    ours = [sys.executable, "-m", "edgetui", "scale", "--yes"]
    for more, (name, argv) in enumerate(
        {
            "edgetui scale --yes --no-wait": [*ours, "--no-wait"],
            "edgetui scale --yes, until one more is ready": ours,
            "kubectl scale": [str(kubectl), "scale"],
        }.items(),
        1,
    ):
        if only in name:
            what = ["deployment/site-15", "-n", "line-3", f"--replicas={PODS // DEPLOYMENTS + more}"]
            yield command(link, cluster, cold, name, [*argv, *what])
    cluster.kubectl("scale", "deployment/site-15", "-n", "line-3", f"--replicas={PODS // DEPLOYMENTS}")
    eventually(lambda: len(running(cluster)) == PODS, within=60, what=f"{PODS} pods again")


def everything(asked: Sequence[str], kubectl: Path, homes: Path, rest: float, only: str) -> Iterator[Start]:
    """Every start over each of the links that were asked for."""
    links = [LINKS[name] for name in asked if name in LINKS]
    if links or HOUR in asked:
        print(f"booting a control plane with {PODS} pods, about a minute", flush=True)
        with site() as cluster:
            for link in links:
                yield from measure(link, cluster, kubectl, homes, rest, only)
            if HOUR in asked:
                yield from profiles(cluster, homes, rest, only)
    if "fleet" in asked:
        print(f"booting a control plane with {FLEET_PODS} pods", flush=True)
        with fleet_site() as cluster:
            for link, peer in (
                (FLEET, fleet(f"edgetui, {CLUSTERS} clusters")),
                (
                    LINKS["loopback"],
                    fleet(f"edgetui --api-traffic full, {CLUSTERS} clusters", "--api-traffic", "full"),
                ),
            ):
                if only in peer.name:
                    home = homes / f"fleet-{link.rate:.0f}"
                    home.mkdir()
                    with behind(link, cluster) as door:
                        contexts(door.config)
                        yield start(peer, link, door, home, rest)


def profiles(cluster: ControlPlane, homes: Path, rest: float, only: str) -> Iterator[Start]:
    """Each profile on loopback, where nothing but its own thrift limits what it takes."""
    for wire in Wire:
        peer = edgetui(f"edgetui --api-traffic {wire.words}", "--api-traffic", wire.words)
        if only in peer.name:
            home = homes / f"wire-{wire}"
            home.mkdir()
            with behind(LINKS["loopback"], cluster) as door:
                yield start(peer, LINKS["loopback"], door, home, rest)


def main() -> int:
    """Measure, print the table and write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.link", description=__doc__)
    parser.add_argument(
        "--link", action="append", choices=[*LINKS, HOUR, "fleet"], help="one of the links; may be repeated"
    )
    parser.add_argument("--rest", type=float, default=60, metavar="S", help="seconds at rest (60)")
    parser.add_argument("--only", default="", help="a word of the program's name")
    given = parser.parse_args()
    assets = build.ensure()
    os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parents[2])
    starts: list[Start] = []
    asked = given.link or [*LINKS, HOUR, "fleet"]
    with tempfile.TemporaryDirectory(prefix="edgetui-link-") as homes:
        for one in everything(asked, Path(assets["kubectl"]), Path(homes), given.rest, given.only):
            starts.append(one)
            print(table([one]).splitlines()[-1], flush=True)
    print(table(starts))
    for one in starts:
        if one.rest_bytes_per_s >= 0:
            print(f"{one.program}, {one.link}: {one.rest_bytes_per_s * 3.6:,.0f} KB an hour at rest")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "link.json").write_text(json.dumps([asdict(one) for one in starts], indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
