"""What scrolls against naive lists of lines: a text, and a log that follows its end or stands still."""

from __future__ import annotations

import random
from typing import Any

import pytest
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from edgetui.model.cells import pieces
from edgetui.model.pod.logbuffer import LogBuffer
from edgetui.ui.spans import Span, Spans, line, plain, wrap
from edgetui.ui.widgets.log_view import LogView, Row
from edgetui.ui.widgets.text_view import TextView

from .alone import alone, painted, resize

STEPS = 300
WORDS = (
    "",
    "press",
    "x" * 25,
    "the pump of line 2 stands still",
    "漢字 ok",
    "a b c d e f g h i j k l m n o p",
)
SIZES = ((24, 6), (40, 1))


class Watched(Widget):
    """Keeps which of its lines it paints again (None is all of them), and what it tells others."""

    def refresh(self, *regions: Region, **how: Any) -> Any:
        again = self.__dict__.setdefault("again", [])
        again += [region.y for region in regions] or [None]
        return super().refresh(*regions, **how)

    def post_message(self, message: Message) -> bool:
        self.__dict__.setdefault("told", []).append(message)
        return super().post_message(message)


class WatchedText(Watched, TextView):
    """A text."""


class WatchedLog(Watched, LogView):
    """A log."""


def check_paint(
    widget: Any, before: list[Strip], again: list[int | None], others: set[int] | None = None
) -> None:
    """What is on the screen is as if all of it were painted, and no line was painted that stayed the same.

    `others` are lines that are others now, be it with the same text.
    """
    now = painted(widget)
    assert now == [widget.render_line(y) for y in range(widget.size.height)]
    if None not in again:
        differ = {y for y, (old, new) in enumerate(zip(before, now, strict=True)) if old != new}
        assert differ <= set(again) <= differ | (others or set())


def turned(widget: Widget, turn: int) -> events.MouseScrollUp | events.MouseScrollDown:
    make = events.MouseScrollUp if turn < 0 else events.MouseScrollDown
    return make(widget, 0, 0, 0, turn, 0, False, False, False)


def scrolled(widget: Any, rng: random.Random) -> int:
    """One key or one turn of the wheel; by how many lines it is to scroll."""
    page, turn = max(widget.size.height - 1, 1), rng.choice((-1, 1))
    how = rng.choice(("line", "page", "wheel"))
    if how == "line":
        widget.action_scroll_by(turn)
        return turn
    if how == "page":
        widget.action_scroll_page(turn)
        return turn * page
    (widget.on_mouse_scroll_up if turn < 0 else widget.on_mouse_scroll_down)(turned(widget, turn))
    return turn * 3


def some_lines(rng: random.Random, before: list[Spans]) -> list[Spans]:
    """A few lines, or those from before with one that differs."""
    if before and rng.random() < 0.5:
        changed = list(before)
        changed[rng.randrange(len(changed))] = line(Span(rng.choice(WORDS), rng.choice(("row", "bad"))))
        return changed
    return [line(Span(rng.choice(WORDS))) for _ in range(rng.choice((0, 1, 3, 12)))]


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_text_is_a_list_of_wrapped_lines_of_which_a_part_is_in_view(size: tuple[int, int]) -> None:
    rng, text = random.Random(sum(size)), WatchedText()
    async with alone(text, size) as pilot:
        shown: list[Spans] = []
        top = 0
        for number in range(STEPS):
            if number == STEPS // 2:
                await resize(pilot, text, size[0] - 9, size[1])
                assert any(isinstance(one, TextView.Resized) for one in text.told)  # type: ignore[attr-defined]
            before = painted(text)
            text.again = []  # type: ignore[attr-defined]
            move = rng.choice(("show", "scroll", "scroll", "scroll", "edge"))
            if move == "show":
                shown = some_lines(rng, shown)
                text.show(shown)
            wrapped = [row for one in shown for row in wrap(one, max(text.size.width, 10))]
            most = max(len(wrapped) - text.size.height, 0)
            if move == "scroll":
                top += scrolled(text, rng)
            elif move == "edge":
                to_end = rng.randrange(2)
                text.action_scroll_edge(to_end)
                top = most * to_end
            top = max(min(top, most), 0)
            assert text.top == top
            assert text.text == "\n".join(plain(one) for one in shown)
            assert [one.text.rstrip() for one in painted(text)][: len(wrapped) - top] == [
                plain(one).rstrip() for one in wrapped[top : top + text.size.height]
            ]
            below = wrapped[top + text.size.height :]
            assert text.hidden_below == max(
                (at for at, one in enumerate(below, 1) if plain(one).strip()), default=0
            )
            check_paint(text, before, text.again)  # type: ignore[attr-defined]


