"""Running the app in a test: a fixed clock, and the screen as text."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from edgetui.model.store import Store
from edgetui.ui.app import EdgetuiApp
from edgetui.ui.layout import Remembered
from edgetui.ui.options import ScreenOptions
from tests.unit.model.factories import NOW


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

    async def press(self, *keys: str) -> None:
        """Press keys and wait until the app has dealt with them."""
        for key in keys:
            await self.pilot.press(key)
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
    **options: Any,
) -> AsyncIterator[Screen]:
    """The app on these stores."""
    clock = Clock()
    app = EdgetuiApp(
        stores,
        sessions or {},
        ScreenOptions(**options),
        remembered=remembered,
        now=clock,
        monotonic=clock.monotonic,
    )
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield Screen(app, pilot, clock)
