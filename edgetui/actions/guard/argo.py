"""A guard of an Argo Rollout: it aborts the update, or puts an earlier template back, as was agreed.

Both are the actions `abort` and `rollout-undo`. An abort changes nothing that a GitOps tool applies, and a retry takes
it back; after a full promotion there is nothing left to abort.
"""

from __future__ import annotations

from edgetui.actions import commandline
from edgetui.actions.change.owners import owner_lines
from edgetui.actions.change.spec import Aim
from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.guard.check import Check, still_against
from edgetui.actions.guard.view import GuardView
from edgetui.actions.messages import Refusal
from edgetui.actions.rollout import argo, argo_undo
from edgetui.actions.rollout.argo_undo import UndoView
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectRef
from edgetui.model.rollout.evidence import newest_template
from edgetui.model.rollout.guard import State, Terms, go_back_to, template_of
from edgetui.model.rollout.revision import Revision


async def read_guard(session: Session, ref: ObjectRef) -> GuardView:
    """Read the Rollout, its revisions, and who applies it."""
    view, metadata = await argo_undo.read_revisions(session, ref)
    owners = await owner_lines(session, view.ref.key, metadata)
    known = revisions(view)
    current = next((one for one in known if one.current), None)
    others = [one for one in known if one.known_good and not one.current]
    return GuardView(
        view.ref,
        view.selector,
        current,
        others[0] if others else None,
        owners=tuple(one.text for one in owners),
        facts=(("phase", view.row.kubectl or "none yet"),),
        argo=True,
        template_of=view.row.workload,
        notes=() if view.row.phase else argo.SILENT,
    )


def revisions(view: UndoView) -> list[Revision]:
    """Its revisions as a guard compares them: the stable one is known to have worked."""
    name = view.ref.key.name
    return [
        Revision(
            number=one.number,
            name=f"{name}-{one.hash}",
            uid=one.uid,
            images=(one.images,),
            cause="",
            created=0,
            current=one.current,
            known_good=one.stable,
            available=0,
            replicas=0,
            template=dict(one.template),
            annotations={},
        )
        for one in view.revisions
    ]


async def look_again(
    session: Session,
    ref: ObjectRef,
    s: State,
    terms: Terms,
    agreed: tuple[str, ...],
    now: float,
    log: AuditLog,
) -> Check:
    """Read the Rollout, its revisions and pods. Raises Refusal when they do not say what the watched rows said, or
    nothing is left to do.
    """
    view, _ = await argo_undo.read_revisions(session, ref)
    row, key, known = view.row, ref.key, revisions(view)
    if row.newest != s.template:
        raise Refusal("its template has just changed.")
    sets = {one.uid for one in known}
    newest = newest_template(row, (), ())
    against = await still_against(session, key.namespace, view.selector, sets, row, newest, s, now)
    if terms.undo:
        target = go_back_to(known, key.kind, key.name, s, agreed)
        if target is None:
            raise Refusal("none of its revisions is known to have worked.")
        aim = Aim("rollout-undo", session, view.ref, log)
        return Check(argo_undo.SPEC, aim, view, view.chosen(target.number), target, against)
    stable = next((one for one in known if one.known_good), None)
    if row.promoted or stable is None:
        undo = commandline.edgetui(session.target, "rollout-undo", key)
        why = "it is fully promoted" if row.promoted else "none of its revisions is stable"
        raise Refusal(f"{why}: an abort stops nothing. To roll it back: {undo}")
    aim = Aim(argo.ABORT, session, view.ref, log)
    return Check(argo.ABORT_SPEC, aim, await argo.ABORT_SPEC.read(aim), None, stable, against)


async def template_now(session: Session, ref: ObjectRef) -> tuple[str, bool]:
    """The hash of the template in its spec, and whether its update is aborted."""
    view, _ = await argo_undo.read_revisions(session, ref)
    current = next((one for one in revisions(view) if one.current), None)
    name = template_of(ref.key.kind, ref.key.name, current.name) if current else ""
    return name, view.row.aborted
