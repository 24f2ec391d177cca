"""The cronjobs pane: schedules, whether they are suspended, and how the last Job ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from edgetui.model.cache.store import ChangeSet, Store
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.cronjob import CRON_JOB, CronJobRow
from edgetui.model.kinds.job import JOB, JobRow
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
    state_column,
)


class CronJobs(Pane):
    id = "cronjobs"
    title = "CronJobs"
    kinds = (CRON_JOB,)
    needs = (CRON_JOB, JOB)
    misses = (JOB,)
    bad_word = "failing"
    columns = (
        CLUSTER,
        NAMESPACE,
        name_column(18),
        state_column(16),
        Column("schedule", "SCHEDULE", 14, 9, priority=2),
        Column("active", "ACTIVE", 6, 3, "right", 4),
        age_column(3, "LAST", "last_schedule"),
        replace(age_column(5, "SUCCESS", "last_success"), width=7, min_width=7),
        age_column(6),
        Column("reason", "REASON", 30, 12, priority=7, flex=True),
        Column("time_zone", "TIMEZONE", 14, 8, priority=8),
    )

    def judge(self, store: Store, kind: str, row: Row, now: float) -> tuple[int, str, tuple[Any, ...]]:
        assert isinstance(row, CronJobRow)
        severity, words, why = cron_job_state(store, row)
        return (
            severity,
            words,
            (
                row.namespace,
                row.name,
                STATE,
                row.schedule,
                row.active,
                row.scheduled,
                row.succeeded,
                row.created,
                why,
                row.time_zone,
            ),
        )

    def affected(self, store: Store, change: ChangeSet) -> Iterator[tuple[str, str, str]]:
        yield from super().affected(store, change)
        for uid in change.owners:
            found = store.owner(uid)
            if found is not None and found[0] == CRON_JOB:
                yield (CRON_JOB, found[1].namespace, found[1].name)


def cron_job_state(store: Store, row: CronJobRow) -> tuple[int, str, str]:
    """Severity, state and reason of a CronJob: that of its newest Job that has ended counts."""
    jobs = [one for one in store.owned_by(row.uid) if isinstance(one, JobRow) and one.ended]
    last = max(jobs, key=lambda one: (one.created, one.name), default=None)
    if row.suspended:
        return WATCH, "Suspended", ""
    if last is not None and last.status == "Failed":
        return BAD, "last Job failed", f"{last.name}: {last.why}"
    if row.active:
        return FINE, "active", ""
    return (FINE, "idle", "") if row.scheduled else (FINE, "not scheduled yet", "")


PANE = CronJobs()
