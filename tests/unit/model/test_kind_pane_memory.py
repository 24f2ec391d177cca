"""What an object of a kind without a file costs: its row in the store, and its row in the pane that shows it."""

from __future__ import annotations

import gc
import re
import tracemalloc
import uuid
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from edgetui.model import labels
from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.discovered import head_of, kind_of, row_of_cells
from edgetui.model.kinds.wire import Meta
from edgetui.model.panes.of_kind import KindPane, cell_sort
from edgetui.model.resources.served import Resource
from edgetui.model.view.fleet import Fleet
from tests.unit.model import factories as f

OBJECTS = 5000
IN_STORE, IN_VIEW, TOGETHER = 520, 200, 700
"""Bytes for each object, as tracemalloc counts them, which is the same on every machine of one Python."""
PUMPS = Resource(
    group="example.com", version="v1", plural="pumps", kind="Pump", namespaced=True, verbs=("list", "watch")
)
COLUMNS = [
    ("Name", "string", "name", 0),
    ("Phase", "string", "", 0),
    ("Pressure", "integer", "", 0),
    ("Serviced", "date", "", 0),
    ("Firmware", "string", "", 1),
    ("Age", "date", "", 0),
]


def rows(count: int, *, phase: str = "Running") -> Iterator[Row]:
    """Rows as a list brings them: every text is a new one."""
    head = head_of(COLUMNS)
    for at in range(count):
        meta = {
            "name": f"pump-{at:05d}",
            "namespace": f"line-{at % 20}",
            "uid": str(uuid.UUID(int=at * 7919 + 1)),
            "resourceVersion": str(1_845_000 + at),
            "creationTimestamp": f.stamp(f.NOW - 86_400 - at * 7),
            "labels": {"line": str(at % 20)},
        }
        cells = [meta["name"], phase, at % 300, f"{at % 40}d", f"1.{at % 9}", "3d"]
        yield row_of_cells(head, _fresh(cells, list[Any]), _fresh(meta, Meta), f.NOW)


def _fresh(value: Any, type_: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value), type=type_)


def shown() -> tuple[Store, Any]:
    kind, store = kind_of(PUMPS), Store("plant")
    store.kinds.replace_discovered({kind.id: kind})
    store.set_freshness(kind.id, Freshness(Sync.LIVE, f.NOW))
    pane = KindPane("pumps")
    pane.admit("plant", {kind.id: PUMPS})
    view = Fleet([store]).view(pane)
    view.rebuild(f.NOW)
    return store, view


def used() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def test_five_thousand_objects_of_any_kind_fit_the_budget() -> None:
    warm, _ = shown()
    warm.replace("Pump.example.com", rows(10))  # what is made once for all rows
    labels._shared.clear()  # as in a program that has just begun, whatever ran here before
    labels._parse.cache_clear()
    store, view = shown()
    tracemalloc.start()
    try:
        before = used()
        store.replace("Pump.example.com", rows(OBJECTS))
        changes = {"plant": store.drain()}
        kept = used()
        view.absorb(changes, f.NOW)
        viewed = used()
    finally:
        tracemalloc.stop()
    assert view.shown == OBJECTS
    row, pane_row = (kept - before) / OBJECTS, (viewed - kept) / OBJECTS
    print(f"{row:.0f} B in the store and {pane_row:.0f} B in the view for each object")
    assert row <= IN_STORE
    assert pane_row <= IN_VIEW
    assert row + pane_row <= TOGETHER


def test_columns_that_come_with_the_first_rows_are_there_and_every_row_counts_as_changed() -> None:
    store, view = shown()
    store.replace("Pump.example.com", rows(3))
    change = view.absorb({"plant": store.drain()}, f.NOW)
    assert change.order
    assert change.changed == set(view.keys)
    assert [view.pane.value(view.row(key), "phase") for key in view.keys] == ["Running"] * 3
    assert [view.pane.value(view.row(key), "name") for key in view.keys] == [
        "pump-00000",
        "pump-00001",
        "pump-00002",
    ]


def test_a_row_of_equal_cells_is_no_change_and_one_of_others_is() -> None:
    store, view = shown()
    store.replace("Pump.example.com", rows(3))
    view.absorb({"plant": store.drain()}, f.NOW)
    first, *_ = rows(1, phase="Failed")
    store.apply("Pump.example.com", msgspec.structs.replace(first, resource_version="2000000"))
    change = view.absorb({"plant": store.drain()}, f.NOW)
    assert {key.name for key in change.changed} == {"pump-00000"}
    assert view.pane.value(view.row(view.keys[0]), "phase") == "Failed"


def test_the_value_of_one_column_is_that_among_all() -> None:
    store, view = shown()
    store.replace("Pump.example.com", rows(50))
    view.absorb({"plant": store.drain()}, f.NOW)
    head = head_of([*COLUMNS, ("Phase", "string", "", 0)])
    meta = {"name": "twice", "namespace": "line-1", "uid": "u"}
    twice = row_of_cells(head, ["twice", "Old", 1, "2d", "1", "3d", "New"], _fresh(meta, Meta), f.NOW)
    store.apply("Pump.example.com", twice)
    going = row_of_cells(
        head_of(COLUMNS), ["a", "Gone", 1, "2d", "1", "3d"], _fresh(meta | {"name": "a"}, Meta), f.NOW
    )
    store.apply("Pump.example.com", msgspec.structs.replace(going, deleting=f.NOW - 5, uid="v"))
    view.absorb({"plant": store.drain()}, f.NOW)
    assert view.shown == 52
    for key in view.keys:
        row = view.row(key)
        assert [row.value(at) for at in range(len(view.pane.columns))] == list(row.values)


@pytest.mark.parametrize("text", ["Running", "Überlauf", "a1", "1a", "", "-", "a-b", "٣", "v10", "v9"])
def test_a_text_is_sorted_by_its_letters_and_numbers(text: str) -> None:
    parts = re.split("([0-9]+)", text)
    expected = tuple((int(part), "") if at % 2 else (0, part) for at, part in enumerate(parts))
    assert cell_sort(text) == (3, expected)
