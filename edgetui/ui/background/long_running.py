"""The row of what an action left running: a guard, a port-forward."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgetui import crash
from edgetui.actions.catalogue import ACTIONS
from edgetui.actions.messages import Receipt
from edgetui.cluster.errors import EdgetuiError
from edgetui.ui.background.job import BackgroundJob, Badge

if TYPE_CHECKING:
    from edgetui.actions.change.long_running import Ended, LongRunning
    from edgetui.ui.background.jobs import BackgroundJobs
    from edgetui.ui.dialogs.progress import Progress


class LongRunningJob(BackgroundJob):
    """Runs it to its end, however that comes. `progress` has the steps of what it carries out by itself."""

    def __init__(self, jobs: BackgroundJobs, action_id: str, work: LongRunning, progress: Progress) -> None:
        super().__init__(f"{work.title} on {work.ref.key.cluster}", jobs.app.monotonic())
        self.action_id = action_id
        self.about = frozenset([work.ref.key])
        self.work = work
        self._jobs = jobs
        self._action = ACTIONS[action_id]
        self._progress = progress

    @property
    def says(self) -> str:
        """What it does now."""
        return self.work.says

    @property
    def badge(self) -> Badge:
        """The action's name, and which one it is."""
        word = self._action.label.upper()
        return Badge(word, f"{word}S", self.work.badge)

    @property
    def urgent(self) -> bool:
        """Whether it is about to change something."""
        return self.work.urgent

    @property
    def note(self) -> str:
        """What it does now, and the key that ends it."""
        key = self._jobs.app.key_of(self.action_id, self._action.key) if self._action.only_once else ""
        ends = f"{key} cancels it" if key else f"{self._jobs.app.key_of('running', 'R')} lists it"
        return f"{self._action.label}, {ends}: {self.says}"

    @property
    def stops(self) -> str:
        """The answer that ends it."""
        return f"Cancel the {self._action.label}"

    @property
    def at_exit(self) -> str:
        """What leaving does to it."""
        return self.work.at_exit

    def toggled_by(self, action_id: str) -> bool:
        """Where there is only one on an object, its key cancels it."""
        return self._action.only_once and action_id == self.action_id

    def stands_for(self, action_id: str) -> bool:
        """The same."""
        return self.toggled_by(action_id)

    def attend(self) -> None:
        """Cancel it, if the person is sure."""
        self._jobs.ask_to_cancel(self)

    def cancel(self) -> None:
        """Let it end."""
        self.work.cancel()

    async def run(self) -> None:
        """To its end; what was asked for just now is said in the footer, what happened by itself waits to be read."""
        jobs, progress = self._jobs, self._progress
        try:
            ended = await self.work.run()
        except EdgetuiError as error:
            progress.fail(error)
        except Exception as error:  # noqa: BLE001 - the edge of the task: a defect is told, never hidden
            told = f"{self.work.title} has ended. What it wrote is in the audit record."
            progress.fail(EdgetuiError(crash.sentence(error), told))
        else:
            if ended.cancelled:
                jobs.app.flash(ended.sentence)
            else:
                progress.finish(ended.receipt or self._receipt(ended))
        finally:
            jobs.remove(self)
        if progress.ended:
            jobs.show_later(progress)

    def _receipt(self, ended: Ended) -> Receipt:
        ref = self.work.ref
        return Receipt(self.action_id, ref.key.cluster, ref, ended.good, (ended.sentence,))
