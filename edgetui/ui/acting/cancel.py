"""Cancel a half-done rollout: show the plan, do it. What such a rollout left stuck is offered for deletion."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from edgetui.actions.rollout import cancel, rollback
from edgetui.ui.keymap import kind_word

if TYPE_CHECKING:
    from edgetui.cluster.session import ClusterSession
    from edgetui.model.identity import ObjectRef
    from edgetui.ui.job import Job


async def flow(job: Job, session: ClusterSession, ref: ObjectRef) -> None:
    """From the key to the receipt."""
    what = f"{kind_word(ref.key.kind)} {ref.key.name}"
    view = await job.read(f"the rollout of {what} on {session.name}", cancel.prepare(session, ref, job.audit))
    await job.go_on(
        view,
        f"Cancel the rollout of {what} on {session.name}",
        lambda shown: partial(
            rollback.perform, session=session, view=shown, revision=shown.default(), wait=job.wait
        ),
    )
