"""Edit an autoscaler's bounds: from its row, or instead of a scale that would not hold."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from edgetui.actions.scaling import hpa_bounds
from edgetui.ui.dialogs.hpa_bounds import BoundsScreen

if TYPE_CHECKING:
    from edgetui.cluster.session import ClusterSession
    from edgetui.model.identity import ObjectRef
    from edgetui.ui.job import Job


async def flow(
    job: Job,
    session: ClusterSession,
    ref: ObjectRef,
    low: int | None = None,
    high: int | None = None,
) -> None:
    """From the key to the receipt; the bounds that are given stand in the fields."""
    what = f"autoscaler {ref.key.name}"
    view = await job.read(f"{what} on {session.name}", hpa_bounds.prepare(session, ref, low, high))
    await job.ask_and_perform(
        view,
        BoundsScreen,
        lambda chosen: f"Bounds of {what} to {chosen[0]} and {chosen[1]} on {session.name}",
        lambda shown, chosen: partial(
            hpa_bounds.perform, session=session, view=shown, low=chosen[0], high=chosen[1], wait=job.wait
        ),
    )
