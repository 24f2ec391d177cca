"""Argo Rollouts: promote, abort and retry, by merge patches of the status subresource as `kubectl argo rollouts` does.

The controller reads these fields of the status and acts at once (pkg/kubectl-argo-rollouts/cmd/{promote,abort,retry},
1.10). Its `metadata.generation` does not move by them, and it writes the same status often: what counts is the part
that a person has seen.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from edgetui.actions import commandline
from edgetui.actions.catalogue import needs
from edgetui.actions.change.change import Change, Spot, facts
from edgetui.actions.change.ending import Ending, ending_of, not_waited
from edgetui.actions.change.precondition import in_words, object_path, read
from edgetui.actions.change.spec import Aim, Spec, no_answer
from edgetui.actions.change.watch import Observation, poll
from edgetui.actions.gate.gate import Run, Write
from edgetui.actions.messages import Json, Refusal
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds import row_of
from edgetui.model.kinds.rollout import DEGRADED, HEALTHY, ROLLOUT, ArgoRolloutRow

PROMOTE, FULL, ABORT, RETRY = "promote", "promote-full", "abort", "rollout-retry"
_DONE = {
    PROMOTE: "promoted",
    FULL: "fully promoted",
    ABORT: "aborted",
    RETRY: "retried",
}
SILENT = ("Its controller has said nothing of it: Argo Rollouts may not run.",)
_DOING = {PROMOTE: "Promoting", FULL: "Promoting", ABORT: "Aborting", RETRY: "Retrying"}


class ArgoView(msgspec.Struct, frozen=True):
    """A Rollout as it is now. `status` is what the action writes into its status; empty where it is so already."""

    ref: ObjectRef
    action: str
    row: ArgoRolloutRow
    status: Json
    nothing: str = ""

    @property
    def words(self) -> str:
        """The object as a person says it."""
        return in_words(self.ref.key)

    @property
    def title(self) -> str:
        """The action in words."""
        verb = {FULL: "Fully promote", RETRY: "Retry"}.get(self.action, self.action.capitalize())
        return f"{verb} {self.words}"


async def look_at(session: Session, ref: ObjectRef) -> tuple[ObjectRef, ArgoRolloutRow, Json]:
    """A Rollout as it is now: with its uid and version, its row, and the whole object. Raises Refusal."""
    there = await read(session, ref)
    row = row_of(ref.key.kind, there)
    assert isinstance(row, ArgoRolloutRow)
    return ObjectRef(ref.key, row.uid, row.resource_version), row, there


async def _read(aim: Aim) -> ArgoView:
    """The Rollout, and what the action would write. Raises Refusal where the action makes no sense."""
    needs(aim.action, aim.ref.key.kind)
    ref, row, _ = await look_at(aim.session, aim.ref)
    view = ArgoView(ref, aim.action, row, {})
    status, nothing = _WRITES[aim.action](aim.session, view)
    return msgspec.structs.replace(view, status=status, nothing=nothing)


def _promote(session: Session, view: ArgoView) -> tuple[Json, str]:
    """Clears what pauses it; where nothing does, or its analysis was inconclusive, it goes on to the next step
    (getPatches in promote.go).
    """
    row = view.row
    _refuse_held(session, view)
    _refuse_aborted(session, view)
    if row.pauses and row.inconclusive and row.step is not None:
        step = min(row.step + 1, row.steps)
        return {"pauseConditions": None, "controllerPause": False, "currentStepIndex": step}, ""
    if row.pauses:
        return {"pauseConditions": None}, ""
    if row.promoted or row.step is None or row.step >= row.steps:
        return {}, f"{view.words} has no step or pause to go on from"
    return {"pauseConditions": None, "currentStepIndex": row.step + 1}, ""


def _full(session: Session, view: ArgoView) -> tuple[Json, str]:
    _refuse_held(session, view)
    _refuse_aborted(session, view)
    if view.row.promoted:
        return {}, f"{view.words} is fully promoted already"
    return {"promoteFull": True}, ""


def _abort(session: Session, view: ArgoView) -> tuple[Json, str]:
    if view.row.aborted:
        return {}, f"{view.words} is aborted already"
    if view.row.promoted:
        return {}, f"{view.words} has no update under way"
    return {"abort": True}, ""


def _retry(session: Session, view: ArgoView) -> tuple[Json, str]:
    return ({"abort": False}, "") if view.row.aborted else ({}, f"{view.words} is not aborted")


_WRITES = {PROMOTE: _promote, FULL: _full, ABORT: _abort, RETRY: _retry}


def _refuse_held(session: Session, view: ArgoView) -> None:
    if view.row.held:
        raise Refusal(
            f"{view.words.capitalize()} is paused by spec.paused: no promotion takes that away.",
            f"Resume it: {commandline.edgetui(session.target, 'rollout-resume', view.ref.key)}",
        )


def _refuse_aborted(session: Session, view: ArgoView) -> None:
    if view.row.aborted:
        raise Refusal(
            f"{view.words.capitalize()} is aborted: there is nothing to promote.",
            f"Retry it: {commandline.edgetui(session.target, RETRY, view.ref.key)}",
        )


def change(session: Session, view: ArgoView, answer: None) -> Change:
    """The fields of its status."""
    key, row = view.ref.key, view.row
    return Change(
        action=view.action,
        ref=view.ref,
        generation=row.generation,
        needs=needs(view.action, key.kind),
        title=f"{view.title} in {key.namespace} on {session.name}",
        facts=(*facts(session, view.ref), *told(row)),
        diff=tuple(
            f"+ status.{name}: {msgspec.json.encode(value).decode()}" for name, value in view.status.items()
        ),
        warnings=_meets(view),
        says=f"set {' and '.join(f'status.{name}' for name in view.status)} of {key.kind}/{key.name}",
        doing=f"{_DOING[view.action]} {view.words}",
        accepted=f"The server accepted it: {view.words} is to be {_DONE[view.action]}",
        write=partial(_write, view),
        applied=lambda there: _has(view, there),
        data={"phase": row.phase, "step": row.step, "steps": row.steps},
        spot=Spot(
            view.ref,
            row.generation,
            same=lambda there: _decisive(_row(there)) == _decisive(row),
            moves=False,
        ),
        nothing=f"{view.nothing}: nothing was written" if view.nothing else "",
    )


def told(row: ArgoRolloutRow) -> list[tuple[str, str]]:
    """What it is doing now, for a plan."""
    found = [("current", row.kubectl or "its controller has said nothing yet")]
    if row.progress:
        found.append(("step", row.progress))
    if row.weight is not None:
        found.append(("weight", f"{row.weight} %"))
    if row.analysis:
        found.append(("analysis", row.analysis))
    return found


def _meets(view: ArgoView) -> tuple[str, ...]:
    row = view.row
    found = [] if row.phase else [*SILENT]
    if view.action == FULL:
        found.append("All remaining steps, pauses and analyses are skipped.")
    if view.action == ABORT:
        found.append(
            "The stable revision takes all traffic; the template stays the new one until it is rolled back."
        )
    if view.action == PROMOTE and not row.pauses:
        found.append(f"It is not paused: this skips its present step ({row.doing or 'the last one'}).")
    if view.action == RETRY:
        found.append("It begins again with its first step.")
    return tuple(found)


def _write(view: ArgoView, version: str) -> Write:
    return Write(
        "PATCH",
        object_path(view.ref.key, "status"),
        {"metadata": {"resourceVersion": version}, "status": view.status},
        view.title.lower(),
        content_type="application/merge-patch+json",
        uid=view.ref.uid,
        before={"phase": view.row.phase, "step": view.row.step, "aborted": view.row.aborted},
        after=dict(view.status),
    )


def _row(there: Json) -> ArgoRolloutRow:
    row = row_of(ROLLOUT, there)
    assert isinstance(row, ArgoRolloutRow)
    return row


def _decisive(row: ArgoRolloutRow) -> tuple[Any, ...]:
    """What a person has decided on: another step, pause or revision is another question."""
    return row.step, row.pauses, row.aborted, row.newest, row.stable, row.held


def _has(view: ArgoView, there: Json) -> bool:
    """Whether the status shows what was written, or what came of it."""
    now, before = _row(there), view.row
    if view.action in (ABORT, RETRY):
        return now.aborted == (view.action == ABORT)
    return now.promoted or now.step != before.step or now.pauses != before.pauses


async def outcome(run: Run, view: ArgoView, answer: None, wait: float | None) -> Ending:
    """Until its controller has taken it up: the next step, the whole promotion, or the stable revision."""
    said = f"{view.words} is {_DONE[view.action]}"
    if wait is None:
        return not_waited(f"{said}:")

    async def judge() -> Observation:
        _, row, _ = await look_at(run.session, view.ref)
        if row.newest != view.row.newest:
            return Observation(False, True, "another template came meanwhile", final=True)
        return _observed(view, row)

    seen = await poll(run, judge, wait)
    run.step(seen.text, "done" if seen.reached else "failed")
    more: tuple[str, ...] = ()
    if view.action == ABORT and seen.reached:
        undo = commandline.edgetui(run.session.target, "rollout-undo", view.ref.key)
        more = (f"Its template is still the new one. To finish: {undo}",)
    ending = ending_of(seen, said if seen.reached else view.words)
    return msgspec.structs.replace(ending, lines=(*ending.lines, *more))


def _observed(view: ArgoView, row: ArgoRolloutRow) -> Observation:
    now = row.kubectl or "no phase yet"
    if view.action == ABORT:
        return Observation(row.aborted and row.phase == DEGRADED, False, now)
    if view.action == RETRY:
        return Observation(not row.aborted and row.phase != DEGRADED, False, now)
    if row.aborted or row.phase == DEGRADED:
        return Observation(False, True, now)
    if view.action == FULL:
        return Observation(row.promoted and row.phase == HEALTHY, False, now)
    went_on = (
        row.promoted or (row.step or 0) > (view.row.step or 0) or (view.row.step is None and not row.pauses)
    )
    return Observation(went_on and "unpause" not in row.message, False, now)


def _spec(final: str) -> Spec[ArgoView, None]:
    return Spec(
        read=_read,
        answer=no_answer,
        title=lambda view, answer: view.title,
        change=change,
        outcome=outcome,
        final=final,
        example="an Argo Rollout, for example ro/press",
    )


PROMOTE_SPEC = _spec("A promotion cannot be undone; abort goes back to the stable revision")
ABORT_SPEC = _spec("An abort is taken back by rollout-retry, which begins with the first step again")
RETRY_SPEC = _spec("A retry is taken back by abort")
