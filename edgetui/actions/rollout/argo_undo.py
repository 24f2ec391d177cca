"""Roll back an Argo Rollout: the template of an earlier revision in its spec, as `kubectl argo rollouts undo` puts it.

Its revisions are the ReplicaSets that it controls. A custom resource knows no strategic merge patch, so what is sent is
the merge patch (RFC 7386) that makes the one template of the other, at the version that was shown. Where the template
is that of another object (workloadRef), that is what is rolled back.
"""

from __future__ import annotations

from functools import partial

from edgetui.actions import commandline
from edgetui.actions.catalogue import needs
from edgetui.actions.change.change import Change, facts
from edgetui.actions.change.ending import Ending, ending_of, not_waited
from edgetui.actions.change.precondition import in_words, object_path, read
from edgetui.actions.change.spec import Aim, Argument, Given, Reversal, Spec, State
from edgetui.actions.change.watch import Observation, poll
from edgetui.actions.gate.done import Done
from edgetui.actions.gate.gate import Run, Write
from edgetui.actions.messages import Json, Refusal
from edgetui.actions.reading import items
from edgetui.actions.rollout.argo import look_at, told
from edgetui.actions.rollout.revisions import selector
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.deployment import DEPLOYMENT
from edgetui.model.kinds.replicaset import REPLICA_SET
from edgetui.model.kinds.rollout import DEGRADED, HEALTHY, PAUSED, REVISION, TEMPLATE_HASH, ArgoRolloutRow
from edgetui.model.kinds.wire import controller_of
from edgetui.model.merging import patch_between
from edgetui.model.redacted import Discreet
from edgetui.model.rollout.revision import template_diff, template_equal


class ArgoRevision(Discreet, frozen=True):
    """One ReplicaSet of a Rollout: its revision, template hash and template, without the label that is its own.

    `stable` is whether it is the one that serves, `current` whether the spec has its template.
    """

    SHOWN = ("number", "name", "stable", "current")

    number: int
    name: str
    uid: str
    hash: str
    template: Json
    stable: bool
    current: bool

    @property
    def images(self) -> str:
        """Its images in words."""
        spec = self.template.get("spec") or {}
        return ", ".join(str(one.get("image", "")) for one in spec.get("containers") or ()) or "no image"


class UndoView(Discreet, frozen=True):
    """A Rollout and its revisions, newest first. `selector` finds its pods and ReplicaSets."""

    SHOWN = ("ref", "revisions")

    ref: ObjectRef
    row: ArgoRolloutRow
    template: Json
    revisions: tuple[ArgoRevision, ...]
    command: str
    selector: str

    @property
    def words(self) -> str:
        """The object as a person says it."""
        return in_words(self.ref.key)

    @property
    def kept(self) -> Json:
        """The template of the spec as its ReplicaSet has it, so that both sides of a difference have the defaults."""
        return next((one.template for one in self.revisions if one.current), self.template)

    @property
    def now(self) -> str:
        """The revision that the spec has the template of, in words."""
        found = next((one for one in self.revisions if one.current), None)
        return f"revision {found.number}, {found.images}" if found is not None else "not in its history"

    def chosen(self, number: int | None) -> ArgoRevision:
        """The revision of a number; without one the stable revision, or where that runs, the one before.

        Raises Refusal where there is none.
        """
        others = [one for one in self.revisions if not one.current]
        if number is not None:
            found = next((one for one in self.revisions if one.number == number), None)
            there = ", ".join(str(one.number) for one in self.revisions)
            if found is None:
                raise Refusal(
                    f"{self.words.capitalize()} has no revision {number}.",
                    f"It has {there}; name one of them.",
                )
            return found
        if not others:
            raise Refusal(f"{self.words.capitalize()} has no other revision: there is nothing to go back to.")
        return next((one for one in others if one.stable), others[0])


