"""Rotate the token of the cluster that the cursor is in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgetui.actions.credentials import rotate

if TYPE_CHECKING:
    from edgetui.cluster.session import ClusterSession
    from edgetui.model.identity import ObjectRef
    from edgetui.ui.job import Job


async def flow(job: Job, session: ClusterSession, ref: ObjectRef) -> None:
    """From the key to the receipt."""
    view = await job.read(f"the token in use on {session.name}", rotate.prepare(session, job.audit))
    others = [one for one in job.app.sessions.values() if one is not session]
    await job.perform(
        f"Rotate the token of {view.user} on {session.name}",
        lambda gate: rotate.perform(gate, session, view, others),
    )
