"""Scale: ask for the number, show the plan, do it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from edgetui.actions import scale
from edgetui.ui.keymap import kind_word
from edgetui.ui.screens.scale import ScaleScreen

if TYPE_CHECKING:
    from edgetui.cluster.session import ClusterSession
    from edgetui.model.identity import ObjectRef
    from edgetui.ui.flows import Flows


async def flow(flows: Flows, session: ClusterSession, ref: ObjectRef) -> None:
    """From the key to the receipt."""
    what = f"{kind_word(ref.key.kind)} {ref.key.name}"
    view = await flows.read(f"{what} on {session.name}", scale.prepare(session, ref, None))
    await flows.ask_and_perform(
        view,
        ScaleScreen,
        lambda number: f"Scale {what} to {number} on {session.name}",
        lambda shown, number: partial(
            scale.perform, session=session, view=shown, replicas=number, wait=flows.wait
        ),
    )
