"""After a new template: follow the rollout to its end, and say what came of it in the words of a receipt."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from edgetui.actions.change.ending import Ending
from edgetui.actions.change.precondition import read
from edgetui.actions.change.watch import Observation, Workload, watch
from edgetui.actions.gate.gate import Run
from edgetui.actions.messages import Json
from edgetui.actions.rollout.pods import why_not_ready
from edgetui.actions.rollout.revisions import selector
from edgetui.actions.rollout.stuck_pod import StuckPod
from edgetui.actions.rollout.workload import Templated
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.replicaset import ReplicaSetRow
from edgetui.model.kinds.statefulset import StatefulSetRow
from edgetui.model.rollout.status import proven, verdict

CHANGED = "it was changed again meanwhile, and that is what rolls out now"


class Following(msgspec.Struct, frozen=True):
    """A rollout to follow. `generation` is the one that the write made.

    `reached` says that the object is where it should be ("deployment press is back at app:1.0"), `accepted` only
    that it was told so ("deployment press has the template of revision 3"). `holds` tells whether an object still
    has what was written: what somebody does to it later is not our success, nor our failure.
    """

    ref: ObjectRef
    generation: int
    selector: str
    reached: str
    accepted: str
    holds: Callable[[Json], bool] = lambda there: True


async def follow_change(
    run: Run, what: Following, there: Json, wait: float | None, *, resumes: bool = False
) -> Ending | None:
    """Follow what a change of the object `there` leads to; None where that rolls nothing out.

    That is an object of another kind, and a paused Deployment that the change does not resume. What has the object's
    pods is read from it.
    """
    row = row_of(what.ref.key.kind, there) if what.ref.key.kind in KINDS else None
    if not isinstance(row, Templated) or (isinstance(row, DeploymentRow) and row.paused and not resumes):
        return None
    return await follow(run, replace(what, selector=selector(there["spec"].get("selector") or {})), wait)


async def follow(run: Run, what: Following, wait: float | None) -> Ending:
    """Watch for at most `wait` seconds; None: not at all."""
    if wait is None:
        return Ending(False, True, (f"{what.accepted}; not waited for.",), {})
    stuck = StuckPod(run, what.selector)
    ours = what.generation

    async def judge(row: Workload) -> Observation:
        nonlocal ours
        assert not isinstance(row, ReplicaSetRow)
        if row.generation > ours and not what.holds(await read(run.session, what.ref)):
            return Observation(False, True, CHANGED, final=True)
        ours = max(ours, row.generation)
        said = verdict(row)
        if not said.done and isinstance(row, StatefulSetRow) and await stuck.found(row):
            return Observation(False, False, stuck.sentence, final=True)
        return Observation(said.done, said.failed, said.text)

    seen = await watch(run, what.ref, what.generation, judge, wait)
    run.step(seen.text, "done" if seen.reached else "failed")
    took = f"{seen.seconds:.1f} s"
    data: Json = {"seconds": round(seen.seconds, 1)}
    if seen.reached:
        assert seen.row is not None and not isinstance(seen.row, ReplicaSetRow)
        manual = getattr(seen.row, "strategy", "") == "OnDelete"
        data["proven"] = proven(seen.row)
        rest = "its pods follow when you delete them (updateStrategy OnDelete)" if manual else seen.text
        return Ending(True, False, (f"{what.reached} after {took}: {rest.rstrip('.')}.",), data)
    lines = [f"{what.accepted}, but after {took}: {seen.text.rstrip('.')}."]
    if stuck.pod is not None:
        data["stuck_pod"] = stuck.pod.name
        lines.append(stuck.next_step)
        return Ending(False, True, tuple(lines), data, stuck.offer)
    if seen.text != CHANGED and (
        why := await why_not_ready(run.session, what.ref.key.namespace, what.selector)
    ):
        lines.append(why)
    return Ending(False, not seen.failed, tuple(lines), data)
