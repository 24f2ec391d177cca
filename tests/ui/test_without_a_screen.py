"""What a terminal still sends when the last screen is closed is for nobody."""

from __future__ import annotations

from textual import events

from .driving import running
from .fleet import plant


async def test_keys_clicks_and_pastes_after_the_last_screen_are_dropped() -> None:
    async with running([plant()]) as screen:
        app = screen.app
    assert app.screens_in_view == []
    where = {"x": 1, "y": 1, "delta_x": 0, "delta_y": 0, "button": 1, "shift": False, "meta": False}
    for event in (
        events.Paste("r\r"),
        events.Key("r", "r"),
        events.MouseDown(None, **where, ctrl=False),
        events.MouseMove(None, **where, ctrl=False),
    ):
        await app.on_event(event)
