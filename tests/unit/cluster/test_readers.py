"""Answers of an API server of which one value is missing or of another sort: what each reader makes of them, whole.

`pytest tests/unit/cluster/test_readers.py --snapshot-update` takes what is read now; look at what differs first.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.api import metrics
from edgetui.cluster.api.cache_audit import names
from edgetui.cluster.api.discovery import aggregated, named_versions, resource_list
from edgetui.cluster.api.printed_usage import decode_rows
from edgetui.cluster.api.probe import identify, rbac_is_off, readable_namespaces, server_version
from edgetui.cluster.api.status import UNDECODABLE, map_status
from edgetui.cluster.api.versions import versions_among, versions_of
from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.http.answer_size import TooLarge
from edgetui.cluster.watch import table as table_module
from edgetui.cluster.watch.object_table import ObjectPrinter
from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.table import Printer, TableDecoder, WholePrinter
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.base import Row
from edgetui.model.resources.served import Served
from tests.unit.cluster.every_value import encoded, outcome, report, said, table, variants
from tests.unit.cluster.test_events import input_of
from tests.unit.cluster.test_object_table import PUMPS, definitions, printed
from tests.unit.cluster.test_table import CELLS, COLUMNS, NOW

POD = KINDS["Pod"]
META = {"name": "web", "namespace": "line-2", "uid": "u1", "resourceVersion": "33"}
TABLE: dict[str, Any] = {
    "kind": "Table",
    "metadata": {"resourceVersion": "40", "continue": "token", "remainingItemCount": 3},
    "columnDefinitions": [{"name": name, "type": "string", "format": "", "priority": 0} for name in COLUMNS],
    "rows": [{"cells": CELLS, "object": {"metadata": META}}],
}
BOOKMARK = {
    "kind": "Table",
    "metadata": {"resourceVersion": "41"},
    "columnDefinitions": None,
    "rows": [
        {
            "cells": ["", "", "", "", "", "", "", "", ""],
            "object": {
                "metadata": {"resourceVersion": "41", "annotations": {"k8s.io/initial-events-end": "true"}}
            },
        }
    ],
}
LISTED = {
    "kind": "PumpList",
    "metadata": {"resourceVersion": "40", "continue": None, "remainingItemCount": None},
    "items": [{"kind": "Pump", "metadata": META}],
}
PUMPED = {
    "kind": "Table",
    "metadata": {"resourceVersion": "40", "continue": "token", "remainingItemCount": 3},
    "columnDefinitions": definitions(),
    "rows": [printed("p1", "p1", "Running", 3, "2026-11-28T19:23:03Z", "v1", "2026-11-28T19:23:03Z")],
}
FEW: dict[str, Any] = {
    "null": None,
    "a text": "other",
    "no text": "",
    "a number": 7,
    "an empty list": [],
    "an object": {"other": 1},
}


_LATER = re.compile(r"\.[2-9]\b")


def few(document: Any) -> list[tuple[str, Any]]:
    """The document, and those that differ in one value, of columns and cells in the first two."""
    differing = [(what, one) for what, one in variants(document, FEW) if not _LATER.search(what)]
    return [("as it is", document), *differing]


def printers() -> dict[str, Callable[[], Printer]]:
    return {
        "rows of a namespace": lambda: Printer(POD, "line-2", lambda: NOW),
        "rows of a whole cluster": lambda: WholePrinter(POD, "", lambda: NOW),
        "rows of any kind": lambda: ObjectPrinter(PUMPS, "", lambda: NOW),
    }


def row_of(row: Row) -> str:
    return ", ".join(f"{name} {value}" for name, value in msgspec.structs.asdict(row).items() if value)


def page_of(found: r.Page) -> str:
    rest = f"at {found.rv!r}, token {found.token!r}, {found.remaining} more"
    return " | ".join(
        [*(row_of(row) for row in found.rows), *(f"odd {row_of(row)}" for row in found.odd), rest]
    )


def event_of(found: r.Input) -> str:
    if isinstance(found, r.Changes):
        return " | ".join(
            f"{change} {row.namespace}/{row.name} {row.uid} {row.resource_version}"
            for change, row in found.items
        )
    return input_of(found)


@pytest.mark.parametrize("sort", printers())
@pytest.mark.parametrize("document", ["a table", "a table of pumps", "a list"])
def test_what_a_page_is_read_as(document: str, sort: str, snapshot: SnapshotAssertion) -> None:
    found = {"a table": TABLE, "a table of pumps": PUMPED, "a list": LISTED}[document]
    told = [
        (what, outcome(lambda one=one: page_of(printers()[sort]().page(encoded(one)))))  # type: ignore[misc]
        for what, one in few(found)
    ]
    assert report(told) == snapshot


EVENTS: dict[str, Any] = {
    "ADDED": {"type": "ADDED", "object": TABLE},
    "DELETED": {"type": "DELETED", "object": TABLE},
    "BOOKMARK": {"type": "BOOKMARK", "object": BOOKMARK},
    "BOOKMARK of no version": {"type": "BOOKMARK", "object": {"kind": "Table", "metadata": {}, "rows": []}},
    "ERROR": {"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old"}},
    "MODIFIED": {"type": "MODIFIED", "object": {"kind": "Pump", "metadata": META}},
}


@pytest.mark.parametrize("sort", printers())
@pytest.mark.parametrize("change", EVENTS)
def test_what_an_event_is_read_as(change: str, sort: str, snapshot: SnapshotAssertion) -> None:
    first = encoded({"type": "MODIFIED", "object": TABLE}) + b"\n"

    def read(line: bytes) -> str:
        decoder = TableDecoder(printers()[sort]())
        inputs = [*decoder.feed(first), *decoder.feed(line + b"\n" + line + b"\n"), *decoder.release()]
        assert not decoder.keeping
        assert not decoder.foreign()
        return " || ".join(event_of(one) for one in inputs)

    assert report((what, read(encoded(one))) for what, one in few(EVENTS[change])) == snapshot


@pytest.mark.parametrize("sort", printers())
def test_a_page_has_so_many_rows_at_most(sort: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_module, "MOST_ITEMS", 2)
    two, three = (encoded({**TABLE, "rows": TABLE["rows"] * count}) for count in (2, 3))
    if sort != "rows of any kind":
        assert len(printers()[sort]().page(two).rows) == 2
    with pytest.raises(TooLarge, match="sent 3 rows in one answer"):
        printers()[sort]().page(three)


@pytest.mark.parametrize("pieces", [(100,), (60, 40)])
@pytest.mark.parametrize("more", [0, 1])
def test_no_more_of_an_unended_line_of_tables_is_held_than_a_bound(
    pieces: tuple[int, ...], more: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_module, "MOST_LINE", 100)
    decoder = TableDecoder(printers()["rows of any kind"]())
    found: list[r.Input] = []
    for size in (*pieces[:-1], pieces[-1] + more):
        found += decoder.feed(b"x" * size)
    if more:
        assert isinstance(found[-1], r.Failed)
        assert isinstance(found[-1].error, TooLarge)
    else:
        assert found == [r.Heard()] * len(pieces)


def test_what_is_asked_for(snapshot: SnapshotAssertion) -> None:
    lines = []
    for sort, make in printers().items():
        printer = make()
        lines += [
            f"{sort}: {printer.accept} {printer.query}, optional {printer.optional}, dear {printer.dear}"
        ]
        lines += [f"  of a whole cluster {printer.whole().__name__}"]
        outcome(lambda printer=printer: printer.page(encoded(TABLE)))  # type: ignore[misc]
        lines += [f"  once the columns were told: {printer.query}"]
    assert "\n".join(lines) == snapshot


# Small answers


def undecodable(make: Callable[[bytes], object]) -> Callable[[bytes], object]:
    """For readers that let through what msgspec raises."""

    def made(body: bytes) -> object:
        try:
            return make(body)
        except UNDECODABLE as error:
            return f"raises {type(error).__name__}"

    return made


def served(found: Served | None) -> str:
    if found is None:
        return "nothing"
    return " | ".join(map(str, (*found.resources, *found.broken)))


POD_USAGE = {
    "metadata": {"name": "p0", "namespace": "a"},
    "containers": [{"usage": {"cpu": "250m", "memory": "64Mi"}}, {"usage": {"cpu": "1", "memory": "1Ki"}}],
}
READERS: dict[str, tuple[Callable[[bytes], object], Any]] = {
    "usage of pods": (metrics.decode, {"items": [POD_USAGE]}),
    "usage of nodes": (
        metrics.decode,
        {"items": [{"metadata": {"name": "n0"}, "usage": {"cpu": "12345678n", "memory": "2Gi"}}]},
    ),
    "printed usage": (
        lambda body: decode_rows(body, "a"),
        {
            "kind": "Table",
            "columnDefinitions": [{"name": "Name"}, {"name": "cpu"}, {"name": "memory"}, {"name": "Window"}],
            "rows": [{"cells": ["p0", "250m", "64Mi", "15s"]}, {"cells": ["p1", "0", "0", "15s"]}],
        },
    ),
    "names in a table": (
        names,
        {
            "kind": "Table",
            "columnDefinitions": [{"format": ""}, {"format": "name"}],
            "rows": [{"cells": ["1/1", "p0"]}, {"cells": [1]}],
        },
    ),
    "names in a list": (names, {"kind": "PodList", "items": [{"metadata": {"name": "p0"}}]}),
    "versions of a group": (
        lambda body: sorted(versions_of(body)),
        {"versions": [{"version": "v1"}, {"version": "v2"}]},
    ),
    "versions among groups": (
        lambda body: sorted(versions_among(body, "apps")),
        {"groups": [{"name": "batch", "versions": []}, {"name": "apps", "versions": [{"version": "v1"}]}]},
    ),
    "named versions": (
        named_versions,
        {
            "versions": ["v1"],
            "groups": [
                {
                    "name": "apps",
                    "versions": [{"version": "v1beta1"}, {"version": "v1"}],
                    "preferredVersion": {"version": "v1"},
                }
            ],
        },
    ),
    "aggregated discovery": (
        lambda body: served(aggregated(body)),
        {
            "kind": "APIGroupDiscoveryList",
            "items": [
                {
                    "metadata": {"name": "apps"},
                    "versions": [
                        {
                            "version": "v1",
                            "freshness": "Current",
                            "resources": [
                                {
                                    "resource": "deployments",
                                    "responseKind": {"kind": "Deployment"},
                                    "scope": "Namespaced",
                                    "singularResource": "deployment",
                                    "verbs": ["get"],
                                    "shortNames": ["deploy"],
                                    "categories": ["all"],
                                    "subresources": [{"subresource": "scale"}],
                                }
                            ],
                        },
                        {"version": "v2", "freshness": "Stale"},
                    ],
                }
            ],
        },
    ),
    "the resources of a version": (
        lambda body: " | ".join(map(str, resource_list("apps", "v1", body))),
        {
            "kind": "APIResourceList",
            "resources": [
                {
                    "name": "deployments",
                    "singularName": "deployment",
                    "namespaced": True,
                    "kind": "Deployment",
                    "verbs": ["get"],
                    "shortNames": ["deploy"],
                    "categories": ["all"],
                },
                {"name": "deployments/scale", "namespaced": True, "kind": "Scale", "verbs": ["get"]},
            ],
        },
    ),
}


@pytest.mark.parametrize("reader", READERS)
def test_what_is_made_of_an_answer(reader: str, snapshot: SnapshotAssertion) -> None:
    make, document = READERS[reader]
    assert table(undecodable(make), document) == snapshot


class Api:
    """Gives one answer to every question, and keeps what was asked."""

    def __init__(self, answer: bytes | EdgetuiError, *more: bytes | EdgetuiError) -> None:
        self.answers = [answer, *more]
        self.asked: list[str] = []

    async def get_bytes(
        self, path: str, query: dict[str, str], timeout: float = 0.0, headers: Any = None
    ) -> bytes:
        self.asked.append(
            f"{path} {query}{f' within {timeout:g} s' if timeout else ''}{f' {headers}' if headers else ''}"
        )
        return self._answer()

    async def review(self, kind: str, spec: dict[str, Any]) -> Any:
        self.asked.append(f"{kind} {spec}")
        return msgspec.json.decode(self._answer())

    def _answer(self) -> bytes:
        found = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        if isinstance(found, EdgetuiError):
            raise found
        return found


async def asked_for(ask: Callable[[Any], Awaitable[object]], *answers: Any) -> str:
    api = Api(*(one if isinstance(one, bytes | EdgetuiError) else encoded(one) for one in answers))
    try:
        found = str(await ask(api))
    except EdgetuiError as error:
        found = said(error)
    return f"{found} <= {'; '.join(api.asked)}"


EVERYTHING = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
QUESTIONS: dict[str, tuple[Callable[[Any], Awaitable[object]], Any]] = {
    "who is there": (
        lambda api: identify(api, "100", 7.0),
        {
            "kind": "NamespaceList",
            "metadata": {"resourceVersion": "99"},
            "items": [{"metadata": {"name": "kube-system", "uid": "u1"}}],
        },
    ),
    "which version": (server_version, {"gitVersion": "v1.37.0"}),
    "whether all is allowed": (
        lambda api: rbac_is_off(api, "line"),
        {"status": {"resourceRules": [EVERYTHING], "incomplete": False}},
    ),
    "which namespaces": (
        lambda api: readable_namespaces(api, ["b", "x"]),
        {"kind": "Table", "columnDefinitions": [{"name": "Name"}], "rows": [{"cells": ["a"]}, {"cells": ["b"]}]},
    ),
    "which namespaces, as objects": (
        lambda api: readable_namespaces(api, ["b", "x"]),
        {"kind": "NamespaceList", "items": [{"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_a_question_finds_out(question: str, snapshot: SnapshotAssertion) -> None:
    ask, document = QUESTIONS[question]
    whole = [("as it is", document), *variants(document)]

    async def all_of_them() -> list[tuple[str, str]]:
        return [(what, await asked_for(ask, one)) for what, one in whole]

    assert report(asyncio.run(all_of_them())) == snapshot


REFUSALS = [map_status(code, {}, encoded({"kind": "Status", "message": message}))
    for code in (301, 400, 401, 403, 404, 406, 410, 429, 500, 503)
    for message in ('User "system:serviceaccount:a:viewer" cannot list', "no")
]  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_a_question_finds_out_where_it_is_refused(question: str, snapshot: SnapshotAssertion) -> None:
    ask, document = QUESTIONS[question]

    async def all_of_them() -> list[tuple[str, str]]:
        return [(f"{one.code} {one}", await asked_for(ask, one, document)) for one in REFUSALS]

    assert report(asyncio.run(all_of_them())) == snapshot


# Errors


def error_of(code: int, headers: dict[str, str], body: bytes) -> str:
    error = map_status(code, headers, body)
    more = [error.reason, error.cause, error.field, error.retry_after]
    return f"{type(error).__name__} {error.code} {error.sentence} | {error.next_step} | {more}"


STATUS = {
    "kind": "Status",
    "message": "it failed",
    "reason": "Invalid",
    "details": {
        "causes": [{"reason": "FieldValueInvalid", "field": "spec.replicas"}],
        "retryAfterSeconds": 3,
    },
}


def test_what_an_odd_status_says(snapshot: SnapshotAssertion) -> None:
    assert table(lambda body: error_of(422, {}, body), STATUS) == snapshot


@pytest.mark.parametrize(
    ("seconds", "found"), [(0, None), (1, 1), (86_399, 86_399), (86_400, None), (-1, None)]
)
def test_how_long_a_status_may_ask_to_wait(seconds: int, found: float | None) -> None:
    body = encoded({"kind": "Status", "details": {"retryAfterSeconds": seconds}})
    assert map_status(503, {}, body).retry_after == found


@pytest.mark.parametrize(
    ("said_so", "found"), [("0", 0), ("86400", 86_400), ("86401", 86_400), ("1234567890", None)]
)
def test_how_long_a_header_may_ask_to_wait(said_so: str, found: float | None) -> None:
    assert map_status(503, {"retry-after": said_so}, b"").retry_after == found
