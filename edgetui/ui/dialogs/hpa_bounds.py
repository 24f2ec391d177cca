"""Asks for an autoscaler's bounds; says what it would do with them while they are being typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from edgetui.model.autoscaling.hpa import needed
from edgetui.ui.dialogs.base import Dialog
from edgetui.ui.spans import Span, Spans, line
from edgetui.ui.widgets.base import LineBar
from edgetui.ui.widgets.labelled_field import LabelledField
from edgetui.ui.widgets.number_field import NumberField

if TYPE_CHECKING:
    from edgetui.actions.scaling.hpa_bounds import BoundsView

LABEL = 12


class BoundsScreen(Dialog["tuple[int, int] | None"]):
    """Gives minimum and maximum, or None. Nothing is written here: the plan is shown and asked about next."""

    DEFAULT_CSS = """
    BoundsScreen Input { width: 12; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "add(1)", "one more", show=False, priority=True),
        Binding("down", "add(-1)", "one less", show=False, priority=True),
        Binding("tab,shift+tab", "other", "the other bound", show=False, priority=True),
    ]
    OVERHEAD = 9

    def __init__(self, view: BoundsView, note: str = "") -> None:
        self.view = view
        self._note = note
        self.low = NumberField(view.low)
        asked = (view.low, view.high) != (view.row.min, view.row.max)
        self.high = NumberField(view.high if asked else needed(view.row))
        super().__init__()

    @property
    def bounds(self) -> tuple[int, int] | None:
        """What is typed, None while one of them is no number."""
        low, high = self.low.number, self.high.number
        return None if low is None or high is None else (low, high)

    def lines(self) -> Sequence[Spans]:
        """What is there now, and what the typed bounds lead to."""
        view, row, key = self.view, self.view.row, self.view.ref.key
        out: list[Spans] = [
            line(Span(f"Bounds of autoscaler {key.name}", "title"), f"  in {key.namespace} on {key.cluster}")
        ]
        if self._note:
            out.append(line(Span(f"! {self._note}", "warn")))
        out.append(line())
        out.append(line(Span(f"{'now':<{LABEL}}", "quiet"), f"{row.min} to {row.max}"))
        target = f"{row.target_kind.lower()} {row.target_name}, set to {view.running}"
        out.append(line(Span(f"{'target':<{LABEL}}", "quiet"), target))
        bounds = self.bounds
        if bounds is None:
            out.append(line(Span("type two numbers", "note")))
        elif wrong := view.wrong(*bounds):
            out.append(line(Span(f"! {wrong}", "bad")))
        else:
            out += [line(Span(f"! {warning}", "warn")) for warning in view.warnings(*bounds)]
        return out

    def below(self) -> Sequence[Widget]:
        """The fields and what the keys do."""
        keys = line(
            Span("enter", "key"),
            " go on  ",
            Span("tab", "key"),
            " the other bound  ",
            Span("↑↓", "key"),
            " one more, one less  ",
            Span("esc", "key"),
            " cancel",
        )
        return [
            LabelledField("minimum", self.low, LABEL),
            LabelledField("maximum", self.high, LABEL),
            LineBar(),
            LineBar(keys),
        ]

    def on_mount(self) -> None:
        """Type at once, first the bound that keeps the target where it is."""
        super().on_mount()
        (self.high if needed(self.view.row) > self.view.row.max else self.low).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Other bounds lead to other things."""
        event.stop()
        self.show_lines()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter gives both."""
        event.stop()
        if self.bounds is not None and not self.view.wrong(*self.bounds):
            self.dismiss(self.bounds)

    def action_add(self, step: int) -> None:
        """One more or one less in the field that has the cursor."""
        field = self.high if self.high.has_focus else self.low
        field.put((field.number or 0) + step)

    def action_other(self) -> None:
        """Go to the other field."""
        (self.low if self.high.has_focus else self.high).focus()

    def action_dismiss_harmless(self) -> None:
        """Escape: no bounds."""
        self.dismiss(None)
