"""Plans of k0s autopilot (autopilot.k0sproject.io/v1beta2): controllers one by one, then workers.

Its types are pkg/apis/autopilot/v1beta2/types.go of k0s. There is one, named autopilot; it is not changed once it has
begun, but deleted and made anew.
"""

from __future__ import annotations

from collections.abc import Iterator

from edgetui.model.kinds.base import Kind
from edgetui.model.kinds.update import Stage, UpdateRow, facts, failures, names, on_disk
from edgetui.model.kinds.wire import Meta, Wire, labelled, shared
from edgetui.model.text import clean

AUTOPILOT_PLAN = "AutopilotPlan"
_DONE, _SENT, _PENDING = "SignalCompleted", "SignalSent", "SignalPending"
_STAGES = {
    "": Stage.UNSEEN,
    "Schedulable": Stage.RUNNING,
    "SchedulableWait": Stage.RUNNING,
    "Completed": Stage.COMPLETE,
}
_WHY = {
    "SignalMissingNode": "there is no such node",
    "SignalMissingPlatform": "the plan has nothing for its platform",
    "SignalApplyFailed": "the update could not be applied",
    "IncompleteTargets": "some of its targets do not exist",
    "Restricted": "it targets nodes that k0s was started to leave out of plans",
    "ApplyFailed": "the update could not be applied",
}


class WireUpdate(Wire):
    version: str | None = None


class WireCommand(Wire):
    k0supdate: WireUpdate | None = None
    airgapupdate: WireUpdate | None = None


class WireAutopilotSpec(Wire):
    commands: list[WireCommand] | None = None


class WireTarget(Wire):
    name: str | None = None
    state: str | None = None
    description: str | None = None


class WireTargets(Wire):
    controllers: list[WireTarget] | None = None
    workers: list[WireTarget] | None = None


class WireCommandStatus(Wire):
    description: str | None = None
    k0supdate: WireTargets | None = None
    airgapupdate: WireTargets | None = None


class WireAutopilotStatus(Wire):
    state: str | None = None
    commands: list[WireCommandStatus] | None = None


class WireAutopilotPlan(Wire):
    """A Plan as it arrives."""

    metadata: Meta | None = None
    spec: WireAutopilotSpec | None = None
    status: WireAutopilotStatus | None = None


class AutopilotPlanRow(UpdateRow):
    """A Plan of k0s. `done` are hosts that have completed all of its commands."""

    engine: str = "k0s"


def project(plan: WireAutopilotPlan) -> AutopilotPlanRow:
    """The row of a Plan."""
    spec, status = plan.spec or WireAutopilotSpec(), plan.status or WireAutopilotStatus()
    updates = [one.k0supdate or one.airgapupdate for one in spec.commands or ()]
    versions = [one.version for one in updates if one is not None and one.version]
    states: dict[str, list[WireTarget]] = {}
    for target in _targets(status):
        states.setdefault(target.name or "", []).append(target)
    states.pop("", None)
    phase = clean(status.state, 40)
    told = next((one.description for one in status.commands or () if one.description), None)
    return AutopilotPlanRow(
        **labelled(plan.metadata),
        target=shared(clean(versions[-1], 60)) if versions else "",
        stage=_STAGES.get(phase, Stage.FAILED),
        phase=phase,
        message=clean(told) or _WHY.get(phase, ""),
        done=sum(all(one.state == _DONE for one in of) for of in states.values()) if states else None,
        total=len(states) or None,
        running=names(name for name, of in states.items() if any(one.state == _SENT for one in of)),
        failed=failures(
            (name, one.description or _WHY.get(one.state or "", one.state))
            for name, of in states.items()
            for one in of
            if one.state not in (None, "", _DONE, _SENT, _PENDING)
        ),
    )


def _targets(status: WireAutopilotStatus) -> Iterator[WireTarget]:
    for command in status.commands or ():
        for update in (command.k0supdate, command.airgapupdate):
            if update is not None:
                yield from update.controllers or ()
                yield from update.workers or ()


KIND = Kind(
    name="Plan",
    alias=AUTOPILOT_PLAN,
    plural="plans",
    group="autopilot.k0sproject.io",
    version="v1beta2",
    namespaced=False,
    wire=WireAutopilotPlan,
    row=AutopilotPlanRow,
    project=project,
    snapshot=on_disk,
    facts=facts,
)
