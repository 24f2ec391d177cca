"""`edgetui import-k9s [DIR]`: prints what k9s' settings become here, and with --write adds it to edgetui's own.

What stands in edgetui's files already stays as it is. Exit codes: 0 printed or written; 1 could not be written; 2 wrong
usage, or there are no settings of k9s.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from edgetui import arguments, config
from edgetui.cluster import own_file
from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.kubeconfig.yaml_file import MissingFile, compose_first, parse, read_bounded
from edgetui.k9s.mapping import ALIASES, HOTKEYS, VIEWS, Mapped, Unmapped, mapped
from edgetui.model.cells import visible
from edgetui.model.text import clean
from edgetui.ui.keyfile import Unusable
from edgetui.ui.keyfile import parse as parse_keys

DONE, FAILED, USAGE = 0, 1, 2


def command(argv: Sequence[str]) -> int:
    """Run it; returns the exit code."""
    parser = arguments.Parser(
        "import-k9s",
        "Print what the aliases and hotkeys of k9s become in edgetui's settings, and what does not map; nothing is "
        "written without --write, and what stands in the settings already stays.",
        "Exit codes: 0 printed or written, 1 could not be written, 2 wrong usage or no settings of k9s.",
    )
    parser.add_argument(
        "directory", nargs="?", metavar="DIR", help="default: $K9S_CONFIG_DIR or ~/.config/k9s"
    )
    parser.add_argument("--write", action="store_true", help="add it to edgetui's config.yaml and keys.yaml")
    options = parser.parse_words(argv)
    try:
        return _run(_directory(options.directory, os.environ), write=options.write)
    except OSError as error:
        sys.stderr.write(
            f"{visible(str(error.filename or 'The settings'))} could not be written: {error.strerror}.\n"
        )
        return FAILED


def _directory(named: str | None, env: Mapping[str, str]) -> Path:
    return Path(named or env.get("K9S_CONFIG_DIR") or config.file_of(env).parent.parent / "k9s")


def _run(directory: Path, *, write: bool) -> int:
    read, problems = _read(directory)
    if not read and not problems:
        raise EdgetuiError(
            f"There is no {ALIASES}, {HOTKEYS} or {VIEWS} in {clean(str(directory), 200)}.",
            "Name the directory: edgetui import-k9s DIR.",
        )
    found = mapped(read)
    found.not_mapped[:0] = problems
    settings, keys = config.file_of(os.environ), config.file_of(os.environ).parent / "keys.yaml"
    words, commands = _with_commands(settings, found)
    bound, lines = _with_keys(keys, found)
    for file, heading, added in ((settings, "commands:", commands), (keys, "", lines)):
        if added:
            _say(f"{file}:", *([f"  {heading}"] if heading else []), *(f"    {one}" for one in added), "")
    if found.not_mapped:
        _say("Does not map:", *(f"  {one.file}: {one.what}: {one.why}." for one in found.not_mapped), "")
    if not commands and not lines:
        _say("Nothing is to be added.")
    elif not write:
        _say("Nothing was written: add --write.")
    else:
        for file, text, added in ((settings, words, commands), (keys, bound, lines)):
            if added:
                own_file.write(file.resolve(), text.encode())
        _say(f"Added {len(commands)} commands and {len(lines)} keys.")
    return DONE


def _read(directory: Path) -> tuple[dict[str, Any], list[Unmapped]]:
    """The files that there are, and what is wrong with those that cannot be read."""
    read, problems = {}, []
    for name in (ALIASES, HOTKEYS, VIEWS):
        try:
            data = parse(read_bounded(directory / name, config.MOST_BYTES), name)
        except MissingFile:
            continue
        except EdgetuiError as problem:
            problems.append(Unmapped(name, "the file", problem.clause))
            continue
        read[name] = {} if data is None else data
    return read, problems


def _with_commands(file: Path, found: Mapped) -> tuple[str, list[str]]:
    """config.yaml with the commands that it has not, and the lines that are new in it."""
    there = config.load(os.environ).commands
    text = _text(file)
    new: dict[str, str] = {}
    for word, line in found.commands.items():
        if word not in there:
            new[word] = line
        elif there[word] != line:
            found.not_mapped.append(Unmapped(ALIASES, word, f"config.yaml has it as {there[word]} already"))
    lines = [f"{_quoted(word)}: {_quoted(line)}" for word, line in new.items()]
    if not lines:
        return text, []
    return _inserted(text, lines, "commands", file), lines


def _with_keys(file: Path, found: Mapped) -> tuple[str, list[str]]:
    """keys.yaml with the keys that are free, and the lines that are new in it."""
    text, lines = _text(file), []
    try:
        there = parse_keys(text)
    except (Unusable, yaml.YAMLError) as problem:
        raise EdgetuiError(
            f"{clean(str(file), 200)} cannot be used: {clean(str(problem), 120)}.", "Correct it first."
        ) from None
    for line, key in found.keys.items():
        added = f"{_quoted(line)}: {_quoted(key)}"
        if line in there:
            continue
        try:
            wider = _inserted(text, [added], "", file)
            parse_keys(wider)
        except Unusable as why:
            found.not_mapped.append(Unmapped(HOTKEYS, line, str(why)))
            continue
        text = wider
        lines.append(added)
    return text, lines


def _text(file: Path) -> str:
    try:
        return read_bounded(file, config.MOST_BYTES).decode()
    except MissingFile:
        return ""


def _inserted(text: str, lines: Sequence[str], table: str, file: Path) -> str:
    """A text of YAML with lines behind the last one of its `table`, or of the whole where that is empty.

    Everything else stays as it was written. Raises EdgetuiError where that cannot be done by adding lines.
    """
    root = compose_first(text)
    text += "" if text.endswith("\n") or not text else "\n"
    node: yaml.Node | None = root
    if table:
        pairs = root.value if isinstance(root, yaml.MappingNode) else []
        node = next((value for key, value in pairs if key.value == table), None)
        if node is None and not (isinstance(root, yaml.MappingNode) and root.flow_style):
            return f"{text}{table}:\n" + "".join(f"  {line}\n" for line in lines)
    elif root is None:
        return text + "".join(f"{line}\n" for line in lines)
    if not isinstance(node, yaml.MappingNode) or node.flow_style or not node.value:
        where = f"{clean(str(file), 200)}{f', {table}' if table else ''}"
        raise EdgetuiError(
            f"{where}: lines cannot be added to it as it is written.", "Write one entry on each line."
        )
    first, last = node.value[0][0], node.value[-1][1]
    before = text.splitlines(keepends=True)
    at = last.end_mark.line + (1 if last.end_mark.column else 0)
    indent = " " * first.start_mark.column
    return "".join((*before[:at], *(f"{indent}{line}\n" for line in lines), *before[at:]))


def _quoted(text: str) -> str:
    """A text as a YAML scalar: as it is where that is read back as the same text, else with quotes."""
    plain = text.replace("-", "").replace(".", "").replace("/", "").replace(" ", "").replace("+", "")
    if plain.isalpha() and plain.isascii() and text == text.strip() and yaml.safe_load(text) == text:
        return text
    return json.dumps(text, ensure_ascii=False)


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{visible(line)}\n" for line in lines))
