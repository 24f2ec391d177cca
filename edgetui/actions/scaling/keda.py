"""KEDA: what it scales is paused or given back to it, instead of a number set against it.

Its own annotations on the ScaledObject say so (its docs, "Pausing autoscaling", and scaledobject_types.go):
`paused-replicas` takes the workload to a number and holds it there, `paused` holds it where it is, the first goes
before the second, and KEDA goes on when neither stands there. Its operator then writes the condition Paused.
"""

from __future__ import annotations

import asyncio
from functools import partial

import msgspec
from msgspec.structs import replace

from edgetui.actions.catalogue import needs
from edgetui.actions.change import spec as specs
from edgetui.actions.change.change import Change, Spot, facts
from edgetui.actions.change.ending import Ending
from edgetui.actions.change.precondition import in_words, read
from edgetui.actions.change.spec import Aim, Argument, SetBack, Spec, whole_number
from edgetui.actions.change.watch import Observation, poll
from edgetui.actions.gate.gate import Gate, Run, Write
from edgetui.actions.messages import Json, Receipt, Refusal
from edgetui.actions.reading import items, readable
from edgetui.actions.scaling.vpa_keda_owner import scaled_objects
from edgetui.actions.session import Session
from edgetui.cluster.errors import NotFound
from edgetui.model.autoscaling.vpa_keda import (
    PAUSED,
    PAUSED_AT,
    ScaledObject,
    one_scaled_object,
    scaled_object,
)
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds.wire import replicas

PAUSE, RESUME = "keda-pause", "keda-resume"
SILENT = 20.0  # seconds; an operator that runs answers a change of annotations at once


class Notes(msgspec.Struct, frozen=True):
    """Both annotations that pause; None for one that is not there."""

    held: str | None = None
    held_at: str | None = None

    @property
    def json(self) -> Json:
        """As the audit record has them."""
        return {"paused": self.held, "paused-replicas": self.held_at}


class KedaView(msgspec.Struct, frozen=True):
    """A workload, `desired` replicas of which its spec wants, and the ScaledObject that sets that number.

    `wanted` are the annotations that the action is to leave.
    """

    ref: ObjectRef
    desired: int
    scaled: ScaledObject
    wanted: Notes

    @property
    def action(self) -> str:
        """Pause or resume, by what KEDA makes of the wanted annotations."""
        wanted = replace(self.scaled, held=self.wanted.held, held_at=self.wanted.held_at)
        return PAUSE if wanted.paused else RESUME

    @property
    def now(self) -> Notes:
        return notes_of(self.scaled)

    @property
    def spot(self) -> Spot:
        """The ScaledObject, as a write finds it."""
        key = self.ref.key
        return Spot(
            ObjectRef(
                ObjectKey(key.cluster, "ScaledObject", key.namespace, self.scaled.name),
                self.scaled.uid,
                self.scaled.version,
            ),
            self.scaled.generation,
            scaled_objects(key.namespace, self.scaled.name),
            partial(has, self.now),
            moves=False,
        )

    @property
    def nothing(self) -> str:
        """That it is so already, in words; empty when there is something to write."""
        words = in_words(self.ref.key)
        if self.action == RESUME:
            return "" if self.scaled.paused else f"KEDA scales {words}, it is not paused: nothing was written"
        return f"{words} is {self.then} already: nothing was written" if self.now == self.wanted else ""

    @property
    def does(self) -> str:
        """The action in words: "Pause KEDA at 3"."""
        if self.action == RESUME:
            return "Resume KEDA"
        return f"Pause KEDA at {self.wanted.held_at}" if self.wanted.held_at else "Pause KEDA"

    @property
    def then(self) -> str:
        """Where it ends, in words."""
        if self.action == RESUME:
            return f"scaled by KEDA, {self.scaled.low} to {self.scaled.high}"
        held_at = self.wanted.held_at
        return f"paused by KEDA at {held_at}" if held_at else f"paused by KEDA at the {self.desired} it has"


def notes_of(scaled: ScaledObject) -> Notes:
    """Those of a ScaledObject that pause it."""
    return Notes(scaled.held, scaled.held_at)


