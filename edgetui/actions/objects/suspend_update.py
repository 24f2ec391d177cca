"""Suspend an update by tuppr and let it go on: an annotation, with which its controller does nothing with the object.

It is what tuppr documents ("Suspending Upgrades" in its README). What has begun on a node is not stopped.
"""

from __future__ import annotations

from edgetui.actions.change.switch import Side, Switch, SwitchView
from edgetui.actions.session import Session
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.talosupgrade import SUSPEND
from edgetui.model.kinds.update import Stage, UpdateRow


def _ended(row: Row) -> str:
    if isinstance(row, UpdateRow) and row.stage is Stage.COMPLETE:
        return "is complete: there is nothing to suspend or to resume."
    return ""


def _warnings(session: Session, view: SwitchView, suspended: bool) -> list[str]:
    row = view.row
    assert isinstance(row, UpdateRow)
    if not suspended:
        return ["tuppr goes on with the next node, or with what it has begun."]
    return [f"What has begun on {', '.join(row.running)} is not stopped."] if row.running else []


SPEC = Switch(
    "suspend",
    true=Side("suspend-update", "Suspend update", "Suspending", "suspended"),
    false=Side("resume-update", "Resume update", "Resuming", "not suspended"),
    warns=_warnings,
    example="for example talosupgrade/talos",
    refuses=_ended,
    annotation=SUSPEND,
).spec
