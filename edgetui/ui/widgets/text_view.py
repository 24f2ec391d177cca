"""Many lines of spans that can be scrolled: details, help, differences, receipts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from edgetui.ui.spans import Spans, plain, to_strip, wrap

from .base import look_of
from .scrolling import Scrolling


class TextView(Scrolling, can_focus=True):
    """Lines of spans, wrapped to the width. Setting the same lines again paints nothing."""

    DEFAULT_CSS = """
    TextView { height: 1fr; width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("home", "scroll_edge(0)", "top", show=False),
        Binding("end", "scroll_edge(1)", "bottom", show=False),
    ]

    class Resized(Message):
        """Another number of lines is visible."""

    def __init__(self, lines: Sequence[Spans] = (), *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._source = tuple(lines)
        self._wrapped: list[Spans] = []
        self._width = 0
        self.top = 0

    @property
    def lines(self) -> tuple[Spans, ...]:
        """What is shown, before wrapping."""
        return self._source

    @property
    def text(self) -> str:
        """What is shown, as plain text."""
        return "\n".join(plain(line) for line in self._source)

    @property
    def hidden_below(self) -> int:
        """How many lines are below the last one visible, up to the last that says something."""
        end = len(self._wrapped)
        while end and not plain(self._wrapped[end - 1]).strip():
            end -= 1
        return max(end - self.top - self.size.height, 0)

    def show(self, lines: Sequence[Spans]) -> None:
        """Change the lines; only those that differ are painted."""
        lines = tuple(lines)
        if lines == self._source:
            return
        self._source = lines
        before, height = self._wrapped, self.size.height
        self._wrap()
        self.top = min(self.top, max(len(self._wrapped) - height, 0))
        if len(before) != len(self._wrapped):
            self.refresh(layout=self.styles.height is not None and self.styles.height.is_auto)
            return
        for y in range(height):
            index = self.top + y
            if index < len(before) and before[index] != self._wrapped[index]:
                self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """One visible line. Textual may paint once before it tells the size."""
        if self._width != self.size.width:
            self._wrap()
        index = self.top + y
        spans = self._wrapped[index] if index < len(self._wrapped) else ()
        return to_strip(spans, self.size.width, look_of(self))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """All lines, wrapped to the width."""
        return len(self._wrapped_to(width))

    def on_resize(self) -> None:
        """A new width wraps the lines anew."""
        self._wrap()
        self.top = min(self.top, max(len(self._wrapped) - self.size.height, 0))
        self.refresh()
        self.post_message(self.Resized())

    def action_scroll_by(self, step: int) -> None:
        """Scroll by lines."""
        top = max(0, min(self.top + step, len(self._wrapped) - self.size.height))
        if top != self.top:
            self.top = top
            self.refresh()

    def action_scroll_edge(self, end: int) -> None:
        """Scroll to the first or last line."""
        self.action_scroll_by(len(self._wrapped) * (1 if end else -1))

    def _wrap(self) -> None:
        self._width = self.size.width
        self._wrapped = self._wrapped_to(self._width)

    def _wrapped_to(self, width: int) -> list[Spans]:
        return [one for line in self._source for one in wrap(line, max(width, 10))]
