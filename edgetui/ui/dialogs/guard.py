"""How long before a guard rolls back, and how long it watches on: two spans of time, before its plan is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from edgetui.model.identity import ObjectRef
from edgetui.model.rollout.guard import Terms, hasty, wrong
from edgetui.model.text import duration, seconds_of
from edgetui.ui.action_keys import object_words
from edgetui.ui.dialogs.base import Dialog
from edgetui.ui.spans import Span, Spans, line
from edgetui.ui.widgets.base import LineBar
from edgetui.ui.widgets.labelled_field import LabelledField

ASKED = ("fails for", "watched on")
LABEL = 13


class SpanField(Input):
    """A span of time, as 90s, 5m or 1h30m. Other letters are left to the keys of the dialog."""

    def __init__(self, seconds: float) -> None:
        super().__init__(duration(seconds), compact=True, restrict=r"[0-9hms]{0,9}", select_on_focus=True)

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether a key is text here, and so no key of the dialog."""
        return character is not None and character in "0123456789hms"

    @property
    def seconds(self) -> float | None:
        """What is typed, None while it is no span of time."""
        return seconds_of(self.value)


class GuardScreen(Dialog[Terms | None]):
    """Gives the terms, or None. Nothing begins here: the plan is shown and asked about next."""

    DEFAULT_CSS = """
    GuardScreen Input { width: 12; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,shift+tab,up,down", "other", "the other span", show=False, priority=True),
    ]
    OVERHEAD = 9

    def __init__(self, ref: ObjectRef, terms: Terms) -> None:
        self._ref = ref
        self.patience = SpanField(terms.patience)
        self.after = SpanField(terms.after)
        super().__init__()

    @property
    def terms(self) -> Terms | None:
        """What is typed, None while one of the two is no span of time or makes no sense."""
        patience, after = self.patience.seconds, self.after.seconds
        return None if patience is None or after is None or wrong(patience) else Terms(patience, after)

    def lines(self) -> Sequence[Spans]:
        """What the two spans mean, and what is wrong with those typed."""
        out = [
            line(Span(f"Guard {object_words(self._ref.key)}", "title")),
            line(),
            line("When its new pods have failed for this long, it is rolled back."),
            line("When it is complete, it is watched on for this long."),
        ]
        patience = self.patience.seconds
        if patience is None or self.after.seconds is None:
            what = ASKED[0] if patience is None else ASKED[1]
            out.append(line(Span(f"! “{what}” needs a span of time such as 90s, 5m or 1h30m.", "bad")))
        elif said := wrong(patience):
            out.append(line(Span(f"! {said}", "bad")))
        elif said := hasty(patience):
            out.append(line(Span(f"! {said}", "warn")))
        return out

    def below(self) -> Sequence[Widget]:
        """The fields and what the keys do."""
        keys = line(
            Span("enter", "key"),
            " show the plan  ",
            Span("tab", "key"),
            " the other span  ",
            Span("esc", "key"),
            " cancel",
        )
        fields = zip(ASKED, (self.patience, self.after), strict=True)
        rows = [LabelledField(name, field, LABEL) for name, field in fields]
        return [*rows, LineBar(), LineBar(keys)]

    def on_mount(self) -> None:
        """Type at once."""
        super().on_mount()
        self.patience.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Another span means something else."""
        event.stop()
        self.show_lines()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter gives both."""
        event.stop()
        if (terms := self.terms) is not None:
            self.dismiss(terms)

    def action_other(self) -> None:
        """Go to the other field."""
        (self.patience if self.after.has_focus else self.after).focus()

    def action_dismiss_harmless(self) -> None:
        """Escape: no guard."""
        self.dismiss(None)
