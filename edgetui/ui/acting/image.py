"""Set image: choose the container and type the image, show the plan, do it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from edgetui.actions.rollout import set_image
from edgetui.ui.dialogs.set_image import ImageScreen
from edgetui.ui.keymap import kind_word

if TYPE_CHECKING:
    from edgetui.cluster.session import ClusterSession
    from edgetui.model.identity import ObjectRef
    from edgetui.ui.job import Job


async def flow(job: Job, session: ClusterSession, ref: ObjectRef) -> None:
    """From the key to the receipt."""
    what = f"{kind_word(ref.key.kind)} {ref.key.name}"
    view = await job.read(f"{what} on {session.name}", set_image.prepare(session, ref))
    await job.ask_and_perform(
        view,
        ImageScreen,
        lambda wanted: f"Set the image of {what} on {session.name} to {wanted.image}",
        lambda shown, wanted: partial(
            set_image.perform,
            session=session,
            view=shown,
            container=shown.container(wanted.container),
            image=wanted.image,
            wait=job.wait,
        ),
    )
