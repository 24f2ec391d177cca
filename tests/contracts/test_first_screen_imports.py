"""What the first screen must not load: measured in the program itself, in a real pty, when its first rows are there."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgetui.demo.launcher import Fleet
from edgetui.ui import layout
from tests.terminal.ptyapp import PtyApp

PODS = 1900
ALL_PODS = re.compile(r"pods  1,9\d\d")
FIRST_ROW, TABS = "plant-cp ", "1 nodes"

# Each costs start-up time or memory on a gateway, and none is needed before an action or a plugin asks for it.
HEAVY = {"kubernetes", "cryptography", "aiohttp", "requests", "pydantic", "urllib3", "h11"}
# These come with what is shown later, or with a call that has a cheaper form.
LATER = {
    "edgetui.actions.gate.audit",
    "edgetui.actions.gate.gate",
    "edgetui.actions.guard.guard",
    "edgetui.actions.nodes",
    "edgetui.actions.remote",
    "edgetui.actions.rollout.rollback",
    "edgetui.actions.credentials.rotate",
    "edgetui.actions.scaling.scale",
    "edgetui.cluster.auth.subprocess",
    "edgetui.cluster.kubeconfig.write",
    "edgetui.cluster.auth.exec_plugin",
    "edgetui.cluster.api.catalog",
    "edgetui.cluster.api.discovery",
    "edgetui.cluster.watch.object_table",
    "edgetui.cluster.kubeconfig.yaml_edit",
    "edgetui.crash",
    "edgetui.model.control_plane",
    "edgetui.model.kinds.discovered",
    "edgetui.model.panes.of_kind",
    "edgetui.model.resources",
    "edgetui.model.panes.updates",
    "edgetui.model.rollout.guard",
    "edgetui.model.update",
    "edgetui.commands",
    "edgetui.get",
    "edgetui.ui.any_kind",
    "edgetui.ui.details",
    "edgetui.ui.flows",
    "edgetui.ui.screens.clusters",
    "edgetui.ui.screens.control_plane",
    "edgetui.ui.screens.detail",
    "edgetui.ui.dialogs.base",
    "edgetui.ui.screens.help",
    "email",
    "encodings.idna",
    "hashlib",
    "http.client",
    "markdown_it",
    "multiprocessing",
    "pygments",
    "rich.markdown",
    "rich.syntax",
    "rich.traceback",
    "sqlite3",
    "textual.types",
    "textual.widgets._data_table",
    "textual.widgets._markdown",
    "textual.widgets._option_list",
    "textual.widgets._tree",
    "unittest",
    "urllib.request",
    "wsproto",
}
FLOOR = (
    "import argparse, asyncio, json, sys, msgspec, textual.app, yaml; print(json.dumps(sorted(sys.modules)))"
)
ROOT = Path(__file__).resolve().parents[2]
OURS_AT_MOST = 151
"""Modules; packages, whose files hold a few lines of text, are not counted."""
OTHERS_AT_MOST = 24

FIRST_SCREEN, AT_REST = 49.5 * 1024, 50.5 * 1024
"""KiB: 48.1 and 49.0 MiB are held, whatever the link; the rest is for other builds, and a run that compiles itself."""


def is_package(name: str) -> bool:
    return (ROOT / name.replace(".", "/") / "__init__.py").exists()


# The program, which tells on a signal what it has loaded. How fast the machine is must not decide what that is, so the
# traffic is not adapted to the link; and the actions' code, that follows the first rows, stays away where told so.
PROBE = """
import gc, json, pathlib, signal, sys
from edgetui import cli
from edgetui.ui import run

file, answer, traffic, actions = sys.argv[1:]
run_app = run._run_app

async def without_actions(*arguments):
    import edgetui.ui.action_keys
    edgetui.ui.action_keys.LOAD_AFTER = 3600.0
    return await run_app(*arguments)

def tell(*_):
    told = {"modules": sorted(sys.modules), "garbage": gc.isenabled(), "frozen": gc.get_freeze_count()}
    pathlib.Path(answer + ".new").write_text(json.dumps(told))
    pathlib.Path(answer + ".new").rename(answer)

if actions == "without actions":
    run._run_app = without_actions
signal.signal(signal.SIGUSR1, tell)
sys.exit(cli.main(["--api-traffic", traffic, file]))
"""


@pytest.fixture(scope="module")
def kubeconfig() -> Iterator[Path]:
    """The demo fleet's plant with 1,900 pods; credentials are static."""
    with Fleet(1, PODS, outages=False) as fleet:
        yield fleet.ready()


def told_by(app: PtyApp, answer: Path) -> dict[str, Any]:
    """What the probe tells now."""
    answer.unlink(missing_ok=True)
    app.kill(signal.SIGUSR1)
    app.until(lambda _: answer.exists(), what="an answer of the probe")
    return dict(json.loads(answer.read_text()))


