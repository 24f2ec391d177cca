"""Roll back: choose the revision, show the plan, do it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from edgetui.actions.rollout import rollback
from edgetui.ui.keymap import kind_word
from edgetui.ui.screens.rollback import RollbackScreen

if TYPE_CHECKING:
    from edgetui.cluster.session import ClusterSession
    from edgetui.model.identity import ObjectRef
    from edgetui.ui.job import Job


async def flow(job: Job, session: ClusterSession, ref: ObjectRef) -> None:
    """From the key to the receipt."""
    what = f"{kind_word(ref.key.kind)} {ref.key.name}"
    view = await job.read(
        f"the revisions of {what} on {session.name}", rollback.prepare(session, ref, job.audit)
    )
    await job.ask_and_perform(
        view,
        RollbackScreen,
        lambda chosen: f"Roll back {what} to revision {chosen.number} on {session.name}",
        lambda shown, chosen: partial(
            rollback.perform, session=session, view=shown, revision=chosen, wait=job.wait
        ),
    )
