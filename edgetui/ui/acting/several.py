"""One action on several marked objects: asked once, each written under its own precondition, a receipt for all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from edgetui.actions.change.batch import Confirm, Item, gate_beside, perform_many, summary, waits_for
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Cancelled, Plan, Receipt, Step
from edgetui.actions.rollout import restart
from edgetui.actions.scaling import scale
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectRef
from edgetui.model.text import plural
from edgetui.ui.dialogs.scale_several import ScaleSeveralScreen

if TYPE_CHECKING:
    from edgetui.ui.job import Job

Perform = Callable[[Session, ObjectRef, float, Gate], Awaitable[Receipt]]


async def scale_all(job: Job, refs: Sequence[ObjectRef], number: int | None = None) -> None:
    """Set the same number on all of them; one that is given stands in the field."""
    wanted = await job.ask(lambda: ScaleSeveralScreen(refs, number))
    if wanted is not None:
        title = f"Scale {plural(len(refs), 'object')} to {wanted}"
        await _all(job, "scale", refs, title, partial(_scale, wanted))


async def restart_all(job: Job, refs: Sequence[ObjectRef], number: int | None = None) -> None:
    """Replace the pods of all of them."""
    await _all(job, "restart", refs, f"Restart {plural(len(refs), 'object')}", _restart)


async def _all(job: Job, action: str, refs: Sequence[ObjectRef], title: str, perform: Perform) -> None:
    sessions = job.app.sessions
    items = [Item(action, ref, partial(perform, sessions[ref.key.cluster], ref, job.wait)) for ref in refs]

    async def run(gate: Gate) -> Receipt:
        agreed = True

        async def confirm(plan: Plan) -> bool:
            nonlocal agreed
            agreed = await gate.confirm(plan)
            return agreed

        def beside(item: Item, ask: Confirm) -> Gate:
            return gate_beside(gate, item, ask)

        def waiting(left: Sequence[Item]) -> None:
            gate.progress(Step(f"{len(items) - len(left)} of {len(items)} ready, {waits_for(left)}", "doing"))

        receipts = await perform_many(beside, items, confirm, waiting)
        if not agreed:
            raise Cancelled("Cancelled: nothing was changed.")
        return summary(receipts)

    await job.perform(title, run)


async def _scale(number: int, session: Session, ref: ObjectRef, wait: float, gate: Gate) -> Receipt:
    view = await scale.prepare(session, ref, number)
    return await scale.perform(gate, session, view, number, wait=wait)


async def _restart(session: Session, ref: ObjectRef, wait: float, gate: Gate) -> Receipt:
    return await restart.perform(gate, session, await restart.prepare(session, ref), wait=wait)


SEVERAL = {"scale": scale_all, "restart": restart_all}
"""By the id of the action; any other action asks about each object in turn."""
