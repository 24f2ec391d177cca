"""Scale: ask for the number, show the plan, do it; or change what owns the number instead."""

from __future__ import annotations

from collections.abc import Awaitable
from functools import partial
from typing import TYPE_CHECKING

from edgetui.actions.scaling import scale, scale_to_zero
from edgetui.model.autoscaling.hpa import bounds_for
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.ui.dialogs.scale import How, ScaleAnswer, ScaleScreen
from edgetui.ui.keymap import kind_word

from . import bounds, keda

if TYPE_CHECKING:
    from edgetui.cluster.session import ClusterSession
    from edgetui.ui.job import Job


async def flow(job: Job, session: ClusterSession, ref: ObjectRef, number: int | None = None) -> None:
    """From the key to the receipt; a `number` that is given stands in the field."""
    what = f"{kind_word(ref.key.kind)} {ref.key.name}"
    view = await job.read(f"{what} on {session.name}", _look(job, session, ref, number))

    def instead(shown: scale.ScaleView, answer: ScaleAnswer) -> Awaitable[None] | None:
        wanted = answer.replicas
        if answer.how is How.KEDA:
            number = None if wanted == shown.desired else wanted
            return keda.flow(job, session, shown.ref, hold=shown.holds(wanted), replicas=number)
        if answer.how is How.NUMBER or shown.hpa is None:
            return None
        key = ObjectKey(session.name, "HorizontalPodAutoscaler", shown.hpa.namespace, shown.hpa.name)
        owner = ObjectRef(key, shown.hpa.uid, shown.hpa.resource_version)
        return bounds.flow(job, session, owner, *bounds_for(shown.hpa, shown.desired, wanted))

    await job.ask_and_perform(
        view,
        ScaleScreen,
        lambda answer: f"Scale {what} to {answer.replicas} on {session.name}",
        lambda shown, answer: partial(
            scale.perform, session=session, view=shown, replicas=answer.replicas, wait=job.wait
        ),
        instead,
    )


async def _look(job: Job, session: ClusterSession, ref: ObjectRef, number: int | None) -> scale.ScaleView:
    """The object, and what it had before where it is parked."""
    return await scale_to_zero.recall(job.audit, session, await scale.prepare(session, ref, number))
