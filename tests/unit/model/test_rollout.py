"""Rollouts: the words of kubectl, the six segments, the bar."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetui.model.kinds import row_of
from edgetui.model.kinds.daemonset import DaemonSetRow
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.pod import PodRow
from edgetui.model.kinds.statefulset import StatefulSetRow
from edgetui.model.rollout.status import (
    Segments,
    Verdict,
    bar,
    cells_of,
    countdown,
    findings,
    from_counters,
    look,
    progress,
    reason,
    verdict,
)
from tests.unit.model import factories as f

BUILDERS: dict[str, Any] = {
    "Deployment": f.deployment,
    "StatefulSet": f.stateful_set,
    "DaemonSet": f.daemon_set,
}
OVERDUE = ("False", "ProgressDeadlineExceeded")
NO_STATUS = "rollout status is only available for RollingUpdate strategy type"
OF_WEB = 'Waiting for deployment "web" rollout to finish: '
OF_AG = 'Waiting for daemon set "ag" rollout to finish: '

# kubectl 1.37's sentences (rollout_status.go), in its order.
SAID: list[tuple[str, str, dict[str, Any], bool, bool, str]] = [
    ("Deployment", "web", {}, True, False, 'deployment "web" successfully rolled out'),
    (
        "Deployment",
        "web",
        {"generation": 2, "observed": 1, "progressing": OVERDUE},
        False,
        False,
        "Waiting for deployment spec update to be observed...",
    ),
    (
        "Deployment",
        "web",
        {"progressing": OVERDUE},
        False,
        True,
        'deployment "web" exceeded its progress deadline',
    ),
    (
        "Deployment",
        "web",
        {"updated": 1, "current": 4},
        False,
        False,
        OF_WEB + "1 out of 3 new replicas have been updated...",
    ),
    ("Deployment", "web", {"current": 4}, False, False, OF_WEB + "1 old replicas are pending termination..."),
    (
        "Deployment",
        "web",
        {"available": 2},
        False,
        False,
        OF_WEB + "2 of 3 updated replicas are available...",
    ),
    ("Deployment", "web", {"replicas": 0}, True, False, 'deployment "web" successfully rolled out'),
    ("DaemonSet", "ag", {}, True, False, 'daemon set "ag" successfully rolled out'),
    ("DaemonSet", "ag", {"strategy": "OnDelete"}, True, False, NO_STATUS),
    (
        "DaemonSet",
        "ag",
        {"generation": 2, "observed": 1},
        False,
        False,
        "Waiting for daemon set spec update to be observed...",
    ),
    (
        "DaemonSet",
        "ag",
        {"desired": 5, "updated": 1},
        False,
        False,
        OF_AG + "1 out of 5 new pods have been updated...",
    ),
    (
        "DaemonSet",
        "ag",
        {"desired": 4, "available": 3},
        False,
        False,
        OF_AG + "3 of 4 updated pods are available...",
    ),
    ("StatefulSet", "db", {}, True, False, "partitioned roll out complete: 3 new pods have been updated..."),
    ("StatefulSet", "db", {"strategy": "OnDelete"}, True, False, NO_STATUS),
    (
        "StatefulSet",
        "db",
        {"generation": 2, "observed": 1},
        False,
        False,
        "Waiting for statefulset spec update to be observed...",
    ),
    ("StatefulSet", "db", {"ready": 1}, False, False, "Waiting for 2 pods to be ready..."),
    (
        "StatefulSet",
        "db",
        {"partition": 1, "updated": 1},
        False,
        False,
        "Waiting for partitioned roll out to finish: 1 out of 2 new pods have been updated...",
    ),
    (
        "StatefulSet",
        "db",
        {"partition": 2, "updated": 1},
        True,
        False,
        "partitioned roll out complete: 1 new pods have been updated...",
    ),
    (
        "StatefulSet",
        "db",
        {"partition": None, "updated": 1, "update_revision": "db-b"},
        False,
        False,
        "waiting for statefulset rolling update to complete 1 pods at revision db-b...",
    ),
    (
        "StatefulSet",
        "db",
        {"partition": None},
        True,
        False,
        "statefulset rolling update complete 3 pods at revision press-a...",
    ),
]


@pytest.mark.parametrize("block", [{}, {"partition": None}, {"partition": None, "maxUnavailable": 1}])
def test_a_rolling_update_without_a_partition_is_complete_to_kubectl_at_once(block: dict[str, Any]) -> None:
    db = f.stateful_set("db", updated=1, update_revision="db-b")
    db["spec"]["updateStrategy"]["rollingUpdate"] = block
    assert verdict(row_of("StatefulSet", db)) == Verdict(
        True, False, "partitioned roll out complete: 1 new pods have been updated..."
    )


@pytest.mark.parametrize(("kind", "name", "more", "done", "failed", "text"), SAID)
def test_the_words_of_kubectl(
    kind: str, name: str, more: dict[str, Any], done: bool, failed: bool, text: str
) -> None:
    row = row_of(kind, BUILDERS[kind](name, **more))
    assert isinstance(row, DeploymentRow | StatefulSetRow | DaemonSetRow)
    said = verdict(row)
    assert (said.done, said.failed, said.text) == (done, failed, text)


def test_a_set_that_nobody_has_observed_yet_waits() -> None:
    row = row_of("StatefulSet", f.stateful_set("db", generation=1, observed=0))
    assert isinstance(row, StatefulSetRow)
    assert verdict(row).text == "Waiting for statefulset spec update to be observed..."


def test_the_deadline_counts_from_the_last_progress() -> None:
    def left(**more: Any) -> tuple[float, int] | None:
        row = row_of("Deployment", f.deployment("web", **more))
        assert isinstance(row, DeploymentRow)
        return countdown(row, f.NOW)

    moving = ("True", "ReplicaSetUpdated")
    assert left(updated=1, progressing=moving, deadline=300) == (60.0, 300)
    assert left() is None
    assert left(updated=1, progressing=OVERDUE) is None
    assert left(updated=1, progressing=moving, paused=True) is None
    assert left(updated=1, progressing=moving, generation=2, observed=1) is None
    assert left(available=2, progressing=("True", "NewReplicaSetAvailable")) is None


def rolling() -> tuple[f.Json, f.Json, f.Json]:
    made = f.deployment("press", updated=2, current=5, ready=4, available=3, revision=8, min_ready=10)
    old = f.replica_set(made, "old", revision=7, replicas=3)
    new = f.replica_set(made, "new", revision=8, replicas=2, ready=1, available=0)
    return made, old, new


def test_segments_of_a_deployment_come_from_its_pods() -> None:
    made, old, new = rolling()
    store = f.store_of(
        made,
        old,
        new,
        *f.pods_of(old, 2),
        *f.pods_of(new, 1),
        f.image_pull("press-new-x", owner=new, labels={"pod-template-hash": "new"}),
        f.pod("press-old-x", owner=old, labels={"pod-template-hash": "old"}, deleting=f.NOW),
        f.pod(
            "press-old-y",
            owner=old,
            labels={"pod-template-hash": "old"},
            phase="Failed",
            statuses=[f.ended(1)],
        ),
    )
    row = store.get("Deployment", "default", "press")
    assert isinstance(row, DeploymentRow)
    view = look(store, row)
    assert view.template == "new"
    assert view.segments == Segments(
        updated_available=1, updated_unready=1, old=2, terminating=1, missing=0, wanted=3
    )


def test_ready_but_not_yet_available_has_its_own_segment() -> None:
    made, old, new = rolling()
    row = row_of("Deployment", made)
    assert isinstance(row, DeploymentRow)
    pods = [row_of("Pod", one) for one in (*f.pods_of(old, 3), *f.pods_of(new, 1))]
    made_of = progress(row, [one for one in pods if isinstance(one, PodRow)], "new")
    assert (made_of.updated_available, made_of.updated_ready, made_of.old) == (0, 1, 3)


def test_a_dead_node_makes_pods_unready_whatever_their_containers_say() -> None:
    made = f.daemon_set("ag", desired=1)
    row = row_of("DaemonSet", made)
    pod = row_of("Pod", f.pod("ag-1", owner=made, labels={"pod-template-generation": "1"}, ready="False"))
    assert isinstance(row, DaemonSetRow) and isinstance(pod, PodRow)
    assert pod.ready == pod.containers
    assert progress(row, [pod]).updated_unready == 1


def test_stateful_and_daemon_sets_know_new_pods_by_their_own_marks() -> None:
    stateful = f.stateful_set("db", current_revision="db-a", update_revision="db-b", updated=1)
    daemon = f.daemon_set("ag", desired=2, updated=1, template_generation=2)
    store = f.store_of(
        stateful,
        daemon,
        *f.pods_of(stateful, 2, label="db-a"),
        f.pod("db-2", owner=stateful, labels={"controller-revision-hash": "db-b"}),
        f.pod("ag-1", owner=daemon, labels={"controller-revision-hash": "x", "pod-template-generation": "2"}),
        f.pod("ag-2", owner=daemon, labels={"controller-revision-hash": "y", "pod-template-generation": "1"}),
    )
    db, ag = store.get("StatefulSet", "default", "db"), store.get("DaemonSet", "default", "ag")
    assert isinstance(db, StatefulSetRow) and isinstance(ag, DaemonSetRow)
    assert look(store, db).segments == Segments(updated_available=1, old=2, wanted=3)
    assert look(store, ag).segments == Segments(updated_available=1, old=1, wanted=2)


def test_daemon_pods_that_a_roll_back_left_alone_count_as_updated() -> None:
    """Generation 3 is the template of generation 1 again: its pods stay, and only their hash says so."""
    daemon = f.daemon_set("ag", desired=2, updated=2, template_generation=3)
    old = {"controller-revision-hash": "good", "pod-template-generation": "1"}
    kept = [f.pod(f"ag-{n}", owner=daemon, labels=old) for n in range(2)]
    store = f.store_of(daemon, *kept)
    ag = store.get("DaemonSet", "default", "ag")
    assert isinstance(ag, DaemonSetRow)
    assert look(store, ag).segments == Segments(updated_available=2, wanted=2)

    bad = {"controller-revision-hash": "bad", "pod-template-generation": "2"}
    moving = f.daemon_set("ag", desired=3, updated=2, template_generation=3)
    store = f.store_of(moving, *kept, f.pod("ag-2", owner=moving, labels=bad))
    ag = store.get("DaemonSet", "default", "ag")
    assert isinstance(ag, DaemonSetRow)
    assert look(store, ag).segments == Segments(updated_available=2, old=1, wanted=3)


def test_counters_serve_when_pods_may_not_be_read() -> None:
    store = f.store_of(f.deployment("press", updated=1, current=4, ready=3, available=3))
    row = store.get("Deployment", "default", "press")
    assert isinstance(row, DeploymentRow)
    assert look(store, row).segments == from_counters(row) == Segments(updated_unready=1, old=3, wanted=3)


PARTS = st.tuples(*[st.integers(0, 40)] * 6)


@given(PARTS, st.integers(10, 40))
def test_a_bar_is_as_wide_as_asked_and_hides_no_part(parts: tuple[int, ...], width: int) -> None:
    segments = Segments(*parts, wanted=parts[0])
    cells = cells_of(segments, width)
    assert sum(cells) == width
    assert len(bar(segments, width + 2)) == width + 2
    if sum(parts):
        assert all(bool(cell) == bool(part) for cell, part in zip(cells, parts, strict=True))


def test_the_bar_reads_like_the_sketch() -> None:
    assert bar(Segments(5, 3, 2, 4, 0, 4, wanted=18), 20) == "[=====+++..oooo    ]"
    assert bar(Segments(3, wanted=3)) == "[==========]"
    assert bar(Segments()) == "[          ]"
    assert bar(Segments(terminating=1, wanted=0)) == "[xxxxxxxxxx]"


def test_findings_come_hard_first_and_counted() -> None:
    rows = [
        row_of("Pod", one)
        for one in (
            f.pod("c", statuses=[f.running(ready=False)]),
            f.pod("d", statuses=[f.running(ready=False)]),
            f.pod("e", statuses=[f.running(ready=False)]),
            f.image_pull("a"),
            f.image_pull("b"),
            f.pod("x", statuses=[f.crashing()]),
            f.pod("fine"),
        )
    ]
    pods = [one for one in rows if isinstance(one, PodRow)]
    assert [(one.code, count) for one, count in findings(pods)] == [
        ("image-missing", 2),
        ("crash", 1),
        ("not-ready", 3),
    ]
    assert reason(pods) == "image press:2 not found (2 pods)"
    assert reason([]) == ""
