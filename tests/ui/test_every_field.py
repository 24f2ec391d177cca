"""What every field of an object does to its row and its page: each is left out, and moved a little, one at a time.

The pictures hold what changes, and nothing else. `pytest tests/ui/test_every_field.py --snapshot-update` takes what is
said now; look at what differs first.
"""

from __future__ import annotations

import copy
import difflib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import row_of
from edgetui.model.kinds.base import NotReadable
from edgetui.model.kinds.canary import CANARY
from edgetui.model.kinds.pod import PodRow
from edgetui.model.kinds.rollout import ROLLOUT
from edgetui.model.panes import PANES
from edgetui.ui.details import detail
from edgetui.ui.details.pod import lines as pod_lines
from edgetui.ui.spans import plain
from tests.unit.model import factories as f
from tests.unit.model import updates as u
from tests.unit.model.test_canary import serving
from tests.unit.model.test_cronjob import cron_job
from tests.unit.model.test_job import COMPLETE, FAILED, job
from tests.unit.model.test_pod_printed import row as printed_row

Json = dict[str, Any]
Path = tuple[str | int, ...]

NODES = [
    f.node("node-1"),
    f.node("node-2", ready="Unknown", reason="NodeStatusUnknown", heartbeat=f.NOW - 760),
]
PRESS = f.deployment(
    "press", replicas=4, updated=2, current=5, ready=3, available=3, revision=8, generation=9, observed=9,
    progressing=("True", "ReplicaSetUpdated"),
)  # fmt: skip
NEW = f.replica_set(PRESS, "7f9c66", revision=8, replicas=2, ready=0, created=f.NOW - 130)
OLD = f.replica_set(PRESS, "66d8c4", revision=7, replicas=3, created=f.NOW - 86_400)
PODS_OF_PRESS = [*f.pods_of(NEW, 2, build=f.image_pull), *f.pods_of(OLD, 3)]
SET = f.stateful_set(
    "historian",
    replicas=3,
    updated=1,
    ready=2,
    partition=1,
    update_revision="press-b",
    current_revision="press-a",
)
AGENT = f.daemon_set("agent", desired=3, updated=2, ready=2, available=1, misscheduled=1)
METRIC = {
    "type": "Pods",
    "pods": {"metric": {"name": "queue"}, "target": {"type": "AverageValue", "averageValue": "10"}},
}
READING = {"type": "Pods", "pods": {"metric": {"name": "queue"}, "current": {"averageValue": "17"}}}
LIMITED = (
    f.cond("AbleToScale", "True", "ReadyForNewScale", "recommended size matches current size"),
    f.cond("ScalingActive", "True", "ValidMetricFound", "the HPA was able to compute the replica count"),
    f.cond("ScalingLimited", "True", "TooManyReplicas", "the desired replica count is more than the maximum"),
)
BLIND = (
    f.cond(
        "AbleToScale", "True", "SucceededGetScale", "the HPA controller was able to get the target's scale"
    ),
    f.cond("ScalingActive", "False", "FailedGetResourceMetric", "unable to get metrics for resource cpu"),
)

