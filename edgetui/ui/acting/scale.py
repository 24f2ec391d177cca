"""Scale: ask for the number, show the plan, do it; or change what owns the number instead."""

from __future__ import annotations

from collections.abc import Awaitable
from functools import partial
from typing import TYPE_CHECKING

from edgetui.actions import park, scale
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.scaling import bounds_for
from edgetui.ui.keymap import kind_word
from edgetui.ui.screens.scale import Instead, OfKeda, ScaleScreen

from . import bounds, keda

if TYPE_CHECKING:
    from edgetui.cluster.session import ClusterSession
    from edgetui.ui.flows import Flows


async def flow(flows: Flows, session: ClusterSession, ref: ObjectRef) -> None:
    """From the key to the receipt."""
    what = f"{kind_word(ref.key.kind)} {ref.key.name}"
    view = await flows.read(f"{what} on {session.name}", _look(flows, session, ref))

    def instead(shown: scale.ScaleView, wanted: int) -> Awaitable[None] | None:
        if isinstance(wanted, OfKeda):
            number = None if wanted == shown.desired else int(wanted)
            return keda.flow(flows, session, shown.ref, hold=shown.holds(wanted), replicas=number)
        if not isinstance(wanted, Instead) or shown.hpa is None:
            return None
        key = ObjectKey(session.name, "HorizontalPodAutoscaler", shown.hpa.namespace, shown.hpa.name)
        owner = ObjectRef(key, shown.hpa.uid, shown.hpa.resource_version)
        return bounds.flow(flows, session, owner, *bounds_for(shown.hpa, shown.desired, wanted))

    await flows.ask_and_perform(
        view,
        ScaleScreen,
        lambda number: f"Scale {what} to {number} on {session.name}",
        lambda shown, number: partial(
            scale.perform, session=session, view=shown, replicas=number, wait=flows.wait
        ),
        instead,
    )


async def _look(flows: Flows, session: ClusterSession, ref: ObjectRef) -> scale.ScaleView:
    """The object, and what it had before where it is parked."""
    return await park.recall(flows.audit, session, await scale.prepare(session, ref, None))
