"""Rotate the token of the cluster that the cursor is in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgetui.actions import rotate

if TYPE_CHECKING:
    from edgetui.cluster.session import ClusterSession
    from edgetui.model.identity import ObjectRef
    from edgetui.ui.flows import Flows


async def flow(flows: Flows, session: ClusterSession, ref: ObjectRef) -> None:
    """From the key to the receipt."""
    view = await flows.read(f"the token in use on {session.name}", rotate.prepare(session, flows.audit))
    others = [one for one in flows.app.sessions.values() if one is not session]
    await flows.perform(
        f"Rotate the token of {view.user} on {session.name}",
        lambda gate: rotate.perform(gate, session, view, others),
    )
