"""`edgetui get -w`: below the first rows a line for every one that changes, comes or goes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgetui.demo.launcher import Fleet

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def env() -> Iterator[dict[str, str]]:
    with Fleet(1, 0, outages=False) as fleet:
        yield {**os.environ, "KUBECONFIG": str(fleet.ready())}


def edgetui(*words: str) -> list[str]:
    return [sys.executable, "-m", "edgetui", *words]


def lines_until(watching: subprocess.Popen[str], wanted: str) -> list[str]:
    """The lines that come, up to one that holds `wanted`."""
    assert watching.stdout is not None
    found = []
    for line in iter(watching.stdout.readline, ""):
        found.append(line.rstrip())
        if wanted in line:
            return found
    raise AssertionError(f"{wanted!r} did not come: {found}")


@pytest.mark.parametrize("form", ["wide", "name"])
def test_rows_that_change_come_below_the_first(form: str, env: dict[str, str], tmp_path: Path) -> None:
    env = {**env, **{f"XDG_{name}_HOME": str(tmp_path / name) for name in ("STATE", "CACHE", "CONFIG")}}
    name = "historian-0" if form == "wide" else "pod/historian-0"
    watching = subprocess.Popen(
        edgetui("get", "pods", "-n", "messaging", "-o", form, "-w"),
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        lines_until(watching, name)
        deleting = edgetui("delete", "pod", "historian-0", "-n", "messaging", "--yes", "-q")
        subprocess.run(deleting, cwd=ROOT, env=env, check=True, stdin=subprocess.DEVNULL, capture_output=True)
        lines_until(watching, name)
        watching.send_signal(signal.SIGINT)
        watching.communicate(timeout=120)
        assert watching.returncode == 130
    finally:
        watching.kill()
        watching.communicate()
