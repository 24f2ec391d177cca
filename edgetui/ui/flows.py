"""The actions of one app: which may be done, and how each is begun."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from edgetui import crash
from edgetui.actions.catalogue import ACTIONS, Action
from edgetui.actions.gate.audit import AuditLog, default_path
from edgetui.actions.gate.permissions import Permissions
from edgetui.actions.messages import Cancelled
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.cache.freshness import UNHEARD
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import FIRST_PAINT, object_words
from edgetui.model.text import plural, verb

from .background.action import ActionJob
from .background.jobs import BackgroundJobs
from .background.long_running import LongRunningJob
from .later import attempt, later

if TYPE_CHECKING:
    from edgetui.actions.change.long_running import LongRunning

    from .dialogs.progress import Progress
    from .shell import Shell

REST = 0.4
"""Seconds the cursor stays on an object before its rights are looked up."""

LISTS_FIRST = 20.0
"""Seconds that first lists may take before rights are looked up beside them: on a slow link rows matter more."""

TIDY_UP = 6.0
"""Seconds that an action gets to put things right when the screen ends."""
ACTION_FLOW = "edgetui.ui.action_flow"
TERMINAL_FLOW = "edgetui.ui.terminal_flow"
"""Loaded when an action is first asked for: with the actions it is a hundred modules, and who only looks needs none."""


class Flows:
    """The actions of one app.

    `jobs` is the list of what runs behind the screen: an action stands in it from the moment of its key. `audit` is the
    record of what was written.
    """

    wait = 600.0
    """Seconds an action watches the cluster for the state it asked for; the screen can be left meanwhile."""

    def __init__(self, app: Shell) -> None:
        self.app = app
        self.jobs = BackgroundJobs(app)
        self.audit = AuditLog(app.options.audit or default_path())
        self.permissions = Permissions(app.now)

    # -- rights

    def missing(self, action_id: str, key: ObjectKey) -> str:
        """The rights that are known to be missing for an action on an object, in words."""
        known = self.permissions.known(key.cluster, ACTIONS[action_id], key)
        return f"may not {known.words}" if not known.ok else ""

    def look_up_rights(self, key: ObjectKey) -> None:
        """Ask, once the cursor rests, what may be done with objects like this one."""
        wanted = _with_rights(key)
        if not all(self.permissions.known(key.cluster, one, key).known for one in wanted):
            self.app.set_timer(REST, lambda: self._ask_rights(key))

    def _ask_rights(self, key: ObjectKey, waited: float = 0.0) -> None:
        target = self.app.front.target
        if target is None or target.key != key:
            return
        store = self.app.fleet.stores[key.cluster]
        coming = any(store.freshness(kind).sync in UNHEARD for kind in FIRST_PAINT)
        if coming and waited < LISTS_FIRST:
            self.app.set_timer(REST, lambda: self._ask_rights(key, waited + REST))
        else:
            asks = later(self._fetch_rights, key)
            self.app.run_worker(asks, group="rights", exclusive=True, exit_on_error=False)

    async def _fetch_rights(self, key: ObjectKey) -> None:
        session = self.app.sessions[key.cluster]
        failed = await attempt(self.permissions.foresee(session, _with_rights(key), key))
        if isinstance(failed, EdgetuiError):
            self.app.flash(str(failed))
        self.app.tell_screens()

    # -- the flows

    def begin(self, action_id: str, *refs: ObjectRef, typed: str = "") -> None:
        """Start an action on one object, or on several: asked about all at once where the action can, else in turn.

        `typed` is the answer to its first question, where the person gave it with the command. What is being prepared
        already is shown instead of begun again.
        """
        about, on_cluster = frozenset(ref.key for ref in refs), ACTIONS[action_id].on_cluster
        if (same := self.jobs.instead_of(action_id, about, on_cluster=on_cluster)) is not None:
            same.attend()
            return
        at_once = len(refs) > 1 and ACTIONS[action_id].at_once
        job = self._register(action_id, refs if at_once else refs[:1])
        steps = (
            later(self._told, job, refs[0], partial(self._several, job, refs, typed))
            if at_once
            else later(self._in_turn, job, refs, typed)
        )
        self.app.run_worker(steps, group="action", exit_on_error=False, name=action_id)

    def job(self, action_id: str, *refs: ObjectRef) -> ActionJob:
        """A job that is registered from now on, for what begins without a key."""
        return self._register(action_id, refs)

    def _register(self, action_id: str, refs: Sequence[ObjectRef]) -> ActionJob:
        job = ActionJob(self, action_id, refs, title_of(action_id, refs))
        self.jobs.add(job)
        return job

    def keep_running(self, action_id: str, work: LongRunning, progress: Progress) -> None:
        """What an action left running goes on behind the screen; `progress` is told what it carries out."""
        job = LongRunningJob(self.jobs, action_id, work, progress)
        self.jobs.add(job)
        self.app.flash(f"{job.title}: {self.app.key_of('running', 'R')} lists what runs.")
        self.app.run_worker(later(job.run), group="background", exit_on_error=False)

    def _ended(self, job: ActionJob) -> None:
        job.opening = False
        self.jobs.remove(job)

    async def _in_turn(self, job: ActionJob, refs: Sequence[ObjectRef], typed: str) -> None:
        """One flow after the other, up to the first that is not carried out."""
        for done, ref in enumerate(refs):
            if done:
                left = job.left
                job = self._register(job.action_id, [ref])
                job.left = left
            await self._told(job, ref, partial(self._one, job, ref, typed))
            if job.progress is None or not job.progress.went_well:
                if left_over := len(refs) - done - 1:
                    were = verb(left_over, "it was", "they were")
                    self.app.flash(f"Ended here: {plural(left_over, 'marked object')} left as {were}.")
                return
            if done + 1 < len(refs):
                await job.closed()

    async def _one(self, job: ActionJob, ref: ObjectRef, typed: str) -> None:
        session = self.app.sessions[ref.key.cluster]
        answer = given_to(job.action_id, typed)
        try:
            refused = partial(job.gate(lambda step: None).refused, session, job.action_id, ref)
            async with self.permissions.explaining(session, ACTIONS[job.action_id], ref.key, refused):
                await (await _flows(job.action_id)).flow(job, job.action_id, session, ref, **answer)
        finally:
            self.app.tell_screens()

    async def _several(self, job: ActionJob, refs: Sequence[ObjectRef], typed: str) -> None:
        given = given_to(job.action_id, typed)
        await (await _flows(job.action_id)).flow_of_several(job, job.action_id, refs, **given)

    async def _told(self, job: ActionJob, ref: ObjectRef, flow: Callable[[], Awaitable[None]]) -> None:
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

    async def _failed(self, job: ActionJob, ref: ObjectRef, error: EdgetuiError) -> None:
        """It did not begin; what was typed for its dialog goes nowhere."""
        if job.holds_keys:
            self.app.forget_keys()
        await job.fail(job.title, error, ref)

    async def finish(self) -> None:
        """The screen has ended, and every action with it: let those that were agreed to put right what they have to."""
        tasks = {job.task for job in self._agreed if job.task is not None}
        if tasks:
            await asyncio.wait(tasks, timeout=TIDY_UP)

    @property
    def tidies(self) -> bool:
        """Whether one of them may have to put things right when it is ended."""
        return bool(self._agreed)

    @property
    def _agreed(self) -> list[ActionJob]:
        return [job for job in self._begun if job.running]

    # -- keys

    @property
    def holds_keys(self) -> bool:
        """Whether the next key is meant for a dialog that is about to open."""
        return any(job.holds_keys for job in self._begun)

    def key_typed(self) -> None:
        """A key goes to what is in front: the person does not wait for what is being read."""
        for job in self._begun:
            if job.opening:
                job.leave()

    def cancel_read(self, where: Screen[Any] | None) -> bool:
        """End the newest read that runs, of those begun on a screen where one is given; whether there was one."""
        for job in reversed(self._begun):
            if job.opening and not job.waits and where in (None, job.place):
                job.cancel()
                return True
        return False

    @property
    def _begun(self) -> list[ActionJob]:
        return [job for job in self.jobs if isinstance(job, ActionJob)]


async def _flows(action_id: str) -> ModuleType:
    """The steps of an action, loaded in a thread where that takes a while, so that the screen goes on."""
    name = TERMINAL_FLOW if ACTIONS[action_id].on_terminal else ACTION_FLOW
    loaded = sys.modules.get(name)
    return loaded if loaded is not None else await asyncio.to_thread(importlib.import_module, name)


def _with_rights(key: ObjectKey) -> list[Action]:
    """The actions on objects of this kind whose rights can be asked about."""
    return [action for action in ACTIONS.values() if key.kind in action.needs]


def given_to(action_id: str, typed: str) -> dict[str, Any]:
    """What was typed with the command, as the answer that it is to the action's first question."""
    action = ACTIONS[action_id]
    if not typed:
        return {}
    return {"given": {action.number: int(typed)} if action.number else {action.text: typed}}


def title_of(action_id: str, refs: Sequence[ObjectRef]) -> str:
    """What an action is about to do, before more is known of it; one on the cluster itself names no object."""
    action, key = ACTIONS[action_id], refs[0].key
    label = action.heading
    if action.on_cluster:
        return f"{label} on {key.cluster}"
    return f"{label}: {plural(len(refs), 'object') if len(refs) > 1 else object_words(key)}"
