"""The line where a filter is typed; every key stroke filters at once."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from edgetui.ui.spans import Span, line

from .base import LineBar


class FilterBar(Horizontal):
    """Hidden until opened. Enter keeps the filter, Escape clears it."""

    DEFAULT_CSS = """
    FilterBar { height: 1; display: none; }
    FilterBar > LineBar { width: 10; }
    FilterBar > Input { width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "clear", show=False),
        Binding("down,tab", "keep", "keep", show=False),
    ]

    class Changed(Message):
        """The filter text is another one."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Closed(Message):
        """Typing is over."""

    def compose(self) -> ComposeResult:
        """A label and an input."""
        yield LineBar(line(Span(" filter  ", "bar")), base="bar")
        yield Input(compact=True, select_on_focus=False)

    @property
    def input(self) -> Input:
        """Where it is typed."""
        return self.query_one(Input)

    def open(self, text: str) -> None:
        """Show the bar with a text to go on from."""
        self.display = True
        field = self.input
        with field.prevent(Input.Changed):
            field.value = text
        field.cursor_position = len(text)
        self.screen.set_focus(field, scroll_visible=False)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        event.stop()
        self.post_message(self.Changed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter keeps the filter."""
        event.stop()
        self.action_keep()

    def action_keep(self) -> None:
        """Close and keep the filter."""
        self.display = False
        self.post_message(self.Closed())

    def action_clear(self) -> None:
        """Close and show all rows again."""
        self.display = False
        self.post_message(self.Changed(""))
        self.post_message(self.Closed())