def has(wanted: Notes, there: Json) -> bool:
    """Whether a ScaledObject has these annotations."""
    return notes_of(one_scaled_object(there)) == wanted


async def read_keda(session: Session, ref: ObjectRef, wanted: Notes) -> KedaView:
    """The workload and its ScaledObject. Raises Refusal when KEDA does not scale it."""
    needs(RESUME if wanted == Notes() else PAUSE, ref.key.kind)
    there, listed = await asyncio.gather(read(session, ref), _listed(session, ref.key.namespace))
    scaled = readable(lambda: scaled_object(listed, ref.key.kind, ref.key.name), None)
    if scaled is None:
        raise Refusal(
            f"No KEDA ScaledObject in {ref.key.namespace} on {session.name} scales {in_words(ref.key)}.",
            "Scale it, or set the bounds of its autoscaler.",
        )
    metadata = there["metadata"]
    shown = ObjectRef(ref.key, metadata["uid"], metadata["resourceVersion"])
    return KedaView(shown, replicas(there["spec"]), scaled, wanted)


async def _listed(session: Session, namespace: str) -> list[Json]:
    try:
        return items(await session.api.get(scaled_objects(namespace)))
    except NotFound:
        return []


async def _read(aim: Aim) -> KedaView:
    """The annotations that are wanted follow from what was asked for."""
    number = aim.given.get("replicas")
    if aim.action == RESUME:
        return await prepare_resume(aim.session, aim.ref)
    return await prepare_pause(aim.session, aim.ref, number)


async def prepare_pause(session: Session, ref: ObjectRef, number: int | None) -> KedaView:
    """Look, to pause at a number; None: at the number there is."""
    return await read_keda(session, ref, Notes(held="true") if number is None else Notes(held_at=str(number)))


async def prepare_resume(session: Session, ref: ObjectRef) -> KedaView:
    """Look, to resume KEDA."""
    return await read_keda(session, ref, Notes())


def change(session: Session, view: KedaView, wanted: Notes) -> Change:
    """The wanted annotations."""
    view = replace(view, wanted=wanted)
    words, name, action = in_words(view.ref.key), view.scaled.name, view.action
    where = f"{words} in {view.ref.key.namespace} on {session.name}"
    return Change(
        action=action,
        ref=view.ref,
        generation=view.scaled.generation,
        needs=needs(action, view.ref.key.kind),
        title=f"{view.does} for {where}",
        facts=(
            *facts(session, view.ref),
            ("current", f"{view.desired} desired, {view.scaled.words}"),
            ("new", view.then),
        ),
        diff=difference(view.now, view.wanted),
        warnings=_warnings(view),
        says=f"set the annotations of ScaledObject/{name}",
        doing=f"Setting the annotations of ScaledObject {name}",
        accepted="The server accepted the annotations",
        write=partial(request, view),
        applied=partial(has, view.wanted),
        data={"scaled_object": name, "from": view.now.json, "to": view.wanted.json},
        spot=view.spot,
        nothing=view.nothing,
    )


def difference(old: Notes, new: Notes) -> tuple[str, ...]:
    """The annotations that go and come, as lines of a diff."""
    names = {PAUSED: (old.held, new.held), PAUSED_AT: (old.held_at, new.held_at)}
    gone = [f"- {name}: {before}" for name, (before, after) in names.items() if before not in (None, after)]
    come = [f"+ {name}: {after}" for name, (before, after) in names.items() if after not in (None, before)]
    return (*gone, *come)


def _warnings(view: KedaView) -> tuple[str, ...]:
    found = []
    if view.wanted.held_at == "0" and view.desired:
        found.append(f"0 stops every pod of {in_words(view.ref.key)}.")
    if view.action == PAUSE:
        found.append("While it is paused nobody scales it with the load.")
    if view.scaled.silent:
        found.append(
            f"KEDA has never said anything of ScaledObject {view.scaled.name}: its operator may not run."
        )
    return tuple(found)


def request(view: KedaView, version: str) -> Write:
    """The write that leaves the wanted annotations, if the ScaledObject is still at that version."""
    path, wanted = view.spot.path, view.wanted
    notes = {PAUSED: wanted.held, PAUSED_AT: wanted.held_at}
    return Write(
        "PATCH",
        path,
        {"metadata": {"resourceVersion": version, "annotations": notes}},
        f"{view.does} for {in_words(view.ref.key)}",
        content_type="application/merge-patch+json",
        uid=view.scaled.uid,
        before={**view.now.json, "scaledObject": view.scaled.name},
        after={**wanted.json, "scaledObject": view.scaled.name},
    )


