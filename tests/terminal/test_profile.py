"""Which profile a terminal gets."""

from __future__ import annotations

import pytest

from edgetui.terminal.profile import choose, environment, unusable

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


def test_where_no_screen_can_be_drawn_a_sentence_says_so() -> None:
    assert "not a terminal" in unusable({"TERM": "xterm"}, True, False)
    assert "ssh -t" in unusable({"TERM": "xterm"}, False, True)
    assert "TERM=dumb" in unusable({"TERM": "dumb"}, True, True)
    assert unusable({"TERM": "xterm"}, True, True) == ""
