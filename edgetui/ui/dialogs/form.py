"""The form of an action: its arguments, each in a field, with what their answer leads to above them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from edgetui.actions.change.form import AnswerKey, Form, Given, Leads
from edgetui.actions.change.spec import Argument
from edgetui.actions.messages import Refusal
from edgetui.model.text import ago
from edgetui.ui.dialogs.base import Dialog
from edgetui.ui.dialogs.confirm import diff_lines
from edgetui.ui.spans import Span, Spans, line
from edgetui.ui.widgets.base import LineBar
from edgetui.ui.widgets.labelled_field import LabelledField

YES, NO = "yes", "no"
MOST_LETTERS = 512
"""Of an image with its digest, and of anything else that is typed."""


class Field(Input):
    """Where one argument is typed. One of a few choices is turned with up and down, a whole number counted."""

    def __init__(self, argument: Argument, value: Any) -> None:
        self.argument = argument
        self.choices = (NO, YES) if argument.switch else argument.choices
        only = r"[0-9]{0,9}" if argument.counts else "|".join(map(re.escape, self.choices)) or None
        text = self.text_of(value)
        anew = not argument.edited
        super().__init__(text, compact=True, max_length=MOST_LETTERS, select_on_focus=anew, restrict=only)

    def text_of(self, value: Any) -> str:
        """A value as it stands in the field."""
        if self.argument.switch:
            return YES if value else NO
        return "" if value is None else str(value)

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether a key is text here: none is where the value is one of a few, and only digits are for a number."""
        if self.choices or character is None:
            return False
        return character.isdigit() if self.argument.counts else character.isprintable()

    async def _on_key(self, event: events.Key) -> None:
        """A key that is no text here is left to the form."""
        if event.is_printable and not self.check_consume_key(event.key, event.character):
            event.prevent_default()

    def turn(self, step: int) -> None:
        """The choice before, or the next one; a number goes up or down, never below 0."""
        if self.choices:
            self.value = self.choices[(self.choices.index(self.value) - step) % len(self.choices)]
        elif self.argument.counts:
            self.value = str(max(int(self.value or 0) + step, 0))
            self.cursor_position = len(self.value)

    @property
    def turns(self) -> str:
        """What up and down do; empty for nothing."""
        return "choice" if self.choices else "increase, decrease" if self.argument.counts else ""

    @property
    def given(self) -> Any:
        """The value. Raises ValueError with a sentence where the text is none."""
        if self.argument.switch:
            return self.value == YES
        text = self.value.strip()
        return self.argument.value(text) if text else self.argument.default


