"""Roll back: an earlier template, at the version that was shown, keeping every annotation added since.

What kubectl does (kubectl's polymorphichelpers/rollback.go), but to the last revision that worked, with a precondition
on the version, and without replacing the object's annotations by those of the revision.
"""

from __future__ import annotations

import asyncio
from functools import partial

from msgspec.structs import replace

from edgetui.actions import commandline
from edgetui.actions.catalogue import needs
from edgetui.actions.change import spec as specs
from edgetui.actions.change.change import Change, facts
from edgetui.actions.change.ending import Ending
from edgetui.actions.change.precondition import in_words, object_path
from edgetui.actions.change.spec import Aim, Argument, Given, Reversal, Spec, State
from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.gate.done import Done
from edgetui.actions.gate.gate import Gate, Run, Write
from edgetui.actions.messages import Json, Receipt, Refusal
from edgetui.actions.rollout.follow import Following, follow
from edgetui.actions.rollout.node_images import held_images
from edgetui.actions.rollout.patches import images, template_patch
from edgetui.actions.rollout.revisions import history, revisions_of
from edgetui.actions.rollout.stuck_pod import broken
from edgetui.actions.rollout.workload import (
    Templated,
    WorkloadView,
    read_workload,
    refuse_paused,
    slow_to_follow,
)
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds.pod import PodRow
from edgetui.model.kinds.statefulset import StatefulSetRow
from edgetui.model.pod.node_images import HeldImages
from edgetui.model.redacted import Discreet
from edgetui.model.rollout.revision import Revision, suggestion, template_diff, template_equal


class RollbackView(Discreet, frozen=True):
    """A workload and its revisions, newest first: what a person chooses from.

    `current` is the revision the spec stands at, None when its history is not there. `suggested` is another one that is
    known to have worked, None where none is; `why` says how that is known. `notes` are sentences that hold whatever is
    chosen. `action` is what the audit record and the dialogs call it, `command` the start of a command line that names
    a revision. `broken` are pods of a StatefulSet that it will not replace by itself. `metadata` is that of the object.
    """

    SHOWN = ("ref", "generation", "current", "suggested", "why")

    ref: ObjectRef
    generation: int
    revisions: tuple[Revision, ...]
    current: Revision | None
    suggested: Revision | None
    why: str
    notes: tuple[str, ...]
    selector: str
    template: Json
    held: HeldImages = HeldImages(())
    action: str = "rollback"
    command: str = ""
    broken: tuple[PodRow, ...] = ()
    row: Templated | None = None
    metadata: Json | None = None

    def revision(self, number: int) -> Revision:
        """The revision of that number; raises Refusal when the history has none."""
        for one in self.revisions:
            if one.number == number:
                return one
        there = ", ".join(str(one.number) for one in self.revisions)
        raise Refusal(
            f"{in_words(self.ref.key).capitalize()} has no revision {number}.",
            f"It has {there}; name one of them.",
        )

    def default(self) -> Revision:
        """The revision to go back to where none is named; raises Refusal, with all others, when none is known good."""
        if self.suggested is not None:
            return self.suggested
        words = in_words(self.ref.key)
        others = ", ".join(
            f"{one.number} ({images(one)}{'; edgetui has rolled back from it' if one.withdrawn else ''})"
            for one in self.revisions
            if not one.current
        )
        raise Refusal(
            f"No other revision of {words} is known to have worked, so none is taken: nothing was changed.",
            f"Roll back to one that you choose, of {others}: {self.command} R",
        )

    def held_on(self, revision: Revision) -> str:
        """On how many nodes the images of a revision are already: the others would have to pull them."""
        return self.held.words(revision.images)

    def warnings(self, revision: Revision) -> tuple[str, ...]:
        """What going to this revision would meet."""
        found = list(self.notes)
        if not revision.known_good:
            left = " edgetui has rolled back from it." if revision.withdrawn else ""
            found.insert(0, f"Revision {revision.number} is not known to have worked.{left}")
        found += [
            f"Pod {pod.name} ({pod.status}) will have to be deleted then: a StatefulSet with podManagementPolicy "
            "OrderedReady does not replace it by itself. edgetui offers that as the next step."
            for pod in self.broken
            if pod.template != revision.name
        ]
        return tuple(found)


