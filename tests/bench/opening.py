"""`python -m tests.bench.opening`: how long it takes from a key until what it opens is on the screen.

A shell in a container, beside the whole of `kubectl exec` doing nothing in it; and a kind of the tests' own with many
objects, beside `kubectl get`. A real control plane, a real terminal of 80x24, the program at rest before each key.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from tests.controlplane import build, custom, workloads
from tests.controlplane.cluster import ControlPlane
from tests.controlplane.waiting import eventually
from tests.terminal.ptyapp import PtyApp

from .program import environment

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(__file__).parent / "results"
NAMESPACE = "default"
SETTLE = 6.0
GREETING = "ctrl+] and then d leaves"
TIMES = 7


def begun(cluster: ControlPlane, home: Path) -> PtyApp:
    """The program on that cluster."""
    command = [sys.executable, "-m", "edgetui", "--kubeconfig", str(cluster.kubeconfig())]
    return PtyApp(command, cwd=ROOT, env=environment(home))


def timed(work: Callable[[], object]) -> float:
    """Seconds that it took."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def in_one_piece(app: PtyApp) -> None:
    """Ask for a shell by a line that arrives whole; the command line opens within the time that is measured."""
    app.keys(":shell\r")


def by_enter(app: PtyApp) -> Callable[[PtyApp], None]:
    """Type the command, and ask by Enter once it stands there."""
    app.keys(":shell")
    app.wait_for(":shell")
    app.settle()
    return lambda app: app.keys("enter")


def by_letter(app: PtyApp) -> Callable[[PtyApp], None]:
    """Open the menu of actions, and ask by the letter once it stands there."""
    app.keys(".")
    app.wait_for("Actions on")
    app.settle()
    return lambda app: app.keys("s")


WAYS: dict[str, Callable[[PtyApp], Callable[[PtyApp], None]]] = {
    "one_piece": lambda _: in_one_piece,
    "enter": by_enter,
    "menu": by_letter,
}


def shells(cluster: ControlPlane, home: Path) -> dict[str, float]:
    """The first shell of a program by each way to ask for it, those after it, and `kubectl exec`; milliseconds."""
    cluster.create(NAMESPACE, workloads.statefulset("press", replicas=1))
    eventually(lambda: _runs(cluster, "press-0"), within=60, what="press-0")
    first: dict[str, list[float]] = {way: [] for way in WAYS}
    later: list[float] = []
    for way in list(WAYS) * 3:
        with begun(cluster, home) as app:
            app.wait_for("live")
            app.keys("2")
            app.wait_for("press-0")
            for turn in range(3):
                app.quiet(SETTLE if not turn else 1.0)
                ask = in_one_piece if turn else WAYS[way](app)
                took = timed(lambda ask=ask, app=app: (ask(app), app.wait_for(GREETING, timeout=60)))
                (later if turn else first[way]).append(took)
                app.quiet(0.5)
                app.keys("\x1dd")
                app.wait_for("Left", "press-0")
                app.wait_gone(GREETING)
    peer = [
        timed(lambda: cluster.kubectl("exec", "-n", NAMESPACE, "press-0", "--", "true")) for _ in range(TIMES)
    ]
    return {
        **{f"first_by_{way}_ms": round(1000 * median(found)) for way, found in first.items()},
        "later_ms": round(1000 * median(later)),
        "kubectl_exec_ms": round(1000 * median(peer)),
    }


def _runs(cluster: ControlPlane, name: str) -> bool:
    found = cluster.api.get(f"/api/v1/namespaces/{NAMESPACE}/pods")["items"]
    return any(one["metadata"]["name"] == name and one["status"].get("phase") == "Running" for one in found)


def kinds(cluster: ControlPlane, home: Path, count: int) -> dict[str, float]:
    """A kind with so many objects: until the first rows, until all, `kubectl get`, and what each row takes.

    The memory of a row is the difference to the same with a tenth of them.
    """
    path = f"/apis/{custom.GROUP}/v1/namespaces/{NAMESPACE}/pumps"
    cluster.api.create(custom.DEFINITIONS, custom.definition("pumps", "Pump", columns=custom.COLUMNS))
    eventually(lambda: cluster.api.request("GET", path).code == 200, within=30, what="pumps")
    few = count // 10
    for number in range(few):
        cluster.api.create(path, pump(number))
    without = median(opened(cluster, home, few)[2] for _ in range(3))
    for number in range(few, count):
        cluster.api.create(path, pump(number))
    found = [opened(cluster, home, count) for _ in range(5)]
    peer = [timed(lambda: cluster.kubectl("get", "pumps", "-n", NAMESPACE)) for _ in range(3)]
    return {
        "first_rows_ms": round(1000 * median(one[0] for one in found)),
        "all_rows_ms": round(1000 * median(one[1] for one in found)),
        "kubectl_get_ms": round(1000 * median(peer)),
        "bytes_a_row": round((median(one[2] for one in found) - without) * 1024 / (count - few)),
    }


def opened(cluster: ControlPlane, home: Path, count: int) -> tuple[float, float, int]:
    """Seconds until the first rows and until all, and the resident memory (KiB) once all stands still."""
    with begun(cluster, home) as app:
        app.wait_for("live")
        app.quiet(SETTLE)
        began = time.monotonic()
        app.keys(":pumps\r")
        app.wait_for("pump-0", timeout=60)
        first = time.monotonic() - began
        app.until(lambda text: f"{count:,}" in text or f"{count} " in text, timeout=60, what=f"{count}")
        every = time.monotonic() - began
        app.quiet(SETTLE)
        return first, every, app.memory_kib()


def pump(number: int) -> dict[str, object]:
    """One object of the kind."""
    return {
        "apiVersion": f"{custom.GROUP}/v1",
        "kind": "Pump",
        "metadata": {"name": f"pump-{number:05}", "labels": {"line": f"line-{number % 7}"}},
        "spec": {"pressure": number % 17, "serviced": "2026-11-01T00:00:00Z", "firmware": f"1.{number % 5}"},
        "status": {"phase": "Running"},
    }


def main() -> int:
    """Measure, print and write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.opening", description=__doc__)
    parser.add_argument("--objects", type=int, default=5000)
    given = parser.parse_args()
    build.ensure()
    with (
        tempfile.TemporaryDirectory(prefix="edgetui-bench-") as home,
        ControlPlane("bench", nodes=1) as cluster,
    ):
        figures = {
            "shell": shells(cluster, Path(home) / "shells"),
            "kind": kinds(cluster, Path(home) / "kinds", given.objects),
        }
    for name, found in figures.items():
        print(f"{name}: {found}", flush=True)
    load = Path("/proc/loadavg").read_text().split()[0]
    print(f"load {load}")
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / "opening.json"
    setting = {"objects": given.objects, "load": load, "python": platform.python_version()}
    file.write_text(json.dumps({"setting": setting, "figures": figures}, indent=2) + "\n")
    print(f"written to {file.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
