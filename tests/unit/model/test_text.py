"""Ages, durations, quantities and foreign text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetui.model import text

DAY = 86400


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0s"),
        (0, "0s"),
        (59.9, "59s"),
        (60, "1m"),
        (3599, "59m"),
        (3600, "1h"),
        (DAY - 1, "23h"),
        (DAY, "1d"),
        (999 * DAY, "999d"),
        (1000 * DAY, "2y"),
    ],
)
def test_age(seconds: float, words: str) -> None:
    assert text.age(seconds) == words


@given(st.floats(-1e6, 3e9))
def test_an_age_never_needs_more_than_four_columns(seconds: float) -> None:
    assert len(text.age(seconds)) <= 4


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0s"), (45, "45s"), (130, "2m10s"), (600, "10m"), (3900, "1h5m"), (3 * DAY + 14400, "3d4h")],
)
def test_duration(seconds: float, words: str) -> None:
    assert text.duration(seconds) == words


UNITS = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}


@pytest.mark.parametrize("unit", UNITS)
def test_a_decimal_unit_is_its_power_of_ten(unit: str) -> None:
    assert text.quantity(f"3{unit}") == pytest.approx(3 * 10.0 ** UNITS[unit], rel=1e-12)


@pytest.mark.parametrize(("power", "unit"), enumerate(["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"], 1))
def test_a_binary_unit_is_its_power_of_1024(power: int, unit: str) -> None:
    assert text.quantity(f"3{unit}") == 3 * 1024.0**power


@pytest.mark.parametrize(
    ("quantity", "number"),
    [
        ("100m", 0.1),
        ("1Gi", 2**30),
        ("1.5", 1.5),
        ("12e6", 12e6),
        ("12E", 12e18),
        ("5k", 5000),
        ("", None),
        ("x", None),
        ("1 Gi", None),
        ("0", 0),
        ("123456789n", 0.123456789),
        ("-1", -1),
        ("--1", None),
        ("1e306", None),
        ("9e400", None),
    ],
)
def test_quantity(quantity: str, number: float | None) -> None:
    assert text.quantity(quantity) == (pytest.approx(number) if number is not None else None)


@pytest.mark.parametrize(
    ("quantity", "millicores"),
    [("100m", 100), ("1", 1000), ("1n", 1), ("0.1", 100), ("3.3", 3300), ("0", 0), ("", None), ("x", None)],
)
def test_millicores_round_up(quantity: str, millicores: int | None) -> None:
    assert text.parse_cpu(quantity) == millicores


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0"),
        (512 << 20, "512Mi"),
        (1 << 30, "1Gi"),
        (1_300_000_000, "1.2Gi"),
        (1010 << 20, "1Gi"),
        (9_999, "9.8Ki"),
    ],
)
def test_memory(size: int, words: str) -> None:
    assert text.memory(size) == words


@given(st.integers(0, 2**60))
def test_memory_never_needs_more_than_five_columns(size: int) -> None:
    assert len(text.memory(size)) <= 5


@given(st.integers(0, 999_000))
def test_cores_never_need_more_than_four_columns(millicores: int) -> None:
    assert len(text.cpu(millicores)) <= 4


@given(st.text(), st.integers(2, 60))
def test_foreign_text_cannot_move_the_cursor_or_outgrow_its_place(foreign: str, limit: int) -> None:
    for made in (text.clean(foreign, limit), text.elide_middle(foreign, limit)):
        assert len(made) <= limit
        assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in made)


def test_escapes_and_direction_marks_go() -> None:
    assert text.clean("a\x1b]0;x\x07b\u202ec\r\n\td") == "a ]0;x bc d"


def test_a_wrapped_error_keeps_its_object_and_its_cause() -> None:
    long = 'failed to pull image "press": ' + "rpc error: " * 40 + "not found"
    made = text.elide_middle(long)
    assert len(made) == text.MAX_MESSAGE
    assert made.startswith('failed to pull image "press"')
    assert made.endswith("not found")


def test_plural_and_percent() -> None:
    assert [text.plural(n, "pod") for n in (0, 1, 2)] == ["0 pods", "1 pod", "2 pods"]
    assert text.plural(2, "entry", "entries") == "2 entries"
    assert [text.verb(n, "goes", "go") for n in (0, 1, 2)] == ["go", "goes", "go"]
    assert (text.percent(1, 3), text.percent(1, 0)) == ("33%", "-")
