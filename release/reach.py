"""Which modules edgetui can come to import: what no import statement leads to stays out of the folder.

Every statement counts, also one inside a function; only those for type checkers, and what a module does as a script of
its own, do not. What is imported by a name that is made at run time, or by compiled code, is in `HIDDEN`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from release.errors import BuildError
from release.parts import CUT, HIDDEN, ROOTS

Modules = Mapping[str, list[Path]]
"""Files by the name of their module: a source, or compiled code for one or several versions of Python."""

_BY_NAME = re.compile(r"\b(?:import_module|__import__)\(")
_WIDGETS = "textual.widgets"


def keep_reached(library: Path) -> None:
    """Remove every module below `library` that edgetui cannot reach, and what packages keep beside their modules.

    edgetui's own folder and what is told of the packages stay. Raises BuildError for a module that imports by a name
    made at run time and that nobody has looked at.
    """
    known = modules(library)
    kept = {path for name in reached(known) for path in known[name]}
    for path in sorted(library.rglob("*"), reverse=True):
        inside = path.relative_to(library).parts
        if inside[0] == "edgetui" or (inside[0].endswith(".dist-info") and "sboms" not in inside):
            continue
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif path not in kept:
            path.unlink()


def reached(known: Modules) -> set[str]:
    """Names of all modules of `known` that the roots lead to."""
    found: set[str] = set()
    waiting = [name for name in known if any(_within(name, root) for root in ROOTS)]
    while waiting:
        name = waiting.pop()
        if name in found or name not in known or any(_within(name, cut) for cut in CUT):
            continue
        found.add(name)
        waiting.extend(_parents(name))
        for path in known[name]:
            if path.suffix == ".py":
                for wanted in imports(path.read_bytes(), name, path.name == "__init__.py"):
                    waiting += [wanted, *_parents(wanted)]
        for hidden in HIDDEN.get(name, ()):
            waiting.extend(other for other in known if _within(other, hidden))
    return found


def modules(library: Path) -> dict[str, list[Path]]:
    """Every module below a directory of Python's path, `lib-dynload` too."""
    found: dict[str, list[Path]] = {}
    for path in sorted(library.rglob("*")):
        if path.suffix not in (".py", ".so"):
            continue
        parts = path.relative_to(library).parts
        words = [*parts[1 if parts[0] == "lib-dynload" else 0 : -1], path.name.partition(".")[0]]
        name = ".".join(words[:-1] if words[-1] == "__init__" else words)
        found.setdefault(name, []).append(path)
    return found


def imports(source: bytes, name: str, package: bool) -> set[str]:
    """What a module imports anywhere: names of modules, among them names of what is only inside of one."""
    tree = ast.parse(source)
    if (
        name not in HIDDEN
        and not name.startswith("edgetui.")
        and _BY_NAME.search(source.decode("utf-8", "replace"))
    ):
        raise BuildError(
            f"{name} imports by a name made at run time: say what in HIDDEN of release/parts.py."
        )
    here = name if package else name.rpartition(".")[0]
    found: set[str] = set()
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, here)
            found.update((base, *(f"{base}.{alias.name}" for alias in node.names)))
            if base == _WIDGETS:
                found.update(f"{base}.{_widget(alias.name)}" for alias in node.names)
    return found


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    children: Iterable[ast.AST] = ast.iter_child_nodes(node)
    if isinstance(node, ast.If) and ast.unparse(node.test) in (
        "TYPE_CHECKING",
        "typing.TYPE_CHECKING",
        "__name__ == '__main__'",
    ):
        children = node.orelse
    for child in children:
        yield from _statements(child)


def _absolute(node: ast.ImportFrom, here: str) -> str:
    above = here.split(".")[: len(here.split(".")) - node.level + 1] if node.level else []
    return ".".join([*above, *([node.module] if node.module else [])])


def _widget(name: str) -> str:
    """The module of a widget, as `textual.widgets` finds it."""
    return "_" + re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _parents(name: str) -> list[str]:
    words = name.split(".")
    return [".".join(words[:length]) for length in range(1, len(words))]


def _within(name: str, whole: str) -> bool:
    return name == whole or name.startswith(f"{whole}.")
