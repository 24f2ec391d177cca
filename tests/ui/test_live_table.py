"""The cursor is on an object: sorting, filtering, relisting and new rows never move it to another one."""

from __future__ import annotations

from rich.cells import cell_len
from rich.style import Style

from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import row_of
from edgetui.model.panes import PANES
from edgetui.model.view.fleet import ViewChange
from edgetui.ui.widgets.column_layout import ColumnLayout
from edgetui.ui.widgets.live_table import LiveTable
from edgetui.ui.widgets.table_lines import Line, row_strip
from tests.unit.model.factories import NOW, crashing, pod

from .driving import Screen, running
from .fleet import many_pods


def named(at: int) -> ObjectKey:
    return ObjectKey("plant", "Pod", f"ns-{at % 7}", f"job-{at:05d}-x2k4q")


async def test_the_cursor_stays_on_its_object_when_worse_rows_come_above() -> None:
    store = many_pods(50)
    async with running([store]) as screen:
        await screen.press("2", "down", "down", "down")
        table = screen.app.main.current.table
        chosen = table.cursor
        store.apply("Pod", row_of("Pod", pod("a-first", "ns-0", statuses=[crashing()], created=NOW - 4000)))
        await screen.changed()
        assert table.cursor == chosen
        assert table.view.keys.index(chosen) == 4
        assert "a-first" in screen.text()


async def test_the_cursor_stays_on_its_object_through_a_sort_and_back() -> None:
    async with running([many_pods(500)]) as screen:
        await screen.press("2", "pagedown", "pagedown")
        table = screen.app.main.current.table
        assert table.go_to(named(300))
        chosen = table.cursor
        await screen.press("o", "o")
        assert table.go_to(chosen)
        table.view.set_sort("age", True)
        table.view_changed(_reordered())
        assert table.cursor == chosen
        assert _cursor_line(screen).split()[1] == chosen.name


async def test_a_relist_keeps_the_cursor() -> None:
    store = many_pods(300)
    async with running([store]) as screen:
        await screen.press("2")
        table = screen.app.main.current.table
        table.go_to(named(200))
        rows = list(store.rows("Pod"))
        store.replace("Pod", [row for row in rows if row.name != named(10).name])
        await screen.changed()
        assert table.cursor == named(200)


async def test_when_the_object_goes_the_neighbour_gets_the_cursor_and_no_action_for_a_moment() -> None:
    store = many_pods(20)
    async with running([store]) as screen:
        await screen.press("2", "down", "down")
        table = screen.app.main.current.table
        gone = table.cursor
        assert gone is not None
        neighbour = table.view.keys[3]
        store.delete("Pod", gone.namespace, gone.name, "")
        await screen.changed()
        assert table.cursor == neighbour
        assert not table.settled
        await screen.press("t")
        assert "changed by itself" in screen.text()
        screen.clock.advance(1)
        assert table.settled


async def test_until_a_key_moves_it_the_cursor_follows_the_worst_row() -> None:
    store = many_pods(20)
    async with running([store]) as screen:
        await screen.press("2")
        table = screen.app.main.current.table
        store.apply("Pod", row_of("Pod", pod("broken", "ns-9", statuses=[crashing()], created=NOW - 4000)))
        await screen.changed()
        assert table.cursor is not None
        assert table.cursor.name == "broken"
        assert not table.settled


async def test_only_lines_that_changed_are_painted() -> None:
    store = many_pods(200)
    async with running([store]) as screen:
        await screen.press("2")
        table = screen.app.main.current.table
        painted = _watch_painting(table)
        table.tick()
        assert painted == []
        row = store.get("Pod", *table.view.keys[5][2:])
        assert row is not None
        store.apply("Pod", row_of("Pod", pod(row.name, row.namespace, ready="False", version=9_000_000)))
        off_screen = store.get("Pod", *table.view.keys[150][2:])
        assert off_screen is not None
        await screen.changed()
        assert painted
        painted.clear()
        store.apply(
            "Pod",
            row_of("Pod", pod(off_screen.name, off_screen.namespace, created=NOW - 9999, version=9_000_001)),
        )
        await screen.changed()
        assert painted == []


async def test_ages_are_painted_when_their_text_changes_and_not_before() -> None:
    store = Store("plant")
    store.set_freshness("Pod", Freshness(Sync.LIVE, heard=NOW))
    store.apply("Pod", row_of("Pod", pod("old", created=NOW - 3 * 86400)))
    async with running([store]) as screen:
        await screen.press("2")
        table = screen.app.main.current.table
        painted = _watch_painting(table)
        screen.clock.advance(60)
        table.tick()
        assert painted == []
        screen.clock.advance(86400)
        table.tick()
        assert painted == [0]


async def test_the_name_stays_at_any_width() -> None:
    for width in (20, 40, 60, 80, 120):
        async with running([many_pods(5)], size=(width, 24)) as screen:
            await screen.press("2")
            assert "job" in screen.text(), width
            assert "4q" in screen.text(), width


async def test_wide_characters_keep_the_columns_aligned() -> None:
    store = many_pods(3)
    async with running([store]) as screen:
        await screen.press("2")
        for name in ("job-漢字-pod", "job-e\u0301e\u0301-pod", "漢" * 40):
            store.apply("Pod", row_of("Pod", pod(name, "ns-0", version=8_000_000)))
        await screen.changed()
        strips = screen.app.screen._compositor.render_strips(screen.app.size)
        assert {strip.cell_length for strip in strips} == {80}
        table = screen.app.main.current.table
        lines = [table.render_line(y).crop(0, 80).text for y in range(1, 7)]
        columns = {cell_len(line[: line.rindex("1/1")]) for line in lines}
        assert len(columns) == 1, lines


def _reordered() -> ViewChange:
    return ViewChange(order=True)


def _watch_painting(table: LiveTable) -> list[int]:
    """The visible rows that are painted from now on."""
    painted: list[int] = []
    paint = table._refresh_row

    def watched(y: int) -> None:
        painted.append(y)
        paint(y)

    table._refresh_row = watched  # type: ignore[method-assign]
    return painted


def _cursor_line(screen: Screen) -> str:
    table = screen.app.main.current.table
    return table.render_line(table.view.position(table.cursor) - table.top + 1).text


def test_the_sign_of_a_row_keeps_its_colour_under_the_cursor() -> None:
    columns = ColumnLayout(PANES["pods"].columns, frozenset())
    styles = {
        role: Style.parse(f"color({at})")
        for at, role in enumerate(("row", "cursor", "bad", "warn", "stale", "unknown"))
    }
    for sign, severity, role in (("!", 0, "bad"), ("~", 2, "stale"), ("?", 2, "unknown"), (" ", 1, "cursor")):
        first, mark, *_ = row_strip(Line((), sign, severity, True), columns, 10, styles)
        assert first.style == styles[role], sign
        assert mark.style == styles["cursor"]
