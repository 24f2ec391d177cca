"""Every pane has its place in the grid, however the screen began: zoomed, small, or with another pane in front."""

from __future__ import annotations

import pytest
from textual.geometry import Size

from edgetui.ui.layout import Layout, Remembered
from edgetui.ui.screens.main import GRID_ORDER
from edgetui.ui.spans import line
from edgetui.ui.widgets.text_view import TextView

from .driving import Screen, running
from .fleet import fleet, many_pods

STACKED, QUAD, SMALL = (130, 40), (200, 60), (80, 24)


def places(screen: Screen) -> list[str]:
    """The panes as they are read on the screen, line by line."""
    main = screen.app.main
    shown = {name: pane.region for name, pane in main.panes.items() if pane.display and name in GRID_ORDER}
    return sorted(shown, key=lambda name: (shown[name].y, shown[name].x))


@pytest.mark.parametrize("size", [STACKED, QUAD])
@pytest.mark.parametrize("pane", ["nodes", "pods", "autoscalers", "rollouts", "services", "events"])
@pytest.mark.parametrize("zoomed", [False, True])
async def test_a_restored_screen_has_every_pane_where_it_belongs(
    size: tuple[int, int], pane: str, zoomed: bool
) -> None:
    remembered = Remembered(Layout(pane=pane, zoomed=zoomed))
    async with running(fleet(), size=size, remembered=remembered) as screen:
        await screen.press("2")
        if screen.app.main.zoomed:
            await screen.press("z")
        assert places(screen) == list(GRID_ORDER)
        await screen.press("1", "3")
        assert places(screen) == list(GRID_ORDER)


@pytest.mark.parametrize("pane", ["1", "2", "4", "5"])
async def test_a_screen_that_grows_has_them_where_they_belong_too(pane: str) -> None:
    async with running(fleet(), size=SMALL, remembered=Remembered(Layout(pane="rollouts"))) as screen:
        await screen.press(pane)
        await screen.pilot.resize_terminal(*QUAD)
        await screen.press("3")
        assert places(screen) == list(GRID_ORDER)
        await screen.pilot.resize_terminal(*SMALL)
        await screen.pilot.pause()
        await screen.pilot.resize_terminal(*STACKED)
        await screen.pilot.pause()
        assert places(screen) == list(GRID_ORDER)


async def test_a_pane_says_that_there_are_rows_below() -> None:
    async with running([many_pods(50)], size=STACKED) as screen:
        await screen.press("2")
        assert "pods  50  more ↓" in screen.text()
        await screen.press("end")
        assert "↓" not in screen.text()
        await screen.press("up", "home")
        assert "pods  50  more ↓" in screen.text()
        await screen.press("slash", *"0000", "enter")
        assert "↓" not in screen.text()


@pytest.mark.parametrize(("height", "hidden"), [(4, 0), (2, 0), (1, 1)])
def test_lines_that_say_nothing_are_not_counted_as_more(height: int, hidden: int) -> None:
    class Sized(TextView):
        size = Size(80, height)  # type: ignore[assignment]

    view = Sized([line("one"), line("two"), line(), line("  ")])
    view._wrap()
    assert view.hidden_below == hidden
