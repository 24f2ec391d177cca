"""The house rules that a reader would otherwise have to take on trust."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from edgetui.model.kinds import KINDS
from edgetui.terminal.textual_seam import Punctual

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "edgetui"
MODULES = sorted(PACKAGE.rglob("*.py"))
PROGRAM = [path for path in MODULES if path.relative_to(PACKAGE).parts[0] != "demo"]

LONGEST_FILE = 450
LONGEST_FUNCTION = 60
WRITE_VERBS = {"POST", "PUT", "PATCH", "DELETE"}
# Reviews are POSTs that store nothing; api.py sends them, and sends a write only against a permit of the gate.
MAY_NAME_WRITE_VERBS = {"cluster/api/client.py", "actions/gate/gate.py"}
MAY_BUILD_PERMITS = {"cluster/api/client.py", "actions/gate/gate.py"}
# An action names the kinds it works on; all that is known of a kind is said in its own file.
MAY_NAME_KINDS = {"actions/catalogue.py", "actions/rights.py"}


def relative(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_file_can_be_held_in_the_head(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= LONGEST_FILE
    tree = ast.parse(source)
    long = {
        f.name: f.end_lineno - f.lineno + 1
        for f in functions(tree)
        if f.end_lineno is not None and f.end_lineno - f.lineno + 1 > LONGEST_FUNCTION
    }
    assert not long


@pytest.mark.parametrize("path", PROGRAM, ids=relative)
def test_only_the_gate_reaches_a_write(path: Path) -> None:
    """Outside the API client and the gate nothing sends a write, builds a permit or opens a raw request."""
    name = relative(path)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called == "WritePermit":
                assert name in MAY_BUILD_PERMITS, f"{name}:{node.lineno} builds a WritePermit"
            verbs = {
                a.value
                for a in [*node.args, *(k.value for k in node.keywords)]
                if isinstance(a, ast.Constant) and isinstance(a.value, str)
            } & WRITE_VERBS
            if verbs and called in {"request", "_request", "send", "open_stream"}:
                assert name in MAY_NAME_WRITE_VERBS, f"{name}:{node.lineno} sends {verbs}"


@pytest.mark.parametrize("path", PROGRAM, ids=relative)
def test_a_worker_is_given_what_it_is_to_call(path: Path) -> None:
    """A coroutine that was made for a worker which is cancelled before it begins is never awaited."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "run_worker":
            work = node.args[0]
            made = isinstance(work, ast.Call) and ast.unparse(work.func) != "later"
            assert not made, f"{relative(path)}:{node.lineno} makes {ast.unparse(work)}"


@pytest.mark.parametrize("path", PROGRAM, ids=relative)
def test_a_one_shot_timer_comes_however_late(path: Path) -> None:
    """Textual leaves out one that is late when it begins to wait; the app and whatever is `Punctual` do not."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for owner in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        for node in ast.walk(owner):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "self.set_timer":
                module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
                asks = f"{relative(path)}:{node.lineno} {owner.name}"
                assert issubclass(getattr(module, owner.name), Punctual), asks


@pytest.mark.parametrize("path", PROGRAM, ids=relative)
def test_what_is_known_of_a_kind_is_said_in_its_file(path: Path) -> None:
    """No table of kind names anywhere else: a new kind would have to be added to each."""
    name = relative(path)
    named = {
        f"{name}:{node.lineno} {node.value}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in KINDS
    }
    assert not named or name.startswith("model/kinds/") or name in MAY_NAME_KINDS


def test_records_are_structs() -> None:
    """Making a dataclass takes a hundred times as long as making a struct, and every start would pay for it."""
    assert [relative(path) for path in PROGRAM if "dataclass" in path.read_text(encoding="utf-8")] == []


def test_the_api_refuses_a_write_without_a_permit() -> None:
    """`write` takes the permit first, and nothing but gate.py calls it."""
    callers = set()
    for path in PROGRAM:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "write"
                and isinstance(node.func.value, ast.Attribute | ast.Name)
                and "api" in ast.unparse(node.func.value)
            ):
                callers.add(relative(path))
    assert callers <= {"actions/gate/gate.py"}
    assert callers, "the gate no longer writes: this test has lost its subject"


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["importlinter.cli", "lint_imports"], id="imports-point-one-way"),
        pytest.param(["ruff", "check", "--quiet", "."], id="ruff-check"),
        pytest.param(["ruff", "format", "--check", "--quiet", "."], id="ruff-format"),
        pytest.param(["mypy"], id="mypy-strict"),
    ],
)
def test_the_tools_agree(command: list[str]) -> None:
    if command[0] == "importlinter.cli":
        arguments = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    else:
        arguments = [sys.executable, "-m", *command]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=1200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_address_and_no_machine_path_in_the_tree() -> None:
    """Lock files and sources carry names, versions and hashes, never where they were fetched from."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    ).stdout.splitlines()
    pattern = re.compile(
        r"--(?:extra-)?index-url|^--find-links|(?<![\w/.])/(?:root|home/(?!x/)\w+)/", re.MULTILINE
    )
    found = []
    for name in listed:
        path = ROOT / name
        if path.suffix in {".png", ".svg", ".sum"} or not path.is_file() or path == Path(__file__):
            continue
        if pattern.search(path.read_text(encoding="utf-8", errors="replace")) and name != "Makefile":
            found.append(name)
    assert not found
