"""Compile a directory of modules ahead of time; the packed Python runs this, with nothing but its standard library.

Docstrings are left out: nobody reads them here, and every start would. Assertions stay. The compiled file takes the
place of its source, so a traceback names file and line without the text of the line.
"""

from __future__ import annotations

import ast
import marshal
import sys
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import Path

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef

UNCHECKED_HASH = (1).to_bytes(4, "little")
"""The flags of a compiled file that is told from its source by no time stamp (PEP 552)."""


def compile_directory(library: Path) -> None:
    """Compile everything below. Raises SyntaxError."""
    for source in sorted(library.rglob("*.py")):
        content = source.read_bytes()
        name = (Path(library.name) / source.relative_to(library)).as_posix()
        code = compile(
            without_docstrings(ast.parse(content, name)), name, "exec", dont_inherit=True, optimize=0
        )
        compiled = MAGIC_NUMBER + UNCHECKED_HASH + source_hash(content) + marshal.dumps(code)
        source.with_suffix(".pyc").write_bytes(compiled)
        source.unlink()


def without_docstrings(tree: ast.Module) -> ast.Module:
    """The same tree, changed. A dataclass keeps its own: `dataclass` makes a costly one where there is none."""
    for node in ast.walk(tree):
        if not isinstance(node, Documented) or _is_dataclass(node):
            continue
        while node.body and _is_text(node.body[0]):
            first = node.body.pop(0)
            if not node.body and not isinstance(node, ast.Module):
                node.body.append(ast.copy_location(ast.Pass(), first))
    return tree


def _is_dataclass(node: ast.AST) -> bool:
    return isinstance(node, ast.ClassDef) and any(
        "dataclass" in ast.unparse(each) for each in node.decorator_list
    )


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


if __name__ == "__main__":
    compile_directory(Path(sys.argv[1]))
