"""What runs behind the screen: each with how long it has, and what it does now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from edgetui.model.cells import cells, cut, pad, visible
from edgetui.model.text import duration
from edgetui.ui.background.job import BackgroundJob
from edgetui.ui.dialogs.base import width_inside
from edgetui.ui.dialogs.pick import ListDialog
from edgetui.ui.spans import Span, Spans, line, wrap

SINCE = 6
"""Cells for how long it has been running."""
WHOLE = 2
"""Lines that say in full what the job under the cursor does."""


class RunningScreen(ListDialog["BackgroundJob | None"]):
    """Gives the job that was chosen, None for none. It stays live, and the cursor stays on its job.

    `jobs` gives the rows as they are, `cancel` ends one after a question.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "show", show=False),
        Binding("x", "cancel_job", "cancel it", show=False),
        Binding("k", "text(-1)", "up", show=False),
        Binding("j", "text(1)", "down", show=False),
    ]
    keys = (("enter", " show  "), ("x", " cancel it  "), ("↑↓", " move  "), ("esc", " close"))

    def __init__(
        self, jobs: Callable[[], list[BackgroundJob]], cancel: Callable[[BackgroundJob], None]
    ) -> None:
        self._jobs, self._cancel = jobs, cancel
        self._rows = jobs()
        super().__init__(len(self._rows))

    @property
    def here(self) -> BackgroundJob | None:
        """The job under the cursor."""
        return self._rows[self._at] if self._rows else None

    def head(self) -> Sequence[Spans]:
        """What the job under the cursor does, in full."""
        says = line(Span(visible(self.here.says) if self.here else "", "quiet"))
        told = wrap(says, width_inside(self.app.size.width))[:WHOLE]
        return [line(Span("Waiting, running and ended", "title")), *told, *[line()] * (WHOLE - len(told))]

    def lines(self) -> Sequence[Spans]:
        """One line for each job."""
        here, self._rows = self.here, self._jobs()
        self._count = len(self._rows)
        if here in self._rows:
            self._at = self._rows.index(here)
        self._at = max(0, min(self._at, self._count - 1))
        width = width_inside(self.app.size.width)
        wide = max((cells(visible(job.title)) for job in self._rows), default=0)
        wide = min(wide, width * 3 // 5)
        out = []
        for at, job in enumerate(self._rows):
            role = "title-focus" if at == self._at else "row"
            title = pad(cut(visible(job.title), wide), wide)
            since = duration(self.app.monotonic() - job.began).rjust(SINCE)
            says = cut(visible(job.says), width - wide - SINCE - 4)
            out.append(
                line(
                    Span(f"{'>' if at == self._at else ' '} {title}", role), Span(f"{since}  {says}", "quiet")
                )
            )
        return out or [line(Span("  nothing", "quiet"))]

    def tick(self) -> None:
        """A second passed."""
        self.show_lines()

    def on_status_changed(self) -> None:
        """One began, ended or says something else."""
        self.show_lines()

    def action_choose(self) -> None:
        """Show the job under the cursor."""
        if self.is_current:
            self.dismiss(self.here)

    def action_cancel_job(self) -> None:
        """End the job under the cursor, after a question."""
        job = self.here
        if job is None:
            return
        if job.stops:
            self._cancel(job)
        else:
            self.app.flash(f"{job.title}: nothing ends it before its end.")
