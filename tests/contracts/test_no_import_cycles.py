"""No module needs, by any way round, one that needs it: type-only and late imports count like all others.

A ring of imports means that none of its files can be read, tested or moved without the rest.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def modules(package: Path) -> dict[str, Path]:
    """Every module of a package by its dotted name."""
    names = {}
    for path in package.rglob("*.py"):
        parts = path.relative_to(package.parent).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return names


def imported(name: str, path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """What one module imports of the known ones, wherever in the file."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                if inner in known or base in known:
                    yield inner if inner in known else base


def rings(arrows: Mapping[str, set[str]]) -> list[list[str]]:
    """The largest sets of modules of which each leads to every other (Tarjan's algorithm)."""
    found: list[list[str]] = []
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []

    def visit(module: str) -> None:
        number[module] = lowest[module] = len(number)
        path.append(module)
        for other in sorted(arrows.get(module, ())):
            if other not in number:
                visit(other)
            if other in path:
                lowest[module] = min(lowest[module], lowest[other])
        if lowest[module] == number[module]:
            ring = [path.pop()]
            while ring[-1] != module:
                ring.append(path.pop())
            if len(ring) > 1:
                found.append(sorted(ring))

    for module in sorted(arrows):
        if module not in number:
            visit(module)
    return found


def arrows_of(package: Path) -> dict[str, set[str]]:
    known = modules(package)
    return {name: set(imported(name, path, known)) - {name} for name, path in known.items()}


def test_edgetui_has_none() -> None:
    arrows = arrows_of(ROOT / "edgetui")
    assert len(arrows) > 300
    assert rings(arrows) == []


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("from .b import x", "from .a import y"),
        ("import toy.b", "from toy import a"),
        (
            "from __future__ import annotations\nif TYPE_CHECKING:\n    from toy.b import x",
            "from . import a",
        ),
        ("from toy.sub.c import z", "from .a import y"),
    ],
)
def test_a_ring_is_found_in_whatever_way_it_is_written(tmp_path: Path, a: str, b: str) -> None:
    toy = tmp_path / "toy"
    (toy / "sub").mkdir(parents=True)
    for name, text in {
        "__init__": "",
        "a": a,
        "b": f"def late():\n    {b}\n",
        "sub/__init__": "",
        "sub/c": "from ..b import x",
    }.items():
        (toy / f"{name}.py").write_text(text)
    (ring,) = rings(arrows_of(toy))
    assert {"toy.a", "toy.b"} <= set(ring)


def test_a_tree_is_no_ring(tmp_path: Path) -> None:
    toy = tmp_path / "toy"
    toy.mkdir()
    (toy / "__init__.py").write_text("from .a import x")
    (toy / "a.py").write_text("from .b import y")
    (toy / "b.py").write_text("import toy_other")
    assert rings(arrows_of(toy)) == []
