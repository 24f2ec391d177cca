"""What the README prints is pasted by people: each line works as it stands on a demo fleet, in an empty home."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgetui.commands import FAMILIES, find
from edgetui.demo.launcher import Fleet

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = README.split("## Command line")[1].split("\n## ")[0]
LINES = re.findall(r"^edgetui .*", SECTION, re.MULTILINE)
SPANS = [span for span in re.findall(r"`(edgetui [a-z][^`]*)`", README) if "demo" not in span]


class Place:
    """A demo fleet and an empty home, for all lines together: some take up what another one left."""

    def __init__(self, kubeconfig: Path, home: Path) -> None:
        self.env = {"PATH": os.environ["PATH"], "HOME": str(home), "KUBECONFIG": str(kubeconfig)}

    def start(self, line: str) -> subprocess.Popen[str]:
        """The line as a shell would run it, without a terminal."""
        return subprocess.Popen(
            [sys.executable, "-m", "edgetui", *shlex.split(line, comments=True)[1:]],
            cwd=ROOT,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with Fleet(3, 0, outages=False) as fleet:
        yield Place(fleet.ready(), tmp_path_factory.mktemp("home"))


@pytest.mark.parametrize("line", [line for line in LINES if " guard " not in line])
def test_a_line_of_the_readme_works_on_the_demo(line: str, place: Place) -> None:
    running = place.start(line)
    out, err = running.communicate(timeout=120)
    assert (running.returncode, bool(out)) == (0, True), err


@pytest.mark.parametrize("line", [line for line in LINES if " guard " in line])
def test_a_line_that_runs_on_works_until_it_is_stopped(line: str, place: Place) -> None:
    running = place.start(line)
    assert running.stdout is not None
    assert any(" has begun." in said for said in iter(running.stdout.readline, ""))
    running.send_signal(signal.SIGTERM)
    assert running.wait(120) == 0
    running.communicate()


@pytest.mark.parametrize("span", SPANS)
def test_what_the_text_names_is_a_command_with_that_name(span: str) -> None:
    words = shlex.split(span)[1:]
    named = words[:2] if words[0] in FAMILIES else words[:1]
    assert find(named) is not None


def test_there_are_lines() -> None:
    assert len(LINES) >= 15
    assert len(SPANS) >= 6