SCENES: dict[str, list[Json]] = {
    "pod that runs": [f.pod("press", ready_at=f.NOW - 400, created=f.NOW - 500), *NODES],
    "pod that crashes": [
        f.pod("press", statuses=[f.crashing(137, "OOMKilled", restarts=14)], created=f.NOW - 1900),
        *NODES,
    ],
    "pod without its image": [f.image_pull("press", created=f.NOW - 125), *NODES],
    "pod without a node": [
        f.pod(
            "press",
            node="",
            statuses=[],
            created=f.NOW - 90,
            conditions=[
                f.cond(
                    "PodScheduled", "False", "Unschedulable", "0/2 nodes are available: 2 Insufficient cpu."
                ),
            ],
        ),
        *NODES,
    ],
    "pod that ends": [f.pod("press", deleting=f.NOW - 40, created=f.NOW - 900), *NODES],
    "pod on a silent node": [f.pod("press", node="node-2", created=f.NOW - 900), *NODES],
    "pod that has failed": [
        f.pod(
            "press",
            phase="Failed",
            reason="Evicted",
            message="The node was low on resource: memory.",
            statuses=[],
            created=f.NOW - 900,
        ),
        *NODES,
    ],
    "deployment under way": [PRESS, NEW, OLD, *PODS_OF_PRESS, *NODES],
    "deployment that is complete": [f.deployment("press", replicas=2, min_ready=30), *NODES],
    "deployment past its deadline": [
        f.deployment(
            "press",
            replicas=2,
            updated=1,
            ready=1,
            available=1,
            paused=True,
            progressing=("False", "ProgressDeadlineExceeded"),
            conditions=[f.cond("ReplicaFailure", "True", "FailedCreate", "exceeded quota: small")],
        ),
        *NODES,
    ],
    "stateful set under way": [SET, *f.pods_of(SET, 3, label="press-a"), *NODES],
    "stateful set on delete": [
        f.stateful_set("historian", strategy="OnDelete", updated=1, update_revision="press-b"),
        *NODES,
    ],
    "daemon set": [
        AGENT,
        *f.pods_of(AGENT, 3, label="76b7", labels={"pod-template-generation": "1"}),
        *NODES,
    ],
    "autoscaler at its maximum": [
        f.autoscaler("press", bounds=(2, 6), current=6, desired=6, cpu=93, conditions=LIMITED),
        f.deployment("press", replicas=6),
    ],
    "autoscaler that sees nothing": [
        f.autoscaler("press", cpu=None, conditions=BLIND),
        f.deployment("press", replicas=3),
    ],
    "autoscaler on two metrics": [
        f.autoscaler("press", current=3, desired=5, metrics=[METRIC], readings=[READING], scaled=f.NOW - 20),
        f.deployment("press", replicas=3),
    ],
    "node": [
        f.node("node-1", roles=("worker",), taints=[{"key": "line", "value": "2", "effect": "NoSchedule"}]),
        f.pod("press"),
    ],
    "node that is silent": [NODES[1], f.pod("press", node="node-2")],
    "job that has failed": [job("press", FAILED, failed=7), *NODES],
    "job that is complete": [job("press", *COMPLETE, succeeded=1), *NODES],
    "job that runs": [job("press", active=1, failed=2, suspend=False), *NODES],
    "cron job": [
        cron_job("night", lastScheduleTime=f.stamp(f.NOW - 400), lastSuccessfulTime=f.stamp(f.NOW - 700)),
        *NODES,
    ],
}

