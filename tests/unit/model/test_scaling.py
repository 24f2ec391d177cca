"""Autoscalers explained; every sentence was caused by a real controller first (conditions and reasons are its own)."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.autoscaling.hpa import bounds_for, headline, meets, prospect, recommended
from edgetui.model.kinds import row_of
from edgetui.model.kinds.autoscaler import AutoscalerRow
from tests.unit.model import factories as f

ACTIVE = f.cond("ScalingActive", "True", "ValidMetricFound")
ABLE = f.cond("AbleToScale", "True", "ReadyForNewScale")
WITHIN = f.cond("ScalingLimited", "False", "DesiredWithinRange")


def hpa(**more: Any) -> AutoscalerRow:
    row = row_of("HorizontalPodAutoscaler", f.autoscaler("press", **more))
    assert isinstance(row, AutoscalerRow)
    return row


def inactive(reason: str, message: str = "", at: float = f.NOW - 600) -> list[f.Json]:
    return [ABLE, f.cond("ScalingActive", "False", reason, message, at), WITHIN]


def limited(reason: str) -> list[f.Json]:
    return [ABLE, ACTIVE, f.cond("ScalingLimited", "True", reason, "the desired replica count is …")]


HEADLINES: list[tuple[dict[str, Any], int, str]] = [
    ({}, 3, "stable"),
    (
        {"current": 8, "desired": 8, "cpu": 93, "conditions": limited("TooManyReplicas")},
        1,
        "at max, needs 13",
    ),
    ({"current": 8, "desired": 8, "conditions": limited("TooManyReplicas")}, 1, "at max 8"),
    ({"current": 2, "desired": 2, "cpu": 5, "conditions": limited("TooFewReplicas")}, 3, "at min 2"),
    (
        {"current": 2, "desired": 4, "cpu": 300, "conditions": limited("ScaleUpLimit")},
        1,
        "rate-limited, 2 to 4",
    ),
    ({"current": 3, "desired": 5, "cpu": 90}, 1, "scaling up to 5"),
    ({"current": 5, "desired": 3, "cpu": 30}, 1, "scaling down to 3"),
    (
        {"cpu": 20, "conditions": [f.cond("AbleToScale", "True", "ScaleDownStabilized"), ACTIVE, WITHIN]},
        3,
        "stabilizing before scale-down",
    ),
    (
        {
            "desired": 0,
            "cpu": None,
            "conditions": inactive("FailedGetResourceMetric", "no metrics returned from …"),
        },
        0,
        "metrics missing",
    ),
    (
        {
            "cpu": None,
            "conditions": inactive("FailedGetResourceMetric", "the server is currently unable to handle …"),
        },
        0,
        "metrics API down",
    ),
    (
        {
            "cpu": None,
            "conditions": inactive(
                "FailedGetResourceMetric", "… could not find the requested resource (get …"
            ),
        },
        0,
        "no metrics server",
    ),
    (
        {
            "cpu": None,
            "conditions": inactive("FailedGetResourceMetric", "missing request for cpu in container c of …"),
        },
        0,
        "no cpu request",
    ),
    (
        {
            "cpu": None,
            "conditions": inactive("FailedGetResourceMetric", "did not receive metrics …", f.NOW - 20),
        },
        1,
        "waiting for metrics",
    ),
    (
        {
            "cpu": None,
            "conditions": inactive("FailedGetResourceMetric", f"{'x' * 400} unable to handle the request"),
        },
        0,
        "metrics API down",
    ),
    (
        {
            "cpu": None,
            "conditions": inactive("FailedGetResourceMetric", "currently unable to handle …", f.NOW - 2),
        },
        0,
        "metrics API down",
    ),
    (
        {
            "cpu": None,
            "conditions": inactive(
                "FailedGetExternalMetric",
                "unable to fetch metrics from external metrics API: the server could not find the requested resource",
            ),
        },
        0,
        "no external metrics",
    ),
    (
        {
            "cpu": None,
            "conditions": inactive(
                "FailedGetPodsMetric",
                "unable to get metric qps: unable to fetch metrics from custom metrics API: "
                "no custom metrics API (custom.metrics.k8s.io) registered",
            ),
        },
        0,
        "no custom metrics",
    ),
    (
        {
            "cpu": None,
            "conditions": inactive(
                "FailedGetExternalMetric",
                "unable to fetch metrics from external metrics API: the server is currently unable to handle …",
            ),
        },
        0,
        "external metrics down",
    ),
    ({"current": 4, "desired": 4, "cpu": 91}, 1, "above target, waiting"),
    (
        {"desired": 0, "current": 0, "cpu": None, "conditions": inactive("ScalingDisabled")},
        1,
        "off: target is at 0",
    ),
    ({"cpu": None, "conditions": [f.cond("AbleToScale", "False", "FailedGetScale")]}, 0, "target not found"),
    ({"cpu": None, "conditions": []}, 1, "starting"),
]


@pytest.mark.parametrize(("more", "severity", "words"), HEADLINES)
def test_headline(more: dict[str, Any], severity: int, words: str) -> None:
    assert headline(hpa(**more), f.NOW) == (severity, words)


def test_what_the_metrics_ask_for() -> None:
    assert recommended(hpa(current=8, cpu=93)) == 13
    assert recommended(hpa(current=3, cpu=63)) == 3
    assert recommended(hpa(cpu=None)) is None


BROKEN: dict[str, Any] = {"cpu": None, "conditions": inactive("FailedGetResourceMetric", "x")}

INSTANT = {"scaleDown": {"stabilizationWindowSeconds": 0}}

# Seen on a real controller: down inside the bounds comes back, up inside them stays for the window, outside is always
# undone, and without metrics only outside is.
MEETS: list[tuple[dict[str, Any], int, int, bool | None, str]] = [
    ({}, 4, 3, True, "within a sync"),
    ({}, 4, 6, False, "after 5m"),
    ({}, 4, 9, True, "maximum 8"),
    ({}, 4, 1, True, "minimum 2"),
    ({}, 4, 0, False, "stops working"),
    ({}, 0, 3, False, "starts working again"),
    (BROKEN, 4, 3, False, "no metrics"),
    (BROKEN, 4, 6, False, "no metrics"),
    (BROKEN, 4, 9, True, "maximum 8"),
    ({"behavior": {"scaleDown": {"stabilizationWindowSeconds": 60}}}, 4, 6, False, "after 1m"),
    ({"behavior": {"scaleDown": {"selectPolicy": "Disabled"}}}, 4, 6, False, "never shrinks"),
    ({"behavior": {"scaleUp": {"selectPolicy": "Disabled"}}}, 4, 3, False, "never grows"),
    ({"cpu": 90, "current": 4, "behavior": INSTANT}, 4, 3, False, "next sync, and the load asks for 6"),
    ({"cpu": 60, "current": 4, "behavior": INSTANT}, 4, 6, False, "may shrink it again at its next sync"),
    ({"conditions": [f.cond("AbleToScale", "False", "FailedGetScale")]}, 4, 9, False, "cannot read"),
    ({"conditions": []}, 4, 3, False, "has not looked yet"),
    ({}, 4, 4, None, ""),
]


@pytest.mark.parametrize(("more", "current", "wanted", "undone", "part"), MEETS)
def test_what_a_scale_by_hand_meets(
    more: dict[str, Any], current: int, wanted: int, undone: bool | None, part: str
) -> None:
    warning = meets(hpa(**more), current, wanted)
    if undone is None:
        assert warning is None
    else:
        assert warning is not None
        assert warning.undone is undone
        assert part in warning.text


def test_without_an_autoscaler_there_is_nothing_to_meet() -> None:
    assert meets(None, 3, 6) is None


PROSPECTS: list[tuple[dict[str, Any], int, tuple[int, int], str]] = [
    ({"current": 3, "cpu": 60}, 3, (2, 8), "it stays at 3"),
    ({"current": 3, "cpu": 60}, 3, (4, 8), "it goes up from 3 to 4 at once"),
    ({"current": 3, "cpu": 60}, 3, (1, 2), "it goes down from 3 to 2 at once"),
    ({"current": 8, "cpu": 93}, 8, (2, 8), "it stays at 8: the load asks for 13, 8 is the most allowed"),
    ({"current": 8, "cpu": 93}, 8, (2, 20), "it goes up from 8 to 13"),
    ({"current": 2, "cpu": 5}, 2, (2, 8), "it stays at 2: the load asks for 1, 2 is the least allowed"),
    ({"current": 5, "cpu": 12}, 5, (1, 8), "it goes down from 5 to 1 when the load has stayed low for 5m"),
    ({"current": 0}, 0, (2, 8), "it does nothing while its target is at 0"),
    (BROKEN, 3, (2, 8), "it stays at 3 while it has no metrics"),
    (BROKEN, 3, (1, 1), "it goes down from 3 to 1 at once"),
    (
        {"current": 5, "cpu": 12, "behavior": {"scaleDown": {"selectPolicy": "Disabled"}}},
        5,
        (1, 8),
        "it stays at 5: scaling down is disabled",
    ),
]


@pytest.mark.parametrize(("more", "now", "bounds", "said"), PROSPECTS)
def test_what_it_would_do_with_other_bounds(
    more: dict[str, Any], now: int, bounds: tuple[int, int], said: str
) -> None:
    assert prospect(hpa(**more), now, *bounds) == said


@pytest.mark.parametrize(
    ("now", "wanted", "bounds"), [(4, 1, (1, 1)), (4, 3, (2, 3)), (4, 6, (6, 8)), (4, 12, (12, 12))]
)
def test_bounds_that_make_a_number_hold_are_reached_at_once(
    now: int, wanted: int, bounds: tuple[int, int]
) -> None:
    row = hpa()
    assert bounds_for(row, now, wanted) == bounds
    assert prospect(row, now, *bounds).endswith(f"to {wanted} at once")


@pytest.mark.parametrize(("wanted", "bounds"), [(5, (2, 6)), (6, (2, 6)), (9, (2, 9)), (3, (2, 3))])
def test_where_the_load_needs_more_than_the_maximum_that_is_what_is_raised(
    wanted: int, bounds: tuple[int, int]
) -> None:
    """At 4 of at most 4 with 90 % of a target of 60 %, the load asks for 6: nothing has to run all the time."""
    assert bounds_for(hpa(bounds=(2, 4), current=4, cpu=90), 4, wanted) == bounds


def test_the_number_that_is_set_already_meets_nothing() -> None:
    assert meets(hpa(), 4, 4) is None
    assert meets(hpa(bounds=(5, 8)), 4, 4) is None
