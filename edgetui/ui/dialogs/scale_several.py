"""One number for several objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input

from edgetui.model.identity import ObjectRef
from edgetui.model.text import plural
from edgetui.ui.dialogs.base import Dialog
from edgetui.ui.keymap import kind_word
from edgetui.ui.spans import Span, Spans, line
from edgetui.ui.widgets.base import LineBar
from edgetui.ui.widgets.number_field import NumberField


class ScaleSeveralScreen(Dialog[int | None]):
    """Gives the number, or None. Nothing is written here: the plan for all of them is shown and asked about next."""

    DEFAULT_CSS = """
    ScaleSeveralScreen Horizontal { height: 1; }
    ScaleSeveralScreen Horizontal > LineBar { width: 12; }
    ScaleSeveralScreen Input { width: 12; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "add(1)", "one more", show=False, priority=True),
        Binding("down", "add(-1)", "one less", show=False, priority=True),
    ]
    OVERHEAD = 8

    def __init__(self, refs: Sequence[ObjectRef], number: int | None = None) -> None:
        self.refs = refs
        self.field = NumberField(1 if number is None else number)
        super().__init__()

    def lines(self) -> Sequence[Spans]:
        """Which objects it is about."""
        named = [
            line(
                f"  {kind_word(key.kind)} {key.name}", Span(f"  in {key.namespace} on {key.cluster}", "quiet")
            )
            for key in (ref.key for ref in self.refs)
        ]
        return [
            line(Span(f"Scale {plural(len(self.refs), 'object')} to the same number", "title")),
            line(),
            *named,
        ]

    def below(self) -> Sequence[Widget]:
        """The field and what the keys do."""
        hints = [("enter", "go on"), ("↑↓", "one more, one less"), ("pgdn", "more names"), ("esc", "cancel")]
        keys = line(*(part for key, words in hints for part in (Span(key, "key"), f" {words}  ")))
        return [Horizontal(LineBar(line(Span("replicas", "title"))), self.field), LineBar(), LineBar(keys)]

    def on_mount(self) -> None:
        """Type at once."""
        super().on_mount()
        self.field.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter gives the number."""
        event.stop()
        if self.field.number is not None:
            self.dismiss(self.field.number)

    def action_add(self, step: int) -> None:
        """One more or one less."""
        self.field.put((self.field.number or 0) + step)

    def action_dismiss_harmless(self) -> None:
        """Escape: no number."""
        self.dismiss(None)
