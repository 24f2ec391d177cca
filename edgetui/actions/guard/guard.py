"""A guard at work: looks at the rows of a session once a second, and rolls back when its plan says so.

The person agrees once, to the plan of the guard. When it is due, everything is read afresh from the server, and only
if that says the same the roll-back passes the gate, which asks the guard whether it is due still. The audit record of
the roll-back carries the evidence, and says after a kill whether it may have been written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from msgspec.structs import replace

from edgetui.actions.catalogue import needs
from edgetui.actions.change.long_running import Ended, Listener
from edgetui.actions.change.precondition import in_words
from edgetui.actions.gate.gate import Gate
from edgetui.actions.guard import recheck
from edgetui.actions.guard.record import Open, past
from edgetui.actions.guard.view import GuardView
from edgetui.actions.messages import Cancelled, Plan, Receipt, Refusal, Step
from edgetui.actions.rights import ARGO_SPEC
from edgetui.actions.session import Session
from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.watch.asyncio_io import steady_clock
from edgetui.cluster.watch.partition import Selector
from edgetui.cluster.watch.scoped_informer import ScopedStore
from edgetui.model.cache.freshness import UNHEARD, Sync
from edgetui.model.cache.store import Store
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.rollout import ROLLOUT
from edgetui.model.rollout.evidence import Look, look_at
from edgetui.model.rollout.guard import Phase, State, Terms, fired, held_back, step, template_of
from edgetui.model.text import duration

EVERY = 1.0  # seconds between two looks
AGAIN, MOST_AGAIN = 10.0, 300.0  # seconds before it is tried again, after something spoke against it
FIRST = 5.0  # seconds that its first look waits for rows
REACH = 600.0  # seconds that a roll-back is watched
_WRITES = frozenset({"rollback", "abort", "rollout-undo"})
_UNHEARD = UNHEARD | {Sync.HIDDEN}


class _Words(NamedTuple):
    """What it does when it is due."""

    does: str = "rolls back"
    doing: str = "rolling back"
    done: str = "rolled back"


class Watched(Session, Protocol):
    """A session that keeps its rows up to date, and what it is asked to keep beside them."""

    @property
    def store(self) -> Store: ...

    def scoped_store(self, parts: Mapping[str, Selector]) -> ScopedStore: ...


class Guard:
    """One guard over one object; `agree` comes first, then `run`.

    `keep` lets it go on with the next template after a good release or a roll-back; `patient` lets it wait for the next
    release where the present one is known to be good when it comes. The `listener` hears of every look, and of the
    steps of a roll-back. `note` says why it did not roll back when it was due, `writing` is true from the moment its
    roll-back may have been sent.
    """

    def __init__(
        self,
        session: Watched,
        gate: Gate,
        view: GuardView,
        terms: Terms,
        listener: Listener,
        *,
        keep: bool,
        patient: bool = False,
    ) -> None:
        self.session = session
        self.ref = view.ref
        self.terms = terms
        self.state = State()
        self.note = ""
        self.writing = False
        self._view = view
        self._gate = gate
        self._keep = keep
        self._patient = patient
        self._found_over = ""
        self._listener = listener
        self._own = gate.beside(self._due_still, listener.step)
        self._record: Callable[..., Awaitable[None]] | None = None
        self._cancelled = asyncio.Event()
        self._firing: asyncio.Task[Receipt | None] | None = None
        self._held = 0
        self._near: ScopedStore | None = None

    @property
    def words(self) -> str:
        """The object in words."""
        return in_words(self.ref.key)

    @property
    def title(self) -> str:
        """What it is."""
        return f"Guard of {self.words}"

    @property
    def turn(self) -> tuple[str, ...]:
        """Where it is, for which template, and why."""
        return self.state.phase.value, self.state.template, self.state.why

    @property
    def repeats(self) -> bool:
        """While it counts down, or cannot judge."""
        return self.state.phase in (Phase.SUSPECT, Phase.BLIND)

    @property
    def badge(self) -> str:
        """The object, with the time that is left where it counts down, and ? where it cannot judge."""
        name = self.ref.key.name
        if not self.urgent:
            return f"{name}?" if self.state.phase is Phase.BLIND else name
        left = self.state.left(self.terms)
        return f"{name} {duration(left) if left >= 1 else 'HELD' if self.note else 'NOW'}"

    @property
    def at_exit(self) -> str:
        """It needs somebody to run it."""
        return "A guard ends with this screen; edgetui guard goes on without one."

    @property
    def urgent(self) -> bool:
        """Whether it counts down to a roll back."""
        return self.state.phase in (Phase.SUSPECT, Phase.FIRE)

    @property
    def says(self) -> str:
        """What it does now, as half a sentence."""
        s, terms = self.state, self.terms
        if self.urgent:
            if self.note:
                return f"due, but not {self._words.done}: {self.note}"
            left, verb = s.left(terms), self._words
            return f"{f'{verb.does} in {duration(left)}' if left >= 1 else verb.doing}: {s.why}"
        if s.phase is Phase.WATCHING and s.complete:
            return f"complete for {duration(s.complete)} of {duration(terms.after)}"
        words = {
            Phase.DONE: "waiting for the next release",
            Phase.BLIND: "cannot judge now",
        }
        return f"{words.get(s.phase, s.phase.value)}{f': {s.why}' if s.why else ''}"

    async def agree(self, plan: Plan) -> None:
        """Put its plan before the person, and begin; raises Refusal when it may not, or the person says no.

        What earlier guards of this object did, or were about to do when they ended, is taken from the audit record.
        """
        key = self.ref.key
        rights = (*needs("guard", key.kind), *(ARGO_SPEC[key.kind] if self.terms.undo else ()))
        async with self._gate.run(self.session, "guard", self.ref, rights, key.namespace, key.name) as run:
            await run.confirm(plan)
            terms = {"for": self.terms.patience, "after": self.terms.after}
            terms |= {"undo": True} if self.terms.undo else {}
            await run.record("guard", guard={"state": "started", "agreed": self._view.agreed, **terms})
            self._record = run.record
        known = await asyncio.to_thread(past, self._own.audit.path, self.ref.uid)
        trusted = known.targets - known.spent
        self.state = replace(self.state, spent=known.spent, good=known.good, trusted=trusted)
        for one in known.open:
            await self._look_up(one)

    async def run(self) -> Ended:
        """Guard until the release is good, was rolled back, is gone, or the person cancels."""
        self._near = self.session.scoped_store(self._parts())
        try:
            await self._first_rows()
            while (ending := await self._once()) is None:
                self._listener.changed()
                await self._rest()
            return ending
        except asyncio.CancelledError:
            await self._note("stopped")
            raise
        finally:
            self._near.end()
            if self._firing is not None:
                self._firing.cancel()
                await asyncio.wait([self._firing])

    def cancel(self) -> None:
        """Stop guarding: what was not sent yet is never sent; a roll-back that was goes on and is watched."""
        self._cancelled.set()

    # Inside

    @property
    def _words(self) -> _Words:
        aborts = self.ref.key.kind == ROLLOUT and not self.terms.undo
        return _Words("aborts", "aborting", "aborted") if aborts else _Words()

    def _parts(self) -> dict[str, Selector]:
        """What it watches: the object and what it owns, and nothing else of the cluster."""
        key, labels = self.ref.key, self._view.selector
        owned = sorted(KINDS.chain(key.kind))
        return {
            key.kind: Selector(key.namespace, name=key.name),
            **{kind: Selector(key.namespace, labels) for kind in owned},
        }

    async def _first_rows(self) -> None:
        """Until its watches have told what there is, for a moment: a guard is not blind for having just begun."""
        assert self._near is not None
        store, changed = self._near.store, self._near.changed
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST):
                while any(store.freshness(kind).sync in _UNHEARD for kind in self._parts()):
                    changed.clear()
                    await changed.wait()

    async def _once(self) -> Ended | None:
        """One look, and what follows from it."""
        before = self.state
        assert self._near is not None
        now, around = self._own.clock(), self.session.store
        look = look_at(self._near.store, self.ref.key, self.ref.uid, now, around)
        self.state = step(before, self.terms, look, steady_clock())
        if self.state.template != before.template:
            self.note, self._held = "", 0
        for template in set(self.state.good) - set(before.good):
            await self._note("good", template=template)
        if self._firing is not None:
            return await self._fired() if self._firing.done() else None
        if self._cancelled.is_set():
            await self._note("cancelled")
            return Ended(f"The guard of {self.words} was cancelled: it rolls nothing back.", cancelled=True)
        if self.state.phase is Phase.GONE:
            return Ended(f"The guard of {self.words} ended: {self.state.why}.")
        ended = self._over(look)
        if ended is not None and self._patient and not before.template:
            self._found_over = self.state.template
        if ended is not None and not self._keep and self.state.template != self._found_over:
            await self._note("done")
            return ended
        if self.state.phase is Phase.FIRE:
            self._firing = asyncio.create_task(self._fire(self.state.template))
        return None

    def _over(self, look: Look) -> Ended | None:
        """How the present release ended without its guard; None while it has not."""
        if self.state.phase is Phase.DONE:
            stayed = f"{self.words} is complete and stayed so for {duration(self.terms.after)}"
            return Ended(f"{stayed}; its guard ended.", good=True)
        if look.aborted and self.state.phase is Phase.SPENT and self.state.template not in self.state.spent:
            return Ended(f"{self.words.capitalize()}: {self.state.why}; its guard ended.")
        return None

    async def _fired(self) -> Ended | None:
        assert self._firing is not None
        receipt = await self._firing
        self._firing = None
        if receipt is None:
            return None
        if not self._keep:
            was = "may have been" if receipt.data.get("unknown") else "was"
            return Ended(f"{self.words} {was} {self._words.done} by its guard.", receipt=receipt)
        for line in receipt.lines:
            self._listener.say(line)
        return None

    async def _rest(self) -> None:
        """Until the next look is due; at once when the person cancels or a roll-back has ended."""
        cancelled = None if self._cancelled.is_set() else asyncio.create_task(self._cancelled.wait())
        waiting: set[asyncio.Task[Any]] = {one for one in (self._firing, cancelled) if one is not None}
        if waiting:  # else it is cancelled, and the roll-back that was due was not written
            await asyncio.wait(waiting, timeout=EVERY, return_when=asyncio.FIRST_COMPLETED)
        if cancelled is not None:
            cancelled.cancel()

    async def _fire(self, template: str) -> Receipt | None:
        """Look again at the server itself, then roll back; None when something spoke against it."""
        key = self.ref.key
        try:
            now = self._own.clock()
            check = await recheck.look_again(
                self.session, self.ref, self.state, self.terms, self._view.agreed, now, self._own.audit
            )
            target = template_of(key.kind, key.name, check.target.name)
            about = {
                "guard": {
                    "template": template,
                    "target": target,
                    "evidence": list(check.evidence),
                    "seconds": round(self.state.bad, 1),
                }
            }
            seen = f"seen for {duration(self.state.bad)}, agreed {duration(self.terms.patience)}"
            self._listener.step(Step(f"{check.evidence[0]}, {seen}", "info"))
            receipt = await check.perform(self._own, REACH, about)
        except EdgetuiError as problem:
            self.writing = False
            known = await asyncio.to_thread(past, self._own.audit.path, self.ref.uid)
            if template in known.spent:
                self.state = fired(self.state, template, "")
            gone = "it was no longer due when it was about to be written."
            self._hold(gone if isinstance(problem, Cancelled) else problem.sentence)
            return None
        self.writing, self.note = False, ""
        self.state = fired(self.state, template, target)
        return receipt

    def _hold(self, why: str) -> None:
        if why != self.note:
            self._listener.say(f"Not {self._words.done}: {why}")
        self.note = why
        seconds = min(MOST_AGAIN, AGAIN * 2**self._held)
        self._held += 1
        self.state = held_back(self.state, steady_clock(), seconds)

    async def _due_still(self, plan: Plan) -> bool:
        """The gate's last question before the write: what was agreed to, and only while it still holds."""
        assert plan.action in _WRITES
        self.writing = not self._cancelled.is_set() and self.state.due(self.terms)
        return self.writing

    async def _look_up(self, missing: Open) -> None:
        """A guard ended between its intent and the answer: was it written? Nothing is sent again."""
        found = await recheck.what_became(self.session, self.ref, missing)
        self._listener.say(found.sentence)
        about = {"template": missing.template, "target": missing.target}
        await self._log("found", run=missing.run, result=found.result, message=found.sentence, guard=about)

    async def _note(self, state: str, **more: Any) -> None:
        await self._log("guard", guard={"state": state, **more})

    async def _log(self, event: str, **fields: Any) -> None:
        """Leave in the audit record what this guard knows or does; it guards on when that cannot be written."""
        assert self._record is not None
        try:
            await self._record(event, **fields)
        except Refusal as problem:
            self._listener.say(problem.sentence)
