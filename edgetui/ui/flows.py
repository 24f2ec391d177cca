"""The actions of one app: which may be done, which are begun, which run, and what came of those nobody looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from edgetui import crash
from edgetui.actions.catalogue import ACTIONS
from edgetui.actions.gate.audit import AuditLog, default_path
from edgetui.actions.gate.permissions import Permissions
from edgetui.actions.messages import Cancelled
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.text import plural
from edgetui.ui.dialogs.pick import PickScreen
from edgetui.ui.dialogs.progress import Progress, ProgressScreen
from edgetui.ui.dialogs.question import AskScreen

from .acting import AT_ONCE, flow_of, flow_of_several
from .action_keys import object_words
from .job import Job
from .keymap import actions_for
from .spans import Span, line

if TYPE_CHECKING:
    from edgetui.actions.guard.guard import Guard

    from .app import EdgetuiApp

REST = 0.4
"""Seconds the cursor stays on an object before its rights are looked up."""

ONLY_ONCE = frozenset({"guard", "rotate"})
"""Actions that nobody wants twice at a time on the same object."""


class Flows:
    """The actions of one app.

    `jobs` are the actions that were begun and have not ended, each from the moment of its key. `unseen` is what ended
    while the person was at something else. `audit` is the record of what was written, `guards` are those that run, by
    the object they guard.
    """

    wait = 600.0
    """Seconds an action watches the cluster for the state it asked for; the screen can be left meanwhile."""

    def __init__(self, app: EdgetuiApp) -> None:
        self.jobs: list[Job] = []
        self.unseen: list[Progress] = []
        self.guards: dict[ObjectKey, Guard] = {}
        self.app = app
        self.audit = AuditLog(app.options.audit or default_path())
        self.permissions = Permissions(app.now)

    # -- rights

    def missing(self, action_id: str, key: ObjectKey) -> str:
        """The rights that are known to be missing for an action on an object, in words."""
        known = self.permissions.known(key.cluster, ACTIONS[action_id], key)
        return f"may not {known.words}" if not known.ok else ""

    def look_up_rights(self, key: ObjectKey) -> None:
        """Ask, once the cursor rests, what may be done with objects like this one."""
        wanted = [one for one in actions_for(key.kind) if one.kinds]
        if not all(self.permissions.known(key.cluster, one, key).known for one in wanted):
            self.app.set_timer(REST, lambda: self._ask_rights(key))

    def _ask_rights(self, key: ObjectKey) -> None:
        target = getattr(self.app.screen_stack[-1], "target", None) if self.app.screen_stack else None
        if target is not None and target.key == key:
            self.app.run_worker(self._fetch_rights(key), group="rights", exclusive=True, exit_on_error=False)

    async def _fetch_rights(self, key: ObjectKey) -> None:
        session = self.app.sessions[key.cluster]
        try:
            for action in actions_for(key.kind):
                if action.kinds:
                    await self.permissions.allowed(session, action, key.namespace, key.kind, key.name)
        except Exception as error:  # noqa: BLE001 - the edge of the task: a defect is told, never hidden
            self.app.flash(crash.sentence(error))
        self.app.main.update_footer()

    # -- the flows

    def begin(self, action_id: str, *refs: ObjectRef, number: int | None = None) -> None:
        """Start an action on one object, or on several: asked about all at once where the action can, else in turn.

        `number` is the answer to its first question, where the person gave it with the command. What is being prepared
        already is shown instead of begun again.
        """
        if (job := self._same(action_id, refs)) is not None:
            job.attend()
            return
        at_once = len(refs) > 1 and action_id in AT_ONCE
        job = self._register(action_id, refs if at_once else refs[:1])
        steps = (
            self._told(job, refs[0], partial(self._several, job, refs, number))
            if at_once
            else self._in_turn(job, refs, number)
        )
        self.app.run_worker(steps, group="action", exit_on_error=False, name=action_id)

    def job(self, action_id: str, *refs: ObjectRef) -> Job:
        """A job that is registered from now on, for what begins without a key."""
        return self._register(action_id, refs)

    def _same(self, action_id: str, refs: Sequence[ObjectRef]) -> Job | None:
        """The job that does the same, while it is being prepared; and to the end what must run only once."""
        about = frozenset(ref.key for ref in refs)
        clusters = {key.cluster for key in about}
        for job in self.jobs:
            same = job.about == about or (
                not ACTIONS[action_id].kinds and clusters == {key.cluster for key in job.about}
            )
            if job.action_id == action_id and same and (not job.confirmed or action_id in ONLY_ONCE):
                return job
        return None

    def _register(self, action_id: str, refs: Sequence[ObjectRef]) -> Job:
        job = Job(self, action_id, refs, title_of(action_id, refs))
        self.jobs.append(job)
        return job

    def _ended(self, job: Job) -> None:
        job.opening = False
        if job in self.jobs:
            self.jobs.remove(job)
        self.changed()

    async def _in_turn(self, job: Job, refs: Sequence[ObjectRef], number: int | None) -> None:
        """One flow after the other, up to the first that is not carried out."""
        for done, ref in enumerate(refs):
            if done:
                left = job.left
                job = self._register(job.action_id, [ref])
                job.left = left
            await self._told(job, ref, partial(self._one, job, ref, number))
            if job.progress is None or not job.progress.went_well:
                if left_over := len(refs) - done - 1:
                    self.app.flash(f"Ended here: {plural(left_over, 'marked object')} left as they were.")
                return
            if done + 1 < len(refs):
                await job.closed()

    async def _one(self, job: Job, ref: ObjectRef, number: int | None) -> None:
        flow, session = await flow_of(job.action_id), self.app.sessions[ref.key.cluster]
        answer = {} if number is None else {"number": number}
        try:
            refused = partial(job.gate(lambda step: None).refused, session, job.action_id, ref)
            async with self.permissions.explaining(session, ACTIONS[job.action_id], ref.key, refused):
                await flow(job, session, ref, **answer)
        finally:
            self.app.main.update_footer()

    async def _several(self, job: Job, refs: Sequence[ObjectRef], number: int | None) -> None:
        flow = await flow_of_several(job.action_id)
        await flow(job, refs, number)

    async def _told(self, job: Job, ref: ObjectRef, flow: Callable[[], Awaitable[None]]) -> None:
        """Run one flow; whatever goes wrong becomes a sentence on the screen."""
        try:
            await job.run(flow())
        except Cancelled as said:
            self.app.flash(said.sentence)
        except EdgetuiError as error:
            await self._failed(job, ref, error)
        except Exception as error:  # noqa: BLE001 - the edge of the task: a defect is told, never hidden
            await self._failed(job, ref, EdgetuiError(crash.sentence(error)))
        finally:
            self._ended(job)

    async def _failed(self, job: Job, ref: ObjectRef, error: EdgetuiError) -> None:
        """It did not begin; what was typed for its dialog goes nowhere."""
        if job.holds_keys:
            self.app.forget_keys()
        await job.fail(job.title, error, ref)

    # -- keys

    @property
    def holds_keys(self) -> bool:
        """Whether the next key is meant for a dialog that is about to open."""
        return any(job.holds_keys for job in self.jobs)

    def key_typed(self) -> None:
        """A key goes to what is in front: the person does not wait for what is being read."""
        for job in self.jobs:
            if job.opening:
                job.leave()

    def cancel_read(self, where: Screen[Any] | None) -> bool:
        """End the newest read that runs, of those begun on a screen where one is given; whether there was one."""
        for job in reversed(self.jobs):
            if job.opening and not job.waits and where in (None, job.place):
                job.cancel()
                return True
        return False

    def tick(self) -> None:
        """A second passed."""
        for job in self.jobs:
            job.tick()

    # -- results

    def show_later(self, progress: Progress) -> None:
        """What ended while the person was at something else: a badge and a line, until it is looked at."""
        self.unseen.append(progress)
        self.changed()
        self.app.flash(f"{self.app.key_of('running', 'R')} shows: {progress.title}: {progress.said}")

    def changed(self) -> None:
        """What runs, waits or has ended is said in the header."""
        self.app.main.update_header()
        self.app.main.update_footer()

    @property
    def waits(self) -> bool:
        """Whether a question or a result waits for the person to look."""
        return bool(self.unseen) or any(job.waits for job in self.jobs)

    def show_running(self) -> None:
        """Show what waits for the person, what runs and what has ended; one alone at once."""
        entries = self._entries()
        if not entries:
            self.app.flash("Nothing runs, and nothing waits for you.")
        elif len(entries) == 1:
            entries[0][2]()
        else:

            def chosen(place: int | None) -> None:
                if place is not None:
                    entries[place][2]()

            choices = [(title, says) for title, says, _ in entries]
            self.app.push_screen(PickScreen("Waiting, running and ended", choices), chosen)

    def _entries(self) -> list[tuple[str, str, Callable[[], None]]]:
        """Title, state, and what shows it: first what waits, last what runs."""
        waiting = [job for job in self._at_work if job.waits]
        others = [job for job in self._at_work if not job.waits]
        return [
            *((job.title, job.says, job.attend) for job in waiting),
            *((one.title, one.said, partial(self._show_result, one)) for one in self.unseen),
            *((job.title, job.says, job.attend) for job in others),
            *(
                (
                    f"Guard of {one.words} on {one.session.name}",
                    one.says,
                    partial(self.begin, "guard", one.ref),
                )
                for one in self.guards.values()
            ),
        ]

    def _show_result(self, progress: Progress) -> None:
        if progress in self.unseen:
            self.unseen.remove(progress)
            self.app.push_screen(ProgressScreen(progress))
            self.changed()

    # -- what runs

    @property
    def badges(self) -> list[str]:
        """For the header: what the person agreed to and is carried out runs; anything else is told from it."""
        waiting = sum(bool(job.waits) for job in self._at_work)
        running = sum(job.running for job in self._at_work)
        preparing = sum(job.left and not job.waits and not job.running for job in self._at_work)
        counts = [
            plural(waiting, "QUESTION", "QUESTIONS") if waiting else "",
            f"{preparing} PREPARING" if preparing else "",
            f"{running} RUNNING" if running else "",
            plural(len(self.unseen), "RESULT", "RESULTS") if self.unseen else "",
        ]
        return [*self._guard_badges(), *(count for count in counts if count)]

    def _guard_badges(self) -> list[str]:
        if not self.guards:
            return []
        from .acting.guard import badges  # loaded by the first guard

        return badges(self.guards.values())

    @property
    def counting(self) -> ObjectRef | None:
        """What a guard that counts down would roll back; None while none does."""
        return next((one.ref for one in self.guards.values() if one.counting), None)

    @property
    def busy(self) -> bool:
        """Whether something runs that leaving would end."""
        return bool(self._at_work or self.guards)

    @property
    def _at_work(self) -> list[Job]:
        return [job for job in self.jobs if not job.ended]

    def ask_to_leave(self) -> None:
        """While an action or a guard runs: is the person sure?"""
        text = [
            line(Span("Still running:", "title")),
            *(line(f"  {job.title}", Span(f"  {job.says}", "quiet")) for job in self._at_work),
            *(
                line(f"  Guard of {one.words} on {one.session.name}: {one.says}")
                for one in self.guards.values()
            ),
            line(),
        ]
        if any(job.running for job in self._at_work):
            text.append(
                line(
                    "Leaving does not undo it, and nobody watches it to its end. "
                    "The record of what was written so far is kept."
                )
            )
        if self.guards:
            text.append(line("A guard ends with this screen; edgetui guard goes on without one."))
        text.append(line())

        def answered(leave: bool | None) -> None:
            if leave:
                self.app.exit(0)

        self.app.push_screen(AskScreen(text, "Stay", "Leave"), answered)


def title_of(action_id: str, refs: Sequence[ObjectRef]) -> str:
    """What an action is about to do, before more is known of it; one on the cluster itself names no object."""
    action, key = ACTIONS[action_id], refs[0].key
    label = action.label[:1].upper() + action.label[1:]
    if not action.kinds:
        return f"{label} on {key.cluster}"
    return f"{label}: {plural(len(refs), 'object') if len(refs) > 1 else object_words(key)}"
