"""Our cells equal Textual's own output, cell for cell, on frames of a real session."""

from __future__ import annotations

from typing import Any

import pyte
import pytest
from rich.color import ColorSystem

from edgetui.terminal.cells import Grid
from edgetui.terminal.textual_seam import put_update
from edgetui.ui.app import EdgetuiApp
from edgetui.ui.options import ScreenOptions
from tests.ui.fleet import NOW, fleet

KEYS = ["2", "down", "down", "pagedown", "slash", "w", "e", "enter", "4", "enter", "pagedown", "escape", "escape",
        "question_mark", "escape", "T", "c", "escape", "3", "o"]  # fmt: skip


class Recorder(EdgetuiApp):
    """Draws every frame twice: as cells and as the text that Textual would send."""

    def watch_frames(self, width: int, height: int) -> None:
        self.grid = Grid(width, height, colours="truecolor")
        self.ours, self.stock = _terminal(width, height), _terminal(width, height)
        self.console._color_system = ColorSystem.TRUECOLOR
        self.frames = 0

    def _display(self, screen: Any, renderable: Any) -> None:
        if renderable is None or self._batch_count:
            return
        put_update(self.grid, renderable)
        self.ours[1].feed(self.grid.emit())
        self.stock[1].feed(renderable.render_segments(self.console))
        self.frames += 1


def _terminal(width: int, height: int) -> tuple[pyte.Screen, pyte.Stream]:
    screen = pyte.Screen(width, height)
    screen.reset_mode(pyte.modes.DECAWM)
    return screen, pyte.Stream(screen)


def cells(screen: pyte.Screen) -> list[list[tuple[object, ...]]]:
    def seen(cell: Any) -> tuple[object, ...]:
        bold = cell.bold and cell.data != " "
        return (cell.data, cell.fg if cell.data != " " or cell.reverse else "", cell.bg, bold, cell.reverse)

    return [[seen(screen.buffer[y][x]) for x in range(screen.columns)] for y in range(screen.lines)]


@pytest.mark.parametrize("theme", ["ansi", "dark"])
@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_frames_are_equal(theme: str, size: tuple[int, int]) -> None:
    app = Recorder(fleet(), {}, ScreenOptions(theme=theme), now=lambda: float(NOW))
    app.watch_frames(*size)
    async with app.run_test(size=size) as pilot:
        for key in KEYS:
            await pilot.press(key)
            await pilot.pause()
            assert app.ours[0].display == app.stock[0].display, key
        assert app.frames > len(KEYS)
        assert cells(app.ours[0]) == cells(app.stock[0])
