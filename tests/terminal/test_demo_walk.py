"""The main job on the demo fleet: the command a newcomer types, in a real terminal, with real keys."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.demo.wire import Wire

from .ptyapp import PATIENCE, PtyApp
from .walking import ROOT, act, back, close_receipt, confirm, go_to, narrow, open_screen, row, scale, wait_row

SITES = ("plant", "van-17", "farm")
LIVE = tuple(f"{site} live" for site in SITES)


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[PtyApp]:
    """`edgetui demo` at 80x24, every link up."""
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    env = {"XDG_RUNTIME_DIR": str(runtime)}
    with open_screen("demo", "--no-outages", home=tmp_path, env=env) as app:
        app.wait_for(*LIVE)
        yield app


@pytest.fixture
def served() -> Iterator[Path]:
    """The kubeconfig of a demo fleet that another process serves."""
    process = subprocess.Popen(
        [sys.executable, "-m", "edgetui", "demo", "--serve", "--no-outages"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield Path(json.loads(process.stdout.readline())["kubeconfig"])
    finally:
        process.communicate(timeout=10)


def children(pid: int) -> set[int]:
    """The processes that `pid` started and that still run."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = entry.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if int(parent) == pid and state != "Z":
            found.add(int(entry.parent.name))
    return found


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(holds: Callable[[], bool], limit: float = PATIENCE) -> None:
    end = time.monotonic() + limit
    while not holds():
        assert time.monotonic() < end, f"not true within {limit} s"
        time.sleep(0.02)


def test_three_sites_appear_on_four_panes(screen: PtyApp) -> None:
    assert "DEMO" in screen.text().splitlines()[0]
    for site, node in (("plant", "plant-cp"), ("van-17", "van-17"), ("farm", "farm-tower-1")):
        wait_row(screen, site, node, "Ready")
    wait_row(screen, "farm-tower-4", "NotReady")
    go_to(screen, "pods")
    wait_row(screen, "plant", "line-2", "press-", "image not found")
    narrow(screen, "vehicle")
    wait_row(screen, "van-17", "camera-", "Running", "1/1")
    go_to(screen, "autoscalers")
    wait_row(screen, "plant", "vision", "cpu")
    go_to(screen, "rollouts")
    wait_row(screen, "plant", "line-2", "press", "stuck")
    for site in SITES:
        wait_row(screen, site, "[==========] complete")


def test_an_object_as_yaml_from_a_pane_and_from_its_details(screen: PtyApp) -> None:
    go_to(screen, "rollouts")
    narrow(screen, "oven")
    wait_row(screen, "oven", "complete")
    screen.keys("y")
    screen.wait_for("deployment oven", "apiVersion: apps/v1", "kind: Deployment", "  name: oven")
    back(screen, "apiVersion")
    screen.keys("enter")
    screen.wait_for("desired", "strategy", ". actions")
    screen.keys("y")
    screen.wait_for("apiVersion: apps/v1")
    assert "managedFields" not in screen.text()
    back(screen, "apiVersion")
    screen.wait_for("desired", "strategy", ". actions")


def test_marked_rollouts_are_scaled_with_one_question_and_a_line_of_the_receipt_for_each(
    screen: PtyApp,
) -> None:
    go_to(screen, "rollouts")
    narrow(screen, "vehicle")
    wait_row(screen, "camera", "complete")
    screen.keys("home", "m", "m")
    screen.wait_for("*2 marked")
    act(screen, "s", "Scale 2 objects")
    screen.wait_for("deployment camera", "deployment gps")
    screen.keys("ctrl+u", "3")
    screen.until(re.compile(r"replicas > 3\b").search, what="3 in the dialog")
    screen.keys("enter")
    screen.wait_for("Scale 2 objects on van-17", "@ deployment vehicle/camera", "+ replicas: 3")
    confirm(screen, "Scale on van-17")
    screen.wait_for("2 of 2 done", "deployment vehicle/gps on van-17")
    close_receipt(screen)
    narrow(screen, "gps")
    wait_row(screen, "gps", "[==========] complete")
    screen.keys("enter")
    screen.wait_for("3 desired, 3 current, 3 ready, 3 available")


def test_scale_to_six(screen: PtyApp) -> None:
    go_to(screen, "rollouts")
    narrow(screen, "oven")
    wait_row(screen, "oven", "complete")
    scale(screen, 6, "plant")
    assert "6" in close_receipt(screen)
    wait_row(screen, "oven", "[==========] complete")
    screen.keys("enter")
    screen.wait_for("6 desired, 6 current, 6 ready, 6 available")
    back(screen, "6 desired")
    go_to(screen, "pods")
    narrow(screen, "oven")
    screen.until(lambda text: len(re.findall(r"oven-\S+ +Running +1/1", text)) == 6, what="six pods of oven")


