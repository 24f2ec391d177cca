"""Pause and resume a Deployment: while it is paused a new template waits, and what runs stays as it is."""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from edgetui.actions import commandline
from edgetui.actions.catalogue import needs
from edgetui.actions.change import spec as specs
from edgetui.actions.change.change import Change, facts
from edgetui.actions.change.ending import Ending
from edgetui.actions.change.precondition import object_path
from edgetui.actions.change.spec import Aim, SetBack, Spec
from edgetui.actions.change.watch import Observation, Workload, watch
from edgetui.actions.gate.gate import Gate, Run, Write
from edgetui.actions.messages import Json, Receipt
from edgetui.actions.rollout.follow import Following, follow
from edgetui.actions.rollout.revisions import history
from edgetui.actions.rollout.workload import WorkloadView, read_workload
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.redacted import Discreet
from edgetui.model.rollout.revision import template_diff, template_equal
from edgetui.model.rollout.status import verdict
from edgetui.model.text import plural

Which = Literal["pause", "resume"]
_DONE = {"pause": "paused", "resume": "resumed"}


class PauseView(Discreet, frozen=True):
    """A Deployment that is to be paused or resumed. `waiting` is what a resume will roll out, as a difference."""

    SHOWN = ("which", "seen")

    which: Which
    seen: WorkloadView
    waiting: tuple[str, ...] = ()

    @property
    def row(self) -> DeploymentRow:
        """Its row."""
        assert isinstance(self.seen.row, DeploymentRow)
        return self.seen.row


async def prepare(session: Session, ref: ObjectRef, which: Which | None = None) -> PauseView:
    """Look at the Deployment; without `which` it is the one that changes something."""
    seen = await read_workload(session, which or "pause", ref)
    assert isinstance(seen.row, DeploymentRow)
    view = PauseView(which or ("resume" if seen.row.paused else "pause"), seen)
    return await explain(Aim(view.which, session, ref), view)


async def read(aim: Aim) -> PauseView:
    """The Deployment, and which of both is meant: for a key it is the one that changes something."""
    seen = await read_workload(aim.session, aim.action, aim.ref)
    assert isinstance(seen.row, DeploymentRow)
    if aim.on_screen:
        return PauseView("resume" if seen.row.paused else "pause", seen)
    return PauseView("resume" if aim.action == "resume" else "pause", seen)


async def explain(aim: Aim, view: PauseView) -> PauseView:
    """What waits in a paused Deployment."""
    if view.which != "resume" or not view.row.paused:
        return view
    revisions = await history(aim.session, view.seen.ref.key, view.seen.there)
    serving = max((one for one in revisions if one.available), key=lambda one: one.available, default=None)
    return replace(
        view, waiting=tuple(template_diff(serving.template, view.seen.template)) if serving else ()
    )


async def perform(gate: Gate, session: Session, view: PauseView, *, wait: float | None) -> Receipt:
    """Do it; a resume is followed until what waited has rolled out.

    Raises Refusal (or Changed, with the new view) when nothing was written, ApiError when the server refused.
    """
    aim = Aim(view.which, session, view.seen.ref, gate.audit)
    return await specs.perform(
        SPEC, gate, aim, view, view.which == "pause", wait=wait, explained=specs.at_hand(view)
    )


def change(session: Session, view: PauseView, paused: bool) -> Change:
    """The one field."""
    view = _meant(view, paused)
    seen, row = view.seen, view.row
    pausing = view.which == "pause"
    said = [*facts(session, seen.ref), ("current", verdict(row).text)]
    return Change(
        action=view.which,
        ref=seen.ref,
        generation=row.generation,
        needs=needs(view.which, seen.ref.key.kind),
        title=f"{view.which.capitalize()} {seen.where}",
        facts=tuple(said),
        diff=(f"- paused: {_word(not pausing)}", f"+ paused: {_word(pausing)}", *view.waiting),
        warnings=(*_meets(view), *seen.notes),
        says=f"set spec.paused of Deployment/{row.name} to {_word(pausing)}",
        doing=f"{'Pausing' if pausing else 'Resuming'} {seen.words}",
        accepted=f"The server accepted it: {seen.words} is {_DONE[view.which]}",
        write=lambda version: pause_write(seen.ref, pausing, version, seen.words),
        applied=lambda there: bool(there["spec"].get("paused")) == pausing,
        data={"from": {"paused": row.paused}, "to": {"paused": pausing}},
        known=seen.there["metadata"],
        nothing=f"{seen.words} {'is paused already' if pausing else 'is not paused'}: nothing was written"
        if row.paused == pausing
        else "",
    )


