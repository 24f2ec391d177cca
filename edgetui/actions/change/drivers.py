"""Reads what rolls a workload out in its stead: an Argo Rollout that has its template, or a Canary of Flagger.

Nothing on the workload tells of them. Where they are watched the rows tell; else they are listed where the cluster is
known to serve them, or where nobody has found out what it serves, as in a command.
"""

from __future__ import annotations

import asyncio

from edgetui.actions.change.listing import items_at
from edgetui.actions.reading import row
from edgetui.actions.session import Session
from edgetui.cluster.errors import ProtocolError
from edgetui.model.cache.freshness import Sync
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.canary import CANARY
from edgetui.model.kinds.daemonset import DAEMON_SET
from edgetui.model.kinds.deployment import DEPLOYMENT
from edgetui.model.kinds.rollout import ROLLOUT
from edgetui.model.owner import driver_line

_DRIVEN = frozenset({DEPLOYMENT, DAEMON_SET})
_KINDS = (CANARY, ROLLOUT)


async def drivers_of(session: Session, key: ObjectKey) -> tuple[str, ...]:
    """A sentence for each. Never raises for what cannot be read."""
    return tuple(driver_line(one, key.kind, key.name) for one in await driving(session, key))


async def driving(session: Session, key: ObjectKey) -> tuple[Row, ...]:
    """Their rows. Never raises for what cannot be read."""
    if key.kind not in _DRIVEN:
        return ()
    rows = await asyncio.gather(*(_rows(session, kind, key.namespace) for kind in _KINDS))
    return tuple(one for found in rows for one in found if driver_line(one, key.kind, key.name))


async def _rows(session: Session, kind: str, namespace: str) -> list[Row]:
    store = session.store
    if store is not None:
        if store.freshness(kind).sync is Sync.LIVE:
            return [one for one in store.rows(kind) if one.namespace == namespace]
        if store.kinds.asked and not store.kinds.is_served(kind):
            return []
    found = []
    for item in await items_at(session, KINDS[kind].path(namespace)):
        try:
            made = row(kind, item)
        except ProtocolError:
            continue
        found += [made] if made is not None else []
    return found
