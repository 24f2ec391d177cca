"""A table of live objects: the cursor is on an object, never on a line, and only lines that changed are painted."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from edgetui.model.cells import cut
from edgetui.model.identity import ObjectKey
from edgetui.model.panes.base import PaneRow
from edgetui.model.view.fleet import FleetView, ViewChange
from edgetui.ui.widgets.cursor_and_marks import Cursor, Marks

from .base import look_of
from .column_layout import ColumnLayout
from .table_lines import MARGIN, Line, head_strip, row_strip

SETTLE = 0.7
"""Seconds for which no action starts after the row under the cursor changed by itself."""


class LiveTable(Widget, can_focus=True):
    """The rows of one FleetView. Hand it every ViewChange; call `tick` when time may have changed texts."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    LiveTable { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "page up", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "page down", show=False),
        Binding("home", "edge(0)", "first", show=False),
        Binding("end", "edge(1)", "last", show=False),
        Binding("left", "scroll_columns(-1)", "columns to the left", show=False),
        Binding("right", "scroll_columns(1)", "columns to the right", show=False),
        Binding("enter", "open", "open", show=False),
    ]

    class CursorMoved(Message):
        """The cursor is on another object, or on none."""

        def __init__(self, table: LiveTable, key: ObjectKey | None) -> None:
            super().__init__()
            self.table = table
            self.key = key

    class Scrolled(Message):
        """There are rows below those in view now, or none any more."""

        def __init__(self, table: LiveTable) -> None:
            super().__init__()
            self.table = table

    class Opened(Message):
        """Enter was pressed on an object."""

        def __init__(self, table: LiveTable, key: ObjectKey) -> None:
            super().__init__()
            self.table = table
            self.key = key

    def __init__(
        self,
        view: FleetView,
        *,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        hidden: frozenset[str] = frozenset(),
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.view = view
        self.marks = Marks(view)
        self.sort: tuple[str | None, bool] = (None, False)
        """Column id and direction of the person's sort; None is worst first."""
        self._now = now
        self._monotonic = monotonic
        self.columns = ColumnLayout(view.pane.columns, hidden)
        self._cursor = Cursor(view)
        self._moved_by_itself = self._reordered = -SETTLE
        self._had_cursor = False
        self._notes: tuple[str, ...] = ()
        self._empty = not view.keys
        self._shown: dict[int, Line | None] = {}
        self._more_below = False

    # -- what others read

    @property
    def cursor(self) -> ObjectKey | None:
        """The object under the cursor."""
        return self._cursor.key

    @property
    def cursor_row(self) -> PaneRow | None:
        """The row under the cursor at the version that is on screen."""
        return self.view.row(self._cursor.key) if self._cursor.key is not None else None

    @property
    def settled(self) -> bool:
        """False just after the row under the cursor went away or was replaced without a key press."""
        return self._monotonic() - self._moved_by_itself >= SETTLE

    @property
    def visible_rows(self) -> int:
        """How many rows fit between the head line and the notes."""
        return max(self.size.height - 1 - len(self._notes), 0)

    @property
    def top(self) -> int:
        """The first visible row."""
        return self._cursor.top

    @property
    def more_below(self) -> bool:
        """Whether there are rows below the last one in view."""
        return len(self.view.keys) > self.top + self.visible_rows

    # -- what others tell it

    def view_changed(self, change: ViewChange) -> None:
        """Rows changed: keep cursor and marks on their objects and paint the visible lines that differ."""
        others = self.columns.take(self.view.pane.columns)
        for key in change.changed:
            if self.view.shows(key):
                self.columns.seen(key)
        self.marks.follow(change.changed)
        before = self._cursor.key
        if change.order:
            self._reordered = self._monotonic()
            self._cursor.follow()
            self._cursor.look_at_kinds(self.visible_rows)
        self._tell_cursor(before, by_itself=True)
        if others:
            self._layout_columns()
        self.sync()

    def tick(self) -> None:
        """Time went on: paint the visible lines in which an age reads differently now."""
        now = self._now()
        keys = self.view.keys
        for y, line in self._shown.items():
            index = self.top + y
            row = self.view.row(keys[index]) if line is not None and index < len(keys) else None
            if row is not None and line is not None and self.columns.moved(row, line.texts, now):
                self._refresh_row(y)
        if self.columns.review(keys, now):
            self._layout_columns()

    def sync(self) -> None:
        """Paint the visible lines that differ from what is on screen."""
        self._tell_scrolled()
        if self._empty != (not self.view.keys):
            self._empty = not self._empty
            self._repaint()
        now = self._now()
        fits = bool(self.columns.fitted)
        for y in range(self.visible_rows if self.view.keys else 0):
            line = self._line(y, now)
            if y in self._shown and self._shown[y] == line:
                continue
            self._refresh_row(y)
            if line is not None:
                fits = self.columns.fits(line.texts) and fits
        if not fits:
            self._layout_columns()

    def set_notes(self, notes: tuple[str, ...]) -> None:
        """Sentences about what these rows do not show; they stand at the bottom, or first where there are no rows."""
        if notes != self._notes:
            self._notes = notes
            self._cursor.look_at_kinds(self.visible_rows)
            self._tell_scrolled()
            self._repaint()

    def reset_cursor(self) -> None:
        """Go to the first row and follow it until a key moves the cursor: after a filter or a sort by the person."""
        before = self._cursor.key
        self._cursor.touched = False
        self._cursor.top = 0
        self._cursor.place(0)
        self._tell_cursor(before, by_itself=False)
        self._moved_by_itself = -SETTLE
        self._tell_scrolled()
        self.columns.forget()
        self._layout_columns()
        self._repaint()

    def go_to(self, key: ObjectKey) -> bool:
        """Put the cursor on an object; False when it is not in the view."""
        index = self.view.position(key)
        if index is None:
            return False
        self._move_to(index)
        return True

    def mark(self) -> None:
        """Mark the object under the cursor, or take its mark away, and go on to the next row."""
        if (row := self.cursor_row) is not None:
            self.marks.toggle(row)
            self._move_to(self._cursor.index + 1)

    def show_wide(self, wide: bool) -> None:
        """Every column in full, to be scrolled sideways; or what fits."""
        self.columns.wide = wide
        self.columns.shift = 0
        self._layout_columns()

    # -- keys and mouse

    def action_move(self, step: int) -> None:
        """One line up or down."""
        self._move_to(self._cursor.index + step)

    def action_page(self, direction: int) -> None:
        """One screenful up or down."""
        self._move_to(self._cursor.index + direction * max(self.visible_rows - 1, 1))

    def action_edge(self, end: int) -> None:
        """To the first or the last row."""
        self._move_to(len(self.view.keys) - 1 if end else 0)

    def action_open(self) -> None:
        """Open the object under the cursor."""
        if self._cursor.key is not None:
            self.post_message(self.Opened(self, self._cursor.key))

    def action_scroll_columns(self, step: int) -> None:
        """Show columns that are further to the left or to the right."""
        if self.columns.scroll(step):
            self._layout_columns()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the clicked row. Where rows just moved it may be another than the one that was seen."""
        if 1 <= event.y <= self.visible_rows:
            self._move_to(self.top + event.y - 1)
            if self._monotonic() - self._reordered < SETTLE:
                self._moved_by_itself = self._monotonic()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move three rows down."""
        event.stop()
        self._move_to(self._cursor.index + 3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move three rows up."""
        event.stop()
        self._move_to(self._cursor.index - 3)

    # -- painting

    def render_line(self, y: int) -> Strip:
        """One line: the head, a row, a note or nothing."""
        width = self.size.width
        if y == 0:
            return head_strip(self.columns, self.sort, width, look_of(self))
        row_y = y - 1
        rows = self.visible_rows if self.view.keys else 0
        if row_y >= rows:
            note = row_y - rows
            text = self._notes[note] if note < len(self._notes) else ""
            return self._note_strip(text, width)
        line = self._line(row_y, self._now())
        self._shown[row_y] = line
        look = look_of(self)
        return Strip.blank(width, look["row"]) if line is None else row_strip(line, self.columns, width, look)

    def on_resize(self) -> None:
        """A new size: fit the columns again and keep the cursor in view."""
        self._cursor.look_at_kinds(self.visible_rows)
        self._tell_scrolled()
        self._layout_columns()

    def on_mount(self) -> None:
        """Whoever listens learns what the cursor is on."""
        self.post_message(self.CursorMoved(self, self._cursor.key))

    def on_focus(self) -> None:
        """The cursor line looks different with focus."""
        self._refresh_row(self._cursor.index - self.top)

    def on_blur(self) -> None:
        """The cursor line looks different without focus."""
        self._refresh_row(self._cursor.index - self.top)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """All rows and the head."""
        return len(self.view.keys) + 1 + len(self._notes)

    def _line(self, y: int, now: float) -> Line | None:
        index = self.top + y
        keys = self.view.keys
        if index >= len(keys):
            return None
        row = self.view.row(keys[index])
        if row is None:
            return None
        cursor = index == self._cursor.index and self.has_focus
        texts = self.columns.texts(row, now)
        return Line(texts, row.sign, row.severity, cursor, row.key in self.marks)

    def _note_strip(self, text: str, width: int) -> Strip:
        look = look_of(self)
        return (
            Strip([Segment(cut(text, width), look["note"])], width)
            if text
            else Strip.blank(width, look["row"])
        )

    def _refresh_row(self, y: int) -> None:
        if 0 <= y < self.visible_rows:
            self.refresh(Region(0, y + 1, self.size.width, 1))

    def _repaint(self) -> None:
        self._shown.clear()
        self.refresh()

    def _layout_columns(self) -> None:
        width = self.size.width
        if width < 4:
            return
        keys = self.view.keys[self.top : self.top + self.visible_rows]
        rows = [row for key in keys if (row := self.view.row(key)) is not None]
        if self.columns.arrange(width - MARGIN, rows, self._now()):
            self._repaint()

    # -- cursor

    def _tell_scrolled(self) -> None:
        """Say it when there are rows below for the first time, or none any more."""
        if self._more_below != self.more_below:
            self._more_below = self.more_below
            self.post_message(self.Scrolled(self))

    def _tell_cursor(self, before: ObjectKey | None, *, by_itself: bool) -> None:
        """Say it when another object has the cursor than before, be it one of the same name."""
        if self._cursor.replaced() or self._cursor.key != before:
            if by_itself and self._had_cursor:
                self._moved_by_itself = self._monotonic()
            self._had_cursor = True
            self.post_message(self.CursorMoved(self, self._cursor.key))

    def _move_to(self, index: int) -> None:
        cursor = self._cursor
        old, top, before = cursor.index - cursor.top, cursor.top, cursor.key
        cursor.touched = True
        cursor.place(index)
        self._tell_cursor(before, by_itself=False)
        cursor.look_at_kinds(self.visible_rows)
        if cursor.top != top:
            self.sync()
        self._refresh_row(old)
        self._refresh_row(cursor.index - cursor.top)
