"""A field of a form with its name before it; the one that has the cursor is marked, where a cursor cannot be seen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input

from edgetui.ui.spans import Span, line
from edgetui.ui.widgets.base import LineBar

MARK = "> "


class LabelledField(Horizontal):
    """One line: `name` and the field; `width` is what the name and the mark take."""

    DEFAULT_CSS = """
    LabelledField { height: 1; }
    """

    def __init__(self, name: str, field: Input, width: int) -> None:
        super().__init__()
        self._name = name
        self._width = width
        self.field = field
        self._label = LineBar()
        self._label.styles.width = width
        self.on_descendant_blur()

    def compose(self) -> ComposeResult:
        """The name, then the field."""
        yield self._label
        yield self.field

    def on_descendant_focus(self) -> None:
        """What is typed goes here."""
        self._say(MARK)

    def on_descendant_blur(self) -> None:
        """What is typed goes elsewhere."""
        self._say("")

    def _say(self, mark: str) -> None:
        self._label.say(line(Span(f"{self._name:<{self._width - len(MARK)}}{mark}", "title")))
