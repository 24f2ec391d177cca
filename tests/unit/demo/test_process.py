"""The server process: what it leaves behind, and how it goes when its parent does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from edgetui.demo.launcher import Fleet, StartError
from tests.unit.demo.wire import Wire

SERVER = [sys.executable, "-m", "edgetui.demo.server"]
PARENT = """
import sys
from edgetui.demo.launcher import Fleet
with Fleet(1, 0) as fleet:
    print(fleet.ready(), fleet._process.pid, flush=True)
    sys.stdin.read()
"""


def until(holds: Callable[[], bool], limit: float = 60.0) -> None:
    end = time.monotonic() + limit
    while not holds():
        assert time.monotonic() < end, f"not true within {limit} s"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    """Whether a process has ended; one that only waits to be reaped counts as ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def test_the_directory_is_private_and_goes_with_the_fleet() -> None:
    with Fleet(2, 0) as fleet:
        path = fleet.ready()
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert path.stat().st_mode & 0o777 == 0o600
        assert [entry.name for entry in path.parent.iterdir()] == ["kubeconfig"]
        document = yaml.safe_load(path.read_text())
        assert [context["name"] for context in document["contexts"]] == ["plant", "van-17"]
        extension = document["clusters"][0]["cluster"]["extensions"][0]
        assert extension == {"name": "edgetui", "extension": {"badge": "DEMO"}}
        assert Wire(path, "van-17").get("/version").body["gitVersion"] == "v1.33.6"
    assert not path.parent.exists()


def test_the_server_ends_with_a_parent_that_is_killed() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    path, pid = parent.stdout.readline().split()
    parent.kill()
    parent.communicate()
    until(lambda: gone(int(pid)) and not Path(path).parent.exists())


def test_serving_alone_ends_at_sigterm_and_does_not_mind_an_empty_stdin() -> None:
    process = subprocess.Popen(
        [*SERVER, "--clusters", "1"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    path = Path(json.loads(process.stdout.readline())["kubeconfig"])
    assert Wire(path, "plant").get("/readyz").body == "ok"
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(60) == 0
    process.stdout.close()
    assert not path.parent.exists()


def test_a_server_that_cannot_start_is_one_sentence() -> None:
    fleet = Fleet(1, 0)
    fleet._arguments.append("--no-such-option")
    with fleet:
        try:
            fleet.ready()
        except StartError as error:
            assert "unrecognized arguments: --no-such-option" in str(error)
        else:
            raise AssertionError("it started")


def test_filler_brings_the_fleet_to_its_size() -> None:
    with Fleet(3, 300) as fleet:
        path = fleet.ready()
        pods = [Wire(path, name).get("/api/v1/pods").body["items"] for name in ("plant", "van-17", "farm")]
    assert 285 <= sum(map(len, pods)) <= 315
