"""Absent, unknown and zero are three values, from the wire to the cell and to --json: every number that a row shows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from edgetui.cluster.api.metrics import decode
from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from edgetui.model.panes import PANES
from edgetui.model.panes.base import PaneRow
from edgetui.ui.details import detail
from edgetui.ui.spans import plain
from tests.unit.model import factories as f

Json = dict[str, Any]
Cell = tuple[str, Any]
"""What a cell says, and the same in --json."""


def at(obj: Json, path: str) -> tuple[Json, str]:
    *places, last = path.split(".")
    for place in places:
        obj = obj[place]
    return obj, last


def without(obj: Json, path: str) -> Json:
    place, last = at(obj, path)
    del place[last]
    return obj


def having(obj: Json, path: str, value: Any) -> Json:
    place, last = at(obj, path)
    place[last] = value
    return obj


def store_with(obj: Json, usage: list[Json] | None = None) -> Store:
    store = f.store_of(obj)
    if usage is not None:
        store.set_metrics(obj["kind"], decode(json.dumps({"items": usage}).encode()), True)
    return store


def shown(store: Store, obj: Json) -> tuple[PaneRow, Json]:
    pane = next(pane for pane in PANES.values() if obj["kind"] in pane.kinds)
    meta = obj["metadata"]
    row = store.get(obj["kind"], meta.get("namespace", ""), meta["name"])
    assert row is not None
    made = pane.build(store, obj["kind"], row, f.NOW)
    return made, json.loads(json.dumps(pane.json(made, f.NOW)))


def cell(store: Store, obj: Json, column: str) -> Cell:
    made, data = shown(store, obj)
    pane = next(pane for pane in PANES.values() if obj["kind"] in pane.kinds)
    at_ = pane.index[column]
    pane.columns[at_].sort(made.values[at_])  # unknown values are put in an order, too
    return pane.columns[at_].text(made.values[at_], f.NOW), data[column]


def autoscaler(path: str = "", value: Any = None) -> Json:
    obj = f.autoscaler("a", metrics=[CPU], readings=[READING])
    return obj if not path else without(obj, path) if value is None else having(obj, path, value)


CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 60}}}
READING = {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 0}}}
NEVER_LOOKED: Json = {"desiredReplicas": 0}
NO_STATUS: Json = {}

# Object, column, what is said of it. Each number three times: not told, nought, and something.
NUMBERS: list[tuple[str, Callable[[], Json], str, Cell]] = [
    ("hpa current, not looked", lambda: autoscaler("status", NEVER_LOOKED), "current", ("-", None)),
    ("hpa current, 0", lambda: autoscaler("status.currentReplicas"), "current", ("0", 0)),
    ("hpa current, 3", lambda: autoscaler(), "current", ("3", 3)),
    ("hpa wants, not known", lambda: autoscaler("status.conditions", []), "desired", ("-", None)),
    ("hpa wants, 0", lambda: autoscaler("status.desiredReplicas", 0), "desired", ("0", 0)),
    ("hpa minimum, left out", lambda: autoscaler("spec.minReplicas"), "min", ("1", 1)),
    ("hpa minimum, 0", lambda: autoscaler("spec.minReplicas", 0), "min", ("0", 0)),
    ("hpa never scaled", lambda: f.autoscaler("a", scaled=0), "scaled", ("-", None)),
    ("node heartbeat, none", lambda: f.node("n", heartbeat=0), "heartbeat", ("-", None)),
    ("pod age, not told", lambda: without(f.pod("a"), "metadata.creationTimestamp"), "age", ("-", None)),
    ("pod restarts, no status yet", lambda: f.pod("a", statuses=[]), "restarts", ("0", 0)),
    ("deployment not looked at", lambda: having(f.deployment("a"), "status", NO_STATUS), "ready", ("?/3", "?/3")),
    ("deployment, none ready", lambda: without(f.deployment("a"), "status.readyReplicas"), "ready", ("0/3", "0/3")),
    ("deployment without replicas", lambda: without(f.deployment("a"), "spec.replicas"), "ready", ("3/1", "3/1")),
    ("deployment at 0", lambda: f.deployment("a", replicas=0), "ready", ("0/0", "0/0")),
    ("stateful set not looked at", lambda: having(f.stateful_set("a"), "status", NO_STATUS), "ready", ("?/3", "?/3")),
    ("daemon set not looked at", lambda: having(f.daemon_set("a"), "status", NO_STATUS), "ready", ("?/?", "?/?")),
    ("daemon set of no node", lambda: f.daemon_set("a", desired=0), "ready", ("0/0", "0/0")),
    ("service port, not told", lambda: having(f.service("a"), "spec.ports", [{}]), "ports", ("?/TCP", ["?/TCP"])),
    ("event last seen, not told", lambda: f.event(f.pod("a"), "x", last=0, created=0), "last", ("-", None)),
]  # fmt: skip


@pytest.mark.parametrize(("make", "column", "says"), [n[1:] for n in NUMBERS], ids=[n[0] for n in NUMBERS])
def test_a_number_is_told_unknown_or_nought(make: Callable[[], Json], column: str, says: Cell) -> None:
    obj = make()
    assert cell(store_with(obj), obj, column) == says


METRICS: list[tuple[list[Json], list[Json], str, Any]] = [
    ([], [], " ?/?", []),
    ([CPU], [], "cpu ?/60%", [{"name": "cpu", "current": None, "target": "60%", "ratio": None}]),
    ([CPU], [READING], "cpu 0%/60%", [{"name": "cpu", "current": "0%", "target": "60%", "ratio": 0.0}]),
    ([{"type": "Resource", "resource": {"name": "cpu"}}], [READING], "cpu ?/?", None),
]


@pytest.mark.parametrize(("wanted", "measured", "text", "data"), METRICS)
def test_a_metric_is_told_unknown_or_nought(
    wanted: list[Json], measured: list[Json], text: str, data: Any
) -> None:
    obj = f.autoscaler("a", metrics=wanted, readings=measured)
    said, found = cell(store_with(obj), obj, "metrics")
    assert said == (text if wanted else "-")
    assert data is None or found == data


AMOUNTS = {"cpu": "250m", "memory": "64Mi"}
APP: Json = {"name": "app", "usage": AMOUNTS}

# What the metrics API says of a pod's containers: cpu and memory as cells, and in --json.
MEASURED: list[tuple[list[Json], Cell, Cell]] = [
    ([APP], ("250m", 250), ("64Mi", 64 << 20)),
    ([APP, APP], ("500m", 500), ("128Mi", 128 << 20)),
    ([{"name": "app", "usage": {"cpu": "0", "memory": "0"}}], ("0m", 0), ("0", 0)),
    ([], ("-", None), ("-", None)),
    ([{"name": "app", "usage": {}}], ("-", None), ("-", None)),
    ([{"name": "app"}], ("-", None), ("-", None)),
    ([{"name": "app", "usage": None}], ("-", None), ("-", None)),
    ([APP, {"name": "log", "usage": {}}], ("-", None), ("-", None)),
    ([APP, {"name": "log"}], ("-", None), ("-", None)),
    ([APP, {"name": "log", "usage": {"cpu": "1m"}}], ("251m", 251), ("-", None)),
    ([{"name": "app", "usage": {"cpu": "much", "memory": "64Mi"}}], ("-", None), ("64Mi", 64 << 20)),
]


@pytest.mark.parametrize(("containers", "cpu", "memory"), MEASURED)
def test_what_was_not_measured_of_a_pod_is_not_known(containers: list[Json], cpu: Cell, memory: Cell) -> None:
    obj = f.pod("a")
    store = store_with(obj, [{"metadata": {"name": "a", "namespace": "default"}, "containers": containers}])
    assert (cell(store, obj, "cpu"), cell(store, obj, "memory")) == (cpu, memory)


def test_a_pod_that_nothing_was_said_of_is_not_known() -> None:
    obj = f.pod("a")
    store = store_with(obj, [])
    assert (cell(store, obj, "cpu"), cell(store, obj, "memory")) == (("-", None), ("-", None))


ROOM: Json = {"cpu": "4", "memory": "4Gi", "pods": "110"}

# What a node offers, what is used of it: the cell of cpu, in --json, and the line of its page.
NODES: list[tuple[Json, Json | None, str, Any, str]] = [
    (ROOM, {"cpu": "1"}, "25%", {"used": 1000, "allocatable": 4000}, "4 for pods, 25% used"),
    (ROOM, {"cpu": "0"}, "0%", {"used": 0, "allocatable": 4000}, "4 for pods, 0% used"),
    (ROOM, {}, "-", None, "4 for pods"),
    (ROOM, {"memory": "1Gi"}, "-", None, "4 for pods"),
    (ROOM, None, "-", None, "4 for pods"),
    ({}, {"cpu": "1"}, "-", {"used": 1000, "allocatable": None}, "1 used, of what the node does not tell"),
    ({}, {}, "-", None, "not known"),
    ({"cpu": "0"}, {"cpu": "1"}, "-", {"used": 1000, "allocatable": 0}, "0m for pods, - used"),
]


@pytest.mark.parametrize(("room", "usage", "says", "data", "page"), NODES)
def test_a_share_of_a_node_needs_both_numbers(
    room: Json, usage: Json | None, says: str, data: Any, page: str
) -> None:
    obj = having(f.node("n"), "status.allocatable", dict(room))
    items = [] if usage is None else [{"metadata": {"name": "n"}, "usage": usage}]
    store = store_with(obj, items)
    assert cell(store, obj, "cpu") == (says, data)
    assert f"cpu         {page}" in text(store, obj)


def text(store: Store, obj: Json) -> list[str]:
    made, _ = shown(store, obj)
    return [plain(one).strip() for one in detail(store, made.key, made.of, f.NOW, 80, (), "")]


def test_a_page_says_what_nobody_has_told() -> None:
    bare: Json = {"kind": "Node", "metadata": {"name": "n", "uid": "u"}, "status": {}}
    store = f.store_of(bare)
    store.set_freshness("Pod", Freshness(Sync.NEVER))
    assert cell(store, bare, "pods") == ("-", None)
    page = text(store, bare)
    for line in (
        "heartbeat   not known",
        "cpu         not known",
        "memory      not known",
        "pods        not known of not known",
    ):
        assert line in page


def test_a_revision_and_a_condition_that_nobody_has_told_are_not_made_up() -> None:
    deployment = without(f.deployment("a"), "metadata.annotations")
    assert "revision    not known" in text(f.store_of(deployment), deployment)
    pod = having(f.pod("a"), "status", {})
    assert "ready       not known" in text(f.store_of(pod), pod)


@pytest.mark.parametrize("kind", [pane.kinds[0] for pane in PANES.values()])
def test_no_page_counts_from_1970(kind: str) -> None:
    """A time that nobody has told is no age of half a century."""
    bare: Json = {
        "kind": kind,
        "metadata": {"name": "n", "uid": "u"},
        "spec": {"maxReplicas": 1},
        "status": {},
    }
    store = f.store_of(bare)
    _, data = shown(store, bare)
    assert not re.findall(r"\b[0-9]{2}y\b", "\n".join([*text(store, bare), json.dumps(data)]))