async def prepare(
    session: Session, ref: ObjectRef, log: AuditLog | None, action: str = "rollback"
) -> RollbackView:
    """Read the object and its revisions, and in `log` what edgetui knows of them; None where nothing is to be chosen.

    Raises Refusal when there is nothing to go back to, or it is paused.
    """
    view = await of_workload(session, await read_workload(session, action, ref), log, action)
    return await explain(Aim(action, session, ref, log), view)


async def explain(aim: Aim, view: RollbackView) -> RollbackView:
    """Which nodes hold its images, and which pods will stay as they are."""
    row, session = view.row, aim.session
    waits = broken(session, row, view.selector) if isinstance(row, StatefulSetRow) else _none()
    held, stuck = await asyncio.gather(held_images(session), waits)
    return replace(view, held=held, broken=stuck)


async def _none() -> tuple[PodRow, ...]:
    return ()


async def of_workload(
    session: Session, view: WorkloadView, log: AuditLog | None, action: str = "rollback"
) -> RollbackView:
    """The revisions of a workload that was read. Raises Refusal as `prepare` does."""
    row, there, ref = view.row, view.there, view.ref
    refuse_paused(session, view, "a new template would not roll out")
    revisions = await (
        revisions_of(session, ref.key, there, log) if log else history(session, ref.key, there)
    )
    suggested, why = suggestion(revisions)
    if all(one.current for one in revisions):
        lack = (
            "keeps no history (revisionHistoryLimit 0)" if row.history_limit == 0 else "has no other revision"
        )
        raise Refusal(f"{view.words.capitalize()} {lack}: there is nothing to go back to.")
    return RollbackView(
        ref=view.ref,
        generation=row.generation,
        revisions=tuple(revisions),
        current=next((one for one in revisions if one.current), None),
        suggested=suggested,
        why=why,
        notes=(*view.notes, *slow_to_follow(row)),
        selector=view.selector,
        template=view.template,
        row=row,
        metadata=there["metadata"],
        action=action,
        command=f"{commandline.edgetui(session.target, 'rollback', ref.key)} --to-revision",
    )


def diff(view: RollbackView, revision: Revision) -> list[str]:
    """What going to `revision` changes in the pod template; values of environment variables are masked."""
    return template_diff(view.template, revision.template)


async def perform(
    gate: Gate,
    session: Session,
    view: RollbackView,
    revision: Revision,
    *,
    wait: float | None,
    about: Json | None = None,
) -> Receipt:
    """Put the revision's template back and, for at most `wait` seconds (None: not at all), see it rolled out.

    `about` says in the audit record why it was done, when no person has just asked for it.
    Raises Refusal (or Changed, with the new view) when nothing was written, ApiError when the server refused.
    """

    aim = Aim(view.action, session, view.ref, gate.audit)
    return await specs.perform(
        SPEC, gate, aim, view, revision, wait=wait, explained=specs.at_hand(view), about=about
    )


def change(session: Session, view: RollbackView, revision: Revision) -> Change:
    """The template as one change: what a person is asked to agree to, and what is written."""
    key, words = view.ref.key, in_words(view.ref.key)
    good = "known to have worked" if revision.known_good else "not known to have worked"
    cancels = view.action == "cancel"
    where = f"{words} in {key.namespace} on {session.name}"
    title = f"Cancel the rollout of {where}: back" if cancels else f"Roll back {where}"
    same = template_equal(view.template, revision.template)
    return Change(
        action=view.action,
        ref=view.ref,
        generation=view.generation,
        needs=needs(view.action, key.kind),
        title=f"{title} to revision {revision.number}",
        facts=(
            *facts(session, view.ref),
            (
                "current",
                f"revision {view.current.number}, {images(view.current)}"
                if view.current
                else "not in its history",
            ),
            ("new", f"revision {revision.number}, {images(revision)} ({good})"),
            ("image", view.held_on(revision)),
            *((("change cause", revision.cause),) if revision.cause else ()),
        ),
        diff=tuple(diff(view, revision)),
        warnings=view.warnings(revision),
        says=f"set the pod template of {key.kind}/{key.name} to that of revision {revision.number}",
        doing=f"Putting {words} back to revision {revision.number}",
        accepted=f"The server accepted the template of revision {revision.number}",
        write=partial(request, view, revision),
        applied=lambda there: template_equal(there["spec"]["template"], revision.template),
        data={
            "from": view.current.number if view.current else None,
            "to": revision.number,
            "images": list(revision.images),
        },
        known=view.metadata,
        nothing=f"{words} has the template of revision {revision.number} already: nothing was written"
        if same
        else "",
        yes=f"Back to revision {revision.number}" if cancels else "",
        no="Do nothing" if cancels else "Cancel",
    )


