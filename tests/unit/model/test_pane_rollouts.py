"""The rollouts pane: what a state says in a few words, and which rows a pod touches."""

from __future__ import annotations

import pytest

from edgetui.model.cache.store import Store
from edgetui.model.panes import PANES
from edgetui.model.panes.base import PaneRow
from edgetui.model.panes.rollouts import short_image
from tests.unit.model import factories as f

PANE = PANES["rollouts"]


def build(store: Store, kind: str, name: str) -> PaneRow:
    row = store.get(kind, "default", name)
    assert row is not None
    return PANE.build(store, kind, row, f.NOW)


def judged(kind: str, *objects: f.Json) -> tuple[int, str]:
    row = build(f.store_of(*objects), kind, objects[0]["metadata"]["name"])
    return row.severity, PANE.value(row, "state").words


MOVING = ("True", "ReplicaSetUpdated")
OVERDUE = ("False", "ProgressDeadlineExceeded")


def deployed(*, new: int = 1, build_new: object = f.pod, **more: object) -> list[f.Json]:
    """Three old pods that serve and some new ones."""
    made = f.deployment(
        "press", **{"revision": 2, "updated": new, "current": 3 + new, "progressing": MOVING, **more}
    )
    old = f.replica_set(made, "old", revision=1)
    new_set = f.replica_set(made, "new", revision=2, replicas=new)
    return [made, old, new_set, *f.pods_of(old, 3), *f.pods_of(new_set, new, build=build_new)]


def starting(name: str, namespace: str, **more: object) -> f.Json:
    return f.pod(name, namespace, statuses=[f.waiting("ContainerCreating")], **more)


def test_deployments() -> None:
    assert judged("Deployment", f.deployment("a")) == (3, "complete")
    assert judged("Deployment", f.deployment("a", replicas=0)) == (3, "scaled to 0")
    assert judged("Deployment", *deployed()) == (1, "1 of 3 updated")
    assert judged("Deployment", *deployed(new=3)) == (1, "3 old pods terminating")
    assert judged("Deployment", *deployed(generation=5, observed=4)) == (1, "not seen yet")
    assert judged("Deployment", *deployed(paused=True)) == (1, "paused, 1 of 3 updated")
    assert judged("Deployment", f.deployment("a", paused=True)) == (1, "paused")
    assert judged("Deployment", f.deployment("a", available=2, ready=2)) == (1, "2 of 3 available")
    assert judged("Deployment", f.deployment("a", available=0, ready=0)) == (0, "0 of 3 available")


def test_a_stuck_deployment_says_what_holds_it_up() -> None:
    assert judged("Deployment", *deployed(build_new=f.image_pull)) == (0, "stuck: image not found")
    row = build(f.store_of(*deployed(build_new=f.image_pull)), "Deployment", "press")
    assert PANE.value(row, "reason") == "image press:2 not found (1 pod)"


def test_a_passed_deadline_is_not_final_while_pods_are_on_their_way() -> None:
    assert judged("Deployment", *deployed(build_new=starting, progressing=OVERDUE)) == (
        1,
        "deadline passed, still progressing",
    )
    assert judged("Deployment", *deployed(new=0, progressing=OVERDUE)) == (0, "stuck: deadline passed")
    assert judged("Deployment", *deployed(build_new=f.image_pull, progressing=OVERDUE)) == (
        0,
        "stuck: image not found",
    )


def test_pods_that_have_ended_for_good_hold_nothing_up() -> None:
    made = f.deployment("press")
    sets = f.replica_set(made, "a")
    gone = f.pod("press-x", owner=sets, statuses=[], phase="Failed", reason="Evicted")
    assert judged("Deployment", made, sets, *f.pods_of(sets, 3, label="a"), gone) == (3, "complete")


def test_waiting_for_ever_is_not_waiting() -> None:
    made = f.stateful_set("db", ready=2, available=2)
    slow = f.pod(
        "db-2",
        owner=made,
        labels={"controller-revision-hash": "press-a"},
        statuses=[f.running(ready=False)],
        ready_at=f.NOW - 601,
    )
    assert judged("StatefulSet", made, slow) == (0, "2 of 3 ready")
    parallel = f.stateful_set("db", ready=2, available=2, management="Parallel")
    assert judged("StatefulSet", parallel, slow) == (0, "2 of 3 ready")
    recent = f.pod(
        "db-2",
        owner=made,
        labels={"controller-revision-hash": "press-a"},
        statuses=[f.running(ready=False)],
        ready_at=f.NOW - 60,
    )
    assert judged("StatefulSet", parallel, recent) == (1, "2 of 3 ready")


