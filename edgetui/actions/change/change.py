"""An action that is one patch of one object: put before a person, sent once at the version that was shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import msgspec

from edgetui.actions.catalogue import Access
from edgetui.actions.change.ending import Ending, after_write, unknown
from edgetui.actions.change.precondition import Intent, carry_out, in_words
from edgetui.actions.gate.gate import Gate, Run, Write
from edgetui.actions.messages import Changed, Json, Plan, Receipt
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectRef
from edgetui.model.redacted import Discreet


class Spot(msgspec.Struct, frozen=True):
    """What is written to, where edgetui does not watch its kind or the action is about another object.

    `same` says whether it still has what the person saw. `moves` is false where a change leaves its generation alone,
    as one of annotations does.
    """

    ref: ObjectRef
    generation: int
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
    it is not known to have worked: then nobody agrees to it in advance.
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

    def receipt(self, ending: Ending) -> Receipt:
        """What came of it."""
        data = {**self.data, "unknown": False, **ending.data}
        return Receipt(
            self.action,
            self.ref.key.cluster,
            self.ref,
            ending.ok,
            ending.lines,
            data,
            ending.pending,
            ending.offer,
        )


async def perform(
    gate: Gate,
    session: Session,
    change: Change,
    *,
    again: Callable[[], Awaitable[object]],
    then: Callable[[Run], Awaitable[Ending]],
    wait: float | None,
) -> Receipt:
    """Write the change and see what comes of it with `then`.

    Raises Refusal when nothing was written, Changed with what `again` looks up when the object is another by now,
    ApiError when the server refused.
    """
    if change.nothing:
        return change.receipt(Ending(True, False, (f"{change.nothing}.",)))
    spot = change.spot or Spot(change.ref, change.generation)
    key = spot.ref.key
    async with gate.run(
        session, change.action, change.ref, change.needs, key.namespace, key.name, change.about
    ) as run:

        async def changed() -> Exception:
            now = await again()
            if change.differs is not None:
                return Changed(change.differs(now), now)
            what = "spec" if spot.moves else "metadata"
            return Changed(f"The {what} of {in_words(key)} was changed while you looked.", now)

        intent = Intent(
            spot.ref,
            spot.generation,
            write=change.write,
            plan=change.plan,
            doing=change.doing,
            applied=partial(_applied, change, spot),
            changed=changed,
            same=spot.same,
            path=spot.path,
        )
        if lost := await carry_out(run, intent, wait):
            return await run.finish(change.receipt(unknown(change.title, lost)))
        run.step(change.accepted, "done")
        return await run.finish(change.receipt(await after_write(then(run), change.accepted)))


def _applied(change: Change, spot: Spot, there: Json) -> bool:
    moved = not spot.moves or there["metadata"].get("generation", 0) > spot.generation
    return bool(moved and change.applied(there))
