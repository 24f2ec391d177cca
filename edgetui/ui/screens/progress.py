"""An action while it runs, step by step, and its receipt at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.widget import Widget

from edgetui.actions.plan import Refusal
from edgetui.ui.spans import Span, Spans, line
from edgetui.ui.widgets.choice import Choice

from .confirm import diff_lines
from .dialog import Dialog

if TYPE_CHECKING:
    from edgetui.actions.plan import Offer, Receipt, Step
    from edgetui.cluster.errors import EdgetuiError
    from edgetui.model.identity import ObjectRef

_SIGNS = {"doing": ("..", "note"), "done": ("ok", "ok"), "failed": ("! ", "bad"), "info": ("  ", "row")}
SLOW = 2.0
"""Seconds from which a step says how long it has been running."""


class Progress:
    """What one action has done so far. Outlives its screen, so that the screen can be left and come back.

    `monotonic` gives seconds. `changed` is called after every change.
    """

    def __init__(self, title: str, monotonic: Callable[[], float]) -> None:
        self.title = title
        self.ended = False
        self.offer: Offer | None = None
        self.target: ObjectRef | None = None
        self.went_well = False
        """Whether it ended as was wanted, or is on its way there."""
        self.changed: Callable[[], None] | None = None
        self._monotonic = monotonic
        self._steps: list[tuple[str, str]] = []
        self._since = monotonic()
        self._end: list[Spans] = []

    def step(self, step: Step) -> None:
        """One more step, or the end of the one that runs."""
        if self._steps and self._steps[-1][1] == "doing":
            self._steps.pop()
        self._steps.append((step.text, step.state))
        self._since = self._monotonic()
        self._say()

    def finish(self, receipt: Receipt) -> None:
        """The action ended: its receipt."""
        self.offer, self.target = receipt.offer, receipt.target
        self.went_well = receipt.ok or receipt.pending
        role = "ok" if receipt.ok else "warn" if receipt.pending else "bad"
        sign = "ok" if receipt.ok else "~ " if receipt.pending else "! "
        first, *rest = [self._or_below(text) for text in receipt.lines or ("",)]
        self._close(
            [line(Span(f"{sign}  ", role), Span(first, role)), *(line(f"    {text}") for text in rest)]
        )

    def fail(self, error: EdgetuiError, target: ObjectRef | None = None) -> None:
        """The action on `target` did not begin, or ended in an error."""
        if self._steps and self._steps[-1][1] == "doing":
            self._steps[-1] = (self._steps[-1][0], "failed")
        if isinstance(error, Refusal):
            self.offer, self.target = error.offer, target
        end = [line(Span("!   ", "bad"), Span(error.sentence, "bad"))]
        if error.next_step:
            end.append(line(f"    {self._or_below(error.next_step)}"))
        if isinstance(error, Refusal) and error.diff:
            end += [line(), *diff_lines(error.diff)]
        if isinstance(error, Refusal) and error.paste:
            end += [line(), *(line(text) for text in error.paste)]
        self._close(end)

    def _or_below(self, text: str) -> str:
        """The text, or where it says what the answer below it does, the name of that."""
        offer = self.offer
        return f"“{offer.label}” below does that." if offer and text == offer.command else text

    def lines(self) -> list[Spans]:
        """Title, steps, receipt."""
        out: list[Spans] = [line(Span(self.title, "title")), line()]
        for index, (text, state) in enumerate(self._steps):
            sign, role = _SIGNS[state]
            waited = self._monotonic() - self._since
            slow = state == "doing" and index == len(self._steps) - 1 and waited >= SLOW
            seconds = f"  {waited:.0f} s" if slow else ""
            out.append(
                line(Span(f"{sign}  ", role), Span(text, role if state == "failed" else "row"), seconds)
            )
        if not self._steps and not self.ended:
            out.append(line(Span("..  ", "note"), "asking the cluster"))
        if self._end:
            out += [*([line()] if self._steps else []), *self._end]
        return out

    def _close(self, end: list[Spans]) -> None:
        self._end = end
        self.ended = True
        self._say()

    def _say(self) -> None:
        if self.changed is not None:
            self.changed()


class ProgressScreen(Dialog[None]):
    """Shows a Progress. Can be left while the action goes on."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.closed = asyncio.Event()
        super().__init__()
        self.choice = Choice(self._answers())

    def _answers(self) -> Sequence[tuple[str, str]]:
        offer = [("offer", self.progress.offer.label)] if self.progress.offer else []
        return [("close", "Close" if self.progress.ended else "Go on in the background"), *offer]

    def lines(self) -> Sequence[Spans]:
        """What the action has done so far."""
        return self.progress.lines()

    def below(self) -> Sequence[Widget]:
        """Close, and the next step where there is one."""
        return [self.choice]

    def on_mount(self) -> None:
        """Follow the action; Escape and Enter close."""
        super().on_mount()
        self.progress.changed = self._changed
        self.choice.focus()
        self._changed()

    def on_unmount(self) -> None:
        """Follow no longer."""
        self.progress.changed = None
        self.closed.set()

    def tick(self) -> None:
        """A step that takes long says how long."""
        if not self.progress.ended:
            self.show_lines()

    def on_choice_chosen(self, message: Choice.Chosen) -> None:
        """Close, and begin the next step, which asks its own question."""
        self.dismiss(None)
        offer, target = self.progress.offer, self.progress.target
        if message.answer == "offer" and offer and target:
            self.app.flows.begin(offer.action, target)

    def action_dismiss_harmless(self) -> None:
        """Escape closes; what runs goes on."""
        self.dismiss(None)

    def _changed(self) -> None:
        self.choice.set_answers(self._answers())
        self.show_lines()
