"""What is said of an autoscaler, over a grid of what it measures, what bounds it, and what its controller says of it.

`pytest tests/unit/model/test_autoscaler_grid.py --snapshot-update` takes what is said now; look at what differs first.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.model.autoscaling.explain import Said, stabilising, why
from edgetui.model.autoscaling.hpa import bounds_for, goal, headline, meets, needed, prospect, recommended
from edgetui.model.autoscaling.limits import asked_by, required
from edgetui.model.autoscaling.samples import Sample, readings, spark
from edgetui.model.autoscaling.vpa_keda import Recommendation
from tests.unit.model import factories as f

from .test_scaling import ABLE, ACTIVE, WITHIN, hpa, inactive, limited

CONDITIONS: Mapping[str, list[f.Json]] = {
    "works": [ABLE, ACTIVE, WITHIN],
    "held": [f.cond("AbleToScale", "True", "ScaleDownStabilized"), ACTIVE, WITHIN],
    "above": limited("TooManyReplicas"),
    "below": limited("TooFewReplicas"),
    "paced": limited("ScaleUpLimit"),
    "odd": limited("Strange"),
    "blind": inactive("FailedGetResourceMetric", "no metrics returned"),
    "off": inactive("ScalingDisabled"),
    "unable": [f.cond("AbleToScale", "False", "FailedGetScale", "no"), ACTIVE, WITHIN],
    "nothing": [],
}
BEHAVIORS: Mapping[str, f.Json] = {
    "usual": {},
    "at once": {"scaleDown": {"stabilizationWindowSeconds": 0}},
    "slow up": {"scaleUp": {"stabilizationWindowSeconds": 90}},
    "no up": {"scaleUp": {"selectPolicy": "Disabled"}},
    "no down": {"scaleDown": {"selectPolicy": "Disabled"}},
}


REASONS = (
    "SucceededGetScale", "ReadyForNewScale", "SucceededRescale", "ScaleDownStabilized", "ScaleUpStabilized",
    "FailedGetScale", "FailedUpdateScale", "ValidMetricFound", "ScalingDisabled", "InvalidSelector",
    "AmbiguousSelector", "DesiredWithinRange", "TooManyReplicas", "TooFewReplicas", "ScaleUpLimit", "ScaleDownLimit",
    "FailedGetResourceMetric", "Strange",
)  # fmt: skip


def sentence(said: Said) -> str:
    """As it is told: "!" before what is wrong."""
    return said.text if said.good else f"! {said.text}"


def test_what_each_reason_of_its_controller_means(snapshot: SnapshotAssertion) -> None:
    lines = []
    kinds, states = (
        ("AbleToScale", "ScalingActive", "ScalingLimited", "ScaledToZero"),
        ("True", "False", "Unknown"),
    )
    for kind, reason, status in product(kinds, REASONS, states):
        row = hpa(cpu=60, conditions=[f.cond(kind, status, reason, "its words")])
        since = f.NOW - 90
        row.conditions = [replace(one, since=since) for one in row.conditions]
        told = [
            f"{sentence(one)}{' since then' if one.since == since else ''}" for one in why(row, (), f.NOW)
        ]
        lines.append(f"{kind} {status} {reason}: {' | '.join(told)}")
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize("said_of_it", CONDITIONS)
def test_what_is_said_of_its_state(said_of_it: str, snapshot: SnapshotAssertion) -> None:
    found = []
    for current, desired, cpu in product((0, 3, 8), (0, 3, 4, 8), (None, 20, 60, 80, 93)):
        row = hpa(current=current, desired=desired, cpu=cpu, conditions=CONDITIONS[said_of_it])
        severity, words = headline(row, f.NOW)
        sentences = " | ".join(map(sentence, why(row, (), f.NOW)[-2:]))
        found.append(
            f"{current} to {desired} at {cpu}: {severity} {words}; wants {recommended(row)}, needs {needed(row)}; "
            f"{sentences}"
        )
    assert "\n".join(found) == snapshot


@pytest.mark.parametrize("behavior", BEHAVIORS)
def test_what_it_would_do(behavior: str, snapshot: SnapshotAssertion) -> None:
    found = []
    for current, cpu, bounds in product((0, 3, 6), (None, 12, 60, 93), ((2, 8), (0, 5), (3, 3), (4, 6))):
        row = hpa(current=current, desired=current, cpu=cpu, bounds=bounds, behavior=BEHAVIORS[behavior])
        other = (max(0, bounds[0] - 1), bounds[1] + 2)
        by_hand = [meets(row, current, wanted) for wanted in (0, 2, 3, 4, 7, 9)]
        hands = " ".join("=" if one is None else "undone" if one.undone else "kept" for one in by_hand)
        found.append(
            f"{current} at {cpu} in {bounds}: {prospect(row, current, *bounds)}; in {other}: "
            f"{prospect(row, current, *other)}; {goal(row, current, *other)}; "
            f"{[bounds_for(row, current, wanted) for wanted in (1, 3, 7)]}; {hands}"
        )
    unknown = prospect(hpa(), None, 2, 8)
    assert unknown == "what it would do is not known: the current replicas of its target are unknown"
    assert "\n".join(found) == snapshot


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("the server could not find the requested resource", "this cluster has no metrics server"),
        ("no api (pods.metrics.k8s.io) registered", "this cluster has no metrics server"),
        ("it is unable to handle the request", "the metrics server does not answer"),
        ("error trying to reach service: EOF", "the metrics server does not answer"),
        ("no metrics returned", "there are no metrics of its pods yet"),
        ("did not receive metrics for any ready pods", "there are no metrics of its pods yet"),
        ("strange", "strange"),
        ("", "it has no metrics"),
    ],
)
def test_why_it_sees_nothing(message: str, cause: str) -> None:
    said = why(hpa(cpu=None, conditions=inactive("FailedGetResourceMetric", message)), (), f.NOW)
    assert said[1].text == f"ScalingActive: no, {cause}; the replicas stay, min and max still hold"
    assert not said[1].good


def test_when_it_may_shrink() -> None:
    def sample(at: float, wish: float | None) -> Sample:
        return Sample(f.NOW + at, (wish, 3.0, 1.0), ("", "", "cpu"))

    row = hpa(cpu=20, conditions=CONDITIONS["held"])
    assert stabilising(row, (), f.NOW) is None
    assert stabilising(hpa(cpu=None, conditions=CONDITIONS["held"]), (sample(-9, 1),), f.NOW) is None
    assert stabilising(hpa(cpu=20), (sample(-9, 1),), f.NOW) is None
    assert stabilising(hpa(cpu=20, conditions=[]), (sample(-9, 1),), f.NOW) is None
    for samples, left in (
        ((sample(-100, 3), sample(-40, 3), sample(-9, 1)), (260.0, True)),
        ((sample(-100, 2), sample(-9, 1)), (200.0, False)),
        ((sample(-100, None), sample(-9, 1)), (200.0, False)),
        ((sample(-400, 3), sample(-9, 1)), (0.0, True)),
    ):
        assert stabilising(row, samples, f.NOW) == left
        (told,) = [one for one in why(row, samples, f.NOW) if "shrink" in one.text]
        words = {260.0: "about 4m20s", 200.0: "at most 3m20s", 0.0: "about 0s"}[left[0]]
        assert told == Said(True, f"it may shrink in {words}, if the load stays low")


def test_a_curve_over_time() -> None:
    samples = [Sample(10.0, (1.0,), ("a",)), Sample(20.0, (None,), ("a",)), Sample(30.0, (4.0,), ("a",))]
    assert readings(samples, 0, 40.0, 4, 40.0) == [1.0, None, 4.0, 4.0]
    assert readings(samples, 0, 29.0, 2, 10.0) == [None, None]
    assert readings(samples, 0, 9.0, 3, 9.0) == [None] * 3
    assert spark([0.0, 1.0, 2.0, 3.0, 4.0, 8.0, None, -1.0], 4.0) == "▁▃▅▆██ ▁"
    assert spark([0.0, 3.0], 0.0) == "▁▁"


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ({"minAvailable": 2}, [2, 2, 2]),
        ({"minAvailable": "50%"}, [0, 2, 5]),
        ({"minAvailable": "x%"}, [0, 0, 0]),
        ({"maxUnavailable": 1}, [0, 2, 9]),
        ({"maxUnavailable": 0}, [0, 3, 10]),
        ({"maxUnavailable": "30%"}, [0, 2, 7]),
        ({"maxUnavailable": "100%"}, [0, 0, 0]),
        ({}, [0, 0, 0]),
        (None, [0, 0, 0]),
    ],
)
def test_how_many_a_budget_asks_for(spec: Any, wanted: list[int]) -> None:
    assert [required({"spec": spec}, replicas) for replicas in (0, 3, 10)] == wanted


def test_what_a_pod_counts_for_with_every_kind_of_container() -> None:
    def container(cpu: str = "", most: str = "", **more: Any) -> f.Json:
        requests = {"requests": {"cpu": cpu}} if cpu else {}
        return {"resources": {**requests, **({"limits": {"cpu": most}} if most else {})}, **more}

    counted = {"pods": 1.0, "count/pods": 1.0}
    for spec, cpu, most in (
        ({"containers": [container("1", "2"), container("500m")]}, 1.5, 2.0),
        ({"containers": [container(most="2")]}, 2.0, 2.0),
        ({"containers": [container("1")], "initContainers": [container("3")]}, 3.0, None),
        (
            {"containers": [container("1")], "initContainers": [container("3", restartPolicy="Always")]},
            4.0,
            None,
        ),
        ({"containers": [container("x")]}, 0.0, None),
        ({"containers": None, "initContainers": None}, None, None),
        ({"containers": [{"resources": None}]}, None, None),
    ):
        found = asked_by(spec)
        assert {name: found[name] for name in counted if name in found} == counted
        assert (found.get("requests.cpu"), found.get("cpu"), found.get("limits.cpu")) == (cpu, cpu, most)


@pytest.mark.parametrize(
    ("cpu", "memory", "mode", "words"),
    [
        ("120m", "200Mi", "Off", "app cpu 120m memory 200Mi, by press (Off: it only recommends)"),
        ("120m", "", "Auto", "app cpu 120m, by press (Auto: it sets this itself)"),
        ("", "200Mi", "Auto", "app memory 200Mi, by press (Auto: it sets this itself)"),
        ("", "", "Off", "app nothing yet, by press (Off: it only recommends)"),
    ],
)
def test_a_recommendation_in_words(cpu: str, memory: str, mode: str, words: str) -> None:
    assert Recommendation("press", "app", cpu, memory, mode).words == words
