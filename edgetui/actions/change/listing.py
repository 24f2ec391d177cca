"""Lists that a cluster may lack, or this user the right to: then there is nothing to say of them."""

from __future__ import annotations

from edgetui.actions.messages import Json
from edgetui.actions.reading import items
from edgetui.actions.session import Session
from edgetui.cluster.errors import EdgetuiError


async def items_at(session: Session, path: str) -> list[Json]:
    """The objects listed at a path; none where the server says no. Never raises for that."""
    try:
        return items(await session.api.get(path))
    except EdgetuiError:
        return []
