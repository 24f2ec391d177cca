"""An action that is one patch of one object: put before a person, sent once at the version that was shown."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from edgetui.actions.catalogue import Access
from edgetui.actions.change.drivers import drivers_of
from edgetui.actions.change.ending import Ending, after_write, unknown
from edgetui.actions.change.owners import Owned, owners_of
from edgetui.actions.change.precondition import Intent, PlanOf, carry_out, in_words
from edgetui.actions.gate.gate import Gate, Run, Write
from edgetui.actions.messages import Cancelled, Changed, Json, Plan, Receipt, Refusal
from edgetui.actions.session import Session
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.identity import ObjectRef
from edgetui.model.redacted import Discreet

V = TypeVar("V")


class Spot(msgspec.Struct, frozen=True):
    """What is written to, where edgetui does not watch its kind or the action is about another object.

    `same` says whether it still has what the person saw; without a `generation` that alone decides. `moves` is false
    where a change leaves its generation alone, as one of annotations does.
    """

    ref: ObjectRef
    generation: int | None
    path: str = ""
    same: Callable[[Json], bool] = lambda there: True
    moves: bool = True


class Change(Discreet, frozen=True):
    """One patch and its words.

    `title`, `facts`, `diff` and `warnings` are the plan; `says` is what is written, `doing` and `accepted` the steps.
    `write` makes the request at a resourceVersion, `applied` tells whether an object carries the change. `data` goes
    into the receipt. `spot` is what is written to, where that is not the object that the action is about. `nothing`
    says that the object is so already, where that is seen before: then nothing is written, asked or waited for.
    `differs` says of the object as it is now what somebody changed. `about` stands in every audit record of it, `yes`
    and `no` are the answers where the action's own label does not say it well. `unproven` says of where it leads that
    it is not known to have worked: then nobody agrees to it in advance. `gone` is true where the object is to be gone.
    `rehearsed` makes the same change anew of the object as the server would store it, which the dry run answers.
    `rejected` gives what to ask again with where nothing came of it, and why: an answer that took long to type is kept.
    `metadata` is that of the object, where the answer to the dry run is another's or has none. `known` is that of the
    object at the version of `ref`: a dry run at that version need not tell it.
    """

    SHOWN = ("action", "ref", "title")

    action: str
    ref: ObjectRef
    generation: int
    needs: tuple[Access, ...]
    title: str
    facts: tuple[tuple[str, str], ...]
    diff: tuple[str, ...]
    warnings: tuple[str, ...]
    says: str
    doing: str
    accepted: str
    write: Callable[[str], Write]
    applied: Callable[[Json], bool]
    data: Json
    spot: Spot | None = None
    nothing: str = ""
    differs: Callable[[Any], str] | None = None
    about: Json | None = None
    yes: str = ""
    no: str = "Cancel"
    unproven: str = ""
    gone: bool = False
    rehearsed: Callable[[Json], Change] | None = None
    rejected: Callable[[EdgetuiError], object] | None = None
    metadata: Json | None = None
    known: Json | None = None

    def plan(self, version: str) -> Plan:
        """What a person is asked to agree to."""
        return Plan(
            action=self.action,
            cluster=self.ref.key.cluster,
            target=self.ref,
            title=self.title,
            facts=self.facts,
            diff=self.diff,
            warnings=self.warnings,
            writes=(f"{self.says}, if it is still at version {version}",),
            yes=self.yes,
            no=self.no,
            unproven=self.unproven,
        )

    def receipt(self, ending: Ending, owned: Owned = Owned()) -> Receipt:  # noqa: B008 - immutable
        """What came of it, and who will revert it."""
        data = {**self.data, "unknown": False, **ending.data}
        if owned.sentences:
            data["owners"] = list(owned.sentences)
        return Receipt(
            self.action,
            self.ref.key.cluster,
            self.ref,
            ending.ok,
            (*ending.lines, *owned.after),
            data,
            ending.pending,
            ending.offer or owned.offer,
        )


def at_hand(view: V) -> Callable[[], Awaitable[V]]:
    """For what is whole already: nothing is waited for."""

    async def known() -> V:
        return view

    return known


def facts(session: Session, ref: ObjectRef) -> list[tuple[str, str]]:
    """The facts every plan begins with: which cluster, which object."""
    return [
        ("cluster", f"{session.name} ({session.target.server})"),
        ("object", f"{in_words(ref.key)}{f' in {ref.key.namespace}' if ref.key.namespace else ''}"),
    ]


async def perform(
    gate: Gate,
    session: Session,
    change: Change,
    *,
    again: Callable[[], Awaitable[object]],
    then: Callable[[Run], Awaitable[Ending]],
    wait: float | None,
    complete: Callable[[], Awaitable[Change]] | None = None,
) -> Receipt:
    """Write the change and see what comes of it with `then`.

    `complete` gives the same change with all that is to be said of it, where that takes more reading: it is read while
    the server rehearses, and the person is asked when both are there. Raises Refusal when nothing was written, Changed
    with what `again` looks up when the object is another by now, ApiError when the server refused.
    """
    if change.nothing:
        return change.receipt(Ending(True, False, (f"{change.nothing}.",)))
    key = (change.spot.ref if change.spot else change.ref).key
    try:
        async with gate.run(
            session,
            change.action,
            change.ref,
            change.needs,
            key.namespace,
            key.name,
            change.about,
            rehearsed=True,
        ) as run:
            return await _carry_out(run, change, again, then, wait, complete or at_hand(change))
    except EdgetuiError as problem:  # nothing was written: a lost answer to a write ends in a receipt
        if change.rejected is None or isinstance(problem, Cancelled | Changed):
            raise
        raise Changed(problem.sentence, change.rejected(problem)) from problem


async def _carry_out(
    run: Run,
    change: Change,
    again: Callable[[], Awaitable[object]],
    then: Callable[[Run], Awaitable[Ending]],
    wait: float | None,
    complete: Callable[[], Awaitable[Change]],
) -> Receipt:
    spot = change.spot or Spot(change.ref, change.generation)
    key, current = spot.ref.key, change
    owned = Owned()

    async def changed() -> Exception:
        what = "spec" if spot.moves else "metadata"
        said = f"The {what} of {in_words(key)} was changed while you looked."
        try:
            now = await again()
        except Refusal as refusal:
            return Refusal(f"{said} {refusal.sentence}", refusal.next_step, refusal.diff)
        return Changed(change.differs(now) if change.differs is not None else said, now)

    def known_at(version: str) -> Json | None:
        return change.known if version == spot.ref.resource_version else None

    async def plan() -> PlanOf:
        whole, driven = await asyncio.gather(complete(), drivers_of(run.session, key))

        async def of_rehearsal(answer: Json, version: str) -> Plan:
            nonlocal current, owned
            if change.rehearsed is not None:
                current = change.rehearsed(answer)
            shown = whole if change.rehearsed is None else current
            metadata = shown.metadata if shown.metadata is not None else known_at(version)
            metadata = answer.get("metadata") or {} if metadata is None else metadata
            owned = await owners_of(run.gate, run.session, key, change.ref.key, metadata)
            owned = replace(owned, sentences=(*driven, *owned.sentences))
            made = shown.plan(version)
            return replace(made, warnings=(*made.warnings, *owned.before))

        return of_rehearsal

    intent = Intent(
        spot.ref,
        spot.generation,
        write=lambda version: replace(current.write(version), known=known_at(version) is not None),
        plan=plan,
        doing=change.doing,
        applied=lambda there: _applied(current, spot, there),
        changed=changed,
        same=spot.same,
        path=spot.path,
        gone=change.gone,
    )
    if lost := await carry_out(run, intent, wait):
        return await run.finish(current.receipt(unknown(change.title, lost)))
    run.step(change.accepted, "done")
    return await run.finish(current.receipt(await after_write(then(run), change.accepted), owned))


def _applied(change: Change, spot: Spot, there: Json) -> bool:
    moved = not spot.moves or there["metadata"].get("generation", 0) > (spot.generation or 0)
    return bool(moved and change.applied(there))
