"""What edgetui has done to an object, read back from the audit record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from edgetui.actions.catalogue import present_name
from edgetui.actions.messages import Json


class Done(msgspec.Struct, frozen=True):
    """One run that changed the object.

    `before` and `after` are what the audit record says of it. `sure` when the server answered that it was done; else
    the answer was lost, or edgetui ended in the middle.
    """

    run: str
    action: str
    time: str
    user: str
    words: str
    before: Json
    after: Json
    sure: bool

    @property
    def at(self) -> float:
        """When it was done, in Unix seconds; 0 where that is not known."""
        try:
            return datetime.fromisoformat(self.time).timestamp()
        except ValueError:
            return 0.0

    @property
    def when(self) -> str:
        """When it was done, for a person."""
        try:
            return datetime.fromisoformat(self.time).strftime("%Y-%m-%d %H:%M:%S UTC")
        except ValueError:
            return "at an unknown time"


def done_to(records: Iterable[Json]) -> list[Done]:
    """The runs that changed the object that `records` are about, newest first, without what was undone since.

    A run of several writes is told by the first of them, and was done once one of them was.
    """
    intents: dict[str, Json] = {}
    results: dict[str, str] = {}
    for record in records:
        run = str(record.get("run", ""))
        if record.get("event") == "intent":
            intents.setdefault(run, record)
            if results.get(run) != "done":
                results.pop(run, None)
        elif record.get("event") == "result" and results.get(run) != "done":
            results[run] = str(record.get("result", ""))
        elif record.get("event") == "found" and record.get("result") == "arrived":
            results[run] = "done"
    runs = [
        _done(run, record, results.get(run, ""))
        for run, record in intents.items()
        if results.get(run) != "refused"
    ]
    undone = {one.after.get("undoes") for one in runs if one.action == "undo" and one.sure}
    return [one for one in reversed(runs) if one.action != "undo" and one.run not in undone]


def table(value: object) -> Json:
    """A field that should hold fields; none where it holds something else."""
    return dict(value) if isinstance(value, Mapping) else {}


def _done(run: str, record: Json, result: str) -> Done:
    who = table(record.get("who"))
    return Done(
        run=run,
        action=present_name(str(record.get("action", ""))),
        time=str(record.get("time", "")),
        user=str(who.get("sudo_user") or who.get("user") or "somebody"),
        words=str(record.get("words", "")),
        before=table(record.get("before")),
        after=table(record.get("after")),
        sure=result == "done",
    )
