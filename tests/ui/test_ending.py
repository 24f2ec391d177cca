"""What was to be done later finds no screen when the program ends, and is not done."""

from __future__ import annotations

from .driving import running
from .fleet import plant


async def test_a_timer_that_is_due_while_the_screens_close_is_not_heard_any_more() -> None:
    fired: list[str] = []

    def look() -> None:
        fired.append(app.screen.id or "")

    async with running([plant()]) as screen:
        app = screen.app
        app.set_timer(0.001, look)
        app.call_next(look)
        for at in range(50):
            app.set_timer(0.001 + at / 1000, look)
    assert app.failure is None
