"""From stores to widgets: one flush for all changes, at once when it was quiet, then no faster than is affordable.

A storm of events costs a bounded share of a core, whatever the machine: after a flush the next one waits SHARE times
as long as the program has computed since the one before, between `interval` and SLOWEST. While it starts, most of that
is the start itself, and the first rows do not wait for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from edgetui.model.cache.store import ChangeSet
from edgetui.model.view.fleet import Fleet

Changes = Mapping[str, ChangeSet]

SHARE = 40.0
SLOWEST = 0.5
STARTING = 3.0
"""Seconds."""


class Feed:
    """Drains the stores of a fleet and hands the change sets to `deliver`; nothing runs while nothing changes.

    `interval` is the shortest time (s) between two deliveries. `deliver` runs through `call`, so that the app's
    own error handling sees its failures. `computed` gives the processor time (s) the program has used,
    `starting` are the seconds after `start` in which that does not count.
    """

    def __init__(
        self,
        fleet: Fleet,
        deliver: Callable[[Changes], None],
        call: Callable[[Callable[[], None]], object],
        interval: float,
        computed: Callable[[], float] = time.process_time,
        starting: float = STARTING,
    ) -> None:
        self._fleet = fleet
        self._deliver = deliver
        self._call = call
        self.interval = interval
        """Shortest time (s) between two deliveries; a slower link wants a longer one."""
        self._due: asyncio.Handle | None = None
        self._computed = computed
        self._starting = starting
        self._started = 0.0
        self._wait = interval
        self._last = -interval
        self._spent = computed()
        self.held = False
        """While true nothing is delivered; the stores go on collecting."""

    def start(self) -> None:
        """Listen to every store; what they hold already is delivered first."""
        self._started = asyncio.get_running_loop().time() + self._starting
        for store in self._fleet.stores.values():
            store.on_dirty = self._dirty
        self._dirty()

    def stop(self) -> None:
        """Stop listening."""
        for store in self._fleet.stores.values():
            store.on_dirty = None
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def hold(self, held: bool) -> None:
        """Freeze or thaw what is delivered."""
        self.held = held
        if not held:
            self._dirty()

    def _dirty(self) -> None:
        if self._due is None and not self.held:
            loop = asyncio.get_running_loop()
            wait = self._last + self._wait - loop.time()
            self._due = loop.call_later(max(wait, 0), self._schedule)

    def _schedule(self) -> None:
        self._call(self._flush)

    def _flush(self) -> None:
        self._due = None
        if self.held:
            return
        now, spent = asyncio.get_running_loop().time(), self._computed()
        if now >= self._started and now - self._last <= 2 * SLOWEST:
            self._wait = min(max(self.interval, SHARE * (spent - self._spent)), max(self.interval, SLOWEST))
        else:
            self._wait = self.interval
        self._last, self._spent = now, spent
        changes = self._fleet.drain()
        if changes:
            self._deliver(changes)
