"""Which HorizontalPodAutoscaler owns a workload's replica count, if any."""

from __future__ import annotations

from typing import Any

import msgspec

from edgetui.actions import reading
from edgetui.actions.session import Session
from edgetui.cluster.api.client import PRINTED, PRINTED_QUERY, WITHOUT_COLUMNS
from edgetui.cluster.api.status import UNDECODABLE
from edgetui.cluster.api.versions import get
from edgetui.cluster.errors import EdgetuiError, NotFound
from edgetui.model.cache.freshness import Sync
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.autoscaler import AUTOSCALER, AutoscalerRow

HOLD = 17.0  # seconds; an autoscaler looks every 15 s unless the controller manager was told otherwise

_COLUMNS = 7
"""Name, Reference ("Deployment/press"), Targets, MinPods, MaxPods, Replicas, Age."""
_UNKNOWN = "Whether an autoscaler owns the number could not be found out"


class _Row(msgspec.Struct):
    cells: list[Any]


class _Table(msgspec.Struct):
    kind: str
    rows: list[_Row] | None = None


async def autoscalers_printed_for(session: Session, key: ObjectKey) -> tuple[str, ...] | None:
    """The names of those whose target has this kind and name, in whatever API group; None where that is not told.

    Asked over a slow link only: what the server prints of an autoscaler is 0.1 KB, itself 1 to 2.
    """
    api = session.api
    try:
        if not await api.is_far():
            return None
        form = PRINTED_QUERY | WITHOUT_COLUMNS
        path = api.kind(AUTOSCALER).path(key.namespace)
        table = msgspec.json.decode(await api.get_bytes(path, form, headers={"Accept": PRINTED}), type=_Table)
    except (EdgetuiError, *UNDECODABLE):
        return None
    printed = [row.cells for row in table.rows or ()]
    if table.kind != "Table" or any(len(cells) != _COLUMNS or "/" not in str(cells[1]) for cells in printed):
        return None
    return tuple(str(cells[0]) for cells in printed if cells[1] == f"{key.kind}/{key.name}")


async def autoscaler_of(
    session: Session, key: ObjectKey, group: str | None = None, among: tuple[str, ...] | None = None
) -> tuple[AutoscalerRow | None, str]:
    """The autoscaler whose scaleTargetRef is `key`, and a sentence when that could not be found out.

    `group` is the API group of a kind that edgetui does not watch. `among` are the names of those that it may be,
    where they are known.
    """
    group = KINDS[key.kind].group if group is None else group
    store = session.store
    if store is not None:
        freshness = store.freshness(AUTOSCALER)
        if freshness.sync is Sync.LIVE and not (freshness.partial or freshness.unreadable):
            rows = [row for row in store.rows(AUTOSCALER) if isinstance(row, AutoscalerRow)]
            return _owner(rows, key, group), ""
    if among is not None and not among:
        return None, ""
    try:
        if among is not None and len(among) == 1:
            listed = {"items": [await get(session.api, AUTOSCALER, key.namespace, among[0])]}
        else:
            listed = await get(session.api, AUTOSCALER, key.namespace)
        rows = [row for row in reading.rows(AUTOSCALER, listed) if isinstance(row, AutoscalerRow)]
    except NotFound:
        return (
            None,
            "" if among else f"{_UNKNOWN}: this cluster serves autoscalers in no version that edgetui reads.",
        )
    except EdgetuiError as problem:
        return None, f"{_UNKNOWN}: {problem.sentence}"
    owner = _owner(rows, key, group)
    odd = len(listed.get("items") or ()) - len(rows)
    return owner, "" if owner is not None or not odd else f"{_UNKNOWN}: {odd} of them cannot be read."


def _owner(rows: list[AutoscalerRow], key: ObjectKey, group: str) -> AutoscalerRow | None:
    for row in rows:
        same = (row.namespace, row.target_kind, row.target_name) == (key.namespace, key.kind, key.name)
        if same and row.target_api.partition("/")[0] == group:
            return row
    return None