async def _read(aim: Aim) -> UndoView:
    """The Rollout and its revisions. Raises Refusal where its template is another object's."""
    session, key = aim.session, aim.ref.key
    needs(aim.action, key.kind)
    view, _ = await read_revisions(session, aim.ref)
    if view.row.workload:
        kind, _, name = view.row.workload.partition(" ")
        target = ObjectKey(key.cluster, kind, key.namespace, name)
        back = "Change that template back to what worked."
        if kind == DEPLOYMENT.lower():
            back = f"Roll that back: {commandline.edgetui(session.target, 'rollback', target)}"
        raise Refusal(
            f"The template of {view.words} is that of {view.row.workload} (workloadRef): it is changed there, and "
            f"{view.words} rolls it out in its own steps.",
            back,
        )
    return view


async def read_revisions(session: Session, ref: ObjectRef) -> tuple[UndoView, Json]:
    """The Rollout with its revisions, whoever has its template, and its metadata."""
    ref, row, there = await look_at(session, ref)
    key, spec = ref.key, there.get("spec") or {}
    chosen = selector(spec.get("selector") or await _of_workload(session, key, row))
    found = await session.api.read(KINDS[REPLICA_SET].path(key.namespace), query={"labelSelector": chosen})
    template = spec.get("template") or {}
    command = f"{commandline.edgetui(session.target, 'rollout-undo', key)} --to-revision"
    view = UndoView(ref, row, template, revisions(row, template, items(found)), command, chosen)
    return view, there["metadata"]


async def _of_workload(session: Session, key: ObjectKey, row: ArgoRolloutRow) -> Json:
    """The selector of a Rollout that leaves it to the Deployment which has its template."""
    kind, _, name = row.workload.partition(" ")
    if kind != DEPLOYMENT.lower():
        return {}
    there = await read(session, ObjectRef(ObjectKey(key.cluster, DEPLOYMENT, key.namespace, name), "", ""))
    found: Json = (there.get("spec") or {}).get("selector") or {}
    return found


def revisions(row: ArgoRolloutRow, template: Json, sets: list[Json]) -> tuple[ArgoRevision, ...]:
    """Those that its ReplicaSets keep, newest first."""
    found = []
    for one in sets:
        metadata = one["metadata"]
        number = (metadata.get("annotations") or {}).get(REVISION, "")
        owner = controller_of(one)
        if owner is None or owner.uid != row.uid or not (number.isascii() and number.isdigit()):
            continue
        kept = _plain((one.get("spec") or {}).get("template") or {})
        hash_ = (metadata.get("labels") or {}).get(TEMPLATE_HASH, "")
        # A ReplicaSet has the API's defaults in its template, which a custom resource has not.
        current = template_equal(kept, template) or (
            row.observed >= row.generation and hash_ == row.newest != ""
        )
        found.append(
            ArgoRevision(
                int(number),
                metadata["name"],
                metadata.get("uid", ""),
                hash_,
                kept,
                hash_ == row.stable != "",
                current,
            )
        )
    return tuple(sorted(found, key=lambda one: -one.number))


def _plain(template: Json) -> Json:
    """A template of a ReplicaSet as the spec of its Rollout had it: without the label that names it."""
    metadata = dict(template.get("metadata") or {})
    labels = {name: value for name, value in (metadata.get("labels") or {}).items() if name != TEMPLATE_HASH}
    return {**template, "metadata": {**metadata, "labels": labels}}


def change(session: Session, view: UndoView, revision: ArgoRevision) -> Change:
    """The template of that revision."""
    key, row = view.ref.key, view.row
    known = " (stable)" if revision.stable else ""
    return Change(
        action="rollout-undo",
        ref=view.ref,
        generation=row.generation,
        needs=needs("rollout-undo", key.kind),
        title=f"Roll back {view.words} in {key.namespace} on {session.name} to revision {revision.number}",
        facts=(
            *facts(session, view.ref),
            *told(row),
            ("template", view.now),
            ("new", f"revision {revision.number}, {revision.images}{known}"),
        ),
        diff=tuple(template_diff(view.kept, revision.template)),
        warnings=_meets(view, revision),
        says=f"set the pod template of {key.kind}/{key.name} to that of revision {revision.number}",
        doing=f"Putting {view.words} back to revision {revision.number}",
        accepted=f"The server accepted the template of revision {revision.number}",
        write=partial(_write, view, revision),
        applied=lambda there: template_equal(there["spec"].get("template") or {}, revision.template),
        data={"to": revision.number, "images": revision.images},
        nothing=f"{view.words} has the template of revision {revision.number} already: nothing was written"
        if revision.current
        else "",
    )


