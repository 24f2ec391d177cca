"""One of several: a list in a box, with a cursor on one of its lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from edgetui.model.cells import cells, pad, visible
from edgetui.model.text import plural
from edgetui.ui.dialogs.base import Dialog, width_inside
from edgetui.ui.shell import Result
from edgetui.ui.spans import Span, Spans, line
from edgetui.ui.widgets.base import LineBar
from edgetui.ui.widgets.text_view import TextView


class ListDialog(Dialog[Result]):
    """A list of `count` choices with a cursor, below lines that stay where they are while it scrolls."""

    keys: ClassVar[tuple[tuple[str, str], ...]]
    """The keys and what they do, for the line below."""

    def __init__(self, count: int, at: int = 0) -> None:
        self._count = count
        self._at = at
        self._head = TextView()
        self._head.can_focus = False
        super().__init__()

    def on_mount(self) -> None:
        """Leave room for what stands above; Textual lets the base class fit the rest."""
        self._head.show(self.head())
        self._leave_room()

    def on_resize(self) -> None:
        """Another width wraps what stands above anew."""
        self._leave_room()

    def head(self) -> Sequence[Spans]:
        """The lines above the choices."""
        raise NotImplementedError

    def above(self) -> Sequence[Widget]:
        """What stays while the choices scroll."""
        return [self._head]

    def show_lines(self) -> None:
        """The choices changed, or the cursor moved."""
        super().show_lines()
        self._head.show(self.head())

    def below(self) -> Sequence[Widget]:
        """The keys."""
        return [LineBar(line(*(part for key, words in self.keys for part in (Span(key, "key"), words))))]

    def action_text(self, step: int) -> None:
        """Another line gets the cursor."""
        self._at = max(0, min(self._at + step, self._count - 1))
        self.show_lines()
        top, height = self.body.top, max(self.body.size.height, 1)
        self.body.action_scroll_by(min(self._at - top, 0) or max(self._at - top - height + 1, 0))
        self.call_after_refresh(self._say_more)

    def action_page(self, direction: int) -> None:
        """A screenful further."""
        self.action_text(direction * max(self.body.size.height - 1, 1))

    def action_dismiss_harmless(self) -> None:
        """Escape: none."""
        self.dismiss(None)

    def _leave_room(self) -> None:
        size = self.app.size
        self.OVERHEAD = Dialog.OVERHEAD + self._head.get_content_height(size, size, width_inside(size.width))

    def _say_more(self) -> None:
        """How many choices are out of sight, above and below."""
        ways = {"↑": self.body.top, "↓": self.body.hidden_below}
        told = "   ".join(f"{arrow} {plural(count, 'more line')}" for arrow, count in ways.items() if count)
        self._more.say(line(Span(told, "note")) if told else ())


class PickScreen(ListDialog[int | None]):
    """Gives the place of the line that was chosen, None for none. `choices` are (what it is, more about it)."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "pick", "pick", show=False),
        Binding("k", "text(-1)", "up", show=False),
        Binding("j", "text(1)", "down", show=False),
    ]
    keys = (("enter", " choose  "), ("↑↓", " move  "), ("esc", " cancel"))

    def __init__(self, title: str, choices: Sequence[tuple[str, str]], at: int = 0) -> None:
        self._title = title
        self._choices = tuple(choices)
        super().__init__(len(self._choices), at)

    def head(self) -> Sequence[Spans]:
        """What is chosen."""
        return [line(Span(self._title, "title"))]

    def lines(self) -> Sequence[Spans]:
        """One line for each choice."""
        width = max((cells(visible(name)) for name, _ in self._choices), default=0)
        out = []
        for at, (name, more) in enumerate(self._choices):
            here = at == self._at
            role = "title-focus" if here else "row"
            name = pad(visible(name), width)
            out.append(line(Span(f"{'>' if here else ' '} {name} ", role), Span(f" {more}", "quiet")))
        return out

    def action_pick(self) -> None:
        """Give the line under the cursor."""
        self.dismiss(self._at)
