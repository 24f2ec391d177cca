"""The list of what runs behind the screen, and what is shown of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from edgetui.model.identity import ObjectKey
from edgetui.ui.background.job import BackgroundJob, Badge
from edgetui.ui.dialogs.progress import Progress, ProgressScreen
from edgetui.ui.dialogs.question import AskScreen
from edgetui.ui.dialogs.running import RunningScreen
from edgetui.ui.spans import Span, line

if TYPE_CHECKING:
    from edgetui.ui.shell import Shell


class BackgroundJobs:
    """Those of one app, in the order in which they began."""

    def __init__(self, app: Shell) -> None:
        self.app = app
        self._jobs: list[BackgroundJob] = []

    def __iter__(self) -> Iterator[BackgroundJob]:
        """All of them; one may leave the list meanwhile."""
        return iter([job for job in self._jobs if not job.ended])

    def __len__(self) -> int:
        return sum(not job.ended for job in self._jobs)

    def add(self, job: BackgroundJob) -> None:
        """It has begun."""
        self._jobs.append(job)
        self.changed()

    def remove(self, job: BackgroundJob) -> None:
        """It has ended; nothing happens where it has left the list already."""
        if job in self._jobs:
            self._jobs.remove(job)
        self.changed()

    def changed(self) -> None:
        """What one of them says has changed."""
        self.app.tell_screens()

    def tick(self) -> None:
        """A second passed."""
        for job in self:
            job.tick()

    # -- what others read

    @property
    def shown(self) -> list[BackgroundJob]:
        """The rows of `:running`: first what waits for the person."""
        return sorted(self, key=lambda job: not job.waits)

    @property
    def waits(self) -> bool:
        """Whether a question or a result waits for the person to look."""
        return any(job.waits for job in self)

    @property
    def badges(self) -> list[str]:
        """For the header."""
        return badges(self)

    @property
    def urgent(self) -> BackgroundJob | None:
        """What is about to change something by itself; None while nothing is."""
        return next((job for job in self if job.urgent), None)

    @property
    def busy(self) -> bool:
        """Whether something runs that leaving would end."""
        return any(job.at_exit for job in self)

    def notes(self, key: ObjectKey) -> list[str]:
        """What runs on an object, for its page."""
        return [job.note for job in self if job.note and key in job.about]

    def instead_of(
        self, action_id: str, about: frozenset[ObjectKey], *, on_cluster: bool
    ) -> BackgroundJob | None:
        """The job that is shown where an action on the same objects, or the same clusters, is begun once more."""
        clusters = {key.cluster for key in about}
        for job in self:
            same = job.about == about or (on_cluster and clusters == {key.cluster for key in job.about})
            if job.action_id == action_id and same and job.stands_for(action_id):
                return job
        return None

    # -- what is shown

    def show_later(self, progress: Progress) -> None:
        """What ended while the person was at something else: a badge and a line, until it is looked at."""
        self.add(Result(self, progress))
        self.app.flash(f"{self.app.key_of('running', 'R')} shows: {progress.title}: {progress.said}")

    def show(self) -> None:
        """Show what waits for the person, what runs and what has ended; one alone at once."""
        rows = self.shown
        if not rows:
            self.app.flash("Nothing runs, and nothing waits for you.")
        elif len(rows) == 1:
            rows[0].attend()
        else:

            def chosen(job: BackgroundJob | None) -> None:
                if job is not None and job in self._jobs:
                    job.attend()

            self.app.push_screen(RunningScreen(lambda: self.shown, self.ask_to_cancel), chosen)

    def ask_to_cancel(self, job: BackgroundJob) -> None:
        """End a job, if the person is sure."""

        def answered(end: bool | None) -> None:
            if end and job in self._jobs:
                job.cancel()

        text = [line(Span(job.title, "title")), line(), line(f"Now: {job.says}.")]
        self.app.push_screen(AskScreen(text, "Keep", job.stops), answered)

    def ask_to_leave(self) -> None:
        """While something runs that leaving would end: is the person sure?"""
        lost = [job for job in self if job.at_exit]
        text = [
            line(Span("Still running:", "title")),
            *(line(f"  {job.title}", Span(f"  {job.says}", "quiet")) for job in lost),
            line(),
            *(line(sentence) for sentence in dict.fromkeys(job.at_exit for job in lost)),
            line(),
        ]

        def answered(leave: bool | None) -> None:
            if leave:
                self.app.exit(0)

        self.app.push_screen(AskScreen(text, "Stay", "Leave"), answered)


def badges(jobs: Iterable[BackgroundJob]) -> list[str]:
    """What the header says of them: the urgent ones each, then one for each sort, then those that are only counted."""
    urgent = [job.badge for job in jobs if job.urgent]
    sorts: dict[str, list[str]] = {}
    many: dict[str, str] = {}
    for job in jobs:
        if (badge := job.badge) is not None and not job.urgent:
            sorts.setdefault(badge.word, []).append(badge.detail)
            many[badge.word] = badge.many
    named = [f"{word} {details[0]}" for word, details in sorts.items() if len(details) == 1 and details[0]]
    counted = [
        f"{len(details)} {word if len(details) == 1 else many[word]}"
        for word, details in sorts.items()
        if len(details) > 1 or not details[0]
    ]
    return [*(f"{one.word} {one.detail}" for one in urgent if one is not None), *named, *counted]


class Result(BackgroundJob):
    """How an action ended while the person was at something else: it stays in the list until it is looked at."""

    def __init__(self, jobs: BackgroundJobs, progress: Progress) -> None:
        super().__init__(progress.title, jobs.app.monotonic())
        self._jobs = jobs
        self._progress = progress
        self.waits = progress.said

    @property
    def badge(self) -> Badge:
        """One more result."""
        return Badge("RESULT", "RESULTS")

    def attend(self) -> None:
        """Show it, once."""
        self._jobs.remove(self)
        self._jobs.app.push_screen(ProgressScreen(self._progress))