def _meets(view: UndoView, revision: ArgoRevision) -> tuple[str, ...]:
    if revision.stable:
        return ("It is the stable revision: Argo Rollouts goes back to it without steps.",)
    return (f"Revision {revision.number} is not the stable one: it is rolled out in all its steps again.",)


def _write(view: UndoView, revision: ArgoRevision, version: str) -> Write:
    current = next((one for one in view.revisions if one.current), None)
    before = {"hash": current.hash, "revision": current.number} if current is not None else {}
    return Write(
        "PATCH",
        object_path(view.ref.key),
        {
            "metadata": {"resourceVersion": version},
            "spec": {"template": patch_between(view.template, revision.template)},
        },
        f"roll back {view.words} to revision {revision.number}",
        content_type="application/merge-patch+json",
        uid=view.ref.uid,
        before={**before, "resourceVersion": version},
        after={"hash": revision.hash, "revision": revision.number},
    )


async def outcome(run: Run, view: UndoView, revision: ArgoRevision, wait: float | None) -> Ending:
    """Until it serves, or waits at a pause step as its own strategy has it."""
    said = f"{view.words} is back at revision {revision.number}, {revision.images}"
    if wait is None:
        return not_waited(f"The template of revision {revision.number}:")

    async def judge() -> Observation:
        _, row, there = await look_at(run.session, view.ref)
        if not template_equal(there["spec"].get("template") or {}, revision.template):
            return Observation(False, True, "another template came meanwhile", final=True)
        seen = row.observed >= row.generation and row.newest == revision.hash
        if seen and row.phase == PAUSED:
            return Observation(False, False, f"{row.kubectl}, step {row.step} of {row.steps}", final=True)
        return Observation(
            seen and row.phase == HEALTHY and row.promoted,
            seen and row.phase == DEGRADED,
            row.kubectl or "no phase yet",
        )

    seen = await poll(run, judge, wait)
    run.step(seen.text, "done" if seen.reached else "failed")
    return ending_of(seen, said if seen.reached else view.words)


async def back(aim: Aim, there: Json, done: Done) -> Reversal:
    """The template that stood there before, while its ReplicaSet is kept."""
    view = await _read(aim)
    known = {one.hash: one for one in view.revisions}
    before, after = known.get(done.before.get("hash", "")), known.get(done.after["hash"])
    if before is None or after is None:
        raise Refusal(
            f"{view.words.capitalize()} no longer keeps the revision that this needs: it cannot be undone."
        )
    state = State.LEFT if after.current else State.BEFORE if before.current else State.OTHER
    lines = template_diff(after.template, before.template if after.current else view.kept)
    return Reversal(
        state,
        tuple(lines),
        f"at revision {before.number}, {before.images}",
        partial(_write, view, before),
        lambda found: template_equal(found["spec"].get("template") or {}, before.template),
        _meets(view, before),
        ends=lambda run, wait: outcome(run, view, before, wait),
        unproven=""
        if before.stable
        else f"Revision {before.number} is not known to have worked: it is not stable.",
    )


def _chosen(view: UndoView, given: Given) -> ArgoRevision:
    return view.chosen(given.get("to_revision"))


def _listed(view: UndoView, given: Given) -> list[str]:
    marks = [("now" if one.current else "", "stable" if one.stable else "") for one in view.revisions]
    return [
        f"  revision {one.number:<4} {one.images}  {' '.join(filter(None, mark))}".rstrip()
        for one, mark in zip(view.revisions, marks, strict=True)
    ]


SPEC: Spec[UndoView, ArgoRevision] = Spec(
    read=_read,
    reads="the revisions of {object}",
    answer=_chosen,
    title=lambda view, revision: f"Roll back {view.words} to revision {revision.number}",
    change=change,
    outcome=outcome,
    back=back,
    arguments=(
        Argument(
            "to_revision", "default: the stable revision, or the one before it", "R", ("--to-revision",), int
        ),
    ),
    lists=_listed,
    example="an Argo Rollout, for example ro/press",
)
