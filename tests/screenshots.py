"""Pictures of the running program: `python -m tests.screenshots` writes screenshots/*.svg and *.png.

Each picture is the screen of the real command on the demo fleet in a pseudo-terminal, taken when the facts that
it is about are there.
"""

from __future__ import annotations

import atexit
import contextlib
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from edgetui.demo.launcher import Fleet
from tests.controlplane import users, workloads
from tests.controlplane.cluster import ControlPlane
from tests.controlplane.kubeconfig import token_user
from tests.terminal import picture
from tests.terminal.ptyapp import PtyApp
from tests.terminal.walking import (
    ROOT,
    act,
    back,
    close_receipt,
    confirm,
    go_to,
    narrow,
    open_screen,
    wait_row,
)

OUT = ROOT / "screenshots"
LIVE = "plant live", "van-17 live", "farm live"
THEMES = "ansi", "dark", "light", "high-contrast", "mono"
NEUTRAL = "ops"
FOREIGN = re.compile(r"/(?:root|home|work|usr|var)/|/tmp/(?!ops/)|(?<![\w.])" + re.escape(str(ROOT)))


def take(app: PtyApp, name: str) -> None:
    """Draw what is on the screen once it stands still for a moment. Refuses a screen with a path of this machine."""
    app.settle(quiet=0.25, timeout=30)
    text = app.text()
    if found := FOREIGN.search(text):
        sys.exit(f"{name} would show {found[0]!r}:\n{text}")
    drawing = picture.svg(app.screen)
    (OUT / f"{name}.svg").write_text(drawing, encoding="utf-8")
    (OUT / f"{name}.png").write_bytes(picture.png(drawing))
    print(f"screenshots/{name}.png")


def neutral_directory() -> Path:
    """A directory for the fleet's files whose name says nothing of this machine."""
    directory = Path("/tmp") / NEUTRAL
    directory.mkdir(mode=0o700, exist_ok=True)
    return directory


