"""What an earlier start of edgetui left, from the record: runs whose end nobody knows, and pods of node shells."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import msgspec

from edgetui.actions.catalogue import ACTIONS
from edgetui.actions.gate.audit import AuditLog, stamp
from edgetui.actions.gate.done import Done, done_to
from edgetui.actions.messages import Json
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.pod import POD

FAR_BACK = 7 * 86400.0
"""Seconds; nobody waits for what is older."""
NODE_SHELL, GONE = "node-shell", "gone"
_ENDS = {"DELETE": "done", "POST": "refused"}
"""The results after which a pod of a node shell is not there."""
_TELLS = frozenset({"reached", "pending", "failed"})


class OpenRun(msgspec.Struct, frozen=True):
    """One of them, and the object that it was about."""

    ref: ObjectRef
    done: Done


class LeftPod(msgspec.Struct, frozen=True):
    """A pod that a node shell created and is not known to have deleted. `run` is that run, `node` where it is."""

    run: str
    key: ObjectKey
    node: str


async def left_behind(log: AuditLog, started: float) -> tuple[list[OpenRun], list[LeftPod]]:
    """Those that began before `started` (Unix s), oldest first. Raises Refusal where the record cannot be read."""
    records = await asyncio.to_thread(lambda: list(log.recent(since=started - FAR_BACK)))
    return left_open(records, started), left_pods(records, started)


def left_open(records: Iterable[Json], started: float) -> list[OpenRun]:
    """The open runs of these. Guards look for their own; what has no way back cannot be told from the object."""
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
    if not isinstance(about, dict) or str(about.get("kind", "")) not in KINDS or not intent.get("uid"):
        return None
    parts = (str(about.get(name, "")) for name in ("kind", "namespace", "name"))
    return ObjectRef(ObjectKey(str(intent.get("cluster", "")), *parts), str(intent["uid"]), "")


def left_pods(records: Iterable[Json], started: float) -> list[LeftPod]:
    """The pods that are left of these records."""
    found: dict[str, LeftPod] = {}
    for one in records:
        run, event = str(one.get("run")), one.get("event")
        verb = str(one.get("write")).partition(" ")[0]
        if one.get("action") != NODE_SHELL:
            continue
        if event == "intent" and verb == "POST" and str(one.get("time")) < stamp(started):
            if (pod := _pod(one)) is not None:
                found[run] = pod
        elif (event, one.get("result")) in (("result", _ENDS.get(verb)), ("found", GONE)):
            found.pop(run, None)
    return list(found.values())


def _pod(intent: Json) -> LeftPod | None:
    after, about = intent.get("after"), intent.get("object")
    if not isinstance(after, dict) or not isinstance(about, dict):
        return None
    cluster, namespace, name = (
        str(part) for part in (intent.get("cluster"), after.get("namespace"), after.get("pod"))
    )
    return LeftPod(str(intent.get("run")), ObjectKey(cluster, POD, namespace, name), str(about.get("name")))
