"""Roll back: an earlier template, at the version that was shown, keeping every annotation added since.

What kubectl does (kubectl's polymorphichelpers/rollback.go), but to the last revision that worked, with a precondition
on the version, and without replacing the object's annotations by those of the revision.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from edgetui.actions.gate import Gate, Run, Write
from edgetui.actions.history import revisions_of, selector
from edgetui.actions.plan import Changed, Json, Plan, Receipt, Refusal
from edgetui.actions.pods import why_not_ready
from edgetui.actions.ports import Session
from edgetui.actions.registry import needs
from edgetui.actions.revert import cause_of, controller_patch, deployment_patch, images
from edgetui.actions.stuck import StuckPod
from edgetui.actions.watching import Judgement, Watched, Workload, watch
from edgetui.actions.writing import Intent, carry_out, in_words, object_path, read
from edgetui.cluster.discreet import Discreet
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds import row_of
from edgetui.model.kinds.daemonset import DaemonSetRow
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.replicaset import ReplicaSetRow
from edgetui.model.kinds.statefulset import StatefulSetRow
from edgetui.model.revision import Revision, last_known_good, suggestion, template_diff, template_equal
from edgetui.model.rollout import verdict

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class RollbackView(Discreet, frozen=True):
    """A workload and its revisions, newest first: what a person chooses from.

    `current` is the revision the spec stands at, None when its history is not there. `last_good` is another revision
    that is known to have worked, `suggested` that one or else merely the previous, `why` says which. `notes` are
    sentences that hold whatever is chosen.
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

    def warnings(self, revision: Revision) -> tuple[str, ...]:
        """What going to this revision would meet."""
        found = list(self.notes)
        if not revision.known_good:
            found.insert(0, f"Revision {revision.number} is not known to have worked.")
        return tuple(found)


async def prepare(session: Session, ref: ObjectRef) -> RollbackView:
    """Read the object and its revisions. Raises Refusal when there is nothing to go back to, or it is paused."""
    needs("rollback", ref.key.kind)
    there = await read(session, ref)
    row = row_of(ref.key.kind, there)
    assert isinstance(row, DeploymentRow | StatefulSetRow | DaemonSetRow)
    words = in_words(ref.key)
    if isinstance(row, DeploymentRow) and row.paused:
        named = words.replace(" ", "/")
        resume = f"kubectl --context {session.target.context} -n {row.namespace} rollout resume {named}"
        raise Refusal(
            f"{words.capitalize()} is paused: a new template would not roll out.", f"First: {resume}"
        )
    revisions = await revisions_of(session, ref.key, there)
    suggested, why = suggestion(revisions)
    if suggested is None:
        lack = (
            "keeps no history (revisionHistoryLimit 0)" if row.history_limit == 0 else "has no other revision"
        )
        raise Refusal(f"{words.capitalize()} {lack}: there is nothing to go back to.")
    return RollbackView(
        ref=ObjectRef(ref.key, row.uid, row.resource_version),
        generation=row.generation,
        revisions=tuple(revisions),
        current=next((one for one in revisions if one.current), None),
        last_good=last_known_good(revisions),
        suggested=suggested,
        why=why,
        notes=_notes(row, there),
        selector=selector(there["spec"].get("selector") or {}),
        template=there["spec"]["template"],
        annotated=bool(there["metadata"].get("annotations")),
    )


def diff(view: RollbackView, revision: Revision) -> list[str]:
    """What going to `revision` changes in the pod template; values of environment variables are masked."""
    return template_diff(view.template, revision.template)


