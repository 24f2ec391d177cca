"""Undo: find what edgetui did last, show the plan, do it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from edgetui.actions.undo import undo
from edgetui.ui.keymap import kind_word

if TYPE_CHECKING:
    from edgetui.cluster.session import ClusterSession
    from edgetui.model.identity import ObjectRef
    from edgetui.ui.job import Job


async def flow(job: Job, session: ClusterSession, ref: ObjectRef) -> None:
    """From the key to the receipt."""
    what = f"{kind_word(ref.key.kind)} {ref.key.name}"
    view = await job.read(
        f"what edgetui did to {what} on {session.name}", undo.prepare(session, ref, job.audit)
    )
    await job.go_on(
        view,
        f"Undo on {session.name}: {view.done.words}",
        lambda shown: partial(undo.perform, session=session, view=shown, log=job.audit, wait=job.wait),
    )
