"""Runs that may have written and whose end nobody knows: what an earlier start of edgetui left open in the record."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import msgspec

from edgetui.actions.catalogue import ACTIONS
from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.gate.done import Done, done_to
from edgetui.actions.messages import Json
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import KINDS

FAR_BACK = 7 * 86400.0
"""Seconds; nobody waits for what is older."""
_TELLS = frozenset({"reached", "pending", "failed"})


class OpenRun(msgspec.Struct, frozen=True):
    """One of them, and the object that it was about."""

    ref: ObjectRef
    done: Done


async def open_runs(log: AuditLog, started: float) -> list[OpenRun]:
    """Those that began before `started` (Unix s), oldest first. Raises Refusal where the record cannot be read."""
    records = await asyncio.to_thread(lambda: list(log.recent(since=started - FAR_BACK)))
    return left_open(records, started)


def left_open(records: Iterable[Json], started: float) -> list[OpenRun]:
    """The same, of these records. Guards look for their own; what has no way back cannot be told from the object."""
    runs: dict[str, list[Json]] = {}
    for one in records:
        runs.setdefault(str(one.get("run")), []).append(one)
    found = []
    for lines in runs.values():
        for done in done_to(lines):
            intent = next(one for one in lines if one.get("event") == "intent")
            known = done.sure or "guard" in intent or any(_tells(one) for one in lines)
            tellable = done.action in ACTIONS and ACTIONS[done.action].undone
            if not known and tellable and done.at < started and (ref := _ref(intent)) is not None:
                found.append(OpenRun(ref, done))
    return sorted(found, key=lambda one: one.done.at)


def _tells(record: Json) -> bool:
    ended = record.get("event") == "outcome" and record.get("result") in _TELLS
    return ended or record.get("event") == "found"


def _ref(intent: Json) -> ObjectRef | None:
    about = intent.get("object")
    if not isinstance(about, dict) or about.get("kind") not in KINDS or not intent.get("uid"):
        return None
    parts = (str(about.get(name, "")) for name in ("kind", "namespace", "name"))
    return ObjectRef(ObjectKey(str(intent.get("cluster", "")), *parts), str(intent["uid"]), "")