def test_a_stray_daemon_pod_is_told_without_alarm() -> None:
    row = build(f.store_of(f.daemon_set("ag", misscheduled=1)), "DaemonSet", "ag")
    assert (row.severity, PANE.value(row, "reason")) == (3, "runs on 1 node where it should not")


def test_pods_that_are_refused_never_exist() -> None:
    quota = f.cond(
        "ReplicaFailure", "True", "FailedCreate", 'pods "press-x" is forbidden: exceeded quota: small'
    )
    made = f.deployment(
        "press", updated=0, current=0, available=0, ready=0, conditions=[quota], progressing=MOVING
    )
    assert judged("Deployment", made) == (0, "stuck: quota")
    surging = deployed(new=0, conditions=[quota], progressing=MOVING)
    assert judged("Deployment", *surging) == (0, "stuck: quota")


def test_a_crash_after_completion_shows() -> None:
    made = f.deployment("press", available=2, ready=2)
    sets = f.replica_set(made, "a")
    crash = f.pod("press-x", owner=sets, labels={"pod-template-hash": "a"}, statuses=[f.crashing()])
    assert judged("Deployment", made, sets, *f.pods_of(sets, 2), crash) == (0, "stuck: crash, exit 1")


def test_complete_is_not_healthy_while_pods_keep_restarting() -> None:
    made = f.deployment("press", replicas=1)
    sets = f.replica_set(made, "a", replicas=1)

    def flapping(restarts: int, at: float) -> f.Json:
        status = f.running(restarts=restarts)
        status["lastState"] = f.ended(1, "Error", at=at)["state"]
        return f.pod("press-x", owner=sets, labels={"pod-template-hash": "a"}, statuses=[status])

    assert judged("Deployment", made, sets, flapping(3, f.NOW - 20)) == (1, "complete, restarting")
    assert judged("Deployment", made, sets, flapping(1, f.NOW - 20)) == (3, "complete")
    assert judged("Deployment", made, sets, flapping(9, f.NOW - 4000)) == (3, "complete")


def test_a_stateful_set_on_its_way() -> None:
    assert judged("StatefulSet", f.stateful_set("db")) == (3, "complete")
    assert judged("StatefulSet", f.stateful_set("db", ready=1, available=1)) == (1, "1 of 3 ready")
    update = f.stateful_set("db", updated=1, update_revision="press-b")
    assert judged("StatefulSet", update) == (1, "1 of 3 updated")
    held = f.stateful_set("db", updated=1, partition=2, update_revision="press-b")
    assert judged("StatefulSet", held) == (3, "complete up to partition 2")


def trapped(management: str) -> list[f.Json]:
    """After an undo: the controller waits for a broken pod of the revision it left."""
    made = f.stateful_set("db", ready=2, available=2, updated=2, management=management)
    bad = f.image_pull("db-2", owner=made, labels={"controller-revision-hash": "press-bad"})
    return [made, *f.pods_of(made, 2, label="press-a"), bad]


def test_the_trap_of_ordered_stateful_sets_is_named() -> None:
    assert judged("StatefulSet", *trapped("OrderedReady")) == (0, "stuck: blocked by db-2")
    row = build(f.store_of(*trapped("OrderedReady")), "StatefulSet", "db")
    assert "blocks the StatefulSet rollout (OrderedReady)" in PANE.value(row, "reason")
    assert judged("StatefulSet", *trapped("Parallel")) == (0, "stuck: image not found")


def test_daemon_sets() -> None:
    assert judged("DaemonSet", f.daemon_set("ag")) == (3, "complete")
    assert judged("DaemonSet", f.daemon_set("ag", updated=1)) == (1, "1 of 3 updated")
    assert judged("DaemonSet", f.daemon_set("ag", available=2)) == (1, "2 of 3 available")
    assert judged("DaemonSet", f.daemon_set("ag", desired=0)) == (3, "no nodes")
    assert judged("DaemonSet", f.daemon_set("ag", strategy="OnDelete", updated=1)) == (3, "1 of 3 on delete")


