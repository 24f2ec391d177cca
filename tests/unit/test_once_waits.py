"""What `edgetui once` waits for before it prints: the usage of every cluster that lives, and no longer than it may."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from edgetui.get.reading import _metrics
from edgetui.model.cache.freshness import Link, LinkState
from edgetui.model.cache.store import Store


def stores(*states: tuple[Link, bool | None]) -> list[Store]:
    """Clusters with such a link, and whether they have told what they use."""
    made = []
    for number, (link, metrics) in enumerate(states):
        store = Store(f"site-{number}")
        store.set_link(LinkState(link=link))
        if metrics is not None:
            store.set_metrics("Pod", {}, metrics)
        made.append(store)
    return made


WAITED_FOR: list[tuple[Sequence[tuple[Link, bool | None]], bool]] = [
    ([(Link.LIVE, True)], False),
    ([(Link.LIVE, False)], False),
    ([(Link.LIVE, None)], True),
    ([(Link.STALE, None)], False),
    ([(Link.REFUSED, None), (Link.LIVE, True)], False),
    ([(Link.LIVE, True), (Link.LIVE, None)], True),
    ([], False),
]


@pytest.mark.parametrize(("states", "waits"), WAITED_FOR)
async def test_only_a_live_cluster_that_has_not_told_is_waited_for(
    states: Sequence[tuple[Link, bool | None]], waits: bool
) -> None:
    waiting = asyncio.ensure_future(_metrics(stores(*states), 3600.0))
    for _ in range(5):
        await asyncio.sleep(0)
    assert waiting.done() != waits
    waiting.cancel()
    await asyncio.wait([waiting])


async def test_it_goes_on_as_soon_as_all_have_told() -> None:
    first, second = stores((Link.LIVE, None), (Link.LIVE, None))
    waiting = asyncio.ensure_future(_metrics([first, second], 3600.0))
    await asyncio.sleep(0)
    first.set_metrics("Pod", {}, True)
    for _ in range(5):
        await asyncio.sleep(0)
    assert not waiting.done()
    second.set_link(LinkState(link=Link.STALE))
    await asyncio.wait_for(waiting, 30)


async def test_it_waits_no_longer_than_it_may() -> None:
    await asyncio.wait_for(_metrics(stores((Link.LIVE, None)), 0.01), 30)
