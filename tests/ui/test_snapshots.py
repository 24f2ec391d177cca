"""A few whole screens as pictures; the rest of the UI tests look at text."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import pytest

from edgetui.model.cache.freshness import Freshness, Link, LinkState, Sync
from edgetui.model.cache.store import Store
from edgetui.ui.app import EdgetuiApp
from edgetui.ui.dialogs.confirm import ConfirmScreen
from edgetui.ui.options import ScreenOptions

from .driving import SETTLE, TURNS, Clock
from .fleet import NOW, farm, fleet, plant, vehicle
from .test_dialogs import PLAN

pytestmark = pytest.mark.skipif(
    sys.version_info[:2] != (3, 11), reason="pictures are of one Python version only"
)

SIZE = (80, 24)


def app(theme: str = "ansi", stores: Sequence[Store] = ()) -> EdgetuiApp:
    clock = Clock()
    return EdgetuiApp(stores or fleet(), {}, ScreenOptions(theme=theme), now=clock, monotonic=clock.monotonic)


def test_pods_at_the_design_size(snap_compare: Any) -> None:
    assert snap_compare(app(), press=["2", "down"], terminal_size=SIZE)


def test_rollouts_in_the_dark_theme(snap_compare: Any) -> None:
    assert snap_compare(app("dark"), press=["4"], terminal_size=SIZE)


def test_details_of_a_stuck_rollout(snap_compare: Any) -> None:
    assert snap_compare(app("light"), press=["4", "enter"], terminal_size=SIZE)


def test_the_question_before_a_write(snap_compare: Any) -> None:
    async def ask(pilot: Any) -> None:
        question = ConfirmScreen(PLAN)
        question.settle = SETTLE
        pilot.app.push_screen(question)
        for _ in range(TURNS):
            if question.ready:
                return
            await pilot.pause(0.01)

    assert snap_compare(app(), run_before=ask, terminal_size=SIZE)


def test_four_panes(snap_compare: Any) -> None:
    assert snap_compare(app("high-contrast"), press=["2"], terminal_size=(120, 36))


def test_two_by_two(snap_compare: Any) -> None:
    assert snap_compare(app("mono"), press=["4"], terminal_size=(200, 60))


def test_nodes_where_the_program_begins(snap_compare: Any) -> None:
    assert snap_compare(app(), terminal_size=SIZE)


def test_autoscalers(snap_compare: Any) -> None:
    assert snap_compare(app("dark"), press=["3"], terminal_size=SIZE)


def test_services(snap_compare: Any) -> None:
    assert snap_compare(app("light"), press=["5"], terminal_size=SIZE)


def test_events(snap_compare: Any) -> None:
    assert snap_compare(app(), press=["6"], terminal_size=SIZE)


def test_marked_and_filtered(snap_compare: Any) -> None:
    keys = ["2", "m", "m", "down", "m", "slash", *"press", "enter"]
    assert snap_compare(app(), press=keys, terminal_size=SIZE)


def test_columns_scrolled_to_the_side(snap_compare: Any) -> None:
    assert snap_compare(app(), press=["4", "w", "right", "right", "right"], terminal_size=SIZE)


def test_a_command_being_typed(snap_compare: Any) -> None:
    assert snap_compare(app(), press=["2", "colon", "r"], terminal_size=SIZE)


def test_a_namespace_being_chosen(snap_compare: Any) -> None:
    assert snap_compare(app("dark"), press=["2", "n", "down"], terminal_size=SIZE)


def test_a_link_that_is_lost(snap_compare: Any) -> None:
    assert snap_compare(app(stores=[vehicle()]), press=["2"], terminal_size=SIZE)


def test_a_cluster_that_refuses(snap_compare: Any) -> None:
    assert snap_compare(app(stores=[farm()]), press=["c"], terminal_size=SIZE)


def test_what_may_not_be_seen(snap_compare: Any) -> None:
    store = plant()
    store.replace("Pod", ())
    store.set_freshness("Pod", Freshness(Sync.FORBIDDEN, heard=NOW))
    assert snap_compare(app("high-contrast", [store]), press=["2"], terminal_size=SIZE)


def test_nothing_heard_yet(snap_compare: Any) -> None:
    store = Store("plant")
    store.set_link(LinkState(Link.CONNECTING, since=NOW - 9))
    assert snap_compare(app(stores=[store]), press=["4"], terminal_size=SIZE)
