"""`python -m tests.bench.rollouts`: what many rollouts at once cost, and whether their bars are right.

Deployments on a real control plane get an image whose pods are slow to come up, all together. The rollouts pane is
measured as a person has it (80x24), then with all rows on screen. At last all are paused half way, and each bar on
screen is compared with the pods that the server lists.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.controlplane import build, workloads
from tests.controlplane.api import STRATEGIC_MERGE_PATCH
from tests.controlplane.cluster import ControlPlane
from tests.controlplane.waiting import eventually
from tests.terminal.ptyapp import PtyApp, ScreenTimeout

from .program import environment

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(__file__).parent / "results"

NAMESPACE = "default"
DEPLOYMENTS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
MIN_READY = 20
"""With the 8 s of a slow image a pod needs 28 s, about what real ones need to be pulled and to warm up."""

SETTLE = 8.0
AROUND = 5
"""Lines of the screen that are not rows."""

BAR = re.compile(r"deploy +(unit-\d+) +\[([^]]{10})\]")
MARKS = {"available": "=", "ready": "+", "starting": ".", "old": "o", "terminating": "x", "missing": " "}

Json = Mapping[str, Any]


def roll_out(cluster: ControlPlane, count: int) -> None:
    """Give all of them an image that is slow to come up."""
    container = {"name": "app", "image": f"{workloads.REGISTRY}/slow:2"}
    change = {"spec": {"minReadySeconds": MIN_READY, "template": {"spec": {"containers": [container]}}}}
    for number in range(count):
        cluster.api.patch(f"{DEPLOYMENTS}/unit-{number:03}", change, STRATEGIC_MERGE_PATCH)


def version(cluster: ControlPlane) -> int:
    """How far the server has counted its writes, events and leases among them."""
    listed = cluster.api.get(f"/api/v1/namespaces/{NAMESPACE}/pods?limit=1")
    return int(listed["metadata"]["resourceVersion"])


def cost(cluster: ControlPlane, app: PtyApp, seconds: float) -> dict[str, float]:
    """What the program costs for a while."""
    writes, cpu, sent, began = version(cluster), app.cpu_seconds(), app.bytes_out, time.monotonic()
    app.quiet(seconds)
    took = time.monotonic() - began
    return {
        "cpu_percent": round((app.cpu_seconds() - cpu) / took * 100, 2),
        "writes_on_the_server_per_s": round((version(cluster) - writes) / took, 1),
        "terminal_bytes_per_s": round((app.bytes_out - sent) / took, 1),
        "rss_kib": app.memory_kib(),
    }


def at_rest(cluster: ControlPlane) -> dict[str, dict[str, int]]:
    """The pods of each Deployment by what they are; empty while any is still on its way."""
    listed = cluster.api.get(f"/api/v1/namespaces/{NAMESPACE}/pods")["items"]
    made = cluster.api.get(DEPLOYMENTS)["items"]
    parts = {each["metadata"]["name"]: dict.fromkeys(MARKS, 0) for each in made}
    for pod in listed:
        part = "old" if pod["spec"]["containers"][0]["image"].endswith("app:1.0") else "available"
        if pod["metadata"].get("deletionTimestamp") or not ready(pod):
            return {}
        parts[pod["metadata"]["labels"]["app"]][part] += 1
    for each in made:
        counts = parts[each["metadata"]["name"]]
        if each["status"].get("availableReplicas", 0) != sum(counts.values()):
            return {}
        counts["missing"] = max(0, each["spec"]["replicas"] - sum(counts.values()))
    return parts


def ready(pod: Json) -> bool:
    """Whether the pod is ready."""
    conditions = pod.get("status", {}).get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def fits(bar: str, parts: Mapping[str, int]) -> bool:
    """Whether a bar shows these pods: in their order, nothing that is not there, each share within a cell."""
    total = sum(parts.values())
    shown = {mark: len(list(cells)) for mark, cells in groupby(bar)}
    wanted = {MARKS[name]: count for name, count in parts.items() if count}
    near = all(abs(shown.get(mark, 0) - count * len(bar) / total) <= 1 for mark, count in wanted.items())
    return list(shown) == list(wanted) and near


def right_bars(cluster: ControlPlane, app: PtyApp, count: int) -> dict[str, int]:
    """How many bars on screen are right once all rollouts stand still, and how many ways to look there are."""
    for number in range(count):
        cluster.api.patch(
            f"{DEPLOYMENTS}/unit-{number:03}", {"spec": {"paused": True}}, STRATEGIC_MERGE_PATCH
        )
    parts = eventually(lambda: at_rest(cluster), within=120, what="every pod ready", pause=1)

    def right(text: str) -> int:
        return sum(fits(bar, parts[name]) for name, bar in BAR.findall(text) if name in parts)

    with suppress(ScreenTimeout):
        app.until(lambda text: right(text) == count, 20, "every bar right")
    bars = BAR.findall(app.text())
    return {"right": right(app.text()), "different": len({bar for _, bar in bars})}


def measure(cluster: ControlPlane, home: Path, count: int, seconds: float) -> dict[str, Any]:
    """Roll all of them out and look twice; the figures by what was measured."""
    for number in range(count):
        spec = {"strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}
        cluster.create(
            NAMESPACE,
            workloads.deployment(f"unit-{number:03}", replicas=3 + number % 3, cpu_request="1m", spec=spec),
        )
    eventually(lambda: at_rest(cluster), within=120, what="every pod ready", pause=1)
    command = [sys.executable, "-m", "edgetui", "--kubeconfig", str(cluster.kubeconfig())]
    figures: dict[str, Any] = {}
    sizes: Sequence[tuple[str, int, int]] = (("80x24", 80, 24), ("all on screen", 100, count + AROUND))
    for name, columns, lines in sizes:
        with PtyApp(command, cwd=ROOT, env=environment(home), columns=columns, lines=lines) as app:
            app.wait_for("live")
            app.keys("4")
            app.wait_for("unit-0")
            app.quiet(SETTLE)
            if not figures:
                figures["idle"] = cost(cluster, app, seconds)
                roll_out(cluster, count)
            figures[name] = cost(cluster, app, seconds)
            print(f"{name}: {figures[name]}", flush=True)
            if lines > count:
                figures["bars"] = right_bars(cluster, app, count)
    return figures


def main() -> int:
    """Measure, print and write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.rollouts", description=__doc__)
    parser.add_argument("--rollouts", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=30, help="length of each of the three phases")
    given = parser.parse_args()
    build.ensure()
    print(f"{given.rollouts} Deployments; about {3 * given.seconds + 75:.0f} s", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="edgetui-bench-") as home,
        ControlPlane("bench", nodes=given.rollouts // 20 + 1) as cluster,
    ):
        figures = measure(cluster, Path(home), given.rollouts, given.seconds)
    print(f"idle: {figures['idle']}")
    bars = figures["bars"]
    print(f"bars that are right: {bars['right']} of {given.rollouts}, {bars['different']} different ones")
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / "rollouts.json"
    setting = {
        "rollouts": given.rollouts,
        "phase_seconds": given.seconds,
        "python": platform.python_version(),
    }
    file.write_text(json.dumps({"setting": setting, "figures": figures}, indent=2) + "\n")
    print(f"written to {file.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
