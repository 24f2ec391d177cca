"""Reads what tells where the images of an update are: what the nodes list, and the kubelets' events of pulls."""

from __future__ import annotations

import asyncio

from edgetui.actions.reading import rows
from edgetui.actions.rollout.node_images import listed_images
from edgetui.actions.session import Session
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.event import EVENT, EventRow
from edgetui.model.pod.node_images import HeldImages
from edgetui.model.update.pulls import ReadPulls

MOST_EVENTS = 500
_OF_KUBELETS = "involvedObject.kind=Pod,source=kubelet"


async def read_pulls(session: Session, namespace: str) -> ReadPulls:
    """Two requests; the events only of a namespace, none where it is empty. Never raises for what cannot be read."""
    held, (events, not_heard) = await asyncio.gather(listed_images(session), _events(session, namespace))
    if not isinstance(held, HeldImages):
        return ReadPulls({}, held, events, not_heard)
    return ReadPulls({one.node: one for one in held.nodes}, "", events, not_heard)


async def _events(session: Session, namespace: str) -> tuple[tuple[EventRow, ...], str]:
    """The kubelets' events about pods, and why there are none to read."""
    if not namespace:
        return (), ""
    asked = {"fieldSelector": _OF_KUBELETS, "limit": str(MOST_EVENTS)}
    try:
        found = rows(EVENT, await session.api.get(KINDS[EVENT].path(namespace), asked))
    except EdgetuiError as error:
        return (), f"the events cannot be read: {error.sentence.rstrip('.')}"
    return tuple(row for row in found if isinstance(row, EventRow)), ""
