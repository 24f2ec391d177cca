"""Answers side by side on one line. The first one, the harmless one, has the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from edgetui.ui.spans import Span, Spans, to_strip

from .base import look_of


class Choice(Widget, can_focus=True):
    """`answers` are (id, label); Enter gives the one under the cursor, which starts on the first."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Choice { height: 1; width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,shift+tab,h", "move(-1)", "left", show=False),
        Binding("right,tab,l", "move(1)", "right", show=False),
        Binding("enter", "choose", "choose", show=False),
    ]

    class Chosen(Message):
        """An answer was given."""

        def __init__(self, answer: str) -> None:
            super().__init__()
            self.answer = answer

    def __init__(self, answers: Sequence[tuple[str, str]], id: str | None = None) -> None:
        super().__init__(id=id)
        self._answers = tuple(answers)
        self._at = 0

    @property
    def selected(self) -> str:
        """The id of the answer under the cursor."""
        return self._answers[self._at][0]

    def set_answers(self, answers: Sequence[tuple[str, str]]) -> None:
        """Other answers; the cursor goes to the first."""
        self._answers = tuple(answers)
        self._at = 0
        self.refresh()

    def action_move(self, step: int) -> None:
        """The cursor to the next answer."""
        self._at = (self._at + step) % len(self._answers)
        self.refresh()

    def action_choose(self) -> None:
        """Give the answer under the cursor."""
        self.post_message(self.Chosen(self.selected))

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; a second one on the same answer gives it."""
        x = 0
        for index, (_, label) in enumerate(self._answers):
            width = len(label) + 4
            if x <= event.x < x + width:
                if index == self._at:
                    self.action_choose()
                self._at = index
                self.refresh()
            x += width + 2

    def render_line(self, y: int) -> Strip:
        """The answers, the one under the cursor reversed."""
        return to_strip(self._spans(), self.size.width, look_of(self))

    def _spans(self) -> Spans:
        spans: list[Span] = []
        for index, (_, label) in enumerate(self._answers):
            here = index == self._at
            spans += [
                Span(f"{'>' if here else ' '} {label} ", "title-focus" if here else "title"),
                Span("  "),
            ]
        return tuple(spans)
