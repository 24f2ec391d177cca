"""What is asked for when a person looks at one object: its events, and itself where only its printed row is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgetui.actions import reading
from edgetui.cluster.api.versions import get
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.event import EVENT, EventRow
from edgetui.model.kinds.node import NODE

LIMIT = 100


async def events_of(session: Any, key: ObjectKey, uid: str = "") -> tuple[Sequence[EventRow], str]:
    """The events about an object, and why there are none to show (empty when there are some).

    With a `uid` none of another object that had its name. Kubelets give nodes their name as uid, so there it says
    nothing.
    """
    selector = f"involvedObject.kind={key.kind.partition('.')[0]},involvedObject.name={key.name}"
    if uid and key.kind != NODE:
        selector += f",involvedObject.uid={uid}"
    path = KINDS[EVENT].path(key.namespace)
    try:
        listed = await session.api.get(path, {"fieldSelector": selector, "limit": str(LIMIT)})
        found = reading.rows(EVENT, listed)
    except EdgetuiError as error:
        return (), str(error)
    rows = [row for row in found if isinstance(row, EventRow)]
    return rows, "" if rows else "none: the cluster keeps events for a short time only"


async def in_full(session: Any, key: ObjectKey) -> Row | None:
    """The row of an object as the server has it now; None when it cannot be had."""
    try:
        return reading.row(key.kind, await get(session.api, *key[1:]))
    except EdgetuiError:
        return None  # what stands there is the printed row, and it says so
