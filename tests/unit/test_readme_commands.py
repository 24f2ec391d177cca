"""What the README prints for scripts is pasted by people: each line works on the demo fleet, as a dry run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgetui.cli import ACTIONS
from edgetui.demo.launcher import Fleet

ROOT = Path(__file__).resolve().parents[2]
SECTION = (ROOT / "README.md").read_text().split("## For scripts")[1].split("\n## ")[0]
LINES = [line for line in re.findall(r"^edgetui .*", SECTION, re.MULTILINE) if " guard " not in line]


@pytest.fixture(scope="module")
def kubeconfig() -> Iterator[Path]:
    with Fleet(3, 0, outages=False) as fleet:
        yield fleet.ready()


@pytest.mark.parametrize("line", LINES)
def test_a_line_for_scripts_works_on_the_demo(line: str, kubeconfig: Path, tmp_path: Path) -> None:
    words = shlex.split(line, comments=True)[1:]
    acts = words[0] in ACTIONS and words[0] != "audit"
    dry = ["--dry-run"] if acts and "--dry-run" not in words else []
    done = subprocess.run(
        [sys.executable, "-m", "edgetui", *words, *dry],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "KUBECONFIG": str(kubeconfig)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert ("nothing was changed" in done.stderr or '"dry-run"' in done.stdout) is acts


def test_there_are_lines() -> None:
    assert len(LINES) >= 9
