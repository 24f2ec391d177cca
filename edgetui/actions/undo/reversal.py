"""The way back from each action: how the object is by now, and the write that takes the action back.

An action that can be undone has one function and one line in `REVERSALS`; it needs nothing but the object and what
the audit record kept of the action.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import Enum
from functools import partial
from typing import Any

from msgspec.structs import replace

from edgetui.actions import commandline
from edgetui.actions.change.change import Spot
from edgetui.actions.change.ending import Ending, ending_of, not_waited
from edgetui.actions.change.precondition import in_words
from edgetui.actions.gate.done import Done
from edgetui.actions.gate.gate import Run, Write
from edgetui.actions.messages import Json, Refusal
from edgetui.actions.rollout import rollback
from edgetui.actions.rollout.patches import images
from edgetui.actions.rollout.pause import pause_write
from edgetui.actions.rollout.set_image import Container, difference, image_of, image_write
from edgetui.actions.rollout.workload import Templated
from edgetui.actions.scaling import hpa_bounds, keda, resize_pod, scale
from edgetui.actions.scaling.scale_subresource import Scalable, reach
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds import row_of
from edgetui.model.pod.resize import change, given
from edgetui.model.redacted import Discreet
from edgetui.model.rollout.revision import Revision, template_diff, template_equal
from edgetui.model.rollout.status import proven
from edgetui.model.text import plural


class State(Enum):
    """How the object is now: as edgetui left it, as it was before, or neither."""

    LEFT = "left"
    BEFORE = "before"
    OTHER = "other"


class Reversal(Discreet, frozen=True):
    """How one action is taken back.

    `diff` is what undoing changes, or what somebody changed since where `state` is OTHER. `write` makes the request
    at a resourceVersion, `applied` tells whether an object carries it, `then` says where it ends: "at 3 replicas".
    `spot` is what is written to where that is another object, `ends` sees what comes of it where no rollout does.
    `unproven` says of where it leads that it is not known to have worked.
    """

    SHOWN = ("state", "then")

    state: State
    diff: tuple[str, ...]
    then: str
    write: Callable[[str], Write]
    applied: Callable[[Json], bool]
    warnings: tuple[str, ...] = ()
    spot: Spot | None = None
    ends: Callable[[Run, float | None], Awaitable[Ending]] | None = None
    unproven: str = ""


Way = Callable[[Session, ObjectRef, Json, Done], Awaitable[Reversal]]


async def _scale(session: Session, ref: ObjectRef, there: Json, done: Done) -> Reversal:
    return _number(await scale.prepare(session, ref), done)


async def of_other(session: Session, ref: ObjectRef, other: Scalable, done: Done) -> Reversal:
    """The way back for an object whose kind edgetui does not watch: all it can have done is to scale it."""
    view = await scale.prepare_other(session, ref, other)
    way = _number(view, done)
    before = int(done.before["replicas"])

    async def ends(run: Run, wait: float | None) -> Ending:
        words = in_words(ref.key)
        if wait is None:
            return not_waited(f"{words} is put back {way.then}:")
        seen = await reach(run, view.path, before, wait)
        run.step(seen.text, "done" if seen.reached else "failed")
        return ending_of(seen, f"{words} is {way.then} again" if seen.reached else words)

    return replace(way, spot=view.spot, ends=ends)


def _number(view: scale.ScaleView, done: Done) -> Reversal:
    before, after = int(done.before["replicas"]), int(done.after["replicas"])
    return Reversal(
        state := _state(view.desired, before, after),
        _lines("replicas", state, view.desired, before, after),
        f"at {plural(before, 'replica')}",
        partial(scale.request, view, before),
        partial(view.applied, before),
        view.warnings(before),
    )


async def _bounds(session: Session, ref: ObjectRef, there: Json, done: Done) -> Reversal:
    before, after = ((int(one["min"]), int(one["max"])) for one in (done.before, done.after))
    view = await hpa_bounds.prepare(session, ref, *before)
    now = (view.row.min, view.row.max)
    words = [f"{low} to {high}" for low, high in (now, before, after)]
    return Reversal(
        state := _state(now, before, after),
        _lines("bounds", state, *words),
        f"at {words[1]}",
        partial(hpa_bounds.request, view, *before),
        partial(hpa_bounds.has, *before),
        view.warnings(*before),
        ends=lambda run, wait: hpa_bounds.reach(run, view, *before, wait, again=True),
    )


async def _keda(session: Session, ref: ObjectRef, there: Json, done: Done) -> Reversal:
    before, after = (
        keda.Notes(one.get("paused"), one.get("paused-replicas")) for one in (done.before, done.after)
    )
    view = await keda.look(session, ref, before)
    if view.scaled.name != done.after.get("scaledObject"):
        raise Refusal(f"Another ScaledObject scales {in_words(ref.key)} now: nothing was undone.")
    state = _state(view.now, before, after)
    return Reversal(
        state,
        keda.difference(after, before if state is State.LEFT else view.now),
        view.then,
        partial(keda.request, view),
        partial(keda.has, before),
        spot=view.spot,
        ends=lambda run, wait: keda.answer(run, view, wait),
    )


async def _pause(session: Session, ref: ObjectRef, there: Json, done: Done) -> Reversal:
    before, after = bool(done.before["paused"]), bool(done.after["paused"])
    now = bool(there["spec"].get("paused"))
    return Reversal(
        state := _state(now, before, after),
        _lines("paused", state, now, before, after),
        "paused" if before else "resumed",
        lambda version: pause_write(ref, before, version, in_words(ref.key)),
        lambda found: bool(found["spec"].get("paused")) == before,
    )


async def _resize(session: Session, ref: ObjectRef, there: Json, done: Done) -> Reversal:
    view = await resize_pod.prepare(session, ref)
    before, after = ({k: str(v) for k, v in one.items() if "." in k} for one in (done.before, done.after))
    if missing := [field for field in after if not before.get(field)]:
        raise Refusal(
            f"{in_words(ref.key).capitalize()} had no {missing[0]} before; a running pod cannot lose one again.",
            "A new pod has the values of its template.",
        )
    box = view.box(str(done.after["container"]))
    state = State.OTHER if change(box, after) else State.LEFT
    if state is State.OTHER and not change(box, before):
        state = State.BEFORE
    told = ", ".join(f"{field} {value}" for field, value in before.items())
    return Reversal(
        state,
        tuple(
            text
            for field in after
            for text in _lines(field, state, box.values.get(field, ""), before[field], after[field])
        ),
        f"on its way to {told}",
        partial(resize_pod.request, view, box, before),
        lambda found: given(found, box.name, before),
        view.warnings(box, before),
    )


async def _image(session: Session, ref: ObjectRef, there: Json, done: Done) -> Reversal:
    field, name = str(done.after["list"]), str(done.after["container"])
    before, after = str(done.before["image"]), str(done.after["image"])
    now = image_of(there, field, name)
    container = Container(field, name, now)
    unproven = "" if done.before.get("worked") else f"{before} is not known to have worked."
    row = row_of(ref.key.kind, there)
    worked = isinstance(row, Templated) and proven(row)
    state = _state(now, before, after)
    return Reversal(
        state,
        difference(
            container if state is State.LEFT else Container(field, name, after),
            before if state is State.LEFT else now or "gone",
        ),
        f"at {before}",
        lambda version: image_write(ref, container, before, worked, version),
        lambda found: image_of(found, field, name) == before,
        warnings=(unproven,) if unproven else (),
        unproven=unproven,
    )


async def _template(session: Session, ref: ObjectRef, there: Json, done: Done) -> Reversal:
    view = await rollback.prepare(session, ref, None)
    before, after = _named(view, done.before), _named(view, done.after)
    if before is None or after is None:
        raise Refusal(
            f"{in_words(ref.key).capitalize()} no longer keeps the revision that this needs: it cannot be undone.",
            f"Roll back to one that it keeps: {commandline.edgetui(session.target, 'rollback', ref.key)}",
        )
    before = replace(before, known_good=before.known_good or bool(done.before.get("worked")))
    left = template_equal(view.template, after.template)
    back = template_equal(view.template, before.template)
    state = State.LEFT if left else State.BEFORE if back else State.OTHER
    diff = (
        template_diff(view.template, before.template)
        if left
        else template_diff(after.template, view.template)
    )
    return Reversal(
        state,
        tuple(diff),
        f"at revision {before.number}, {images(before)}",
        partial(rollback.request, view, before),
        lambda found: template_equal(found["spec"]["template"], before.template),
        view.warnings(before),
        unproven="" if before.known_good else f"Revision {before.number} is not known to have worked.",
    )


REVERSALS: dict[str, Way] = {
    "scale": _scale,
    "bounds": _bounds,
    "keda-pause": _keda,
    "keda-unpause": _keda,
    "resize": _resize,
    "pause": _pause,
    "resume": _pause,
    "image": _image,
    "rollback": _template,
    "cancel": _template,
}
"""By the action as the audit record names it."""


def _named(view: rollback.RollbackView, recorded: Json) -> Revision | None:
    name = recorded.get("name")
    return next((one for one in view.revisions if name and one.name == name), None)


def _state(now: Any, before: Any, after: Any) -> State:
    return State.LEFT if now == after else State.BEFORE if now == before else State.OTHER


def _lines(what: str, state: State, now: Any, before: Any, after: Any) -> tuple[str, ...]:
    old, new = (after, before) if state is State.LEFT else (after, now)
    return (f"- {what}: {_word(old)}", f"+ {what}: {_word(new)}")


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
