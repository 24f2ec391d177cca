"""Reads the budgets and quotas that a scale would meet; what may not be read is not spoken of."""

from __future__ import annotations

import asyncio
from functools import partial

from edgetui.actions.change.listing import items_at
from edgetui.actions.messages import Json
from edgetui.actions.reading import readable
from edgetui.actions.session import Session
from edgetui.model.autoscaling.limits import Limits, limits
from edgetui.model.kinds.base import api_path

_BUDGETS = partial(api_path, "policy", "v1", "poddisruptionbudgets")
_QUOTAS = partial(api_path, "", "v1", "resourcequotas")


async def limits_of(session: Session, namespace: str, template: Json) -> Limits:
    """What concerns pods of `template` in a namespace. Never raises for a server that says no."""
    budgets, quotas = await asyncio.gather(
        items_at(session, _BUDGETS(namespace)), items_at(session, _QUOTAS(namespace))
    )
    return readable(lambda: limits(budgets, quotas, template), Limits())
