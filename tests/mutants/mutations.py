"""Every small change of a source file that a test should notice, found in its syntax tree, made in its text."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import unified_diff
from pathlib import Path

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
}
_SAYS_TYPES = ("annotation", "returns", "type_params")
PROBE = "__mutants_probe__"
_ACTS = (ast.Call, ast.Await)
_ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)


@dataclass(frozen=True)
class Mutant:
    """One change: the bytes from `start` to `end` of a file become another text."""

    file: str
    line: int
    what: str
    start: int
    end: int
    instead: ast.expr | str
    in_function: bool = True
    statement: bool = False
    user: str = ""

    @property
    def probed_file(self) -> str:
        """The file with its probe: its own, or `user`, one that imports it, where it has no function at all."""
        return self.user or self.file

    @property
    def asked(self) -> str:
        """The probe whose tests can notice it: itself, or any function of the file for what runs at its import."""
        return f"{self.probed_file}:{self.line if self.in_function else 0}"

    @property
    def text(self) -> str:
        """What stands there instead."""
        return self.instead if isinstance(self.instead, str) else f"({ast.unparse(self.instead)})"

    def told(self) -> dict[str, str | int]:
        """The mutant as JSON."""
        return {"file": self.file, "line": self.line, "what": self.what, "instead": self.text}

    def applied(self, source: bytes) -> bytes:
        """The source with this change."""
        return source[: self.start] + self.text.encode() + source[self.end :]

    def diff(self, source: bytes) -> str:
        """The change as lines with "-" and "+"."""
        before, after = (text.decode().splitlines() for text in (source, self.applied(source)))
        lines = unified_diff(before, after, n=0, lineterm="")
        return "\n".join(line for line in lines if line[:2] not in ("--", "++", "@@"))


def probed(source: bytes, sample: Iterable[Mutant]) -> bytes:
    """The source of a file with a probe at every mutant of it: a call of PROBE with what it is asked for as."""
    added: list[
        tuple[int, int, str]
    ] = []  # at one place in this order: what ends there, lines, what begins there
    for asked, start, end, in_function, statement in {
        (one.asked, *((one.start, one.end, True, one.statement) if one.in_function else (0, 0, False, False)))
        for one in sample
    }:
        call = f"{PROBE}({asked!r})"
        if not in_function:
            added += [(at, 1, f"{call}\n{indent}") for at, indent in _function_starts(source)]
        elif statement:
            added.append((start, 2, f"{call}; "))
        else:
            added += [(start, 3, f"({call} or ("), (end, 0, "))")]
    parts, begin = [], 0
    for at, _, text in sorted(added):
        parts += [source[begin:at], text.encode()]
        begin = at
    return b"".join([*parts, source[begin:]])


def _function_starts(source: bytes) -> Iterator[tuple[int, str]]:
    """Where the first statement of each function begins that has a line of its own, and what it is indented by."""
    starts = _line_starts(source)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[-1] if len(node.body) == 1 else node.body[1 if _is_text(node.body[0]) else 0]
            begin = starts[_first_line(first) - 1]
            before = source[begin : begin + first.col_offset]
            if not before.strip():
                yield begin + first.col_offset, before.decode()


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(one.lineno for one in decorators)])


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _line_starts(source: bytes) -> list[int]:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def mutants(file: str, source: bytes) -> list[Mutant]:
    """Every mutant of one file, in the order of its text."""
    tree = ast.parse(source)
    starts = _line_starts(source)
    found = []
    bodies = [
        (node.body[0].lineno, node.end_lineno or 0)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    for node in _inside(tree):
        for what, old, new in _changes(node):
            assert old.end_lineno is not None and old.end_col_offset is not None
            start = starts[old.lineno - 1] + old.col_offset
            end = starts[old.end_lineno - 1] + old.end_col_offset
            in_function = any(first <= old.lineno <= last for first, last in bodies)
            statement = isinstance(old, ast.stmt)
            found.append(Mutant(file, old.lineno, what, start, end, new, in_function, statement))
    return found


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    """Every node that does something: no annotation, no import, no assertion, no `frozen=True` of a class."""
    for name, value in ast.iter_fields(node):
        if name in _SAYS_TYPES or (name == "keywords" and isinstance(node, ast.ClassDef)):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _only_for_types(child):
                yield child
                yield from _inside(child)


def _only_for_types(node: ast.AST) -> bool:
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name):
        return node.test.id == "TYPE_CHECKING"
    return isinstance(node, ast.Import | ast.ImportFrom | ast.JoinedStr | ast.Assert)


Change = tuple[str, ast.expr | ast.stmt, ast.expr | str]


def _changes(node: ast.AST) -> Iterator[Change]:
    """What kind of change, the node whose text goes, and what stands there instead."""
    if isinstance(node, ast.Compare):
        yield from _comparisons(node)
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield "and/or", node, ast.BoolOp(other, node.values)
        for at in range(len(node.values)):
            rest = [value for number, value in enumerate(node.values) if number != at]
            yield (
                "dropped operand",
                node,
                rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest),
            )
    elif isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC and not _holds_text(node):
        yield "arithmetic", node, ast.BinOp(node.left, _ARITHMETIC[type(node.op)](), node.right)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "negation", node, node.operand
    elif isinstance(node, ast.Constant):
        yield from _constants(node)
    elif isinstance(node, ast.If | ast.While | ast.IfExp):
        yield "negation", node.test, ast.UnaryOp(ast.Not(), node.test)
    elif isinstance(node, ast.comprehension):
        for condition in node.ifs:
            yield "negation", condition, ast.UnaryOp(ast.Not(), condition)
    yield from _statements(node)


def _statements(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.If) and not node.orelse and isinstance(node.body[-1], _ENDS):
        yield "removed guard", node.test, "False"
    if isinstance(node, ast.Raise) and not _is_abstract(node):
        yield "removed raise", node, "pass"
    elif isinstance(node, ast.AugAssign) or (isinstance(node, ast.Expr) and isinstance(node.value, _ACTS)):
        yield "removed statement", node, "pass"
    elif isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield "return None", node, "return None"


def _is_abstract(node: ast.Raise) -> bool:
    """Whether it only says that whoever inherits does this."""
    return isinstance(node.exc, ast.Name) and node.exc.id == "NotImplementedError"


def _comparisons(node: ast.Compare) -> Iterator[Change]:
    for at, operator in enumerate(node.ops):
        other = _COMPARISONS.get(type(operator))
        if other is not None:
            operators = [*node.ops[:at], other(), *node.ops[at + 1 :]]
            yield "comparison", node, ast.Compare(node.left, operators, node.comparators)


def _constants(node: ast.Constant) -> Iterator[Change]:
    value = node.value
    if isinstance(value, bool):
        yield "constant", node, str(not value)
    elif isinstance(value, int | float):
        yield "constant", node, repr(value + 1)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _holds_text(node: ast.BinOp) -> bool:
    """Whether text stands in it: then the change only ends in a TypeError."""
    return any(
        isinstance(part, ast.JoinedStr)
        or (isinstance(part, ast.Constant) and isinstance(part.value, str | bytes))
        for part in ast.walk(node)
    )


def of_package(root: Path, package: str, leave_out: Iterable[str] = ()) -> list[Mutant]:
    """The mutants of every module of a package; file names are relative to `root`."""
    sources = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted((root / package).rglob("*.py"))
    }
    found = []
    for name, source in sources.items():
        if not any(name.startswith(prefix) for prefix in leave_out):
            user = "" if b"def " in source else _user(name, sources)
            found += [replace(one, user=user) for one in mutants(name, source)]
    return found


def _user(name: str, sources: Mapping[str, bytes]) -> str:
    """The first file with a function that imports this one, empty where there is none."""
    imports = f"from {name.removesuffix('.py').replace('/', '.')} import ".encode()
    return next((file for file, source in sources.items() if imports in source and b"def " in source), "")


def one_a_line(root: Path, shuffled: Iterable[Mutant], most: int) -> list[Mutant]:
    """The first so many that are Python, no two of them in one line."""
    lines: set[tuple[str, int]] = set()
    kept: list[Mutant] = []
    for one in shuffled:
        if len(kept) == most:
            break
        if (one.file, one.line) not in lines and _is_python(one.applied((root / one.file).read_bytes())):
            lines.add((one.file, one.line))
            kept.append(one)
    return kept


def _is_python(source: bytes) -> bool:
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True