class NaiveLog:
    """All rows of a log, and which of them have to be in view."""

    def __init__(self, view: WatchedLog) -> None:
        self.view = view
        self.following = True
        self.top = (0, 0)
        self.paused_at = 0

    @property
    def rows(self) -> list[Row]:
        buffer, view = self.view.buffer, self.view
        found = []
        for number in range(buffer.first, buffer.end):
            text, stamp = buffer.text(number), buffer.stamp(number)
            if view.stamped and stamp:
                text = f"11-28 10:00:{number % 60:02} {text}"
            parts = pieces(text, max(view.size.width, 10)) if view.wrapped else [text]
            found += [Row(number, part, piece) for part, piece in enumerate(parts)]
        return found

    @property
    def at(self) -> int:
        return sum((row.number, row.part) < self.top for row in self.rows)

    @property
    def in_view(self) -> list[Row]:
        height, rows = self.view.size.height, self.rows
        if self.following:
            if found := rows[-height:]:
                self.top = found[0].number, found[0].part
            return found
        self.top = max(self.top, (self.view.buffer.first, 0))
        return rows[self.at :][:height]

    def pause(self) -> None:
        if self.following:
            self.following, self.paused_at = False, self.view.buffer.end

    def up(self, by: int) -> None:
        if rows := self.rows:
            row = rows[max(self.at - by, 0)] if self.at else None
            self.top = (row.number, row.part) if row else self.top

    def scroll(self, step: int) -> None:
        height = self.view.size.height
        if step < 0:
            self.pause()
            self.up(-step)
        elif not self.following:
            rows, at = self.rows, self.at
            if at < len(rows):
                row = rows[at + max(min(step, len(rows) - at - height), 0)]
                self.top = row.number, row.part
            self.following = len(rows) - self.at <= height


class LogWalk:
    """Random steps on a log."""

    def __init__(self, seed: int, view: WatchedLog) -> None:
        self.random = random.Random(seed)
        self.view = view
        self.naive = NaiveLog(view)
        self.steps = [
            *[self.scroll] * 6, *[self.more] * 4, self.first, self.follow, self.reveal, self.another, self.other_look,
            self.point_out,
        ]  # fmt: skip

    def step(self) -> None:
        view, naive = self.view, self.naive
        before, rows = painted(view), list(view.rows)
        view.again = []  # type: ignore[attr-defined]
        self.random.choice(self.steps)()
        assert list(view.rows) == naive.in_view
        assert view.following == naive.following
        below = 0 if naive.following else view.buffer.end - max(naive.paused_at, view.buffer.first)
        assert view.new_below == below
        texts = [row.text.rstrip() for row in view.rows] or [
            plain(one) for one in view.notice if not view.buffer
        ]
        assert [one.text.rstrip()[:10] for one in painted(view)][: len(texts)] == [one[:10] for one in texts][
            : view.size.height
        ]
        now = list(view.rows)
        others = {y for y in range(view.size.height) if rows[y : y + 1] != now[y : y + 1]}
        check_paint(view, before, view.again, others)  # type: ignore[attr-defined]

    def more(self) -> None:
        end = self.view.buffer.end
        lines = []
        for at in range(end, end + self.random.choice((1, 2, 30))):
            stamp = f"2026-11-28T10:00:{at % 60:02}.5Z " if self.random.random() < 0.7 else ""
            lines.append(f"{stamp}{at} {self.random.choice(WORDS)}".encode())
        self.view.buffer.extend(lines)
        self.view.sync()

    def scroll(self) -> None:
        self.naive.scroll(scrolled(self.view, self.random))

    def first(self) -> None:
        self.view.action_first()
        self.naive.pause()
        self.naive.top = (self.view.buffer.first, 0)

    def follow(self) -> None:
        self.view.action_follow()
        self.naive.following = True

    def reveal(self) -> None:
        buffer, naive = self.view.buffer, self.naive
        if not len(buffer):
            return
        number = self.random.randrange(buffer.first, buffer.end)
        seen = number in {row.number for row in self.view.rows}
        self.view.reveal(number)
        naive.pause()
        if not seen:
            naive.top = (number, 0)
            naive.up(self.view.size.height // 2)

    def another(self) -> None:
        self.view.notice = [line("No line yet.")] * self.random.choice((1, 2))
        self.view.show(LogBuffer(most_lines=40))
        self.naive.following = True

    def other_look(self) -> None:
        self.view.wrapped = self.random.random() < 0.7
        self.view.stamped = self.random.random() < 0.3
        self.view.sync()

    def point_out(self) -> None:
        self.view.needle = self.random.choice(("", "p", "ok"))
        self.view.repaint()


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_log_is_a_list_of_rows_of_which_the_end_or_one_place_is_in_view(
    size: tuple[int, int],
) -> None:
    told: list[None] = []
    view = WatchedLog(lambda: told.append(None))
    async with alone(view, size) as pilot:
        walk = LogWalk(sum(size), view)
        walk.another()
        for number in range(STEPS):
            if number == STEPS // 2:
                await resize(pilot, view, size[0] - 9, size[1])
                walk.naive.top = (walk.naive.top[0], 0)
            walk.step()
        told.clear()
        for act in (view.action_first, view.action_follow):
            act()
        view.action_scroll_by(1)
        view.action_scroll_by(-1)
        assert len(told) == 3, "nothing is told of a key that leads nowhere"


def test_what_is_looked_for_is_pointed_out_wherever_it_stands() -> None:
    view = LogView(lambda: None)
    for text, needle, current, roles in (
        ("press", "", None, [("press", "row")]),
        ("a Press, a press", "press", None, [("Press", "field"), ("press", "field")]),
        ("a Press", "press", 7, [("Press", "cursor")]),
        ("a Press", "press", 8, [("Press", "field")]),
        ("aaaa", "aa", None, [("aa", "field"), ("aa", "field")]),
        ("İ press", "press", None, [("İ press", "row")]),
    ):
        view.needle, view.current = needle, current
        spans = view._spans(Row(7, 0, text))
        assert "".join(span.text for span in spans) == text
        told = [(span.text, span.role) for span in spans if span.role != "row"] or [
            (span.text, span.role) for span in spans
        ]
        assert told == roles
