"""What k9s' aliases, hotkeys and views become here, and what they cannot (derailed/k9s, internal/config and view/cmd).

Pure: plain objects of its files in, lines and keys out. What has a wrong type costs itself alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from edgetui.model.kinds import KINDS
from edgetui.model.panes import PANES
from edgetui.model.text import clean
from edgetui.ui.command_line.commands import parse
from edgetui.ui.command_line.typed import KINDS_OF_K9S

ALIASES, HOTKEYS, VIEWS = "aliases.yaml", "hotkeys.yaml", "views.yaml"
_ROOTS = {ALIASES: ("aliases", "alias"), HOTKEYS: ("hotKeys", "hotKey"), VIEWS: ("views",)}
"""The key that each file begins with, and the one that it had."""
_ABSENT = frozenset(
    {
        "be",
        "benchmark",
        "benchmarks",
        "can",
        "cow",
        "dir",
        "group",
        "groups",
        "grp",
        "helm",
        "hz",
        "popeye",
        "pop",
        "pu",
        "pulse",
        "pulses",
        "screendump",
        "screendumps",
        "sd",
        "user",
        "users",
        "usr",
        "x",
        "xray",
        "xrays",
        "a",
        "alias",
        "aliases",
        "helmhistory",
        "history",
        "policy",
        "pol",
        "sanitizer",
        "vul",
        "vulnerabilities",
    }
)
"""Views that k9s has and edgetui has not."""
_DIGITS = dict(zip("0123456789", ")!@#$%^&*(", strict=True))
"""What a terminal sends for a digit with shift, as k9s has it: that of a US keyboard."""


class Unmapped(NamedTuple):
    """Something that does not map: in which file, what, and why not."""

    file: str
    what: str
    why: str


class Mapped(NamedTuple):
    """What maps: `commands` are words with their lines, `keys` are lines with their keys."""

    commands: dict[str, str]
    keys: dict[str, str]
    not_mapped: list[Unmapped]


class _No(Exception):
    """It does not map; the message says why."""


def mapped(files: Mapping[str, Any]) -> Mapped:
    """What these files of k9s become; `files` has the content of each by its name."""
    found = Mapped({}, {}, [])
    for file, (name, value) in _entries(files, ALIASES, found):
        with _told(found, file, name):
            _alias(found, name, value)
    for file, (name, value) in _entries(files, HOTKEYS, found):
        with _told(found, file, name):
            _hotkey(found, value)
    for file, (name, value) in _entries(files, VIEWS, found):
        with _told(found, file, name):
            _view(value)
    return found


def _entries(files: Mapping[str, Any], file: str, found: Mapped) -> Iterator[tuple[str, tuple[str, Any]]]:
    data, roots = files.get(file, {}), _ROOTS[file]
    if file == VIEWS and isinstance(data, Mapping) and isinstance(data.get("k9s"), Mapping):
        data = data["k9s"]
    table = next((data[root] for root in roots if root in data), {}) if isinstance(data, Mapping) else data
    if not isinstance(table, Mapping | None):
        found.not_mapped.append(Unmapped(file, roots[0], "it is no table of names"))
        return
    for name, value in (table or {}).items():
        if isinstance(name, str) and name.strip():
            yield file, (name.strip(), value)
        else:
            found.not_mapped.append(Unmapped(file, clean(str(name), 60), "its name is no text"))


@contextmanager
def _told(found: Mapped, file: str, name: str) -> Iterator[None]:
    try:
        yield
    except _No as why:
        found.not_mapped.append(Unmapped(file, clean(name, 60), str(why)))


def _alias(found: Mapped, name: str, value: Any) -> None:
    if len(name.split()) != 1 or not name.isprintable():
        raise _No("it is not one word")
    command, _ = parse(name)
    if command is not None and name in (command.name, *command.others):
        raise _No(f":{name} is a command of edgetui already")
    line = _line(value)
    if KINDS_OF_K9S.get(name) == line:
        raise _No(f"edgetui knows it already, as {line}")
    found.commands[name] = line


def _hotkey(found: Mapped, value: Any) -> None:
    if not isinstance(value, Mapping):
        raise _No("it has no shortCut and no command")
    key = _key(value.get("shortCut"))
    line = f":{_line(value.get('command'))}"
    if line in found.keys:
        raise _No(f"{line} has the key {found.keys[line]} already")
    found.keys[line] = key


def _view(value: Any) -> None:
    if not isinstance(value, Mapping):
        raise _No("it is no table")
    told = []
    if value.get("columns") is not None:
        told.append("a pane chooses its columns by the width of the screen")
    if value.get("sortColumn") is not None:
        told.append("o in a pane chooses its order, which the next start remembers")
    raise _No("; ".join(told) or "it says neither columns nor sortColumn")


def _line(value: Any) -> str:
    """The line for the command line that a command of k9s becomes."""
    if not isinstance(value, str) or not value.strip():
        raise _No("it stands for no text")
    if not value.isprintable() or len(value) > 500:
        raise _No("it holds what cannot be shown")
    if "$" in value:
        raise _No("it takes in what is under the cursor")
    word, *rest = value.split()
    kind = _kind(word.lower())
    command, _ = parse(kind)
    lists = command is None or command.name in PANES
    if lists and rest and rest[0][0] not in "/@-" and "=" not in rest[0]:
        rest.insert(0, "-n")  # the word behind a kind
    return " ".join((kind, *rest))


def _kind(word: str) -> str:
    """A kind as edgetui is asked for it: "v1/pods" is pods, "apps/v1/deployments" deployments."""
    group, version, plural = ([""] * 3 + word.split("/"))[-3:]
    if word.count("/") > 2 or not plural or ("/" in word and not version):
        raise _No("it names a part of an object")
    if "/" in word:
        own = any((kind.group, kind.plural) == (group, plural) for kind in KINDS.values())
        return plural if own or not group else f"{plural}.{version}.{group}"
    if word in _ABSENT and parse(word)[0] is None:
        raise _No(f"edgetui has no {word}")
    return word


def _key(value: Any) -> str:
    """A shortcut as keys.yaml has it."""
    if not isinstance(value, str) or not value.strip():
        raise _No("it has no shortCut")
    *held, last = value.strip().lower().replace("+", "-").split("-")
    fine = len(last) == 1 or (last.startswith("f") and last[1:].isdigit())
    if not fine or not last.isascii() or not last.isalnum():
        raise _No(f"a terminal cannot tell {clean(value, 20)} here")
    match held:
        case []:
            return last
        case ["shift"] if last.isdigit():
            return _DIGITS[last]
        case ["shift"] if len(last) == 1:
            return last.upper()
        case ["ctrl"] if last.isalpha():
            return f"ctrl+{last}"
        case ["shift" | "ctrl" as one] if last.startswith("f"):
            return f"{one}+{last}"
    raise _No(f"a terminal cannot tell {clean(value, 20)} here")
