"""One pane: a title that counts, and its live table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical

from edgetui.model.fleet import FleetView, ViewChange
from edgetui.model.panes.base import Pane, PaneRow
from edgetui.model.store import Store
from edgetui.ui import words
from edgetui.ui.spans import Span, Spans, line

from .base import LineBar
from .live_table import LiveTable


class PaneView(Vertical):
    """The view of one pane with its filter, sort and table. `number` is the key that shows it."""

    DEFAULT_CSS = """
    PaneView { height: 1fr; width: 1fr; }
    PaneView.untitled > LineBar { display: none; }
    """

    def __init__(
        self,
        pane: Pane,
        stores: Sequence[Store],
        number: int,
        *,
        now: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        super().__init__(id=f"pane-{pane.id}")
        self.pane = pane
        self.number = number
        self.view = FleetView(pane, stores)
        self.filter_text = ""
        self._stores = stores
        self._now = now
        hidden = frozenset({"cluster"}) if len(stores) == 1 else frozenset()
        self.table = LiveTable(self.view, now=now, monotonic=monotonic, hidden=hidden, id=f"table-{pane.id}")
        self._title = LineBar()

    def compose(self) -> ComposeResult:
        """The title above the table."""
        yield self._title
        yield self.table

    @property
    def name_text(self) -> str:
        """The name of the pane as titles and tabs show it."""
        return self.pane.title.lower()

    def on_mount(self) -> None:
        """Take in what the stores hold already."""
        self.absorb(ViewChange(order=True, changed=set(self.view.keys)))

    @property
    def count_text(self) -> str:
        """What tabs and title say beside the name: how many, and what is wrong with them."""
        count = f"{self.view.shown} of {self.view.total}" if self.filter_text else f"{self.view.total:,}"
        summary = self.view.summary()
        return f"{count} · {summary}" if summary else count

    @property
    def aside(self) -> str:
        """The filter and the marks, empty for none: "/weld", "/weld *3 marked, 1 of them hidden"."""
        parts = [f"/{self.filter_text}"] if self.filter_text else []
        marks = self.table.marks
        if marks:
            hidden = marks.hidden
            parts.append(f"*{len(marks)} marked{f', {hidden} of them hidden' if hidden else ''}")
        return " ".join(parts)

    def absorb(self, change: ViewChange) -> None:
        """Rows of the view changed."""
        self.table.view_changed(change)
        self.status_changed()

    def tick(self) -> None:
        """Time went on: only texts that changed are painted."""
        if self.display and self.table.size.height:
            self.table.tick()

    def status_changed(self) -> None:
        """Freshness, counts or the filter changed: title and notes follow."""
        notes = words.notes(self.pane, self._stores, self.view.total)
        if not self.view.shown and not notes:
            notes = (words.empty(self.pane, self.view.total, self.filter_text),)
        self.table.set_notes(notes[:4])
        self.update_title()

    def update_title(self) -> None:
        """Say name, counts, filter and sort, and whether the keys go here."""
        self._title.say(self._title_spans())

    def _title_spans(self) -> Spans:
        role = "title-focus" if self.has_class("current") else "title"
        parts: list[Span | str] = [Span(f" {self.number} {self.name_text} ", role), " "]
        total, _, summary = self.count_text.partition(" · ")
        parts.append(Span(total, "row"))
        if summary:
            first, dot, rest = summary.partition(" · ")
            parts += [" · ", Span(first, "bad" if self.view.bad else "warn"), dot + rest]
        if self.aside:
            parts += ["  ", Span(self.aside, "note")]
        return line(*parts)

    def narrow(self, text: str) -> None:
        """Begin with a filter, before the pane is drawn."""
        self.filter_text = text
        self.view.set_filter(text)

    def set_filter(self, text: str) -> None:
        """Show only rows that match; an empty text shows all."""
        self.narrow(text)
        self.table.reset_cursor()
        self.status_changed()

    def mark(self) -> None:
        """Mark the object under the cursor, or take its mark away."""
        self.table.mark()
        self.update_title()

    def clear_marks(self) -> None:
        """Take all marks away."""
        self.table.marks.clear()
        self.table.sync()
        self.update_title()

    def take_marked(self) -> list[PaneRow]:
        """The marked rows for an action; those that the filter hides lose their marks first."""
        rows = self.table.marks.take()
        self.update_title()
        return rows

    def cycle_sort(self) -> None:
        """Sort by the next visible column, after the last one worst first again."""
        ids = [fitted.column.id for fitted in self.table.columns.fitted]
        current = self.table.sort[0]
        following = ids[ids.index(current) + 1 :] if current in ids else ids
        self._sort(following[0] if following else None, False)

    def reverse_sort(self) -> None:
        """Turn the order round."""
        column, reverse = self.table.sort
        self._sort(column, not reverse)

    def _sort(self, column: str | None, reverse: bool) -> None:
        self.table.sort = (column, reverse)
        self.view.set_sort(column, reverse)
        self.table.reset_cursor()
