"""What earlier guards of one object left in the audit record: a guard that was killed is taken up where it was.

Once per template holds over restarts: every intent of a guard's roll-back counts, unless the server refused it. An
intent without an answer is looked up on the cluster, and what is found there is recorded beside it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from edgetui.cluster.own_file import open_for_reading

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
    """Read the record back for the object of this uid. Raises OSError when it is there and cannot be read."""
    runs: dict[str, list[Json]] = {}
    good: list[str] = []
    if not path.exists():
        return Past()
    sign = f'"{uid}"'.encode()
    with open_for_reading(path) as file:
        for raw in file:
            record = _of_a_guard(raw, uid) if sign in raw else None
            if record is None:
                continue
            if record["guard"].get("state") == "good":
                good = [
                    *(one for one in good if one != record["guard"]["template"]),
                    record["guard"]["template"],
                ]
            elif record.get("event") in ("intent", "result", "outcome", "found"):
                runs.setdefault(str(record.get("run")), []).append(record)
    fired = {run: records for run, records in runs.items() if _counts(records)}
    about = {run: records[0]["guard"] for run, records in fired.items()}
    return Past(
        spent=frozenset(str(one["template"]) for one in about.values()),
        targets=frozenset(str(one["target"]) for one in about.values()),
        good=tuple(good),
        open=tuple(
            Open(run, str(one["template"]), str(one["target"]))
            for run, one in about.items()
            if not _answered(fired[run])
        ),
    )


def _of_a_guard(raw: bytes, uid: str) -> Json | None:
    try:
        record = json.loads(raw)
    except ValueError:
        return None
    if not isinstance(record, dict) or record.get("uid") != uid or not isinstance(record.get("guard"), dict):
        return None
    return record


def _counts(records: list[Json]) -> bool:
    """Whether something may have been written: the last intent was not refused."""
    intents = [one for one in records if one["event"] == "intent"]
    results = [one for one in records if one["event"] == "result"]
    if not intents:
        return False
    return len(results) < len(intents) or results[-1].get("result") != "refused"


def _answered(records: list[Json]) -> bool:
    """Whether it is known what became of it."""
    ended = any(one["event"] in ("outcome", "found") for one in records)
    return ended or any(one["event"] == "result" and one.get("result") == "done" for one in records)
