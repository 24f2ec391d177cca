"""Which HorizontalPodAutoscaler owns a workload's replica count, if any."""

from __future__ import annotations

from edgetui.actions import reading
from edgetui.actions.session import Session
from edgetui.cluster.api.versions import get
from edgetui.cluster.errors import EdgetuiError, NotFound
from edgetui.model.cache.freshness import Sync
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.autoscaler import AUTOSCALER, AutoscalerRow

HOLD = 17.0  # seconds; an autoscaler looks every 15 s unless the controller manager was told otherwise

_UNKNOWN = "Whether an autoscaler owns the number could not be found out"


async def autoscaler_of(
    session: Session, key: ObjectKey, group: str | None = None
) -> tuple[AutoscalerRow | None, str]:
    """The autoscaler whose scaleTargetRef is `key`, and a sentence when that could not be found out.

    `group` is the API group of a kind that edgetui does not watch.
    """
    group = KINDS[key.kind].group if group is None else group
    store = session.store
    if store is not None:
        freshness = store.freshness(AUTOSCALER)
        if freshness.sync is Sync.LIVE and not (freshness.partial or freshness.unreadable):
            rows = [row for row in store.rows(AUTOSCALER) if isinstance(row, AutoscalerRow)]
            return _owner(rows, key, group), ""
    try:
        listed = await get(session.api, AUTOSCALER, key.namespace)
        rows = [row for row in reading.rows(AUTOSCALER, listed) if isinstance(row, AutoscalerRow)]
    except NotFound:
        return None, f"{_UNKNOWN}: this cluster serves autoscalers in no version that edgetui reads."
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
