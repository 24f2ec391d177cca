"""What edgetui itself did, as a person hands it over: who, when, from what to what, and what came of it.

Refused and unsent attempts are among it. Everything is read from the audit record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from edgetui.actions.catalogue import ACTIONS, present_name, words_of
from edgetui.actions.gate.done import done_to, table
from edgetui.actions.messages import Json

OUTCOMES = {
    "reached": "reached",
    "pending": "accepted, not reached when it was last looked at",
    "done": "written, its outcome was not watched to the end",
    "failed": "failed",
    "unknown": "may have arrived, nobody could see",
    "refused": "refused, nothing changed",
    "unsent": "not sent, nothing changed",
    "started": "started",
    "ended": "ended",
}
"""How an act ended, and what is said of it."""

_FOUND = {"arrived": "done", "not arrived": "refused"}

_NOT_TOLD = frozenset({"resourceVersion", "generation", "container", "name", "scaledObject", "uid", "worked"})


class Act(msgspec.Struct, frozen=True):
    """One run of an action. `time` is Unix seconds, `change` says "replicas 3 -> 6", `outcome` is a key of OUTCOMES."""

    run: str
    time: float
    who: str
    cluster: str
    action: str
    kind: str
    namespace: str
    name: str
    words: str
    change: str
    outcome: str
    message: str
    undoable: bool

    @property
    def said(self) -> str:
        """The outcome in words."""
        return OUTCOMES[self.outcome]

    @property
    def well(self) -> bool:
        """Whether it came to what was wanted, or is on its way there."""
        return self.outcome in ("reached", "pending", "done", "started", "ended")


def acts(records: Iterable[Json]) -> list[Act]:
    """The runs in these records, newest first."""
    kept = list(records)
    runs: dict[str, list[Json]] = {}
    for record in kept:
        runs.setdefault(str(record.get("run", "")), []).append(record)
    undoable = _undoable(kept)
    found = [_act(run, lines, run in undoable) for run, lines in runs.items()]
    return sorted(reversed(found), key=lambda one: -one.time)


def _undoable(records: list[Json]) -> set[str]:
    """The runs that `undo` would take back next: of each object the last that was done and not undone."""
    of: dict[str, list[Json]] = {}
    for record in records:
        if record.get("uid"):
            of.setdefault(str(record["uid"]), []).append(record)
    newest = (
        next(
            (one for one in done_to(about) if (row := ACTIONS.get(one.action)) is not None and row.undone),
            None,
        )
        for about in of.values()
    )
    return {one.run for one in newest if one is not None and one.sure}


def _act(run: str, lines: list[Json], undoable: bool) -> Act:
    first = lines[0]
    meant = next((one for one in reversed(lines) if "before" in one or "after" in one), first)
    about, who = table(first.get("object")), table(first.get("who"))
    action = present_name(str(first.get("action", "")))
    return Act(
        run=run,
        time=_unix(first),
        who=str(who.get("sudo_user") or who.get("user") or "somebody"),
        cluster=str(first.get("cluster", "")),
        action=action,
        kind=str(about.get("kind", "")),
        namespace=str(about.get("namespace", "")),
        name=str(about.get("name", "")),
        words=_words(action, meant, about, str(first.get("user", ""))),
        change="" if action == "rotate" else _change(table(meant.get("before")), table(meant.get("after"))),
        outcome=_outcome(lines),
        message=str(next((one["message"] for one in reversed(lines) if one.get("message")), "")),
        undoable=undoable,
    )


def _words(action: str, meant: Json, about: Mapping[str, Any], user: str) -> str:
    if action == "rotate":
        return f"rotate the token of {user}"
    said = str(meant.get("words") or "")
    label = words_of(action)
    return said or " ".join(
        part for part in (label, str(about.get("kind", "")).lower(), about.get("name")) if part
    )


def _change(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """What differs, field by field: "min 1 -> 2, max 4 -> 6"."""
    return ", ".join(
        f"{field} {_value(before[field])} -> {_value(value)}"
        for field, value in after.items()
        if field in before and field not in _NOT_TOLD and before[field] != value
    )


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, list) else "none" if value is None else str(value)


def _outcome(lines: list[Json]) -> str:
    """From what was recorded last: an outcome that tells, else what the server made of the write."""
    told = ""
    for one in lines:
        event, result = one.get("event"), str(one.get("result", ""))
        if event == "intent":
            told = "unknown"  # until its answer is recorded
        elif event == "result":
            told = result
        elif event == "found":
            told = _FOUND.get(result, told)
        elif event == "outcome" and result != "aborted":
            told = result
        elif (
            event == "outcome"
            and len({one.get("write") for one in lines if one.get("event") == "intent"}) > 1
        ):
            told = "failed"  # several writes, and not all of them
        elif event == "guard":
            state = table(one.get("guard")).get("state")
            told = "started" if state in ("started", "good") else "ended"
    return told if told in OUTCOMES else "unknown"


def _unix(record: Json) -> float:
    try:
        return datetime.fromisoformat(str(record.get("time"))).timestamp()
    except ValueError:
        return 0.0
