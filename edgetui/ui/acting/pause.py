"""Pause or resume: whichever the deployment is not, show the plan, do it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from edgetui.actions.rollout import pause
from edgetui.ui.keymap import kind_word

if TYPE_CHECKING:
    from edgetui.cluster.session import ClusterSession
    from edgetui.model.identity import ObjectRef
    from edgetui.ui.job import Job


async def flow(job: Job, session: ClusterSession, ref: ObjectRef) -> None:
    """From the key to the receipt."""
    what = f"{kind_word(ref.key.kind)} {ref.key.name}"
    view = await job.read(f"{what} on {session.name}", pause.prepare(session, ref))
    await job.go_on(
        view,
        f"{view.which.capitalize()} {what} on {session.name}",
        lambda shown: partial(pause.perform, session=session, view=shown, wait=job.wait),
    )
