"""What leaves the screen for the terminal itself: names for its clipboard, as bytes on the wire."""

from __future__ import annotations

import base64
import re

import pytest

from .ptyapp import PtyApp
from .test_screen_on_a_pty import FLEET, ROOT

COPIED = re.compile(rb"\x1b\]52;([^\x07\x1b]*)(?:\x07|\x1b\\)")


@pytest.mark.parametrize("env", [{}, {"SSH_TTY": "/dev/pts/4"}, {"TERM": "tmux-256color"}])
def test_a_name_goes_to_the_clipboard_in_one_sequence(env: dict[str, str]) -> None:
    with PtyApp(FLEET, cwd=ROOT, env=env) as app:
        app.wait_for("1 nodes", "plant-agent-3")
        app.keys("4")
        app.wait_for("PROGRESS")
        app.keys("ctrl+y")
        app.wait_for("press: sent to the terminal's clipboard.")
        assert COPIED.findall(app.raw) == [b"c;" + base64.b64encode(b"press")]
        app.keys("enter")
        app.wait_for("deployment press", ". actions")
        app.wait_gone("sent to the terminal's clipboard")
        app.keys("ctrl+y")
        app.wait_for("press: sent to the terminal's clipboard.")
        assert COPIED.findall(app.raw) == [b"c;" + base64.b64encode(b"press")] * 2


@pytest.mark.parametrize(
    ("term", "said"),
    [("linux", "The Linux console has no clipboard."), ("vt220", "A serial terminal has no clipboard.")],
)
def test_a_terminal_without_a_clipboard_gets_a_sentence_and_nothing_else(term: str, said: str) -> None:
    with PtyApp(FLEET, cwd=ROOT, env={"TERM": term}) as app:
        app.wait_for("1 nodes", "plant-agent-3")
        app.keys("4")
        app.wait_for("PROGRESS")
        app.keys("ctrl+y")
        app.wait_for(said)
        assert b"\x1b]52" not in app.raw
