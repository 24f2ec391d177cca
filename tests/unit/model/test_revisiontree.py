"""Revisions with their pods, with and without a history."""

from __future__ import annotations

from edgetui.model.cache.store import Store
from edgetui.model.kinds.daemonset import DaemonSetRow
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.statefulset import StatefulSetRow
from edgetui.model.rollout.history import RevisionNode, tree
from edgetui.model.rollout.revision import controller_revisions, deployment_revisions
from edgetui.model.rollout.status import look
from tests.unit.model import factories as f


def controller_revision(owner: f.Json, hash_: str, number: int, image: str) -> f.Json:
    name = f"{owner['metadata']['name']}-{hash_}"
    return {
        "metadata": f.meta("ControllerRevision", name, owner=owner)
        | {"labels": {"controller-revision-hash": hash_}},
        "revision": number,
        "data": {"spec": {"template": {"$patch": "replace", **f.template(image)}}},
    }


def grown(store: Store, kind: str, history: object = ()) -> list[RevisionNode]:
    (row,) = store.rows(kind)
    assert isinstance(row, DeploymentRow | StatefulSetRow | DaemonSetRow)
    return tree(store, row, look(store, row), history)  # type: ignore[arg-type]


def shape(branches: list[RevisionNode]) -> list[tuple[int, str, str, int]]:
    return [(one.number, one.name, one.mark, len(one.pods)) for one in branches]


def press() -> tuple[Store, f.Json, list[f.Json]]:
    made = f.deployment("press", revision=3, updated=1, current=4, image="press:3", progressing=("True", ""))
    sets = [
        f.replica_set(made, "c", revision=3, replicas=1, ready=0, image="press:3"),
        f.replica_set(made, "b", revision=2, replicas=3, image="press:2"),
        f.replica_set(made, "a", revision=1, replicas=0),
    ]
    pods = [*f.pods_of(sets[0], 1, build=f.image_pull), *f.pods_of(sets[1], 3)]
    return f.store_of(made, *sets, *pods), made, sets


def test_a_deployment_has_its_sets_at_once_and_learns_what_worked() -> None:
    store, made, sets = press()
    assert shape(grown(store, "Deployment")) == [
        (3, "press-c", "now", 1),
        (2, "press-b", "", 3),
        (1, "press-a", "", 0),
    ]
    known = grown(store, "Deployment", deployment_revisions(made, sets))
    assert [one.mark for one in known] == ["now", "last good", ""]
    assert [(one.ready, one.staying) for one in known] == [(0, 1), (3, 3), (0, 0)]


def test_pods_that_are_ending_are_listed_and_not_counted() -> None:
    made = f.deployment("press")
    sets = f.replica_set(made, "a")
    store = f.store_of(made, sets, *f.pods_of(sets, 2), f.pod("x", owner=sets, deleting=f.NOW))
    (branch,) = grown(store, "Deployment")
    assert (branch.ready, branch.staying, len(branch.pods)) == (2, 2, 3)


def test_a_stateful_set_has_its_pods_by_the_name_of_their_revision() -> None:
    made = f.stateful_set("db", updated=1, current_revision="db-a", update_revision="db-b", image="db:2")
    pods = [
        *f.pods_of(made, 2, label="db-a"),
        f.pod("db-2", owner=made, labels={"controller-revision-hash": "db-b"}),
    ]
    store = f.store_of(made, *pods)
    assert shape(grown(store, "StatefulSet")) == [(0, "db-b", "now", 1), (0, "db-a", "", 2)]
    stored = [controller_revision(made, "a", 1, "db:1"), controller_revision(made, "b", 2, "db:2")]
    assert shape(grown(store, "StatefulSet", controller_revisions(made, stored, pods))) == [
        (2, "db-b", "now", 1),
        (1, "db-a", "last good", 2),
    ]


def test_a_daemon_set_has_its_pods_by_their_hash_and_keeps_those_of_an_unknown_one() -> None:
    made = f.daemon_set("ag", template_generation=2, image="ag:2")
    new = f.pod("ag-1", owner=made, labels={"controller-revision-hash": "b", "pod-template-generation": "2"})
    old = f.pod("ag-2", owner=made, labels={"controller-revision-hash": "a", "pod-template-generation": "1"})
    store = f.store_of(made, new, old)
    stored = [controller_revision(made, "a", 1, "ag:1")]
    assert shape(grown(store, "DaemonSet", controller_revisions(made, stored))) == [
        (0, "b", "now", 1),
        (1, "ag-a", "", 1),
    ]
