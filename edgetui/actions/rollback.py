"""Roll back: an earlier template, at the version that was shown, keeping every annotation added since.

What kubectl does (kubectl's polymorphichelpers/rollback.go), but to the last revision that worked, with a precondition
on the version, and without replacing the object's annotations by those of the revision.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from edgetui.actions.ending import after_write
from edgetui.actions.gate import Gate, Run, Write
from edgetui.actions.history import revisions_of
from edgetui.actions.nodes import held_images
from edgetui.actions.plan import Changed, Json, Offer, Plan, Receipt, Refusal
from edgetui.actions.ports import Session
from edgetui.actions.registry import needs
from edgetui.actions.revert import cause_of, controller_patch, deployment_patch, images
from edgetui.actions.rollingout import Following, follow
from edgetui.actions.workload import facts, look, refuse_paused, slow_to_follow
from edgetui.actions.writing import Intent, carry_out, in_words, object_path
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.discreet import Discreet
from edgetui.model.heldimages import HeldImages
from edgetui.model.identity import ObjectRef
from edgetui.model.revision import Revision, last_known_good, suggestion, template_diff, template_equal


class RollbackView(Discreet, frozen=True):
    """A workload and its revisions, newest first: what a person chooses from.

    `current` is the revision the spec stands at, None when its history is not there. `last_good` is another revision
    that is known to have worked, `suggested` that one or else merely the previous, `why` says which. `notes` are
    sentences that hold whatever is chosen. `action` is what the audit record and the dialogs call it.
    """

    SHOWN = ("ref", "generation", "current", "last_good", "why")

    ref: ObjectRef
    generation: int
    revisions: tuple[Revision, ...]
    current: Revision | None
    last_good: Revision | None
    suggested: Revision
    why: str
    notes: tuple[str, ...]
    selector: str
    template: Json
    annotated: bool = True
    held: HeldImages = HeldImages(())
    action: str = "rollback"

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

    def held_on(self, revision: Revision) -> str:
        """On how many nodes the images of a revision are already: the others would have to pull them."""
        return self.held.words(revision.images)

    def warnings(self, revision: Revision) -> tuple[str, ...]:
        """What going to this revision would meet."""
        found = list(self.notes)
        if not revision.known_good:
            found.insert(0, f"Revision {revision.number} is not known to have worked.")
        return tuple(found)


async def prepare(session: Session, ref: ObjectRef, action: str = "rollback") -> RollbackView:
    """Read the object and its revisions. Raises Refusal when there is nothing to go back to, or it is paused."""
    view = await look(session, action, ref)
    row, there = view.row, view.there
    refuse_paused(row, view.words, "a new template would not roll out")
    revisions, held = await asyncio.gather(revisions_of(session, ref.key, there), held_images(session))
    suggested, why = suggestion(revisions)
    if suggested is None:
        lack = (
            "keeps no history (revisionHistoryLimit 0)" if row.history_limit == 0 else "has no other revision"
        )
        raise Refusal(f"{view.words.capitalize()} {lack}: there is nothing to go back to.")
    return RollbackView(
        ref=view.ref,
        generation=row.generation,
        revisions=tuple(revisions),
        current=next((one for one in revisions if one.current), None),
        last_good=last_known_good(revisions),
        suggested=suggested,
        why=why,
        notes=(*view.notes, *slow_to_follow(row)),
        selector=view.selector,
        template=view.template,
        annotated=bool(there["metadata"].get("annotations")),
        held=held,
        action=action,
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
    key = view.ref.key
    rights = needs(view.action, key.kind)
    async with gate.run(session, view.action, view.ref, rights, key.namespace, key.name, about) as run:
        if template_equal(view.template, revision.template):
            run.step(f"{in_words(key)} matches revision {revision.number} already: nothing to write", "info")
            return await _reach(run, view, revision, wait, written=0)

        async def changed() -> Exception:
            now = await prepare(session, view.ref, view.action)
            return Changed(f"The spec of {in_words(key)} was changed while you looked.", now)

        intent = Intent(
            view.ref,
            view.generation,
            write=partial(request, view, revision),
            plan=partial(plan, session, view, revision),
            doing=f"Putting {in_words(key)} back to revision {revision.number}",
            applied=partial(_applied, view, revision),
            changed=changed,
        )
        if lost := await carry_out(run, intent, wait):
            return await run.finish(_unknown(view, revision, lost))
        run.step(f"The server accepted the template of revision {revision.number}", "done")
        return await run.finish(await _reach(run, view, revision, wait))


def plan(session: Session, view: RollbackView, revision: Revision, version: str) -> Plan:
    """What a person is asked to agree to."""
    key = view.ref.key
    now = f"revision {view.current.number}, {images(view.current)}" if view.current else "not in its history"
    then = f"revision {revision.number}, {images(revision)}"
    good = "known to have worked" if revision.known_good else "not known to have worked"
    told = [
        *facts(session, view.ref),
        ("now", now),
        ("then", f"{then} ({good})"),
        ("image", view.held_on(revision)),
    ]
    if revision.cause:
        told.append(("change cause", revision.cause))
    cancels = view.action == "cancel"
    where = f"{in_words(key)} in {key.namespace} on {session.name}"
    title = f"Cancel the rollout of {where}: back" if cancels else f"Roll back {where}"
    return Plan(
        action=view.action,
        cluster=session.name,
        target=view.ref,
        title=f"{title} to revision {revision.number}",
        facts=tuple(told),
        diff=tuple(diff(view, revision)),
        warnings=view.warnings(revision),
        writes=(
            f"set the pod template of {key.kind}/{key.name} to that of revision {revision.number}, "
            f"if it is still at version {version}",
        ),
        yes=f"Back to revision {revision.number}" if cancels else "",
        no="Do nothing" if cancels else "Cancel",
    )


def request(view: RollbackView, revision: Revision, version: str) -> Write:
    """What is sent to put a revision back."""
    key = view.ref.key
    deployment = key.kind == "Deployment"
    verb = "cancel the rollout, back with" if view.action == "cancel" else "roll back"
    body: Any
    if deployment:
        body = deployment_patch(revision.template, cause_of(revision), version, annotated=view.annotated)
    else:
        body = controller_patch(revision.data, cause_of(revision), version)
    before: Json = {"generation": view.generation, "resourceVersion": version}
    if view.current:
        before |= _recorded(view.current)
    return Write(
        "PATCH",
        object_path(key),
        body,
        f"{verb} {in_words(key)} to revision {revision.number}",
        content_type=f"application/{'json' if deployment else 'strategic-merge'}-patch+json",
        object_path=object_path(key),
        uid=view.ref.uid,
        before=before,
        after=_recorded(revision),
    )


def _recorded(revision: Revision) -> Json:
    """A revision as the audit record has it; its number changes when it is rolled back to, its name never."""
    return {"revision": revision.number, "name": revision.name, "images": list(revision.images)}


async def _reach(
    run: Run, view: RollbackView, revision: Revision, wait: float | None, written: int = 1
) -> Receipt:
    words = in_words(view.ref.key)
    following = Following(
        view.ref,
        view.generation + written,
        view.selector,
        reached=f"{words} is back at {images(revision)}",
        accepted=f"{words} has the template of revision {revision.number}",
        holds=lambda there: template_equal(there["spec"]["template"], revision.template),
    )
    ending = await after_write(follow(run, following, wait), following.accepted)
    return _receipt(
        view, revision, ending.ok, *ending.lines, pending=ending.pending, offer=ending.offer, more=ending.data
    )


def _applied(view: RollbackView, revision: Revision, there: Json) -> bool:
    moved = there["metadata"].get("generation", 0) > view.generation
    return moved and template_equal(there["spec"]["template"], revision.template)


def _unknown(view: RollbackView, revision: Revision, lost: EdgetuiError) -> Receipt:
    return _receipt(
        view,
        revision,
        False,
        f"It may have arrived: {in_words(view.ref.key)} back to revision {revision.number}. {lost.sentence}",
        lost.next_step,
        unknown=True,
    )


def _receipt(
    view: RollbackView,
    revision: Revision,
    ok: bool,
    *lines: str,
    pending: bool = False,
    unknown: bool = False,
    offer: Offer | None = None,
    more: Json | None = None,
) -> Receipt:
    data: Json = {
        "from": view.current.number if view.current else None,
        "to": revision.number,
        "images": list(revision.images),
        "unknown": unknown,
        **(more or {}),
    }
    return Receipt(view.action, view.ref.key.cluster, view.ref, ok, lines, data, pending, offer)
