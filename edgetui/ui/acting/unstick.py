"""Delete the pod that holds a stateful set up: show the plan, do it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from edgetui.actions.rollout import delete_stuck_pod
from edgetui.ui.keymap import kind_word

if TYPE_CHECKING:
    from edgetui.cluster.session import ClusterSession
    from edgetui.model.identity import ObjectRef
    from edgetui.ui.job import Job


async def flow(job: Job, session: ClusterSession, ref: ObjectRef) -> None:
    """From the key to the receipt."""
    what = f"{kind_word(ref.key.kind)} {ref.key.name}"
    view = await job.read(f"the pods of {what} on {session.name}", delete_stuck_pod.prepare(session, ref))
    await job.perform(
        f"Delete pod {view.pod.name} of {what} on {session.name}",
        partial(delete_stuck_pod.perform, session=session, view=view, wait=job.wait),
    )
