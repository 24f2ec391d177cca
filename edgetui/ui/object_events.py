"""The events of one object, asked for when a person looks at it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgetui.cluster.errors import EdgetuiError
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.event import EventRow

LIMIT = 100


async def events_of(session: Any, key: ObjectKey) -> tuple[Sequence[EventRow], str]:
    """The events about an object, and why there are none to show (empty when there are some)."""
    selector = f"involvedObject.kind={key.kind},involvedObject.name={key.name}"
    path = KINDS["Event"].path(key.namespace)
    try:
        listed = await session.api.get(path, {"fieldSelector": selector, "limit": str(LIMIT)})
    except EdgetuiError as error:
        return (), str(error)
    rows = [
        row
        for row in (row_of("Event", item) for item in listed.get("items", ()))
        if isinstance(row, EventRow)
    ]
    return rows, "" if rows else "none: the cluster keeps events for a short time only"
