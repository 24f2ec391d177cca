"""One action that a person began, from its key to its receipt: it reads, asks, passes the gate and shows each step.

A flow (`action_flow.py`) is given its job and touches only that; everything that writes is behind the gate. What a job
shows never comes between two keys meant for something else: where the person has gone on to other things, it waits as a
badge until it is looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from msgspec.structs import replace
from textual.screen import Screen

from edgetui import crash
from edgetui.actions.catalogue import ACTIONS
from edgetui.actions.change.spec import spec_of
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Cancelled, Changed, Plan, Receipt, Step
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.identity import ObjectRef
from edgetui.ui.background.job import BackgroundJob, Badge
from edgetui.ui.dialogs.confirm import ConfirmScreen
from edgetui.ui.dialogs.progress import Progress, ProgressScreen

if TYPE_CHECKING:
    from edgetui.actions.change.long_running import LongRunning
    from edgetui.actions.gate.audit import AuditLog
    from edgetui.actions.gate.permissions import Permissions
    from edgetui.ui.background.jobs import BackgroundJobs
    from edgetui.ui.shell import Shell

V = TypeVar("V")
A = TypeVar("A")

HOLD = 0.5
"""Seconds that keys are kept for the dialog that the last one opens; a cluster that takes longer holds none."""
SAID_AFTER = 2.0
"""Seconds from which it is said how long a read has been running."""


class Flows(Protocol):
    """The actions of one app, as one of them knows the whole. `wait` is in seconds."""

    app: Shell
    wait: float
    audit: AuditLog
    permissions: Permissions
    jobs: BackgroundJobs

    def keep_running(self, action_id: str, work: LongRunning, progress: Progress) -> None:
        """What an action left running goes on behind the screen."""


class ActionJob(BackgroundJob):
    """Its `title` is what it does, as far as that is known.

    `reading` is what is being read, and `waits` what waits for the person to look; empty while nothing does. `place` is
    the screen on which it was begun, or its own. `opening` is true until it shows its first screen, `left` while
    the person is at something else, `confirmed` once the person agreed to a plan.
    """

    def __init__(self, flows: Flows, action_id: str, refs: Sequence[ObjectRef], title: str) -> None:
        super().__init__(title, flows.app.monotonic())
        self.flows = flows
        self.app: Shell = flows.app
        self.action_id = action_id
        self.about = frozenset(ref.key for ref in refs)
        self.progress: Progress | None = None
        self.reading = ""
        self.waits = ""
        self.left = False
        self.confirmed = False
        self.opening = True
        self._hold_until = self._now() + HOLD
        self._asked_at = self._now()
        self.place: Screen[Any] = self.app.screen
        self._screen: ProgressScreen | None = None
        self._looked_at = asyncio.Event()
        self._stopped = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self._cancelled = False

    # -- what others read

    @property
    def wait(self) -> float:
        """Seconds that an action watches the cluster for the state it asked for."""
        return self.flows.wait

    @property
    def audit(self) -> AuditLog:
        """The record of what was written."""
        return self.flows.audit

    @property
    def holds_keys(self) -> bool:
        """Whether the next key is meant for a dialog that is about to open."""
        return self.opening and not self.left and self._now() < self._hold_until

    @property
    def ended(self) -> bool:
        """Whether there is nothing left to do but to read how it ended."""
        return self.progress is not None and self.progress.ended

    @property
    def running(self) -> bool:
        """Whether it carries out what the person agreed to."""
        return self.confirmed and not self.ended

    @property
    def stops(self) -> str:
        """What ends it before its end, as an answer; empty where nothing does."""
        if not self.confirmed:
            return "Cancel"
        return "" if ACTIONS[self.action_id].to_its_end else "Stop watching"

    @property
    def says(self) -> str:
        """What it does now, in a few words."""
        if self.waits:
            return self.waits
        if self.running:
            return (self.progress.now if self.progress is not None else "") or "running"
        return "reading" if self.reading else "being prepared"

    @property
    def badge(self) -> Badge | None:
        """What the person agreed to and is carried out runs; anything else is told from it."""
        if self.waits:
            return Badge("QUESTION", "QUESTIONS")
        if self.running:
            return Badge("RUNNING", "RUNNING")
        return Badge("PREPARING", "PREPARING") if self.left else None

    @property
    def at_exit(self) -> str:
        """What leaving does to it."""
        if not self.running:
            return "What is only prepared is given up: nothing of it was written."
        own = spec_of(self.action_id).at_exit if ACTIONS[self.action_id].module else ""
        return own or (
            "Leaving does not undo what runs, and nobody watches it to its end. "
            "The record of what was written so far is kept."
        )

    def stands_for(self, action_id: str) -> bool:
        """While it is being prepared; and to the end what must run only once."""
        return not self.confirmed or ACTIONS[action_id].only_once

    # -- life

    async def run(self, flow: Awaitable[None]) -> None:
        """Carry a flow out; raises Cancelled where the person ends it before anything was agreed to."""
        self.task = asyncio.ensure_future(flow)
        if self._cancelled:
            self.task.cancel()
        try:
            await self.task
        except asyncio.CancelledError:
            if self._cancelled:
                raise Cancelled("Cancelled: nothing was changed.") from None
            raise

    def cancel(self) -> None:
        """End it: before the person agreed nothing is written; after that only the watching ends."""
        if self.confirmed:
            self._stopped.set()
            return
        self._cancelled = True
        if self.task is not None:
            self.task.cancel()

    def attend(self) -> None:
        """The person looks at it: what waits is shown, and what comes next too."""
        self.left = False
        self.place = self.app.screen
        if self.progress is not None:
            self._show_progress(self.progress)
        elif self.reading:
            self._say_reading()
        self.looked_at()

    def leave(self) -> None:
        """The person went on to something else."""
        self.left = True

    def looked_at(self) -> None:
        """What it waits behind may be in front again."""
        self._looked_at.set()

    def tick(self) -> None:
        """A second passed: say that it is still being read, and how to end that."""
        if self.reading and not self.left and self._now() - self._asked_at >= SAID_AFTER:
            self._say_reading(f" {self._now() - self._asked_at:.0f} s")

    # -- what flows do

    async def read(self, what: str, view: Awaitable[V]) -> V:
        """Say what is being read for as long as that takes."""
        self.reading, self.opening = what, True
        self._asked_at = self._now()
        self._hold_until = self._asked_at + HOLD
        self._say_reading()
        try:
            return await view
        finally:
            self.reading = ""
            if not self.left:
                self.app.hush()

    async def ask(self, make: Callable[[], Screen[A]]) -> A:
        """Show a dialog and wait for its answer."""
        await self._in_front("waits for you")
        self.opening = False
        answer: A = await self.app.push_screen_wait(make())
        self.place = self.app.screen
        return answer

    async def in_front(self) -> None:
        """Until the person is where this was begun: what takes the screen comes before nothing else."""
        await self._in_front("is ready")
        self.opening = False

    async def perform(self, title: str, run: Callable[[Gate], Awaitable[Receipt]], note: str = "") -> None:
        """Carry one plan through the gate behind a progress screen; `note` stands first in the plan.

        Raises Changed for the caller to ask again.
        """
        self.title = title
        self.confirmed = False
        progress = self.progress = Progress(title, self.app.monotonic)
        self.opening = False
        if not self._elsewhere:
            self._show_progress(progress)
        try:
            receipt = await run(self.gate(progress.step, note))
        except (Cancelled, Changed, asyncio.CancelledError):
            self.progress = None
            self._take_progress_away()
            raise
        except EdgetuiError as error:
            progress.fail(error)
        except Exception as error:  # noqa: BLE001 - the edge of the task: a defect is told, never hidden
            progress.fail(
                EdgetuiError(crash.sentence(error), "What was written so far is in the audit record.")
            )
        else:
            progress.finish(receipt)
        finally:
            self.flows.jobs.changed()
        if self.left:
            self.flows.jobs.show_later(progress)

    async def fail(self, title: str, error: EdgetuiError, ref: ObjectRef) -> None:
        """It did not begin: why, and what to do."""
        progress = self.progress = Progress(title, self.app.monotonic)
        progress.fail(error, ref)
        if self._elsewhere:
            self.flows.jobs.show_later(progress)
        else:
            self._show_progress(progress)

    async def closed(self) -> None:
        """Until the person has put away what it shows."""
        if self._screen is not None:
            await self._screen.closed.wait()

    def gate(self, step: Callable[[Step], None], note: str = "") -> Gate:
        """A gate that asks on the screen; `note` stands first in the plan."""
        app = self.app

        async def confirm(plan: Plan) -> bool:
            noted = replace(plan, warnings=(note, *plan.warnings)) if note else plan
            self.confirmed = await self.ask(lambda: ConfirmScreen(noted))
            if self.progress is not None:
                self.progress.tell()
            self.flows.jobs.changed()
            return self.confirmed

        return Gate(
            self.audit,
            app.options.read_only,
            confirm,
            step,
            app.now,
            sleep=self._sleep,
            permissions=self.flows.permissions,
        )

    # -- within

    @property
    def _elsewhere(self) -> bool:
        """Whether the person is at something else than what this shows."""
        return self.left or self.app.screen is not self.place

    async def _in_front(self, waits: str) -> None:
        """Until the person is here; meanwhile it is a badge."""
        while self._elsewhere:
            if self._screen is None:
                self.left = True
            self.waits = waits
            self.flows.jobs.changed()
            if self.left:
                self.app.flash(f"{self.app.key_of('running', 'R')} shows what waits for you: {self.title}")
            self._looked_at.clear()
            await self._looked_at.wait()
        self.waits = ""
        self.flows.jobs.changed()

    def _show_progress(self, progress: Progress) -> None:
        screen = ProgressScreen(progress, self)
        self._screen = self.place = screen
        self.app.push_screen(screen)

    def _take_progress_away(self) -> None:
        if self._screen is not None and self.app.screen is self._screen:
            self.app.pop_screen()
            self.place = self.app.screen
        self._screen = None

    def put_away(self, screen: ProgressScreen) -> None:
        """The person left its progress: it goes on behind other things."""
        if screen is self._screen:
            self._screen = None
            self.left = True

    def _say_reading(self, waited: str = "") -> None:
        self.app.flash(f"reading {self.reading}…{waited}  esc cancels", "bar")

    async def _sleep(self, seconds: float) -> None:
        """Wait between two looks at the cluster, or end there where the person has seen enough."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
        except TimeoutError:
            return
        raise Cancelled(
            "No longer watched. What was sent stays as it is; the audit record says what that was."
        )

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
