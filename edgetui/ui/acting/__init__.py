"""What a person goes through for each action, from the key to the receipt: a file and a line here for each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from . import bounds, cancel, guard, image, pause, resize, restart, rollback, rotate, scale, undo, unstick

if TYPE_CHECKING:
    from edgetui.cluster.session import ClusterSession
    from edgetui.model.identity import ObjectRef
    from edgetui.ui.flows import Flows

FLOWS: dict[str, Callable[[Flows, ClusterSession, ObjectRef], Awaitable[None]]] = {
    "scale": scale.flow,
    "bounds": bounds.flow,
    "resize": resize.flow,
    "rollback": rollback.flow,
    "guard": guard.flow,
    "rotate": rotate.flow,
    "pause": pause.flow,
    "restart": restart.flow,
    "image": image.flow,
    "cancel": cancel.flow,
    "undo": undo.flow,
    "unstick": unstick.flow,
}
"""By the id of the action in the registry."""