class FormScreen(Dialog["dict[str, Any] | None"]):
    """Gives the values by their names, or None. Nothing is written here: the plan is shown and asked about next.

    `form` makes the form of the view, `leads` says what an answer leads to (it raises Refusal for one that cannot be).
    """

    DEFAULT_CSS = """
    FormScreen Input { width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "field(1)", "next field", show=False, priority=True),
        Binding("shift+tab", "field(-1)", "field before", show=False, priority=True),
        Binding("up", "turn(1)", "more, or the one before", show=False, priority=True),
        Binding("down", "turn(-1)", "less, or the next one", show=False, priority=True),
        Binding("enter", "submit", "continue", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        note: str,
        arguments: Sequence[Argument],
        view: Any,
        form: Callable[[Any], Form],
        leads: Callable[[Any, Given], Leads],
    ) -> None:
        self._title, self._note, self._view = title, note, view
        self._make, self._leads = form, leads
        self._form = form(view)
        self._at = 0
        stands = self._stands()
        self._fields = [Field(one, stands[one.name]) for one in arguments if one.name in stands]
        self._typed: dict[str, dict[str, str]] = {}
        self._keys = LineBar()
        self.OVERHEAD = 6 + len(self._fields)
        super().__init__()

    def fill(self, view: Any) -> None:
        """More is known than when it opened; what is typed stays."""
        before = self._stands()
        self._view, self._form = view, self._make(view)
        for field in self._fields:
            name = field.argument.name
            if field.value == field.text_of(before[name]):
                field.value = field.text_of(self._stands()[name])
        super().fill(view)
        self._keys.say(self._hints())

    def lines(self) -> Sequence[Spans]:
        """What it is about, what there is now, what the field with the cursor means, and what the answer leads to."""
        out = [line(Span(self._title, "title"))]
        if self._note:
            out.append(line(Span(f"! {self._note}", "warn")))
        out += [line(), *self._facts(), *self._parts()]
        out.append(line(Span(self._here.argument.hint or self._here.argument.help, "quiet")))
        leads = self._led()
        if leads.wrong:
            return [*out, line(Span(f"! {leads.wrong}", "bad"))]
        if leads.same:
            out.append(line(Span(leads.same, "quiet")))
        out += [line(Span(f"! {one}", "warn")) for one in leads.warnings]
        out += [line(Span("what changes", "title")), *diff_lines(leads.diff)] if leads.diff else []
        out += [line(Span(f"  {one}", "quiet")) for one in leads.notes]
        return [*out, *(line("  ", Span(one.key, "key"), f" {one.words}") for one in leads.keys)]

    def _facts(self) -> list[Spans]:
        facts, now = self._form.facts, self.app.now()
        wide = max((len(fact.label) for fact in facts), default=0) + 2
        return [
            line(
                Span(f"{fact.label:<{wide}}", "quiet"),
                f"{fact.text}, {ago(fact.at, now)} ago" if fact.at else fact.text,
            )
            for fact in facts
        ]

    def _parts(self) -> list[Spans]:
        """What the fields can be about, the present one marked."""
        parts = self._form.parts
        if len(parts) == 1:
            return [line(f"  {parts[0].words}")]
        return [
            line(
                Span(f"{'>' if at == self._at else ' '} {part.words}", "cursor" if at == self._at else "row")
            )
            for at, part in enumerate(parts)
        ]

    def below(self) -> Sequence[Widget]:
        """The fields and what the keys do."""
        wide = max(len(_label(field)) for field in self._fields) + 3
        return [*(LabelledField(_label(field), field, wide) for field in self._fields), self._keys]

    def _hints(self) -> Spans:
        turns = self._form.part if len(self._form.parts) > 1 else self._here.turns
        hints = [
            ("enter", "continue"),
            *([("tab", "next field")] if len(self._fields) > 1 else []),
            *([("↑↓", turns)] if turns else []),
            ("esc", "cancel"),
        ]
        return line(*(part for key, words in hints for part in (Span(key, "key"), f" {words}  ")))

    def on_mount(self) -> None:
        """Type at once."""
        super().on_mount()
        self._keys.say(self._hints())
        first = (field for field in self._fields if field.argument.name == self._form.first)
        next(first, self._fields[0]).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Another answer leads to other things."""
        event.stop()
        self.show_lines()

    def on_descendant_focus(self) -> None:
        """Another field is explained."""
        self._keys.say(self._hints())
        self.show_lines()

    def on_key(self, event: events.Key) -> None:
        """A key that gives an answer at once."""
        for one in self._led().keys:
            if event.character == one.key:
                event.stop()
                self._give(one)
                return

    def action_field(self, step: int) -> None:
        """Another field."""
        self._fields[(self._fields.index(self._here) + step) % len(self._fields)].focus()

    def action_turn(self, step: int) -> None:
        """Another part where there are several; what was typed for each is kept. Else another choice, or number."""
        parts = self._form.parts
        if len(parts) < 2:
            self._here.turn(step)
            return
        self._typed[parts[self._at].name] = {field.argument.name: field.value for field in self._fields}
        self._at = (self._at - step) % len(parts)
        typed, stands = self._typed.get(parts[self._at].name, {}), self._stands()
        for field in self._fields:
            name = field.argument.name
            field.value = typed.get(name, field.text_of(stands[name]))
            field.cursor_position = len(field.value)
        self.show_lines()

    def action_submit(self) -> None:
        """Give the values, once they can be given."""
        leads = self._led()
        if not leads.wrong and not leads.same and self.is_current:
            self.dismiss(self._values())

    def _give(self, key: AnswerKey) -> None:
        if self.is_current:
            self.dismiss({**self._values(), **key.given})

    def action_dismiss_harmless(self) -> None:
        """Escape: nothing."""
        self.dismiss(None)

    @property
    def _here(self) -> Field:
        return next((field for field in self._fields if field.has_focus), self._fields[0])

    def _stands(self) -> Given:
        """What stands in the fields first."""
        parts = self._form.parts
        return parts[self._at].values if parts else self._form.values

    def _values(self) -> dict[str, Any]:
        """The values. Raises ValueError with a sentence where one is none."""
        parts = self._form.parts
        part = {self._form.part: parts[self._at].name} if parts else {}
        return {**part, **{field.argument.name: field.given for field in self._fields}}

    def _led(self) -> Leads:
        """What the typed values lead to, or what is wrong with them."""
        try:
            return self._leads(self._view, self._values())
        except Refusal as wrong:
            return Leads(wrong=wrong.sentence)
        except ValueError as wrong:
            return Leads(wrong=str(wrong))


def _label(field: Field) -> str:
    """The name of an argument as it is read: "cpu limit", "cascade"."""
    argument = field.argument
    flag = max(argument.flags, key=len, default=argument.name)
    return argument.label or flag.removeprefix("--").replace("-", " ")
