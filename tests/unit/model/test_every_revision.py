"""What every field of a workload, its ReplicaSets, its ControllerRevisions and its pods does to its revisions.

`pytest tests/unit/model/test_every_revision.py --snapshot-update` takes what is made now; look at what differs first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise, product
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.pod import PodRow
from edgetui.model.kinds.wire import Condition
from edgetui.model.rollout.eta import pace
from edgetui.model.rollout.history import RevisionNode, marks, runs
from edgetui.model.rollout.revision import (
    Revision,
    controller_revisions,
    deployment_revisions,
    judged,
    last_known_good,
    suggestion,
    template_equal,
)
from edgetui.model.rollout.status import Segments, bar, cells_of, countdown, healthy, proven
from tests.ui.test_every_field import differences, variants_of
from tests.unit.model import factories as f
from tests.unit.model.test_every_guard_step import revision
from tests.unit.model.test_revision import after_two_bad_releases

Json = dict[str, Any]
ODD = (LookupError, TypeError, AttributeError, ValueError)


def words(one: Revision) -> str:
    known = "good" if one.known_good else "withdrawn" if one.withdrawn else "unknown"
    return (
        f"{one.number} {one.name} {'current ' if one.current else ''}{known} {one.available}/{one.replicas} "
        f"{','.join(one.images)} {one.cause!r} {one.created - f.NOW} {one.template} {one.annotations} {one.data}"
    )


def of_sets(objects: Sequence[Json]) -> Iterator[str]:
    deployment, *sets = objects
    found = deployment_revisions(deployment, sets)
    yield from map(words, found)
    good, why = suggestion(found)
    yield f"takes {good.name if good else 'none'}: {why}"


def of_controller(objects: Sequence[Json]) -> Iterator[str]:
    owner, *others = objects
    pods = [one for one in others if one["kind"] == "Pod"]
    found = controller_revisions(owner, [one for one in others if one["kind"] != "Pod"], pods)
    yield from map(words, found)
    good, why = suggestion(found)
    yield f"takes {good.name if good else 'none'}: {why}"


def controller_revision(owner: Json, name: str, number: int, image: str = "press:1", **more: Any) -> Json:
    template = f.template(image) | {"$patch": "replace"}
    notes = {"kubernetes.io/change-cause": f"image {image}", "ops/note": "keep"}
    labels = {"controller-revision-hash": name.rpartition("-")[2]}
    meta = f.meta("ControllerRevision", name, owner=owner, annotations=notes, labels=labels, **more)
    return {
        "kind": "ControllerRevision",
        "metadata": meta,
        "revision": number,
        "data": {"spec": {"template": template}},
    }


DEPLOYED, SETS = after_two_bad_releases()
GOOD = f.deployment("press", replicas=2, revision=2, image="press:2")
TWINS = [
    f.replica_set(GOOD, "a", revision=1, replicas=0, image="press:2", created=f.NOW - 900),
    f.replica_set(GOOD, "b", revision=2, replicas=2, image="press:2", created=f.NOW - 60),
]
UNSEEN = f.deployment("press", revision=1, image="press:9", generation=2, observed=1)
NOT_MADE = f.deployment("press", revision=1, image="press:9")
STATEFUL = f.stateful_set(
    "db", ready=2, updated=1, current_revision="db-a", update_revision="db-b", image="press:2"
)
DAEMON = f.daemon_set("ag", desired=2, image="press:2")
OF_STATEFUL = [
    controller_revision(STATEFUL, "db-a", 1),
    controller_revision(STATEFUL, "db-b", 3, "press:2"),
    controller_revision(STATEFUL, "db-c", 2, "press:3"),
]
OF_DAEMON = [
    controller_revision(DAEMON, "ag-a", 1),
    controller_revision(DAEMON, "ag-b", 2, "press:2"),
]
SCENES: dict[str, tuple[Callable[[Sequence[Json]], Iterator[str]], list[Json]]] = {
    "deployment after two bad releases": (of_sets, [DEPLOYED, *SETS]),
    "deployment with twins": (of_sets, [GOOD, *TWINS]),
    "deployment not seen": (of_sets, [UNSEEN, f.replica_set(UNSEEN, "a", revision=1)]),
    "deployment whose set is not made": (of_sets, [NOT_MADE, f.replica_set(NOT_MADE, "a", revision=1)]),
    "stateful set": (
        of_controller,
        [
            STATEFUL, *OF_STATEFUL,
            f.pod("db-0", owner=STATEFUL, labels={"controller-revision-hash": "db-a"}),
            f.pod("db-1", owner=STATEFUL, labels={"controller-revision-hash": "db-b"}, ready="False"),
            f.pod("db-2", owner=STATEFUL, labels={"controller-revision-hash": "db-c"}, deleting=f.NOW),
        ],
    ),
    "daemon set": (
        of_controller,
        [
            DAEMON, *OF_DAEMON,
            f.pod("ag-0", owner=DAEMON, labels={"controller-revision-hash": "b"}),
            f.pod("ag-1", owner=DAEMON, labels={"controller-revision-hash": "b"}),
        ],
    ),
    "daemon set of another template": (of_controller, [f.daemon_set("ag", desired=2, image="press:7"), *OF_DAEMON]),
}  # fmt: skip


def made(of: Callable[[Sequence[Json]], Iterator[str]], objects: Sequence[Json]) -> list[str]:
    try:
        return list(of(objects))
    except ODD as problem:
        return [type(problem).__name__]


@pytest.mark.parametrize("scene", SCENES)
def test_what_every_field_does_to_revisions(scene: str, snapshot: SnapshotAssertion) -> None:
    of, objects = SCENES[scene]
    usual, found = made(of, objects), dict[tuple[str, ...], list[str]]()
    for at, one in enumerate(objects):
        for what, variant in variants_of(one):
            if lines := differences(usual, made(of, [*objects[:at], variant, *objects[at + 1 :]])):
                now = tuple(line for line in lines if not line.startswith("-"))
                found.setdefault(now, []).append(f"{one['kind']} {one['metadata']['name']}: {what}")
    parts = ["\n".join([*(f"# {what}" for what in by), *lines]) for lines, by in found.items()]
    assert "\n\n".join(["\n".join(usual), *parts]) == snapshot


def test_what_the_record_says_besides() -> None:
    revisions = [
        revision(4, "d", current=True), revision(3, "c", good=True), revision(2, "b"), revision(1, "a", good=True)
    ]  # fmt: skip

    def known(worked: set[str], withdrawn: dict[str, int]) -> list[str]:
        found = judged(revisions, worked, withdrawn)
        return ["good" if one.known_good else "withdrawn" if one.withdrawn else "" for one in found]

    assert known(set(), {}) == ["", "good", "", "good"]
    assert known({"b", "d"}, {}) == ["", "good", "good", "good"]
    assert known({"b", "c"}, {"c": 3, "b": 1, "d": 4}) == ["", "withdrawn", "good", "good"]
    assert known({"b"}, {"b": 2}) == ["", "good", "withdrawn", "good"]


@pytest.mark.parametrize(
    ("counts", "name"),
    [
        ([(0, 0), (0, 0)], "b"),
        ([(1, 1), (0, 0)], "a"),
        ([(2, 3), (0, 0)], "b"),
        ([(2, 2), (3, 3)], "b"),
        ([(3, 3), (3, 4)], "a"),
        ([(2, 3), (1, 2)], "a"),
    ],
)
def test_the_best_that_is_known_to_work(counts: list[tuple[int, int]], name: str) -> None:
    revisions = [
        revision(number, letter, good=True, available=available, replicas=replicas)
        for number, (letter, (available, replicas)) in enumerate(zip("ab", counts, strict=True), 1)
    ]
    found = last_known_good(revisions)
    assert found is not None
    assert found.name == name
    serves = {0: "its rollout completed", 1: "1 pod of it serves now"}
    assert suggestion(revisions) == (
        found,
        serves.get(found.available, f"{found.available} pods of it serve now"),
    )
    assert suggestion([]) == (None, "no other revision is known to have worked")
    assert last_known_good([revision(1, "a", good=True, current=True), revision(2, "b")]) is None


def test_what_is_marked_of_each() -> None:
    history = [
        revision(5, "e", current=True, good=True), revision(4, "d", withdrawn=True), revision(3, "c", good=True),
        revision(2, "b"), revision(1, "a", good=True),
    ]  # fmt: skip
    assert marks(history) == {"e": "now", "d": "withdrawn", "c": "last good", "b": "", "a": "worked"}


OF: dict[str, Any] = {"namespace": "d", "name": "press", "uid": "u", "resource_version": "1"}


@pytest.mark.parametrize(
    ("name", "template", "is_run"),
    [("press-7f", "7f", True), ("press-7f", "press-7f", True), ("press-7f", "f", False), ("press-7f", "", False),
     ("7f", "7f", True), ("press7f", "7f", False)],
)  # fmt: skip
def test_whether_a_pod_runs_a_revision(name: str, template: str, is_run: bool) -> None:
    assert runs(name, PodRow(**OF, template=template)) is is_run


def test_a_revision_counts_the_pods_that_stay() -> None:
    pods = tuple(
        PodRow(**OF, condition=condition, deleting=deleting)
        for condition, deleting in (("True", 0), ("True", 9), ("False", 0), ("False", 9), ("True", 0))
    )
    node = RevisionNode(1, "a", "", (), "", 0, pods)
    assert (node.ready, node.staying) == (2, 3)


@pytest.mark.parametrize(
    ("one", "other", "is_equal"),
    [
        ({"spec": {"a": None, "b": {}, "c": []}}, {"spec": {}}, True),
        ({"spec": {"a": 0}}, {"spec": {}}, False),
        ({"spec": {"a": False}}, {"spec": {}}, False),
        ({"spec": {"a": ""}}, {"spec": {}}, False),
        (
            {"metadata": {"labels": {"pod-template-hash": "a", "b": "c"}}},
            {"metadata": {"labels": {"b": "c"}}},
            True,
        ),
        ({"metadata": {"labels": {"pod-template-hash": "a"}}}, {}, True),
        ({"metadata": {"labels": None}}, {"metadata": {}}, True),
        ({"$patch": "replace", "spec": {"a": 1}}, {"spec": {"a": 1}}, True),
        ({"spec": {"$patch": "replace"}}, {"spec": {}}, False),
        ({"spec": {"a": [{"b": None}]}}, {"spec": {"a": [{}]}}, True),
        ({"spec": {"a": [1, 2]}}, {"spec": {"a": [2, 1]}}, False),
    ],
)
def test_which_templates_are_equal(one: Json, other: Json, is_equal: bool) -> None:
    assert template_equal(one, other) is is_equal
    assert template_equal(other, one) is is_equal


def test_how_long_is_left(snapshot: SnapshotAssertion) -> None:
    lines = []
    for times, left, min_ready, idle in product(
        ((), (60,), (60, 120), (10, 20, 30, 90, 150, 210), (5, 5), (300, 3900)),
        (0, 1, 4, 40),
        (0, 30),
        (0, 30, 31, 400),
    ):
        pods = [PodRow(**OF, created=f.NOW - 4000, condition="True", ready_after=at) for at in times]
        others = [
            PodRow(**OF, created=f.NOW - 4500, condition="True", ready_after=1, restarts=1),
            PodRow(**OF, created=f.NOW - 4500, condition="True", ready_after=1, phase="Failed"),
            PodRow(**OF, created=f.NOW - 4000, condition="False", ready_after=2),
            PodRow(**OF, created=f.NOW - 4000, condition="True", ready_after=3, deleting=f.NOW),
        ]
        now = f.NOW - 4000 + max(times, default=0) + min_ready + idle
        found = pace([*pods, *others], left, min_ready, now)
        told = f"{found.each:.6g} {found.low:.6g} {found.high:.6g} {found.words}" if found else "not known"
        lines.append(f"{times} {left} left, {min_ready} min, {idle} idle: {told}")
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize("width", [1, 6, 10])
def test_the_cells_of_a_bar_are_all_of_it_and_show_every_part(width: int) -> None:
    for parts in product((0, 1, 40), repeat=6):
        cells = cells_of(Segments(*parts), width)
        assert sum(cells) == width
        shown = [part for part, cell in zip(parts, cells, strict=True) if cell]
        if any(parts):
            assert all(part for part in shown)
            assert sum(map(bool, parts)) > width or all(
                bool(part) == bool(cell) for part, cell in zip(parts, cells, strict=True)
            )
        if width >= 10:
            pairs = sorted(zip(parts, cells, strict=True))
            assert all(fewer <= more for (_, fewer), (_, more) in pairwise(pairs))


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ((0, 0, 0, 0, 0, 0), "[          ]"),
        ((1, 1, 1, 1, 1, 1), "[==++..oox ]"),
        ((3, 0, 0, 0, 0, 0), "[==========]"),
        ((1, 0, 0, 2, 0, 0), "[===ooooooo]"),
        ((100, 1, 0, 0, 1, 0), "[========+x]"),
        ((1, 0, 2, 0, 0, 1), "[===.....  ]"),
    ],
)
def test_a_bar(parts: tuple[int, ...], text: str) -> None:
    assert bar(Segments(*parts)) == text
    assert bar(Segments(*parts), 12) == text


def test_who_is_healthy_and_who_is_proven() -> None:
    def of(**more: int) -> tuple[bool, bool]:
        counts = {"replicas": 3, "current": 3, "updated": 3, "ready": 3, "available": 3} | more
        row = DeploymentRow(**OF | counts)
        return healthy(row), proven(row)

    assert of() == (True, True)
    assert of(available=4) == (True, True)
    assert of(available=2) == (False, False)
    assert of(replicas=0, updated=0, current=0, available=0) == (False, False)
    assert of(updated=2, current=2) == (False, False)
    assert of(generation=2, observed=1) == (False, False)


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({}, (40.0, 600)),
        ({"deadline": 30}, (40.0, 30)),
        ({"paused": True}, None),
        ({"generation": 2, "observed": 1}, None),
        ({"conditions": ()}, None),
        ({"updated": 3, "available": 3}, None),
        ({"conditions": (Condition("Progressing", "False", "x", updated=f.NOW - 40),)}, None),
        (
            {"conditions": (Condition("Progressing", "True", "NewReplicaSetAvailable", updated=f.NOW - 40),)},
            None,
        ),
        ({"conditions": (Condition("Progressing", "True", "x", updated=f.NOW + 40),)}, (0.0, 600)),
    ],
)
def test_a_countdown_runs_while_a_deployment_moves(
    more: dict[str, Any], found: tuple[float, int] | None
) -> None:
    moves = Condition("Progressing", "True", "ReplicaSetUpdated", updated=f.NOW - 40)
    counts = {"replicas": 3, "current": 3, "updated": 1, "ready": 3, "available": 3}
    row = DeploymentRow(**OF | counts | {"conditions": (moves,)} | more)
    assert countdown(row, f.NOW) == found
