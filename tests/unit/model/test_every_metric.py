"""What an autoscaler measures against what it wants, metric by metric, and what is said of it besides."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.model.autoscaling.explain import Said, sampled, why
from edgetui.model.kinds.autoscaler import Metric
from edgetui.model.panes.autoscalers import metric_text
from tests.unit.model import factories as f
from tests.unit.model.test_scaling import hpa

Json = dict[str, Any]


def resource(current: Json | None = None, target: Json | None = None, name: str | None = "cpu") -> Json:
    given = {"current": current, "target": target, "name": name}
    return {"type": "Resource", "resource": {key: one for key, one in given.items() if one is not None}}


def of_object(current: Json | None = None, target: Json | None = None, **about: Any) -> Json:
    made: Json = {
        "metric": {"name": "requests"},
        "describedObject": {"kind": "Ingress", "name": "main"},
        **about,
    }
    return {
        "type": "Object",
        "object": made | ({"current": current} if current else {"target": target or {}}),
    }


def in_container(**more: Json) -> Json:
    return {"type": "ContainerResource", "containerResource": {"name": "cpu", "container": "app", **more}}


CASES: list[tuple[Json, list[Json], tuple[str, str, str, float | None, bool]]] = [
    (resource(target={"averageUtilization": 60}), [resource({"averageUtilization": 90})], ("cpu", "90%",
    "60%", 1.5, False)),
    (resource(target={"averageUtilization": 60}), [resource({"averageUtilization": 0})], ("cpu", "0%",
    "60%", 0.0, False)),
    (resource(target={"averageUtilization": 0}), [resource({"averageUtilization": 9})], ("cpu", "9%",
    "0%", None, False)),
    (resource(target={"averageUtilization": 60}), [resource({"averageValue": "9m"})], ("cpu", "",
    "60%", None, False)),
    (resource(target={"averageUtilization": 60}), [], ("cpu", "", "60%", None, False)),
    (resource(target={"averageUtilization": 60}), [resource({"averageUtilization": 9}, name="memory")], ("cpu",
    "", "60%", None, False)),
    (resource(target={"averageValue": "100m"}), [resource({"averageValue": "250m"})], ("cpu", "250m",
    "100m", 2.5, True)),
    (resource(target={"averageValue": "0"}), [resource({"averageValue": "250m"})], ("cpu", "250m", "0", None, True)),
    (resource(target={"averageValue": "x"}), [resource({"averageValue": "250m"})], ("cpu", "250m", "x", None, True)),
    (resource(target={"averageValue": "1"}), [resource({"averageValue": "x"})], ("cpu", "x", "1", None, True)),
    (resource(target={"averageValue": "1n"}), [resource({"averageValue": "999m"})], ("cpu", "999m",
    "1n", 999e6, True)),
    (resource(target={"averageValue": "1n"}), [resource({"averageValue": "2"})], ("cpu", "2", "1n", None, True)),
    (resource(target={"value": "30"}), [resource({"value": "45", "averageValue": "9"})], ("cpu", "45",
    "30", 1.5, False)),
    (resource(name="n" * 100, target={"value": "1"}), [], ("n" * 79 + "…", "", "1", None, False)),
    (resource(target={"value": "1" * 25}), [], ("cpu", "", "1" * 19 + "…", None, False)),
    (resource(name=None, target={}), [], ("?", "", "", None, False)),
    (in_container(target={"averageUtilization": 50}), [in_container(current={"averageUtilization": 25})],
    ("cpu of app", "25%", "50%", 0.5, False)),
    (of_object(target={"value": "10"}), [of_object({"value": "5"})], ("requests of Ingress/main", "5",
    "10", 0.5, False)),
    (
        of_object(target={"value": "10"}),
        [of_object({"value": "5"}, describedObject={"kind": "Ingress", "name": "other"}), of_object({"value": "7"})],
        ("requests of Ingress/main", "7", "10", 0.7, False),
    ),
    ({"type": "Strange"}, [{"type": "Strange"}], ("?", "", "", None, False)),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "measured", "found"), CASES)
def test_a_metric(
    wanted: Json, measured: list[Json], found: tuple[str, str, str, float | None, bool]
) -> None:
    (metric,) = hpa(metrics=[wanted], readings=measured).metrics
    label, current, target, ratio, average = found
    assert (metric.label, metric.current, metric.target, metric.average) == (label, current, target, average)
    assert metric.ratio == (None if ratio is None else pytest.approx(ratio))
    assert bool(metric.id) is (wanted != {"type": "Strange"})
    assert metric_text(metric) == f"{label} {current or '?'}/{target or '?'}"


def test_what_is_kept_over_time() -> None:
    row = hpa(cpu=90, current=3)
    (metric,) = row.metrics
    assert sampled(row) == ((5, 3, 1.5), ("", "", metric.id))
    assert sampled(replace(row, conditions=())) == ((None, 3, 1.5), ("", "", metric.id))
    assert sampled(hpa(metrics=[], readings=[])) == ((None, 3), ("", ""))


NEW = Said(True, "pods that are new count as idle until they have been measured")


@pytest.mark.parametrize(
    ("current", "desired", "ratio", "told"),
    [(4, 4, 2.0, True), (4, 4, 1.0, False), (4, 5, 2.0, False), (4, 4, 2.2, False), (4, 4, 0.5, False),
    (4, 3, 1.5, True)],
)  # fmt: skip
def test_when_new_pods_count_as_idle(current: int, desired: int, ratio: float, told: bool) -> None:
    row = replace(hpa(current=current, desired=desired), metrics=(Metric("cpu", "", "", ratio),))
    assert (NEW in why(row, (), f.NOW)) is told
    assert NEW not in why(replace(row, current=None), (), f.NOW)


def test_a_controller_that_has_not_looked_says_nothing() -> None:
    row = replace(hpa(), conditions=(), current=None)
    assert why(row, (), f.NOW) == [Said(False, "its controller has not looked at it yet")]
