"""An error does not know whether anybody tries again: only what does try may say so."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import edgetui.cluster
from edgetui.cluster.api.status import map_status

FOLDER = Path(edgetui.cluster.__file__).parent
PROMISES = ("keeps trying", "tries again by itself", "by itself", "waits as long as it asks")
ASKED_AGAIN = {"logs.py"}
"""Those that say it of what they do themselves."""


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 410, 422, 429, 500, 502, 503, 504])
def test_no_answer_of_a_server_is_told_as_if_edgetui_went_on_by_itself(status: int) -> None:
    assert not [promise for promise in PROMISES if promise in str(map_status(status, {}, b""))]


def test_no_text_of_the_cluster_layer_promises_another_attempt() -> None:
    said = {
        f"{file.name}: {node.value}"
        for file in FOLDER.rglob("*.py")
        if file.name not in ASKED_AGAIN
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "\n" not in node.value
        if node.value.startswith("edgetui ") or "; edgetui " in node.value
        if any(promise in node.value for promise in PROMISES)
    }
    assert said == set()
