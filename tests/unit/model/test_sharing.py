"""Texts that rows share are kept in one table of bounded size, whatever comes and goes."""

from __future__ import annotations

import ast
from pathlib import Path

import edgetui.model
from edgetui.model import labels
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.event import KIND as EVENT
from tests.unit.model import factories as f


def test_what_many_rows_say_is_one_text() -> None:
    release = f.deployment("press", "line-1")
    owner = f.replica_set(release, "7f9c66d8b4")
    rows = list(f.store_of(owner, *f.pods_of(owner, 3)).rows("Pod"))
    assert len({id(row.owner_uid) for row in rows}) == 1
    assert len({id(row.namespace) for row in rows}) == 1


def test_a_stream_of_ever_new_names_and_uids_leaves_nothing_behind() -> None:
    import msgspec

    for at in range(2 * labels._MOST_SHARED):
        meta = {"name": f"e{at}", "namespace": "ns", "uid": f"uid-{at}", "resourceVersion": "1"}
        wire = msgspec.convert({"metadata": meta}, EVENT.wire)
        EVENT.project(wire)
    assert len(labels._shared) <= labels._MOST_SHARED


def test_nothing_of_a_server_is_interned() -> None:
    """Interned strings may live as long as the program."""
    found = [
        f"{path.name}:{node.lineno}"
        for path in Path(edgetui.model.__path__[0]).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.Name, ast.Attribute))
        and getattr(node, "id", getattr(node, "attr", "")) == "intern"
    ]
    assert found == []
    assert KINDS
