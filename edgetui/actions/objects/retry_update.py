"""Begin an update by tuppr again that has failed: an annotation, which its controller takes away when it begins.

It is what tuppr documents ("Retry a failed upgrade"); what it forgets then is handleResetAnnotation in its
internal/controller/{talosupgrade,kubernetesupgrade}/annotations.go.
"""

from __future__ import annotations

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
from edgetui.model.kinds.talosupgrade import RESET
from edgetui.model.kinds.update import Stage, UpdateRow


class RetryView(msgspec.Struct, frozen=True):
    """An update as it is now; `asked` is whether its annotation is there already."""

    ref: ObjectRef
    generation: int
    row: UpdateRow
    asked: bool

    @property
    def words(self) -> str:
        """The object as a person says it."""
        return in_words(self.ref.key)


async def _look(session: Session, ref: ObjectRef) -> RetryView:
    there = await read(session, ref)
    row, metadata = row_of(ref.key.kind, there), there["metadata"]
    assert isinstance(row, UpdateRow)
    known = ObjectRef(ref.key, metadata["uid"], metadata["resourceVersion"])
    return RetryView(known, metadata.get("generation", 0), row, _asked(there))


def _asked(there: Json) -> bool:
    return RESET in (there["metadata"].get("annotations") or {})


async def _read(aim: Aim) -> RetryView:
    """The update. Raises Refusal while it is suspended: tuppr would not look at the annotation."""
    needs(aim.action, aim.ref.key.kind)
    view = await _look(aim.session, aim.ref)
    if view.row.stage is Stage.PAUSED:
        raise Refusal(
            f"{view.words.capitalize()} is suspended: tuppr begins nothing with it.",
            f"Resume it: {commandline.edgetui(aim.session.target, 'resume-update', aim.ref.key)}",
        )
    return view


def change(session: Session, view: RetryView, answer: None) -> Change:
    """The annotation."""
    key, row = view.ref.key, view.row
    why = f"{view.words} has not failed ({row.phase or 'no phase yet'}): nothing was written"
    if row.stage is Stage.FAILED and view.asked:
        why = f"{view.words} is told to begin again already: nothing was written"
    return Change(
        action="retry-update",
        ref=view.ref,
        generation=view.generation,
        needs=needs("retry-update", key.kind),
        title=f"Retry {view.words} on {session.name}",
        facts=(
            *facts(session, view.ref),
            ("current", row.phase or "no phase yet"),
            *(("failed", f"{one.name}: {one.why}" if one.why else one.name) for one in row.failed[:3]),
            *((("said", row.message),) if row.message else ()),
        ),
        diff=(f'+ metadata.annotations.{RESET}: "true"',),
        warnings=(
            "It begins from scratch: tuppr forgets which nodes were done, which failed and which hooks ran.",
        ),
        says=f"set the annotation {RESET} of {key.kind}/{key.name}",
        doing=f"Retrying {view.words}",
        accepted=f"The server accepted it: {view.words} is told to begin again",
        write=lambda version: _write(view, version),
        applied=lambda there: _asked(there) or not _failed(view, there),
        data={"phase": row.phase},
        spot=Spot(view.ref, view.generation, same=lambda there: _failed(view, there), moves=False),
        nothing="" if row.stage is Stage.FAILED and not view.asked else why,
    )


def _failed(view: RetryView, there: Json) -> bool:
    row = row_of(view.ref.key.kind, there)
    return isinstance(row, UpdateRow) and row.stage is Stage.FAILED


def _write(view: RetryView, version: str) -> Write:
    return Write(
        "PATCH",
        object_path(view.ref.key),
        {"metadata": {"resourceVersion": version, "annotations": {RESET: "true"}}},
        f"retry {view.words}",
        content_type="application/merge-patch+json",
        uid=view.ref.uid,
        before={"phase": view.row.phase},
        after={"annotation": RESET},
    )


async def outcome(run: Run, view: RetryView, answer: None, wait: float | None) -> Ending:
    """Until tuppr has taken the annotation away and begun."""
    said = f"{view.words} begins again"
    if wait is None:
        return not_waited(f"{said}:")

    async def judge() -> Observation:
        now = await _look(run.session, view.ref)
        told = f"{now.row.phase or 'no phase yet'}{', its annotation is there still' if now.asked else ''}"
        return Observation(not now.asked and now.row.stage is not Stage.FAILED, False, told)

    seen = await poll(run, judge, wait)
    run.step(seen.text, "done" if seen.reached else "failed")
    return ending_of(seen, said if seen.reached else view.words)


SPEC: Spec[RetryView, None] = Spec(
    read=_read,
    answer=no_answer,
    title=lambda view, answer: f"Retry {view.words}",
    change=change,
    outcome=outcome,
    final="A retry cannot be undone; suspend-update holds it before the next node",
    example="for example talosupgrade/talos",
)