def pause_write(ref: ObjectRef, paused: bool, version: str, words: str) -> Write:
    """The request that pauses or resumes."""
    return Write(
        "PATCH",
        object_path(ref.key),
        {"metadata": {"resourceVersion": version}, "spec": {"paused": paused}},
        f"{'pause' if paused else 'resume'} {words}",
        content_type="application/merge-patch+json",
        uid=ref.uid,
        before={"paused": not paused, "resourceVersion": version},
        after={"paused": paused},
    )


def _meets(view: PauseView) -> tuple[str, ...]:
    row = view.row
    if view.which == "resume":
        return () if view.waiting else ("Nothing waits: its template is the one that runs.",)
    found = ["While it is paused a new template does not roll out, and no deadline is judged."]
    old = row.current - row.updated
    if not verdict(row).done and old > 0:
        found.append(
            f"Its rollout stays half done: {plural(row.updated, 'new pod')} beside {plural(old, 'old one')}."
        )
    return tuple(found)


async def _paused(run: Run, view: PauseView, wait: float | None) -> Ending:
    words = view.seen.words
    if wait is None:
        return Ending(False, True, (f"{words} is told to pause; not waited for.",), {})

    async def judge(row: Workload) -> Observation:
        assert isinstance(row, DeploymentRow)
        if not row.paused:
            return Observation(False, True, "someone else has resumed it", final=True)
        seen = row.observed >= row.generation
        return Observation(seen, False, "paused" if seen else "not seen by its controller yet")

    watched = await watch(run, view.seen.ref, view.row.generation + 1, judge, wait)
    data: Json = {"seconds": round(watched.seconds, 1)}
    if not watched.reached:
        return Ending(False, not watched.failed, (f"{words} is told to pause, but: {watched.text}.",), data)
    run.step(watched.text, "done")
    command = commandline.edgetui(run.session.target, "resume", view.seen.ref.key)
    line = f"{words} is paused: new templates wait until it is resumed. To resume it: {command}"
    return Ending(True, False, (line,), data)


async def _resumed(run: Run, view: PauseView, wait: float | None) -> Ending:
    seen = view.seen
    following = Following(
        seen.ref,
        view.row.generation + 1,
        seen.selector,
        reached=f"{seen.words} is resumed and rolled out",
        accepted=f"{seen.words} is resumed",
        holds=lambda there: (
            not there["spec"].get("paused") and template_equal(there["spec"]["template"], seen.template)
        ),
    )
    return await follow(run, following, wait)


def _word(paused: bool) -> str:
    return "true" if paused else "false"


async def outcome(run: Run, view: PauseView, paused: bool, wait: float | None) -> Ending:
    """A resume is followed until what waited has rolled out."""
    return await (_paused if paused else _resumed)(run, _meant(view, paused), wait)


def _meant(view: PauseView, paused: bool) -> PauseView:
    return replace(view, which="pause" if paused else "resume")


SPEC: Spec[PauseView, bool] = Spec(
    read=read,
    explain=explain,
    answer=lambda view, given: view.which == "pause",
    title=lambda view, paused: f"{_meant(view, paused).which.capitalize()} {view.seen.words}",
    change=change,
    outcome=outcome,
    back=SetBack(
        now=lambda view, after: {"paused": view.row.paused},
        answer=lambda view, before: bool(before["paused"]),
        then=lambda view, before: "paused" if before["paused"] else "resumed",
    ),
    example="a Deployment, for example deploy/press",
)
