"""An opaque box over the screen: a text that scrolls, and answers below it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Generic

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widget import Widget

from edgetui.model.text import plural
from edgetui.ui.shell import EdgetuiScreen, Result
from edgetui.ui.spans import Span, Spans, line, to_strip
from edgetui.ui.widgets.base import LineBar, look_of
from edgetui.ui.widgets.text_view import TextView

MOST_WIDE = 104
"""Cells of a box where the screen has more."""


def width_inside(screen: int) -> int:
    """The cells of a line of text in a box on a screen that is so wide."""
    return min(screen, MOST_WIDE) - 2


class Edge(LineBar):
    """Where the box begins and ends. A drawn line takes three bytes a cell on the wire, and sides a move each."""

    def render_line(self, y: int) -> Strip:
        """Dashes from one side to the other."""
        return to_strip(line(Span("-" * self.size.width, "quiet")), self.size.width, look_of(self))


class Dialog(ModalScreen[Result], EdgetuiScreen[Result], Generic[Result]):
    """The keys go to the answers; up, down and the page keys scroll the text. Escape is always the harmless answer."""

    DEFAULT_CSS = """
    Dialog { align: center middle; background: transparent; }
    Dialog > Container { width: 100%; max-width: 104; height: auto; background: $surface; }
    Dialog Vertical { height: auto; padding: 0 1; }
    Dialog:ansi > Container { background: ansi_default; }
    Dialog TextView { height: auto; }
    Dialog #more { height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss_harmless", "cancel", show=False),
        Binding("up", "text(-1)", "up", show=False),
        Binding("down", "text(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown,space", "page(1)", "page down", show=False),
    ]
    OVERHEAD = 6
    """Lines of the box that are not text: its edges, the line that says there is more, answers and margin."""

    def __init__(self) -> None:
        super().__init__()
        self.body = TextView(self.lines())
        self.body.can_focus = False
        self._more = LineBar(id="more")

    def compose(self) -> ComposeResult:
        """Text, a line that says when there is more of it, and what is above and below."""
        with Container():
            yield Edge()
            with Vertical():
                yield from self.above()
                yield self.body
                yield self._more
                yield from self.below()
            yield Edge()

    def on_mount(self) -> None:
        """Fit the box to the screen."""
        self._fit()

    def on_resize(self) -> None:
        """Another size: fit again."""
        self._fit()

    def on_text_view_resized(self) -> None:
        """More of the text, or less, is in sight."""
        self._say_more()

    def fill(self, view: Any) -> None:
        """More is known than when it opened: `view` takes the place of what it was made of."""
        self.show_lines()

    def lines(self) -> Sequence[Spans]:
        """The text of the box."""
        raise NotImplementedError

    def above(self) -> Sequence[Widget]:
        """What stays above the text while that scrolls."""
        return ()

    def below(self) -> Sequence[Widget]:
        """The answers."""
        raise NotImplementedError

    def action_dismiss_harmless(self) -> None:
        """Leave without doing anything."""
        raise NotImplementedError

    def action_text(self, step: int) -> None:
        """Scroll the text."""
        self.body.action_scroll_by(step)
        self._say_more()

    def action_page(self, direction: int) -> None:
        """Scroll the text by a page."""
        self.body.action_scroll_page(direction)
        self._say_more()

    def show_lines(self) -> None:
        """The text changed."""
        self.body.show(self.lines())
        # The first refresh lays the box out anew, and only then is it known what fits.
        self.call_after_refresh(self.call_after_refresh, self._say_more)

    def _fit(self) -> None:
        self.body.styles.max_height = max(self.app.size.height - self.OVERHEAD, 3)
        self.call_after_refresh(self._say_more)

    def _say_more(self) -> None:
        hidden = self.body.hidden_below
        self._more.say(line(Span(f"↓ {plural(hidden, 'more line')}", "note")) if hidden else ())
