"""One action on several marked objects: asked once, each written under its own precondition, a receipt for all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from edgetui.actions import restart, scale
from edgetui.actions.bulk import Confirm, Item, gate_beside, perform_many, summary
from edgetui.actions.gate import Gate
from edgetui.actions.plan import Cancelled, Plan, Receipt
from edgetui.actions.ports import Session
from edgetui.model.identity import ObjectRef
from edgetui.model.text import plural
from edgetui.ui.screens.scale_several import ScaleSeveralScreen

if TYPE_CHECKING:
    from edgetui.ui.flows import Flows

Perform = Callable[[Session, ObjectRef, float, Gate], Awaitable[Receipt]]


async def scale_all(flows: Flows, refs: Sequence[ObjectRef]) -> None:
    """Set the same number on all of them."""
    flows.opening = False
    number = await flows.app.push_screen_wait(ScaleSeveralScreen(refs))
    if number is not None:
        title = f"Scale {plural(len(refs), 'object')} to {number}"
        await _all(flows, "scale", refs, title, partial(_scale, number))


async def restart_all(flows: Flows, refs: Sequence[ObjectRef]) -> None:
    """Replace the pods of all of them."""
    await _all(flows, "restart", refs, f"Restart {plural(len(refs), 'object')}", _restart)


async def _all(flows: Flows, action: str, refs: Sequence[ObjectRef], title: str, perform: Perform) -> None:
    sessions = flows.app.sessions
    items = [Item(action, ref, partial(perform, sessions[ref.key.cluster], ref, flows.wait)) for ref in refs]

    async def run(gate: Gate) -> Receipt:
        agreed = True

        async def confirm(plan: Plan) -> bool:
            nonlocal agreed
            agreed = await gate.confirm(plan)
            return agreed

        def beside(item: Item, ask: Confirm) -> Gate:
            return gate_beside(gate, item, ask)

        receipts = await perform_many(beside, items, confirm)
        if not agreed:
            raise Cancelled("Cancelled: nothing was changed.")
        return summary(receipts)

    await flows.perform(title, run)


async def _scale(number: int, session: Session, ref: ObjectRef, wait: float, gate: Gate) -> Receipt:
    view = await scale.prepare(session, ref, number)
    return await scale.perform(gate, session, view, number, wait=wait)


async def _restart(session: Session, ref: ObjectRef, wait: float, gate: Gate) -> Receipt:
    return await restart.perform(gate, session, await restart.prepare(session, ref), wait=wait)


SEVERAL = {"scale": scale_all, "restart": restart_all}
"""By the id of the action; any other action asks about each object in turn."""
