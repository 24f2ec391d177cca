"""Widgets that draw lines of spans in the look of the current theme."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, cast

from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from edgetui.ui.spans import Spans, to_strip


class HasLook(Protocol):
    """An app that knows the look of its theme and the keys of its person."""

    look: Mapping[str, Style]

    def key_of(self, name: str, default: str) -> str:
        """The key that a person has given what has this name in a key file."""


def look_of(widget: Widget) -> Mapping[str, Style]:
    """The styles of the current theme, by role."""
    return cast(HasLook, widget.app).look


def key_of(widget: Widget, name: str, default: str) -> str:
    """The key of an action or of a way to look, as it is shown: the person's own, or the one it has by default."""
    return cast(HasLook, widget.app).key_of(name, default)


class LineBar(Widget):
    """One line of spans; it is painted again only when it says something else."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    LineBar { height: 1; width: 1fr; }
    """

    def __init__(self, spans: Spans = (), *, base: str = "row", id: str | None = None) -> None:
        super().__init__(id=id)
        self._spans = spans
        self._base = base

    @property
    def spans(self) -> Spans:
        """What the line says."""
        return self._spans

    def say(self, spans: Spans) -> None:
        """Change what the line says."""
        if spans != self._spans:
            self._spans = spans
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line; below it nothing."""
        spans = self._spans if y == 0 else ()
        return to_strip(spans, self.size.width, look_of(self), self._base)
