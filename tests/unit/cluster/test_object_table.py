"""Tables with metadata as kube-apiserver 1.37 sends them, and the rows of any kind that are made of them."""

from __future__ import annotations

import gc
import json
import tracemalloc
from typing import Any

import pytest

from edgetui.cluster.errors import ProtocolError
from edgetui.cluster.watch.object_table import ObjectPrinter
from edgetui.cluster.watch.reflector.states import Bookmark, Changes, Failed, Heard
from edgetui.cluster.watch.table import TableDecoder
from edgetui.model import labels
from edgetui.model.cache.store import Store
from edgetui.model.kinds.discovered import Moment, OwnerName, TableColumn, TableRow, cell_text, kind_of
from edgetui.model.resources.served import Resource
from edgetui.model.text import unix

NOW = 1_800_000_000.0
RESOURCE = Resource(
    group="example.com", version="v1", plural="pumps", kind="Pump", namespaced=True, verbs=("list", "watch")
)
PUMPS = kind_of(RESOURCE)
COLUMNS = [
    ("Name", "string", "name", 0),
    ("Phase", "string", "", 0),
    ("Pressure", "integer", "", 0),
    ("Serviced", "date", "", 0),
    ("Firmware", "string", "", 1),
    ("Age", "date", "", 0),
]
SECRET = "cGx1Z2g="


def definitions() -> list[dict[str, Any]]:
    return [
        {"name": name, "type": type_, "format": format_, "description": "…", "priority": priority}
        for name, type_, format_, priority in COLUMNS
    ]


def meta(name: str, version: str = "7", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "namespace": "line-2",
        "uid": f"uid-{name}",
        "resourceVersion": version,
        "creationTimestamp": "2026-11-28T19:23:03Z",
        "labels": {"line": "2"},
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": SECRET},
        "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:data": {}}}],
        **more,
    }


def printed(name: str, *cells: Any, **more: Any) -> dict[str, Any]:
    found = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": meta(name, **more)}
    return {"cells": [name, *cells], "object": found}


RUNNING = ("Running", 3, "27d", "1.2", "0s")


def table(version: str, *rows: Any, heads: bool = True, **about: Any) -> dict[str, Any]:
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": version, **about},
        "columnDefinitions": definitions() if heads else None,
        "rows": list(rows),
    }


def body(obj: Any) -> bytes:
    return json.dumps(obj).encode()


def event(change: str, obj: Any) -> bytes:
    return body({"type": change, "object": obj}) + b"\n"


@pytest.fixture
def printer() -> ObjectPrinter:
    return ObjectPrinter(PUMPS, "", lambda: NOW)


@pytest.fixture
def decoder(printer: ObjectPrinter) -> TableDecoder:
    printer.page(body(table("340")))
    return TableDecoder(printer)


def only(found: list[Any]) -> tuple[str, TableRow]:
    """The one change of these inputs."""
    (changes,) = found
    assert isinstance(changes, Changes)
    ((change, row),) = changes.items
    assert isinstance(row, TableRow)
    return change, row


def test_a_row_has_what_names_its_object_and_the_cells_that_it_does_not_tell_anyway(
    printer: ObjectPrinter,
) -> None:
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "uid": "u-1", "controller": True}
    page = printer.page(body(table("340", printed("press", *RUNNING, ownerReferences=[owner]))))
    (row,) = page.rows
    assert isinstance(row, TableRow)
    assert (row.namespace, row.name, row.uid, row.resource_version) == ("line-2", "press", "uid-press", "7")
    assert row.created == unix("2026-11-28T19:23:03Z")
    assert labels.values(row) == {"line": "2"}
    assert (row.owner_uid, row.owner) == ("u-1", OwnerName("apps", "ReplicaSet", "web-1"))
    assert [column.title for column in row.head.columns] == ["Phase", "Pressure", "Serviced", "Firmware"]
    assert row.cells == ("Running", 3, Moment(int(NOW) - 27 * 86400), "1.2")
    assert row.head.columns[3] == TableColumn("Firmware", wide=True)


