"""Rates from counters, and how they are said."""

from __future__ import annotations

import pytest

from edgetui.model.meter import Meter
from edgetui.model.text import rate


def test_a_rate_is_the_mean_over_the_window() -> None:
    meter = Meter(10.0)
    for second in range(31):
        meter.read(float(second), 100 * second if second <= 20 else 2000)
    assert meter.rate == 0.0
    meter.read(31.0, 4000)
    assert meter.rate == pytest.approx(2000 / meter.span)
    assert 10.0 <= meter.span <= 11.0


def test_one_reading_is_no_rate_and_a_restart_forgets() -> None:
    meter = Meter(10.0)
    meter.read(5.0, 1_000_000)
    assert meter.rate == 0.0
    meter.read(6.0, 1_001_000)
    assert meter.rate == 1000.0
    meter.restart()
    assert (meter.rate, meter.span) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("per_second", "words"),
    [
        (0, "0"),
        (40, "0"),
        (300, "0.3 KiB/s"),
        (20 * 1024, "20 KiB/s"),
        (10_188, "9.9 KiB/s"),
        (10_190, "10 KiB/s"),
        (1023 * 1024, "1.0 MiB/s"),
    ],
)
def test_rates_in_words(per_second: float, words: str) -> None:
    assert rate(per_second) == words
