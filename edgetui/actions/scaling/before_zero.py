"""The number of replicas that a workload at 0 had before.

It is remembered in edgetui's own audit record. An annotation on the object would be a second write, need a right that
scaling does not, and be drift to whoever manages the object. What was scaled to 0 from another machine is not in the
record: then the ReplicaSets of a Deployment say what an earlier revision ran, and else a person has to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.messages import Json, Refusal
from edgetui.actions.reading import items
from edgetui.actions.session import Session
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.deployment import DEPLOYMENT
from edgetui.model.kinds.replicaset import REPLICA_SET
from edgetui.model.kinds.wire import number
from edgetui.model.text import unix

_DESIRED = "deployment.kubernetes.io/desired-replicas"
_REVISION = "deployment.kubernetes.io/revision"


class BeforeZero(msgspec.Struct, frozen=True):
    """How many there were, 0 where nobody knows; who says so, and when that was (Unix s, 0 for unknown)."""

    replicas: int = 0
    said: str = ""
    at: int = 0


async def recall(log: AuditLog, session: Session, ref: ObjectRef) -> BeforeZero:
    """What is known of the number that an object at 0 had."""
    try:
        records = await asyncio.to_thread(log.about, ref.uid)
    except Refusal:  # a record that cannot be read remembers nothing; writing anything will say so
        records = []
    before, when = replicas_before_zero(records)
    if before:
        return BeforeZero(before, "as before edgetui scaled it to 0 on this machine", when)
    hint = await _of_an_earlier_revision(session, ref.key, ref.uid)
    return BeforeZero(hint, "as an earlier revision had") if hint else BeforeZero()


def replicas_before_zero(records: Iterable[Mapping[str, Any]]) -> tuple[int, int]:
    """The number before the last time these records took an object to 0, and when (Unix s); 0 for never."""
    meant: dict[Any, tuple[int, int]] = {}
    found = (0, 0)
    for record in records:
        if record.get("event") == "intent":
            before = (record.get("before") or {}).get("replicas")
            if (record.get("after") or {}).get("replicas") == 0 and isinstance(before, int) and before > 0:
                meant[record.get("run")] = (before, unix(str(record.get("time"))))
        elif record.get("event") == "result" and record.get("result") in ("done", "unknown"):
            found = meant.get(record.get("run"), found)
    return found


async def _of_an_earlier_revision(session: Session, key: ObjectKey, uid: str) -> int:
    """The newest ReplicaSet that still says more than 0; the one that was current when it was scaled to 0 says 0."""
    if key.kind != DEPLOYMENT:
        return 0
    try:
        listed = items(await session.api.read(KINDS[REPLICA_SET].path(key.namespace)))
    except EdgetuiError:
        return 0
    found: list[tuple[int, int]] = []
    for item in listed:
        metadata: Json = item["metadata"]
        if any(one.get("uid") == uid for one in metadata.get("ownerReferences") or ()):
            notes = metadata.get("annotations") or {}
            found.append((number(notes.get(_REVISION)), number(notes.get(_DESIRED))))
    return next((desired for _, desired in sorted(found, reverse=True) if desired), 0)
