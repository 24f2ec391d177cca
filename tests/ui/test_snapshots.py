"""A few whole screens as pictures; the rest of the UI tests look at text."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from edgetui.ui.app import EdgetuiApp
from edgetui.ui.options import ScreenOptions
from edgetui.ui.screens.confirm import ConfirmScreen

from .driving import Clock
from .fleet import fleet
from .test_dialogs import PLAN

pytestmark = pytest.mark.skipif(
    sys.version_info[:2] != (3, 11), reason="pictures are of one Python version only"
)

SIZE = (80, 24)


def app(theme: str = "ansi") -> EdgetuiApp:
    clock = Clock()
    return EdgetuiApp(fleet(), {}, ScreenOptions(theme=theme), now=clock, monotonic=clock.monotonic)


def test_pods_at_the_design_size(snap_compare: Any) -> None:
    assert snap_compare(app(), press=["2", "down"], terminal_size=SIZE)


def test_rollouts_in_the_dark_theme(snap_compare: Any) -> None:
    assert snap_compare(app("dark"), press=["4"], terminal_size=SIZE)


def test_details_of_a_stuck_rollout(snap_compare: Any) -> None:
    assert snap_compare(app("light"), press=["4", "enter"], terminal_size=SIZE)


def test_the_question_before_a_write(snap_compare: Any) -> None:
    async def ask(pilot: Any) -> None:
        pilot.app.push_screen(ConfirmScreen(PLAN))

    assert snap_compare(app(), run_before=ask, terminal_size=SIZE)


def test_four_panes(snap_compare: Any) -> None:
    assert snap_compare(app("high-contrast"), press=["2"], terminal_size=(120, 36))