def test_pages_are_followed_by_their_token_and_tell_how_many_are_left(printer: ObjectPrinter) -> None:
    page = printer.page(
        body(table("340", printed("a", *RUNNING), remainingItemCount=4, **{"continue": "token"}))
    )
    assert (page.rv, page.token, page.remaining) == ("340", "token", 4)


def test_a_later_page_has_no_columns_of_its_own(printer: ObjectPrinter) -> None:
    first = printer.page(body(table("340", printed("a", *RUNNING))))
    second = printer.page(body(table("340", printed("b", *RUNNING), heads=False)))
    assert first.rows[0].head is second.rows[0].head  # type: ignore[attr-defined]


def test_an_age_goes_on_and_what_cannot_be_read_as_one_stays_text(printer: ObjectPrinter) -> None:
    rows = [printed("a", "Running", 3, "5m", "1", "0s"), printed("b", "Running", 3, "<unknown>", "1", "0s")]
    one, other = printer.page(body(table("340", *rows))).rows
    assert isinstance(one, TableRow)
    assert isinstance(other, TableRow)
    assert cell_text(one.cells[2], NOW + 120) == "7m"
    assert other.cells[2] == "<unknown>"


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (None, "<none>"),
        (True, "true"),
        (7, "7"),
        (1.5, "1.5"),
        ("", ""),
        (["a", {"b": None}], '["a",{"b":null}]'),
        ("two\nlines\x1b[2J", "two lines [2J"),
        ("x" * 5000, "x" * 159 + "…"),
    ],
)
def test_a_cell_of_any_type_is_one_line_of_bounded_text(
    printer: ObjectPrinter, cell: Any, shown: str
) -> None:
    (row,) = printer.page(body(table("340", printed("a", cell, *RUNNING[1:])))).rows
    assert isinstance(row, TableRow)
    assert cell_text(row.cells[0], NOW) == shown


def test_events_have_no_columns_and_the_version_of_their_object(decoder: TableDecoder) -> None:
    line = event(
        "MODIFIED", table("", printed("press", "Failed", 0, None, "1.2", "3d", version="9"), heads=False)
    )
    change, row = only(decoder.feed(line))
    assert (change, row.resource_version, row.cells[:3]) == ("MODIFIED", "9", ("Failed", 0, None))


def test_the_end_bookmark_carries_an_empty_row_that_is_no_object(decoder: TableDecoder) -> None:
    mark = {"metadata": {"resourceVersion": "842", "annotations": {"k8s.io/initial-events-end": "true"}}}
    made = table("842", {"cells": ["", "", None, "<unknown>", "", "<unknown>"], "object": mark}, heads=False)
    assert decoder.feed(event("BOOKMARK", made)) == [Bookmark("842", True)]
    made["rows"][0]["object"]["metadata"]["annotations"] = None
    assert decoder.feed(event("BOOKMARK", made)) == [Bookmark("842", False)]


def test_an_error_line_is_the_status_that_it_is(decoder: TableDecoder) -> None:
    status = {"kind": "Status", "message": "too old resource version", "reason": "Expired", "code": 410}
    (failed,) = decoder.feed(event("ERROR", status))
    assert isinstance(failed, Failed)
    assert getattr(failed.error, "code", 0) == 410


def test_columns_that_change_under_way_are_those_of_the_rows_after_it(decoder: TableDecoder) -> None:
    _, before = only(decoder.feed(event("ADDED", table("", printed("a", *RUNNING), heads=False))))
    new = table("", printed("a", "Running", "0s"))
    new["columnDefinitions"] = [one for one in definitions() if one["name"] in ("Name", "Phase", "Age")]
    _, after = only(decoder.feed(event("MODIFIED", new)))
    assert len(before.cells) == len(before.head.columns) == 4
    assert len(after.cells) == len(after.head.columns) == 1


