"""Tables as kube-apiserver 1.37 sends them, and what is made of them."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest

from edgetui.cluster.watch.events import Unreadable
from edgetui.cluster.watch.reflector.states import Bookmark, Changes, Failed, Heard
from edgetui.cluster.watch.table import NotPrinted, Printer, TableDecoder
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.cells import pair, restarts, when
from edgetui.model.kinds.pod import SUMMARY_ONLY, PodRow

from .odd_objects import ODD, changed, paths

NOW = 1_800_000_000.0
COLUMNS = ["Name", "Ready", "Status", "Restarts", "Age", "IP", "Node", "Nominated Node", "Readiness Gates"]
CELLS = ["web-6c665b4846-z4wpm", "0/1", "Pending", "0", "0s", "<none>", "node-2", "<none>", "<none>"]
EMPTY = ["", "0/0", "", "0", "<unknown>", "<none>", "<none>", "<none>", "<none>"]


def columns() -> list[dict[str, Any]]:
    return [
        {"name": name, "type": "string", "format": "", "description": "…", "priority": 0} for name in COLUMNS
    ]


def table(
    version: str, *rows: list[Any], heads: bool = False, mark: Any = None, **meta: str
) -> dict[str, Any]:
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": version, **meta},
        "columnDefinitions": columns() if heads else None,
        "rows": [{"cells": row, "object": mark} for row in rows],
    }


def event(change: str, obj: dict[str, Any]) -> bytes:
    return (
        json.dumps({"type": change, "object": obj}).replace("<none>", "\\u003cnone\\u003e").encode() + b"\n"
    )


def body(obj: dict[str, Any]) -> bytes:
    return json.dumps(obj).encode()


@pytest.fixture
def printer() -> Printer:
    return Printer(KINDS["Pod"], "line-2", lambda: NOW)


@pytest.fixture
def decoder(printer: Printer) -> TableDecoder:
    printer.page(body(table("340", heads=True)))
    return TableDecoder(printer)


def test_a_page_gives_rows_at_the_version_of_the_list(printer: Printer) -> None:
    sick = [
        "press-x",
        "0/2",
        "CrashLoopBackOff",
        "14 (5m ago)",
        "3d4h",
        "10.42.0.1",
        "node-0",
        "<none>",
        "<none>",
    ]
    found = printer.page(body(table("340", CELLS, sick, heads=True, **{"continue": "token"})))
    assert (found.rv, found.token) == ("340", "token")
    pending, crash = found.rows
    assert isinstance(pending, PodRow)
    assert isinstance(crash, PodRow)
    assert (pending.namespace, pending.name, pending.status) == ("line-2", "web-6c665b4846-z4wpm", "Pending")
    assert (pending.uid, pending.resource_version, pending.created) == ("", "340", int(NOW))
    assert (crash.ready, crash.containers, crash.restarts, crash.restarted) == (0, 2, 14, int(NOW) - 300)
    assert crash.created == int(NOW) - 3 * 86400 - 4 * 3600
    assert crash.node == "node-0"


def test_what_the_cells_do_not_tell_is_not_known(printer: Printer) -> None:
    running = ["web-x", "1/1", "Running", "0", "5m", "10.42.0.1", "node-0", "<none>", "<none>"]
    (row,) = printer.page(body(table("340", running, heads=True))).rows
    assert isinstance(row, PodRow)
    assert row.summary_only
    assert not row.is_ready
    assert (row.owner_uid, row.phase, row.condition) == ("", "", SUMMARY_ONLY)


def test_columns_are_not_asked_for_until_a_row_has_others(printer: Printer) -> None:
    assert printer.query == {"includeObject": "None", "-": "true"}
    (row,) = printer.page(body(table("340", CELLS))).rows
    assert (row.name, row.resource_version) == (CELLS[0], "340")
    with pytest.raises(Unreadable) as asked_again:
        printer.page(body(table("341", [*CELLS, "2"])))
    assert not isinstance(asked_again.value, NotPrinted), "with their columns they may be read"
    assert printer.query == {"includeObject": "None"}
    more = {**table("342", [*CELLS, "2"]), "columnDefinitions": [*columns(), {"name": "Accelerators"}]}
    assert [one.name for one in printer.page(body(more)).rows] == [CELLS[0]]


def test_a_server_that_defines_its_columns_unasked_is_believed(printer: Printer) -> None:
    turned = {**table("340", CELLS[::-1]), "columnDefinitions": columns()[::-1]}
    assert [row.name for row in printer.page(body(turned)).rows] == [CELLS[0]]
    assert printer.query == {"includeObject": "None"}, "they may not be those that are known"


def test_cells_in_another_order_are_not_taken_for_a_pod(printer: Printer) -> None:
    with pytest.raises(Unreadable, match="in another way"):
        printer.page(body(table("340", CELLS[::-1])))


def test_events_carry_their_own_version_and_no_columns(decoder: TableDecoder) -> None:
    (first, mark) = decoder.feed(
        event("ADDED", table("349", CELLS, heads=True))
        + event("MODIFIED", table("351", CELLS))
        + event("DELETED", table("353", CELLS))
        + event("BOOKMARK", table("357", EMPTY))
    )
    assert isinstance(first, Changes)
    assert [(change, row.resource_version) for change, row in first.items] == [
        ("ADDED", "349"),
        ("MODIFIED", "351"),
        ("DELETED", "353"),
    ]
    assert mark == Bookmark("357")


def test_the_row_of_a_bookmark_is_no_pod(decoder: TableDecoder) -> None:
    annotated = {
        "kind": "PartialObjectMetadata",
        "metadata": {"resourceVersion": "360", "annotations": {"k8s.io/initial-events-end": "true"}},
    }
    assert decoder.feed(event("BOOKMARK", table("360", EMPTY, mark=annotated))) == [
        Bookmark("360", initial_end=True)
    ]
    assert decoder.feed(event("BOOKMARK", table("", EMPTY, mark=annotated))) == [
        Bookmark("360", initial_end=True)
    ]


def test_the_columns_may_come_with_a_bookmark_alone(printer: Printer) -> None:
    decoder = TableDecoder(printer)
    (mark, changes) = decoder.feed(
        event("BOOKMARK", table("349", EMPTY, heads=True)) + event("ADDED", table("351", CELLS))
    )
    assert mark == Bookmark("349")
    assert isinstance(changes, Changes)


def test_an_error_is_a_status_as_ever(decoder: TableDecoder) -> None:
    status = {
        "kind": "Status",
        "reason": "Expired",
        "code": 410,
        "message": "too old resource version: 1 (529)",
    }
    (failed,) = decoder.feed(event("ERROR", status))
    assert isinstance(failed, Failed)
    assert type(failed.error).__name__ == "Gone"


def test_events_may_be_cut_anywhere(printer: Printer) -> None:
    stream = (
        event("ADDED", table("349", CELLS, heads=True))
        + event("MODIFIED", table("351", CELLS))
        + event("BOOKMARK", table("357", EMPTY))
    )
    for cut in range(1, len(stream)):
        fresh = TableDecoder(Printer(KINDS["Pod"], "line-2", lambda: NOW))
        inputs = [*fresh.feed(stream[:cut]), *fresh.feed(stream[cut:])]
        told = [one for one in inputs if not isinstance(one, Heard)]
        rows = [row.resource_version for one in told if isinstance(one, Changes) for _, row in one.items]
        assert rows == ["349", "351"]
        assert told[-1] == Bookmark("357")


@pytest.mark.parametrize(
    "answer",
    [
        {"kind": "PodList", "metadata": {"resourceVersion": "1"}, "items": []},
        table("", CELLS, heads=True),
        {**table("5", CELLS), "columnDefinitions": [{"name": "Name"}]},
        table("5", ["x", "?", "Running", "0", "1s", "", "", "", ""], heads=True),
        table("5", EMPTY, heads=True),
        {**table("5", ["x"]), "columnDefinitions": [{"name": "Name"}]},
        [],
    ],
)
def test_what_is_no_table_of_pods_is_told_apart(printer: Printer, answer: Any) -> None:
    with pytest.raises(NotPrinted):
        printer.page(body(answer))


@pytest.mark.parametrize(
    "line", [b"garbage\n", b'{"type":"HELLO","object":{"kind":"Table","metadata":{}}}\n', b"[]\n", b"\xff\n"]
)
def test_a_line_that_cannot_be_read_ends_the_stream(decoder: TableDecoder, line: bytes) -> None:
    assert isinstance(decoder.feed(line)[-1], Failed)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0s", 0),
        ("45s", 45),
        ("3d4h", 273600),
        ("2y15d", 64368000),
        ("<unknown>", None),
        ("soon", None),
        ("", None),
    ],
)
def test_ages_are_read_back(text: str, seconds: int | None) -> None:
    assert when(text, NOW) == (0 if seconds is None else int(NOW) - seconds)


def test_restarts_and_pairs_are_read_back() -> None:
    assert restarts("0", NOW) == (0, 0)
    assert restarts("3 (5m ago)", NOW) == (3, int(NOW) - 300)
    assert pair("1/3") == (1, 3)
    for bad in ("", "many", "3 (soon)"):
        with pytest.raises(ValueError, match="restarts"):
            restarts(bad, NOW)


def test_a_value_of_another_type_in_a_table_is_told_in_words() -> None:
    whole = {"type": "ADDED", "object": table("5", CELLS, heads=True)}
    for path in paths(whole):
        for odd in ODD:
            line = changed(whole, path, odd)
            assert TableDecoder(Printer(KINDS["Pod"], "ns", lambda: NOW)).feed(line + b"\n")
            page = changed(whole["object"], path[1:] if path[:1] == ("object",) else (), odd)
            with suppress(Unreadable):
                Printer(KINDS["Pod"], "ns", lambda: NOW).page(page)


def test_nothing_follows_a_failure(decoder: TableDecoder) -> None:
    error = json.dumps({"type": "ERROR", "object": {"kind": "Status", "code": 410}}).encode() + b"\n"
    row = json.dumps({"type": "ADDED", "object": table("6", CELLS)}).encode() + b"\n"
    assert [type(one) for one in decoder.feed(row + error + row + error)] == [Changes, Failed]
