"""Running the app in a test: a fixed clock, and the screen as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot

from edgetui.cluster.errors import LinkError
from edgetui.model.cache.store import Store
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.base import Kind
from edgetui.ui.app import EdgetuiApp
from edgetui.ui.dialogs.question import Question
from edgetui.ui.layout import Remembered
from edgetui.ui.options import ScreenOptions
from edgetui.ui.screens.object import ObjectScreen
from tests.unit.model.factories import NOW

SETTLE = 0.02
"""Seconds that a question settles in tests that do not measure it."""
TURNS = 3000


class Clock:
    """Time that moves only when a test says so."""

    def __init__(self) -> None:
        self.wall = float(NOW)
        self.run = 1000.0

    def __call__(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.run

    def advance(self, seconds: float) -> None:
        self.wall += seconds
        self.run += seconds


class Screen:
    """One running app with its pilot and clock."""

    def __init__(self, app: EdgetuiApp, pilot: Pilot[Any], clock: Clock) -> None:
        self.app = app
        self.pilot = pilot
        self.clock = clock

    @property
    def of_object(self) -> ObjectScreen:
        """The screen in front, which is about one object."""
        front = self.app.front
        assert isinstance(front, ObjectScreen)
        return front

    async def press(self, *keys: str) -> None:
        """Press keys as a person does who looks first, and wait until the app has dealt with each."""
        for key in keys:
            await self.until_ready()
            await self.pilot.press(key)
            await self.pilot.pause()

    async def until_ready(self) -> None:
        """Where a question is in front: wait until it can be answered."""
        await self.wait_for(
            lambda: getattr(self.app.screen, "ready", True), "a question that can be answered"
        )

    async def wait_for(self, fact: Callable[[], object], what: str = "it") -> None:
        """Wait for a fact."""
        for _ in range(TURNS):
            if fact():
                return
            await self.pilot.pause(0.01)
        raise AssertionError(f"{what} did not come:\n{self.text()}")

    async def settled(self) -> None:
        """Wait until nothing that was begun is still under way, and what came of it is on the screen.

        Raises WorkerFailed where that failed.
        """
        await self.pilot.pause()
        while under_way := [one for one in self.app.workers if not one.is_finished]:
            await self.app.workers.wait_for_complete(under_way)
            await self.pilot.pause()

    async def changed(self) -> None:
        """Bring what the stores hold to the screen now, without waiting for the flush to be due."""
        self.app.feed._flush()
        await self.pilot.pause()

    def text(self) -> str:
        """What is on the screen."""
        screen = self.app.screen
        lines = screen._compositor.render_strips(self.app.size)
        return "\n".join(strip.text.rstrip() for strip in lines)

    def line(self, words: str) -> str:
        """The first line that holds these words."""
        for line in self.text().splitlines():
            if words in line:
                return line
        raise AssertionError(f"{words!r} is not on the screen:\n{self.text()}")


@asynccontextmanager
async def running(
    stores: Sequence[Store],
    *,
    size: tuple[int, int] = (80, 24),
    sessions: dict[str, Any] | None = None,
    remembered: Remembered | None = None,
    settle: float = SETTLE,
    **options: Any,
) -> AsyncIterator[Screen]:
    """The app on these stores."""
    clock = Clock()
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(Question, "settle", settle)
    app = EdgetuiApp(
        stores,
        sessions or {},
        ScreenOptions(**options),
        remembered=remembered,
        now=clock,
        monotonic=clock.monotonic,
    )
    try:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            yield Screen(app, pilot, clock)
    finally:
        monkeypatch.undo()


class NobodyAnswers:
    """The API of a cluster that is away: whatever is read fails as it does over a link that is down."""

    cluster = "plant"

    def silence(self) -> float:
        return 0.0

    def kind(self, name: str) -> Kind:
        """Every kind in the version that is usual."""
        return KINDS[name]

    def __getattr__(self, name: str) -> Any:
        return self._away

    async def _away(self, *_: Any, **more: Any) -> Any:
        raise LinkError("nobody answers.")


class Needs:
    """A session with a cluster that is away; it notes which kinds somebody looks at."""

    identity = ""

    def __init__(self) -> None:
        self.api = NobodyAnswers()
        self.kinds: Counter[str] = Counter()

    def need(self, kind: str, needed: bool) -> None:
        self.kinds[kind] += 1 if needed else -1

    counters = None
    """Nothing is connected here."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **more: None

    @property
    def now(self) -> set[str]:
        return {kind for kind, count in self.kinds.items() if count > 0}
