"""The jobs pane: kubectl's status word, completions, and why a Job has failed or does not get on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edgetui.model.cache.store import ChangeSet, Store
from edgetui.model.kinds import kind_word
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.job import JOB, JobRow
from edgetui.model.kinds.node import NODE, NodeRow
from edgetui.model.kinds.pod import POD
from edgetui.model.panes.base import (
    BAD,
    CLUSTER,
    FINE,
    NAMESPACE,
    STATE,
    WATCH,
    Column,
    Pane,
    age_column,
    name_column,
    pair_sort,
    pair_text,
    state_column,
)
from edgetui.model.rollout.status import findings
from edgetui.model.text import duration, plural

Span = tuple[int, int]
"""Start and end of a Job (Unix s), 0 for not yet."""


def _seconds(value: Span, now: float) -> int | None:
    start, end = value
    return max(0, int(end or now) - start) if start else None


def _duration_text(value: Span, now: float) -> str:
    seconds = _seconds(value, now)
    return "-" if seconds is None else duration(seconds)


def _duration_sort(value: Span) -> float:
    """By duration; a Job that still runs is taken for the longest, one that has not begun for the shortest."""
    start, end = value
    return -1.0 if not start else float(end - start) if end else float("inf")


class Jobs(Pane):
    id = "jobs"
    title = "Jobs"
    kinds = (JOB,)
    needs = (JOB, POD, NODE)
    bad_word = "failed"
    columns = (
        CLUSTER,
        NAMESPACE,
        name_column(20),
        state_column(12, "STATUS"),
        Column(
            "completions", "COMPLETIONS", 11, 5, "right", 2, text=pair_text, sort=pair_sort, json=pair_text
        ),
        Column("failed", "FAILED", 6, 3, "right", 4),
        Column(
            "duration",
            "DURATION",
            8,
            5,
            "right",
            5,
            text=_duration_text,
            sort=_duration_sort,
            json=_seconds,
            moves=True,
        ),
        age_column(3),
        Column("reason", "REASON", 30, 12, priority=6, flex=True),
        Column("active", "ACTIVE", 6, 3, "right", 7),
        Column("owner", "CONTROLLED BY", 18, 10, priority=8, flex=True),
    )

    def judge(self, store: Store, kind: str, row: Row, now: float) -> tuple[int, str, tuple[Any, ...]]:
        assert isinstance(row, JobRow)
        severity, why = job_state(store, row)
        return (
            severity,
            row.status,
            (
                row.namespace,
                row.name,
                STATE,
                (row.succeeded, row.wanted),
                row.failed,
                (row.started, row.ended),
                row.created,
                why,
                row.active,
                f"{kind_word(row.owner_kind)}/{row.owner_name}" if row.owner_kind else "",
            ),
        )

    def affected(self, store: Store, change: ChangeSet) -> Iterator[tuple[str, str, str]]:
        yield from super().affected(store, change)
        owners = {pod.owner_uid for pod in store.carried_by(change.carriers)}
        for uid in change.owners | owners:
            found = store.owner(uid)
            if found is not None and found[0] == JOB:
                yield (JOB, found[1].namespace, found[1].name)
            for row in store.owned_by(uid):
                if isinstance(row, JobRow):
                    yield (JOB, row.namespace, row.name)


def job_state(store: Store, row: JobRow) -> tuple[int, str]:
    """Severity of a Job, and why: the reason that its controller gives, else what is wrong with its pods."""
    if row.status == "Failed":
        return (WATCH, f"a later Job completed; {row.why}") if _followed(store, row) else (BAD, row.why)
    if row.status == "Complete":
        return FINE, ""
    if row.why:
        return BAD, row.why
    if row.suspended:
        return WATCH, "suspended"
    nodes = (node for node in store.rows(NODE) if isinstance(node, NodeRow))
    for found, count in findings(store.pods_of(row.uid), nodes):
        return (BAD if found.hard else WATCH), f"{found.sentence} ({plural(count, 'pod')})"
    if row.failed:
        return WATCH, f"{row.failed} failed, backoffLimit {row.backoff_limit}"
    return (WATCH, "") if row.status == "Terminating" else (FINE, "")


def _followed(store: Store, row: JobRow) -> bool:
    """Whether a newer Job of the same owner has completed: the failure is over."""
    others = store.owned_by(row.owner_uid) if row.owner_uid else ()
    return any(
        isinstance(one, JobRow) and one.created > row.created and one.status == "Complete" for one in others
    )


PANE = Jobs()
