"""Changes reach the screen at once when it was quiet, and a storm of them costs a bounded share of a core."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from edgetui.model.cache.store import Store
from edgetui.model.kinds import row_of
from edgetui.model.view.fleet import Fleet
from edgetui.ui.feed import SLOWEST, Changes, Feed
from tests.unit.model.factories import pod


class Watched:
    """A feed on one store, whose processor time a test decides."""

    def __init__(self, interval: float = 0.02, starting: float = 0.0) -> None:
        self.store = Store("plant")
        self.delivered: list[float] = []
        self.arrived = asyncio.Event()
        self.cpu = 0.0
        self.cost = 0.0
        self.feed = Feed(
            Fleet([self.store]), self._deliver, self._call, interval, lambda: self.cpu, starting=starting
        )
        self._version = 0

    def _call(self, work: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_soon(work)

    def _deliver(self, _: Changes) -> None:
        self.delivered.append(asyncio.get_running_loop().time())
        self.cpu += self.cost
        self.arrived.set()

    def change(self) -> None:
        self._version += 1
        self.store.apply("Pod", row_of("Pod", pod("press", version=self._version)))

    async def next(self) -> float:
        self.arrived.clear()
        self.change()
        before = asyncio.get_running_loop().time()
        await asyncio.wait_for(self.arrived.wait(), 60)
        return self.delivered[-1] - before


async def test_after_a_quiet_time_a_change_is_there_at_once() -> None:
    watched = Watched(interval=0.2)
    watched.feed.start()
    watched.change()
    await asyncio.wait_for(watched.arrived.wait(), 60)
    loop = asyncio.get_running_loop()
    quiet: asyncio.Future[None] = loop.create_future()
    loop.call_later(0.25, quiet.set_result, None)
    await quiet
    assert await watched.next() < 0.1


async def test_many_changes_are_one_delivery() -> None:
    watched = Watched()
    watched.feed.start()
    for _ in range(1000):
        watched.change()
    await asyncio.wait_for(watched.arrived.wait(), 60)
    assert len(watched.delivered) == 1


async def test_when_drawing_is_dear_it_is_done_less_often_but_never_too_seldom() -> None:
    watched = Watched()
    watched.feed.start()
    await watched.next()
    watched.cost = 0.005
    await watched.next()
    await watched.next()
    assert 0.1 < await watched.next() <= 0.35
    watched.cost = 1.0
    await watched.next()
    await watched.next()
    assert await watched.next() <= SLOWEST + 0.1


async def test_held_still_nothing_is_delivered_and_then_all_of_it() -> None:
    watched = Watched()
    watched.feed.start()
    await watched.next()
    watched.feed.hold(True)
    watched.change()
    assert watched.feed._due is None, "nothing is to be done until it goes on"
    watched.feed._flush()
    assert len(watched.delivered) == 1
    watched.arrived.clear()
    watched.feed.hold(False)
    await asyncio.wait_for(watched.arrived.wait(), 60)
    assert len(watched.delivered) == 2


async def test_nothing_is_delivered_after_the_end() -> None:
    watched = Watched()
    watched.feed.start()
    await watched.next()
    watched.feed.stop()
    watched.change()
    assert watched.feed._due is None


async def test_what_a_start_computes_does_not_keep_its_first_rows_back() -> None:
    watched = Watched(starting=60.0)
    watched.feed.start()
    watched.cost = 1.0
    for _ in range(3):
        await watched.next()
    assert await watched.next() < SLOWEST / 2
