"""One of several: a list in a box, the first or the present one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from edgetui.model.cells import cells, pad, visible
from edgetui.ui.dialogs.base import Dialog
from edgetui.ui.spans import Span, Spans, line
from edgetui.ui.widgets.base import LineBar


class PickScreen(Dialog[int | None]):
    """Gives the place of the line that was chosen, None for none. `choices` are (what it is, more about it)."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "pick", "pick", show=False),
        Binding("k", "text(-1)", "up", show=False),
        Binding("j", "text(1)", "down", show=False),
    ]

    def __init__(self, title: str, choices: Sequence[tuple[str, str]], at: int = 0) -> None:
        self._title = title
        self._choices = tuple(choices)
        self._at = at
        super().__init__()

    def lines(self) -> Sequence[Spans]:
        """One line for each choice."""
        width = max((cells(visible(name)) for name, _ in self._choices), default=0)
        out = [line(Span(self._title, "title"))]
        for at, (name, more) in enumerate(self._choices):
            here = at == self._at
            role = "title-focus" if here else "row"
            name = pad(visible(name), width)
            out.append(line(Span(f"{'>' if here else ' '} {name} ", role), Span(f" {more}", "quiet")))
        return out

    def below(self) -> Sequence[Widget]:
        """The keys."""
        keys = line(
            Span("enter", "key"), " choose  ", Span("↑↓", "key"), " move  ", Span("esc", "key"), " cancel"
        )
        return [LineBar(keys)]

    def action_text(self, step: int) -> None:
        """Another line gets the cursor."""
        self._at = max(0, min(self._at + step, len(self._choices) - 1))
        self.show_lines()
        top, height = self.body.top, max(self.body.size.height, 1)
        at = self._at + 1 if self._at else 0
        self.body.action_scroll_by(min(at - top, 0) or max(at - top - height + 1, 0))
        self.call_after_refresh(self._say_more)

    def action_page(self, direction: int) -> None:
        """A screenful further."""
        self.action_text(direction * max(self.body.size.height - 1, 1))

    def action_pick(self) -> None:
        """Give the line under the cursor."""
        self.dismiss(self._at)

    def action_dismiss_harmless(self) -> None:
        """Escape: none."""
        self.dismiss(None)
