"""What the words of `edgetui exec` mean: the command behind --, or a shell where there is a terminal."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.actions.cli import exec as exec_command
from edgetui.actions.cli.running import USAGE
from edgetui.actions.remote.execute import SHELL
from edgetui.actions.remote.local_terminal import LocalTerminal

ON, OFF = True, False


@pytest.mark.parametrize(
    ("words", "terminal", "argv", "tty", "stdin"),
    [
        (("--", "ls", "-la"), ON, ("ls", "-la"), False, False),
        (("-i", "--", "cat"), ON, ("cat",), False, True),
        (("-t", "--", "top"), ON, ("top",), True, False),
        (("-t", "--", "top"), OFF, ("top",), False, False),
        ((), ON, SHELL, True, True),
        (("--",), ON, SHELL, True, True),
        (("-t",), OFF, SHELL, False, True),
    ],
)
def test_what_is_run_and_whether_it_has_a_terminal(
    words: tuple[str, ...],
    terminal: bool,
    argv: tuple[str, ...],
    tty: bool,
    stdin: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(LocalTerminal, "is_terminal", lambda: terminal)

    def run(options: Any) -> int:
        asked.append(options)
        return 0

    monkeypatch.setattr(exec_command, "_run", run)
    assert exec_command.command(["pod/press-x", *words]) == 0
    (options,) = asked
    assert (options.argv, bool(options.tty), bool(options.stdin)) == (argv, tty, stdin)


def test_a_shell_needs_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(LocalTerminal, "is_terminal", lambda: False)
    assert exec_command.command(["pod/press-x"]) == USAGE
    assert "Name a command after --: a shell needs a terminal." in capsys.readouterr().err
