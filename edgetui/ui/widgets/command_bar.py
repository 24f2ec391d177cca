"""The line where a command is typed, with what it may become beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input

from edgetui.ui.spans import Span, line

from .base import LineBar


class CommandBar(Horizontal):
    """Enter gives the line to `run`, Escape gives up, Tab completes, up and down bring back what was typed before.

    `complete` gives the lines that one may become, `typed` has those that were run, the newest last. Closing moves the
    focus back before the command runs: what it does may need the focus elsewhere.
    """

    DEFAULT_CSS = """
    CommandBar { height: 1; }
    CommandBar > #colon { width: 2; }
    CommandBar > Input { width: 1fr; max-width: 32; }
    CommandBar > #may { width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "close", show=False, priority=True),
        Binding("enter", "run", "run", show=False, priority=True),
        Binding("tab", "complete", "complete", show=False, priority=True),
        Binding("up", "recall(-1)", "before", show=False, priority=True),
        Binding("down", "recall(1)", "after", show=False, priority=True),
    ]

    def __init__(
        self, run: Callable[[str], None], complete: Callable[[str], Sequence[str]], typed: list[str]
    ) -> None:
        super().__init__(id="commands")
        self.display = False
        self._run = run
        self._complete = complete
        self._typed = typed
        self._at = 0
        self._came_from: Widget | None = None
        self._may = LineBar(base="bar", id="may")

    def compose(self) -> ComposeResult:
        """A colon, an input, and what it may become."""
        yield LineBar(line(Span(" :", "bar")), base="bar", id="colon")
        yield Input(compact=True, select_on_focus=False)
        yield self._may

    @property
    def input(self) -> Input:
        """Where it is typed."""
        return self.query_one(Input)

    def open(self, text: str = "") -> None:
        """Show the line with a text to go on from."""
        self._came_from = self.screen.focused if not self.display else self._came_from
        self.display = True
        self._at = len(self._typed)
        self._set(text)
        self.screen.set_focus(self.input, scroll_visible=False)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what it may become."""
        event.stop()
        self._say()

    def action_close(self) -> None:
        """Give up."""
        self.display = False
        self.screen.set_focus(self._came_from, scroll_visible=False)

    def action_run(self) -> None:
        """Run what was typed."""
        text = self.input.value.strip()
        self.action_close()
        if text:
            self._typed[:] = [*(one for one in self._typed if one != text), text]
            self._run(text)

    def action_complete(self) -> None:
        """As far as it is certain what is meant; a command that is whole gets its space."""
        text = self.input.value
        found = self._complete(text)
        if found:
            common = _beginning(found)
            self._set(f"{common} " if len(found) == 1 and " " not in common else common)

    def action_recall(self, step: int) -> None:
        """A line that was typed before."""
        self._at = max(0, min(self._at + step, len(self._typed)))
        self._set(self._typed[self._at] if self._at < len(self._typed) else "")

    def _set(self, text: str) -> None:
        self.input.value = text
        self.input.cursor_position = len(text)
        self._say()

    def _say(self) -> None:
        text = self.input.value
        words = [one.rpartition(" ")[2] for one in self._complete(text)]
        self._may.say(line(Span("  ".join(words), "quiet")))


def _beginning(texts: Sequence[str]) -> str:
    """What all of them begin with."""
    first, last = min(texts), max(texts)
    same = next(
        (at for at, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first)
    )
    return first[:same]
