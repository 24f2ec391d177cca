"""Resize a pod in place: ask for the values, show the plan, see what its node answers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from edgetui.actions.scaling import resize_pod
from edgetui.ui.dialogs.resize_pod import ResizeScreen

if TYPE_CHECKING:
    from edgetui.cluster.session import ClusterSession
    from edgetui.model.identity import ObjectRef
    from edgetui.ui.job import Job


async def flow(job: Job, session: ClusterSession, ref: ObjectRef) -> None:
    """From the key to the receipt."""
    what = f"pod {ref.key.name}"
    view = await job.read(f"{what} on {session.name}", resize_pod.prepare(session, ref))
    await job.ask_and_perform(
        view,
        ResizeScreen,
        lambda chosen: f"Resize {chosen[0].name} of {what} on {session.name}",
        lambda shown, chosen: partial(
            resize_pod.perform, session=session, view=shown, box=chosen[0], wanted=chosen[1], wait=job.wait
        ),
    )
