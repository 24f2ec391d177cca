"""The one-line bars at several widths."""

from __future__ import annotations

import pytest

from edgetui.ui.spans import plain, width_of
from edgetui.ui.widgets.bars import KeyHint, Tab, footer_line, tab_line

TABS = [
    Tab("1", "nodes", "1,024 · 3 down", False, True),
    Tab("2", "pods", "10,000 · 31 failing · 4 starting", True, True),
    Tab("3", "autoscalers", "64 · 2 limited", False, False),
    Tab("4", "rollouts", "318", False, False),
]
LAST = [KeyHint("?", "help"), KeyHint("q", "quit")]


def test_with_room_every_tab_counts_and_says_what_is_wrong() -> None:
    said = plain(tab_line(TABS, 160))
    assert "1 nodes  1,024 · 3 down" in said
    assert "3 autoscalers  64 · 2 limited" in said


def test_without_room_the_shown_tab_keeps_everything_and_trouble_keeps_its_sign() -> None:
    said = plain(tab_line(TABS, 80))
    assert "2 pods  10,000 · 31 failing · 4 starting" in said
    assert "1 nodes !" in said
    assert "3 autoscalers" in said


def test_tabs_in_good_order_say_less_before_those_in_trouble() -> None:
    wide = width_of(tab_line(TABS, 200))
    said = plain(tab_line(TABS, wide - 1))
    assert "1 nodes  1,024 · 3 down" in said
    assert "4 rollouts  318" in said
    assert "3 autoscalers  64 " in said
    assert "limited" not in said


@pytest.mark.parametrize("width", range(60, 130, 5))
def test_the_tab_line_fits_from_60_columns_on(width: int) -> None:
    assert width_of(tab_line(TABS, width)) <= width


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_the_footer_is_exactly_as_wide_as_the_screen(width: int) -> None:
    hints = [
        KeyHint("s", "scale", "may not update deployments/scale"),
        KeyHint("b", "roll back"),
        KeyHint("/", "filter"),
    ]
    assert width_of(footer_line(hints, LAST, width)) == width


def test_a_key_that_is_off_says_why_or_stands_in_brackets() -> None:
    hints = [KeyHint("s", "scale", "read-only"), KeyHint("b", "roll back")]
    assert "s scale (read-only)  b roll back" in plain(footer_line(hints, LAST, 80))
    assert "(s scale)  b roll back" in plain(footer_line(hints, LAST, 46))


def test_help_and_quit_are_never_left_out() -> None:
    hints = [KeyHint(key, "something long") for key in "abcdefgh"]
    assert plain(footer_line(hints, LAST, 40)).endswith("? help  q quit ")
