"""Whatever shape an answer has, an action ends in a sentence and writes nothing; one odd object costs itself only."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from edgetui.actions import reading
from edgetui.cluster.errors import ProtocolError

from .scripted import Answer, Request
from .site import Bench, Json, bench, workload
from .test_every_ending import ACTS

__all__ = ["bench"]

OBJECT_OF = {
    name: write.split()[1].removesuffix("/scale").removesuffix("/resize") for name, (_, write) in ACTS.items()
}
OBJECT_OF["unstick"] = (
    OBJECT_OF["unstick"].replace("/api/v1", "/apis/apps/v1").replace("pods/camera-2", "statefulsets/camera")
)
OBJECT_OF["keda-pause"] = "/apis/apps/v1/namespaces/line-2/deployments/lidar"
OBJECT_OF["keda-unpause"] = "/apis/apps/v1/namespaces/line-2/deployments/radar"

WHOLE: list[Any] = [
    {},
    [],
    None,
    "x",
    3,
    True,
    [{}],
    {"kind": "Status", "status": "Success"},
    {"metadata": None},
]
ODD: list[Any] = [None, [], "x", 7, {"a": 1}]
PLACES = ("metadata", "spec", "status", "metadata.uid", "metadata.resourceVersion", "metadata.annotations")
PARTS: list[tuple[str, Any]] = [(place, value) for place in PLACES for value in ODD]
PARTS += [
    ("spec.replicas", "x"),
    ("spec.replicas", -1),
    ("spec.replicas", []),
    ("spec.template", None),
    ("spec.template", []),
    ("spec.template", {}),
    ("spec.template.spec", None),
    ("spec.template.spec.containers", None),
    ("spec.template.spec.containers", "x"),
    ("spec.template.spec.containers", [None]),
    ("spec.template.spec.containers", [{}]),
    ("spec.template.metadata", "x"),
    ("spec.containers", [3]),
    ("spec.selector", []),
    ("spec.selector", {"matchExpressions": [{}]}),
    ("spec.paused", "yes"),
    ("spec.minReplicas", "x"),
    ("spec.maxReplicas", None),
    ("metadata.generation", "x"),
    ("metadata.ownerReferences", "x"),
    ("metadata.ownerReferences", [{}]),
    ("metadata.labels", []),
    ("status.conditions", "x"),
    ("status.replicas", "x"),
]
LISTS: list[Any] = [
    {},
    [],
    None,
    {"items": None},
    {"items": "x"},
    {"items": [None, 3, [], {}, {"metadata": None}, {"metadata": {"name": "a"}, "spec": []}]},
    {"metadata": None, "items": [{"metadata": {"name": "a", "ownerReferences": {}}}]},
    {"items": [{"metadata": {"name": "a"}, "spec": {"x": 1, "selector": 3}, "status": {"conditions": 3}}]},
]


def changed(there: Json, part: str, value: Any) -> Json:
    """The object with another value in one place."""
    made = copy.deepcopy(there)
    *way, last = part.split(".")
    at = made
    for name in way:
        at = at.setdefault(name, {})
    at[last] = value
    return made


@pytest.mark.parametrize("name", list(ACTS))
def test_an_object_of_a_wrong_shape_ends_every_action_in_a_sentence(bench: Bench, name: str) -> None:
    path, argv = OBJECT_OF[name], ACTS[name][0]
    right = bench.site.objects[path]
    wrong = [*WHOLE, *(changed(right, *one) for one in PARTS)]
    for shape in wrong:
        given = shape

        def fault(request: Request, given: Any = given) -> Answer | None:
            return (200, given) if request.method == "GET" and request.path == path else None

        bench.site.fault = fault
        ended = bench.run(*argv, "--dry-run")
        assert (ended.code, ended.said["outcome"]) in {(2, "refused"), (1, "refused"), (0, "dry-run")}, (
            shape,
            ended,
        )
        assert "unexpected" not in ended.err
        if shape in WHOLE:
            assert "no " in ended.said["error"]["sentence"], shape
    assert bench.site.writes == []
    assert not list(bench.state.rglob("*crash*"))


@pytest.mark.parametrize("name", list(ACTS))
def test_a_list_of_a_wrong_shape_ends_no_action_in_a_defect(bench: Bench, name: str) -> None:
    argv = ACTS[name][0]
    for shape in LISTS:
        given = shape

        def fault(request: Request, given: Any = given) -> Answer | None:
            listed = request.method == "GET" and request.path not in bench.site.objects
            return (200, given) if listed else None

        bench.site.fault = fault
        ended = bench.run(*argv, "--dry-run")
        assert ended.said["outcome"] in ("refused", "dry-run"), (shape, ended)
    assert bench.site.writes == []


@pytest.mark.parametrize("name", [one for one in ACTS if one != "unstick"])
def test_an_object_that_turns_odd_after_the_write_does_not_hide_that_it_was_accepted(
    bench: Bench, name: str
) -> None:
    path, argv = ACTS[name][1].split()[1].removesuffix("/scale").removesuffix("/resize"), ACTS[name][0]

    def fault(request: Request) -> Answer | None:
        return (200, []) if bench.site.writes and request.method == "GET" and request.path == path else None

    bench.site.fault = fault
    ended = bench.run(*argv)
    assert bench.site.writes, ended
    assert ended.said["outcome"] in ("pending", "reached"), ended


@pytest.mark.parametrize("scale", [{}, {"spec": None, "status": {"replicas": None}}])
def test_numbers_left_out_of_a_scale_are_0(scale: Any) -> None:
    assert reading.numbers(scale) == (0, 0)


@pytest.mark.parametrize(
    "scale", [[], None, "x", {"spec": 3}, {"spec": {"replicas": "x"}}, {"status": {"replicas": -1}}]
)
def test_a_scale_of_another_shape_is_refused(scale: Any) -> None:
    with pytest.raises(ProtocolError, match="no Scale"):
        reading.numbers(scale)


def test_nulls_mean_the_same_as_absent_fields() -> None:
    there = workload("press", "press:2.0", paused=None)
    there["metadata"]["annotations"] = None
    found = reading.an_object("Deployment", there)
    assert "annotations" not in found["metadata"] and "paused" not in found["spec"]
