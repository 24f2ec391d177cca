"""When changes are delivered, to the second: a loop whose time moves only when a test says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from edgetui.model.cache.store import ChangeSet, Store
from edgetui.ui.feed import SHARE, SLOWEST, Changes, Feed


class Loop:
    """Counts its own seconds, and keeps what is to be called."""

    def __init__(self) -> None:
        self.now = 100.0
        self.due: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, wait: float, work: Callable[[], None]) -> Any:
        entry = (round(self.now + wait, 6), work)
        self.due.append(entry)
        return Handle(self.due, entry)


class Handle:
    def __init__(self, due: list[Any], entry: Any) -> None:
        self.due, self.entry = due, entry

    def cancel(self) -> None:
        self.due.remove(self.entry)


class Watched:
    """A feed of two stores. `cpu` is the processor time that the program has used."""

    def __init__(self, interval: float) -> None:
        self.stores = {name: Store(name) for name in ("plant", "van")}
        self.cpu = 7.0
        self.delivered: list[float] = []
        self.changes: Changes = {}
        self.feed = Feed(
            self,  # type: ignore[arg-type]
            self._deliver,
            lambda work: work(),
            interval,
            lambda: self.cpu,
            starting=0.0,
        )

    def drain(self) -> Changes:
        changes, self.changes = self.changes, {}
        return changes

    def _deliver(self, _: Changes) -> None:
        self.delivered.append(LOOP.now)

    def change(self) -> None:
        self.changes = {"plant": ChangeSet(status=True)}
        heard = self.stores["plant"].on_dirty
        if heard is not None:
            heard()


LOOP = Loop()


@pytest.fixture(autouse=True)
def a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    LOOP.now, LOOP.due = 100.0, []
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: LOOP)


def run() -> float:
    """Do what is due next; when that was."""
    ((when, work),) = LOOP.due
    LOOP.due.clear()
    LOOP.now = when
    work()
    return when


def test_what_the_stores_hold_is_delivered_at_once_and_only_one_delivery_waits() -> None:
    one = Watched(0.2)
    one.feed.start()
    one.change()
    one.change()
    assert run() == 100.0
    assert one.delivered == [100.0]
    assert LOOP.due == []
    assert all(store.on_dirty is not None for store in one.stores.values())


def test_where_nothing_changed_nothing_is_delivered() -> None:
    one = Watched(0.2)
    one.feed.start()
    run()
    assert one.delivered == []


@pytest.mark.parametrize(
    ("interval", "spent", "wait"),
    [
        (0.1, 0.0, 0.1),
        (0.1, 0.0024, 0.1),
        (0.1, 0.0025, 0.1),
        (0.1, 0.005, 0.2),
        (0.1, 0.0124, SHARE * 0.0124),
        (0.1, 0.0125, SLOWEST),
        (0.1, 9.0, SLOWEST),
        (0.7, 0.0, 0.7),
        (0.7, 0.005, 0.7),
        (0.7, 9.0, 0.7),
    ],
)
def test_the_next_waits_for_a_share_of_what_was_computed_since_the_one_before(
    interval: float, spent: float, wait: float
) -> None:
    one = Watched(interval)
    one.feed.start()
    run()
    for cost in (spent, spent):
        one.change()
        run()
        one.cpu += cost
        LOOP.now += 0.01
    one.change()
    first = run()
    one.change()
    assert run() - first == pytest.approx(wait, abs=2e-5)


@pytest.mark.parametrize(
    ("quiet", "wait"), [(0.9, SLOWEST), (2 * SLOWEST, SLOWEST), (2 * SLOWEST + 0.01, 0.1), (60.0, 0.1)]
)
def test_what_was_computed_before_a_quiet_time_does_not_count(quiet: float, wait: float) -> None:
    one = Watched(0.1)
    one.feed.start()
    run()
    one.cpu += 5.0
    LOOP.now += quiet
    one.change()
    assert run() == pytest.approx(100.0 + quiet), "after a quiet time at once"
    one.change()
    assert run() == pytest.approx(100.0 + quiet + wait)


def test_another_interval_holds_from_the_next_delivery_on() -> None:
    one = Watched(0.1)
    one.feed.start()
    run()
    one.feed.interval = 0.3
    one.change()
    run()
    first = LOOP.now
    one.change()
    assert run() == pytest.approx(first + 0.3)


def test_what_is_held_waits_and_the_end_takes_back_what_is_due() -> None:
    one = Watched(0.1)
    one.feed.start()
    one.feed.hold(True)
    run()
    assert one.delivered == []
    one.change()
    assert LOOP.due == []
    one.feed.hold(False)
    assert run() == 100.0
    assert one.delivered == [100.0]
    one.change()
    assert len(LOOP.due) == 1
    one.feed.stop()
    assert LOOP.due == []
    assert [store.on_dirty for store in one.stores.values()] == [None, None]
    one.feed.stop()
