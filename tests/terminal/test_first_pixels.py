"""What a terminal shows before anything is loaded, and that nothing of it stays in front of what comes instead."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from .ptyapp import PtyApp

# The program, with everything that is not loaded yet out of reach.
ALONE = """
import sys
from edgetui import cli
class Nothing:
    def find_spec(self, name, path=None, target=None):
        raise SystemExit(f"loaded {name}")
sys.meta_path.insert(0, Nothing())
sys.exit(cli.main([]))
"""


def test_the_first_pixels_need_nothing_but_the_interpreter(tmp_path: Path) -> None:
    with PtyApp([sys.executable, "-c", ALONE], env={"HOME": str(tmp_path)}) as app:
        app.wait_exit()
        assert app.text().startswith(" edgetui  loaded ")


@pytest.mark.parametrize(
    ("arguments", "first", "status"),
    [
        (["--help"], "usage: edgetui", 0),
        (["--nonsense"], "edgetui: unrecognized arguments: --nonsense. edgetui --help", 2),
        (["--read-only", "--version"], "edgetui 0.", 0),
        (["/nonexistent/config"], "config: ", 2),
    ],
)
def test_what_comes_instead_of_a_screen_takes_their_place(
    tmp_path: Path, arguments: list[str], first: str, status: int
) -> None:
    command = [sys.executable, "-m", "edgetui", *arguments]
    with PtyApp(command, lines=200, env={"HOME": str(tmp_path)}) as app:
        assert app.wait_exit() == status
        assert app.text().startswith(first)