def demo(*options: str, columns: int = 80, lines: int = 24, env: dict[str, str] | None = None) -> PtyApp:
    """`edgetui demo` with every site there, without anything of this machine's home."""
    home = Path(tempfile.mkdtemp(prefix="edgetui-shots-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    ours = {
        "TMPDIR": str(neutral_directory()),
        **(env or {}),
    }  # command lines to copy name the fleet's kubeconfig
    app = open_screen("demo", *options, home=home, columns=columns, lines=lines, env=ours)
    app.wait_for("live", "plant", "van-17", "farm-tower-4", timeout=60)
    return app


def dashboards() -> None:
    """All four panes at once."""
    for columns, lines in ((120, 36), (200, 60)):
        with demo("--no-outages", columns=columns, lines=lines) as app:
            wait_row(app, "press", "image not found")
            wait_row(app, "weld", "of 6")
            app.until(lambda text: re.search(r"telemetry .*at max", text), 60, "an autoscaler at its maximum")
            take(app, f"{'dashboard' if columns == 120 else 'wide'}-{columns}x{lines}")


def small() -> None:
    """The panes and screens of an 80x24 terminal, and a roll back from its start to its end."""
    with demo("--no-outages") as app:
        go_to(app, "pods")
        wait_row(app, "press", "image not found")
        take(app, "pods-80x24")
        go_to(app, "autoscalers")
        wait_row(app, "farm", "telemetry", "at max", timeout=60)
        take(app, "autoscalers-80x24")
        app.keys("c")
        app.wait_for("clusters 3")
        take(app, "clusters-80x24")
        app.keys("escape")
        app.wait_gone("clusters 3")
        app.keys("?")
        app.wait_for("rotate")
        take(app, "help-80x24")
        app.keys("escape")
        app.wait_for("METRIC")
        go_to(app, "rollouts")
        wait_row(app, "press", "image not found")
        take(app, "rollouts-80x24")
        narrow(app, "oven")
        app.keys(".")
        app.wait_for("Actions on")
        take(app, "actions-80x24")
        app.keys("escape")
        app.wait_gone("Actions on")
        act(app, "s", "enter continue")
        app.keys("ctrl+u", "6", "enter")
        app.wait_for("> Cancel", "Scale on plant")
        take(app, "confirm-scale-80x24")
        confirm(app, "Scale on plant")
        close_receipt(app)
        narrow(app, "press")
        app.keys("enter")
        app.wait_for("revisions")
        take(app, "rollout-detail-80x24")
        act(app, "b", "what going back")
        take(app, "rollback-80x24")
        app.keys("enter")
        confirm(app, "Roll back on plant")
        app.wait_for("> Close", timeout=60)
        take(app, "rollback-receipt-80x24")


def objects() -> None:
    """One object in depth: why an autoscaler does what it does, logs, YAML, two revisions, and a guard that counts."""
    with demo("--no-outages") as app:
        go_to(app, "autoscalers")
        wait_row(app, "farm", "telemetry", "at max", timeout=60)
        narrow(app, "telemetry")
        app.keys("enter")
        app.wait_for("at the present load", "last 1", timeout=90)
        take(app, "autoscaler-detail-80x24")
        back(app, "at the present load")
        go_to(app, "rollouts")
        narrow(app, "label-printer")
        app.keys("l")
        app.wait_for("label-printer-", "i times")
        take(app, "logs-80x24")
        back(app, "i times")
        app.keys("y")
        app.wait_for("apiVersion: apps/v1")
        take(app, "yaml-80x24")
        back(app, "apiVersion")
        narrow(app, "press")
        app.keys("enter")
        app.wait_for("d what differs")
        app.keys("d")
        app.wait_for("what differs from revision")
        take(app, "revisions-differ-80x24")
        back(app, "what differs from")
        app.wait_for("d what differs")
        act(app, "g", "observe after success")
        app.keys("enter")
        app.wait_for("requests")
        take(app, "guard-plan-80x24")
        confirm(app, "Guard on plant")
        app.wait_for("GUARD press 1m", timeout=30)
        take(app, "guard-80x24")


def looks() -> None:
    """What a technician looks at besides: a silent node, services, events, a label, and nothing at all."""
    with demo("--no-outages") as app:
        wait_row(app, "farm-tower-4", "no heartbeat")
        app.until(lambda text: re.search(r"van-17 +Ready .*%.*%", text), 60, "the usage of nodes")
        take(app, "nodes-80x24")
        narrow(app, "farm-tower-4")
        app.keys("enter")
        app.wait_for("what becomes of its pods", "stays: of daemonset")
        take(app, "node-lost-80x24")
        app.keys(":out-of-service", "enter")
        app.wait_for("It has to be powered off", "is evicted already")
        take(app, "out-of-service-80x24")
        back(app, "It has to be powered off")
        back(app, "what becomes of its pods")
        narrow(app, "plant-line-2")
        app.keys(":unplug", "enter")
        app.wait_for("without node", "services that lose a host")
        take(app, "unplug-80x24")
        back(app, "without node")
        app.keys(":control-plane", "enter")
        app.wait_for("disruption budgets")
        take(app, "control-plane-80x24")
        back(app, "disruption budgets")
        app.keys("5")
        app.wait_for("TYPE")
        take(app, "services-80x24")
        app.keys("enter")
        app.wait_for("new connections", "in cluster")
        take(app, "service-traffic-80x24")
        back(app, "new connections")
        app.keys("6")
        app.wait_for("MESSAGE")
        take(app, "events-80x24")
        go_to(app, "pods")
        wait_row(app, "press", "image not found")
        narrow(app, "app=press")
        take(app, "labels-80x24")
        narrow(app, "app=pres")
        app.wait_for("app here is")
        take(app, "empty-80x24")


def updates() -> None:
    """An update that a dead tower holds up, and every node's version."""
    for columns, lines in ((80, 24), (120, 36)):
        with demo("--no-outages", columns=columns, lines=lines) as app:
            app.keys(":updates", "enter")
            wait_row(app, "k3s-agent", "held by farm-tower-4", timeout=60)
            wait_row(app, "van-17", "same minor", timeout=60)
            take(app, f"updates-{columns}x{lines}")


def many() -> None:
    """Ten thousand pods."""
    home = Path(tempfile.mkdtemp(prefix="edgetui-shots-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    arguments = "demo", "--no-outages", "--clusters", "1", "--pods", "10000"
    with open_screen(*arguments, home=home) as app:
        app.until(re.compile(r"pods  10,\d\d\d").search, 120, "ten thousand pods")
        go_to(app, "pods")
        wait_row(app, "press", "image not found")
        take(app, "many-80x24")


def forbidden() -> None:
    """Someone who may read the pods of one namespace of a real cluster, and nothing else."""
    home = Path(tempfile.mkdtemp(prefix="edgetui-shots-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    with ControlPlane("plant") as plant:
        plant.kubectl("create", "namespace", "line-2")
        plant.kubectl("-n", "line-2", "create", "serviceaccount", "technician")
        plant.kubectl(
            "-n", "line-2", "create", "role", "pods", "--verb=get,list,watch", "--resource=pods,pods/log"
        )
        plant.kubectl(
            *("-n", "line-2", "create", "rolebinding", "pods"),
            *("--role=pods", "--serviceaccount=line-2:technician"),
        )
        plant.create("line-2", workloads.deployment("press", replicas=3), workloads.deployment("weld"))
        token = users.issue_token(plant.api, "line-2", "technician")
        file = plant.layout.write_kubeconfig(
            home / "plant", "technician", token_user(token), namespace="line-2"
        )
        with open_screen(str(file), home=home) as app:
            app.wait_for("not allowed")
            take(app, "forbidden-80x24")
            go_to(app, "pods")
            wait_row(app, "press", "Running")
            take(app, "forbidden-pods-80x24")


def rotate() -> None:
    """A token rotated in a kubeconfig of one's own, next to which nothing of this machine is seen."""
    # A receipt names the file in full: the short way to it says nothing about this machine.
    home = neutral_directory()
    with contextlib.ExitStack() as leaving, Fleet(3, 0, outages=False) as fleet:
        leaving.callback(shutil.rmtree, home)
        (home / "sites.yaml").write_bytes(fleet.ready().read_bytes())
        command = [sys.executable, "-m", "edgetui", "sites.yaml", "--all-contexts"]
        env = {
            "HOME": str(home),
            "XDG_STATE_HOME": str(home / "state"),
            "XDG_CACHE_HOME": str(home / "cache"),
            "PYTHONPATH": str(ROOT),
        }
        with PtyApp(command, cwd=home, env=env) as app:
            app.wait_for(*LIVE)
            narrow(app, "plant-cp")
            act(app, "t", "> Cancel")
            take(app, "rotate-confirm-80x24")
            confirm(app, "Rotate token on plant")
            app.wait_for("> Close", timeout=60)
            take(app, "rotate-receipt-80x24")


def stale() -> None:
    """The van's link is down."""
    with demo() as app:
        app.wait_for("van-17 stale", timeout=60)
        go_to(app, "rollouts")
        app.until(lambda text: re.search(r"^~.*camera", text, re.MULTILINE), what="old rows of the van")
        take(app, "stale-80x24")


def themes() -> None:
    """The rollouts pane in every theme; mono as a terminal without colours chooses it."""
    for theme in THEMES:
        env = {"NO_COLOR": "1"} if theme == "mono" else {"COLORTERM": "truecolor"}
        with demo("--no-outages", "--theme", theme, env=env) as app:
            go_to(app, "rollouts")
            wait_row(app, "press", "image not found")
            take(app, f"theme-{theme}-80x24")


def main() -> int:
    """All pictures, or those of the parts named on the command line."""
    parts: dict[str, Callable[[], None]] = {
        "dashboards": dashboards,
        "small": small,
        "objects": objects,
        "looks": looks,
        "updates": updates,
        "many": many,
        "forbidden": forbidden,
        "rotate": rotate,
        "stale": stale,
        "themes": themes,
    }
    OUT.mkdir(exist_ok=True)
    for name in sys.argv[1:] or parts:
        parts[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
