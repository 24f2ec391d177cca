"""Answers of a server, read strictly to act on and kindly to look at: what each is where fields are missing or odd."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from edgetui.actions import reading
from edgetui.cluster.errors import ProtocolError
from edgetui.model.kinds import row_of
from tests.unit.model import factories as f

from .at_once import told
from .test_rollouts_in_every_state import camera

Json = dict[str, Any]
HINT = "Look at the object with kubectl, and at what stands between here and the API server."
GOOD: dict[str, Json] = {
    "Deployment": f.deployment("press", "line-2"),
    "StatefulSet": camera(),
    "DaemonSet": f.daemon_set("agent", "line-2"),
    "ReplicaSet": f.replica_set(f.deployment("press", "line-2"), "one"),
    "Pod": f.pod("press-1", "line-2"),
    "Node": f.node("edge-1"),
    "HorizontalPodAutoscaler": f.autoscaler("press", "line-2"),
    "Pump": {"kind": "Pump", "metadata": f.meta("Pump", "main", "line-2")},
}


@pytest.mark.parametrize("kind", GOOD)
def test_an_object_is_given_without_its_nulls(kind: str) -> None:
    there = GOOD[kind]
    more = {"status": there.get("status", {}) | {"odd": None}, "more": None}
    nulls = there | more | {"metadata": there["metadata"] | {"annotations": None}}
    found = reading.an_object(kind, nulls)
    want = there | {"status": there.get("status", {}), "metadata": dict(there["metadata"])}
    want["metadata"].pop("annotations", None)
    assert found == want
    assert reading.an_object(kind, there, whole=False) == there


LEAST = {"metadata": {"name": "a", "uid": "u", "resourceVersion": "1"}}
ODD: list[tuple[str, Any, str]] = [
    ("Pump", [], "Pump: Expected `object`, got `array`"),
    ("Pump", {}, "Pump: Object missing required field `metadata`"),
    ("Pump", {"metadata": {}}, "Pump: Object missing required field `name` - at `$.metadata`"),
    ("Pump", {"metadata": {"name": "a"}}, "Pump: Object missing required field `uid` - at `$.metadata`"),
    ("Pump", {"metadata": {"name": "", "uid": "u", "resourceVersion": "1"}},
     "Pump: Expected `str` of length >= 1 - at `$.metadata.name`"),
    ("Pump", {"metadata": {"name": "a", "uid": "", "resourceVersion": "1"}},
     "Pump: Expected `str` of length >= 1 - at `$.metadata.uid`"),
    ("Pump", {"metadata": {"name": "a", "uid": "u", "resourceVersion": ""}},
     "Pump: Expected `str` of length >= 1 - at `$.metadata.resourceVersion`"),
    ("Deployment", LEAST, "deployment: Object missing required field `spec`"),
    ("Deployment", {**LEAST, "spec": {"template": {"spec": {"containers": []}}, "replicas": -1}},
     "deployment: Expected `int` >= 0 - at `$.spec.replicas`"),
    ("Pod", {**LEAST, "spec": {"containers": [{"name": ""}]}},
     "pod: Expected `str` of length >= 1 - at `$.spec.containers[0].name`"),
    ("HorizontalPodAutoscaler", {**LEAST, "spec": {}},
     "autoscaler: Object missing required field `maxReplicas` - at `$.spec`"),
    ("Rollout", {**LEAST, "spec": {"selector": 3}},
     "rollout: Expected `object | null`, got `int` - at `$.spec.selector`"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "answer", "why"), ODD)
def test_what_is_no_such_object_is_a_sentence(kind: str, answer: Any, why: str) -> None:
    with pytest.raises(ProtocolError) as odd:
        reading.an_object(kind, answer)
    assert told(odd.value) == f"ProtocolError: What the server answered is no {why}. {HINT}"


def test_a_subresource_has_a_shape_of_its_own() -> None:
    assert reading.an_object("Deployment", LEAST, whole=False) == LEAST
    with pytest.raises(ProtocolError):
        reading.an_object("Deployment", {"metadata": {}}, whole=False)


def test_zero_of_something_is_a_count() -> None:
    made = f.autoscaler("press", "line-2", bounds=(0, 0))
    assert reading.an_object("HorizontalPodAutoscaler", made)["spec"]["maxReplicas"] == 0
    idle = f.deployment("press", "line-2", replicas=0)
    assert reading.an_object("Deployment", idle)["spec"]["replicas"] == 0


def test_a_row_to_look_at_puts_up_with_odd_fields_and_one_to_act_on_does_not() -> None:
    odd = f.deployment("press", "line-2")
    odd["status"]["replicas"] = "x"
    row = reading.row("Deployment", odd)
    assert row is not None and row.name == "press"
    with pytest.raises(ProtocolError, match="is no deployment"):
        reading.row("Deployment", odd, strict=True)
    assert reading.row("Pump", odd) is None
    with pytest.raises(ProtocolError, match="is no deployment"):
        reading.row("Deployment", 3)


ITEMS: list[tuple[Any, list[Json]]] = [
    ({}, []),
    ({"items": None}, []),
    ({"items": [{"metadata": {"name": "a"}}]}, [{"metadata": {"name": "a"}}]),
    ({"apiVersion": "apps/v1", "items": [{"metadata": {"name": "a"}}, {"apiVersion": "x", "metadata": {"name": "b"}}]},
     [{"apiVersion": "apps/v1", "metadata": {"name": "a"}}, {"apiVersion": "x", "metadata": {"name": "b"}}]),
    ({"items": [None, 3, {}, {"metadata": {"name": ""}}, {"metadata": {"name": "a"}, "spec": 3},
                {"metadata": {"name": "a", "labels": []}}, {"metadata": {"name": "c"}, "spec": {"x": 1}}]},
     [{"metadata": {"name": "c"}, "spec": {"x": 1}}]),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "found"), ITEMS)
def test_the_objects_of_a_list(answer: Any, found: list[Json]) -> None:
    assert reading.items(answer) == found


@pytest.mark.parametrize("answer", [None, [], "x", {"items": 3}])
def test_what_is_no_list_is_a_sentence(answer: Any) -> None:
    for read in (reading.items, lambda one: reading.rows("Pod", one)):
        with pytest.raises(ProtocolError, match="What the server answered is no list: "):
            read(answer)


def test_one_odd_object_of_a_list_costs_itself_only(monkeypatch: pytest.MonkeyPatch) -> None:
    pods = [f.pod("a"), f.pod("b"), f.pod("c")]

    def odd(kind: str, one: Json) -> Any:
        if one["metadata"]["name"] == "b":
            raise msgspec.ValidationError("odd")
        return row_of(kind, one)

    monkeypatch.setattr(reading, "row_of", odd)
    assert [one.name for one in reading.rows("Pod", {"items": pods})] == ["a", "c"]


@pytest.mark.parametrize(
    ("scale", "numbers"),
    [
        ({}, (0, 0)),
        ({"spec": None, "status": None}, (0, 0)),
        ({"spec": {"replicas": 3}}, (3, 0)),
        ({"status": {"replicas": 2}}, (0, 2)),
        ({"spec": {"replicas": 3}, "status": {"replicas": 2}}, (3, 2)),
        ({"spec": {"replicas": 0}, "status": {"replicas": None}}, (0, 0)),
    ],
)
def test_what_a_scale_wants_and_what_runs(scale: Json, numbers: tuple[int, int]) -> None:
    assert reading.numbers(scale) == numbers


@pytest.mark.parametrize(
    "odd", [KeyError("a"), TypeError("a"), ValueError("a"), AttributeError("a"), RecursionError()]
)
def test_what_only_explains_may_be_of_another_shape(odd: Exception) -> None:
    def work() -> str:
        raise odd

    assert reading.readable(work, "otherwise") == "otherwise"
    assert reading.readable(lambda: "well", "otherwise") == "well"
    with pytest.raises(ZeroDivisionError):
        reading.readable(lambda: str(1 // 0), "otherwise")
