"""While a first list comes over a slow link, the pane says how far it is; on a quick one it says nothing of it."""

from __future__ import annotations

import pytest

from edgetui.model.cache.freshness import Freshness, Link, LinkState, Sync
from edgetui.model.cache.list_progress import ListProgress
from edgetui.model.cache.store import Store
from edgetui.model.panes import PANES
from edgetui.ui.text.clusters import notes
from tests.unit.model.factories import NOW, pod, store_of

from .driving import running

WAITING = "~ waiting for the first list of pods"


def syncing(name: str, progress: ListProgress | None) -> Store:
    store = Store(name)
    store.set_link(LinkState(Link.LIVE, since=NOW, heard=NOW))
    store.set_freshness("Pod", Freshness(Sync.SYNCING))
    store.set_listing("Pod", progress)
    return store


@pytest.mark.parametrize(
    ("progress", "seconds", "said"),
    [
        (None, 9.0, WAITING),
        (ListProgress(NOW, NOW + 1, 40), 1.0, WAITING),
        (ListProgress(NOW, NOW + 2, 40), 2.0, "~ listing pods: 40 so far, 20/s"),
        (ListProgress(NOW, NOW + 20, 10), 20.0, "~ listing pods: 10 so far, 0.5/s"),
        (
            ListProgress(NOW, NOW + 4, 250, 1750),
            5.0,
            "~ listing pods: 250 of 2,000 [##..................] about 27s left",
        ),
        (
            ListProgress(NOW, NOW + 4, 1000, 1),
            9.0,
            "~ listing pods: 1,000 of 1,001 [###################.]",
        ),
    ],
)
def test_what_is_said(progress: ListProgress | None, seconds: float, said: str) -> None:
    assert notes(PANES["pods"], [syncing("plant", progress)], 0, NOW + seconds) == (said,)


def test_several_clusters_are_told_of_together_and_those_that_are_silent_beside_them() -> None:
    stores = [
        syncing("plant", ListProgress(NOW, NOW + 10, 100, 50)),
        syncing("van-17", ListProgress(NOW + 1, NOW + 9, 60)),
        syncing("farm", None),
    ]
    assert notes(PANES["pods"], stores, 0, NOW + 10) == (
        "~ plant, van-17: listing pods: 160 so far, 16/s",
        "~ farm: waiting for the first list of pods",
    )


def test_rows_that_are_there_already_do_not_hide_it() -> None:
    store = store_of(pod("kept", "line-1"))
    store.set_freshness("Pod", Freshness(Sync.STALE, NOW - 3600, kept=True))
    store.set_listing("Pod", ListProgress(NOW, NOW + 3, 30, 60))
    (said,) = notes(PANES["pods"], [store], 1, NOW + 3)
    assert said.startswith("~ listing pods: 30 of 90 [######....")


async def test_it_comes_moves_and_goes_with_the_ticks_of_the_screen() -> None:
    store = syncing("plant", None)
    async with running([store]) as screen:
        await screen.press("2")
        screen.line(WAITING)
        store.set_listing("Pod", ListProgress(NOW, NOW + 0.5, 20, 100))
        screen.clock.advance(1.0)
        screen.app._tick()
        await screen.pilot.pause()
        screen.line(WAITING)
        for rows, seconds in ((40, 2.0), (80, 1.0)):
            screen.clock.advance(seconds)
            store.set_listing("Pod", ListProgress(NOW, screen.clock(), rows, 120 - rows))
            screen.app._tick()
            await screen.pilot.pause()
            screen.line(f"listing pods: {rows} of 120")
        store.set_listing("Pod", None)
        store.set_freshness("Pod", Freshness(Sync.LIVE, NOW + 5))
        await screen.changed()
        assert "listing" not in screen.text()
        screen.line("no pods here")
