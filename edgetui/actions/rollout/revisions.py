"""Reading a workload's revisions from the server: ReplicaSets of a Deployment, ControllerRevisions of the others.

Which of them worked is judged by what the server says now and by what edgetui's own audit record says of earlier
roll-backs: a revision that edgetui went back from is not offered again, one that was reached is known to have worked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial

from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.gate.done import done_to
from edgetui.actions.messages import Json, Refusal
from edgetui.actions.reading import items, rows
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.base import api_path
from edgetui.model.kinds.deployment import DEPLOYMENT
from edgetui.model.kinds.pod import POD, PodRow
from edgetui.model.kinds.replicaset import REPLICA_SET
from edgetui.model.rollout.revision import Revision, controller_revisions, deployment_revisions, judged

_CONTROLLER_REVISIONS = partial(api_path, "apps", "v1", "controllerrevisions")


async def revisions_of(session: Session, key: ObjectKey, there: Json, log: AuditLog) -> list[Revision]:
    """The revisions of the object `there`, newest first. `log` knows what edgetui did to it."""
    found, records = await asyncio.gather(
        history(session, key, there), asyncio.to_thread(_recorded, log, there["metadata"].get("uid", ""))
    )
    return judged(found, *experience(records))


def _recorded(log: AuditLog, uid: str) -> list[Json]:
    try:
        return log.about(uid)
    except Refusal:  # what cannot be read teaches nothing; a write would be refused for it
        return []


def experience(records: Iterable[Json]) -> tuple[frozenset[str], dict[str, int]]:
    """What these records say of revisions, by name: those that a roll-back reached, those that one went away
    from (with their number then). The later record counts, and what was undone does not."""
    kept = list(records)
    reached = {one.get("run") for one in kept if one.get("event") == "outcome" and _proven(one)}
    worked: set[str] = set()
    withdrawn: dict[str, int] = {}
    for done in reversed(done_to(kept)):
        if done.action not in ("rollback", "cancel"):
            continue
        old, new = str(done.before.get("name", "")), str(done.after.get("name", ""))
        worked.discard(old)
        withdrawn[old] = done.before.get("revision") or 0
        withdrawn.pop(new, None)
        if done.run in reached:
            worked.add(new)
    return frozenset(worked), withdrawn


def _proven(outcome: Json) -> bool:
    """Whether pods of what was rolled back to were seen to serve: a rollout of none of them is reached as well."""
    return outcome.get("result") == "reached" and bool((outcome.get("data") or {}).get("proven"))


async def history(session: Session, key: ObjectKey, there: Json) -> list[Revision]:
    """The revisions by the word of the server alone, newest first."""
    query = {"labelSelector": selector(there["spec"].get("selector") or {})}
    if key.kind == DEPLOYMENT:
        sets = await session.api.read(KINDS[REPLICA_SET].path(key.namespace), query=query)
        return deployment_revisions(there, items(sets))
    stored, pods = await asyncio.gather(
        session.api.read(_CONTROLLER_REVISIONS(key.namespace), query=query),
        session.api.read(KINDS[POD].path(key.namespace), query=query),
    )
    return controller_revisions(
        there, items(stored), [row for row in rows(POD, pods) if isinstance(row, PodRow)]
    )


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
