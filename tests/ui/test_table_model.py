"""The live table against a naive one, over random keys, clicks, changes, filters, notes and sizes."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import row_of
from edgetui.model.panes import PANES
from edgetui.model.view.fleet import Fleet, ViewChange
from edgetui.ui.widgets.live_table import SETTLE, LiveTable
from edgetui.ui.widgets.table_lines import Line
from tests.unit.model.factories import NOW, crashing, pod

from .alone import alone, painted, resize
from .driving import Clock
from .fleet import many_pods

STEPS = 300
SIZES = ((60, 9), (34, 4), (150, 24), (60, 1))


class Watched(LiveTable):
    """Keeps what it tells others, and which of its lines it paints again (None is all of them)."""

    def __init__(self, *given: Any, **named: Any) -> None:
        self.told: list[Message] = []
        self.again: list[int | None] = []
        super().__init__(*given, **named)

    def post_message(self, message: Message) -> bool:
        if isinstance(message, LiveTable.CursorMoved | LiveTable.Scrolled | LiveTable.Opened):
            self.told.append(message)
            return True
        return super().post_message(message)

    def refresh(self, *regions: Region, **how: Any) -> Any:
        self.again += [region.y for region in regions] or [None]
        return super().refresh(*regions, **how)


class Naive:
    """Where the cursor has to be, and what has to be in view; it looks at the whole list every time."""

    def __init__(self, table: Watched, clock: Clock) -> None:
        self.table = table
        self.clock = clock
        self.keys: list[ObjectKey] = list(table.view.keys)
        self.at = self.top = 0
        self.touched = False
        self.uid = self._uid()
        self.moved_at = clock.run - 2 * SETTLE
        self.reordered_at = clock.run
        self.below = self._more_below

    @property
    def cursor(self) -> ObjectKey | None:
        return self.keys[self.at] if self.keys else None

    @property
    def _more_below(self) -> bool:
        return self.top + self.rows < len(self.keys)

    @property
    def line(self) -> int:
        """The line of the cursor, under the head."""
        return self.at - self.top + 1

    @property
    def rows(self) -> int:
        table = self.table
        return max(table.size.height - 1 - len(table._notes), 0)

    def _uid(self) -> str:
        row = self.table.view.row(self.cursor) if self.cursor else None
        return row.uid if row is not None else ""

    def look(self) -> None:
        """The cursor is in view, and no line stays empty while there are rows above."""
        height = max(self.rows, 1)
        self.top = max(min(self.top, self.at), 0)
        while self.at >= self.top + height:
            self.top += 1
        while self.top and self.top + height > len(self.keys):
            self.top -= 1

    def go(self, to: int) -> None:
        self.at = max(min(to, len(self.keys) - 1), 0)
        self.touched = True
        self.uid = self._uid() or self.uid
        self.look()

    def take(self, change: ViewChange) -> None:
        """Rows changed."""
        before, keys = self.cursor, list(self.table.view.keys)
        if change.order:
            self.reordered_at = self.clock.run
            line = self.at - self.top
            if not self.touched or before is None:
                at = 0
            else:
                at = keys.index(before) if before in keys else max(min(self.at, len(keys) - 1), 0)
            self.keys, self.at = keys, at
            self.top = self.at - line if self.top else 0
            self.look()
        was, self.uid = self.uid, self._uid()
        if self.cursor != before or was != self.uid:
            self.moved_at = self.clock.run

    def reset(self) -> None:
        """The person sorts or filters."""
        self.keys = list(self.table.view.keys)
        self.at = self.top = 0
        self.touched = False
        self.uid = self._uid()
        self.moved_at = self.clock.run - 2 * SETTLE


class Walk:
    """Random steps on a table and on the naive one."""

    def __init__(self, seed: int, store: Store, table: Watched, clock: Clock) -> None:
        self.random = random.Random(seed)
        self.store = store
        self.fleet = Fleet([store])
        self.table = table
        self.clock = clock
        self.naive = Naive(table, clock)
        self.version = 9_000_000
        self.every_row = list(store.rows("Pod"))
        self.steps: list[Callable[[], None]] = [
            *[self.key] * 4, *[self.click] * 4, *[self.wheel] * 2, *[self.some_change] * 4, self.all_change, self.note,
            self.mark, self.narrow, self.sort, self.aside, self.wait, self.open, self.go_to_one, self.focus,
        ]  # fmt: skip

    def step(self) -> None:
        chosen = self.random.choice(self.steps)
        before = self.naive.cursor, self.naive.uid
        self.line = self.naive.line
        self.said = self._what_lines_say()
        lines = painted(self.table)
        self.table.told.clear()
        self.table.again.clear()
        chosen()
        self.check(chosen.__name__, lines, (self.naive.cursor, self.naive.uid) != before)

    def check(self, name: str, before: list[Strip], moved: bool) -> None:
        table, naive = self.table, self.naive
        assert table.view.keys == naive.keys
        assert (table.cursor, table.top) == (naive.cursor, naive.top), name
        assert table.more_below == (naive.top + naive.rows < len(naive.keys))
        assert table.settled == (self.clock.run - naive.moved_at >= SETTLE), name
        cursors = [one.key for one in table.told if isinstance(one, LiveTable.CursorMoved)]
        assert cursors == [naive.cursor] * moved, name
        scrolled = sum(isinstance(one, LiveTable.Scrolled) for one in table.told)
        assert scrolled % 2 == (table.more_below != naive.below), name
        naive.below = table.more_below
        self.check_paint(name, before)

    def check_paint(self, name: str, before: list[Strip]) -> None:
        """What is on the screen is what it would be if all of it were painted, and what stayed the same was left."""
        table, again = self.table, set(self.table.again)
        now = painted(table)
        assert now == [table.render_line(y) for y in range(table.size.height)], name
        if None not in again:
            differ = {y for y, (old, new) in enumerate(zip(before, now, strict=True)) if old != new}
            assert differ <= again, name
            said = {
                y
                for y, (old, new) in enumerate(zip(self.said, self._what_lines_say(), strict=True), 1)
                if old != new
            }
            assert again <= said | {self.line, self.naive.line}, name

    def _what_lines_say(self) -> list[Line | None]:
        return [self.table._line(y, self.clock.wall) for y in range(self.table.size.height - 1)]

    # -- the steps

    def key(self) -> None:
        naive, page = self.naive, max(self.naive.rows - 1, 1)
        name, to = self.random.choice(
            [("move(-1)", naive.at - 1), ("move(1)", naive.at + 1), ("page(-1)", naive.at - page),
             ("page(1)", naive.at + page), ("edge(0)", 0), ("edge(1)", len(naive.keys) - 1)]
        )  # fmt: skip
        action, _, given = name.partition("(")
        getattr(self.table, f"action_{action}")(int(given[:-1]))
        naive.go(to)

    def click(self) -> None:
        y = self.random.randrange(self.table.size.height)
        naive = self.naive
        self.table.on_click(events.Click(self.table, 5, y, 0, 0, 1, False, False, False))
        if 1 <= y <= naive.rows:
            naive.go(naive.top + y - 1)
            if self.clock.run - naive.reordered_at < SETTLE:
                naive.moved_at = self.clock.run

    def wheel(self) -> None:
        turn = self.random.choice((-1, 1))
        event = (events.MouseScrollUp if turn < 0 else events.MouseScrollDown)(
            self.table, 5, 2, 0, turn, 0, False, False, False
        )
        (self.table.on_mouse_scroll_up if turn < 0 else self.table.on_mouse_scroll_down)(event)  # type: ignore[arg-type]
        self.naive.go(self.naive.at + 3 * turn)

    def some_change(self) -> None:
        for _ in range(self.random.choice((1, 2, 90))):
            row = self.random.choice(self.every_row)
            there = self.store.get("Pod", row.namespace, row.name)
            if there is not None and self.random.random() < 0.4:
                self.store.delete("Pod", row.namespace, row.name, "")
                continue
            self.version += 1
            made = pod(
                row.name,
                row.namespace,
                version=self.version,
                created=NOW - self.random.randrange(9_000),
                statuses=[crashing(restarts=3)] if self.random.random() < 0.3 else (),
            )
            if self.random.random() < 0.2:
                made["metadata"]["uid"] = f"another-{self.version}"
            self.store.apply("Pod", row_of("Pod", made))
        self._absorb()

    def all_change(self) -> None:
        self.store.replace("Pod", [] if self.random.random() < 0.3 else list(self.every_row))
        self._absorb()

    def _absorb(self) -> None:
        change = self.table.view.absorb(self.fleet.drain(), self.clock.wall)
        self.table.view_changed(change)
        self.naive.take(change)

    def note(self) -> None:
        self.table.set_notes(tuple(f"  note {at}" for at in range(self.random.randrange(4))))
        self.naive.look()

    def mark(self) -> None:
        if self.random.random() < 0.3:
            self.table.marks.clear()
            self.table.sync()
            return
        there = self.naive.cursor is not None
        self.table.mark()
        if there:
            self.naive.go(self.naive.at + 1)

    def narrow(self) -> None:
        self.table.view.set_filter(self.random.choice(("", "", "ns-1", "job-0000", "nothing-here")))
        self._reset()

    def sort(self) -> None:
        self.table.sort = (self.random.choice((None, "age", "name", "restarts")), self.random.random() < 0.5)
        self.table.view.set_sort(*self.table.sort)
        self._reset()

    def _reset(self) -> None:
        self.table.reset_cursor()
        self.naive.reset()

    def aside(self) -> None:
        if self.random.random() < 0.2:
            self.table.show_wide(not self.table.columns.wide)
        else:
            self.table.action_scroll_columns(self.random.choice((-1, 1)))

    def wait(self) -> None:
        self.clock.advance(self.random.choice((0.1, 0.5, 0.7, 40, 4000)))
        self.table.tick()

    def open(self) -> None:
        self.table.action_open()
        opened = [one.key for one in self.table.told if isinstance(one, LiveTable.Opened)]
        assert opened == ([self.naive.cursor] if self.naive.cursor else [])

    def go_to_one(self) -> None:
        row = self.random.choice(self.every_row)
        key = ObjectKey("plant", "Pod", row.namespace, row.name)
        found = self.table.go_to(key)
        assert found == (key in self.naive.keys)
        if found:
            self.naive.go(self.naive.keys.index(key))

    def focus(self) -> None:
        self.table.set_reactive(LiveTable.has_focus, not self.table.has_focus)
        (self.table.on_focus if self.table.has_focus else self.table.on_blur)()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_table_is_what_a_naive_one_is(size: tuple[int, int]) -> None:
    store, clock = many_pods(40), Clock()
    view = Fleet([store]).view(PANES["pods"])
    view.rebuild(clock.wall)
    table = Watched(view, now=clock, monotonic=clock.monotonic)
    async with alone(table, size) as pilot:
        assert (table.cursor, table.told[0].key) == (None, None)  # type: ignore[attr-defined]
        table.view_changed(ViewChange(order=True, changed=set(view.keys)))
        assert table.told[-1].key == view.keys[0]  # type: ignore[attr-defined]
        walk = Walk(sum(size), store, table, clock)
        for number in range(STEPS):
            if number == STEPS // 2:
                await resize(pilot, table, size[0] - 7, max(size[1] - 1, 1))
                walk.naive.look()
                walk.naive.below = table.more_below
            walk.step()
