"""The mouse and the painted rows: a click is on the row that is drawn there, and no row stays that is gone."""

from __future__ import annotations

import random

import pytest

from edgetui.model.cache.store import Store
from edgetui.model.kinds import row_of
from edgetui.ui.widgets.live_table import LiveTable
from tests.unit.model.factories import NOW, crashing, pod

from .driving import Screen, running
from .fleet import many_pods


def table_of(screen: Screen) -> LiveTable:
    return screen.app.main.current.table


def drawn(screen: Screen) -> list[str]:
    """The names on the lines of the table, from its first row down."""
    table = table_of(screen)
    lines = screen.text().splitlines()[table.region.y + 1 : table.region.bottom]
    return [line.split()[1] if len(line.split()) > 1 else "" for line in (one[2:] for one in lines)]


async def test_a_click_puts_the_cursor_on_the_row_that_is_drawn_there() -> None:
    async with running([many_pods(100)]) as screen:
        await screen.press("2", *["pagedown"] * 2)
        table = table_of(screen)
        assert table.top
        for y in (1, 2, 7, table.visible_rows):
            name = drawn(screen)[y - 1]
            await screen.pilot.click(table, offset=(5, y))
            await screen.pilot.pause()
            assert table.cursor is not None
            assert table.cursor.name == name


async def test_a_click_on_rows_that_just_moved_lets_no_key_act_until_they_could_be_seen() -> None:
    store = many_pods(20)
    async with running([store]) as screen:
        await screen.press("2")
        table = table_of(screen)
        screen.clock.advance(5)
        await screen.pilot.click(table, offset=(5, 4))
        await screen.pilot.pause()
        assert table.settled
        store.apply("Pod", row_of("Pod", pod("a-first", "ns-0", statuses=[crashing()], created=NOW - 4000)))
        await screen.changed()
        await screen.pilot.click(table, offset=(5, 8))
        await screen.pilot.pause()
        assert not table.settled
        screen.clock.advance(1)
        assert table.settled


async def test_a_click_on_the_head_or_below_the_rows_is_on_no_row() -> None:
    async with running([many_pods(3)]) as screen:
        await screen.press("2", "down")
        table = table_of(screen)
        before = table.cursor
        await screen.pilot.click(table, offset=(5, 0))
        await screen.pilot.pause()
        assert table.cursor == before
        await screen.pilot.click(table, offset=(5, 12))
        await screen.pilot.pause()
        assert table.cursor in (before, table.view.keys[-1])


async def test_the_wheel_moves_three_rows_and_the_cursor_is_on_what_is_drawn() -> None:
    async with running([many_pods(100)]) as screen:
        await screen.press("2")
        table = table_of(screen)
        for step, times in ((3, 9), (-3, 4)):
            for _ in range(times):
                at = table.view.keys.index(table.cursor) if table.cursor else 0
                table.post_message(_wheel(table, step))
                await screen.pilot.pause()
                assert table.cursor == table.view.keys[at + step]
                assert table.cursor.name in drawn(screen)
        assert drawn(screen) == [
            key.name for key in table.view.keys[table.top : table.top + table.visible_rows]
        ]


def _wheel(table: LiveTable, step: int) -> object:
    from textual import events

    make = events.MouseScrollDown if step > 0 else events.MouseScrollUp
    return make(table, 5, 5, 0, 1 if step > 0 else -1, 0, False, False, False)


@pytest.mark.parametrize("count", [1, 30])
async def test_rows_that_go_leave_nothing_and_rows_that_come_are_drawn(count: int) -> None:
    store = many_pods(count)
    async with running([store]) as screen:
        await screen.press("2")
        rows = list(store.rows("Pod"))
        assert "job-00000" in screen.text()
        for _ in range(2):
            store.replace("Pod", [])
            await screen.changed()
            assert "job-" not in screen.text()
            assert table_of(screen).cursor is None
            store.replace("Pod", rows)
            await screen.changed()
            shown = [key.name for key in table_of(screen).view.keys][: table_of(screen).visible_rows]
            assert [name for name in drawn(screen) if name] == shown


async def test_a_table_without_notes_leaves_nothing_either() -> None:
    store = many_pods(3)
    async with running([store]) as screen:
        await screen.press("2")
        table, rows = table_of(screen), list(store.rows("Pod"))
        for some, count in (([], 0), (rows, 3), ([], 0)):
            store.replace("Pod", some)
            table.view_changed(table.view.absorb(screen.app.fleet.drain(), NOW))
            await screen.pilot.pause()
            assert screen.text().count("job-") == count


@pytest.mark.parametrize("seed", range(3))
async def test_after_many_changes_at_once_the_lines_are_the_rows_and_the_cursor_is_on_its_object(
    seed: int,
) -> None:
    rng = random.Random(seed)
    store = many_pods(300)
    async with running([store]) as screen:
        await screen.press("2")
        table = table_of(screen)
        table.go_to(table.view.keys[150])
        await screen.pilot.pause()
        for round_ in range(4):
            chosen = table.cursor
            assert chosen is not None
            _change_many(store, rng, round_)
            await screen.changed()
            assert table.cursor == chosen
            assert table.view.position(chosen) == table._cursor.index
            expected = [key.name for key in table.view.keys[table.top : table.top + table.visible_rows]]
            assert drawn(screen) == expected
            assert drawn(screen)[table._cursor.index - table.top] == chosen.name


def _change_many(store: Store, rng: random.Random, round_: int) -> None:
    for at in rng.sample(range(300), 120):
        statuses = [crashing(restarts=rng.randrange(3, 40))] if rng.random() < 0.5 else ()
        made = pod(f"job-{at:05d}-x2k4q", f"ns-{at % 7}", statuses=statuses, created=NOW - 9000 - at)
        row = row_of("Pod", made)
        row.resource_version = str(9_000_000 + 1000 * round_ + at)
        store.apply("Pod", row)
