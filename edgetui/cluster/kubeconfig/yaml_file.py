"""Read a small YAML or JSON file that someone else wrote: bounded, and every failure one plain sentence.

Parsing follows what kubectl does with a kubeconfig: the first document counts, JSON is welcome, dates stay
text. Bounds hold before anything is built: size, nesting (libyaml recurses on the C stack) and what aliases
would unfold to.
"""

from __future__ import annotations

import errno
import json
import os
import re
import select
import stat
import time
from pathlib import Path
from typing import Any

import yaml

from edgetui.cluster.blocking import within
from edgetui.cluster.errors import KubeconfigError
from edgetui.model.text import clean

MAX_BYTES = 10 * 1024 * 1024
PATIENCE = 3.0
"""Seconds that reading one small file may take."""
WRITER_PATIENCE = 30.0
"""Seconds for a pipe that somebody writes to: `edgetui <(ssh gateway cat k3s.yaml)`."""
MAX_DEPTH = 256
MAX_UNFOLDED = 400_000
"""Nodes after all aliases are followed; a kubeconfig with 5,000 contexts has some 100,000."""


Stamp = tuple[int, int, int] | None
"""Of a file: when it was written, its size and its inode; None for none."""


class MissingFile(KubeconfigError):
    """There is no such file."""


class NotAFile(KubeconfigError):
    """It is a directory."""


_SURELY_FLAT = 48
_LEADING = re.compile(rb"^[ \t\-?:]+", re.MULTILINE)


_BOOL = "tag:yaml.org,2002:bool"
_AS_GO = {
    "tag:yaml.org,2002:timestamp": "",
    "tag:yaml.org,2002:value": "",
    _BOOL: "y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF",
    "tag:yaml.org,2002:int": "[-+]?(?:0b[01][01_]*|0x[0-9a-fA-F][0-9a-fA-F_]*|0[0-7_]*|[1-9][0-9_]*)",
    "tag:yaml.org,2002:float": r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
}
"""What is no text without quotes, where Go's YAML and PyYAML differ: dates, 12:30:45 and = are text, y is not."""


