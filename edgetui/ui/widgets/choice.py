"""Answers side by side on one line. The first one, the harmless one, has the cursor. No letter answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from edgetui.ui.spans import Span, Spans, to_strip, width_of

from .base import look_of

LEAST = 8
"""Cells of the last answer that have to be there for it to be read."""


class Choice(Widget, can_focus=True):
    """`answers` are (id, label); Enter gives the one under the cursor, which starts on the first.

    While it is `held` there is no cursor, and nothing answers. `>` stands before an answer that can be given: not
    yet where the cursor has just come to it, until whoever is told by `moved` calls `arm`.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Choice { height: 1; width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,shift+tab", "move(-1)", "left", show=False),
        Binding("right,tab", "move(1)", "right", show=False),
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
        self.held = False
        self.armed = True
        self.moved: Callable[[], None] = self.arm

    @property
    def selected(self) -> str:
        """The id of the answer under the cursor."""
        return self._answers[self._at][0]

    @property
    def shows_all(self) -> bool:
        """Whether the beginning of every answer is to be seen."""
        *before, last, _ = self._spans()
        return self.size.height > 0 and width_of(before) + min(width_of([last]), LEAST) <= self.size.width

    def set_answers(self, answers: Sequence[tuple[str, str]]) -> bool:
        """Other answers: the cursor goes to the first; whether they are others."""
        if tuple(answers) == self._answers:
            return False
        self._answers = tuple(answers)
        self.hold(self.held)
        return True

    def hold(self, held: bool) -> None:
        """Take the cursor away, or put it on the first answer."""
        self.held, self.armed = held, True
        self._at = 0
        self.refresh()

    def arm(self) -> None:
        """The cursor is seen where it is: Enter gives that answer."""
        self.armed = True
        self.refresh()

    def action_move(self, step: int) -> None:
        """The cursor to the next answer."""
        if not self.held:
            self._move_to((self._at + step) % len(self._answers))

    def action_choose(self) -> None:
        """Give the answer under the cursor."""
        if not self.held and self.armed:
            self.post_message(self.Chosen(self.selected))

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; a second one on the same answer gives it."""
        x = 0
        for index, span in enumerate(() if self.held else self._spans()):
            if x <= event.x < x + cell_len(span.text) and index % 2 == 0:
                if index // 2 == self._at:
                    self.action_choose()
                else:
                    self._move_to(index // 2)
            x += cell_len(span.text)

    def _move_to(self, index: int) -> None:
        if index != self._at:
            self._at, self.armed = index, False
            self.refresh()
            self.moved()

    def render_line(self, y: int) -> Strip:
        """The answers, the one under the cursor reversed."""
        return to_strip(self._spans(), self.size.width, look_of(self))

    def _spans(self) -> Spans:
        """Every answer, and a gap behind it."""
        spans: list[Span] = []
        for index, (_, label) in enumerate(self._answers):
            here = index == self._at and not self.held
            role = "quiet" if self.held else "title-focus" if here else "title"
            spans += [Span(f"{'>' if here and self.armed else ' '} {label} ", role), Span("  ")]
        return tuple(spans)
