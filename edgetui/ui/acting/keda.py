"""KEDA paused or unpaused, instead of a scale that it would take back: show the plan, do it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from edgetui.actions.scaling import keda
from edgetui.ui.keymap import kind_word

if TYPE_CHECKING:
    from edgetui.cluster.session import ClusterSession
    from edgetui.model.identity import ObjectRef
    from edgetui.ui.job import Job


async def flow(
    job: Job, session: ClusterSession, ref: ObjectRef, *, hold: bool, replicas: int | None = None
) -> None:
    """From the answer to the receipt: hold a number, None for the one there is; or let KEDA go on."""
    what = f"{kind_word(ref.key.kind)} {ref.key.name}"
    look = keda.prepare_pause(session, ref, replicas) if hold else keda.prepare_unpause(session, ref)
    view = await job.read(f"what KEDA does with {what} on {session.name}", look)
    await job.go_on(
        view,
        f"{view.does} for {what} on {session.name}",
        lambda shown: partial(keda.perform, session=session, view=shown, wait=job.wait),
    )
