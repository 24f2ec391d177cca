"""Cancel a rollout that is half done: back to the template that served before, while there is one to cancel."""

from __future__ import annotations

from edgetui.actions import commandline
from edgetui.actions.change.precondition import in_words
from edgetui.actions.change.spec import Given, Spec
from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.messages import Refusal
from edgetui.actions.rollout import rollback
from edgetui.actions.rollout.pods import readable
from edgetui.actions.rollout.rollback import RollbackView
from edgetui.actions.rollout.stuck_pod import blocked_by, blocking, deletion_command, deletion_offer
from edgetui.actions.rollout.workload import Templated, WorkloadView, read_workload
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.statefulset import StatefulSetRow
from edgetui.model.rollout.revision import Revision
from edgetui.model.rollout.status import verdict


async def prepare(session: Session, ref: ObjectRef, log: AuditLog | None) -> RollbackView:
    """A roll-back to what served before. Raises Refusal when no rollout is under way, or nothing is known to serve."""
    seen = await read_workload(session, "cancel", ref)
    if seen.row.observed < seen.row.generation:
        raise Refusal(
            f"The controller of {seen.words} has not seen its last change yet.", "Try again in a second."
        )
    if why := not_under_way(seen.row):
        await _left_behind(session, seen)
        raise Refusal(
            f"No rollout of {seen.words} is in progress: {why}.",
            "To go back from a finished rollout, roll back: "
            + commandline.edgetui(session.target, "rollback", ref.key),
        )
    view = await rollback.of_workload(session, seen, log, "cancel")
    view.default()
    return view


async def _left_behind(session: Session, seen: WorkloadView) -> None:
    """Raise Refusal, with the offer to delete it, where a rollout that is over left a pod that holds the set up."""
    if not isinstance(seen.row, StatefulSetRow):
        return
    pods = blocking(await readable(session, seen.row.namespace, seen.selector), seen.row)
    if pods:
        raise Refusal(
            f"No rollout of {seen.words} is in progress, but {blocked_by(pods[0])}.",
            command := deletion_command(session, seen.row),
            offer=deletion_offer(pods[0], command),
        )


def not_under_way(row: Templated) -> str:
    """Why there is no rollout to cancel, in words; empty when there is one."""
    if isinstance(row, StatefulSetRow):
        same = row.update_revision == row.current_revision
        return f"all of it is at revision {row.current_revision}" if same else ""
    if isinstance(row, DeploymentRow):
        progressing = row.progressing
        if progressing is not None and progressing.reason == "NewReplicaSetAvailable":
            return "its last one is complete"
        return verdict(row).text if verdict(row).done else ""
    if row.updated < row.replicas:
        return ""
    return verdict(row).text if verdict(row).done else "every pod is of the new revision already"


def _served(view: RollbackView, given: Given) -> Revision:
    return view.default()


SPEC: Spec[RollbackView, Revision] = Spec(
    read=lambda aim: prepare(aim.session, aim.ref, aim.log),
    explain=rollback.explain,
    reads="the rollout of {object}",
    answer=_served,
    title=lambda view, revision: f"Cancel the rollout of {in_words(view.ref.key)}",
    change=rollback.change,
    outcome=rollback.outcome,
    back=rollback.back,
)
