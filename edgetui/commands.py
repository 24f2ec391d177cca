"""Every command, its names and its help: the actions of the catalogue, and what only reads.

Help, the man page and completions are made of this table. A command is loaded when it runs.
"""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from typing import NamedTuple

from edgetui.actions.catalogue import ACTIONS, present_name
from edgetui.arguments import VALUED, program

GROUPS = {
    "see": "See",
    "scale": "Scale",
    "rollout": "Roll out",
    "access": "Access",
    "nodes": "Nodes",
    "pods": "Pods and other objects",
    "self": "edgetui itself",
}
"""The parts of help, in their order."""
EXAMPLES = 3
"""How many examples a part of help has."""
_MARGIN, _WIDEST = 26, 100


class Command(NamedTuple):
    """One command: its name, where help lists it, what it does and what runs it: "module:function", or an action's id.

    `forms` are its other names, `example` is what may follow the first of all names.
    """

    name: str
    group: str
    words: str
    run: str
    forms: tuple[str, ...] = ()
    example: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """All its names, the usual one first."""
        return (self.name, *self.forms)

    def start(self, argv: Sequence[str]) -> int:
        """Run it with these arguments; returns the exit code."""
        module, colon, function = self.run.partition(":")
        if not colon:
            from edgetui.actions import cli

            return cli.main([module, *argv])
        run: Callable[[Sequence[str]], int] = getattr(import_module(module), function)
        return run(argv)


_OWN = (
    Command(
        "get",
        "see",
        "Print panes, or objects of any kind that the clusters serve.",
        "edgetui.get.command:command",
        ("once",),
        "pods -n line-2",
    ),
    Command(
        "rollout status",
        "see",
        "Follow a rollout to its end, in the words and with the exit codes of kubectl.",
        "status",
        ("status",),
        "deploy/oven -n line-1",
    ),
    Command(
        "rollout history",
        "see",
        "List the revisions of a rollout, as kubectl does.",
        "history",
        ("history",),
        "deploy/press -n line-2",
    ),
    Command(
        "audit",
        "access",
        "Print what edgetui did from this machine: who, when, what, and what came of it.",
        "audit",
        example="--since 1h",
    ),
    Command(
        "doctor",
        "access",
        "Try each cluster step by step and say what is wrong.",
        "edgetui.doctor.command:command",
        example="--context plant",
    ),
    Command(
        "exec",
        "pods",
        "Run a command in a container of a pod, without one a shell.",
        "exec",
        example="press-7f9c66-x2k4q -n line-2 -- df -h",
    ),
    Command(
        "cp",
        "pods",
        "Copy files from a container of a pod, or into one.",
        "cp",
        example="line-2/press-7f9c66-x2k4q:/var/log/press.log . --limit 20KiB/s",
    ),
    Command("config view", "self", "Print every setting and where it comes from.", "edgetui.config:view"),
    Command(
        "import-k9s",
        "self",
        "Print what the aliases and hotkeys of k9s become here; --write adds it.",
        "edgetui.k9s.command:command",
    ),
    Command("demo", "self", "Try edgetui on a simulated fleet.", "edgetui.cli:demo"),
    Command(
        "completion",
        "self",
        "Print the completion script of bash, zsh or fish.",
        "edgetui.completion.shells:command",
    ),
    Command("help", "self", "Explain a command: help scale.", "edgetui.cli:explain"),
    Command(
        "version", "self", "Print the version; --verbose says more, for a ticket.", "edgetui.cli:version"
    ),
)
FAMILIES = ("rollout", "set", "config")
"""Words that take a second one, as kubectl has them."""


@lru_cache(maxsize=1)
def table() -> dict[str, Command]:
    """Every command by each of its names, in the order of help."""
    acting = [
        Command(one.id, one.group, one.help, one.id, one.forms, one.example) for one in ACTIONS.values()
    ]
    ordered = sorted((*_OWN, *acting), key=lambda one: list(GROUPS).index(one.group))
    return {name: one for one in ordered for name in one.names}


def commands() -> list[Command]:
    """Every command once, in the order of help."""
    return list(dict.fromkeys(table().values()))


def find(words: Sequence[str]) -> tuple[Command, list[str]] | None:
    """The command that a command line begins with, and its arguments; None where it is none.

    Options may stand between the two words of a name, as kubectl takes them.
    """
    known = table()
    for at in _plain(words[1:]) if words[0] in FAMILIES else ():
        if (one := known.get(f"{words[0]} {words[at]}")) is not None:
            return one, [*words[1:at], *words[at + 1 :]]
    found = known.get(present_name(words[0]))
    return (found, list(words[1:])) if found is not None else None


def _plain(words: Sequence[str]) -> Iterator[int]:
    """The places of what is neither an option nor the value of one, counted with the word before all."""
    skip = False
    for at, word in enumerate(words, 1):
        if word == "--":
            return
        if not skip and not word.startswith("-"):
            yield at
        skip = not skip and word in VALUED


def family(word: str) -> list[str]:
    """The second words that may follow: "status", "history", … for "rollout"."""
    return [name.partition(" ")[2] for name in table() if name.startswith(f"{word} ")]


def overview() -> str:
    """All commands by group, one line each, with examples."""
    width = min(shutil.get_terminal_size().columns, _WIDEST) - _MARGIN
    lines = []
    for group, title in GROUPS.items():
        members = [one for one in commands() if one.group == group]
        lines.append(f"{title}:")
        for one in members:
            head = f"  {', '.join(one.names)}"
            text = textwrap.wrap(one.words, max(width, _MARGIN))
            short = len(head) < _MARGIN - 1
            lines.append(f"{head:<{_MARGIN}}{text[0]}" if short else head)
            lines += [" " * _MARGIN + rest for rest in text[1 if short else 0 :]]
        shown = [one for one in members if one.example][:EXAMPLES]
        lines += [f"    $ {example_of(one)}" for one in shown]
        lines.append("")
    return "\n".join(lines)


def example_of(command: Command) -> str:
    """A command line that shows it, by its name as kubectl has it."""
    return f"{program()} {command.forms[0] if ' ' in ''.join(command.forms[:1]) else command.name} {command.example}"
