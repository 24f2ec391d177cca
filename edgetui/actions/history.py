"""Reading a workload's revisions from the server: ReplicaSets of a Deployment, ControllerRevisions of the others."""

from __future__ import annotations

from functools import partial

from edgetui.actions.plan import Json
from edgetui.actions.ports import Session
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.base import api_path
from edgetui.model.revision import Revision, controller_revisions, deployment_revisions

_CONTROLLER_REVISIONS = partial(api_path, "apps", "v1", "controllerrevisions")


async def revisions_of(session: Session, key: ObjectKey, there: Json) -> list[Revision]:
    """The revisions of the object `there`, newest first."""
    query = {"labelSelector": selector(there["spec"].get("selector") or {})}
    if key.kind == "Deployment":
        sets = await session.api.get(KINDS["ReplicaSet"].path(key.namespace), query)
        return deployment_revisions(there, sets["items"])
    stored = await session.api.get(_CONTROLLER_REVISIONS(key.namespace), query)
    pods = await session.api.get(KINDS["Pod"].path(key.namespace), query)
    return controller_revisions(there, stored["items"], pods["items"])


def selector(label_selector: Json) -> str:
    """A LabelSelector in the words of the `labelSelector` query parameter."""
    parts = [f"{k}={v}" for k, v in sorted((label_selector.get("matchLabels") or {}).items())]
    for one in label_selector.get("matchExpressions") or []:
        name, operator = one["key"], one["operator"]
        values = ",".join(one.get("values") or [])
        parts.append(
            {
                "In": f"{name} in ({values})",
                "NotIn": f"{name} notin ({values})",
                "Exists": name,
                "DoesNotExist": f"!{name}",
            }[operator]
        )
    return ",".join(parts)
