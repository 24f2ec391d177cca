"""The commands behind `:`: panes, what only looks, and every action of the registry. Pure: text in, commands out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from edgetui.actions.catalogue import ACTIONS, OLD_NAMES
from edgetui.model.panes import PANES

NUMBER = "N"
"""The argument of a command that takes a number."""


class Command(NamedTuple):
    """One command: its name, what it does, what its argument is called (empty for none), and its other names."""

    name: str
    words: str
    argument: str = ""
    others: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """How it is typed: "ns NAME"."""
        return f"{self.name} {self.argument}".rstrip()


COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        *(Command(id, f"show the {id}", others=pane.words) for id, pane in PANES.items()),
        Command(
            "clusters",
            "the clusters: state, what is wrong, what to do; only the rows of the named one",
            "NAME",
            ("ctx", "context", "contexts"),
        ),
        Command("timeline", "status changes since the start, and what edgetui itself did"),
        Command("ns", "only this namespace; without a name all of them", "NAME", ("namespace",)),
        Command("logs", "the logs of the pod, or of the worst pod of the rollout"),
        Command("yaml", "the object as YAML, as the server has it"),
        Command("jump", "to the owner of the object, or to what it owns", others=("owner",)),
        Command("unplug", "what is lost without the node, or the marked ones; nothing is changed", "NODE"),
        Command(
            "control-plane",
            "API servers, leaders, the datastore's voters and disruption budgets of the cluster",
            "CLUSTER",
            ("ha",),
        ),
        Command("theme", "draw in this theme", "NAME"),
        Command("notify", "ring when the rollout under the cursor, or open, has ended"),
        Command("dump", "write what is on the screen to a file", "FILE"),
        Command("running", "what waits for you, what runs and what has ended", others=("pf",)),
        Command("retry", "try again at once: clusters that are down, and what was refused"),
        Command("help", "the keys", others=("h", "?")),
        Command("quit", "leave", others=("q", "q!", "qa", "Q", "exit")),
        *(
            Command(
                action.id,
                action.help[0].lower() + action.help[1:],
                NUMBER if action.number else action.text.upper(),
                tuple(old for old, new in OLD_NAMES.items() if new == action.id),
            )
            for action in ACTIONS.values()
        ),
    )
}


def parse(text: str) -> tuple[Command | None, str]:
    """The command that a line means, by its name or a beginning of it, and its argument.

    Where several begin so, it is the one that all the others' names begin with: scale, not scale-to-zero.
    """
    word, _, argument = text.strip().partition(" ")
    for command in COMMANDS.values():
        if word == command.name or word in command.others:
            return command, argument.strip()
    found = [command for command in COMMANDS.values() if word and command.name.startswith(word)]
    shortest = min(found, key=lambda command: len(command.name), default=None)
    if shortest is not None and not all(command.name.startswith(shortest.name) for command in found):
        shortest = None
    return shortest, argument.strip()


def completions(text: str, choices: Callable[[str], Sequence[str]]) -> list[str]:
    """The lines that begin like this one; `choices` gives the arguments that a command knows, by its name."""
    word, gap, begun = text.lstrip().partition(" ")
    if not gap:
        return [name for name in COMMANDS if name.startswith(word)]
    command, _ = parse(word)
    if command is None or not command.argument:
        return []
    return [f"{command.name} {one}" for one in choices(command.name) if one.startswith(begun.strip())]