def test_the_first_rows_need_nothing_that_can_come_later(kubeconfig: Path, tmp_path: Path) -> None:
    answer = tmp_path / "answer"
    command = [sys.executable, "-c", PROBE, str(kubeconfig), str(answer), "full", "without actions"]
    with PtyApp(command, env={"HOME": str(tmp_path)}) as app:
        app.wait_for(TABS, FIRST_ROW)
        told = told_by(app, answer)
        loaded = set(told["modules"])
        floor = subprocess.run(
            [sys.executable, "-c", FLOOR], capture_output=True, text=True, timeout=60, check=True
        )
        beyond = loaded - set(json.loads(floor.stdout))
        assert "edgetui.ui.screens.main" in loaded
        assert sorted(loaded & HEAVY) == []
        assert sorted(loaded & LATER) == []
        ours = [name for name in beyond if name.startswith("edgetui") and not is_package(name)]
        assert len(ours) <= OURS_AT_MOST
        assert len([name for name in beyond if not name.startswith("edgetui")]) <= OTHERS_AT_MOST
        app.until(lambda _: told_by(app, answer)["garbage"], what="the search for garbage")
        assert told_by(app, answer)["frozen"] > 10_000


# The program, whose screen cannot be loaded before a file is there.
HELD = """
import importlib, pathlib, sys, time
from edgetui import cli

file, go = sys.argv[1:]
load = importlib.import_module

def held(name, package=None):
    while name == "edgetui.ui.app" and not pathlib.Path(go).exists():
        time.sleep(0.01)
    return load(name, package)

importlib.import_module = held
sys.exit(cli.main([file]))
"""


@pytest.mark.parametrize(
    ("left", "row"),
    [("nodes", re.compile(r"(?m)^. plant-cp ")), ("pods", re.compile(r"(?m)^. [\w-]+ +[\w-]+-\w{5} .*/"))],
)
def test_the_first_rows_of_the_pane_that_was_left_do_not_wait_for_the_screen(
    kubeconfig: Path, tmp_path: Path, left: str, row: re.Pattern[str]
) -> None:
    go, state = tmp_path / "go", tmp_path / "state"
    layout.write(state / "edgetui" / "layout.json", layout.Layout(pane=left))
    command = [sys.executable, "-c", HELD, str(kubeconfig), str(go)]
    with PtyApp(command, env={"HOME": str(tmp_path), "XDG_STATE_HOME": str(state)}) as app:
        app.until(lambda text: "connecting to plant" in text and row.search(text), what="rows")
        assert TABS not in app.text()
        go.touch()
        app.until(lambda text: TABS in text and row.search(text), what="the same rows")
        app.keys("q")
        assert app.wait_exit() == 0


@pytest.mark.parametrize(
    ("traffic", "actions", "most"),
    [
        ("full", "without actions", FIRST_SCREEN),
        ("full", "with actions", AT_REST),
        ("minimal", "with actions", AT_REST),
    ],
)
def test_the_program_fits_on_a_gateway(
    kubeconfig: Path, tmp_path: Path, traffic: str, actions: str, most: float
) -> None:
    """At rest: all pods are there, what follows the first rows is loaded, and what was free has been given back."""
    answer = tmp_path / "answer"
    command = [sys.executable, "-c", PROBE, str(kubeconfig), str(answer), traffic, actions]
    with PtyApp(command, env={"HOME": str(tmp_path)}) as app:
        app.until(ALL_PODS.search, what="all pods")
        app.keys("2")
        app.wait_for("NAMESPACE")
        if actions == "with actions":
            app.until(lambda _: "edgetui.ui.flows" in told_by(app, answer)["modules"], what="the actions")
        app.until(lambda _: told_by(app, answer)["garbage"], what="the search for garbage")
        app.settle()
        app.until(lambda _: app.memory_kib() <= most, what=f"{app.memory_kib()} KiB to become {most:.0f}")


def test_a_run_that_writes_nothing_loads_no_digests() -> None:
    """They come with OpenSSL's tables: 0.6 MB, also where only the actions' code has followed the first rows."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, edgetui.ui.run, edgetui.ui.app, edgetui.ui.flows, edgetui.cluster.session\n"
            "import edgetui.cluster.snapshot.keeper, edgetui.ui.earlier_writes\n"
            "print('hashlib' in sys.modules)",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == "False"


def test_the_version_needs_no_screen() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, json; from edgetui.cli import main\n"
            "try: main(['--version'])\nexcept SystemExit: pass\n"
            "print(json.dumps(sorted(sys.modules)))",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert not loaded & (HEAVY | {"textual", "rich", "yaml", "msgspec", "asyncio", "ssl"})
