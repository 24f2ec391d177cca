"""How long is waited before the next attempt, what a server may ask for, and for how long a feature is left alone."""

from __future__ import annotations

import pytest

from edgetui.cluster.backoff import Feature, Features, asked_for, delay
from tests.unit.cluster.reflector_fields import Least, Most


@pytest.mark.parametrize(
    ("failures", "least", "most"),
    [
        (1, 0.1, 0.2),
        (2, 0.2, 0.4),
        (5, 1.6, 3.2),
        (8, 12.8, 25.6),
        (9, 15.0, 30.0),
        (17, 15.0, 30.0),
        (10_000, 15.0, 30.0),
    ],
)
def test_the_wait_doubles_to_half_a_minute_and_its_upper_half_is_chance(
    failures: int, least: float, most: float
) -> None:
    assert delay(failures, Least()) == pytest.approx(least)
    assert delay(failures, Most()) == pytest.approx(most)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (None, 0.0),
        (-1.0, 0.0),
        (0.0, 0.0),
        (7.0, 7.0),
        (299.9, 299.9),
        (300.0, 300.0),
        (300.1, 300.0),
        (1e9, 300.0),
    ],
)
def test_a_server_may_ask_for_five_minutes(said: float | None, seconds: float) -> None:
    assert asked_for(said) == seconds


def test_a_feature_that_is_lacking_is_tried_again_after_an_hour_and_then_twice_as_late_each_time() -> None:
    now = 100.0
    feature = Feature(lambda: now)
    assert feature.there
    for hours in (1, 2, 4, 8, 8):
        feature.lacking()
        feature.lacking()  # told twice in a row it is one time
        now += hours * 3600 - 0.1
        assert not feature.there
        now += 0.1
        assert feature.there


def test_whether_what_a_server_can_do_has_changed_is_told_once() -> None:
    now = 0.0
    features = Features(lambda: now)
    assert not features.changed()
    for lack in (features.streaming.lacking, features.bookmarks.lacking):
        lack()
        assert features.changed()
        assert not features.changed()
    features.tables.lacking()
    assert not features.changed()  # whoever asked for them hears of it at once
    features.gzips = False
    assert features.changed()
    now += 3600
    assert features.changed()
    assert not features.changed()
