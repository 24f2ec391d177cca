"""What is measured belongs to the metric of the same type and name, in every version of the API."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import pytest

from edgetui.model.autoscaling.hpa import headline, recommended
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.autoscaler import AutoscalerRow
from edgetui.model.kinds.base import NotReadable
from edgetui.model.kinds.wire import from_data
from edgetui.model.panes.autoscalers import metric_text

from . import factories as f

HPA = KINDS["HorizontalPodAutoscaler"]
Json = dict[str, Any]
LINE_1, LINE_2 = {"matchLabels": {"line": "1"}}, {"matchLabels": {"line": "2"}}
MAIN, SIDE = (
    {"kind": "Ingress", "name": name, "apiVersion": "networking.k8s.io/v1"} for name in ("main", "side")
)

# Every way in which two metrics differ: where they come from, name, container, selector, object.
SOURCES: dict[str, tuple[str, Json, Json]] = {
    "cpu": ("resource", {"name": "cpu"}, {"averageUtilization": 10}),
    "memory": ("resource", {"name": "memory"}, {"averageUtilization": 20}),
    "cpu of app": ("containerResource", {"name": "cpu", "container": "app"}, {"averageUtilization": 30}),
    "cpu of log": ("containerResource", {"name": "cpu", "container": "log"}, {"averageUtilization": 40}),
    "pods qps": ("pods", {"metric": {"name": "qps"}}, {"averageValue": "50"}),
    "pods qps of line 1": ("pods", {"metric": {"name": "qps", "selector": LINE_1}}, {"averageValue": "60"}),
    "external qps": ("external", {"metric": {"name": "qps"}}, {"averageValue": "70"}),
    "external qps of line 2": ("external", {"metric": {"name": "qps", "selector": LINE_2}}, {"averageValue": "80"}),
    "hits of main": ("object", {"metric": {"name": "hits"}, "describedObject": MAIN}, {"value": "90"}),
    "hits of side": ("object", {"metric": {"name": "hits"}, "describedObject": SIDE}, {"value": "100"}),
}  # fmt: skip


def wanted(name: str) -> Json:
    kind, source, current = SOURCES[name]
    field = next(iter(current))
    return {"type": kind, kind: {**source, "target": {field: 100 if field.endswith("tion") else "100"}}}


def measured(name: str) -> Json:
    kind, source, current = SOURCES[name]
    return {"type": kind, kind: {**source, "current": current}}


def row(obj: Json, version: str = "v2") -> AutoscalerRow:
    kind = HPA.at(version)
    made = kind.project(from_data(obj, kind.wire))
    assert isinstance(made, AutoscalerRow)
    return made


def in_v1(obj: Json) -> Json:
    """The same object as an API server answers it to who asks for autoscaling/v1 (its conversion.go)."""
    obj = json.loads(json.dumps(obj))
    spec, status = obj["spec"], obj["status"]
    others, notes = [], {}
    for one in spec.pop("metrics"):
        resource = one.get("resource", {})
        if resource.get("name") == "cpu" and "averageUtilization" in resource["target"]:
            spec["targetCPUUtilizationPercentage"] = resource["target"]["averageUtilization"]
        else:
            others.append(_old(one, "target"))
    if others:
        notes["metrics"] = others
    if readings := status.pop("currentMetrics"):
        notes["current-metrics"] = [_old(one, "current") for one in readings]
    if conditions := status.pop("conditions"):
        notes["conditions"] = conditions
    if behavior := spec.pop("behavior", None):
        notes["behavior"] = {
            way[0].upper() + way[1:]: {key[0].upper() + key[1:]: value for key, value in rules.items()}
            for way, rules in behavior.items()
        }
    prefix = "autoscaling.alpha.kubernetes.io/"
    obj["metadata"]["annotations"] = {prefix + key: json.dumps(value) for key, value in notes.items()}
    obj["apiVersion"] = "autoscaling/v1"
    return obj


def _old(metric: Json, side: str) -> Json:
    kind = next(key for key in metric if key != "type")
    source = {key: metric[kind][key] for key in ("name", "container") if key in metric[kind]}
    named = metric[kind].get("metric", {})
    if named:
        source["metricName"] = named["name"]
        if "selector" in named:
            source["metricSelector" if kind == "external" else "selector"] = named["selector"]
    if "describedObject" in metric[kind]:
        source["target"] = metric[kind]["describedObject"]
    for field, value in metric[kind][side].items():
        source[side + field[0].upper() + field[1:]] = value
    return {"type": kind[0].upper() + kind[1:], kind: source}


@pytest.mark.parametrize("version", HPA.versions)
def test_a_reading_is_of_the_metric_of_its_type_and_name_whatever_their_order(version: str) -> None:
    names = list(SOURCES)
    readings = [measured(name) for name in reversed(names)]
    obj = f.autoscaler("a", metrics=[wanted(name) for name in names], readings=readings)
    found = row(in_v1(obj) if version == "v1" else obj, version).metrics
    assert [one.ratio for one in found] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]


@pytest.mark.parametrize("version", HPA.versions)
@pytest.mark.parametrize(("new", "old"), list(permutations(SOURCES, 2)))
def test_a_metric_without_a_reading_of_its_own_is_not_known(new: str, old: str, version: str) -> None:
    obj = f.autoscaler("a", metrics=[wanted(new), wanted(old)], readings=[measured(old)])
    found = row(in_v1(obj) if version == "v1" else obj, version).metrics
    assert len(found) == 2
    assert [one.ratio for one in found if one.current] == [(list(SOURCES).index(old) + 1) / 10]
    assert [metric_text(one).split()[-1].partition("/")[0] for one in found if not one.current] == ["?"]


def test_every_metric_has_a_name_of_its_own() -> None:
    made = row(f.autoscaler("a", metrics=[wanted(name) for name in SOURCES], readings=[]))
    assert len({one.id for one in made.metrics}) == len(SOURCES)


@pytest.mark.parametrize("readings", [[], [{"type": ""}], [{"type": "Resource"}], [{}, {}]])
def test_a_reading_that_names_nothing_is_of_no_metric(readings: list[Json]) -> None:
    obj = f.autoscaler("a", metrics=[wanted("cpu"), {"type": "Odd"}], readings=readings)
    assert [one.current for one in row(obj).metrics] == ["", ""]


def test_an_autoscaler_reads_the_same_in_every_version() -> None:
    behavior = {"scaleDown": {"stabilizationWindowSeconds": 17}, "scaleUp": {"selectPolicy": "Disabled"}}
    obj = f.autoscaler("a", bounds=(0, 9), behavior=behavior)
    first, second, old = row(obj), row(obj, "v2beta2"), row(in_v1(obj), "v1")
    assert first == second == old
    assert (old.min, old.max, old.down_window, old.up_disabled, old.working) == (0, 9, 17, True, True)


def test_v1_without_annotations_tells_of_cpu_alone() -> None:
    spec = {
        "scaleTargetRef": {"kind": "Deployment", "name": "press", "apiVersion": "apps/v1"},
        "maxReplicas": 6,
        "targetCPUUtilizationPercentage": 70,
    }
    status = {"currentReplicas": 2, "currentCPUUtilizationPercentage": 35}
    made = row({"metadata": {"name": "press"}, "spec": spec, "status": status}, "v1")
    assert [(one.label, one.current, one.target, one.ratio) for one in made.metrics] == [
        ("cpu", "35%", "70%", 0.5)
    ]
    assert (made.current, made.target_name, recommended(made)) == (2, "press", 1)


@pytest.mark.parametrize("note", ["metrics", "current-metrics", "conditions", "behavior"])
@pytest.mark.parametrize("text", ["{", "[1]", '["x"]', "7", '{"x": '])
def test_v1_with_an_annotation_that_cannot_be_read_is_not_read_as_less(note: str, text: str) -> None:
    notes = {f"autoscaling.alpha.kubernetes.io/{note}": text}
    with pytest.raises(NotReadable, match="cannot be read"):
        row({"metadata": {"name": "press", "annotations": notes}, "spec": {"maxReplicas": 6}}, "v1")


def test_how_many_run_is_not_known_before_the_controller_has_looked() -> None:
    fresh = row({"metadata": {"name": "a"}, "spec": {"maxReplicas": 3}})
    assert (fresh.current, recommended(fresh), headline(fresh, f.NOW)[1]) == (None, None, "starting")
    scaled = f.autoscaler("a")
    del scaled["status"]["currentReplicas"]  # as the API writes 0
    assert row(scaled).current == 0
