"""Which pod and which container come first when somebody asks for logs."""

from __future__ import annotations

from typing import Any

import msgspec

from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.pod import WirePod
from edgetui.model.view.log_targets import End, containers, first_to_log, pods_to_log

from .factories import (
    NOW,
    crashing,
    daemon_set,
    deployment,
    ended,
    pod,
    pods_of,
    replica_set,
    running,
    store_of,
    waiting,
)


def wire(document: dict[str, Any]) -> WirePod:
    return msgspec.convert(document, WirePod)


def test_pods_that_are_not_ready_come_first_and_the_newest_of_them() -> None:
    made = deployment("press", "line-2")
    old, new = replica_set(made, "old", revision=1), replica_set(made, "new", revision=2)
    labels = {"pod-template-hash": "new"}
    store = store_of(
        made, old, new, *pods_of(old, 1, created=NOW - 900),
        pod("press-new-a", "line-2", statuses=[crashing()], owner=new, labels=labels, created=NOW - 300),
        pod("press-new-b", "line-2", statuses=[crashing()], owner=new, labels=labels, created=NOW - 100),
        pod("press-new-c", "line-2", owner=new, labels=labels, created=NOW - 50),
    )  # fmt: skip
    found = pods_to_log(store, ObjectKey("plant", "Deployment", "line-2", "press"))
    assert found[:3] == ["press-new-b", "press-new-a", "press-new-c"]
    assert len(found) == 4
    owned = pods_to_log(store, ObjectKey("plant", "ReplicaSet", "line-2", new["metadata"]["name"]))
    assert owned == ["press-new-b", "press-new-a", "press-new-c"]


def test_a_pod_is_its_own_choice_and_nothing_is_found_of_what_is_gone() -> None:
    agent = daemon_set("agent", "kube-system", desired=2)
    store = store_of(agent, *pods_of(agent, 2))
    assert pods_to_log(store, ObjectKey("plant", "Pod", "a", "b")) == ["b"]
    assert len(pods_to_log(store, ObjectKey("plant", "DaemonSet", "kube-system", "agent"))) == 2
    assert pods_to_log(store, ObjectKey("plant", "DaemonSet", "kube-system", "gone")) == []


def test_the_container_that_explains_the_trouble_comes_first() -> None:
    two = [running(name="app"), crashing(137, "OOMKilled", name="helper")]
    document = pod("a", statuses=two)
    assert first_to_log(wire(document)) == "helper"
    assert first_to_log(wire(pod("a"))) == "app"
    stuck = pod(
        "a",
        init_containers=[{"name": "migrate"}],
        init_statuses=[crashing(1, name="migrate")],
        statuses=[waiting("PodInitializing")],
    )
    assert first_to_log(wire(stuck)) == "migrate"
    assert first_to_log(WirePod()) == ""


def test_each_container_is_told_with_its_state() -> None:
    document = pod(
        "a",
        init_containers=[{"name": "migrate"}],
        init_statuses=[ended(0, "Completed", name="migrate")],
        statuses=[crashing(137, "OOMKilled")],
    )
    migrate, app = containers(wire(document))
    assert (migrate.name, migrate.init, migrate.running) == ("migrate", True, False)
    assert migrate.ended is not None and migrate.ended.code == 0
    assert (app.name, app.waiting, app.running, app.ended) == ("app", "CrashLoopBackOff", False, None)
    assert app.before is not None and app.before.reason == "OOMKilled"
    (alive,) = containers(wire(pod("a")))
    assert alive.running and alive.before is None
    (unheard,) = containers(wire(pod("a", statuses=[])))
    assert unheard.waiting == "not started"


def test_an_end_in_words() -> None:
    assert End(137, "OOMKilled", NOW - 180).words(NOW) == "ended 3m ago, exit 137 (OOMKilled)"
    assert End(1, "Error").words(NOW) == "ended, exit 1"
