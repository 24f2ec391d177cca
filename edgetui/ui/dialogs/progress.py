"""An action while it runs, step by step, and its receipt at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from edgetui.actions.messages import Refusal
from edgetui.ui.dialogs.confirm import diff_lines
from edgetui.ui.dialogs.question import Question
from edgetui.ui.spans import Span, Spans, line
from edgetui.ui.widgets.choice import Choice

if TYPE_CHECKING:
    from edgetui.actions.messages import Offer, Receipt, Step
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
        self.said = ""
        """The first sentence of its end."""
        self.offer: Offer | None = None
        self.target: ObjectRef | None = None
        self.went_well = False
        """Whether it ended as was wanted, or is on its way there."""
        self.changed: Callable[[], None] | None = None
        self._monotonic = monotonic
        self._steps: list[tuple[str, str]] = []
        self._since = monotonic()
        self._end: list[Spans] = []

    @property
    def now(self) -> str:
        """The newest step, empty before the first."""
        return self._steps[-1][0] if self._steps else ""

    def step(self, step: Step) -> None:
        """One more step, or the end of the one that runs."""
        if self._steps and self._steps[-1][1] == "doing":
            self._steps.pop()
        self._steps.append((step.text, step.state))
        self._since = self._monotonic()
        self.tell()

    def finish(self, receipt: Receipt) -> None:
        """The action ended: its receipt."""
        self.offer, self.target = receipt.offer, receipt.target
        self.went_well = receipt.ok or receipt.pending
        role = "ok" if receipt.ok else "warn" if receipt.pending else "bad"
        sign = "ok" if receipt.ok else "~ " if receipt.pending else "! "
        first, *rest = [self._or_below(text) for text in receipt.lines or ("",)]
        self.said = first
        self._close(
            [line(Span(f"{sign}  ", role), Span(first, role)), *(line(f"    {text}") for text in rest)]
        )

    def fail(self, error: EdgetuiError, target: ObjectRef | None = None) -> None:
        """The action on `target` did not begin, or ended in an error."""
        if self._steps and self._steps[-1][1] == "doing":
            self._steps[-1] = (self._steps[-1][0], "failed")
        self.said = error.sentence
        if isinstance(error, Refusal):
            self.offer, self.target = error.offer, target
        end = [line(Span("!   ", "bad"), Span(error.sentence, "bad"))]
        if error.advice:
            end.append(line(f"    {self._or_below(error.advice)}"))
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
        self.tell()

    def tell(self) -> None:
        """What it shows, or what may end it, has changed."""
        if self.changed is not None:
            self.changed()


class Behind(Protocol):
    """The action behind a screen of its progress."""

    @property
    def stops(self) -> str:
        """What ends it before its end, as an answer; empty where nothing does."""

    def cancel(self) -> None:
        """End it."""

    def looked_at(self) -> None:
        """What stood before it is gone."""

    def put_away(self, screen: ProgressScreen) -> None:
        """The person left the screen."""


class ProgressScreen(Question[None]):
    """Shows a Progress. Can be left while the action goes on; `job` is that, None for what has ended."""

    def __init__(self, progress: Progress, job: Behind | None = None) -> None:
        self.progress = progress
        self.closed = asyncio.Event()
        self._job = job
        super().__init__(self._answers())

    def _answers(self) -> Sequence[tuple[str, str]]:
        offer, job = self.progress.offer, self._job
        if self.progress.ended:
            return [("close", "Close"), *([("offer", offer.label)] if offer else [])]
        stops = job.stops if job is not None else ""
        return [("close", "Run in background"), *([("stop", stops)] if stops else [])]

    def lines(self) -> Sequence[Spans]:
        """What the action has done so far."""
        return self.progress.lines()

    def on_mount(self) -> None:
        """Follow the action."""
        self.progress.changed = self._changed
        self._changed()

    def on_unmount(self) -> None:
        """Follow no longer."""
        if self.progress.changed == self._changed:
            self.progress.changed = None
        self._close()

    def on_screen_resume(self) -> None:
        """What stood before it is gone: the next question may be put."""
        if self._job is not None:
            self._changed()
            self._job.looked_at()

    def tick(self) -> None:
        """A step that takes long says how long."""
        if not self.progress.ended:
            self.show_lines()

    def on_choice_chosen(self, message: Choice.Chosen) -> None:
        """Close, and begin the next step, which asks its own question."""
        if not self.is_active:
            return
        if message.answer == "stop" and self._job is not None:
            self._job.cancel()
            return
        self._close()
        self.dismiss(None)
        offer, target = self.progress.offer, self.progress.target
        if message.answer == "offer" and offer and target:
            self.app.flows.begin(offer.action, target, typed=offer.typed)

    def action_dismiss_harmless(self) -> None:
        """Escape closes; what runs goes on. An end that nobody can have read yet stays."""
        if self.is_active and (self.ready or not self.progress.ended):
            self._close()
            self.dismiss(None)

    def _close(self) -> None:
        self.closed.set()
        if self._job is not None:
            self._job.put_away(self)

    def _changed(self) -> None:
        if self.choice.set_answers(self._answers()) and self.is_current:
            self.show_anew()
        self.show_lines()