def test_the_bad_image_is_named_and_rolled_back(screen: PtyApp, tmp_path: Path) -> None:
    go_to(screen, "rollouts")
    narrow(screen, "press")
    wait_row(screen, "press", "stuck: image not found")
    screen.keys(":notify", "enter")
    screen.wait_for("The terminal rings when deployment press has ended.")
    act(screen, "b", "what going back")
    assert re.search(r"> +2 +last good .*registry.local/press:2.0", screen.text())
    screen.keys("enter")
    confirm(screen, "Roll back on plant")
    assert "registry.local/press:2.0" in close_receipt(screen)
    wait_row(screen, "press", "[==========] complete")
    screen.keys("enter")
    screen.wait_for("image       registry.local/press:2.0", "6 ready")
    record = (tmp_path / "state" / "edgetui" / "audit.jsonl").read_text()
    assert record.count('"event":"intent"') == record.count('"event":"result"') == 1
    screen.settle()
    assert re.findall(rb"\x1b\]9;([^\x1b\x07]*)\x1b\\", screen.raw) == [
        b"deployment press on plant: complete"
    ]
    assert screen.raw.count(b"\x07") == 1, "the bell"


def test_the_log_of_a_crashed_container_and_of_one_that_writes(screen: PtyApp) -> None:
    go_to(screen, "pods")
    narrow(screen, "label-printer")
    screen.keys("l")
    screen.wait_for("loading label cache", "exit 137 (OOMKilled)")
    back(screen, "exit 137")
    narrow(screen, "oven")
    screen.keys("l")
    screen.wait_for("following")
    before = screen.text()
    screen.until(lambda text: text != before and "following" in text, what="another line")
    back(screen, "following")
    wait_row(screen, "oven", "Running")


def test_rotating_the_token_ends_the_old_one(served: Path, tmp_path: Path) -> None:
    before = served.read_text()
    wires = {site: Wire(served, site) for site in SITES}
    assert wires["plant"].get("/api/v1/nodes").code == 200
    old = wires["plant"].token
    with open_screen(str(served), "--all-contexts", home=tmp_path) as app:
        app.wait_for(*LIVE)
        narrow(app, "plant-cp")
        act(app, "t", "> Cancel")
        confirm(app, "Rotate token on plant")
        assert "401" in close_receipt(app)
        wait_row(app, "plant-cp", "Ready")
        app.wait_for(*LIVE)
        drawn = bytes(app.raw).decode(errors="replace")
    after = served.read_text()
    new = Wire(served, "plant").token
    assert new != old
    assert after.replace(new, old) == before
    assert wires["plant"].get("/api/v1/nodes").code == 401
    for site in SITES:
        assert Wire(served, site).get("/api/v1/nodes").code == 200
    record = (tmp_path / "state" / "edgetui" / "audit.jsonl").read_text()
    for secret in (old, new):
        signature = secret.rpartition(".")[2]
        assert signature not in record
        assert signature not in drawn


def test_a_dropped_link_is_stale_while_the_others_move_on(tmp_path: Path) -> None:
    with open_screen("demo", home=tmp_path) as app:
        app.wait_for(*LIVE)
        app.wait_for("2 live · van-17 stale", timeout=60)
        app.until(lambda _: row(app, "van-17", "v1.33.6").startswith("~"), what="old rows of the van")
        go_to(app, "rollouts")
        app.until(lambda _: row(app, "van-17", "camera").startswith("~"), what="old rollouts of the van")
        narrow(app, "oven")
        wait_row(app, "plant", "oven", "complete")
        scale(app, 5, "plant")
        close_receipt(app)
        wait_row(app, "plant", "oven", "[==========] complete")
        back(app, "/oven")
        # The farm's autoscaler has not stood still either: its load passes what its maximum can carry.
        go_to(app, "autoscalers")
        wait_row(app, "farm", "telemetry", "at max, needs", timeout=60)
        narrow(app, "telemetry")
        app.keys("enter")
        app.wait_for("min 2, max 6", "desired replicas above max 6")
        back(app, "min 2, max 6")
        app.wait_for(*LIVE, timeout=60)
        go_to(app, "rollouts")
        app.until(lambda _: row(app, "van-17", "camera").startswith(" "), what="fresh rows of the van")


def test_leaving_gives_the_terminal_back_and_ends_the_server(screen: PtyApp, tmp_path: Path) -> None:
    servers = children(screen.pid)
    assert len(servers) == 1
    assert len(list((tmp_path / "runtime").iterdir())) == 1
    assert 1049 in screen.modes
    screen.keys("q")
    assert screen.wait_exit() == 0
    assert screen.modes & {1049, 1000, 25} == {25}
    assert screen.attributes() == screen.attributes_at_start
    until(lambda: not any(map(alive, servers)), limit=1.0)
    assert not list((tmp_path / "runtime").iterdir())


def test_a_killed_parent_leaves_no_server(screen: PtyApp, tmp_path: Path) -> None:
    servers = children(screen.pid)
    assert len(servers) == 1
    screen.kill(signal.SIGKILL)
    screen.wait_exit()
    until(lambda: not any(map(alive, servers)) and not list((tmp_path / "runtime").iterdir()))


def test_without_a_terminal_it_prints_the_table_once(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "edgetui", "demo"],
        cwd=ROOT,
        env={**os.environ, "HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for site in SITES:
        assert re.search(rf"^{site} +live\b.*DEMO", done.stdout, re.MULTILINE)
    assert re.search(r"plant +line-2 +deploy +press .*stuck: image not found", done.stdout)
    assert "\x1b" not in done.stdout
    assert "run `edgetui demo` in a terminal" in done.stdout
