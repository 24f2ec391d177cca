"""The commands behind `:`: panes, what only looks, and every action of the registry. Pure: text in, commands out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from edgetui.actions.catalogue import ACTIONS
from edgetui.ui.keymap import PANE_ORDER


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


_OTHER_NAMES = {"autoscalers": ("hpa",), "nodes": ("no",), "pods": ("po",), "rollouts": ("deploy",)}
_NUMBERED = {"scale": "N"}
"""Actions whose first dialog asks for a number, which may be typed with the command."""

COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        *(Command(pane, f"show the {pane}", others=_OTHER_NAMES.get(pane, ())) for pane in PANE_ORDER),
        Command("clusters", "the clusters: state, what is wrong, what to do"),
        Command("timeline", "status changes since the start, and what edgetui itself did"),
        Command("ns", "only this namespace; without a name all of them", "NAME", ("namespace",)),
        Command("logs", "the logs of the pod, or of the worst pod of the rollout"),
        Command("yaml", "the object as YAML, as the server has it"),
        Command("jump", "to the owner of the object, or to what it owns", others=("owner",)),
        Command("theme", "draw in this theme", "NAME"),
        Command("notify", "ring when the rollout under the cursor, or open, has ended"),
        Command("dump", "write what is on the screen to a file", "FILE"),
        Command("running", "what waits for you, what runs and what has ended"),
        Command("retry", "try again at once: clusters that are down, and what was refused"),
        Command("help", "the keys"),
        Command("quit", "leave", others=("q",)),
        *(
            Command(action.id, action.help[0].lower() + action.help[1:], _NUMBERED.get(action.id, ""))
            for action in ACTIONS.values()
            if action.key
        ),
    )
}


def parse(text: str) -> tuple[Command | None, str]:
    """The command that a line means, by its name or a beginning that only one has, and its argument."""
    word, _, argument = text.strip().partition(" ")
    for command in COMMANDS.values():
        if word == command.name or word in command.others:
            return command, argument.strip()
    found = [command for command in COMMANDS.values() if word and command.name.startswith(word)]
    return (found[0] if len(found) == 1 else None), argument.strip()


def completions(text: str, choices: Callable[[str], Sequence[str]]) -> list[str]:
    """The lines that begin like this one; `choices` gives the arguments that a command knows, by its name."""
    word, gap, begun = text.lstrip().partition(" ")
    if not gap:
        return [name for name in COMMANDS if name.startswith(word)]
    command, _ = parse(word)
    if command is None or not command.argument:
        return []
    return [f"{command.name} {one}" for one in choices(command.name) if one.startswith(begun.strip())]
