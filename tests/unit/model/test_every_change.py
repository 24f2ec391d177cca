"""Whatever changes in a cluster, every pane then has the rows that it would have if it were built anew."""

from __future__ import annotations

import random
from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.model.cache.store import Store
from edgetui.model.kinds import row_of
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.discovered import kind_of
from edgetui.model.panes import PANES
from edgetui.model.resources.served import Resource
from edgetui.model.view.fleet import Fleet
from tests.unit.model import factories as f
from tests.unit.model import updates as u
from tests.unit.model.test_canary import canary, serving
from tests.unit.model.test_cronjob import cron_job
from tests.unit.model.test_job import COMPLETE, FAILED, job
from tests.unit.model.test_rollout_kind import HEALTHY, rollout
from tests.unit.model.test_service_hosts import BGP, L2, a_service

Json = dict[str, Any]
PRESS, WELD = f.deployment("press", updated=1, current=4), f.deployment("weld")
NEW, OLD = f.replica_set(PRESS, "7f", revision=2), f.replica_set(PRESS, "66")
AGENT, DB = f.daemon_set("agent"), f.stateful_set("db")
NIGHT = cron_job("night", lastScheduleTime=f.stamp(f.NOW - 400))
RUNS, FAILS, LATER = (
    job("night-1", owner=NIGHT),
    job("night-2", FAILED, owner=NIGHT, age=900.0),
    job("night-3", *COMPLETE, owner=NIGHT, age=60.0),
)
LB, *LB_PODS = f.service_lb("web", "node-1", "edge-2")
DRIVEN = f.deployment("press", "line-2", replicas=0, current=0, updated=0, ready=0, available=0)
ELSEWHERE = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "weld"}
TEMPLATE = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "press"}


def pods_of(owner: Json, name: str, **more: Any) -> list[Json]:
    """One pod in several states."""
    return [
        f.pod(name, owner=owner, **more),
        f.image_pull(name, owner=owner, **more),
        f.pod(name, owner=owner, ready="False", node="edge-2", **more),
        f.pod(name, owner=owner, deleting=f.NOW + 9, node="edge-2", **more),
        f.pod(name, owner=owner, phase="Failed", statuses=[], **more),
    ]


THINGS: list[list[Json]] = [
    [
        f.node("node-1"),
        f.node("node-1", ready="Unknown"),
        f.node("node-1", cordoned=True),
        f.node("node-1", heartbeat=f.NOW),
    ],
    [
        f.node("edge-2"),
        f.node("edge-2", ready="Unknown"),
        f.node("edge-2", ready="False", pressures=("DiskPressure",)),
    ],
    [PRESS, f.deployment("press"), f.deployment("press", paused=True)],
    [WELD],
    [NEW],
    [OLD],
    [AGENT],
    [DB],
    [DRIVEN],
    pods_of(NEW, "press-7f-a", labels={"pod-template-hash": "7f"}),
    pods_of(OLD, "press-66-a", labels={"pod-template-hash": "66"}),
    pods_of(AGENT, "agent-a"),
    pods_of(DB, "db-0"),
    pods_of(RUNS, "night-1-a"),
    [canary({"failedChecks": 2}), canary({"phase": "Succeeded"}), canary(targetRef=ELSEWHERE)],
    [rollout(workloadRef=TEMPLATE), rollout(HEALTHY)],
    [NIGHT, cron_job("night", suspend=True)],
    [RUNS, job("night-1", FAILED, owner=NIGHT)],
    [FAILS],
    [LATER],
    [a_service(), f.service("web")],
    [f.service("inside")],
    [
        f.endpoint_slice("web", ready=2, on=("node-1", "edge-2")),
        f.endpoint_slice("web", ready=1, waiting=1, on=("edge-2",)),
    ],
    [f.endpoint_slice("inside", ready=1, on=("node-1",))],
    [f.announced(L2, "web", "edge-2")],
    [f.announced(BGP, "web", "node-1")],
    [LB],
    *([one] for one in LB_PODS),
    [f.autoscaler("press"), f.autoscaler("press", cpu=None)],
    [f.event(PRESS, "Scaled", version=1)],
    [u.plan("k3s", *u.whole(*u.SYNC), applying=("edge-2",)), u.plan("k3s", *u.whole(*u.FAILED))],
    [u.job("edge-2"), u.job("edge-2", u.LATE)],
    [u.host("edge-2"), u.host("edge-2", u.NEW, done=u.HASH)],
    [u.talos("Rebooting", rebootingNodes=[{"nodeName": "edge-2"}])],
    [u.kubernetes("Upgrading", controllerNode="cp-1")],
]
EVENT_NAME = "scaled"


