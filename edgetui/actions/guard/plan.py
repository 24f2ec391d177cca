"""What a person agrees to when a guard is set: what counts as proof, how long it must stand, where it goes back to."""

from __future__ import annotations

import asyncio

from edgetui.actions import commandline
from edgetui.actions.catalogue import needs
from edgetui.actions.change.drivers import driving
from edgetui.actions.change.owners import owner_lines
from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.guard.view import GuardView as GuardView
from edgetui.actions.messages import Plan, Refusal
from edgetui.actions.rollout import workload
from edgetui.actions.rollout.patches import images
from edgetui.actions.rollout.revisions import revisions_of
from edgetui.actions.rollout.workload import WorkloadView, slow_to_follow
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds.canary import CANARY, CanaryRow
from edgetui.model.kinds.rollout import ROLLOUT
from edgetui.model.kinds.wire import controller_of
from edgetui.model.rollout.guard import Terms, hasty, wrong
from edgetui.model.rollout.revision import suggestion
from edgetui.model.text import duration


async def read_guard(session: Session, ref: ObjectRef, log: AuditLog) -> GuardView:
    """Read the object and its revisions. Raises Refusal where Flagger or an Argo Rollout rolls it out."""
    if ref.key.kind == ROLLOUT:
        from edgetui.actions.guard import argo  # of most guards nobody needs it

        needs("guard", ROLLOUT)
        return await argo.read_guard(session, ref)
    there = await workload.read_workload(session, "guard", ref)
    await _refuse_driven(session, there)
    revisions, owners = await asyncio.gather(
        revisions_of(session, ref.key, there.there, log),
        owner_lines(session, ref.key, there.there["metadata"]),
    )
    current = next((one for one in revisions if one.current), None)
    return GuardView(
        there.ref,
        there.selector,
        current,
        suggestion(revisions)[0],
        owners=tuple(one.text for one in owners),
        notes=(*there.notes, *slow_to_follow(there.row)),
    )


async def _refuse_driven(session: Session, view: WorkloadView) -> None:
    """Raise Refusal where something else goes back by itself: a guard beside it would fight it."""
    key, owner = view.ref.key, controller_of(view.there)
    if owner is not None and owner.kind == CANARY:
        raise Refusal(
            f"Flagger made {view.words} for its Canary {owner.name}, and itself goes back to the template before when "
            "its checks fail: a guard would fight it.",
        )
    for one in await driving(session, key):
        if isinstance(one, CanaryRow):
            raise Refusal(
                f"Flagger drives {view.words} (Canary {one.name}: {one.words}), and itself goes back to the template "
                "before when its checks fail: a guard would fight it.",
            )
        rollout = ObjectKey(key.cluster, ROLLOUT, key.namespace, one.name)
        raise Refusal(
            f"Argo Rollout {one.name} runs the template of {view.words} in its own pods: its guard is what helps.",
            f"Guard that: {commandline.edgetui(session.target, 'guard', rollout)}",
        )


def plan_of(session: Session, view: GuardView, terms: Terms, *, on_screen: bool) -> Plan:
    """What the person agrees to. `on_screen` is whether the guard ends with a screen."""
    current, key = view.current, view.ref.key
    aborts = view.argo and not terms.undo
    then, warnings = _abort_words(view) if aborts else _target_words(view)
    if on_screen:
        warnings.append(
            "It ends with this screen and its SSH session. The command goes on without (docs/guard.md): "
            + commandline.edgetui(session.target, "guard", key)
            + (" --undo" if terms.undo else "")
        )
    does = "it aborts once per revision" if aborts else "it rolls back once per revision"
    late = "not ready" if view.argo else "no start"
    writes = "status.abort" if aborts else "the template that last worked"
    return Plan(
        action="guard",
        cluster=session.name,
        target=view.ref,
        title=f"Guard {view.words} in {key.namespace} on {key.cluster}",
        facts=(
            ("current", f"revision {current.number}, {images(current)}" if current else "not in its history"),
            *view.facts,
            ("aborts to" if aborts else "back to", then),
            (
                "when",
                f"its new pods fail for {duration(terms.patience)}, and none of them gets ready meanwhile",
            ),
            ("failure", f"a missing or refused image, a crash loop, {late} by the deadline"),
            ("ignored", "old data, a pull that times out, pods that are slow"),
            ("until", f"complete for {duration(terms.after)} without a failure; {does}"),
        ),
        warnings=(
            *warnings,
            *filter(None, [wrong(terms.patience) or hasty(terms.patience)]),
            *(() if aborts else view.owners),
            *view.notes,
        ),
        writes=(f"nothing now; then, without asking again, {writes}",),
    )


def _abort_words(view: GuardView) -> tuple[str, list[str]]:
    """What serves after an abort, and what it leaves."""
    stays = "An abort leaves the new template, for a retry; after a full promotion it stops nothing."
    running = view.current if view.current is not None and view.current.known_good else None
    stable = view.target or running
    if stable is None:
        return "nothing yet", [stays, f"No revision of {view.words} is stable yet: it aborts nothing before."]
    later = " once there is a newer one" if stable is running else ""
    return f"the stable revision, now {stable.number}, {images(stable)}{later}", [stays]


def _target_words(view: GuardView) -> tuple[str, list[str]]:
    """Where it goes back to, and what to warn of: it never goes to one that is not known to have worked."""
    current, target = view.current, view.target
    newer = f"revision {current.number} once there is a newer one" if current and current.known_good else ""
    if target is not None:
        return f"revision {target.number}, {images(target)}{f'; {newer}' if newer else ''}", []
    if newer:
        return newer, []
    return "nothing yet", [
        f"No revision of {view.words} is known to have worked: it rolls nothing back until it has seen one serve."
    ]
