"""What a person agrees to when a guard is set: what counts as proof, how long it must stand, where it goes back to."""

from __future__ import annotations

import asyncio

import msgspec

from edgetui.actions import commandline
from edgetui.actions.change.owners import owner_lines
from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.messages import Plan
from edgetui.actions.rollout import workload
from edgetui.actions.rollout.patches import images
from edgetui.actions.rollout.revisions import revisions_of
from edgetui.actions.rollout.workload import WorkloadView, slow_to_follow
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectRef
from edgetui.model.rollout.guard import Terms, hasty, template_of, wrong
from edgetui.model.rollout.revision import Revision, suggestion
from edgetui.model.text import duration


class GuardView(msgspec.Struct, frozen=True):
    """The object and its revisions as they were read. `target` is the one that would be rolled back to now.

    `owners` are sentences about who would revert that.
    """

    there: WorkloadView
    current: Revision | None
    target: Revision | None
    owners: tuple[str, ...] = ()

    @property
    def ref(self) -> ObjectRef:
        """The object, with its uid and version."""
        return self.there.ref

    @property
    def selector(self) -> str:
        """What finds the object's pods and ReplicaSets."""
        return self.there.selector

    @property
    def agreed(self) -> tuple[str, ...]:
        """The templates that its plan names, the best first."""
        key = self.ref.key
        running = self.current if self.current is not None and self.current.known_good else None
        named = (one for one in (running, self.target) if one is not None)
        return tuple(template_of(key.kind, key.name, one.name) for one in named)


async def read_guard(session: Session, ref: ObjectRef, log: AuditLog) -> GuardView:
    """Read the object and its revisions."""
    there = await workload.read_workload(session, "guard", ref)
    revisions, owners = await asyncio.gather(
        revisions_of(session, ref.key, there.there, log),
        owner_lines(session, ref.key, there.there["metadata"]),
    )
    current = next((one for one in revisions if one.current), None)
    return GuardView(there, current, suggestion(revisions)[0], tuple(one.text for one in owners))


def plan_of(session: Session, view: GuardView, terms: Terms, *, on_screen: bool) -> Plan:
    """What the person agrees to. `on_screen` is whether the guard ends with a screen."""
    there, current = view.there, view.current
    then, warnings = _target_words(there.words, current, view.target)
    if on_screen:
        warnings.append(
            "It ends with this screen and its SSH session. The command goes on without (docs/guard.md): "
            + commandline.edgetui(session.target, "guard", view.ref.key)
        )
    return Plan(
        action="guard",
        cluster=session.name,
        target=view.ref,
        title=f"Guard {there.where}",
        facts=(
            ("current", f"revision {current.number}, {images(current)}" if current else "not in its history"),
            ("back to", then),
            (
                "when",
                f"its new pods fail for {duration(terms.patience)}, and none of them gets ready meanwhile",
            ),
            ("failure", "a missing or refused image, a crash loop, no start by the deadline"),
            ("ignored", "old data, a pull that times out, pods that are slow"),
            (
                "until",
                f"complete for {duration(terms.after)} without a failure; it rolls back once per revision",
            ),
        ),
        warnings=(
            *warnings,
            *filter(None, [wrong(terms.patience) or hasty(terms.patience)]),
            *view.owners,
            *there.notes,
            *slow_to_follow(there.row),
        ),
        writes=("nothing now; then, without asking again, the template that last worked",),
    )


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
