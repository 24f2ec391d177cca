"""Asks for the cpu and memory of one container of a running pod."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from edgetui.model.pod.resize import FIELDS, Box, change, wrong
from edgetui.ui.dialogs.base import Dialog
from edgetui.ui.spans import Span, Spans, line
from edgetui.ui.widgets.base import LineBar
from edgetui.ui.widgets.labelled_field import LabelledField

if TYPE_CHECKING:
    from edgetui.actions.scaling.resize_pod import ResizeView

LABEL = 14
_WORDS = {
    "requests.cpu": "cpu asked",
    "limits.cpu": "cpu at most",
    "requests.memory": "mem asked",
    "limits.memory": "mem at most",
}

Chosen = tuple[Box, dict[str, str]]


class ResizeScreen(Dialog["Chosen | None"]):
    """Gives the container and its new values, or None. Nothing is written here."""

    DEFAULT_CSS = """
    ResizeScreen Input { width: 14; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "container(-1)", "container before", show=False, priority=True),
        Binding("down", "container(1)", "next container", show=False, priority=True),
        Binding("tab", "field(1)", "next field", show=False, priority=True),
        Binding("shift+tab", "field(-1)", "field before", show=False, priority=True),
    ]
    OVERHEAD = 11

    def __init__(self, view: ResizeView, note: str = "") -> None:
        self.view = view
        self._note = note
        self._at = 0
        restrict = r"[0-9]{0,9}(\.[0-9]{0,3})?[a-zA-Z]{0,2}"
        self.fields = {
            name: Input("", compact=True, restrict=restrict, select_on_focus=True) for name in FIELDS
        }
        self._fill()
        super().__init__()

    @property
    def box(self) -> Box:
        """The container that is being changed."""
        return self.view.boxes[self._at]

    @property
    def changes(self) -> dict[str, str]:
        """What is typed and differs from what the container has."""
        return change(self.box, {name: field.value for name, field in self.fields.items()})

    def lines(self) -> Sequence[Spans]:
        """Pod and container, and what the typed values lead to."""
        view, key, box = self.view, self.view.ref.key, self.box
        out: list[Spans] = [
            line(Span(f"Resize pod {key.name}", "title"), f"  in {key.namespace} on {key.cluster}")
        ]
        if self._note:
            out.append(line(Span(f"! {self._note}", "warn")))
        out.append(line())
        count = f"  ({self._at + 1} of {len(view.boxes)})" if len(view.boxes) > 1 else ""
        out.append(line(Span(f"{'container':<{LABEL}}", "quiet"), f"{box.name}{count}"))
        bad = [_WORDS[name] for name, value in self.changes.items() if wrong(value)]
        if bad:
            out.append(line(Span(f"! {', '.join(bad)}: type an amount such as 200m or 256Mi", "bad")))
        elif not self.changes:
            out.append(line(Span("these are the values it has", "quiet")))
        else:
            out += [line(Span(f"! {warning}", "warn")) for warning in view.warnings(box, self.changes)]
        return out

    def below(self) -> Sequence[Widget]:
        """The fields and what the keys do."""
        several = [("↑↓", "container")] if len(self.view.boxes) > 1 else []
        hints = [("enter", "go on"), ("tab", "next field"), *several, ("esc", "cancel")]
        keys = line(*(part for key, words in hints for part in (Span(key, "key"), f" {words}  ")))
        rows = [LabelledField(_WORDS[name], field, LABEL) for name, field in self.fields.items()]
        return [*rows, LineBar(), LineBar(keys)]

    def on_mount(self) -> None:
        """Type at once."""
        super().on_mount()
        self.fields[FIELDS[0]].focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Other values lead to other things."""
        event.stop()
        self.show_lines()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter gives the values that changed."""
        event.stop()
        changes = self.changes
        if changes and not any(map(wrong, changes.values())):
            self.dismiss((self.box, changes))

    def action_container(self, step: int) -> None:
        """Another container of the pod."""
        self._at = (self._at + step) % len(self.view.boxes)
        self._fill()
        self.show_lines()

    def action_field(self, step: int) -> None:
        """The next field."""
        fields = list(self.fields.values())
        at = next((index for index, field in enumerate(fields) if field.has_focus), 0)
        fields[(at + step) % len(fields)].focus()

    def action_dismiss_harmless(self) -> None:
        """Escape: no change."""
        self.dismiss(None)

    def _fill(self) -> None:
        for name, field in self.fields.items():
            field.value = self.box.values.get(name, "")
