"""The screen on terminals of every sort."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from .ptyapp import PtyApp

ROOT = Path(__file__).resolve().parents[2]
FLEET = [sys.executable, "-m", "tests.terminal.app_fleet"]
COLOUR = re.compile(rb"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9\d|10\d)(?:;\d+)*m")


def shown(env: Mapping[str, str], *keys: str, words: str = "") -> tuple[str, bytes]:
    """The screen after some keys, once these words are there, and every byte that was sent for it."""
    with PtyApp(FLEET, cwd=ROOT, env=env) as app:
        app.wait_for("1 nodes", "plant-agent-3")
        for key in keys:
            app.keys(key)
            app.settle(0.2)
        app.wait_for(words)
        return app.text(), bytes(app.raw)


@pytest.mark.parametrize(
    "term", ["linux", "vt220", "screen-256color", "tmux-256color", "xterm-256color", "xterm-kitty"]
)
def test_every_terminal_shows_the_same_words(term: str) -> None:
    text, _ = shown({"TERM": term})
    assert "plant live" in text
    assert "van-17 stale 4m" in text
    assert re.search(r"! plant +plant-agent-3 +NotReady", text)


def test_without_utf8_only_ascii_is_sent() -> None:
    _, raw = shown({"LANG": "C", "LC_ALL": "C"}, "2", "?", "escape", "4", "enter", words="deployment press")
    assert raw.isascii()


def test_no_color_means_no_colour() -> None:
    _, raw = shown({"NO_COLOR": "1"}, "2", "4", "?")
    assert not COLOUR.findall(raw)


def test_sixteen_colours_stay_sixteen() -> None:
    _, raw = shown({"TERM": "linux", "EDGETUI_THEME": "dark"}, "2")
    assert b"38;2;" not in raw
    assert b"38;5;" not in raw


def test_the_serial_profile_is_bare() -> None:
    text, raw = shown({"TERM": "vt220"})
    assert raw.isascii()
    assert b"\x1b[?1000h" not in raw
    assert b"\x1b[>1u" not in raw
    assert "serial" in text.splitlines()[0]


def test_over_ssh_the_mouse_stays_with_the_terminal() -> None:
    _, raw = shown({"SSH_TTY": "/dev/pts/4"})
    assert b"\x1b[?1000h" not in raw
    assert b"\x1b[?1003h" not in raw


def test_keys_that_arrive_in_one_piece_are_taken_one_by_one() -> None:
    """A slow link delivers what was typed at once: the filter gets its letters, not the row under the cursor."""
    with PtyApp(FLEET, cwd=ROOT) as app:
        app.wait_for("1 nodes", "plant-agent-3")
        app.keys("2/weld\r")
        app.wait_for("2 of 21 /weld")
        app.keys("4\x1b")
        app.wait_for("PROGRESS")
        app.keys("?")
        app.wait_for("each asks for confirmation")
        app.keys("\x1b2")
        app.wait_for("STATUS")
        app.keys("?")
        app.wait_for("each asks for confirmation")
        app.keys("\x1b/\x15oven\r")
        app.wait_for("3 of 21 /oven")
