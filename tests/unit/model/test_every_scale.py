"""What an autoscaler says and would do, what budgets and quotas make of a number, and what KEDA and a VPA ask for.

`pytest tests/unit/model/test_every_scale.py --snapshot-update` takes what is said now; look at what differs first.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.model.autoscaling.hpa import (
    api_of,
    bounds_for,
    goal,
    headline,
    meets,
    needed,
    prospect,
    recommended,
)
from edgetui.model.autoscaling.limits import Limits, asked_by, holds, limits, required, selects
from edgetui.model.autoscaling.vpa_keda import (
    Recommendation,
    ScaledObject,
    one_scaled_object,
    recommendations,
    scaled_object,
)
from edgetui.model.kinds.autoscaler import AutoscalerRow, Metric
from edgetui.model.kinds.wire import Condition
from tests.unit.model import factories as f

Json = dict[str, Any]
NOW = float(f.NOW)
ABLE, ACTIVE = (
    Condition("AbleToScale", "True", "ReadyForNewScale"),
    Condition("ScalingActive", "True", "ValidMetricFound"),
)
ROW = AutoscalerRow(
    namespace="d", name="press", uid="u", resource_version="1", target_kind="Deployment", target_name="press",
    min=2, max=8, current=4, desired=4, metrics=(Metric("cpu", "60%", "60%", 1.0),), conditions=(ABLE, ACTIVE),
)  # fmt: skip


def at(*ratios: float | None) -> tuple[Metric, ...]:
    return tuple(Metric(f"m{number}", "", "", ratio) for number, ratio in enumerate(ratios))


@pytest.mark.parametrize(
    ("ratios", "current", "wish"),
    [
        ((), 4, None), ((None,), 4, None), ((1.0,), None, None), ((1.0,), 4, 4), ((1.09,), 4, 4), ((1.1,), 4, 5),
        ((1.11,), 4, 5),
        ((0.9,), 4, 4), ((0.89,), 4, 4), ((0.75,), 4, 3), ((0.5,), 4, 2), ((2.0,), 4, 8), ((1.25,), 4, 5),
        ((0.0,), 4, 0),
        ((0.5, 1.5), 4, 6), ((0.5, None), 4, 2), ((1.05, 0.5), 4, 4), ((1.5,), 0, 0), ((1.5,), 1, 2),
        ((1.2000000001,), 10, 12),
    ],
)  # fmt: skip
def test_what_the_metrics_ask_for(
    ratios: tuple[float | None, ...], current: int | None, wish: int | None
) -> None:
    assert recommended(replace(ROW, metrics=at(*ratios), current=current)) == wish


MESSAGES = (
    "", "missing request for cpu in container app", "missing request for ", "missing request for ephemeral-storage x",
    "could not find the requested resource", "no (x.metrics.k8s.io) registered",
    "custom metrics API: could not find the requested", "external metrics api: could not find the requested",
    "unable to handle the request", "unable to handle, custom metrics API",
    "unable to handle, external metrics api", "else",
)  # fmt: skip


def test_every_headline(snapshot: SnapshotAssertion) -> None:
    lines = []

    def said(label: str, row: AutoscalerRow) -> None:
        severity, words = headline(row, NOW)
        lines.append(f"{label}: {severity} {words}")

    for status, reason in product(
        ("True", "False", "Unknown"), ("FailedGetScale", "FailedUpdateScale", "ScaleDownStabilized")
    ):
        for desired, ratio in product((3, 4, 5), (0.5, 1.0, 1.5, None)):
            row = replace(ROW, conditions=(Condition("AbleToScale", status, reason), ACTIVE), desired=desired)
            said(f"able {status} {reason} {desired} {ratio}", replace(row, metrics=at(ratio)))
    said("never looked", replace(ROW, conditions=(ABLE,)))
    said("without able", replace(ROW, conditions=(ACTIVE,)))
    said("unknown current", replace(ROW, current=None, desired=0))
    for status, reason, message, age in product(
        ("False", "Unknown"),
        ("ScalingDisabled", "InvalidSelector", "FailedGetResourceMetric"),
        MESSAGES,
        (89, 90),
    ):
        active = Condition("ScalingActive", status, reason, message, since=f.NOW - age)
        said(f"active {status} {reason} {message!r} {age}", replace(ROW, conditions=(ABLE, active)))
    for reason, status, ratio in product(
        ("TooManyReplicas", "TooFewReplicas", "ScaleUpLimit", "ScaleDownLimit", "Other"), ("True", "False"),
        (1.0, 2.0, 2.2, None),
    ):  # fmt: skip
        limited = Condition("ScalingLimited", status, reason)
        said(
            f"{reason} {status} {ratio}",
            replace(ROW, conditions=(ABLE, ACTIVE, limited), metrics=at(ratio), desired=6),
        )
    assert "\n".join(lines) == snapshot
    assert [api_of(said_) for said_ in ("custom metrics api", "external metrics api", "metrics api")] == [
        "custom metrics", "external metrics", ""
    ]  # fmt: skip


STATES = {
    "works": ROW,
    "cannot read": replace(ROW, conditions=(Condition("AbleToScale", "False", "FailedGetScale"), ACTIVE)),
    "cannot set": replace(ROW, conditions=(Condition("AbleToScale", "False", "FailedUpdateScale"), ACTIVE)),
    "never looked": replace(ROW, conditions=()),
    "no metrics": replace(ROW, conditions=(ABLE, Condition("ScalingActive", "False", "x"))),
    "at once": replace(ROW, down_window=0),
    "slow": replace(ROW, down_window=90, up_window=60),
    "never up": replace(ROW, up_disabled=True),
    "never down": replace(ROW, down_disabled=True),
    "to nothing": replace(ROW, min=0),
}


@pytest.mark.parametrize("state", STATES)
def test_what_a_scale_by_hand_meets(state: str, snapshot: SnapshotAssertion) -> None:
    lines = []
    for ratio, current, wanted in product((0.5, 1.0, 2.5, None), (0, 1, 4, 8), (0, 1, 2, 3, 4, 8, 9)):
        found = meets(replace(STATES[state], metrics=at(ratio), current=current), current, wanted)
        assert meets(None, current, wanted) is None
        if found is not None and (wanted in (0, 3, 9) or ratio == 1.0):
            lines.append(
                f"{ratio} {current} to {wanted}: {'undone' if found.undone else 'kept'} {found.text}"
            )
        elif found is None:
            assert wanted == current
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize("state", STATES)
def test_what_it_would_do_at_the_present_load(state: str, snapshot: SnapshotAssertion) -> None:
    lines = []
    for ratio, now, (low, high) in product(
        (0.5, 1.0, 2.5, None), (None, 0, 1, 4, 8), ((0, 9), (2, 8), (4, 4), (5, 9), (1, 3))
    ):
        row = replace(STATES[state], metrics=at(ratio), current=now)
        aim = (
            ""
            if now is None
            else f" {goal(row, now, low, high)} needs {needed(row)} {bounds_for(row, now, high)}"
        )
        if low == 2 or ratio in (1.0, 2.5):
            lines.append(f"{ratio} {now} in {low}-{high}: {prospect(row, now, low, high)};{aim}")
    assert "\n".join(lines) == snapshot


# -- budgets and quotas


LABELS = {"app": "press", "line": ""}


@pytest.mark.parametrize(
    ("selector", "takes"),
    [
        (None, False), ({}, True), ({"matchLabels": None, "matchExpressions": None}, True),
        ({"matchLabels": {"app": "press"}}, True), ({"matchLabels": {"app": "weld"}}, False),
        ({"matchLabels": {"gone": ""}}, False), ({"matchLabels": {"line": ""}}, True),
        ({"matchExpressions": [{"operator": "Exists", "key": "line"}]}, True),
        ({"matchExpressions": [{"operator": "Exists", "key": "gone"}]}, False),
        ({"matchExpressions": [{"operator": "DoesNotExist", "key": "gone"}]}, True),
        ({"matchExpressions": [{"operator": "In", "key": "app", "values": ["a", "press"]}]}, True),
        ({"matchExpressions": [{"operator": "NotIn", "key": "app", "values": ["press"]}]}, False),
        ({"matchExpressions": [{"operator": "NotIn", "key": "gone", "values": ["press"]}]}, True),
        ({"matchExpressions": [{"operator": "In", "key": "app"}]}, False),
        ({"matchLabels": {"app": "press"}, "matchExpressions": [{"operator": "Exists", "key": "gone"}]}, False),
    ],
)  # fmt: skip
def test_what_a_selector_takes(selector: Json | None, takes: bool) -> None:
    assert selects(selector, LABELS) is takes
    assert holds("DoesNotExist", "app", (), LABELS) is False


def budget(name: str = "press", **spec: Any) -> Json:
    return {"metadata": {"name": name}, "spec": {"selector": {"matchLabels": {"app": "press"}}, **spec}}


@pytest.mark.parametrize(
    ("spec", "needs"),
    [
        ({}, (0, 0, 0)), ({"minAvailable": 2}, (2, 2, 2)), ({"minAvailable": "50%"}, (0, 2, 5)),
        ({"minAvailable": "34%"}, (0, 2, 4)), ({"minAvailable": "x"}, (0, 0, 0)), ({"maxUnavailable": 1}, (0, 2, 9)),
        ({"maxUnavailable": "50%"}, (0, 1, 5)), ({"maxUnavailable": 0, "minAvailable": 1}, (0, 3, 10)),
        ({"maxUnavailable": 20}, (0, 0, 0)),
    ],
)  # fmt: skip
def test_how_many_a_budget_needs(spec: Json, needs: tuple[int, int, int]) -> None:
    assert tuple(required({"spec": spec}, replicas) for replicas in (0, 3, 10)) == needs


TEMPLATE: Json = {
    "metadata": {"labels": {"app": "press"}},
    "spec": {
        "containers": [{"resources": {"requests": {"cpu": "500m", "memory": "64Mi"}, "limits": {"cpu": "1"}}}]
    },
}


def quota(hard: Json, used: Json, **spec: Any) -> Json:
    return {"metadata": {"name": "team"}, "spec": spec, "status": {"hard": hard, "used": used}}


def test_every_warning(snapshot: SnapshotAssertion) -> None:
    lines = []
    budgets = {
        "two": budget(minAvailable=2), "half": budget(minAvailable="50%"), "none": budget(maxUnavailable=0),
        "any": budget(),
        "of others": budget() | {"spec": {"selector": {"matchLabels": {"app": "weld"}}, "minAvailable": 9}},
        "odd": {"metadata": {}, "spec": {"selector": {}}, "status": 1}, "odder": {"spec": {"selector": 1}},
    }  # fmt: skip
    quotas = {
        "pods": quota({"pods": "5"}, {"pods": "3"}), "full": quota({"pods": "3"}, {"pods": "4"}),
        "cpu": quota({"requests.cpu": "2"}, {"requests.cpu": "1"}), "short": quota({"cpu": "2"}, {"cpu": "1"}),
        "memory": quota({"requests.memory": "128Mi"}, {"requests.memory": "64Mi"}),
        "limits": quota({"limits.cpu": "4"}, {"limits.cpu": "1"}), "other": quota({"limits.memory": "1"},
        {"limits.memory": "1"}),
        "two": quota({"pods": "5", "requests.cpu": "2"}, {"pods": "3", "requests.cpu": "1500m"}),
        "scoped": quota({"pods": "0"}, {"pods": "0"}, scopes=["BestEffort"]),
        "selected": quota({"pods": "0"}, {"pods": "0"}, scopeSelector={"a": 1}),
        "bare": {"metadata": {"name": "x"}, "spec": {}},
        "odd": {"metadata": {"name": "x"}, "spec": {}, "status": 1},
    }  # fmt: skip
    ways = ((3, 3, 0), (3, 3, 1), (3, 3, 2), (3, 3, 4), (4, 3, 4), (0, 0, 5), (2, 2, 9))
    for label, one in budgets.items():
        found = limits([one], [], TEMPLATE)
        lines += [f"budget {label} {way}: {found.warnings(*way)}" for way in ways]
    for label, one in quotas.items():
        found = limits([], [one], TEMPLATE)
        lines += [f"quota {label} {way}: {found.warnings(*way)}" for way in ways]
    every = limits(list(budgets.values()), list(quotas.values()), TEMPLATE)
    lines.append(f"all: {len(every.budgets)} {len(every.quotas)} {every.unreadable} {dict(every.asks)}")
    assert "\n".join(lines) == snapshot
    assert Limits(unreadable=1).warnings(1, 1, 1) == ["1 budget or quota cannot be read."]
    assert Limits(unreadable=2).warnings(1, 1, 1) == ["2 budgets or quotas cannot be read."]
    assert limits([budget(minAvailable=2)], [], {}).budgets == ()


def test_what_one_pod_counts_for() -> None:
    def container(restart: str = "", **resources: Json) -> Json:
        return {"resources": resources} | ({"restartPolicy": restart} if restart else {})

    found = asked_by({
        "containers": [container(requests={"cpu": "1", "gpu": "1"}), container(limits={"cpu": "2", "memory": "1Ki"})],
        "initContainers": [
            container("Always", requests={"cpu": "500m"}), container(requests={"cpu": "9"}, limits={"memory": "4Ki"})
        ],
    })  # fmt: skip
    assert found == {
        "pods": 1.0, "count/pods": 1.0, "requests.cpu": 9.0, "requests.gpu": 1.0, "requests.memory": 4096.0,
        "limits.cpu": 2.0, "limits.memory": 4096.0, "cpu": 9.0, "memory": 4096.0,
    }  # fmt: skip
    assert asked_by({}) == {"pods": 1.0, "count/pods": 1.0}


# -- KEDA and VPA


def scaled(notes: Json | None = None, **more: Any) -> ScaledObject:
    metadata = {"name": "by-queue", "uid": "u", "resourceVersion": "7", "generation": 3, "annotations": notes}
    return one_scaled_object({"metadata": metadata, **more})


HELD, AT = "autoscaling.keda.sh/paused", "autoscaling.keda.sh/paused-replicas"


@pytest.mark.parametrize(
    ("found", "paused", "words"),
    [
        (scaled(), False, "by KEDA, 0 to 100 (ScaledObject by-queue)"),
        (
            scaled(spec={"minReplicaCount": 2, "maxReplicaCount": 6}),
            False,
            "by KEDA, 2 to 6 (ScaledObject by-queue)",
        ),
        (scaled({HELD: "true"}), True, "paused by KEDA (ScaledObject by-queue)"),
        (scaled({HELD: "false"}), False, "by KEDA, 0 to 100 (ScaledObject by-queue)"),
        (scaled({AT: "3"}), True, "paused by KEDA at 3 (ScaledObject by-queue)"),
        (scaled({AT: "", HELD: "false"}), True, "paused by KEDA (ScaledObject by-queue)"),
        (
            scaled({"autoscaling.keda.sh/paused-scale-in": "true"}),
            False,
            "by KEDA, 0 to 100, scale-in paused (ScaledObject by-queue)",
        ),
    ],
)
def test_what_keda_does(found: ScaledObject, paused: bool, words: str) -> None:
    assert (found.paused, found.words) == (paused, words)
    note = (
        "KEDA ScaledObject by-queue is paused and leaves the number, until it goes on."
        if paused
        else f"KEDA ScaledObject by-queue owns the number, {words[9:].partition(' (')[0]}, "
        "and sets it back; pause it to hold a number."
    )
    assert found.note == note
    assert (found.uid, found.version, found.generation) == ("u", "7", 3)


def test_whose_number_keda_owns() -> None:
    def claims(name: Any, kind: str = "", label: str = "a") -> Json:
        target = {"name": name, "kind": kind} if kind else {"name": name}
        return {"metadata": {"name": label}, "spec": {"scaleTargetRef": target}}

    objects = [
        claims("weld", label="w"),
        claims("press", "StatefulSet", "s"),
        claims("press", label="d"),
        {},
        {"spec": 1},
    ]
    found = [scaled_object(objects, kind, "press") for kind in ("Deployment", "StatefulSet", "DaemonSet")]
    assert [one and one.name for one in found] == ["d", "s", None]
    assert scaled_object([], "Deployment", "press") is None


def test_what_a_vertical_autoscaler_recommends() -> None:
    def vpa(name: str, mode: str | None, *containers: Any, kind: str = "Deployment") -> Json:
        policy = {"updatePolicy": {"updateMode": mode}} if mode else {}
        return {
            "metadata": {"name": name}, "spec": {"targetRef": {"kind": kind, "name": "press"}, **policy},
            "status": {"recommendation": {"containerRecommendations": list(containers)}},
        }  # fmt: skip

    app = {"containerName": "app", "target": {"cpu": "120m", "memory": "209715200"}}
    objects = [
        vpa("a", "Off", app, {"target": {"cpu": "odd"}}, "x"),
        vpa("b", None, app, kind="Job"),
        vpa("c", None, {}),
        {},
    ]
    assert recommendations(objects, "Deployment", "press") == [
        Recommendation("a", "app", "120m", "200Mi", "Off"),
        Recommendation("a", "", "", "", "Off"),
        Recommendation("c", "", "", "", "Auto"),
    ]
