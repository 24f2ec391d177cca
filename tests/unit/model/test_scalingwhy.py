"""The why-panel's sentences; the conditions and messages are those of a real controller."""

from __future__ import annotations

import pytest

from edgetui.model.autoscaling.explain import last_scale, sampled, stabilising, why
from edgetui.model.autoscaling.samples import Sample
from tests.unit.model import factories as f

from .test_scaling import ABLE, ACTIVE, WITHIN, hpa, inactive, limited

HELD = [f.cond("AbleToScale", "True", "ScaleDownStabilized"), ACTIVE, WITHIN]
UNABLE = (
    "the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for "
    "resource cpu: unable to fetch metrics from resource metrics API: the server "
)


def sentences(**more: object) -> list[str]:
    return [said.text for said in why(hpa(**more), (), f.NOW)]


def test_each_condition_is_a_sentence_and_the_present_load_another() -> None:
    assert sentences() == [
        "AbleToScale: the recommended size is the current size",
        "ScalingActive: can compute the desired replicas from metrics",
        "ScalingLimited: no, desired replicas are within min and max",
        "at the present load it stays at 3",
    ]


def test_at_the_maximum_the_limit_is_what_is_in_the_way() -> None:
    said = why(hpa(current=8, desired=8, cpu=93, conditions=limited("TooManyReplicas")), (), f.NOW)
    assert [one.text for one in said if not one.good] == ["ScalingLimited: desired replicas above max 8"]
    assert said[-1].text == "at the present load it stays at 8: the load asks for 13, 8 is the most allowed"


@pytest.mark.parametrize(
    ("message", "part"),
    [
        (f"{UNABLE}could not find the requested resource (get pods.metrics.k8s.io)", "has no metrics server"),
        (f"{UNABLE}is currently unable to handle the request", "the metrics server does not answer"),
        ("failed: no metrics returned from resource metrics API", "there are no metrics of its pods yet"),
        (
            "failed: missing request for cpu in container c of Pod p-1",
            "missing request for cpu in container c",
        ),
        ("something else", "something else"),
        ("", "it has no metrics"),
    ],
)
def test_missing_metrics_say_what_is_missing_and_what_still_holds(message: str, part: str) -> None:
    conditions = [*inactive("FailedGetResourceMetric", message)[:2], *limited("TooManyReplicas")[2:]]
    said = why(hpa(cpu=None, conditions=conditions), (), f.NOW)
    (bad,) = [one.text for one in said if not one.good]
    assert part in bad
    assert said[-1].text == "at the present load it stays at 3 while it has no metrics"
    assert not any("maximum" in one.text for one in said)


def test_a_target_at_0_an_unknown_reason_and_no_condition_at_all() -> None:
    assert "off while the target is at 0" in " ".join(
        sentences(current=0, desired=0, conditions=inactive("ScalingDisabled"))
    )
    odd = [ABLE, ACTIVE, f.cond("ScalingLimited", "True", "Strange", "for {reasons}")]
    assert "ScalingLimited is True: for {reasons}" in sentences(conditions=odd)
    assert sentences(conditions=[])[0] == "its controller has not looked at it yet"


def test_the_window_ends_when_the_last_high_recommendation_leaves_it() -> None:
    row = hpa(current=5, desired=5, cpu=20, conditions=HELD)
    low, high = (2.0, 5.0, 0.3), (5.0, 5.0, 1.0)
    samples = [Sample(f.NOW - 200, high), Sample(f.NOW - 120, high), Sample(f.NOW - 100, low)]
    assert stabilising(row, samples, f.NOW) == (180.0, True)
    assert "it may shrink in about 3m, if the load stays low" in [
        one.text for one in why(row, samples, f.NOW)
    ]


def test_begun_too_late_the_wait_is_the_most_it_can_be() -> None:
    row = hpa(current=5, desired=5, cpu=20, conditions=HELD)
    samples = [Sample(f.NOW - 60, (2.0, 5.0, 0.3))]
    assert stabilising(row, samples, f.NOW) == (240.0, False)
    assert stabilising(row, [], f.NOW) is None
    assert stabilising(hpa(current=5, desired=5, cpu=60), samples, f.NOW) is None


def test_the_last_scale_has_the_reason_of_its_event() -> None:
    row = hpa()
    event = "New size: 4; reason: cpu resource utilization (percentage of request) above target"
    assert (
        last_scale(row, event, f.NOW)
        == "3m ago, to 4: cpu resource utilization (percentage of request) above target"
    )
    assert last_scale(row, "", f.NOW) == "3m ago"
    assert last_scale(hpa(scaled=0), "", f.NOW) in ("never", "-")


def test_what_is_kept_of_an_autoscaler() -> None:
    assert sampled(hpa(current=3, cpu=90))[0] == (5, 3, 1.5)
    values, names = sampled(hpa(cpu=None, conditions=inactive("FailedGetResourceMetric")))
    assert values == (None, 3, None)
    assert [bool(name) for name in names] == [False, False, True]


@pytest.mark.parametrize(("status", "told"), [("True", True), ("False", False), ("Unknown", False)])
def test_an_autoscaler_that_took_its_target_to_0_says_so(status: str, told: bool) -> None:
    said = why(hpa(conditions=[ABLE, ACTIVE, f.cond("ScaledToZero", status, "x")]), (), f.NOW)
    assert ("it has taken its target to 0 itself" in [one.text for one in said if one.good]) == told


@pytest.mark.parametrize(
    ("type_", "status", "good"),
    [
        ("ScalingLimited", "True", False),
        ("ScalingLimited", "False", True),
        ("AbleToScale", "True", True),
        ("AbleToScale", "False", False),
    ],
)
def test_a_condition_of_another_server_is_told_with_whether_it_is_good(
    type_: str, status: str, good: bool
) -> None:
    odd = f.cond(type_, status, "OfTomorrow", "words of tomorrow")
    conditions = [one for one in (ABLE, ACTIVE, WITHIN) if one["type"] != type_]
    said = why(hpa(conditions=[*conditions, odd]), (), f.NOW)
    (found,) = [one for one in said if "words of tomorrow" in one.text]
    assert (found.good, found.text) == (good, f"{type_} is {status}: words of tomorrow")
