"""The pods of a workload, for saying why it is not there yet."""

from __future__ import annotations

from edgetui.actions.ports import Session
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.pod import PodRow
from edgetui.model.rollout import reason


async def selected(session: Session, namespace: str, selector: str) -> list[PodRow]:
    """The pods that a label selector matches; none when they cannot be read: they only explain."""
    try:
        listed = await session.api.get(KINDS["Pod"].path(namespace), {"labelSelector": selector})
    except EdgetuiError:
        return []
    rows = (row_of("Pod", item) for item in listed["items"])
    return [row for row in rows if isinstance(row, PodRow)]


async def why_not_ready(session: Session, namespace: str, selector: str) -> str:
    """What is wrong with those pods, as one sentence with its full stop; empty when nothing is."""
    found = reason(await selected(session, namespace, selector))
    return f"{found[:1].upper()}{found[1:]}." if found else ""
