"""The lines of a log on the screen: follows the end, or stays where it is while more lines come below.

The place is kept as the number of a line, so nothing moves under the reader's eyes when old lines leave the ring.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, NamedTuple

from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.strip import Strip

from edgetui.model.cells import pieces
from edgetui.model.pod.logbuffer import LogBuffer
from edgetui.ui.spans import Span, Spans, to_strip, wrap

from .base import look_of
from .scrolling import Scrolling


class Row(NamedTuple):
    """One row of the screen: `part` counts the rows of a wrapped line."""

    number: int
    part: int
    text: str


class LogView(Scrolling, can_focus=True):
    """Shows `buffer`; `moved` is called when a key scrolled. Painted are only rows that differ."""

    DEFAULT_CSS = """
    LogView { height: 1fr; width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("home,g", "first", "first", show=False),
        Binding("end,f", "follow", "follow", show=False),
    ]

    def __init__(self, moved: Callable[[], None]) -> None:
        super().__init__()
        self.buffer = LogBuffer()
        self.notice: Sequence[Spans] = ()
        """What is said in place of lines while there are none."""
        self.following = True
        self.wrapped = True
        self.stamped = False
        self.needle = ""
        """Words to point out, in lower case."""
        self.current: int | None = None
        """The line where they are pointed out most."""
        self._moved = moved
        self._top = (0, 0)
        self._paused_at = 0
        self._rows: list[Row] = []
        self._noted: list[Spans] = []

    @property
    def rows(self) -> Sequence[Row]:
        """What is on the screen."""
        return self._rows

    @property
    def new_below(self) -> int:
        """How many lines came since it stopped following."""
        return 0 if self.following else self.buffer.end - max(self._paused_at, self.buffer.first)

    # -- what the screen tells it

    def show(self, buffer: LogBuffer) -> None:
        """Another log, from its end."""
        self.buffer = buffer
        self.following = True
        self.sync()

    def sync(self) -> None:
        """Lines came, or are to be shown in another way: paint the rows that differ."""
        before, noted = self._rows, self._noted
        height = self.size.height
        self._noted = [] if len(self.buffer) else [s for one in self.notice for s in wrap(one, self._width)]
        self._rows = self._from_end(height) if self.following else self._from_top(height)
        if bool(noted) != bool(self._noted) or (self._noted and noted != self._noted):
            self.refresh()
            return
        for y in range(height):
            if before[y : y + 1] != self._rows[y : y + 1]:
                self.refresh(Region(0, y, self.size.width, 1))

    def repaint(self) -> None:
        """What is pointed out changed."""
        self.sync()
        self.refresh()

    def reveal(self, number: int) -> None:
        """Scroll to a line, unless it can be seen; the lines stand still from now on."""
        self.current = number
        self._pause()
        if number not in {row.number for row in self._rows}:
            self._top = (number, 0)
            self._move(-(self.size.height // 2))
        self.repaint()

    # -- painting

    def render_line(self, y: int) -> Strip:
        """One visible row."""
        spans: Spans = ()
        if self._noted:
            spans = self._noted[y] if y < len(self._noted) else ()
        elif y < len(self._rows):
            spans = self._spans(self._rows[y])
        return to_strip(spans, self.size.width, look_of(self))

    def on_resize(self) -> None:
        """Another width wraps the lines anew."""
        self._top = (self._top[0], 0)
        self.sync()
        self.refresh()

    @property
    def _width(self) -> int:
        return max(self.size.width, 10)

    def _spans(self, row: Row) -> Spans:
        folded, at = row.text.lower(), 0
        if not self.needle or len(folded) != len(row.text):
            return (Span(row.text),)
        spans: list[Span] = []
        role = "cursor" if row.number == self.current else "field"
        while (found := folded.find(self.needle, at)) >= 0:
            end = found + len(self.needle)
            spans += [Span(row.text[at:found]), Span(row.text[found:end], role)]
            at = end
        return (*spans, Span(row.text[at:]))

    # -- which rows

    def _pieces(self, number: int) -> list[Row]:
        text = self.buffer.text(number)
        if self.stamped and (stamp := self.buffer.stamp(number)):
            text = f"{stamp[5:10]} {stamp[11:19]} {text}"
        parts = pieces(text, self._width) if self.wrapped else [text]
        return [Row(number, part, piece) for part, piece in enumerate(parts)]

    def _upwards(self, number: int) -> Iterator[Row]:
        """The rows of this line and of those before it, from below."""
        for each in range(min(number, self.buffer.end - 1), self.buffer.first - 1, -1):
            yield from reversed(self._pieces(each))

    def _downwards(self, top: tuple[int, int]) -> Iterator[Row]:
        """The rows from this one on."""
        for each in range(top[0], self.buffer.end):
            yield from self._pieces(each)[top[1] if each == top[0] else 0 :]

    def _from_end(self, height: int) -> list[Row]:
        rows = [row for _, row in zip(range(height), self._upwards(self.buffer.end - 1), strict=False)]
        rows.reverse()
        if rows:
            self._top = rows[0].number, rows[0].part
        return rows

    def _from_top(self, height: int) -> list[Row]:
        if self._top[0] < self.buffer.first:
            self._top = (self.buffer.first, 0)
        return [row for _, row in zip(range(height), self._downwards(self._top), strict=False)]

    # -- keys

    def action_scroll_by(self, step: int) -> None:
        """Scroll by rows; at the last line it follows again."""
        if step < 0:
            self._pause()
        elif self.following:
            return
        self._move(step)
        if step > 0 and len(self._from_top(self.size.height + 1)) <= self.size.height:
            self.following = True
        self._moved()
        self.sync()

    def action_first(self) -> None:
        """The oldest line that is kept."""
        self._pause()
        self._top = (self.buffer.first, 0)
        self._moved()
        self.sync()

    def action_follow(self) -> None:
        """The last line, and those that come."""
        self.following = True
        self._moved()
        self.sync()

    def _pause(self) -> None:
        if self.following:
            self.following = False
            self._paused_at = self.buffer.end

    def _move(self, step: int) -> None:
        """Move the top row; the last line stays on the screen."""
        number, part = self._top
        if step < 0:
            above = self._upwards(number)
            for row in above:
                if (row.number, row.part) < (number, part):
                    self._top = row.number, row.part
                    step += 1
                    if not step:
                        return
            return
        rows = [
            row for _, row in zip(range(step + self.size.height), self._downwards(self._top), strict=False)
        ]
        at = max(min(step, len(rows) - self.size.height), 0)
        if rows:
            self._top = rows[at].number, rows[at].part
