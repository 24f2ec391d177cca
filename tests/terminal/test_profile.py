"""Which profile a terminal gets."""

from __future__ import annotations

import pytest

from edgetui.terminal.profile import choose, environment, fitting, unusable

from .slow_link import FarTerminal, Link
from .test_screen_on_a_pty import FLEET, ROOT

UTF8 = {"LANG": "en_US.UTF-8"}


@pytest.mark.parametrize(
    ("env", "name", "colours", "ascii_only", "mouse"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", **UTF8}, "local", "truecolor", False, True),
        ({"TERM": "xterm-256color", **UTF8}, "local", "256", False, True),
        ({"TERM": "tmux-256color", "SSH_TTY": "/dev/pts/1", **UTF8}, "ssh", "256", False, False),
        ({"TERM": "screen", **UTF8}, "local", "16", False, True),
        ({"TERM": "linux", **UTF8}, "local", "16", False, False),
        ({"TERM": "vt220", **UTF8}, "serial", "mono", True, False),
        ({"TERM": "vt100"}, "serial", "mono", True, False),
        ({"TERM": "xterm-256color", "NO_COLOR": "1", **UTF8}, "local", "mono", False, True),
        ({"TERM": "xterm-256color", "LANG": "C"}, "local", "256", True, True),
        ({"TERM": "xterm-256color", "LC_ALL": "de_DE.utf8"}, "local", "256", False, True),
    ],
)
def test_the_environment_chooses(
    env: dict[str, str], name: str, colours: str, ascii_only: bool, mouse: bool
) -> None:
    profile = choose(env)
    assert (profile.name, profile.colours, profile.ascii, profile.mouse) == (name, colours, ascii_only, mouse)


def test_a_forced_profile_wins() -> None:
    env = {"TERM": "xterm-256color", "COLORTERM": "truecolor", **UTF8}
    assert choose(env, "thin").colours == "16"
    assert choose(env, "serial").ascii
    assert choose({"SSH_TTY": "/dev/pts/0", **env}, "local").name == "local"


def test_a_remote_link_waits_longer_for_the_rest_of_a_key() -> None:
    assert environment(choose({"TERM": "xterm", "SSH_TTY": "x"}))["ESCDELAY"] == "500"
    assert environment(choose({"TERM": "xterm"}))["ESCDELAY"] == "100"
    frames = [
        int(environment(choose({}, name))["TEXTUAL_FPS"]) for name in ("local", "ssh", "thin", "serial")
    ]
    assert frames == [240, 240, 20, 10]


def test_where_no_screen_can_be_drawn_a_sentence_says_so() -> None:
    assert "not a terminal" in unusable({"TERM": "xterm"}, True, False)
    assert "ssh -t" in unusable({"TERM": "xterm"}, False, True)
    assert "TERM=dumb" in unusable({"TERM": "dumb"}, True, True)
    assert unusable({"TERM": "xterm"}, True, True) == ""


def test_the_round_trip_decides_with_a_gap_between_slow_and_quick() -> None:
    chosen = choose({"TERM": "xterm-256color", "SSH_TTY": "x", **UTF8})
    names = []
    now = chosen
    for round_trip in (0.02, 0.2, 0.3, 0.2, 0.16, 0.1, 0.2):
        now = fitting(chosen, now, round_trip)
        names.append(now.name)
    assert names == ["ssh", "ssh", "thin", "thin", "thin", "ssh", "ssh"]
    thin = fitting(chosen, chosen, 0.3)
    assert thin.flush > chosen.flush
    assert thin.colours == chosen.colours


@pytest.mark.parametrize("name", ["local", "ssh", "thin", "serial"])
def test_a_forced_profile_stays_whatever_is_measured(name: str) -> None:
    forced = choose({"TERM": "xterm-256color", "SSH_TTY": "x", **UTF8}, name)
    assert fitting(forced, forced, 2.0) is forced
    assert fitting(forced, forced, 0.001) is forced


def test_a_serial_line_stays_one() -> None:
    serial = choose({"TERM": "vt220"})
    assert fitting(serial, serial, 0.3) is serial


@pytest.mark.parametrize(("forced", "label"), [("", "thin"), ("ssh", "ssh")])
def test_a_slow_link_is_measured_and_said(forced: str, label: str) -> None:
    env = {"SSH_TTY": "/dev/pts/9", "EDGETUI_PROFILE": forced}
    with FarTerminal(FLEET, Link("slow", 8000, 0.4), cwd=ROOT, env=env) as app:
        assert app.pump(20, lambda: "plant-agent-3" in app.text())
        assert app.pump(
            20 if label == "thin" else 2.5, lambda: app.text().splitlines()[0].endswith(" thin")
        ) == (label == "thin")
        assert app.text().splitlines()[0].endswith(f" {label}")
