"""One widget in an app of its own: the look and the keys of the real one, and nothing else on the screen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from rich.style import Style
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widget import Widget

from edgetui.ui.themes import PLAIN

LOOK: Mapping[str, Style] = {role: style + Style(meta={"role": role}) for role, style in PLAIN.styles.items()}
"""The style of each role with its name, so that two roles that look the same are two."""


class Alone(App[None]):
    """Shows one widget."""

    look = LOOK

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self._widget = widget

    def compose(self) -> ComposeResult:
        yield self._widget

    def key_of(self, name: str, default: str) -> str:
        """Nobody has keys of their own here."""
        return default


@asynccontextmanager
async def alone(widget: Widget, size: tuple[int, int]) -> AsyncIterator[Pilot[Any]]:
    """The widget on a screen of this size, with the focus if it takes any."""
    async with Alone(widget).run_test(size=size) as pilot:
        await pilot.pause()
        yield pilot


def painted(widget: Widget) -> list[Strip]:
    """Its lines as they stand on the screen: those that nothing has painted again are what they were."""
    return widget.render_lines(Region(0, 0, widget.size.width, widget.size.height))


async def resize(pilot: Pilot[Any], widget: Widget, width: int, height: int) -> None:
    """A terminal of another width, until the widget knows of it."""
    await pilot.resize_terminal(width, height)
    while widget.size.width != width:  # a resize is dealt with a while after it is told
        await pilot.pause()
