"""The actions as commands for scripts, through the same gate: each is made of its Spec, where it has one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from edgetui.actions.catalogue import ACTIONS, present_name
from edgetui.actions.cli.act import command_of
from edgetui.actions.cli.running import USAGE


def _own(name: str, function: str = "command") -> Callable[[Sequence[str]], int]:
    """A command with a file of its own, loaded when it runs: an action pays for no other."""

    def run(argv: Sequence[str]) -> int:
        code: int = getattr(import_module(f"{__name__}.{name}"), function)(argv)
        return code

    return run


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    **{action.id: command_of(action.id) for action in ACTIONS.values() if action.module},
    "audit": _own("audit"),
    "cp": _own("cp"),
    "exec": _own("exec"),
    "status": _own("status"),
    "history": _own("history"),
    "shell": _own("exec"),
    "attach": _own("exec", "attach"),
}


def main(argv: Sequence[str]) -> int:
    """Run a command with its arguments; returns the exit code."""
    name = present_name(argv[0]) if argv else ""
    command = COMMANDS.get(name) or (command_of(name) if name in ACTIONS else None)
    if command is None:
        sys.stderr.write(f"Name one of {', '.join(COMMANDS)}.\n")
        return USAGE
    return command(argv[1:])
