"""What earlier guards of one object left in the audit record: a guard that was killed is taken up where it was.

Once per template holds over restarts: every intent of a guard's roll-back counts, unless the server refused it. An
intent without an answer is looked up on the cluster, and what is found there is recorded beside it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from edgetui.actions.gate.audit import AuditLog

Json = dict[str, Any]


class Open(msgspec.Struct, frozen=True):
    """A roll-back that was about to be written when its guard ended: from which template, to which, in which run."""

    run: str
    template: str
    target: str


class Past(msgspec.Struct, frozen=True):
    """What is recorded of one object: `spent` and `good` are templates, as in a guard's state."""

    spent: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()
    good: tuple[str, ...] = ()
    open: tuple[Open, ...] = ()


def past(path: Path, uid: str) -> Past:
    """Read the record back for the object of this uid. Raises Refusal when it is there and cannot be read."""
    runs: dict[str, list[Json]] = {}
    good: list[str] = []
    for record in AuditLog(path).about(uid):
        about = record.get("guard")
        if not isinstance(about, dict):
            continue
        if about.get("state") == "good":
            good = [*(one for one in good if one != about["template"]), about["template"]]
        elif record.get("event") in ("intent", "result", "outcome", "found"):
            runs.setdefault(str(record.get("run")), []).append(record)
    fired = {run: records for run, records in runs.items() if _counts(records)}
    told = {run: records[0]["guard"] for run, records in fired.items()}
    return Past(
        spent=frozenset(str(one["template"]) for one in told.values()),
        targets=frozenset(str(one["target"]) for one in told.values()),
        good=tuple(good),
        open=tuple(
            Open(run, str(one["template"]), str(one["target"]))
            for run, one in told.items()
            if not _answered(fired[run])
        ),
    )


def _counts(records: list[Json]) -> bool:
    """Whether something may have been written: the last intent was not refused."""
    intents = [one for one in records if one["event"] == "intent"]
    results = [one for one in records if one["event"] == "result"]
    if not intents:
        return False
    return len(results) < len(intents) or results[-1].get("result") != "refused"


def _known(outcome: Json) -> bool:
    return outcome.get("result") not in ("aborted", "unknown")


def _answered(records: list[Json]) -> bool:
    """Whether it is known what became of it."""
    ended = any(one["event"] == "found" or (one["event"] == "outcome" and _known(one)) for one in records)
    return ended or any(one["event"] == "result" and one.get("result") == "done" for one in records)
