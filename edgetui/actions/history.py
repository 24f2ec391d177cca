"""Reading a workload's revisions from the server: ReplicaSets of a Deployment, ControllerRevisions of the others."""

from __future__ import annotations

from typing import Any

from edgetui.actions.ports import Json, Session
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import KINDS
from edgetui.model.revision import Revision, controller_revisions, deployment_revisions

_CONTROLLER_REVISIONS = "/apis/apps/v1/namespaces/{namespace}/controllerrevisions"


async def revisions_of(session: Session, key: ObjectKey, there: Json) -> tuple[list[Revision], dict[str, Any]]:
    """The revisions of the object `there`, newest first, and the stored patch of each ControllerRevision by name."""
    query = {"labelSelector": selector(there["spec"].get("selector") or {})}
    if key.kind == "Deployment":
        sets = await session.api.get(KINDS["ReplicaSet"].path(key.namespace), query)
        return _newest_first(deployment_revisions(there, _typed(sets))), {}
    listed = await session.api.get(_CONTROLLER_REVISIONS.format(namespace=key.namespace), query)
    pods = await session.api.get(KINDS["Pod"].path(key.namespace), query)
    found = _typed(listed)
    patches = {one["metadata"]["name"]: one.get("data") for one in found}
    return _newest_first(controller_revisions(there, found, _typed(pods))), patches


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


def _typed(listed: Json) -> list[Json]:
    items: list[Json] = listed.get("items") or []
    return items


def _newest_first(revisions: list[Revision]) -> list[Revision]:
    return sorted(revisions, key=lambda one: one.number, reverse=True)
