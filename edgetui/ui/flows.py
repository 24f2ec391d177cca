"""Actions on the screen: look, ask for what is needed, pass the gate, show each step and the receipt.

A flow (one file each in `acting`) runs as a worker of the app and touches only screens; everything that writes is
behind the gate.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace
from textual.screen import ModalScreen, Screen

from edgetui import crash
from edgetui.actions.audit import AuditLog, default_path
from edgetui.actions.gate import Gate
from edgetui.actions.permissions import Permission, Permissions
from edgetui.actions.plan import Cancelled, Changed, Plan, Receipt, Step
from edgetui.actions.registry import ACTIONS
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.text import plural

from .acting import AT_ONCE, flow_of, flow_of_several
from .keymap import actions_for, kind_word
from .screens.confirm import ConfirmScreen
from .screens.dialog import AskScreen
from .screens.progress import Progress, ProgressScreen
from .spans import Span, line

if TYPE_CHECKING:
    from edgetui.actions.guarding import Guard

    from .app import EdgetuiApp

V = TypeVar("V")
A = TypeVar("A")

REST = 0.4
"""Seconds the cursor stays on an object before its rights are looked up."""

RENEW = 120.0
"""Seconds after which they are looked up again, when the cursor comes by."""


class Flows:
    """The actions of one app.

    `app` is for the flows to show their own screens on. `running` has the titles of those that are being carried out,
    in front or in the background; `opening` is true while one was started whose first dialog is not there yet.
    `audit` is the record of what was written, `guards` are those that run, by the object they guard.
    """

    wait = 600.0
    """Seconds an action watches the cluster for the state it asked for; the screen can be left meanwhile."""

    def __init__(self, app: EdgetuiApp) -> None:
        self.running: list[str] = []
        self.opening = False
        self.guards: dict[ObjectKey, Guard] = {}
        self._finished: list[Progress] = []
        self._shown: ProgressScreen | None = None
        self.app = app
        self.audit = AuditLog(app.options.audit or default_path())
        self._permissions = Permissions(app.now)
        self._rights: dict[tuple[str, str, str, str], tuple[float, Permission]] = {}

    # -- rights

    def missing(self, action_id: str, key: ObjectKey) -> str:
        """The right that is known to be missing for an action on an object, in words."""
        _, right = self._rights.get((key.cluster, key.namespace, key.kind, action_id), (0.0, None))
        return f"may not {right.missing_verb}" if right is not None and not right.ok else ""

    def look_up_rights(self, key: ObjectKey) -> None:
        """Ask, once the cursor rests, what may be done with objects like this one."""
        fresh = self.app.monotonic() - RENEW
        wanted = [
            (key.cluster, key.namespace, key.kind, one.id) for one in actions_for(key.kind) if one.kinds
        ]
        if any(self._rights.get(one, (fresh,))[0] <= fresh for one in wanted):
            self.app.set_timer(REST, lambda: self._ask_rights(key))

    def _ask_rights(self, key: ObjectKey) -> None:
        target = getattr(self.app.screen, "target", None)
        if target is not None and target.key == key:
            self.app.run_worker(self._fetch_rights(key), group="rights", exclusive=True, exit_on_error=False)

    async def _fetch_rights(self, key: ObjectKey) -> None:
        session = self.app.sessions[key.cluster]
        try:
            for action in actions_for(key.kind):
                if action.kinds:
                    right = await self._permissions.allowed(session, action, key.namespace, key.kind)
                    if right.known or not right.ok:
                        about = (key.cluster, key.namespace, key.kind, action.id)
                        self._rights[about] = (self.app.monotonic(), right)
        except Exception as error:  # noqa: BLE001 - the edge of the task: a defect is told, never hidden
            self.app.flash(crash.sentence(error))
        self.app.main.update_footer()

    # -- the flows

    def begin(self, action_id: str, *refs: ObjectRef) -> None:
        """Start an action on one object, or on several: asked about all at once where the action can, else in turn."""
        self.opening = True
        at_once = len(refs) > 1 and action_id in AT_ONCE
        steps = (
            self._told(action_id, refs[0], partial(self._several, action_id, refs))
            if at_once
            else self._in_turn(action_id, refs)
        )
        self.app.run_worker(steps, group="action", exit_on_error=False, name=action_id)

    async def _in_turn(self, action_id: str, refs: Sequence[ObjectRef]) -> None:
        """One flow after the other, up to the first that is not carried out."""
        for done, ref in enumerate(refs):
            self.opening = True
            self._shown = None
            await self._told(action_id, ref, partial(self._one, action_id, ref))
            shown: ProgressScreen | None = self._shown
            if shown is None or not shown.progress.went_well:
                if left := len(refs) - done - 1:
                    self.app.flash(f"Ended here: {plural(left, 'marked object')} left as they were.")
                return
            if done + 1 < len(refs):
                await shown.closed.wait()

    async def _one(self, action_id: str, ref: ObjectRef) -> None:
        flow = await flow_of(action_id)
        await flow(self, self.app.sessions[ref.key.cluster], ref)

    async def _several(self, action_id: str, refs: Sequence[ObjectRef]) -> None:
        flow = await flow_of_several(action_id)
        await flow(self, refs)

    async def _told(self, action_id: str, ref: ObjectRef, flow: Callable[[], Awaitable[None]]) -> None:
        """Run one flow; whatever goes wrong becomes a sentence on the screen."""
        try:
            await flow()
        except Cancelled as said:
            self.app.flash(said.sentence)
        except EdgetuiError as error:
            await self._tell(ACTIONS[action_id].label, ref, error)
        except Exception as error:  # noqa: BLE001 - the edge of the task: a defect is told, never hidden
            await self._tell(ACTIONS[action_id].label, ref, EdgetuiError(crash.sentence(error)))
        finally:
            if self.opening:
                self.app.forget_keys()
                self.opening = False

    async def read(self, what: str, view: Awaitable[V]) -> V:
        """Say what is being read for as long as that takes."""
        self.app.flash(f"reading {what}…", "bar")
        try:
            return await view
        finally:
            self.app.hush()

    async def ask_and_perform(
        self,
        view: V,
        ask: Callable[[V, str], Screen[A | None]],
        title: Callable[[A], str],
        action: Callable[[V, A], Callable[[Gate], Awaitable[Receipt]]],
        instead: Callable[[V, A], Awaitable[None] | None] = lambda view, wanted: None,
    ) -> None:
        """Ask what is wanted and do it; where the object changed meanwhile, show it as it is now and ask again.

        `instead` gives another flow to go on with where the answer asks for one.
        """
        note = ""
        while True:
            self.opening = False
            wanted = await self.app.push_screen_wait(ask(view, note))
            if wanted is None:
                return
            if (other := instead(view, wanted)) is not None:
                await other
                return
            try:
                await self.perform(title(wanted), action(view, wanted))
                return
            except Changed as changed:
                view, note = changed.view, changed.sentence

    async def go_on(
        self, view: V, title: str, action: Callable[[V], Callable[[Gate], Awaitable[Receipt]]]
    ) -> None:
        """Do what needs no question but the last; where the object changed meanwhile, put that plan as it is now."""
        note = ""
        while True:
            try:
                await self.perform(title, action(view), note)
                return
            except Changed as changed:
                view, note = changed.view, changed.sentence

    async def perform(self, title: str, run: Callable[[Gate], Awaitable[Receipt]], note: str = "") -> None:
        """Carry one plan through the gate behind a progress screen; `note` stands first in the plan.

        Raises Changed for the caller to ask again.
        """
        app = self.app
        progress = Progress(title, app.monotonic)
        screen = ProgressScreen(progress)
        self.opening = False
        self._shown = screen
        app.push_screen(screen)
        self.running.append(title)
        try:
            receipt = await run(self.gate(progress.step, note))
        except (Cancelled, Changed):
            if app.screen is screen:
                app.pop_screen()
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
            self.running.remove(title)
            app.main.update_header()
        if screen not in app.screen_stack:
            self.show_later(progress)

    def gate(self, step: Callable[[Step], None], note: str = "") -> Gate:
        """A gate that asks on the screen; `note` stands first in the plan."""
        app = self.app

        async def confirm(plan: Plan) -> bool:
            self.opening = False
            noted = replace(plan, warnings=(note, *plan.warnings)) if note else plan
            return await app.push_screen_wait(ConfirmScreen(noted))

        return Gate(
            self.audit,
            app.options.read_only,
            confirm,
            step,
            app.now,
            permissions=self._permissions,
            patient=True,
        )

    def show_later(self, progress: Progress) -> None:
        """Show the receipt of what ended in the background, as soon as nothing is being asked."""
        self._finished.append(progress)
        self.show_finished()

    def show_finished(self) -> None:
        """Show the receipts of actions that ended in the background, never over another question."""
        asking = isinstance(self.app.screen, ModalScreen) or getattr(self.app.screen, "asks", False)
        if self._finished and not asking:
            self.app.push_screen(ProgressScreen(self._finished.pop(0)))

    async def _tell(self, label: str, ref: ObjectRef, error: EdgetuiError) -> None:
        """An action that did not begin: why, and what to do."""
        words = f"{kind_word(ref.key.kind)} {ref.key.name} on {ref.key.cluster}"
        progress = Progress(f"{label.capitalize()}: {words}", self.app.monotonic)
        progress.fail(error, ref)
        await self.app.push_screen(ProgressScreen(progress))

    # -- what is under way

    @property
    def badges(self) -> list[str]:
        """For the header."""
        running = [f"{len(self.running)} UNDER WAY"] if self.running else []
        return [*self._guard_badges(), *running]

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
        return bool(self.running or self.guards)

    def ask_to_leave(self) -> None:
        """While an action or a guard runs: is the person sure?"""
        text = [
            line(Span("Still under way:", "title")),
            *(line(f"  {title}") for title in self.running),
            *(
                line(f"  Guard of {one.words} on {one.session.name}: {one.says}")
                for one in self.guards.values()
            ),
            line(),
        ]
        if self.running:
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