def row(thing: Json, version: int) -> tuple[str, Row]:
    kind = u.id_of(thing)
    name = {"name": EVENT_NAME} if kind == "Event" else {}
    metadata = thing["metadata"] | {"resourceVersion": str(version)} | name
    return kind, row_of(kind, thing | {"metadata": metadata})


def empty() -> Store:
    store = f.store_of()
    store.kinds.replace_discovered(serving().kinds._discovered)
    store.set_version("v1.34.2+k3s1")
    store.drain()
    return store


def steps(rng: random.Random, store: Store, count: int) -> None:
    for number in range(count):
        kind, made = row(rng.choice(rng.choice(THINGS)), rng.randrange(10**6) * 100 + number)
        if rng.random() < 0.25:
            store.delete(kind, made.namespace, made.name, "")
        else:
            store.delete(kind, made.namespace, made.name, "")
            store.apply(kind, made)


@pytest.mark.parametrize("pane", PANES)
@pytest.mark.parametrize("seed", range(2))
def test_the_rows_of_a_pane_are_those_of_one_that_is_built_anew(pane: str, seed: int) -> None:
    rng = random.Random(f"{pane} {seed}")
    store = empty()
    fleet = Fleet([store])
    view = fleet.view(PANES[pane])
    view.rebuild(f.NOW)
    for number in range(60):
        steps(rng, store, 60 if number == 0 else rng.choice([1, 1, 1, 2]))
        view.absorb(fleet.drain(), f.NOW)
        anew = fleet.view(PANES[pane])
        anew.rebuild(f.NOW)
        assert view.keys == anew.keys
        assert [view.row(key) for key in view.keys] == [anew.row(key) for key in anew.keys]


@pytest.mark.parametrize("pane", PANES)
def test_one_change_at_a_time_touches_what_depends_on_it(pane: str) -> None:
    store = empty()
    for things in THINGS:
        store.apply(*row(things[0], 1))
    fleet = Fleet([store])
    view = fleet.view(PANES[pane])
    fleet.drain()
    view.rebuild(f.NOW)
    for version, things in enumerate(THINGS, 2):
        for one in (*things[1:], None, things[0]):
            kind, made = row(one or things[0], version)
            store.delete(kind, made.namespace, made.name, "")
            if one is not None:
                store.apply(kind, made)
            view.absorb(fleet.drain(), f.NOW)
            anew = fleet.view(PANES[pane])
            anew.rebuild(f.NOW)
            assert [view.row(key) for key in view.keys] == [anew.row(key) for key in anew.keys], made.name


def test_jobs_are_read_for_plans_alone() -> None:
    updates, plan = (
        PANES["updates"],
        Resource(group="upgrade.cattle.io", version="v1", plural="plans", kind="Plan", namespaced=True),
    )
    other = replace(plan, group="tuppr.home-operations.com", plural="talosupgrades", kind="TalosUpgrade")
    for found, needs in (
        ((), ["Node"]),
        ((other,), ["TalosUpgrade", "Node"]),
        ((plan,), ["Plan", "Node", "Job"]),
        ((plan, other), ["Plan", "TalosUpgrade", "Node", "Job"]),
    ):
        store = f.store_of()
        store.kinds.replace_discovered({kind_of(one).id: kind_of(one) for one in found})
        assert list(updates.needs_in(store)) == needs
        assert list(updates.kinds_in(store)) == [one for one in needs if one != "Job"]
