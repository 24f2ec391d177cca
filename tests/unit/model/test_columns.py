"""The columns of every pane, as they are laid out, and what they make of rows: a text, a place in an order, data.

`pytest tests/unit/model/test_columns.py --snapshot-update` takes them as they are now; look at what differs first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store, Usage
from edgetui.model.kinds import row_of
from edgetui.model.panes import PANES
from edgetui.model.panes.base import PaneRow
from tests.unit.model import factories as f
from tests.unit.model import updates as u
from tests.unit.model.test_canary import canary
from tests.unit.model.test_cronjob import cron_job
from tests.unit.model.test_job import COMPLETE, FAILED, job
from tests.unit.model.test_rollout_kind import rollout
from tests.unit.model.test_service_hosts import L2, a_service

EXTERNAL: f.Json = {
    "type": "External",
    "external": {"metric": {"name": "queue"}, "target": {"type": "Value", "value": "30"}},
}
AT: f.Json = {"type": "External", "external": {"metric": {"name": "queue"}, "current": {"value": "45"}}}
CPU: f.Json = {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 60}}}
RESTARTED = f.running(restarts=3) | {"lastState": f.ended(1, "Error", at=f.NOW - 30)["state"]}
PRESS = f.deployment("press", replicas=4, updated=2, current=5, ready=3, available=3, revision=8)
NEW = f.replica_set(PRESS, "7f", revision=8, replicas=2, ready=0)
OLD = f.replica_set(PRESS, "66", revision=7)
NIGHT = cron_job("night", lastScheduleTime=f.stamp(f.NOW - 400), lastSuccessfulTime=f.stamp(f.NOW - 7000))

OF_PANES: dict[str, list[f.Json]] = {
    "nodes": [
        f.node("edge-1", roles=("control-plane", "etcd"), cordoned=True),
        f.node("edge-2", ready="Unknown", heartbeat=f.NOW - 7300, cpu="", memory=""),
        f.node("node-1", created=0, heartbeat=0),
        f.pod("a"),
    ],
    "pods": [
        f.pod("a", statuses=[RESTARTED]),
        f.image_pull("b", node="edge-1"),
        f.pod("c", node="", statuses=[], created=f.NOW - 90_000),
        f.pod("d", statuses=[f.running(), f.running("side", ready=False)]),
        f.node("node-1"),
    ],
    "autoscalers": [
        f.autoscaler("a", cpu=93, current=3, desired=5),
        f.autoscaler("b", cpu=None, desired=0, current=0, scaled=0, bounds=(0, 12), conditions=[]),
        f.autoscaler("c", metrics=[CPU, EXTERNAL], readings=[AT], target=("StatefulSet", "db")),
        f.autoscaler("d", metrics=[], readings=[], target=("Rollout", "press")),
    ],
    "rollouts": [
        PRESS, NEW, OLD, *f.pods_of(OLD, 3), *f.pods_of(NEW, 2, build=f.image_pull),
        f.stateful_set("db", replicas=0, image="registry.local:5000/db@sha256:0123456789"),
        f.daemon_set("ag", misscheduled=1, desired=0, observed=0, generation=0),
        rollout(), canary({"failedChecks": 2, "canaryWeight": 30}), f.node("node-1"),
    ],
    "services": [
        a_service(), f.endpoint_slice("web", ready=2, on=("edge-1", "edge-2")), f.announced(L2, "web", "edge-2"),
        f.service("only", type_="LoadBalancer", ips=("192.0.2.7", "192.0.2.8")),
        f.endpoint_slice("only", ready=2, waiting=1, on=("edge-1",)), f.service("none"),
        f.service("pending", type_="LoadBalancer"), *f.service_lb("only", "edge-1", "edge-2"),
        f.node("edge-1"), f.node("edge-2", ready="Unknown"),
    ],
    "events": [
        f.event(f.pod("a"), "Pulled", "Successfully pulled", version=1),
        f.event(f.node("edge-1"), "NodeNotReady", "is not ready", type_="Warning", count_=12, last=f.NOW - 5000),
    ],
    "jobs": [
        job("failed", FAILED, failed=7, owner=NIGHT),
        job("done", *COMPLETE, succeeded=1, completionTime=f.stamp(f.NOW)),
        job("runs", active=2, completions=5, succeeded=2), job("waits", startTime=None),
        f.pod("a", owner=job("runs"), ready="False"),
    ],
    "cronjobs": [NIGHT, cron_job("day", timeZone="Europe/Berlin", suspend=True, active=[{"name": "day-1"}])],
    "updates": [
        u.plan("k3s", *u.whole(*u.FAILED), applying=("edge-2",)),
        u.kubernetes("Upgrading", controllerNode="cp-1"),
        u.bundle(state="ErrApplied", desiredReady=12, ready=9),
        u.host("edge-1", u.NEW, done=u.HASH), u.host("edge-2"),
    ],
}  # fmt: skip


def plain(value: Any) -> Any:
    return getattr(value, "__name__", str(value)) if callable(value) else value


def rows_of(pane: str) -> tuple[Store, list[PaneRow]]:
    """The rows of a pane over its objects, in its order; usage is known of the first of them."""
    objects = OF_PANES[pane]
    store = f.store_of()
    for at, one in enumerate(objects):
        row = replace(row_of(u.id_of(one), one), resource_version="1")
        store.set_freshness(u.id_of(one), Freshness(Sync.LIVE, f.NOW))
        store.apply(u.id_of(one), replace(row, name=f"event-{at}") if pane == "events" else row)
    store.set_metrics(
        "Pod", {("default", "a"): Usage(250, 300 << 20), ("default", "b"): Usage(None, 0)}, True
    )
    store.set_metrics("Node", {("", "edge-1"): Usage(1000, 1 << 30), ("", "edge-2"): Usage(7, None)}, True)
    store.set_version("v1.34.2+k3s1")
    made = PANES[pane]
    built = [made.build(store, kind, row, f.NOW) for kind in made.kinds for row in store.rows(kind)]
    return store, sorted(built, key=made.order)


@pytest.mark.parametrize("pane", PANES)
def test_widths_orders_and_formats(pane: str, snapshot: SnapshotAssertion) -> None:
    rows_of(pane)
    columns = [msgspec.structs.asdict(one) for one in PANES[pane].columns]
    assert [" ".join(f"{name}={plain(value)}" for name, value in one.items()) for one in columns] == snapshot


@pytest.mark.parametrize("pane", PANES)
def test_what_each_cell_says_and_where_it_stands(pane: str, snapshot: SnapshotAssertion) -> None:
    _, rows = rows_of(pane)
    lines = []
    for at, column in enumerate(PANES[pane].columns):
        if column.id in ("cluster", "name"):
            continue
        lines.append(f"# {column.id}")
        places: Sequence[PaneRow] = sorted(rows, key=lambda row: (column.sort(row.values[at]), row.key))
        for row in places:
            value = row.values[at]
            data = column.json(value, f.NOW)
            lines.append(f"{row.key.name}: {column.text(value, f.NOW)!r} {column.sort(value)!r} {data!r}")
    order = " ".join(f"{row.sign}{row.key.name}" for row in rows)
    assert "\n".join([f"{PANES[pane].summary(rows) or 'nothing to tell'}; {order}", *lines]) == snapshot


@pytest.mark.parametrize("pane", PANES)
def test_what_a_pane_is_about(pane: str, snapshot: SnapshotAssertion) -> None:
    rows_of(pane)
    made = PANES[pane]
    told = {
        name: getattr(made, name)
        for name in (
            "id", "title", "kinds", "needs", "misses", "optional", "optional_said", "reads_version", "news",
            "bad_word", "watch_word", "other_words", "words", "on_demand", "index",
        )
    }  # fmt: skip
    counts = [
        made.tally(bad, watch) for bad, watch in ((0, 0), (1, 0), (2, 0), (0, 1), (0, 2), (1, 1), (3, 4))
    ]
    assert "\n".join([*(f"{name} = {value!r}" for name, value in told.items()), repr(counts)]) == snapshot
