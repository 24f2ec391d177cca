"""StatefulSets and DaemonSets of the demo fleet: order, revisions, and the traps that real ones have."""

from __future__ import annotations

from typing import Any

from edgetui.demo import templates
from edgetui.demo.patches import strategic_merge
from edgetui.demo.resources import DAEMONSETS, PODS, REVISIONS, STATEFULSETS
from edgetui.demo.templates import Container
from tests.unit.demo.bench import NAMESPACE, Bench, ready


def add_set(bench: Bench, replicas: int = 3, policy: str = "OrderedReady") -> None:
    pod = templates.template("db", Container("r/db:1", "10m", "16Mi", wait=0))
    made = templates.statefulset(NAMESPACE, "db", replicas, pod, cause="db 1")
    made["spec"]["podManagementPolicy"] = policy
    bench.simulation.add(STATEFULSETS, made)


def add_agent(bench: Bench) -> None:
    pod = templates.template("agent", Container("r/agent:1", "10m", "16Mi", wait=0))
    bench.simulation.add(DAEMONSETS, templates.daemonset(NAMESPACE, "agent", pod))


def good(bench: Bench, app: str, image: str, count: int) -> bool:
    pods = bench.pods(app)
    return len(pods) == count and all(map(ready, pods)) and bench.images(app) == [image] * count


def status(bench: Bench) -> dict[str, Any]:
    found: dict[str, Any] = bench.get("db", STATEFULSETS)["status"]
    return found


def test_pods_come_one_after_the_other_and_leave_from_the_top(bench: Bench) -> None:
    add_set(bench)
    born: list[str] = []
    bench.storage.listeners.append(
        lambda resource, kind, obj, _old: (
            born.append(obj["metadata"]["name"]) if resource is PODS and kind == "ADDED" else None
        )
    )
    bench.until(lambda: good(bench, "db", "r/db:1", 3))
    assert born == ["db-0", "db-1", "db-2"]
    bench.edit(lambda db: db["spec"].update(replicas=1), "db", STATEFULSETS)
    bench.until(lambda: [pod["metadata"]["name"] for pod in bench.pods("db")] == ["db-0"])


def test_an_update_goes_down_the_numbers_and_ends_on_the_new_revision(bench: Bench) -> None:
    add_set(bench)
    bench.until(lambda: good(bench, "db", "r/db:1", 3))
    before = status(bench)["currentRevision"]
    bench.release("r/db:2", "db", STATEFULSETS)
    bench.until(lambda: "r/db:2" in bench.images("db"))
    first = next(pod for pod in bench.pods("db") if pod["spec"]["containers"][0]["image"] == "r/db:2")
    assert first["metadata"]["name"] == "db-2"
    assert status(bench)["currentRevision"] == before != status(bench)["updateRevision"]
    bench.until(lambda: good(bench, "db", "r/db:2", 3))
    bench.run(1)
    assert status(bench)["currentRevision"] == status(bench)["updateRevision"] != before
    assert status(bench)["updatedReplicas"] == 3


def test_an_ordered_set_stays_stuck_after_the_rollback_until_its_pod_is_deleted(bench: Bench) -> None:
    add_set(bench)
    bench.until(lambda: good(bench, "db", "r/db:1", 3))
    bench.release("r/db:bad", "db", STATEFULSETS)
    bench.run(30)
    first = min(bench.storage.objects(REVISIONS), key=lambda revision: int(revision["revision"]))
    undone = strategic_merge(bench.get("db", STATEFULSETS), first["data"])
    bench.storage.update(STATEFULSETS, undone)
    bench.run(60)
    assert not good(bench, "db", "r/db:1", 3)
    stuck = next(pod for pod in bench.pods("db") if not ready(pod))
    assert stuck["metadata"]["name"] == "db-2"
    assert status(bench)["currentRevision"] == status(bench)["updateRevision"]
    assert (status(bench)["updatedReplicas"], status(bench)["readyReplicas"]) == (2, 2)
    bench.simulation.manager.delete_pod(stuck)
    bench.until(lambda: good(bench, "db", "r/db:1", 3), 20)
    numbers = sorted(int(revision["revision"]) for revision in bench.storage.objects(REVISIONS))
    assert numbers == [2, 3]


def test_a_parallel_set_replaces_its_broken_pod_by_itself(bench: Bench) -> None:
    add_set(bench, policy="Parallel")
    bench.until(lambda: good(bench, "db", "r/db:1", 3))
    bench.release("r/db:bad", "db", STATEFULSETS)
    bench.run(20)
    bench.release("r/db:1", "db", STATEFULSETS)
    bench.until(lambda: good(bench, "db", "r/db:1", 3), 20)


def test_a_partition_keeps_the_lower_numbers_back(bench: Bench) -> None:
    add_set(bench)
    bench.edit(
        lambda db: db["spec"]["updateStrategy"]["rollingUpdate"].update(partition=2), "db", STATEFULSETS
    )
    bench.until(lambda: good(bench, "db", "r/db:1", 3))
    bench.release("r/db:2", "db", STATEFULSETS)
    bench.run(30)
    assert bench.images("db") == ["r/db:1", "r/db:1", "r/db:2"]


def test_a_daemonset_runs_once_on_every_node_and_updates_within_its_budget(bench: Bench) -> None:
    add_agent(bench)
    bench.until(lambda: good(bench, "agent", "r/agent:1", 3))
    bench.release("r/agent:2", "agent", DAEMONSETS)
    least: list[int] = []
    bench.storage.listeners.append(lambda *_: least.append(sum(map(ready, bench.pods("agent")))))
    bench.until(lambda: good(bench, "agent", "r/agent:2", 3))
    assert min(least) == 2
    found = bench.get("agent", DAEMONSETS)["status"]
    assert (found["desiredNumberScheduled"], found["updatedNumberScheduled"], found["numberAvailable"]) == (
        3,
        3,
        3,
    )


def test_a_dead_node_leaves_the_desired_count_and_blocks_the_update(bench: Bench) -> None:
    add_agent(bench)
    bench.until(lambda: good(bench, "agent", "r/agent:1", 3))
    bench.simulation.nodes.fail("node-2")
    bench.run(60)
    found = bench.get("agent", DAEMONSETS)["status"]
    assert (found["desiredNumberScheduled"], found["numberMisscheduled"]) == (2, 1)
    bench.release("r/agent:2", "agent", DAEMONSETS)
    bench.run(60)
    found = bench.get("agent", DAEMONSETS)["status"]
    assert found.get("updatedNumberScheduled", 0) == 0
    bench.simulation.nodes.recover("node-2")
    bench.until(lambda: good(bench, "agent", "r/agent:2", 3), 60)
