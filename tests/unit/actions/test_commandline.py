"""Command lines to copy say where they act, quoted for a shell, and no text of an action names a key."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import pytest

import edgetui.actions
from edgetui.actions import commandline
from edgetui.actions.cli import COMMANDS
from edgetui.cluster.target import ClusterTarget
from edgetui.model.identity import ObjectKey

FOLDER = Path(edgetui.actions.__file__).parent
KEY = ObjectKey("plant", "Deployment", "line-2", "press")


@pytest.mark.parametrize("file", ["/etc/plant.yaml", "/srv/my sites/plant $1.yaml", "/tmp/it's.yaml"])
@pytest.mark.parametrize("context", ["plant", "arn:aws:eks:eu:1:cluster/plant", "two words; rm -rf ~"])
def test_a_command_line_names_file_context_and_namespace_through_a_shell(file: str, context: str) -> None:
    target = ClusterTarget(name="x", context=context, file=Path(file), context_file=Path(file))
    said = shlex.split(commandline.edgetui(target, "resume", KEY))
    expected = [
        "edgetui",
        "resume",
        "deployment/press",
        "--kubeconfig",
        file,
        "--context",
        context,
        "-n",
        "line-2",
    ]
    assert said == expected
    told = shlex.split(commandline.kubectl(target, "line-2", "delete", "secret", "a b"))
    assert told == [
        "kubectl",
        "--kubeconfig",
        file,
        "--context",
        context,
        "-n",
        "line-2",
        "delete",
        "secret",
        "a b",
    ]


def test_a_context_and_its_user_in_two_files_are_both_named() -> None:
    target = ClusterTarget(name="x", context="plant", file=Path("/users"), context_file=Path("/contexts"))
    said = commandline.edgetui(target, "undo", KEY)
    assert "--kubeconfig /contexts --kubeconfig /users" in said
    assert commandline.kubectl(target, "", "get", "nodes").startswith(
        "KUBECONFIG=/contexts:/users kubectl --context"
    )


def _texts(file: Path) -> list[str]:
    tree = ast.parse(file.read_text())
    documents = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents
    ]


def test_only_one_function_writes_command_lines_and_no_action_names_a_key() -> None:
    verbs = "|".join(COMMANDS)
    forbidden = re.compile(
        rf"\bedgetui ({verbs})\b|\bkubectl (-|delete|get |apply \S)|\bkeys? [a-z]\b|\b[a-z] does it"
    )
    said = {
        f"{file.name}: {text}"
        for file in FOLDER.glob("*.py")
        if file.name != "commandline.py"
        for text in _texts(file)
        if forbidden.search(text)
    }
    assert said == set()
