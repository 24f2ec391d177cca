"""Before a guard rolls back, and after one was killed: what the server itself says, asked afresh."""

from __future__ import annotations

import msgspec

from edgetui.actions import commandline
from edgetui.actions.change.drivers import drivers_of
from edgetui.actions.change.precondition import in_words, read
from edgetui.actions.change.spec import Aim
from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.guard.check import Check, still_against
from edgetui.actions.guard.record import Open
from edgetui.actions.messages import Json, Refusal
from edgetui.actions.rollout import rollback
from edgetui.actions.rollout.revisions import history
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds import row_of
from edgetui.model.kinds.daemonset import DaemonSetRow
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.rollout import ROLLOUT
from edgetui.model.kinds.statefulset import StatefulSetRow
from edgetui.model.rollout.guard import State, Terms, go_back_to, template_of


class Found(msgspec.Struct, frozen=True):
    """What became of a roll-back without an answer: "arrived", "not arrived" or "replaced"."""

    result: str
    sentence: str


async def look_again(
    session: Session,
    ref: ObjectRef,
    s: State,
    terms: Terms,
    agreed: tuple[str, ...],
    now: float,
    log: AuditLog,
) -> Check:
    """Read object, revisions and pods. Raises Refusal when they do not say what the watched rows said."""
    key = ref.key
    if key.kind == ROLLOUT:
        from edgetui.actions.guard import argo  # of most guards nobody needs it

        return await argo.look_again(session, ref, s, terms, agreed, now, log)
    if driven := await drivers_of(session, key):
        raise Refusal(driven[0])
    view = await rollback.prepare(session, ref, log)
    there = await read(session, ref)
    row = row_of(key.kind, there)
    assert isinstance(row, DeploymentRow | StatefulSetRow | DaemonSetRow)
    template = template_of(key.kind, key.name, view.current.name) if view.current else ""
    if template != s.template or row.generation != view.generation:
        raise Refusal("its template has just changed.")
    owners = {ref.uid, *(one.uid for one in view.revisions)}
    against = await still_against(session, key.namespace, view.selector, owners, row, template, s, now)
    target = go_back_to(view.revisions, key.kind, key.name, s, agreed)
    if target is None:
        raise Refusal("none of its revisions is known to have worked.")
    return Check(rollback.SPEC, Aim(view.action, session, view.ref, log), view, target, target, against)


async def what_became(session: Session, ref: ObjectRef, missing: Open) -> Found:
    """Whether the roll-back of a guard that ended before its answer came is on the server."""
    key = ref.key
    template, aborted = await _template_now(session, ref)
    words = f"An earlier guard of {in_words(key)} ended while it rolled it back"
    if template == missing.target or (aborted and template == missing.template):
        return Found("arrived", f"{words}: the roll-back is on the server.")
    if template == missing.template:
        command = commandline.edgetui(session.target, "rollback", key)
        said = f"{words}: nothing was written. It is not repeated for this template. To do it: {command}"
        return Found("not arrived", said)
    return Found("replaced", f"{words}: another template has taken its place since.")


async def _template_now(session: Session, ref: ObjectRef) -> tuple[str, bool]:
    """The template of the object's spec, and whether the update of a Rollout is aborted."""
    key = ref.key
    if key.kind == ROLLOUT:
        from edgetui.actions.guard import argo

        return await argo.template_now(session, ref)
    there: Json = await read(session, ref)
    current = next((one for one in await history(session, key, there) if one.current), None)
    return (template_of(key.kind, key.name, current.name) if current else ""), False
