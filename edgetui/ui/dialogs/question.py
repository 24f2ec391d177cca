"""A dialog with answers, which only a person can give who has had the time to see it.

Keys and clicks count from SETTLE seconds after the terminal has drawn the question and the last stray key was pressed.
What was typed before that, or pasted, is meant for something else. Until then no answer has the cursor; and where that
has moved, an answer is given only from when the terminal has drawn it there.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.timer import Timer
from textual.widget import Widget

from edgetui.terminal.textual_seam import Punctual, event_clock
from edgetui.ui.dialogs.base import Dialog
from edgetui.ui.shell import Result
from edgetui.ui.spans import Spans
from edgetui.ui.widgets.choice import Choice

SETTLE = 0.7
"""Seconds, as long as a row that changed by itself takes no action."""

LEAVING = frozenset({"escape", "ctrl+c", "ctrl+q", "ctrl+z"})
"""Keys that agree to nothing, and work at once."""
ANSWERING = frozenset({"left", "right", "tab", "shift+tab", "enter"})
READING = frozenset({"up", "down", "pageup", "pagedown"})


class Question(Punctual, Dialog[Result]):
    """Subclasses have `choice`, whose first answer is the harmless one."""

    settle = SETTLE
    choice: Choice

    def __init__(self, answers: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.choice = Choice(answers)
        self.choice.held = True
        self.choice.moved = self._moved
        self._moves = 0
        self._armed_since = 0.0
        self._showing = 0
        self._seen = False
        self._timer: Timer | None = None
        self._ready_since: float | None = None

    @property
    def ready(self) -> bool:
        """Whether the answers can be given."""
        return self._ready_since is not None and self.choice.armed

    def below(self) -> Sequence[Widget]:
        """The answers."""
        return [self.choice]

    def on_mount(self) -> None:
        """The answers have the keys."""
        super().on_mount()
        self.choice.focus()

    def on_screen_resume(self) -> None:
        """In front, at first or again: from now on it is looked at."""
        self.show_anew()

    def on_screen_suspend(self) -> None:
        """Something stands before it."""
        self._hold()

    def show_anew(self) -> None:
        """What is asked has changed or come to the front: it has to be drawn, and seen, before it can be answered."""
        self._hold()
        # The first refresh lays the box out anew, and only then is it drawn as it will stand.
        self.call_after_refresh(self.call_after_refresh, self._await_drawing, self._showing)

    def takes(self, event: events.Key | events.MouseEvent) -> bool:
        """Whether a key or a click is meant for this question; a stray one begins its time to settle anew."""
        key = event.key if isinstance(event, events.Key) else ""
        if key in LEAVING:
            return True
        if self._ready_since is None or event.time < self._ready_since or not self._in_sight:
            self._settle()
            return key in READING
        if key and key not in ANSWERING | READING:
            self._settle()
            return key == "space"
        gives = key == "enter" or not key
        return not gives or (self.choice.armed and event.time >= self._armed_since)

    @property
    def _in_sight(self) -> bool:
        region = self.choice.region
        return self.choice.shows_all and self.app.size.region.contains_region(region)

    def _hold(self) -> None:
        self._showing += 1
        self._seen = False
        self._wait()

    def _wait(self) -> None:
        self._ready_since = None
        if self._timer is not None:
            self._timer.stop()
        self._timer = None
        self.choice.hold(True)

    def _await_drawing(self, showing: int) -> None:
        def tell() -> None:
            self.call_later(self._drawn, showing)

        self.app.when_drawn(tell)

    def _moved(self) -> None:
        """The cursor is on another answer: it has to be drawn there before that can be given."""
        self._moves += 1
        self.call_after_refresh(self._await_cursor, self._moves)

    def _await_cursor(self, moves: int) -> None:
        def tell() -> None:
            self.call_later(self._arm, moves)

        self.app.when_drawn(tell)

    def _arm(self, moves: int) -> None:
        if moves == self._moves and not self.choice.held:
            self._armed_since = event_clock()
            self.choice.arm()

    def _drawn(self, showing: int) -> None:
        if showing == self._showing and self.is_active:
            self._seen = True
            self._settle()

    def _settle(self) -> None:
        """Once it is drawn: wait until no key has come for a while."""
        self._wait()
        if self._seen:
            self._timer = self.set_timer(self.settle, self._ready)

    def _ready(self) -> None:
        self._timer = None
        self._ready_since = self._armed_since = event_clock()
        self.choice.hold(False)


class AskScreen(Question[bool]):
    """A question with No first: Escape and a plain Enter are No."""

    def __init__(self, text: Sequence[Spans], no: str, yes: str) -> None:
        self._text = tuple(text)
        super().__init__([("no", no), ("yes", yes)])

    def lines(self) -> Sequence[Spans]:
        """The question."""
        return self._text

    def on_choice_chosen(self, message: Choice.Chosen) -> None:
        """An answer was given; a second one behind it is none."""
        self.dismiss(message.answer == "yes")

    def action_dismiss_harmless(self) -> None:
        """Escape is No."""
        self.dismiss(False)
