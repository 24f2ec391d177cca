"""What a person goes through for each action, from the key to the receipt: a file each, named as the action's id.

A file is loaded when its action is first asked for: together they are a hundred modules, and who only looks needs none.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Awaitable, Callable, Sequence
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgetui.model.identity import ObjectRef
    from edgetui.ui.job import Job

    Flow = Callable[..., Awaitable[None]]
    Several = Callable[[Job, Sequence[ObjectRef], int | None], Awaitable[None]]

AT_ONCE = frozenset({"scale", "restart"})
"""Actions that ask once for all marked objects."""


async def flow_of(action_id: str) -> Flow:
    """The flow of one action on one object."""
    flow: Flow = (await _loaded(action_id)).flow
    return flow


async def flow_of_several(action_id: str) -> Several:
    """The flow of one action in AT_ONCE on several objects."""
    flow: Several = (await _loaded("several")).SEVERAL[action_id]
    return flow


async def _loaded(name: str) -> ModuleType:
    """In a thread where it takes a while, so that the screen goes on."""
    full = f"{__name__}.{name}"
    if full in sys.modules:
        return sys.modules[full]
    return await asyncio.to_thread(importlib.import_module, full)
