"""Names that no API server takes, from one that is none: they lead nowhere else, and no terminal obeys them."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetui.cluster.errors import ProtocolError
from edgetui.cluster.watch.events import EventDecoder, decode_page
from edgetui.cluster.watch.reflector.states import Changes
from edgetui.cluster.watch.table import Printer
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.base import api_path
from edgetui.model.text import escaped
from tests.unit.cluster.wire import connected, ok

PACKAGE = Path(__file__).resolve().parents[3] / "edgetui"
ODD_NAMES = [
    "a?x=1",
    "a#b",
    "a..b",
    "...",
    "a b",
    "größe",
    "a\r\nHost: other",
    "a\x00b",
    "\u2028",
    "a\\b",
    "a;b=c,d",
]
CONTROLS = [
    "\x1b[2J",
    "\x9b2J",
    "\x9d0;x\x9c",
    "a\r\nrm -rf /\n",
    "\x00",
    "\x7f",
    "\u202edop",
    "\u2028",
    "\u061c",
    "\ufeff",
]


@pytest.mark.parametrize("name", ODD_NAMES)
@pytest.mark.parametrize("kind", ["Pod", "Node"])
async def test_a_name_stays_one_part_of_the_path(name: str, kind: str) -> None:
    path = KINDS[kind].path("d", name)
    async with connected([ok(b"{}")]) as (server, transport):
        await transport.request("GET", path, timeout=10.0)
    (request,) = server.requests
    parts = request.target.split("/")
    assert len(parts) == len(KINDS[kind].path("d", "plain").split("/"))
    assert unquote(parts[-1]) == name
    assert request.target.isascii()
    assert request.target.isprintable()


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_any_name_is_found_again_in_its_part(namespace: str, name: str) -> None:
    try:
        parts = api_path("apps", "v1", "deployments", namespace, name, "scale").split("/")
    except UnicodeEncodeError:
        return  # half a surrogate pair, which no JSON reader lets in
    assert [unquote(part) for part in parts] == [
        *["", "apis", "apps", "v1", "namespaces"],
        *[namespace, "deployments", name, "scale"],
    ]


@pytest.mark.parametrize(
    "name",
    ["..", ".", "a/b", "/", "../../../B/api/v1/namespaces/prod/pods/web", "a%2fb", "%2e%2e", "a%", "a/../b"],
)
async def test_a_name_that_leads_elsewhere_is_not_asked_for(name: str) -> None:
    async with connected([ok(b"{}")]) as (server, transport):
        for path in (
            KINDS["Pod"].path("d", name),
            KINDS["Pod"].path(name, "p"),
            KINDS["Pod"].path("d", name, "log"),
        ):
            with pytest.raises(ProtocolError, match="leads to another path"):
                await transport.request("GET", path, timeout=10.0)
    assert server.requests == []


def test_no_path_with_a_name_is_made_elsewhere() -> None:
    """A path with something put into it is made by `api_path` alone."""
    made = []
    for file in sorted(PACKAGE.rglob("*.py")):
        if file.is_relative_to(PACKAGE / "demo"):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            texts = [
                part.value
                for part in (node.values if isinstance(node, ast.JoinedStr) else [])
                if isinstance(part, ast.Constant)
            ]
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "/{" in node.value:
                texts = [node.value]
            if isinstance(node, ast.expr) and any(
                isinstance(text, str) and "namespaces/" in text for text in texts
            ):
                made.append(f"{file.relative_to(PACKAGE)}:{node.lineno}")
    assert made == []


@pytest.mark.parametrize("control", CONTROLS)
def test_a_name_that_a_terminal_would_obey_is_escaped_at_the_door(control: str) -> None:
    item = {
        "metadata": {"name": f"a{control}", "namespace": f"n{control}", "uid": "u", "resourceVersion": "1"}
    }
    event = json.dumps({"type": "ADDED", "object": item}).encode() + b"\n"
    (changes,) = EventDecoder(KINDS["Pod"]).feed(event)
    assert isinstance(changes, Changes)
    listed = {"kind": "PodList", "metadata": {"resourceVersion": "1"}, "items": [item]}
    (row,) = decode_page(KINDS["Pod"], json.dumps(listed).encode()).rows
    printer = Printer(KINDS["Pod"], "d", lambda: 0.0)
    columns = ["Name", "Ready", "Status", "Restarts", "Age", "IP", "Node"]
    table = {
        "kind": "Table",
        "metadata": {"resourceVersion": "1"},
        "columnDefinitions": [{"name": name} for name in columns],
        "rows": [{"cells": [f"a{control}", "1/1", "Running", "0", "9d", "", "n1"]}],
    }
    (printed,) = printer.page(json.dumps(table).encode()).rows
    for one in (changes.items[0][1], row, printed):
        assert one.name.isprintable()
        assert one.name == f"a{escaped(control)}"
        assert one.namespace.isprintable()


@given(st.text(st.characters(exclude_categories=()), max_size=30))
def test_what_is_escaped_reads_back_from_json_and_no_terminal_obeys_it(text: str) -> None:
    found = escaped(text)
    assert all(c.isprintable() or c in "\u200c\u200d" for c in found)
    if "\\" not in text and '"' not in text:
        assert json.loads(f'"{found}"') == text
