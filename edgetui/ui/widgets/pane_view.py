"""One pane: a title that counts, and its live table; and how several panes share the screen or stand behind tabs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical

from edgetui.model.cache.store import Store
from edgetui.model.panes import NUMBERED
from edgetui.model.panes.base import Pane, PaneRow
from edgetui.model.view.filters import Filter, LabelTerm
from edgetui.model.view.fleet import FleetView, ViewChange
from edgetui.ui.layout import PaneLayout
from edgetui.ui.spans import Span, Spans, line
from edgetui.ui.text import clusters

from .bars import Tab, tab_line
from .base import LineBar
from .live_table import LiveTable


class PaneView(Vertical):
    """The view of one pane with its filter, sort and table. `number` is the key that shows it, 0 for none."""

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
        self._labels: tuple[LabelTerm, ...] = ()
        self.namespace = ""
        """The one namespace that is shown, empty for all."""
        self._listing = False
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
    def key_text(self) -> str:
        """The key that shows it."""
        return str(self.number or "")

    @property
    def name_text(self) -> str:
        """The name of the pane as titles and tabs show it."""
        return self.pane.title.lower()

    def on_mount(self) -> None:
        """Take in what the stores hold already."""
        self.absorb(ViewChange(order=True, changed=set(self.view.keys)))

    @property
    def count_text(self) -> str:
        """What tabs and title say beside the name: how many, "214+" while more come, and what is wrong with them."""
        more = self.view.incomplete
        if not self.view.total and (more or not self.view.known):
            return "?"
        narrowed = self.filter_text or self.namespace
        count = f"{self.view.shown} of {self.view.total}" if narrowed else f"{self.view.total:,}"
        count += "+" if more else ""
        summary = self.view.summary()
        return f"{count} · {summary}" if summary else count

    @property
    def aside(self) -> str:
        """Namespace, filter and marks, empty for none: "in line-2", "/weld *3 marked, 1 of them hidden"."""
        parts = [f"in {self.namespace}"] if self.namespace else []
        if self.filter_text:
            parts.append(f"/{self.filter_text}")
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
            if self._listing or clusters.is_listing(self.pane, self._stores):
                self.status_changed()

    def status_changed(self) -> None:
        """Freshness, counts or the filter changed: title and notes follow."""
        self._listing = clusters.is_listing(self.pane, self._stores)
        notes = (
            self.own_notes()
            + clusters.notes(self.pane, self._stores, self.view.total, self._now())
            + self._label_notes()
        )
        if not self.view.shown and not notes:
            notes = (clusters.empty(self.pane, self.view.total, self.filter_text, self.namespace),)
        self.table.set_notes(notes[:4])
        self.update_title()

    def own_notes(self) -> tuple[str, ...]:
        """What stands before all other notes."""
        return ()

    def _label_notes(self) -> tuple[str, ...]:
        """Why a filter by labels leaves rows out that it should not, or all of them."""
        if not self._labels:
            return ()
        from edgetui.ui.text import label_filter  # not needed for the first screen

        said = label_filter.untold(self.pane, self._stores)
        if self.view.shown:
            return said
        rows = [self.view.row(key) for key in self.view.every_key()]
        return said + label_filter.nowhere(self._labels, [row.of for row in rows if row is not None])

    def update_title(self) -> None:
        """Say name, counts, filter and sort, and whether the keys go here."""
        self._title.say(self._title_spans())

    def _title_spans(self) -> Spans:
        role = "title-focus" if self.has_class("current") else "title"
        key = f"{self.key_text} " if self.key_text else ""
        parts: list[Span | str] = [Span(f" {key}{self.name_text} ", role), " "]
        total, _, summary = self.count_text.partition(" · ")
        parts.append(Span(total, "row"))
        if summary:
            first, dot, rest = summary.partition(" · ")
            parts += [" · ", Span(first, "bad" if self.view.bad else "warn"), dot + rest]
        if self.aside:
            parts += ["  ", Span(self.aside, "note")]
        if self.table.more_below:
            parts.append("  more ↓")
        return line(*parts)

    def on_live_table_scrolled(self) -> None:
        """The title says whether rows are below."""
        self.update_title()

    def narrow(self, text: str, namespace: str) -> None:
        """Show only what matches, and only one namespace; this much works before the pane is drawn."""
        self.filter_text = text
        self.namespace = namespace if "namespace" in self.pane.index else ""
        self._labels = Filter(text, self.pane).labels
        self.view.set_filter(text, namespace)

    def recall(self, kept: PaneLayout | None, namespace: str) -> None:
        """Begin as a person left it: sorted, wide, and with the rows of one namespace."""
        if kept is not None:
            column = kept.column_of(self.pane)
            self.table.sort = (column, kept.reverse)
            self.view.set_sort(column, kept.reverse)
            self.table.columns.wide = kept.wide
        if namespace:
            self.narrow("", namespace)

    @property
    def arrangement(self) -> PaneLayout:
        """What `recall` takes."""
        column, reverse = self.table.sort
        return PaneLayout(column, reverse, self.table.columns.wide)

    def set_filter(self, text: str) -> None:
        """Show only rows that match; an empty text shows all."""
        self._narrow_again(text, self.namespace)

    def set_namespace(self, namespace: str) -> None:
        """Show only the rows of one namespace; an empty one shows all."""
        self._narrow_again(self.filter_text, namespace)

    def _narrow_again(self, text: str, namespace: str) -> None:
        self.narrow(text, namespace)
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
        """Reverse the sort."""
        column, reverse = self.table.sort
        self._sort(column, not reverse)

    def _sort(self, column: str | None, reverse: bool) -> None:
        self.table.sort = (column, reverse)
        self.view.set_sort(column, reverse)
        self.table.reset_cursor()


def shared_height(rows: Mapping[str, int], body: int, *, quad: bool) -> tuple[int, ...]:
    """The heights of the grid's lines: panes with few rows get no more than they need, pods and rollouts the rest.

    `rows` are the lines that each pane could use, `quad` when the panes stand two by two.
    """
    top = max(5, min(max(rows["nodes"], rows["autoscalers"]), body * 3 // 10))
    if quad:
        return (top, body - top - 1)
    below = body - top - 2
    rollouts = max(5, min(rows["rollouts"], below * 4 // 10))
    return (top, below - rollouts, rollouts)


class TabBar(LineBar):
    """One tab for each pane in the order of their keys, with what narrows it behind its number of rows."""

    def show(self, panes: Iterable[PaneView], current: PaneView) -> None:
        """Say them again; `current` is the pane that is shown."""
        tabs = []
        for pane in sorted(panes, key=lambda pane: pane.number or len(NUMBERED) + 1):
            count = pane.count_text
            if pane.aside:
                total, dot, summary = count.partition(" · ")
                count = f"{total} {pane.aside}{dot}{summary}"
            tabs.append(Tab(pane.key_text, pane.name_text, count, pane is current, pane.view.bad > 0))
        self.say(tab_line(tabs, self.app.size.width))
