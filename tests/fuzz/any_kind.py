"""What is fuzzed of kinds that a server tells of itself: its discovery, and Tables with metadata."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import msgspec

from edgetui.cluster.api.discovery import aggregated, bounded, named_versions, resource_list
from edgetui.cluster.errors import ApiError, ProtocolError
from edgetui.cluster.watch.object_table import ObjectPrinter
from edgetui.cluster.watch.reflector.states import Bookmark, Changes, Failed, Heard, Page
from edgetui.cluster.watch.table import TableDecoder
from edgetui.model.cache.store import Store
from edgetui.model.kinds.discovered import TableRow, cell_text, kind_of
from edgetui.model.panes.of_kind import KindPane
from edgetui.model.resources.resolve import resolve, words
from edgetui.model.resources.served import Resource
from edgetui.model.view.fleet import FleetView

from . import mutate
from .targets import KIB, NOW, OWN_DEFECT, Target

PUMPS = Resource(group="example.com", version="v1", plural="pumps", kind="Pump", namespaced=True)
KIND = kind_of(PUMPS)
_READ = ["get", "list", "watch"]
_NAMES = {"singularResource": "pump", "shortNames": ["pu"], "categories": ["all"], "verbs": _READ}
_PUMP = {
    "resource": "pumps",
    "responseKind": {"group": "", "version": "", "kind": "Pump"},
    "scope": "Namespaced",
}
_LISTED = {"name": "pumps", "singularName": "pump", "namespaced": True, "kind": "Pump", "shortNames": ["pu"]}
ANSWERS: tuple[dict[str, Any], ...] = (
    {
        "kind": "APIGroupDiscoveryList",
        "items": [
            {
                "metadata": {"name": "example.com"},
                "versions": [
                    {"version": "v1", "resources": [{**_PUMP, **_NAMES}], "freshness": "Current"},
                    {"version": "v2", "freshness": "Stale"},
                ],
            }
        ],
    },
    {
        "kind": "APIGroupList",
        "groups": [
            {
                "name": "example.com",
                "versions": [{"groupVersion": "example.com/v1", "version": "v1"}],
                "preferredVersion": {"groupVersion": "example.com/v1", "version": "v1"},
            }
        ],
    },
    {"kind": "APIVersions", "versions": ["v1"]},
    {"kind": "APIResourceList", "groupVersion": "example.com/v1", "resources": [{**_LISTED, "verbs": _READ}]},
)
_META = {
    "name": "press",
    "namespace": "line-2",
    "uid": "u-1",
    "resourceVersion": "7",
    "creationTimestamp": "2026-11-28T19:23:03Z",
    "labels": {"line": "2"},
    "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "cGx1Z2g="},
    "ownerReferences": [
        {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a", "uid": "u", "controller": True}
    ],
}
TABLE = {
    "kind": "Table",
    "metadata": {"resourceVersion": "9", "continue": "token", "remainingItemCount": 3},
    "columnDefinitions": [
        {"name": "Name", "type": "string", "format": "name", "priority": 0},
        {"name": "Phase", "type": "string", "format": "", "priority": 0},
        {"name": "Serviced", "type": "date", "format": "", "priority": 1},
        {"name": "Age", "type": "date", "format": "", "priority": 0},
    ],
    "rows": [{"cells": ["press", "Running", "5m", "3d"], "object": {"metadata": _META}}],
}
LIST = {"kind": "PumpList", "metadata": {"resourceVersion": "9"}, "items": [{"metadata": _META, "spec": {}}]}


class Discovery(Target):
    """The readers of what a server says that it serves, and every word that comes of it."""

    name = "discovery"
    least, each = 1024 * KIB, 60

    def make(self, rng: Random) -> bytes:
        answer = json.dumps(rng.choice(ANSWERS)).encode()
        return mutate.blind(answer, rng) if rng.random() < 0.2 else mutate.document(answer, rng)

    def check(self, data: bytes, rng: Random) -> None:
        self.weigh(data, rng)

    def weigh(self, data: bytes, rng: Random) -> None:
        try:
            whole = aggregated(data)
            versions = named_versions(data)
            listed = resource_list("example.com", "v1", data)
        except ProtocolError as error:
            assert OWN_DEFECT not in str(error), str(error)
            return
        served = whole or bounded(listed, ())
        for group, version in versions:
            assert "/" not in group + version, "a path that leads elsewhere"
        for one in served.resources:
            assert all(name.isprintable() and "/" not in name for name in (one.name, one.kind, one.version))
            assert kind_of(one).path("d", "a").isascii()
        for word in words([served], "")[:50]:
            assert resolve(served, word), word


class ObjectTables(Target):
    """The reader of Tables with metadata, and the pane that shows their rows."""

    name = "objecttables"
    least, each = 1536 * KIB, 120

    def make(self, rng: Random) -> bytes:
        """The first byte says whether it is a page or events."""
        way = rng.randrange(2)
        found = [
            json.dumps(rng.choice((TABLE, TABLE, TABLE, LIST))).encode()
            for _ in range(1 + way * rng.randrange(3))
        ]
        if way:
            changes = ("ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR")
            found = [b'{"type":"%s","object":%s}' % (rng.choice(changes).encode(), one) for one in found]
        damaged = [
            mutate.blind(one, rng) if rng.random() < 0.2 else mutate.document(one, rng) for one in found
        ]
        return bytes([way]) + b"\n".join(damaged) + b"\n"

    def check(self, data: bytes, rng: Random) -> None:
        if data[:1] != b"\x01":
            self.weigh(data, rng)
            return
        assert self._said([data[1:]]) == self._said(mutate.cut(data[1:], rng)), "the cuts change what is said"

    def weigh(self, data: bytes, rng: Random) -> None:
        if data[:1] == b"\x01":
            self._said(mutate.cut(data[1:], rng))
            return
        try:
            page = ObjectPrinter(KIND, "", lambda: NOW).page(data[1:])
        except ProtocolError as error:
            assert OWN_DEFECT not in str(error), str(error)
            return
        self._shown(page)

    def _shown(self, page: Page) -> None:
        """Every row can be kept, shown, sorted and searched, and holds no annotation."""
        store = Store("plant")
        store.kinds.replace_discovered({KIND.id: KIND})
        store.replace(KIND.id, page.rows)
        pane = KindPane("pumps")
        pane.admit("plant", {KIND.id: PUMPS})
        view = FleetView(pane, [store])
        view.rebuild(NOW)
        for column in pane.columns:
            view.set_sort(column.id)
        view.set_filter("press")
        for row in page.rows:
            self._sound(row)

    def _sound(self, row: object) -> bytes:
        assert isinstance(row, TableRow), type(row).__name__
        assert row.name, "a row without a name"
        assert "cGx1Z2g" not in repr(row) or "annotations" not in repr(row)
        assert all(cell_text(cell, NOW).isprintable() for cell in row.cells), row.cells
        return msgspec.json.encode(row)

    def _said(self, pieces: list[bytes]) -> list[object]:
        decoder = TableDecoder(ObjectPrinter(KIND, "", lambda: NOW))
        said: list[object] = []
        for piece in pieces:
            for one in decoder.feed(piece):
                if isinstance(one, Changes):
                    said += [
                        (change, self._sound(row) if change != "UNREADABLE" else "")
                        for change, row in one.items
                    ]
                elif isinstance(one, Failed):
                    assert isinstance(one.error, ProtocolError | ApiError), f"{type(one.error).__name__}"
                    assert OWN_DEFECT not in str(one.error), str(one.error)
                    return [*said, str(one.error)]
                else:
                    assert isinstance(one, Bookmark | Heard)
                    said += [one] if isinstance(one, Bookmark) else []
        return said


TARGETS = (Discovery(), ObjectTables())