async def _nothing() -> Json:
    return {}


async def answer(run: Run, view: KedaView, wait: float | None) -> Ending:
    """Look until KEDA's operator says that it is so, and a number of ours is the workload's."""
    name, words = view.scaled.name, in_words(view.ref.key)
    if wait is None:
        return Ending(False, True, (f"{words} is to be {view.then}: accepted; not waited for.",), {})
    loop = asyncio.get_running_loop()
    began, silent = loop.time(), False

    async def judge() -> Observation:
        nonlocal silent
        held = view.wanted.held_at is not None
        scaled, there = await asyncio.gather(
            read(run.session, view.spot.ref, view.spot.path),
            read(run.session, view.ref) if held else _nothing(),
        )
        now = one_scaled_object(scaled)
        if notes_of(now) != view.wanted:
            return Observation(False, True, "its annotations were changed by someone else", final=True)
        silent = now.silent
        if silent:
            return Observation(False, False, "nothing has answered yet", final=loop.time() - began >= SILENT)
        if not now.answered or (now.answered == "True") != (view.action == PAUSE):
            return Observation(False, False, "KEDA has not answered yet")
        if not held:
            return Observation(True, False, "KEDA answered")
        count = replicas(there["spec"])
        arrived = str(count) == view.wanted.held_at
        return Observation(arrived, False, "KEDA answered" if arrived else f"{words} is still set to {count}")

    seen = await poll(run, judge, wait)
    run.step(seen.text, "done" if seen.reached else "failed")
    after = f"after {seen.seconds:.1f} s"
    if seen.reached:
        return Ending(True, False, (f"{words} is {view.then}: {seen.text} {after}.",), {})
    if seen.failed:
        return Ending(False, False, (f"ScaledObject {name}: {seen.text} {after}.",), {})
    lines = (
        f"The annotations of ScaledObject {name} are written, but {after} {seen.text}.",
        *(("KEDA's operator may not be running; when it is, it reads them.",) if silent else ()),
    )
    return Ending(False, True, lines, {})


async def _answered(run: Run, view: KedaView, wanted: Notes, wait: float | None) -> Ending:
    return await answer(run, replace(view, wanted=wanted), wait)


def _of(record: Json) -> Notes:
    return Notes(record["paused"], record["paused-replicas"])


def _now(view: KedaView, after: Json) -> Json:
    if view.scaled.name != after.get("scaledObject"):
        raise Refusal(f"Another ScaledObject scales {in_words(view.ref.key)} now: nothing was undone.")
    return view.now.json


def _spec(arguments: tuple[Argument, ...]) -> Spec[KedaView, Notes]:
    return Spec(
        read=_read,
        reads="what KEDA does with {object}",
        answer=lambda view, given: view.wanted,
        title=lambda view, wanted: f"{view.does} for {in_words(view.ref.key)}",
        change=change,
        outcome=_answered,
        back=SetBack(
            now=_now,
            answer=lambda view, before: _of(before),
            then=lambda view, before: replace(view, wanted=_of(before)).then,
            lines=lambda old, new: difference(_of(old), _of(new)),
            ends=_answered,
        ),
        arguments=arguments,
        example="what KEDA scales, for example deploy/press",
    )


PAUSED_SPEC = _spec(
    (Argument("replicas", "at which number; default: the one there is", "N", ("--replicas",), whole_number),)
)
RESUMED_SPEC = _spec(())


async def perform(gate: Gate, session: Session, view: KedaView, *, wait: float | None) -> Receipt:
    """Write the annotations of what was prepared, and see KEDA's operator answer; see `spec.perform`."""
    held_at = view.wanted.held_at
    given = {"replicas": int(held_at)} if held_at is not None else {}
    aim = Aim(view.action, session, view.ref, gate.audit, given)
    return await specs.perform(PAUSED_SPEC, gate, aim, view, view.wanted, wait=wait)
