"""Which images the nodes hold already, for saying whether going back needs the link to the registry."""

from __future__ import annotations

from edgetui.actions.ports import Session
from edgetui.actions.reading import items, readable
from edgetui.cluster.errors import EdgetuiError
from edgetui.model import heldimages
from edgetui.model.heldimages import HeldImages
from edgetui.model.kinds import KINDS

MOST_NODES = 50
"""A node that names its images is some 10 KB: on a larger cluster the answer is not worth the link."""


async def held_images(session: Session) -> HeldImages:
    """What the nodes say now; nothing when they cannot be read or are too many: it only explains."""
    try:
        listed = await session.api.get(KINDS["Node"].path(), {"limit": str(MOST_NODES)})
        nodes = items(listed)
    except EdgetuiError:
        return HeldImages(())
    if (listed.get("metadata") or {}).get("continue"):
        return HeldImages(())
    return readable(lambda: heldimages.held_images(nodes), HeldImages(()))