OPENYURT = [
    ("OTA", {"updated": 1}, (1, "2 wait for their site")),
    ("ota", {"updated": 2}, (1, "1 waits for its site")),
    ("OTA", {"updated": 2, "ready": 2}, (1, "1 waits for its site")),
    ("OTA", {"updated": 1, "ready": 0}, (0, "2 wait for their site")),
    ("OTA", {}, (3, "complete")),
    ("AdvancedRollingUpdate", {"updated": 1}, (1, "1 of 3 updated")),
    ("auto", {"updated": 1}, (1, "1 of 3 updated")),
    ("RollingUpdate", {"updated": 1}, (3, "1 of 3 on delete")),
]


@pytest.mark.parametrize(("way", "counts", "expected"), OPENYURT)
def test_a_daemon_set_of_openyurt_waits_for_its_sites_and_is_never_stuck(
    way: str, counts: dict[str, int], expected: tuple[int, str]
) -> None:
    notes = {"apps.openyurt.io/update-strategy": way}
    made = f.daemon_set("ag", strategy="OnDelete", annotations=notes, **counts)
    assert judged("DaemonSet", made) == expected
    rolling = f.daemon_set("ag", annotations=notes, updated=1)
    assert judged("DaemonSet", rolling) == (1, "1 of 3 updated")


def test_a_pod_that_its_site_has_updated_and_that_fails_is_told_with_those_that_wait() -> None:
    made = f.daemon_set(
        "ag", strategy="OnDelete", annotations={"apps.openyurt.io/update-strategy": "OTA"}, updated=1, ready=2
    )
    pods = [f.image_pull("ag-1", owner=made, node="edge-1")]
    assert judged("DaemonSet", made, *pods) == (0, "2 wait for their site, image not found")


def test_a_site_that_is_cut_off_does_not_make_it_stuck() -> None:
    made = f.daemon_set(
        "ag", strategy="OnDelete", annotations={"apps.openyurt.io/update-strategy": "OTA"}, updated=1, ready=2
    )
    gone = f.pod("ag-2", owner=made, node="edge-2", ready="False", deleting=f.NOW - 60)
    severity, words = judged("DaemonSet", made, gone, f.node("edge-2", ready="Unknown"))
    assert words == "2 wait for their site"
    assert severity == 1


def test_a_silent_node_blocks_a_daemon_set_whose_counters_look_healthy() -> None:
    made = f.daemon_set("ag", desired=4, updated=0, misscheduled=1)
    old = f.pod("ag-x", owner=made, node="node-9", deleting=f.NOW + 20, ready="False")
    taint = {"key": "node.kubernetes.io/unreachable", "effect": "NoSchedule"}
    silent = f.node("node-9", ready="Unknown", taints=[taint])
    assert judged("DaemonSet", made, old, silent) == (0, "stuck: node NotReady")
    row = build(f.store_of(made, old, silent), "DaemonSet", "ag")
    assert PANE.value(row, "reason") == "1 of 5 nodes unreachable: cannot finish until it returns (node-9)"


def test_only_the_rows_of_a_pods_owners_are_touched() -> None:
    made, old, new, *pods = deployed()
    other = f.deployment("weld")
    daemon = f.daemon_set("ag")
    agent = f.pod("ag-1", owner=daemon)
    store = f.store_of(made, old, new, *pods, other, daemon, agent)
    store.delete("Pod", "default", pods[0]["metadata"]["name"], "")
    assert set(PANE.affected(store, store.drain())) == {("Deployment", "default", "press")}
    store.delete("Pod", "default", "ag-1", "")
    assert set(PANE.affected(store, store.drain())) == {("DaemonSet", "default", "ag")}
    store.delete("ReplicaSet", "default", "press-old", "")
    assert set(PANE.affected(store, store.drain())) == {("Deployment", "default", "press")}


@pytest.mark.parametrize(
    ("image", "short"),
    [
        ("registry.local:5000/line/press:2.1", "press:2.1"),
        ("press", "press"),
        ("docker.io/library/press@sha256:9f86d081884c7d65", "press@9f86d08"),
    ],
)
def test_short_images(image: str, short: str) -> None:
    assert short_image(image) == short


def test_the_row_for_scripts() -> None:
    data = PANE.json(build(f.store_of(*deployed()), "Deployment", "press"), f.NOW)
    assert data["progress"] == {
        "updated_available": 1,
        "updated_ready": 0,
        "updated_unready": 0,
        "old": 3,
        "terminating": 0,
        "missing": 0,
        "wanted": 3,
    }
    assert (data["kind"], data["revision"], data["ready"]) == ("Deployment", 2, "3/3")
    assert data["message"].startswith('Waiting for deployment "press" rollout to finish: 1 out of 3')
