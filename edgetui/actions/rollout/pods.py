"""The pods of a workload, for saying why it is not there yet."""

from __future__ import annotations

from edgetui.actions.reading import rows
from edgetui.actions.session import Session
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.pod import POD, PodRow
from edgetui.model.rollout.status import reason


async def selected(session: Session, namespace: str, selector: str) -> list[PodRow]:
    """The pods that a label selector matches. Raises as `Api.get` does."""
    listed = await session.api.read(KINDS[POD].path(namespace), query={"labelSelector": selector})
    return [row for row in rows(POD, listed) if isinstance(row, PodRow)]


async def readable(session: Session, namespace: str, selector: str) -> list[PodRow]:
    """The same; none when they cannot be read: they only explain."""
    try:
        return await selected(session, namespace, selector)
    except EdgetuiError:
        return []


async def why_not_ready(session: Session, namespace: str, selector: str) -> str:
    """What is wrong with those pods, as one sentence with its full stop; empty when nothing is."""
    found = reason(await readable(session, namespace, selector))
    return f"{found[:1].upper()}{found[1:]}." if found else ""
