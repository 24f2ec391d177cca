"""What is typed behind :shell and :attach, and what a container without a shell is told by."""

from __future__ import annotations

import pytest

from edgetui.actions.messages import Refusal
from edgetui.actions.remote.execute import has_no_shell
from edgetui.cluster.api.remote_command import Ended
from edgetui.ui.terminal_flow import Asked, asked_for


@pytest.mark.parametrize(
    ("action", "typed", "asked"),
    [
        ("shell", "", Asked()),
        ("shell", "ls -la '/a b'", Asked("", ("ls", "-la", "/a b"))),
        ("shell", "-c side", Asked("side")),
        ("shell", "-c side ls -c", Asked("side", ("ls", "-c"))),
        ("attach", "side", Asked("side")),
        ("attach", "-c side", Asked("side")),
        ("attach", "", Asked()),
    ],
)
def test_words_are_a_container_and_a_command(action: str, typed: str, asked: Asked) -> None:
    assert asked_for(action, typed) == asked


def test_an_open_quote_is_refused() -> None:
    with pytest.raises(Refusal, match="never closed"):
        asked_for("shell", "echo 'a")


@pytest.mark.parametrize(
    ("ended", "none"),
    [
        (Ended(0), False),
        (Ended(1), False),
        (Ended(126), True),
        (Ended(127), True),
        (Ended(1, 'exec failed: exec: "sh": executable file not found in $PATH: unknown'), True),
        (Ended(1, "container not found"), False),
    ],
)
def test_a_container_without_a_shell(ended: Ended, none: bool) -> None:
    assert has_no_shell(ended) == none