def request(view: RollbackView, revision: Revision, version: str) -> Write:
    """What is sent to put a revision back."""
    key = view.ref.key
    verb = "cancel the rollout, back with" if view.action == "cancel" else "roll back"
    before: Json = {"generation": view.generation, "resourceVersion": version}
    if view.current:
        before |= _recorded(view.current)
    return Write(
        "PATCH",
        object_path(key),
        template_patch(revision, version),
        f"{verb} {in_words(key)} to revision {revision.number}",
        content_type="application/strategic-merge-patch+json",
        uid=view.ref.uid,
        before=before,
        after=_recorded(revision),
    )


def _recorded(revision: Revision) -> Json:
    """A revision as the audit record has it; its number changes when it is rolled back to, its name never."""
    return {
        "revision": revision.number,
        "name": revision.name,
        "images": list(revision.images),
        "worked": revision.known_good,
    }


async def outcome(run: Run, view: RollbackView, revision: Revision, wait: float | None) -> Ending:
    """Whether the revision's template rolls out."""
    words = in_words(view.ref.key)
    following = Following(
        view.ref,
        view.generation + 1,
        view.selector,
        reached=f"{words} is back at {images(revision)}",
        accepted=f"{words} has the template of revision {revision.number}",
        holds=lambda there: template_equal(there["spec"]["template"], revision.template),
    )
    return await follow(run, following, wait)


async def _read(aim: Aim) -> RollbackView:
    seen = await read_workload(aim.session, aim.action, aim.ref)
    return await of_workload(aim.session, seen, aim.log, aim.action)


def _chosen(view: RollbackView, given: Given) -> Revision:
    number = given.get("to_revision")
    return view.default() if number is None else view.revision(number)


def _listed(view: RollbackView, given: Given) -> list[str]:
    """The revisions, with a mark at the one that is meant."""
    named = given.get("to_revision")
    chosen = view.suggested.number if named is None and view.suggested is not None else named
    lines = []
    for one in view.revisions:
        mark = ">" if one.number == chosen else " "
        words = "now" if one.current else "worked" if one.known_good else "withdrawn" if one.withdrawn else ""
        cause = f"  {one.cause}" if one.cause else ""
        lines.append(f"{mark} revision {one.number:<4} {', '.join(one.images)}  {words}{cause}".rstrip())
    return lines


async def back(aim: Aim, there: Json, done: Done) -> Reversal:
    """The template that stood there before, while its revision is kept."""
    session, ref = aim.session, aim.ref
    view = await prepare(session, ref, None)
    before, after = _named(view, done.before), _named(view, done.after)
    if before is None or after is None:
        raise Refusal(
            f"{in_words(ref.key).capitalize()} no longer keeps the revision that this needs: it cannot be undone.",
            f"Roll back to one that it keeps: {commandline.edgetui(session.target, 'rollback', ref.key)}",
        )
    before = replace(before, known_good=before.known_good or bool(done.before.get("worked")))
    left = template_equal(view.template, after.template)
    returned = template_equal(view.template, before.template)
    state = State.LEFT if left else State.BEFORE if returned else State.OTHER
    lines = (
        template_diff(view.template, before.template)
        if left
        else template_diff(after.template, view.template)
    )
    return Reversal(
        state,
        tuple(lines),
        f"at revision {before.number}, {images(before)}",
        partial(request, view, before),
        lambda found: template_equal(found["spec"]["template"], before.template),
        view.warnings(before),
        unproven="" if before.known_good else f"Revision {before.number} is not known to have worked.",
    )


def _named(view: RollbackView, recorded: Json) -> Revision | None:
    name = recorded.get("name")
    return next((one for one in view.revisions if name and one.name == name), None)


SPEC: Spec[RollbackView, Revision] = Spec(
    read=_read,
    explain=explain,
    reads="the revisions of {object}",
    answer=_chosen,
    title=lambda view, revision: f"Roll back {in_words(view.ref.key)} to revision {revision.number}",
    change=change,
    outcome=outcome,
    back=back,
    arguments=(
        Argument(
            "to_revision",
            "default: the last revision that is known to have worked",
            "R",
            ("--to-revision",),
            int,
        ),
    ),
    lists=_listed,
    dialog="edgetui.ui.screens.rollback:RollbackScreen",
)
