"""What a person agrees to when a guard is set: what counts as proof, how long it must stand, where it goes back to."""

from __future__ import annotations

import msgspec

from edgetui.actions import commandline
from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.messages import Plan
from edgetui.actions.rollout.patches import images
from edgetui.actions.rollout.revisions import revisions_of
from edgetui.actions.rollout.workload import look, slow_to_follow
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectRef
from edgetui.model.rollout.guard import Terms, hasty, template_of, wrong
from edgetui.model.rollout.revision import Revision, suggestion
from edgetui.model.text import duration


class GuardView(msgspec.Struct, frozen=True):
    """The object as it was read, the terms and the plan. `agreed` are the templates it names, the best first.

    `selector` finds what the object owns.
    """

    ref: ObjectRef
    terms: Terms
    plan: Plan
    agreed: tuple[str, ...]
    selector: str


async def prepare(
    session: Session, ref: ObjectRef, terms: Terms, log: AuditLog, *, on_screen: bool
) -> GuardView:
    """Read the object and its revisions. `on_screen` is whether the guard ends with a screen."""
    key = ref.key
    view = await look(session, "guard", ref)
    revisions = await revisions_of(session, key, view.there, log)
    current = next((one for one in revisions if one.current), None)
    target, _ = suggestion(revisions)
    then, warnings = _target_words(view.words, current, target)
    if on_screen:
        warnings.append(
            "It ends with this screen and its SSH session. The command goes on without (docs/guard.md): "
            + commandline.edgetui(session.target, "guard", key)
        )
    plan = Plan(
        action="guard",
        cluster=session.name,
        target=view.ref,
        title=f"Guard {view.where}",
        facts=(
            ("now", f"revision {current.number}, {images(current)}" if current else "not in its history"),
            ("back to", then),
            (
                "when",
                f"its new pods fail for {duration(terms.patience)}, and none of them gets ready meanwhile",
            ),
            ("proof", "a missing or refused image, a crash loop, no start by the deadline"),
            ("no proof", "old data, a pull that times out, pods that are slow"),
            ("until", f"complete for {duration(terms.after)} without proof; it fires once for a template"),
        ),
        warnings=(
            *warnings,
            *filter(None, [wrong(terms.patience) or hasty(terms.patience)]),
            *view.notes,
            *slow_to_follow(view.row),
        ),
        writes=("nothing now; then, without asking again, the template that last worked",),
    )
    running = current if current is not None and current.known_good else None
    agreed = [template_of(key.kind, key.name, one.name) for one in (running, target) if one is not None]
    return GuardView(view.ref, terms, plan, tuple(agreed), view.selector)


def _target_words(words: str, current: Revision | None, target: Revision | None) -> tuple[str, list[str]]:
    """Where it goes back to, and what to warn of: it never goes to one that is not known to have worked."""
    newer = f"revision {current.number} once there is a newer one" if current and current.known_good else ""
    if target is not None:
        return f"revision {target.number}, {images(target)}{f'; {newer}' if newer else ''}", []
    if newer:
        return newer, []
    return "nothing yet", [
        f"No revision of {words} is known to have worked: it rolls nothing back until it has seen one serve."
    ]
