"""The keys and the wheel that scroll a text, the same in everything that is read."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widget import Widget


class Scrolling(Widget, can_focus=True):
    """Subclasses give `action_scroll_by`, and `home` and `end`."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_by(-1)", "up", show=False),
        Binding("down,j", "scroll_by(1)", "down", show=False),
        Binding("pageup,ctrl+b", "scroll_page(-1)", "page up", show=False),
        Binding("pagedown,ctrl+f,space", "scroll_page(1)", "page down", show=False),
    ]

    def action_scroll_by(self, step: int) -> None:
        """Scroll by lines."""
        raise NotImplementedError

    def action_scroll_page(self, direction: int) -> None:
        """Scroll by a screenful."""
        self.action_scroll_by(direction * max(self.size.height - 1, 1))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Three lines down."""
        event.stop()
        self.action_scroll_by(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Three lines up."""
        event.stop()
        self.action_scroll_by(-3)
