"""How many replicas: the number is typed beside what is there now and who owns it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, ClassVar

import msgspec
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input

from edgetui.model.autoscaling.hpa import bounds_for
from edgetui.model.text import ago
from edgetui.ui.dialogs.base import Dialog
from edgetui.ui.keymap import kind_word
from edgetui.ui.spans import Span, Spans, line
from edgetui.ui.widgets.base import LineBar
from edgetui.ui.widgets.number_field import NumberField

if TYPE_CHECKING:
    from edgetui.actions.scaling.scale import ScaleView

LABEL = 12


class How(Enum):
    """What is to be changed for a number of replicas.

    The number itself; the bounds of the autoscaler that owns it, so that it holds; or KEDA, which is paused at it, or
    goes on where it is paused at it.
    """

    NUMBER = "number"
    BOUNDS = "bounds"
    KEDA = "keda"


class ScaleAnswer(msgspec.Struct, frozen=True):
    """The answer: how many, and how."""

    replicas: int
    how: How = How.NUMBER


class ScaleScreen(Dialog[ScaleAnswer | None]):
    """Gives the number, or None. Nothing is written here: the plan is shown and asked about next."""

    DEFAULT_CSS = """
    ScaleScreen Horizontal { height: 1; }
    ScaleScreen Horizontal > LineBar { width: 12; }
    ScaleScreen Input { width: 12; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "add(1)", "one more", show=False, priority=True),
        Binding("down", "add(-1)", "one less", show=False, priority=True),
        Binding("e", "instead", "its bounds instead", show=False, priority=True),
        Binding("k", "keda", "pause or unpause KEDA", show=False, priority=True),
        Binding("p", "park", "park, unpark", show=False, priority=True),
    ]
    OVERHEAD = 8

    def __init__(self, view: ScaleView, note: str = "") -> None:
        self.view = view
        self._note = note
        start = (view.before or view.desired) if view.replicas is None else view.replicas
        self.field = NumberField(start)
        super().__init__()

    @property
    def number(self) -> int | None:
        """What is typed, None while it is no number."""
        return self.field.number

    def lines(self) -> Sequence[Spans]:
        """What is there now, and what the typed number would meet."""
        view = self.view
        key = view.ref.key
        out: list[Spans] = [
            line(
                Span(f"Scale {kind_word(key.kind)} {key.name}", "title"),
                f"  in {key.namespace} on {key.cluster}",
            )
        ]
        if self._note:
            out.append(line(Span(f"! {self._note}", "warn")))
        out.append(line())
        out.append(
            line(
                Span(f"{'now':<{LABEL}}", "quiet"),
                f"{view.desired} wanted, {view.current} running, {view.ready} ready",
            )
        )
        out.append(line(Span(f"{'owned by':<{LABEL}}", "quiet"), view.owner or "no autoscaler"))
        if view.before:
            when = f", {ago(view.before_at, self.app.now())} ago" if view.before_at else ""
            out.append(
                line(Span(f"{'before':<{LABEL}}", "quiet"), f"{view.before}, {view.before_said}{when}")
            )
        number = self.number
        warnings = view.warnings(view.desired if number is None else number)
        out += [line(Span(f"! {warning}", "warn")) for warning in warnings]
        if number is None:
            out.append(line(Span("type a number", "note")))
        elif number == view.desired:
            out.append(line(Span("that is the number it has", "quiet")))
        elif number and view.hpa is not None and view.desired and view.keda is None:
            low, high = bounds_for(view.hpa, view.desired, number)
            why = f"so that {number} holds" if number in (low, high) else "as the load needs"
            words = f" set HPA {view.hpa.name} to min {low}, max {high} instead, {why}"
            out.append(line("  ", Span("e", "key"), words))
        if view.keda is not None and number is not None:
            words = f" pause KEDA at {number}" if view.holds(number) else " let KEDA go on"
            out.append(line("  ", Span("k", "key"), words))
        return out

    def below(self) -> Sequence[Widget]:
        """The field and what the keys do."""
        hints = [("enter", "go on"), ("↑↓", "one more, one less"), *self._parking(), ("esc", "cancel")]
        keys = line(*(part for key, words in hints for part in (Span(key, "key"), f" {words}  ")))
        return [Horizontal(LineBar(line(Span("replicas", "title"))), self.field), LineBar(), LineBar(keys)]

    def _parking(self) -> list[tuple[str, str]]:
        if self.view.desired:
            return [("p", f"park at 0, remember {self.view.desired}")]
        return [("p", f"unpark to {self.view.before}")] if self.view.before else []

    def on_mount(self) -> None:
        """Type at once."""
        super().on_mount()
        self.field.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Another number meets other things."""
        event.stop()
        self.show_lines()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter gives the number."""
        event.stop()
        if self.number is not None:
            self.dismiss(ScaleAnswer(self.number))

    def action_add(self, step: int) -> None:
        """One more or one less."""
        self.field.put((self.number or 0) + step)

    def action_instead(self) -> None:
        """Change the autoscaler's bounds so that the number holds."""
        if self.number and self.view.hpa is not None and self.view.keda is None:
            self.dismiss(ScaleAnswer(self.number, How.BOUNDS))

    def action_keda(self) -> None:
        """Pause KEDA at the number, or let it go on."""
        if self.number is not None and self.view.keda is not None:
            self.dismiss(ScaleAnswer(self.number, How.KEDA))

    def action_park(self) -> None:
        """Go to 0, or back to the number before."""
        if self.view.desired or self.view.before:
            self.dismiss(ScaleAnswer(0 if self.view.desired else self.view.before))

    def action_dismiss_harmless(self) -> None:
        """Escape: no number."""
        self.dismiss(None)