LEFT_OUT = ("managedFields", "uid", "resourceVersion", "selfLink")


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every part of an object that holds no others, and every part that does, with where it stands."""
    if path:
        yield path, value
    parts: Sequence[tuple[str | int, Any]] = (
        list(value.items())
        if isinstance(value, dict)
        else list(enumerate(value))
        if isinstance(value, list)
        else []
    )
    for name, part in parts:
        if name not in LEFT_OUT and (*path, name) not in (("kind",), ("apiVersion",), ("metadata", "name")):
            yield from leaves(part, (*path, name))


def others(value: Any) -> Iterator[tuple[str, Any]]:
    """What may stand in the place of a value, and how that is called."""
    if isinstance(value, bool):
        yield str(not value).lower(), not value
    elif isinstance(value, int):
        yield from ((f"{value + step}", value + step) for step in (-1, 1))
        yield "0", 0
    elif isinstance(value, str) and value.endswith("Z") and "T" in value:
        yield "an hour later", f.stamp(_moment(value) + 3600)
        yield "an hour before", f.stamp(_moment(value) - 3600)
    elif isinstance(value, str) and value in ("True", "False"):
        yield from ((word, word) for word in ("True", "False", "Unknown") if word != value)
    elif isinstance(value, str):
        yield "another word", "Other"
    elif isinstance(value, list):
        yield "none", []


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def changed(document: Json, path: Path, change: Callable[[Any, str | int], None]) -> Json:
    made = copy.deepcopy(document)
    place: Any = made
    for step in path[:-1]:
        place = place[step]
    change(place, path[-1])
    return made


def said(document: Json, beside: Sequence[Json]) -> list[str]:
    """The row for scripts and the page of an object among others, as lines."""
    try:
        kind, store = u.id_of(document), u.store_of(document, *beside)
        if any(one["kind"] in (CANARY, ROLLOUT) for one in (document, *beside)):
            store.kinds.replace_discovered(serving().kinds._discovered)
        row = row_of(kind, document)
        pane = PANES.of(kind)
        assert pane is not None
        built = pane.build(store, kind, row, f.NOW)
        key = ObjectKey("plant", kind, row.namespace, row.name)
        page = [plain(one) for one in detail(store, key, row, f.NOW, 100, (), "")]
    except NotReadable as problem:
        return [f"not readable: {problem}"]
    return [*(f"{name}: {json.dumps(value)}" for name, value in pane.json(built, f.NOW).items()), *page]


def differences(usual: list[str], now: list[str]) -> list[str]:
    if len(now) == 1:
        return now
    lines = difflib.unified_diff(usual, now, n=0, lineterm="")
    return [line for line in lines if line[:2] not in ("--", "++", "@@")]


def variants_of(document: Json) -> Iterator[tuple[str, Json]]:
    """Each change of one field, with its words."""
    for path, value in leaves(document):
        name = ".".join(map(str, path))

        def left_out(place: Any, at: str | int) -> None:
            del place[at]

        yield f"{name} left out", changed(document, path, left_out)
        for word, other in others(value):

            def put(place: Any, at: str | int, other: Any = other) -> None:
                place[at] = other

            yield f"{name}: {word}", changed(document, path, put)


def told(usual: list[str], variants: Iterable[tuple[str, list[str]]]) -> str:
    """Every change of words, with the changes of fields that lead to it."""
    found: dict[tuple[str, ...], list[str]] = {}
    for what, lines in variants:
        if other := differences(usual, lines):
            found.setdefault(tuple(other), []).append(what)
    parts = ["\n".join([*(f"# {what}" for what in by), *lines]) for lines, by in found.items()]
    return "\n\n".join(["\n".join(usual), *parts])


def report(document: Json, *beside: Json) -> str:
    """What each field of an object does to what is said of it."""
    return told(said(document, beside), ((what, said(one, beside)) for what, one in variants_of(document)))


def report_beside(document: Json, *beside: Json) -> str:
    """What each field of the objects beside one does to what is said of it."""
    return told(
        said(document, beside),
        (
            (
                f"{other['kind']} {other['metadata']['name']}: {what}",
                said(document, [*beside[:at], one, *beside[at + 1 :]]),
            )
            for at, other in enumerate(beside)
            for what, one in variants_of(other)
        ),
    )


@pytest.mark.parametrize(
    ("row", "lines"),
    [
        (
            printed_row(),
            ["  status      Running, 1 of 1 containers ready", "  node        edge-1", "  age         3d"],
        ),
        (
            printed_row("Pending", "0/1", restarts="3 (2m ago)", on="<none>"),
            [
                "  status      Pending, 0 of 1 containers ready",
                "  restarts    3",
                "  node        none yet",
                "  age         3d",
            ],
        ),
    ],
)
def test_what_only_the_server_printed_of_a_pod_is_told_until_the_rest_is_there(
    row: PodRow, lines: list[str]
) -> None:
    page = [plain(one) for one in pod_lines(f.store_of(f.node("edge-1")), row, f.NOW, 80)]
    assert page == [*lines, "", "  the rest is being read"]


@pytest.mark.parametrize("scene", SCENES)
def test_what_every_field_does(scene: str, snapshot: SnapshotAssertion) -> None:
    assert report(*SCENES[scene]) == snapshot
