"""Every action on one object: chosen by its letter, or with the cursor. What does not work says why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual import events
from textual.binding import Binding, BindingType

from edgetui.model.cells import cut, pad
from edgetui.ui.dialogs.base import width_inside
from edgetui.ui.dialogs.pick import ListDialog
from edgetui.ui.spans import Span, Spans, line, wrap

HELP = 2
"""Lines that say what the action under the cursor does."""


class Entry(NamedTuple):
    """One action: its id, its letter, what it is called, what it does, and why it does not work; empty when it does."""

    action: str
    letter: str
    label: str
    help: str
    off: str


class ActionMenu(ListDialog[str | None]):
    """Gives the id of an action, None for none. Nothing begins here: each action asks its own questions."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "choose", show=False)]
    keys = (("letter, enter", " choose  "), ("↑↓", " move  "), ("esc", " cancel"))

    def __init__(self, title: str, entries: Sequence[Entry]) -> None:
        self._title = title
        self._entries = tuple(entries)
        super().__init__(len(self._entries))

    def head(self) -> Sequence[Spans]:
        """The object, and what the action under the cursor does."""
        about = self._entries[self._at].help if self._entries else ""
        told = wrap(line(Span(about, "quiet")), width_inside(self.app.size.width))[:HELP]
        return [line(Span(f"Actions on {self._title}", "title")), *told, *[line()] * (HELP - len(told))]

    def lines(self) -> Sequence[Spans]:
        """A line for each action, with the reason why it does not work."""
        wide = max((len(one.label) for one in self._entries), default=0)
        width = width_inside(self.app.size.width)
        out = []
        for at, one in enumerate(self._entries):
            here = at == self._at
            role = "quiet" if one.off else "title-focus" if here else "row"
            out.append(
                line(
                    Span(f"{'>' if here else ' '} ", "title-focus" if here else "row"),
                    Span(f"{one.letter:<3}", "quiet" if one.off else "key"),
                    Span(pad(one.label, wide), role),
                    Span(f"  {cut(one.off, width - wide - 7)}" if one.off else "", "warn"),
                )
            )
        return out

    def on_key(self, event: events.Key) -> None:
        """A letter chooses its action."""
        for one in self._entries:
            if event.character is not None and event.character == one.letter and self.is_current:
                event.stop()
                self.dismiss(one.action)
                return

    def action_choose(self) -> None:
        """The action under the cursor."""
        if self._entries and self.is_current:
            self.dismiss(self._entries[self._at].action)
