"""Tests name what is there: mypy reads them too, and finds names that were renamed or are gone.

Tests take liberties with types, so only what is about names counts. A name that a module imports for itself is there.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ABOUT_NAMES = re.compile(r": error: .*\[(attr-defined|call-arg|name-defined|import-not-found)\]$")
ITS_OWN = "does not explicitly export attribute"


def test_the_tests_name_nothing_that_is_not_there() -> None:
    command = [sys.executable, "-m", "mypy", "edgetui", "tests"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1200, check=False)
    assert done.returncode in (0, 1), done.stderr
    lines = done.stdout.splitlines()
    assert re.match(r"Found \d+ errors? in|Success", lines[-1]), lines[-1]
    assert [line for line in lines if ABOUT_NAMES.search(line) and ITS_OWN not in line] == []