async def perform(
    gate: Gate, session: Session, view: RollbackView, revision: Revision, *, wait: float | None
) -> Receipt:
    """Put the revision's template back and, for at most `wait` seconds (None: not at all), see it rolled out.

    Raises Refusal (or Changed, with the new view) when nothing was written, ApiError when the server refused.
    """
    key = view.ref.key
    rights = needs("rollback", key.kind)
    async with gate.run(session, "rollback", view.ref, rights, key.namespace, key.name) as run:
        if template_equal(view.template, revision.template):
            run.step(f"{in_words(key)} matches revision {revision.number} already: nothing to write", "info")
            return await _reach(run, view, revision, wait, written=0)

        async def changed() -> Exception:
            now = await prepare(session, view.ref)
            return Changed(f"The spec of {in_words(key)} was changed while you looked.", now)

        intent = Intent(
            view.ref,
            view.generation,
            write=partial(_write, view, revision),
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
    facts = [
        ("cluster", f"{session.name} ({session.target.server})"),
        ("object", f"{in_words(key)} in {key.namespace}"),
        ("now", now),
        ("then", f"{then} ({good})"),
    ]
    if revision.cause:
        facts.append(("change cause", revision.cause))
    return Plan(
        action="rollback",
        cluster=session.name,
        target=view.ref,
        title=f"Roll back {in_words(key)} in {key.namespace} on {session.name} to revision {revision.number}",
        facts=tuple(facts),
        diff=tuple(diff(view, revision)),
        warnings=view.warnings(revision),
        writes=(
            f"set the pod template of {key.kind}/{key.name} to that of revision {revision.number}, "
            f"if it is still at version {version}",
        ),
    )


def _write(view: RollbackView, revision: Revision, version: str) -> Write:
    key = view.ref.key
    deployment = key.kind == "Deployment"
    body: Any
    if deployment:
        body = deployment_patch(revision.template, cause_of(revision), version, annotated=view.annotated)
    else:
        body = controller_patch(revision.data, cause_of(revision), version)
    before: Json = {"generation": view.generation, "resourceVersion": version}
    if view.current:
        before |= {"revision": view.current.number, "images": list(view.current.images)}
    return Write(
        "PATCH",
        object_path(key),
        body,
        f"roll back {in_words(key)} to revision {revision.number}",
        content_type=f"application/{'json' if deployment else 'strategic-merge'}-patch+json",
        object_path=object_path(key),
        uid=view.ref.uid,
        before=before,
        after={"revision": revision.number, "images": list(revision.images)},
    )


async def _reach(
    run: Run, view: RollbackView, revision: Revision, wait: float | None, written: int = 1
) -> Receipt:
    if wait is None:
        return _receipt(view, revision, False, "The template was accepted; not waited for.", pending=True)
    stuck = StuckPod(run, view.selector)

    async def judge(row: Workload) -> Judgement:
        assert not isinstance(row, ReplicaSetRow)
        said = verdict(row)
        if not said.done and isinstance(row, StatefulSetRow) and await stuck.found(row):
            return Judgement(False, False, stuck.sentence, final=True)
        return Judgement(said.done, said.failed, said.text)

    seen = await watch(run, view.ref, view.generation + written, judge, wait)
    run.step(seen.text, "done" if seen.reached else "failed")
    why = ""
    if not seen.reached and not stuck.pod:
        why = await why_not_ready(run.session, view.ref.key.namespace, view.selector)
    return _told(view, revision, seen, stuck, why)


def _told(view: RollbackView, revision: Revision, seen: Watched, stuck: StuckPod, why: str) -> Receipt:
    words = in_words(view.ref.key)
    back = f"{words} is back at {images(revision)}"
    took = f"{seen.seconds:.1f} s"
    if seen.reached:
        manual = seen.row is not None and getattr(seen.row, "strategy", "") == "OnDelete"
        rest = "its pods follow when you delete them (updateStrategy OnDelete)" if manual else seen.text
        return _receipt(view, revision, True, f"{back} after {took}: {rest}.", seconds=seen.seconds)
    lines = [f"{words} has the template of revision {revision.number}, but after {took}: {seen.text}"]
    lines += [line for line in (why, stuck.next_step) if line]
    pending = not seen.failed
    return _receipt(view, revision, False, *lines, pending=pending, seconds=seen.seconds, stuck=stuck.pod)


def _applied(view: RollbackView, revision: Revision, there: Json) -> bool:
    moved = there["metadata"].get("generation", 0) > view.generation
    return moved and template_equal(there["spec"]["template"], revision.template)


def _unknown(view: RollbackView, revision: Revision, lost: Exception) -> Receipt:
    return _receipt(
        view,
        revision,
        False,
        f"It is unknown whether {in_words(view.ref.key)} will be rolled back: {lost}",
        "Its template is still the old one. The write may yet arrive: look again before you repeat it.",
        unknown=True,
    )


def _receipt(
    view: RollbackView,
    revision: Revision,
    ok: bool,
    *lines: str,
    pending: bool = False,
    unknown: bool = False,
    seconds: float | None = None,
    stuck: str = "",
) -> Receipt:
    data: Json = {
        "from": view.current.number if view.current else None,
        "to": revision.number,
        "images": list(revision.images),
        "unknown": unknown,
    }
    if seconds is not None:
        data["seconds"] = round(seconds, 1)
    if stuck:
        data["stuck_pod"] = stuck
    return Receipt("rollback", view.ref.key.cluster, view.ref, ok, lines, data, pending)


def _notes(row: DeploymentRow | StatefulSetRow | DaemonSetRow, there: Json) -> tuple[str, ...]:
    metadata = there["metadata"]
    notes = [f"{manager} manages it and may bring its own version back." for manager in row.managers]
    notes += [
        f"It belongs to {one['kind']} {one['name']}, whose controller may bring its own version back."
        for one in metadata.get("ownerReferences") or []
        if one.get("controller")
    ]
    if LAST_APPLIED in (metadata.get("annotations") or {}):
        notes.append("It was made with kubectl apply: applying the same file again undoes the roll-back.")
    if isinstance(row, StatefulSetRow) and row.partition:
        notes.append(
            f"Its partition is {row.partition}: pods below ordinal {row.partition} keep what they run."
        )
    if not isinstance(row, DeploymentRow) and row.strategy == "OnDelete":
        notes.append("Its update strategy is OnDelete: each pod keeps what it runs until you delete it.")
    return tuple(notes)
