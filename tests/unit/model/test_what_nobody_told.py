"""Fields that an object leaves out, or that no reader can make sense of: the row has what the API says they mean."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.autoscaling.limits import limits
from edgetui.model.autoscaling.vpa_keda import one_scaled_object, scaled_object
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.event import EventRow
from edgetui.model.kinds.pod import PodRow
from edgetui.model.kinds.wire import number, replicas
from edgetui.model.pod.diagnosis import diagnose
from tests.unit.model import factories as f

METADATA = {"name": "x", "namespace": "d", "uid": "u", "resourceVersion": "1"}
NEEDED = {"HorizontalPodAutoscaler": {"spec": {"maxReplicas": 0}}}
"""What the API never leaves out."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("parts", [{}, {"spec": {}, "status": {}}, {"spec": None, "status": None}])
def test_an_object_of_which_only_the_name_is_known_is_a_row_of_defaults(kind: str, parts: f.Json) -> None:
    row: Any = row_of(kind, {"metadata": METADATA, **parts, **NEEDED.get(kind, {})})
    assert row == type(row)(namespace="d", name="x", uid="u", resource_version="1")


@pytest.mark.parametrize("kind", KINDS)
def test_an_object_without_metadata_is_a_row_without_a_name(kind: str) -> None:
    row: Any = row_of(kind, {"metadata": {}, **NEEDED.get(kind, {})})
    assert row == type(row)(namespace="", name="", uid="", resource_version="")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (None, 0),
        ("", 0),
        ("0", 0),
        ("7", 7),
        ("007", 7),
        ("9" * 19, int("9" * 19)),
        ("9" * 20, 0),
        ("-1", 0),
        ("1.5", 0),
        (" 7", 0),
        ("٣", 0),
        ("²", 0),
        ("x", 0),
    ],
)
def test_a_number_in_an_annotation(text: str | None, value: int) -> None:
    assert number(text) == value


def test_replicas_that_are_not_told_are_one_as_for_kubectl() -> None:
    assert [replicas(spec) for spec in ({}, {"replicas": None}, {"replicas": 0}, {"replicas": 4})] == [
        1,
        1,
        0,
        4,
    ]


@pytest.mark.parametrize(
    ("told", "type_"), [({"type": "Warning"}, "Warning"), ({"type": ""}, "Normal"), ({}, "Normal")]
)
def test_the_type_of_an_event(told: f.Json, type_: str) -> None:
    row = row_of("Event", {"metadata": METADATA, **told})
    assert isinstance(row, EventRow)
    assert row.type == type_


STATES: list[tuple[f.Json, bool, str, int]] = [
    ({"running": {}}, True, "Running", 1),
    ({"running": {}}, False, "Running", 0),
    ({}, True, "Running", 0),
    ({"waiting": {}}, True, "Running", 0),
    ({"waiting": {"reason": "CrashLoopBackOff"}}, True, "CrashLoopBackOff", 0),
    ({"terminated": {"exitCode": 0, "reason": "Completed"}}, True, "Completed", 0),
]


@pytest.mark.parametrize(("state", "ready", "word", "count"), STATES)
def test_a_container_counts_as_ready_while_it_runs(state: f.Json, ready: bool, word: str, count: int) -> None:
    status = f.running() | {"ready": ready, "state": state}
    row = row_of("Pod", f.pod("a", statuses=[status], phase="Running", ready="False"))
    assert isinstance(row, PodRow)
    assert (row.status, row.ready, row.containers) == (word, count, 1)


EXITS = {
    126: "the command is not executable",
    127: "the command does not exist",
    134: "it aborted",
    137: "it was killed",
    139: "a memory fault",
    143: "it was told to stop",
}


@pytest.mark.parametrize("code", [1, 2, 125, *EXITS, 128, 136, 144, 255])
def test_what_an_exit_code_means(code: int) -> None:
    row = row_of("Pod", f.pod("a", statuses=[f.crashing(code, "Error")]))
    assert isinstance(row, PodRow)
    found = diagnose(row)
    assert found is not None
    why = f", {EXITS[code]}" if code in EXITS else ""
    assert (found.short, found.sentence) == (f"crash, exit {code}", f"crashes: exit {code}{why}")


TEMPLATE = {"spec": {"containers": [{"resources": {"requests": {"cpu": "500m", "memory": "0"}}}]}}


@pytest.mark.parametrize(
    ("hard", "used", "said"),
    [
        ({"requests.cpu": "2"}, {"requests.cpu": "1"}, ""),
        ({"requests.cpu": "2"}, {"requests.cpu": "1500m"}, "leaves room for 1 more"),
        ({"requests.cpu": "2"}, {"requests.cpu": "3"}, "leaves room for none"),
        ({"requests.cpu": "2"}, {}, ""),
        ({}, {"requests.cpu": "3"}, ""),
        ({"requests.cpu": "2"}, {"requests.cpu": "odd"}, ""),
        ({"requests.memory": "1Gi"}, {"requests.memory": "1Gi"}, ""),
        ({"limits.cpu": "1"}, {"limits.cpu": "1"}, ""),
        ({"count/pods": "5"}, {"count/pods": "4"}, "leaves room for 1 more (4 of 5 count/pods in use)"),
    ],
)
def test_a_quota_counts_only_what_it_bounds_and_what_is_asked_for(
    hard: f.Json, used: f.Json, said: str
) -> None:
    quota = {"metadata": {"name": "team"}, "spec": {}, "status": {"hard": hard, "used": used}}
    found = limits([], [quota], TEMPLATE)
    assert found.unreadable == 0
    warnings = found.warnings(2, 2, 4)
    assert [said in one for one in warnings] == ([True] if said else [])


WAYS = {"in": "autoscaling.keda.sh/paused-scale-in", "out": "autoscaling.keda.sh/paused-scale-out"}


@pytest.mark.parametrize("value", ["true", "True", "1", "t", "yes", "", "false", "False", "0", "f", None])
@pytest.mark.parametrize("way", WAYS)
def test_keda_is_paused_one_way_by_anything_but_a_no(way: str, value: str | None) -> None:
    notes = {} if value is None else {WAYS[way]: value}
    found = one_scaled_object({"metadata": {"name": "q", "annotations": notes}, "spec": {}})
    paused = value not in (None, "false", "False", "0", "f")
    assert found.one_way == ((f"{way}",) if paused else ())
    assert (f"scale-{way} paused" in found.words) == paused


def test_a_scaled_object_that_says_nothing_has_the_defaults_of_keda() -> None:
    found = scaled_object([{"spec": {"scaleTargetRef": {"name": "press"}}}], "Deployment", "press")
    assert found is not None
    assert (found.low, found.high, found.generation, found.answered, found.silent) == (0, 100, 0, "", True)
    assert (found.held, found.held_at, found.paused) == (None, None, False)


@pytest.mark.parametrize(
    ("conditions", "answered", "silent"),
    [
        ([], "", True),
        ([{"type": "Ready", "status": "True"}], "", False),
        ([{"type": "Ready", "status": "True"}, {"type": "Paused", "status": "False"}], "False", False),
        ([{"type": "Paused", "status": "True"}], "True", False),
    ],
)
def test_what_keda_has_answered(conditions: list[f.Json], answered: str, silent: bool) -> None:
    found = one_scaled_object({"metadata": {}, "spec": {}, "status": {"conditions": conditions}})
    assert (found.answered, found.silent) == (answered, silent)
