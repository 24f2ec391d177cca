"""Which images the nodes hold already, for saying whether going back needs the link to the registry."""

from __future__ import annotations

from edgetui.actions.reading import items, readable
from edgetui.actions.session import Session
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.node import NODE
from edgetui.model.pod import node_images
from edgetui.model.pod.node_images import HeldImages

MOST_NODES = 50
"""A node that names its images is some 10 KB: on a larger cluster the answer is not worth the link."""


async def held_images(session: Session) -> HeldImages:
    """What the nodes say now; nothing when they cannot be read or are too many: it only explains."""
    found = await listed_images(session)
    return found if isinstance(found, HeldImages) else HeldImages(())


async def listed_images(session: Session) -> HeldImages | str:
    """The same, or why it is not known, as a clause."""
    try:
        listed = await session.api.read(KINDS[NODE].path(), most=MOST_NODES)
        nodes = items(listed)
    except EdgetuiError as error:
        return f"the nodes cannot be read: {error.sentence.rstrip('.')}"
    if (listed.get("metadata") or {}).get("continue"):
        return f"the images of more than {MOST_NODES} nodes are not read"
    return readable(lambda: node_images.held_images(nodes), HeldImages(()))
