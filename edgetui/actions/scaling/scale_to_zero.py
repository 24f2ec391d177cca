"""Parking: a workload goes to 0 and comes back at the number it had.

The number is remembered in edgetui's own audit record. An annotation on the object would be a second write, need a
right that scaling does not, and be drift to whoever manages the object. What was parked from another machine is not in
the record: then the ReplicaSets of a Deployment say what an earlier revision ran, and else a person has to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from edgetui.actions.change.precondition import in_words
from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Json, Receipt, Refusal
from edgetui.actions.reading import items
from edgetui.actions.scaling import scale
from edgetui.actions.scaling.scale import ScaleView
from edgetui.actions.session import Session
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.wire import number
from edgetui.model.text import unix

_DESIRED = "deployment.kubernetes.io/desired-replicas"
_REVISION = "deployment.kubernetes.io/revision"


async def recall(log: AuditLog, session: Session, view: ScaleView) -> ScaleView:
    """The view of an object at 0, with the number that it had and who says so, where that can be known."""
    if view.desired:
        return view
    try:
        records = await asyncio.to_thread(log.about, view.ref.uid)
    except Refusal:  # a record that cannot be read remembers nothing; writing anything will say so
        records = []
    before, when = parked_from(records)
    if before:
        return replace(
            view, before=before, before_said="as edgetui parked it on this machine", before_at=when
        )
    hint = await _of_an_earlier_revision(session, view.ref.key, view.ref.uid)
    return replace(view, before=hint, before_said="as an earlier revision had") if hint else view


def parked_from(records: Iterable[Mapping[str, Any]]) -> tuple[int, int]:
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
    """The newest ReplicaSet that still says more than 0; the one that was current when it was parked says 0."""
    if key.kind != "Deployment":
        return 0
    try:
        listed = items(await session.api.get(KINDS["ReplicaSet"].path(key.namespace)))
    except EdgetuiError:
        return 0
    found: list[tuple[int, int]] = []
    for item in listed:
        metadata: Json = item["metadata"]
        if any(one.get("uid") == uid for one in metadata.get("ownerReferences") or ()):
            notes = metadata.get("annotations") or {}
            found.append((number(notes.get(_REVISION)), number(notes.get(_DESIRED))))
    return next((desired for _, desired in sorted(found, reverse=True) if desired), 0)


async def park(gate: Gate, session: Session, view: ScaleView, *, wait: float | None) -> Receipt:
    """Take it to 0; the audit record remembers the number. Raises as `scale.perform` does."""
    receipt = await scale.perform(gate, session, view, 0, wait=wait)
    if not view.desired:
        return receipt
    back = f"Unpark brings it back to {view.desired}."
    return replace(receipt, lines=(*receipt.lines, back))


async def unpark(gate: Gate, session: Session, view: ScaleView, *, wait: float | None) -> Receipt:
    """Bring it back to `view.replicas`, else to the number it had. Raises Refusal when nobody knows it."""
    words = in_words(view.ref.key)
    if view.desired and view.desired != view.replicas:
        raise Refusal(f"{words} is not parked: it is at {view.desired}.", "Scale it to change that.")
    replicas = view.replicas or view.before
    if not replicas:
        raise Refusal(f"Nobody here remembers how many replicas {words} had.", "Say how many.")
    return await scale.perform(gate, session, view, replicas, wait=wait)