@pytest.mark.parametrize(
    "odd",
    [
        None,
        7,
        {"cells": "x"},
        {"cells": ["a"]},
        {"cells": ["a", *RUNNING], "object": None},
        {"cells": ["a", *RUNNING], "object": 7},
        {"cells": ["a", *RUNNING], "object": {"metadata": {"name": 7}}},
        {"cells": ["a", *RUNNING], "object": {"metadata": {"name": ""}}},
    ],
)
def test_a_row_that_cannot_be_read_costs_itself(printer: ObjectPrinter, odd: Any) -> None:
    page = printer.page(body(table("340", odd, printed("b", *RUNNING))))
    assert [row.name for row in page.rows] == ["b"]
    assert len(page.odd) == 1
    decoder = TableDecoder(printer)
    inputs = decoder.feed(event("MODIFIED", table("", odd, heads=False)))
    (changes,) = inputs
    assert isinstance(changes, Changes)
    assert [change for change, _ in changes.items] == ["UNREADABLE"]


def test_a_server_that_prints_no_tables_sends_objects_that_are_rows_without_cells(
    printer: ObjectPrinter,
) -> None:
    items = [{"metadata": meta("a"), "spec": {"pressure": 3}}, {"metadata": meta("b")}]
    page = printer.page(body({"kind": "PumpList", "metadata": {"resourceVersion": "5"}, "items": items}))
    assert [(row.name, row.cells) for row in page.rows] == [("a", ()), ("b", ())]  # type: ignore[attr-defined]
    decoder = TableDecoder(printer)
    change, row = only(decoder.feed(event("DELETED", {"kind": "Pump", "metadata": meta("a")})))
    assert (change, row.name, row.cells) == ("DELETED", "a", ())
    assert decoder.feed(event("BOOKMARK", {"kind": "Pump", "metadata": {"resourceVersion": "9"}})) == [
        Bookmark("9")
    ]


@pytest.mark.parametrize(
    "answer",
    [b"", b"{}", b"[]", b"{", b'{"kind":"Table"}', b'{"kind":"Table","metadata":7}', b'{"kind":7}', b"\xff"],
)
def test_what_is_no_list_is_told_apart(printer: ObjectPrinter, answer: bytes) -> None:
    with pytest.raises(ProtocolError):
        printer.page(answer)


def test_events_may_be_cut_anywhere(printer: ObjectPrinter) -> None:
    printer.page(body(table("340")))
    line = event("ADDED", table("", printed("press", *RUNNING), heads=False))
    for cut in range(1, len(line)):
        fresh = TableDecoder(printer)
        assert fresh.feed(line[:cut]) == [Heard()]
        assert only(fresh.feed(line[cut:]))[1].name == "press"


def test_no_annotation_is_kept_of_any_object(printer: ObjectPrinter) -> None:
    (row,) = printer.page(body(table("340", printed("door", *RUNNING)))).rows
    assert SECRET not in repr(row)


def test_a_row_takes_no_more_than_700_bytes() -> None:
    store, count = Store("plant"), 5000
    printer = ObjectPrinter(PUMPS, "", lambda: NOW)
    store.kinds.replace_discovered({PUMPS.id: PUMPS})
    pages = []
    for start in range(0, count, 250):
        rows = [
            printed(
                f"press-{n:05}-7f9c66",
                "Running" if n % 3 else "Pending",
                n % 17,
                "27d",
                f"1.{n % 9}",
                "0s",
                version=str(10_000 + n),
                uid=f"12afcefa-d2ac-4cba-b1c9-{n:012}",
            )
            for n in range(start, start + 250)
        ]
        pages.append(body(table("340", *rows)))
    tracemalloc.start()
    store.replace(PUMPS.id, [row for page in pages for row in printer.page(page).rows])
    store.drain()
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert store.count(PUMPS.id) == count
    assert size / count <= 700
