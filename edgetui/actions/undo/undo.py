"""Undo: take back what edgetui did last to an object, while that is still as edgetui left it.

What was done is read from the audit record, so it can be undone after a restart, and by a command what a key did.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec.structs import replace

from edgetui.actions.catalogue import ACTIONS, needs
from edgetui.actions.change import spec as specs
from edgetui.actions.change.change import Change, facts
from edgetui.actions.change.ending import Ending
from edgetui.actions.change.precondition import in_words, read
from edgetui.actions.change.spec import Aim, Reversal, Spec, State, no_answer, spec_of, way_back
from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.gate.done import Done, done_to
from edgetui.actions.gate.gate import Gate, Run, Write
from edgetui.actions.messages import Json, Receipt, Refusal
from edgetui.actions.objects.resource import EDIT, SCALE, Resource, find
from edgetui.actions.rollout.follow import Following, follow_change
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectRef
from edgetui.model.redacted import Discreet


class UndoView(Discreet, frozen=True):
    """An object, what edgetui did to it, and the way back.

    `kept` says what newer actions stay as they are, `passed` which of them somebody else has taken back already: then
    this is not what edgetui did last, and nobody agrees to it in advance.
    `other` is the resource of an object whose kind edgetui does not watch.
    """

    SHOWN = ("ref", "done", "way")

    ref: ObjectRef
    generation: int
    there: Json
    done: Done
    way: Reversal
    kept: tuple[str, ...]
    other: Resource | None = None
    passed: str = ""

    @property
    def unproven(self) -> str:
        """Why it takes a person to agree to it; empty where nothing speaks against it."""
        return " ".join(said for said in (self.passed, self.way.unproven) if said)


async def prepare(session: Session, ref: ObjectRef, log: AuditLog, other: Resource | None = None) -> UndoView:
    """Find what to undo. Raises Refusal, with the difference, when somebody changed the object since."""
    if other is None:
        needs("undo", ref.key.kind)
    there = await read(session, ref, other.path(ref.key.namespace, ref.key.name) if other else "")
    metadata = there["metadata"]
    shown = ObjectRef(ref.key, metadata["uid"], metadata["resourceVersion"])
    kept: list[str] = []
    passed = ""
    for done in await _done(log, shown):
        row = ACTIONS.get(done.action)
        if row is None or not row.undone:
            why = spec_of(row.id).final if row is not None and row.module else ""
            kept.append(f"{why or f'“{done.words}” cannot be undone'} ({done.when}).")
            continue
        try:
            aim = Aim(done.action, session, shown, log, other=other)
            way = await way_back(spec_of(done.action), aim, there, done)
        except (
            KeyError,
            TypeError,
            ValueError,
        ):  # another version of edgetui recorded it, or somebody else did
            kept.append(f"“{done.words}” cannot be undone: its record is not complete ({done.when}).")
            continue
        if way.state is State.SAME:
            kept.append(f"“{done.words}” ({done.when}) changed nothing that could be put back.")
            continue
        if way.state is State.LEFT:
            generation = metadata.get("generation", 0)
            return UndoView(shown, generation, there, done, way, tuple(kept), other, passed)
        if way.state is State.OTHER and done.sure:
            raise Refusal(
                f"{in_words(ref.key).capitalize()} is no longer as edgetui left it: somebody changed it after "
                f"“{done.words}” ({done.when}).",
                "Nothing was undone. Below is what was changed since; decide on that.",
                way.diff,
            )
        if not done.sure:
            kept.append(f"“{done.words}” ({done.when}) was never answered and is not there.")
        else:
            said = f"“{done.words}” ({done.when}) was taken back already, not by edgetui."
            kept.append(said)
            passed = passed or f"{said} This would take back what was done before it."
    raise Refusal(_nothing(ref, session.name, kept))


async def _done(log: AuditLog, ref: ObjectRef) -> Sequence[Done]:
    return done_to(await asyncio.to_thread(log.about, ref.uid))


def _nothing(ref: ObjectRef, cluster: str, kept: list[str]) -> str:
    space = f" in {ref.key.namespace}" if ref.key.namespace else ""
    where = f"{in_words(ref.key)}{space} on {cluster}"
    if kept:
        return f"Nothing on {where} can be undone. {kept[0]}"
    return f"edgetui has done nothing to {where} that could be undone."


async def perform(
    gate: Gate, session: Session, view: UndoView, log: AuditLog, *, wait: float | None
) -> Receipt:
    """Take it back and, for at most `wait` seconds (None: not at all), see it done.

    Raises Refusal (or Changed, with the new view) when nothing was written, ApiError when the server refused.
    """

    aim = Aim("undo", session, view.ref, log, other=view.other)
    return await specs.perform(SPEC, gate, aim, view, None, wait=wait)


def change(session: Session, view: UndoView, answer: None) -> Change:
    """What takes it back."""
    key, done, way = view.ref.key, view.done, view.way
    words = in_words(key)
    return Change(
        action="undo",
        ref=view.ref,
        generation=view.generation,
        needs=way.needs or (view.other.needs if view.other else needs(done.action, key.kind)),
        title=f"Undo on {session.name}: {done.words}",
        facts=(
            *facts(session, view.ref),
            ("done", f"{done.when} by {done.user}"),
            ("new", f"{words} is {way.then} again"),
        ),
        diff=way.diff,
        warnings=tuple(dict.fromkeys((*view.kept, *filter(None, [way.unproven]), *way.warnings))),
        unproven=view.unproven,
        says=f"put {key.kind}/{key.name} back {way.then}",
        doing=f"Putting {words} back {way.then}",
        accepted="The server accepted it",
        write=lambda version: _marked(way.write(version), done),
        applied=way.applied,
        data={"undoes": done.run, "action": done.action},
        spot=way.spot,
    )


def _marked(write: Write, done: Done) -> Write:
    """The write, with what it undoes in its audit record, so that the same is not undone twice."""
    return replace(write, words=f"undo: {done.words}", after={**write.after, "undoes": done.run})


async def outcome(run: Run, view: UndoView, answer: None, wait: float | None) -> Ending:
    """Until it is so again."""
    key, then = view.ref.key, view.way.then
    if view.way.ends is not None:
        return await view.way.ends(run, wait)
    words = in_words(key)
    following = Following(
        view.ref,
        view.generation + 1,
        "",
        reached=f"{words} is {then} again",
        accepted=f"{words} is put back {then}",
        holds=view.way.applied,
    )
    resumes = view.done.action == "pause"
    went = None
    if then != "paused":
        went = await follow_change(run, following, view.there, wait, resumes=resumes)
    return went or Ending(True, False, (f"{words} is {then} again.",), {})


async def _read(aim: Aim) -> UndoView:
    assert aim.log is not None
    return await prepare(aim.session, aim.ref, aim.log, aim.other)


SPEC: Spec[UndoView, None] = Spec(
    read=_read,
    reads="what edgetui did to {object}",
    answer=no_answer,
    title=lambda view, answer: f"Undo: {view.done.words}",
    change=change,
    outcome=outcome,
    example="for example deploy/press, sts/camera or pumps.example.com/main",
    resolve=lambda session, word: find(session, word, SCALE, EDIT),
)
