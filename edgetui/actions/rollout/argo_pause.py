"""Pause and resume an Argo Rollout by hand: its field spec.paused, as `kubectl argo rollouts pause` sets it."""

from __future__ import annotations

from edgetui.actions.change.switch import Side, Switch, SwitchView
from edgetui.actions.session import Session
from edgetui.model.kinds.rollout import ArgoRolloutRow


def _warnings(session: Session, view: SwitchView, paused: bool) -> list[str]:
    row = view.row
    assert isinstance(row, ArgoRolloutRow)
    if paused:
        return ["It stays at its present step; pods of either revision that end are replaced as before."]
    if row.pauses:
        return [f"Its controller holds it as well ({', '.join(row.pauses)}): it waits for a promotion then."]
    return []


SPEC = Switch(
    "paused",
    true=Side("rollout-pause", "Pause", "Pausing", "paused"),
    false=Side("rollout-resume", "Resume", "Resuming", "not paused"),
    warns=_warnings,
    example="an Argo Rollout, for example ro/press",
).spec
