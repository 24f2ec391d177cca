"""Revisions: which one is current, which one is known to have worked, what differs."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.kinds import row_of
from edgetui.model.kinds.pod import PodRow
from edgetui.model.rollout.revision import (
    _served,
    controller_revisions,
    deployment_revisions,
    last_known_good,
    suggestion,
    template_equal,
)
from tests.unit.model import factories as f

SECRET = "hunter2"


def after_two_bad_releases() -> tuple[f.Json, list[f.Json]]:
    """v1 good and still serving, v2 and v3 bad: kubectl's undo would go to v2."""
    made = f.deployment(
        "press",
        replicas=4,
        updated=1,
        current=4,
        available=3,
        ready=3,
        revision=3,
        image="press:bad-3",
        progressing=("False", "ProgressDeadlineExceeded"),
    )
    return made, [
        f.replica_set(
            made,
            "one",
            revision=1,
            replicas=3,
            image="press:1",
            annotations={"kubernetes.io/change-cause": "first", "ops/note": "keep"},
        ),
        f.replica_set(made, "two", revision=2, replicas=0, image="press:bad-2"),
        f.replica_set(made, "three", revision=3, replicas=1, ready=0, image="press:bad-3"),
    ]


def test_after_two_bad_releases_the_last_good_one_is_the_target() -> None:
    made, sets = after_two_bad_releases()
    revisions = deployment_revisions(made, sets)
    assert [one.number for one in revisions] == [3, 2, 1]
    assert [one.current for one in revisions] == [True, False, False]
    assert [one.known_good for one in revisions] == [False, False, True]
    good = last_known_good(revisions)
    assert good is not None
    assert (good.number, good.images, good.cause, good.available) == (1, ("press:1",), "first", 3)
    assert suggestion(revisions) == (good, "3 pods of it serve now")


def test_a_revision_describes_itself_without_the_controllers_marks() -> None:
    made, sets = after_two_bad_releases()
    first = deployment_revisions(made, sets)[-1]
    assert first.annotations == {"kubernetes.io/change-cause": "first", "ops/note": "keep"}
    assert first.template["metadata"]["labels"] == {"app": "press"}
    assert (first.name, first.uid) == ("press-one", sets[0]["metadata"]["uid"])


def test_what_a_template_holds_is_in_no_repr() -> None:
    made = f.deployment("press")
    made["metadata"]["annotations"] = {"kubernetes.io/change-cause": f"--password={SECRET}"}
    made["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "PASSWORD", "value": SECRET}]
    owned = f.replica_set(made, "a", revision=1)
    owned["spec"]["template"] = made["spec"]["template"]
    (revision,) = deployment_revisions(made, [owned])
    assert SECRET in str(revision.template)
    assert SECRET not in repr(revision)
    assert "number=1" in repr(revision)


def test_a_complete_rollout_is_known_good_and_the_one_before_is_not_guessed_to_be() -> None:
    made = f.deployment("press", revision=2, image="press:2")
    sets = [
        f.replica_set(made, "one", revision=1, replicas=0),
        f.replica_set(made, "two", revision=2, image="press:2"),
    ]
    revisions = deployment_revisions(made, sets)
    assert [(one.current, one.known_good) for one in revisions] == [(True, True), (False, False)]
    assert last_known_good(revisions) is None
    assert suggestion(revisions) == (None, "no other revision is known to have worked")


def test_complete_is_not_good_while_the_controller_is_behind() -> None:
    made = f.deployment("press", revision=1, generation=5, observed=4)
    assert not deployment_revisions(made, [f.replica_set(made, "one")])[0].known_good


def test_the_current_one_is_found_by_its_template_not_by_the_annotation() -> None:
    made = f.deployment("press", revision=1, image="press:2", generation=2, observed=1)
    sets = [f.replica_set(made, "one", revision=1), f.replica_set(made, "two", revision=2, image="press:2")]
    assert [one.number for one in deployment_revisions(made, sets) if one.current] == [2]


def test_a_new_template_without_a_set_has_no_current_revision_yet() -> None:
    made = f.deployment("press", revision=1, image="press:9", generation=2, observed=1)
    assert not any(one.current for one in deployment_revisions(made, [f.replica_set(made, "one")]))


def test_sets_of_other_owners_are_ignored() -> None:
    made = f.deployment("press")
    stranger = f.replica_set(f.deployment("weld"), "x")
    assert deployment_revisions(made, [stranger]) == []
    assert suggestion([]) == (None, "no other revision is known to have worked")


def controller_revision(owner: f.Json, number: int, image: str, hash_: str, **more: Any) -> f.Json:
    name = f"{owner['metadata']['name']}-{hash_}"
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": f.meta(
            "ControllerRevision", name, owner=owner, labels={"controller-revision-hash": hash_}, **more
        ),
        "revision": number,
        "data": {"spec": {"template": {"$patch": "replace", **f.template(image)}}},
    }


def test_stateful_set_revisions() -> None:
    owner = f.stateful_set(
        "db", image="db:bad", ready=2, updated=1, current_revision="db-a", update_revision="db-b"
    )
    history = [
        controller_revision(owner, 1, "db:1", "a", annotations={"kubernetes.io/change-cause": "v1"}),
        controller_revision(owner, 2, "db:bad", "b"),
    ]
    pods = [
        *f.pods_of(owner, 2, label="db-a"),
        f.image_pull("db-2", owner=owner, labels={"controller-revision-hash": "db-b"}),
    ]
    revisions = controller_revisions(owner, history, pods)
    assert [(one.number, one.current, one.known_good, one.available) for one in revisions] == [
        (2, True, False, 0),
        (1, False, True, 2),
    ]
    good = last_known_good(revisions)
    assert good is not None
    assert (good.cause, good.images, good.data) == ("v1", ("db:1",), history[0]["data"])
    assert "$patch" not in good.template


