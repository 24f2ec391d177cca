"""What the options of the command line take: numbers and times to their bounds, and no further."""

from __future__ import annotations

import argparse
from collections.abc import Callable

import pytest

from edgetui.actions.change.spec import whole_number as whole
from edgetui.arguments import number, patience, seconds

_clusters, _pods = number(1, 100), number(0, 20_000)
TAKEN: list[tuple[Callable[[str], float], str, float]] = [
    (_clusters, "1", 1),
    (_clusters, "100", 100),
    (_pods, "0", 0),
    (_pods, "20000", 20_000),
    (seconds, "0.1", 0.1),
    (seconds, "15", 15),
    (seconds, "15s", 15),
    (seconds, "2m", 120),
    (seconds, "3600", 3600),
    (seconds, "1h", 3600),
    (patience, "0", 0),
    (patience, "90", 90),
    (patience, "5m", 300),
    (patience, "999999999", 999_999_999),
    (patience, "500ms", 0.5),
    (patience, "1.5h", 5400),
    (patience, "1h30m", 5400),
    (patience, "1m0.5s", 60.5),
    (patience, "7d", 604_800),
    (patience, "2w", 1_209_600),
    (whole, "0", 0),
    (whole, "12", 12),
]
REFUSED: list[tuple[Callable[[str], float], str]] = [
    *[(_clusters, text) for text in ("0", "101", "-1", "1.5", "three", "")],
    *[(_pods, text) for text in ("20001", "-1", "many")],
    *[(seconds, text) for text in ("0", "-1", "3601", "1h1s", "soon", "", "nan", "inf")],
    *[(patience, text) for text in ("-1", "1e9", "soon", "", "nan", "inf", "1h30", "5 m", "1.h", "1y", "٣s")],
    *[(whole, text) for text in ("-1", "1.5", "٣", "")],
]


@pytest.mark.parametrize(("reads", "text", "value"), TAKEN)
def test_what_is_taken(reads: Callable[[str], float], text: str, value: float) -> None:
    assert reads(text) == value


@pytest.mark.parametrize(("reads", "text"), REFUSED)
def test_what_is_refused_is_repeated_in_the_sentence(reads: Callable[[str], float], text: str) -> None:
    with pytest.raises((argparse.ArgumentTypeError, ValueError)) as raised:
        reads(text)
    assert text in str(raised.value)
