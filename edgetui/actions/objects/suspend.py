"""Suspend a Job or a CronJob and let it go on: one field, spec.suspend, that its controller reads."""

from __future__ import annotations

from edgetui.actions.change.switch import Side, Switch, SwitchView
from edgetui.actions.session import Session
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.cronjob import CronJobRow
from edgetui.model.kinds.job import JobRow
from edgetui.model.text import plural


def _ended(row: Row) -> str:
    if isinstance(row, JobRow) and row.ended:
        return "has ended: there is nothing to suspend or to resume."
    return ""


def _warnings(session: Session, view: SwitchView, suspended: bool) -> list[str]:
    row = view.row
    if isinstance(row, JobRow):
        if suspended and row.active:
            return [f"Its {plural(row.active, 'active pod')} will be deleted; resuming creates new ones."]
        return [] if suspended else ["Its pods are created, and its active deadline starts anew."]
    assert isinstance(row, CronJobRow)
    if suspended:
        return ["Jobs that it has created go on; a run that falls due meanwhile is missed."]
    if row.starting_deadline is None:
        return ["It has no startingDeadlineSeconds: the last run that was missed starts at once."]
    return []


SPEC = Switch(
    "suspend",
    true=Side("suspend", "Suspend", "Suspending", "suspended"),
    false=Side("unsuspend", "Resume", "Resuming", "not suspended"),
    warns=_warnings,
    example="for example cj/night or job/import",
    refuses=_ended,
).spec
