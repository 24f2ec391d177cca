"""Defaults of a person's own: config.yaml in the configuration directory, and EDGETUI_ variables.

What the command line says counts before a variable, that before a context's part of the file, that before the rest of
the file. Nothing that agrees to a write can be set: --yes, --dry-run and --no-wait are typed each time.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from msgspec.structs import replace

from edgetui import arguments
from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.kubeconfig.yaml_file import MissingFile, NotAFile, compose_first, parse, read_bounded
from edgetui.cluster.target import ClusterTarget
from edgetui.model.cells import visible
from edgetui.model.text import clean

PREFIX = "EDGETUI_"
MOST_BYTES = 256 * 1024
READ_ONLY, PROTECTED = "READ-ONLY", "PROTECTED"
"""Badges that settings give to a cluster; the gate and the commands obey them."""
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def _switch(text: str) -> bool:
    if text.lower() not in (*_TRUE, *_FALSE):
        raise ValueError("is neither true nor false")
    return text.lower() in _TRUE


def _one_of(*names: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in names:
            raise ValueError(f"is none of {', '.join(names)}")
        return text

    return read


def _theme(text: str) -> str:
    from edgetui.ui.themes import directories

    if "/" in text or not any((folder / f"{text}.yaml").is_file() for folder in directories()):
        raise ValueError("is no theme")
    return text


def _image(text: str) -> str:
    if not text or " " in text or not text.isprintable():
        raise ValueError("is no name of an image")
    return text


def _word(text: str) -> str:
    if not text.isprintable():
        raise ValueError("holds characters that cannot be seen")
    return text


class Setting(NamedTuple):
    """One setting: what reads its text (ValueError or ArgumentTypeError for a wrong one), and what it is for.

    `dest` is the option that it is the default of, empty for none. `per_context` is whether a context may have its own;
    `several` whether it is a list.
    """

    read: Callable[[str], Any]
    words: str
    dest: str = ""
    per_context: bool = False
    several: bool = False


SETTINGS: dict[str, Setting] = {
    "kubeconfig": Setting(_word, "kubeconfig files", "kubeconfig", several=True),
    "context": Setting(_word, "contexts by name or pattern, an alias or a group", "context", several=True),
    "all-contexts": Setting(_switch, "every context of every file", "all_contexts"),
    "namespace": Setting(_word, "only this namespace", "namespace", per_context=True),
    "as": Setting(_word, "act as this user", "acting_as"),
    "as-group": Setting(_word, "and as in these groups", "as_group", several=True),
    "no-cache": Setting(_switch, "keep no rows", "no_cache"),
    "quiet": Setting(_switch, "print the result only", "quiet"),
    "output": Setting(_one_of("json", "yaml", "wide", "name"), "the form of get", "output"),
    "timeout": Setting(arguments.seconds, "how long commands wait", "timeout"),
    "read-only": Setting(_switch, "refuse every write", "", per_context=True),
    "protected": Setting(_switch, "--yes counts only beside --context", "", per_context=True),
    "api-traffic": Setting(
        _one_of("full", "reduced", "minimal"), "how much to ask of the API servers", "api_traffic", True
    ),
    "budget": Setting(arguments.bytes_per_second, "limit of API traffic per cluster", "budget", True),
    "theme": Setting(_theme, "a theme by name", "theme", per_context=True),
    "terminal": Setting(_one_of(*arguments.TERMINALS), "profile of the terminal", "terminal", True),
    "debug.image": Setting(_image, "what debug containers run", "", per_context=True),
    "debug.node_shell": Setting(_switch, "allow a shell on nodes", "", per_context=True),
}
_SECTIONS = ("debug",)
"""Keys that have others below them: "debug.image" is image below debug."""
_TABLES = ("aliases", "groups", "contexts", "commands")


class Found(NamedTuple):
    """A value with its text and where it stands: "$EDGETUI_THEME", or the file with its line."""

    value: Any
    text: str
    source: str


class Settings:
    """What is set, by the variables and by the file."""

    def __init__(self) -> None:
        self.variables: dict[str, Found] = {}
        self.file: dict[str, Found] = {}
        self.contexts: dict[str, dict[str, Found]] = {}
        self.names: dict[str, tuple[str, ...]] = {}
        """Aliases and groups: which contexts each stands for."""
        self.commands: dict[str, str] = {}
        """Words of the command line on the screen, and the line that each stands for."""

    def value(self, key: str, *names: str) -> Found | None:
        """A value for a cluster of these names, or for all; None where nothing is set."""
        if key in self.variables:
            return self.variables[key]
        for pattern, found in reversed(self.contexts.items()):
            if key in found and any(fnmatchcase(name, pattern) for name in names):
                return found[key]
        return self.file.get(key)

    def expanded(self, contexts: Sequence[str]) -> list[str]:
        """Contexts with aliases and groups resolved, each once."""
        return list(dict.fromkeys(name for one in contexts for name in self.names.get(one, (one,))))

    def applied(self, targets: Sequence[ClusterTarget], options: argparse.Namespace) -> list[ClusterTarget]:
        """The clusters with what is set for each; `options` get what is the same for all of them."""
        options.links = {}
        marked = []
        for target in targets:
            own = {
                key: found.value
                for key in SETTINGS
                if key not in options.given
                and (found := self.value(key, target.context, target.name)) is not None
            }
            options.links[target.name] = (own.get("api-traffic", ""), own.get("budget"))
            marks = [
                badge for badge, key in ((READ_ONLY, "read-only"), (PROTECTED, "protected")) if own.get(key)
            ]
            marks = [badge for badge in marks if badge not in target.badges]
            namespace = own.get("namespace") or target.namespace
            marked.append(
                replace(
                    target,
                    badges=(*target.badges, *marks),
                    marks=tuple(marks),
                    namespace=namespace,
                    debug_image=own.get("debug.image") or target.debug_image,
                    node_shell=bool(own.get("debug.node_shell")),
                )
            )
        for key in ("theme", "terminal"):
            if hasattr(options, key) and key not in options.given:
                everywhere = {self.value(key, target.context, target.name) for target in targets}
                if len(everywhere) == 1 and (one := everywhere.pop()) is not None:
                    setattr(options, key, one.value)
        return marked


def file_of(env: Mapping[str, str]) -> Path:
    """Where the file is, whether or not there is one."""
    home = Path(os.path.expanduser(env.get("HOME", "~")))  # noqa: PTH111 - Path.expanduser raises without a home
    return Path(env.get("XDG_CONFIG_HOME") or home / ".config") / "edgetui" / "config.yaml"


def load(env: Mapping[str, str]) -> Settings:
    """Everything that is set. Raises EdgetuiError, with the line, for an unknown key and a wrong value."""
    settings = Settings()
    for name in sorted(env):
        if name.startswith(PREFIX):
            key = _of_variable(name)
            if key not in SETTINGS:
                raise EdgetuiError(f"${name} sets nothing that there is.", _nearest(key))
            settings.variables[key] = _read(key, env[name].split(","), env[name], f"${name}")
    if env.get("KUBECONFIG"):
        settings.variables.setdefault("kubeconfig", Found([], env["KUBECONFIG"], "$KUBECONFIG"))
    path = file_of(env)
    shown = clean(str(path), 200)
    try:
        data = read_bounded(path, MOST_BYTES)
    except MissingFile:
        return settings
    except NotAFile:
        raise EdgetuiError(
            f"{shown} is a directory.", "Remove it: the settings are a file of that name."
        ) from None
    parse(data, shown)  # what is no YAML at all is told in its sentences
    node = compose_first(data)
    for key, value, at in _flat(_pairs(node, shown), shown):
        if key in _TABLES:
            _table(settings, key, value, shown)
        else:
            settings.file[key] = _setting(key, value, at, SETTINGS)
    return settings


def _table(settings: Settings, table: str, node: yaml.Node, shown: str) -> None:
    own = {key: one for key, one in SETTINGS.items() if one.per_context}
    for name, value, at in _pairs(node, shown):
        if table == "contexts":
            settings.contexts[name] = {
                key: _setting(key, one, where, own) for key, one, where in _flat(_pairs(value, shown), shown)
            }
            continue
        if table == "commands":
            settings.commands[_one_word(name, at)] = _line_of(value, at)
            continue
        members = tuple(_texts(value, at))
        if not members or (table == "aliases" and len(members) > 1):
            raise EdgetuiError(f"{at}: {visible(name)} names no context.", "Write NAME: CONTEXT.")
        settings.names[name] = members


def _of_variable(name: str) -> str:
    """The key that a variable stands for: api-traffic for EDGETUI_API_TRAFFIC."""
    word = name.removeprefix(PREFIX).lower().replace("_", "-")
    same = (key for key in SETTINGS if key.replace(".", "-").replace("_", "-") == word)
    return next(same, word)


Pairs = Iterator[tuple[str, yaml.Node, str]]


def _flat(pairs: Pairs, shown: str) -> Pairs:
    """The same with what stands below a section under its whole key."""
    for key, value, at in pairs:
        if key in _SECTIONS:
            for name, one, where in _pairs(value, shown):
                yield f"{key}.{name}", one, where
        else:
            yield key, value, at


def _one_word(name: str, at: str) -> str:
    if len(name.split()) != 1 or not name.isprintable():
        raise EdgetuiError(
            f"{at}: “{clean(name, 60)}” is not one word.", "Write WORD: LINE, as in dp: deployments."
        )
    return name


def _line_of(node: yaml.Node, at: str) -> str:
    text = " ".join(_texts(node, at)).strip()
    if not text or not text.isprintable() or isinstance(node, yaml.SequenceNode):
        raise EdgetuiError(
            f"{at}: that takes a line as behind : on the screen.", "Write WORD: LINE, as in dp: deployments."
        )
    return text


def _pairs(node: yaml.Node | None, shown: str) -> Iterator[tuple[str, yaml.Node, str]]:
    """Keys and values of a mapping, each with its place; an empty one has none."""
    if node is None or (isinstance(node, yaml.ScalarNode) and not node.value):
        return
    if not isinstance(node, yaml.MappingNode):
        raise EdgetuiError(f"{_place(node, shown)} is no KEY: VALUE.", "edgetui config view lists the keys.")
    seen: set[str] = set()
    for key, value in node.value:
        name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
        if not name or name in seen:
            raise EdgetuiError(f"{_place(key, shown)}: each key stands once.", "Remove one of them.")
        seen.add(name)
        yield name, value, _place(key, shown)


def _place(node: yaml.Node, shown: str) -> str:
    return f"{shown}, line {node.start_mark.line + 1}"


def _setting(key: str, node: yaml.Node, at: str, known: Mapping[str, Setting]) -> Found:
    if key not in known:
        where = "in a context" if key in SETTINGS or key in _TABLES else "here"
        raise EdgetuiError(f"{at}: nothing is called “{clean(key, 60)}” {where}.", _nearest(key, known))
    texts = list(_texts(node, at))
    return _read(key, texts, ", ".join(texts), at)


def _texts(node: yaml.Node, at: str) -> Iterator[str]:
    parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
    for part in parts:
        if not isinstance(part, yaml.ScalarNode):
            raise EdgetuiError(f"{at}: that takes a word, or a list of words.", "Write KEY: VALUE.")
        yield part.value


def _read(key: str, texts: Sequence[str], text: str, at: str) -> Found:
    setting = SETTINGS[key]
    try:
        values = [setting.read(one) for one in texts]
    except (ValueError, argparse.ArgumentTypeError) as wrong:
        said = str(wrong) if isinstance(wrong, argparse.ArgumentTypeError) else f"“{clean(text, 60)}” {wrong}"
        raise EdgetuiError(f"{at}: {key}: {said}.", f"It is for: {setting.words}.") from None
    if not setting.several and len(values) != 1:
        raise EdgetuiError(f"{at}: {key} takes one value.", f"It is for: {setting.words}.")
    return Found(values if setting.several else values[0], text, at)


def _nearest(key: str, known: Mapping[str, Setting] = SETTINGS) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key, [*known, *_TABLES], n=1)
    return f"Did you mean {near[0]}?" if near else f"There is {', '.join([*known, *_TABLES])}."


class _Unset:
    """The default of an option while it is not known whether the command line gives it."""


_UNSET = _Unset()


def parse_words(parser: arguments.Parser, words: Sequence[str]) -> argparse.Namespace:
    """The options of a command line, with what is set in the place of their defaults.

    `settings` of it are all that is set, `given` the keys that the command line itself gives.
    """
    settings = load(os.environ)
    offered: dict[str, Any] = {}
    for action in parser._actions:
        offered.setdefault(action.dest, action.default)
    keys = [key for key, one in SETTINGS.items() if one.dest in offered]
    for key in keys:
        if not SETTINGS[key].several:
            parser.set_defaults(**{SETTINGS[key].dest: _UNSET})
    options = parser.parse_intermixed_args(words)
    options.settings, options.given = settings, set()
    for key in keys:
        dest, several = SETTINGS[key].dest, SETTINGS[key].several
        value = getattr(options, dest)
        if value is not _UNSET and (not several or value):
            options.given.add(key)
        elif (found := settings.value(key)) is not None:
            setattr(options, dest, found.value)
        else:
            setattr(options, dest, offered[dest])
    if getattr(options, "read_only", False):
        options.given.add("read-only")
    if "context" in offered:
        options.context = settings.expanded(options.context)
    return options


def view(argv: Sequence[str]) -> int:
    """`edgetui config view`: every setting, its value and where that comes from."""
    import sys

    parser = arguments.Parser(
        "config view",
        "Print every setting with its value and where it comes from: a variable, a line of the file, or the default.",
        f"The file is {visible(str(file_of(os.environ)))}. A variable is named {PREFIX}READ_ONLY for read-only.",
    )
    parser.parse_words(argv)
    settings = load(os.environ)
    lines = [_line("", key, settings.value(key)) for key in SETTINGS]
    for name, members in settings.names.items():
        lines.append(f"{name} = {', '.join(members)}  # alias or group")
    lines += [f"{word}: {line}  # command" for word, line in settings.commands.items()]
    for pattern, found in settings.contexts.items():
        lines.append(f"context {pattern}:")
        lines += [_line("  ", key, settings.variables.get(key) or one) for key, one in found.items()]
    sys.stdout.write("".join(f"{visible(line)}\n" for line in lines))
    return 0


def _line(margin: str, key: str, found: Found | None) -> str:
    said = f"{margin}{key}: {found.text if found else ''}".rstrip()
    return f"{said:<32}  # {found.source if found else 'default'}"
