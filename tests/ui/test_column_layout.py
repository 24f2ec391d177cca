"""Columns while the screen runs: scrolling sideways, every column in full, and widths that shrink again."""

from __future__ import annotations

from msgspec.structs import replace

from edgetui.model.kinds import row_of
from edgetui.model.panes import PANES
from edgetui.model.panes.base import PaneRow, State
from edgetui.ui.widgets.column_layout import MEMORY, ColumnLayout
from tests.unit.model.factories import NOW, deployment, pod, store_of

from .driving import Screen, running
from .fleet import many_pods, plant

LONG = "press-" + "x" * 30


def head(screen: Screen) -> str:
    return screen.line("NAME")


async def test_scrolling_sideways_shows_every_column_and_never_loses_the_name() -> None:
    async with running([plant()]) as screen:
        await screen.press("4")
        assert head(screen).endswith(">")
        seen = set(head(screen).split())
        for _ in range(12):
            await screen.press("right")
            assert "NAME" in head(screen)
            assert head(screen).startswith("<")
            seen.update(head(screen).split())
        assert {"NAMESPACE", "PROGRESS", "READY", "REV", "IMAGES", "AGE", "KUBECTL", "REASON"} <= seen
        assert not head(screen).endswith(">")
        assert "registry.local/press:2.1 not found" in screen.text().replace("…", "")
        for _ in range(12):
            await screen.press("left")
        assert not head(screen).startswith("<")


async def test_where_every_column_fits_there_is_nothing_to_scroll() -> None:
    async with running([many_pods(3)], size=(200, 24)) as screen:
        await screen.press("2")
        before = screen.text()
        assert not head(screen).endswith(">")
        await screen.press("right")
        assert screen.text() == before


async def test_wide_columns_cut_nothing() -> None:
    store = store_of(pod(LONG, "line-2"), pod("oven", "line-1"))
    async with running([store], size=(60, 24)) as screen:
        await screen.press("2")
        assert LONG not in screen.text()
        await screen.press("w", "right")
        assert LONG[:20] in screen.text()
        for _ in range(10):
            await screen.press("right")
        assert "MEM" in head(screen)
        assert "oven" in screen.text()
        await screen.press("w")
        assert not head(screen).startswith("<")


async def test_a_column_that_had_to_go_comes_back_when_what_was_long_is_gone() -> None:
    store = store_of(deployment("oven"), deployment(LONG))
    async with running([store], size=(66, 24)) as screen:
        await screen.press("4")
        assert "READY" not in head(screen)
        store.delete("Deployment", "default", LONG, "")
        await screen.changed()
        assert "READY" not in head(screen), "not at once: nothing jumps while it is read"
        for _ in range(3):
            screen.clock.advance(MEMORY + 1)
            store.apply("Deployment", row_of("Deployment", deployment("oven", version=int(screen.clock.run))))
            await screen.changed()
            screen.app.main.tick()
            await screen.pilot.pause()
        assert "READY" in head(screen)


async def test_widths_are_not_looked_at_again_while_nothing_changes() -> None:
    async with running([many_pods(300)]) as screen:
        await screen.press("2")
        columns = screen.app.main.current.table.columns
        for _ in range(2):
            screen.clock.advance(10 * MEMORY)
            screen.app.main.tick()
            before = columns._widest
        screen.clock.advance(10 * MEMORY)
        screen.app.main.tick()
        assert columns._widest is before


async def test_a_filter_makes_room_at_once() -> None:
    store = store_of(deployment("oven"), deployment(LONG))
    async with running([store], size=(66, 24)) as screen:
        await screen.press("4", "slash", *"oven", "enter")
        assert "READY" in head(screen)


def test_a_width_is_kept_for_one_look_after_its_text_is_gone() -> None:
    pane = PANES["pods"]
    layout = ColumnLayout(pane.columns, frozenset())
    row = pane.build(store_of(pod("oven")), "Pod", row_of("Pod", pod("oven")), NOW)
    index = pane.index["state"]
    long = replace(row, values=(*row.values[:index], State("x" * 15), *row.values[index + 1 :]))

    def width_after(seconds: float, shown: PaneRow) -> int:
        layout.seen(shown.key)
        layout.review([shown.key], NOW + seconds)
        layout.arrange(78, [shown], NOW)
        return next(one.width for one in layout.fitted if one.column.id == "state")

    assert width_after(0, long) == 15
    assert width_after(MEMORY + 1, row) == 15
    assert width_after(MEMORY + 2, row) == 15
    assert width_after(2 * MEMORY + 3, row) == 10


async def test_a_row_that_the_filter_hides_needs_no_space() -> None:
    store = store_of(pod("oven", "line-1"), pod("x", "default"))
    async with running([store]) as screen:
        await screen.press("2", "slash", *"oven", "enter")
        before = head(screen)
        store.apply("Pod", row_of("Pod", pod(LONG, "a-namespace-of-thirty-characters", version=2)))
        await screen.changed()
        store.apply("Pod", row_of("Pod", pod("oven", "line-1", ready="False", version=3)))
        await screen.changed()
        screen.app.main.current.table.on_resize()
        await screen.pilot.pause()
        assert head(screen) == before


async def test_a_row_that_comes_with_a_longer_namespace_is_shown_in_full_at_once() -> None:
    store = store_of(pod("oven", "line-1"))
    async with running([store]) as screen:
        await screen.press("2")
        store.apply("Pod", row_of("Pod", pod("agent", "kube-system")))
        await screen.changed()
        assert "kube-system" in screen.line("agent")
