"""Keys of a person's own: keys.yaml in the configuration directory, "what it does: key" on each line.

    zoom: f6
    sort: "%"
    scale: f5
    ":pods line-2": f7

Names are those of the actions and of the looking keys, as `name` in keymap.py gives them; what begins with a colon is a
line for the command line, which no action may be in: those have a key by their name. Either the whole file holds
or none of it: half of a key table would be a trap.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml
from textual.binding import Binding

from edgetui.actions.catalogue import ACTIONS, present_name

from .keymap import LOOKING

ALWAYS = frozenset({*"123456jkq", "up", "down", "left", "right", "pageup", "pagedown", "ctrl+b", "ctrl+f"}) | {
    "home", "end", "enter", "escape", "ctrl+c", "ctrl+q"
}  # fmt: skip
"""Keys that keep their meaning."""

NEVER_WRITES = frozenset({"O", "left_square_bracket", "right_square_bracket"})
"""A split escape sequence ends like this; an arrow key on a bad link must not change a cluster."""


class Unusable(Exception):
    """The file cannot be used; the message says why in a few words."""


def load(file: Path) -> tuple[dict[str, str], str]:
    """The changed keys by name, and a sentence when the file cannot be used. No file is no change."""
    try:
        return parse(file.read_text(encoding="utf-8")), ""
    except FileNotFoundError:
        return {}, ""
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}, f"{file.name} cannot be read as YAML. The usual keys hold."
    except Unusable as error:
        return {}, f"{file.name}: {error}. The usual keys hold."


def parse(text: str) -> dict[str, str]:
    """The changed keys by name. Raises Unusable."""
    data = yaml.safe_load(text) or {}
    if not isinstance(data, Mapping):
        raise Unusable("it is no list of names with a key each")
    defaults = dict(_defaults())
    changed: dict[str, str] = {}
    for written, key in data.items():
        name = present_name(written) if isinstance(written, str) else written
        if isinstance(name, str) and name.startswith(":"):
            _only_looks(name)
        elif name not in defaults:
            raise Unusable(f"there is nothing called {str(written)[:40]!r}")
        if not isinstance(key, str | int) or isinstance(key, bool) or not str(key).strip():
            raise Unusable(f"{name} needs one key")
        changed[name] = _textual(str(key).strip(), name)
    taken: dict[str, str] = {}
    for name, keys in {**defaults, **changed}.items():
        for key in keys.split(","):
            if key in ALWAYS:
                raise Unusable(f"{name} cannot have {key}, which keeps its meaning")
            if key in taken:
                raise Unusable(f"{name} and {taken[key]} would have the same key")
            taken[key] = name
    return changed


def _only_looks(line: str) -> None:
    """Raise Unusable for a line that is none, and for one that begins an action."""
    from .command_line.commands import parse as parse_line

    command, _ = parse_line(line[1:])
    if not line[1:].strip():
        raise Unusable("a colon needs a command behind it")
    if command is not None and command.name in ACTIONS:
        raise Unusable(f"{line[:40]!r} is an action; write {command.name} and its key")


def _defaults() -> Iterator[tuple[str, str]]:
    for key in LOOKING:
        if key.action and not ALWAYS.intersection(key.keys.split(",")):
            yield key.name, key.keys
    for action in ACTIONS.values():
        if action.key:
            yield action.id, action.key


def _textual(key: str, name: str) -> str:
    """A key as Textual calls it. Raises Unusable for one that must not write."""
    if "," in key and key != ",":
        raise Unusable(f"{name} needs one key")
    made = next(iter(Binding.make_bindings([Binding(key if key != "," else "comma", "", "")]))).key
    if name in ACTIONS and (made in NEVER_WRITES or (len(made) == 1 and made.isupper())):
        raise Unusable(f"{name} cannot have {key}, a bad line can type it")
    return made