def test_the_last_completed_revision_of_a_stateful_set_is_good_even_when_nothing_serves() -> None:
    owner = f.stateful_set("db", image="db:bad", ready=0, current_revision="db-a", update_revision="db-b")
    history = [controller_revision(owner, 1, "db:1", "a"), controller_revision(owner, 2, "db:bad", "b")]
    good = last_known_good(controller_revisions(owner, history))
    assert good is not None
    assert suggestion(controller_revisions(owner, history))[1] == "its rollout completed"


def test_daemon_set_revisions_are_matched_by_the_hash_label() -> None:
    owner = f.daemon_set("ag", desired=2, image="ag:2", updated=1)
    history = [controller_revision(owner, 1, "ag:1", "aaa"), controller_revision(owner, 2, "ag:2", "bbb")]
    rows = [row_of("Pod", one) for one in f.pods_of(owner, 1, label="aaa")]
    revisions = controller_revisions(owner, history, [one for one in rows if isinstance(one, PodRow)])
    assert [(one.number, one.current, one.available) for one in revisions] == [(2, True, 0), (1, False, 1)]


def test_after_an_undo_the_highest_equal_revision_is_current() -> None:
    owner = f.stateful_set("db", image="db:1")
    history = [
        controller_revision(owner, 3, "db:1", "c"),
        controller_revision(owner, 1, "db:1", "a"),
        controller_revision(owner, 2, "db:2", "b"),
    ]
    assert [one.number for one in controller_revisions(owner, history) if one.current] == [3]


def test_templates_are_equal_but_for_the_hash_and_empty_fields() -> None:
    one, two = f.template("press:1"), f.template("press:1", "abc")
    two["spec"]["containers"][0] |= {"env": [], "command": None}
    assert template_equal(one, two)
    assert template_equal(two, one)
    assert not template_equal(one, f.template("press:2"))


def test_a_rollout_of_no_pods_proves_nothing() -> None:
    made = f.deployment("press", replicas=0, revision=1)
    (revision,) = deployment_revisions(made, [f.replica_set(made, "one", replicas=0)])
    assert (revision.current, revision.known_good) == (True, False)


def test_replicas_that_are_null_are_one() -> None:
    made = f.deployment("press", replicas=1, revision=1)
    made["spec"]["replicas"] = None
    assert deployment_revisions(made, [f.replica_set(made, "one", replicas=1)])[0].known_good


def test_the_first_revision_of_a_stateful_set_whose_pods_all_fail_never_worked() -> None:
    """The controller names the first one its current revision before a pod of it was ever ready."""
    owner = f.stateful_set("db", image="db:worse", ready=0, current_revision="db-a", update_revision="db-b")
    history = [controller_revision(owner, 1, "db:bad", "a"), controller_revision(owner, 2, "db:worse", "b")]
    stuck = f.image_pull("db-0", owner=owner, labels={"controller-revision-hash": "db-a"})
    assert suggestion(controller_revisions(owner, history, [stuck]))[0] is None


def test_a_deployment_without_a_revision_yet_stands_at_none_of_its_sets() -> None:
    made = f.deployment("press", image="press:9")
    made["metadata"]["annotations"].clear()
    old = f.replica_set(made, "one")
    old["metadata"]["annotations"].clear()
    assert not any(one.current for one in deployment_revisions(made, [old]))


def test_a_cause_that_the_controller_copied_is_told_of_the_revision_it_was_written_for() -> None:
    """Rolled back to, the oldest has the highest number; who released after it wrote no cause of their own."""
    cause = {"kubernetes.io/change-cause": "back to press:1"}
    made = f.deployment("press", revision=4, image="press:4")
    sets = [
        f.replica_set(made, "d", revision=4, image="press:4", annotations=cause, created=f.NOW - 10),
        f.replica_set(made, "a", revision=3, image="press:1", annotations=cause, created=f.NOW - 90),
        f.replica_set(made, "b", revision=2, image="press:2", created=f.NOW - 50),
    ]
    causes = [(one.number, one.cause) for one in deployment_revisions(made, sets)]
    assert causes == [(4, ""), (3, "back to press:1"), (2, "")]


def test_a_revision_without_data_is_one_without_images() -> None:
    made = f.stateful_set("camera", current_revision="camera-a", update_revision="camera-a")
    for data in ({}, {"data": None}):
        one = {"metadata": f.meta("ControllerRevision", "camera-a", owner=made), "revision": 1, **data}
        (found,) = controller_revisions(made, [one], [])
        assert (found.number, found.name, found.images) == (1, "camera-a", ())


@pytest.mark.parametrize(
    ("wanted", "available", "serves"),
    [(1, 1, True), (1, 0, False), (3, 2, False), (3, 3, True), (3, 4, True), (0, 0, False), (0, 1, True)],
)
def test_what_serves_has_as_many_available_as_are_wanted_and_more_than_none(
    wanted: int, available: int, serves: bool
) -> None:
    assert _served({"metadata": {}, "spec": {"replicas": wanted}}, available) is serves
    asked = {"metadata": {}, "spec": {}, "status": {"desiredNumberScheduled": wanted}}
    assert _served(asked, available) is serves


def test_how_many_pods_a_revision_has_is_what_its_set_says() -> None:
    made = f.deployment("press", replicas=3, revision=8)
    new = f.replica_set(made, "b", revision=8, replicas=2, ready=1)
    old = f.replica_set(made, "a", revision=7, replicas=1, ready=0)
    del old["status"]
    assert [(one.number, one.replicas, one.available) for one in deployment_revisions(made, [old, new])] == [
        (8, 2, 1),
        (7, 0, 0),
    ]
