"""The panes: severity, words, widths, and the rows for scripts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import ChangeSet, Store, Usage
from edgetui.model.identity import ObjectKey
from edgetui.model.panes import NUMBERED, PANES, number_of
from edgetui.model.panes.base import Pane, PaneRow, State
from edgetui.model.view.pane_view import FleetView
from tests.unit.model import factories as f

SIGN_WIDTH = 3


def build(store: Store, kind: str, name: str, namespace: str = "default", now: float = f.NOW) -> PaneRow:
    row = store.get(kind, "" if kind == "Node" else namespace, name)
    assert row is not None
    return pane_of(kind).build(store, kind, row, now)


def pane_of(kind: str) -> Pane:
    return next(pane for pane in PANES.values() if kind in pane.kinds)


def words(row: PaneRow) -> str:
    state = pane_of(row.key.kind).value(row, "state")
    assert isinstance(state, State)
    return state.words


def cell(row: PaneRow, column: str, now: float = f.NOW) -> str:
    pane = pane_of(row.key.kind)
    at = pane.index[column]
    return pane.columns[at].text(row.values[at], now)


def of(obj: f.Json, *others: f.Json, now: float = f.NOW) -> PaneRow:
    store = f.store_of(obj, *others)
    return build(store, obj["kind"], obj["metadata"]["name"], now=now)


def test_the_screen_order() -> None:
    assert NUMBERED == ("nodes", "pods", "autoscalers", "rollouts", "services", "events")
    assert list(PANES) == [*NUMBERED, *sorted(set(PANES) - set(NUMBERED))]
    assert [number_of(id) for id in PANES] == [1, 2, 3, 4, 5, 6, *(0 for _ in range(len(PANES) - 6))]


@pytest.mark.parametrize("pane", PANES.values(), ids=list(PANES))
def test_what_is_never_dropped_fits_80_columns_with_the_cluster(pane: Pane) -> None:
    """The columns of the sketch stand side by side at their design width; names are among them."""
    widths = 0
    for column in sorted(pane.columns, key=lambda one: one.priority):
        if SIGN_WIDTH + widths + column.width > 80:
            break
        widths += column.width + 1
    else:
        column = pane.columns[-1]
    kept = [one for one in pane.columns if one.priority < column.priority]
    assert {"cluster", "state"} <= {one.id for one in kept}
    assert {"name", "object"} & {one.id for one in kept}
    assert all(one.min_width <= one.width for one in pane.columns)


@pytest.mark.parametrize("pane", PANES.values(), ids=list(PANES))
def test_columns_are_well_formed(pane: Pane) -> None:
    ids = [one.id for one in pane.columns]
    assert len(ids) == len(set(ids))
    assert ids[0] == "cluster"
    assert set(pane.kinds) <= set(pane.needs)
    assert any(one.priority == 1 for one in pane.columns)


OBJECTS: list[f.Json] = [
    f.node("n"),
    f.pod("a"),
    f.autoscaler("a"),
    f.deployment("a"),
    f.stateful_set("a"),
    f.daemon_set("a"),
    f.service("a"),
    f.event(f.pod("a"), "Pulled", "x"),
]


@pytest.mark.parametrize("obj", OBJECTS, ids=[one["kind"] for one in OBJECTS])
def test_every_value_has_text_sorts_and_is_data(obj: f.Json) -> None:
    row = of(obj)
    pane = pane_of(obj["kind"])
    assert len(row.values) == len(pane.columns)
    for column, value in zip(pane.columns, row.values, strict=True):
        assert isinstance(column.text(value, f.NOW), str)
        assert sorted([column.sort(value), column.sort(value)])
    data = json.loads(json.dumps(pane.json(row, f.NOW)))
    assert (data["cluster"], data["kind"], data["name"]) == ("plant", obj["kind"], obj["metadata"]["name"])
    assert {"namespace", "uid", "state", "severity", "stale", "heard"} <= data.keys()


# -- pods

PODS: list[tuple[dict[str, Any], int, str, str]] = [
    ({}, 3, "Running", ""),
    ({"statuses": [f.waiting("ImagePullBackOff", "x: not found")]}, 0, "ImagePullBackOff", "image not found"),
    ({"statuses": [f.crashing(137, "OOMKilled")]}, 0, "CrashLoopBackOff", "out of memory"),
    (
        {"statuses": [f.waiting("ContainerCreating")], "created": f.NOW - 9},
        1,
        "ContainerCreating",
        "starting",
    ),
    (
        {"statuses": [f.waiting("ContainerCreating")], "created": f.NOW - 900},
        0,
        "ContainerCreating",
        "slow to start",
    ),
    ({"statuses": [f.running(ready=False)], "created": f.NOW - 9}, 1, "Running", "not ready"),
    ({"statuses": [f.running(ready=False)], "ready_at": f.NOW - 900}, 0, "Running", "not ready"),
    ({"statuses": [f.ended(0, "Completed")], "phase": "Succeeded"}, 3, "Completed", ""),
    ({"deleting": f.NOW + 20}, 1, "Terminating", ""),
    ({"deleting": f.NOW - 600}, 0, "Terminating", "10m past grace"),
    ({"statuses": [], "phase": "Failed", "reason": "Evicted"}, 0, "Evicted", "evicted"),
]


@pytest.mark.parametrize(("more", "severity", "status", "why"), PODS)
def test_pods(more: dict[str, Any], severity: int, status: str, why: str) -> None:
    row = of(f.pod("a", **more))
    assert (row.severity, words(row), cell(row, "why")) == (severity, status, why)
    assert row.sign == ("!" if severity == 0 else " ")


def test_a_failed_pod_that_has_been_replaced_is_no_alarm() -> None:
    sets = f.replica_set(f.deployment("press"), "a")
    row = of(f.pod("a", owner=sets, statuses=[], phase="Failed", reason="Evicted"))
    assert (row.severity, cell(row, "why")) == (1, "replaced, evicted")


def test_a_recent_restart_is_news_for_ten_minutes() -> None:
    status = f.running(restarts=2)
    status["lastState"] = f.ended(1, "Error", at=f.NOW - 30)["state"]
    pod = f.pod("a", statuses=[status])
    assert (of(pod).severity, cell(of(pod), "why")) == (1, "restarted")
    assert of(pod, now=f.NOW + 601).severity == 3


def test_a_pod_on_a_silent_node_says_so() -> None:
    row = of(f.pod("a", ready="False"), f.node("node-1", ready="Unknown"))
    assert (row.severity, words(row), cell(row, "why")) == (0, "Running", "node NotReady")


def test_a_pod_that_cannot_leave_a_silent_node_says_so() -> None:
    row = of(f.pod("a", ready="False", deleting=f.NOW + 20), f.node("node-1", ready="Unknown"))
    assert (row.severity, words(row), cell(row, "why")) == (1, "Terminating", "node NotReady")


def test_a_restart_without_a_known_time_is_dated_by_the_return_to_ready() -> None:
    assert cell(of(f.pod("a", statuses=[f.running(restarts=1)], ready_at=f.NOW - 20)), "why") == "restarted"
    assert cell(of(f.pod("a", statuses=[f.running(restarts=1)], ready_at=f.NOW - 2000)), "why") == ""


def test_pods_show_what_they_use_when_it_is_known() -> None:
    store = f.store_of(f.pod("a"))
    store.set_metrics("Pod", {("default", "a"): Usage(250, 300 << 20)}, True)
    row = build(store, "Pod", "a")
    assert (cell(row, "cpu"), cell(row, "memory"), cell(row, "ready")) == ("250m", "300Mi", "1/1")
    assert cell(of(f.pod("a")), "cpu") == "-"


# -- nodes

NODES: list[tuple[dict[str, Any], int, str]] = [
    ({}, 3, "Ready"),
    ({"ready": "Unknown"}, 0, "NotReady, no heartbeat"),
    ({"ready": "False"}, 0, "NotReady"),
    ({"ready": "False", "created": f.NOW - 5}, 1, "joining"),
    ({"cordoned": True}, 1, "Ready, cordoned"),
    ({"pressures": ("DiskPressure",)}, 0, "Ready, disk full"),
    ({"conditions": [f.cond("EtcdIsVoter", "True")]}, 3, "Ready"),
]


@pytest.mark.parametrize(("more", "severity", "state"), NODES)
def test_nodes(more: dict[str, Any], severity: int, state: str) -> None:
    row = of(f.node("n", **more))
    assert (row.severity, words(row)) == (severity, state)


def test_a_node_counts_its_pods_and_shares() -> None:
    store = f.store_of(f.node("node-1"), *[f.pod(f"p{i}") for i in range(3)])
    store.set_metrics("Node", {("", "node-1"): Usage(1000, 1 << 30)}, True)
    row = build(store, "Node", "node-1")
    assert (cell(row, "pods"), cell(row, "cpu"), cell(row, "memory")) == ("3", "25%", "25%")
    assert cell(row, "heartbeat") == "30s"


@pytest.mark.parametrize(
    "pods",
    [
        Freshness(Sync.SYNCING),
        Freshness(Sync.HIDDEN),
        Freshness(Sync.FORBIDDEN),
        Freshness(Sync.LIVE, heard=f.NOW, partial=True),
    ],
    ids=["on their way", "not asked for", "forbidden", "of some namespaces"],
)
def test_a_node_whose_pods_are_not_all_known_counts_none(pods: Freshness) -> None:
    store = f.store_of(f.node("node-1"), f.pod("p"))
    store.set_freshness("Pod", pods)
    row = build(store, "Node", "node-1")
    assert cell(row, "pods") == "-"
    assert PANES["nodes"].json(row, f.NOW)["pods"] is None


def test_a_node_without_pods_counts_none_as_soon_as_that_is_known() -> None:
    store = f.store_of(f.node("node-1"))
    store.set_freshness("Pod", Freshness(Sync.SYNCING))
    view = FleetView(PANES["nodes"], [store])
    view.rebuild(f.NOW)
    (key,) = view.keys
    store.set_freshness("Pod", Freshness(Sync.LIVE, heard=f.NOW))
    assert view.absorb({"plant": store.drain()}, f.NOW).changed == {key}
    row = view.row(key)
    assert row is not None
    assert cell(row, "pods") == "0"


def test_a_pod_that_moves_touches_both_its_nodes() -> None:
    store = f.store_of(f.node("node-1"), f.node("node-2"), f.pod("a", node="node-1", version=1))
    store.delete("Pod", "default", "a", "")
    assert set(PANES["nodes"].affected(store, store.drain())) == {("Node", "", "node-1")}


# -- stale and forbidden


def test_a_stale_row_keeps_its_words_and_says_how_old_they_are() -> None:
    store = f.store_of(f.pod("a"), f.image_pull("b"))
    store.set_freshness("Pod", Freshness(Sync.STALE, heard=f.NOW - 240))
    fine, broken = build(store, "Pod", "a"), build(store, "Pod", "b")
    assert (fine.sign, fine.severity, cell(fine, "state")) == ("~", 2, "Running (4m ago)")
    assert (broken.sign, broken.severity, cell(broken, "state")) == ("~", 0, "ImagePullBackOff (4m ago)")
    data = PANES["pods"].json(fine, f.NOW)
    assert (data["state"], data["stale"], data["heard"]) == ("Running", True, f.stamp(f.NOW - 240))


def test_what_may_no_longer_be_seen_is_marked_as_unknown() -> None:
    store = f.store_of(f.pod("a"))
    store.set_freshness("Pod", Freshness(Sync.FORBIDDEN, heard=0))
    row = build(store, "Pod", "a")
    assert (row.sign, cell(row, "state")) == ("?", "Running (?)")


def test_a_row_knows_its_version() -> None:
    row = of(f.pod("a", version=77))
    assert row.key == ObjectKey("plant", "Pod", "default", "a")
    assert (row.resource_version, row.uid) == ("77", f.uid_of("Pod", "default", "a"))


# -- autoscalers, services, events


def test_an_autoscaler_row() -> None:
    row = of(f.autoscaler("press", cpu=93, current=3, desired=5))
    assert [cell(row, one) for one in ("metrics", "min", "max", "current", "desired", "target")] == [
        "cpu 93%/60%",
        "2",
        "8",
        "3",
        "5",
        "deploy/press",
    ]


def test_an_unknown_desired_number_is_never_drawn() -> None:
    row = of(f.autoscaler("press", cpu=None, desired=0, conditions=[f.cond("ScalingActive", "False", "x")]))
    assert (cell(row, "desired"), cell(row, "metrics")) == ("-", "cpu ?/60%")
    assert PANES["autoscalers"].json(row, f.NOW)["desired"] is None


def test_a_balancer_without_an_address() -> None:
    row = of(f.service("web", type_="LoadBalancer"))
    assert (row.severity, words(row)) == (0, "no address")
    assert (
        of(
            f.service("web", type_="LoadBalancer", ips=("10.0.0.1",)), f.endpoint_slice("web", ready=1)
        ).severity
        == 3
    )


def test_events_come_newest_first() -> None:
    about = f.pod("a")
    rows = [of(f.event(about, "Pulled", last=f.NOW - age), about) for age in (50, 5, 500)]
    assert [PANES["events"].value(one, "last") for one in sorted(rows, key=PANES["events"].order)] == [
        f.NOW - 5,
        f.NOW - 50,
        f.NOW - 500,
    ]


def test_tallies() -> None:
    rows = [of(f.pod("a")), of(f.image_pull("b")), of(f.image_pull("c"))]
    assert PANES["pods"].summary(rows) == "2 failing"
    assert PANES["rollouts"].tally(1, 2) == "1 stuck · 2 progressing"
    assert PANES["nodes"].summary([]) == ""


def test_an_untouched_store_affects_nothing() -> None:
    for pane in PANES.values():
        assert list(pane.affected(Store("plant"), ChangeSet(status=True))) == []


@pytest.mark.parametrize(
    ("reason", "sign"), [("TooManyReplicas", "!"), ("TooFewReplicas", " "), ("ScaleUpLimit", " ")]
)
def test_an_autoscaler_that_may_not_grow_as_it_wants_is_marked(reason: str, sign: str) -> None:
    conditions = [
        f.cond("AbleToScale", "True", "ReadyForNewScale"),
        f.cond("ScalingActive", "True", "ValidMetricFound"),
        f.cond("ScalingLimited", "True", reason),
    ]
    store = f.store_of(
        f.autoscaler("press", "line", bounds=(2, 4), current=4, desired=4, cpu=90, conditions=conditions)
    )
    pane = PANES["autoscalers"]
    row = pane.build(store, "HorizontalPodAutoscaler", next(store.rows("HorizontalPodAutoscaler")), f.NOW)
    assert row.sign == sign
    store.set_freshness("HorizontalPodAutoscaler", Freshness(Sync.STALE, heard=float(f.NOW)))
    assert pane.build(store, row.key.kind, row.of, f.NOW).sign == "~"
