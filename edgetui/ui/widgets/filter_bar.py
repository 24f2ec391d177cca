"""The line where a filter or a search is typed; every key stroke takes effect at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input
from textual.widgets.input import Selection

from edgetui.ui.spans import Span, line

from .base import LineBar


class FilterBar(Horizontal):
    """Hidden until opened. Enter keeps the filter, Escape clears it; the focus goes back to where it was.

    `label` is its name; `apply` takes the text. Closing calls it, and moves the focus, before it returns: the next
    key is meant for the rows that are left, and may be there already.
    """

    DEFAULT_CSS = """
    FilterBar { height: 1; }
    FilterBar > LineBar { width: 10; }
    FilterBar > Input { width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "clear", show=False, priority=True),
        Binding("enter,down,tab", "keep", "keep", show=False, priority=True),
    ]

    def __init__(self, apply: Callable[[str], None], label: str = "filter") -> None:
        super().__init__()
        self.display = False
        self._label = label
        self._apply = apply
        self._came_from: Widget | None = None

    def compose(self) -> ComposeResult:
        """A label and an input."""
        yield LineBar(line(Span(f" {self._label}  ", "bar")), base="bar")
        yield Input(compact=True, select_on_focus=False)

    @property
    def input(self) -> Input:
        """Where it is typed."""
        return self.query_one(Input)

    def open(self, text: str) -> None:
        """Show the bar with a text that what is typed replaces, unless the cursor is moved into it."""
        self.display = True
        self._came_from = self.screen.focused
        field = self.input
        with field.prevent(Input.Changed):
            field.value = text
        field.selection = Selection(0, len(text))
        self.screen.set_focus(field, scroll_visible=False)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        event.stop()
        if self.display:
            self._apply(event.value)

    def action_keep(self) -> None:
        """Close and keep the filter."""
        self._close(self.input.value)

    def action_clear(self) -> None:
        """Close and show all rows again."""
        self._close("")

    def _close(self, text: str) -> None:
        self._apply(text)
        self.display = False
        self.screen.set_focus(self._came_from, scroll_visible=False)