def _resolvers() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    changed = {tag: re.compile(f"(?:{words})\\Z") for tag, words in _AS_GO.items() if words}
    kept = {
        first: [(tag, changed.get(tag, pattern)) for tag, pattern in pairs if _AS_GO.get(tag, tag)]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    for first in "yYnN":
        others = [pair for pair in kept.get(first, []) if pair[0] != _BOOL]
        kept[first] = [(_BOOL, changed[_BOOL]), *others]
    return kept


class PlainLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe types only, and what has no quotes is what client-go takes it for."""

    yaml_implicit_resolvers = _resolvers()
    bool_values = {**yaml.SafeLoader.bool_values, "y": True, "n": False}  # noqa: RUF012 - as in its base


def read_bounded(path: Path, most: int = MAX_BYTES) -> bytes:
    """The bytes of a file of at most `most`; raises KubeconfigError for everything that goes wrong.

    Gives up after PATIENCE seconds: the mount may hang, or it is a pipe that nobody writes to.
    """
    shown = clean(str(path))
    try:
        data = _read(path, most + 1)
    except TimeoutError:
        raise KubeconfigError(
            f"{shown} could not be read within {PATIENCE:.0f} s.",
            "Check that it is a file, and that its mount does not hang.",
        ) from None
    except (FileNotFoundError, NotADirectoryError):
        raise MissingFile(f"{shown} does not exist.", "Check the path, or leave it out.") from None
    except IsADirectoryError:
        raise NotAFile(
            f"{shown} is a directory without kubeconfigs.",
            "Files in it count when they end in .yaml, .yml or .conf.",
        ) from None
    except PermissionError:
        sentence, step = permission_advice(path)
        raise KubeconfigError(sentence, step) from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise KubeconfigError(
                f"{shown} is a symbolic link that leads to itself.", "Make it lead to a file, or remove it."
            ) from None
        raise KubeconfigError(
            f"{shown} cannot be read: {error.strerror or error}.", "Check the disk and the path."
        ) from None
    except ValueError:
        raise KubeconfigError(f"{shown} is not the name of a file.", "Correct the path.") from None
    if len(data) > most:
        bound = f"{most // 1024 // 1024} MB" if most >= 1024 * 1024 else f"{most // 1024} KB"
        raise KubeconfigError(
            f"{shown} is larger than {bound}, so it is not read.", "Check that this is the file you mean."
        )
    return data


def _read(path: Path, most: int) -> bytes:
    """What is there; of a pipe what comes until its end, if anybody writes to it."""
    descriptor, regular = within(PATIENCE, lambda: _open(path))
    try:
        if regular:
            return within(PATIENCE, lambda: _read_whole(descriptor, most))
        return _read_pipe(descriptor, most)
    finally:
        os.close(descriptor)


def _open(path: Path) -> tuple[int, bool]:
    """A descriptor, and whether it is of an ordinary file."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    kind = os.fstat(descriptor).st_mode
    if stat.S_ISDIR(kind):
        os.close(descriptor)
        raise IsADirectoryError
    return descriptor, stat.S_ISREG(kind)


def _read_whole(descriptor: int, most: int) -> bytes:
    data = bytearray()
    while len(data) < most and (part := os.read(descriptor, min(most - len(data), 1 << 20))):
        data += part
    return bytes(data)


def _read_pipe(descriptor: int, most: int) -> bytes:
    """A pipe or a device: at most WRITER_PATIENCE, and PATIENCE for somebody to begin."""
    began = time.monotonic()
    patience, data = PATIENCE, bytearray()
    while len(data) < most:
        try:
            part = os.read(descriptor, min(most - len(data), 1 << 20))
        except BlockingIOError:
            patience, part = WRITER_PATIENCE, None  # there is a writer
        if part == b"" and (data or patience > PATIENCE or not stat.S_ISFIFO(os.fstat(descriptor).st_mode)):
            break
        data += part or b""
        left = began + patience - time.monotonic()
        if not part and (left <= 0 or not select.select([descriptor], [], [], left)[0]):
            raise TimeoutError
    return bytes(data)


def stamp(file: Path) -> Stamp:
    """What changes when a file is replaced or rewritten; None when there is none to look at."""
    try:
        facts = file.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size, facts.st_ino


def permission_advice(path: Path) -> tuple[str, str]:
    """Why `path` cannot be read, and which group or command helps: (sentence, next step)."""
    blocked = _first_blocked(path)
    shown = clean(str(path))
    try:
        facts = blocked.stat()
    except OSError:
        return (
            f"{shown} cannot be read: permission denied.",
            "Run edgetui with sudo, or ask its owner for a copy.",
        )
    owner, group = _owner_and_group(facts.st_uid, facts.st_gid)
    mode = stat.S_IMODE(facts.st_mode)
    which = "it" if blocked == path else clean(str(blocked))
    sentence = f"{shown} cannot be read: {which} belongs to {owner}:{group} with mode {mode:04o}."
    wanted = stat.S_IXGRP if stat.S_ISDIR(facts.st_mode) else stat.S_IRGRP
    if mode & wanted and group != "root":
        return (
            sentence,
            f"Run: sudo usermod -aG {group} $USER, then log in again; or start edgetui with sudo.",
        )
    return (
        sentence,
        f"Start edgetui with sudo, or open a copy: sudo install -m 600 -o $USER {shown} ~/{path.stem}.yaml",
    )


def _first_blocked(path: Path) -> Path:
    """The outermost part of `path` that this process may not pass or read."""
    for parent in reversed(path.parents):
        if parent.exists() and not os.access(
            parent, os.X_OK, effective_ids=os.access in os.supports_effective_ids
        ):
            return parent
    return path


def _owner_and_group(uid: int, gid: int) -> tuple[str, str]:
    import grp
    import pwd

    try:
        owner = pwd.getpwuid(uid).pw_name
    except KeyError:
        owner = str(uid)
    try:
        group = grp.getgrgid(gid).gr_name
    except KeyError:
        group = str(gid)
    return owner, group


def parse(data: bytes, shown: str) -> Any:
    """The first document in `data` as plain objects, None when it is empty; raises KubeconfigError.

    `shown` is what the file is called in sentences.
    """
    try:
        check_depth(data, shown)
        node = compose_first(data)
        if node is None:
            return None
        check_unfolded(node, shown)
        loader = PlainLoader(b"")
        try:
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if data.lstrip()[:1] == b"{":
            try:
                return json.loads(data)
            except RecursionError:
                raise _too_much(shown, "it is nested too deep") from None
            except ValueError:
                pass
        if isinstance(error, yaml.reader.ReaderError | UnicodeError) and not _is_text(data):
            raise KubeconfigError(
                f"{shown} is not a text file.", "Check that this is the file you mean."
            ) from None
        raise KubeconfigError(
            f"{shown} is not valid YAML: {_problem(error, data)}.", "Correct that line, or remove it."
        ) from None


def compose_first(data: bytes | str) -> yaml.Node | None:
    """The node tree of the first document; raises yaml.YAMLError."""
    loader = PlainLoader(data)
    try:
        return loader.get_node() if loader.check_node() else None
    finally:
        loader.dispose()


def check_depth(data: bytes, shown: str) -> None:
    """Refuse deep nesting before libyaml recurses into it; costs a second parse only for unusual files."""
    indent = max((len(found) for found in _LEADING.findall(data)), default=0)
    if data.count(b"[") + data.count(b"{") + indent <= _SURELY_FLAT:
        return
    depth = 0
    for event in yaml.parse(data, Loader=PlainLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _too_much(shown, f"it is nested more than {MAX_DEPTH} levels deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.DocumentEndEvent):
            return


def check_unfolded(root: yaml.Node, shown: str) -> None:
    """Refuse aliases that contain themselves or unfold to more than MAX_UNFOLDED nodes."""
    sizes: dict[int, int] = {}
    open_now: set[int] = set()
    todo: list[tuple[yaml.Node, bool]] = [(root, False)]
    while todo:
        node, ready = todo.pop()
        if id(node) in sizes:
            continue
        children = _children(node)
        if ready:
            open_now.discard(id(node))
            size = 1 + sum(sizes[id(child)] for child in children)
            if size > MAX_UNFOLDED:
                raise _too_much(shown, "its YAML aliases unfold to too much")
            sizes[id(node)] = size
            continue
        if id(node) in open_now:
            raise _too_much(shown, "a YAML alias in it contains itself")
        open_now.add(id(node))
        todo.append((node, True))
        todo.extend((child, False) for child in children if id(child) not in sizes)


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    if isinstance(node, yaml.SequenceNode):
        return list(node.value)
    return []


def _too_much(shown: str, why: str) -> KubeconfigError:
    return KubeconfigError(
        f"{shown} is not read: {why}.", "No file of its kind needs that; check where it came from."
    )


def _is_text(data: bytes) -> bool:
    try:
        return "\0" not in data.decode()
    except UnicodeDecodeError:
        return False


def _problem(error: Exception, data: bytes) -> str:
    """What a YAML error says, with its line; never a piece of the file's content."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
    if mark is not None and "cannot start any token" in problem:
        line = b"".join(data.splitlines()[mark.line : mark.line + 1])
        if b"\t" in line[: len(line) - len(line.lstrip())]:
            problem = "it begins with a tab, and YAML only allows blanks there"
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
    if isinstance(error, yaml.reader.ReaderError):
        line_number = data[: error.position].count(b"\n") + 1
        where = f"line {line_number}: "
    return clean(f"{where}{problem}").rstrip(".")
