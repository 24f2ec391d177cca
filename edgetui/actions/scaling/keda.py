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
from edgetui.actions.change import change
from edgetui.actions.change.change import Change, Spot
from edgetui.actions.change.ending import Ending
from edgetui.actions.change.precondition import in_words, read
from edgetui.actions.change.watch import Judgement, poll
from edgetui.actions.gate.gate import Gate, Run, Write
from edgetui.actions.messages import Json, Receipt, Refusal
from edgetui.actions.reading import items, readable
from edgetui.actions.rollout.workload import facts
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

PAUSE, UNPAUSE = "keda-pause", "keda-unpause"
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
        """Pause or unpause, by what KEDA makes of the wanted annotations."""
        wanted = replace(self.scaled, held=self.wanted.held, held_at=self.wanted.held_at)
        return PAUSE if wanted.paused else UNPAUSE

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
        if self.action == UNPAUSE:
            return "" if self.scaled.paused else f"KEDA scales {words}, it is not paused: nothing was written"
        return f"{words} is {self.then} already: nothing was written" if self.now == self.wanted else ""

    @property
    def does(self) -> str:
        """The action in words: "Pause KEDA at 3"."""
        if self.action == UNPAUSE:
            return "Unpause KEDA"
        return f"Pause KEDA at {self.wanted.held_at}" if self.wanted.held_at else "Pause KEDA"

    @property
    def then(self) -> str:
        """Where it ends, in words."""
        if self.action == UNPAUSE:
            return f"scaled by KEDA, {self.scaled.low} to {self.scaled.high}"
        held_at = self.wanted.held_at
        return f"paused by KEDA at {held_at}" if held_at else f"paused by KEDA at the {self.desired} it has"


def notes_of(scaled: ScaledObject) -> Notes:
    """Those of a ScaledObject that pause it."""
    return Notes(scaled.held, scaled.held_at)


def has(wanted: Notes, there: Json) -> bool:
    """Whether a ScaledObject has these annotations."""
    return notes_of(one_scaled_object(there)) == wanted


async def look(session: Session, ref: ObjectRef, wanted: Notes) -> KedaView:
    """The workload and its ScaledObject. Raises Refusal when KEDA does not scale it."""
    needs(PAUSE, ref.key.kind)
    there = await read(session, ref)
    try:
        listed = items(await session.api.get(scaled_objects(ref.key.namespace)))
    except NotFound:
        listed = []
    scaled = readable(lambda: scaled_object(listed, ref.key.kind, ref.key.name), None)
    if scaled is None:
        raise Refusal(
            f"No KEDA ScaledObject in {ref.key.namespace} on {session.name} scales {in_words(ref.key)}.",
            "Scale it, or set the bounds of its autoscaler.",
        )
    metadata = there["metadata"]
    shown = ObjectRef(ref.key, metadata["uid"], metadata["resourceVersion"])
    return KedaView(shown, replicas(there["spec"]), scaled, wanted)


async def prepare_pause(session: Session, ref: ObjectRef, number: int | None) -> KedaView:
    """Look, to pause at a number; None: at the number there is."""
    return await look(session, ref, Notes(held="true") if number is None else Notes(held_at=str(number)))


async def prepare_unpause(session: Session, ref: ObjectRef) -> KedaView:
    """Look, to let KEDA go on."""
    return await look(session, ref, Notes())


async def perform(gate: Gate, session: Session, view: KedaView, *, wait: float | None) -> Receipt:
    """Write the annotations and, for at most `wait` seconds (None: not at all), see KEDA's operator answer.

    Raises Refusal (or Changed, with the new view) when nothing was written, ApiError when the server refused.
    """

    async def again() -> KedaView:
        return await look(session, view.ref, view.wanted)

    async def then(run: Run) -> Ending:
        return await answer(run, view, wait)

    return await change.perform(gate, session, _change(session, view), again=again, then=then, wait=wait)


def _change(session: Session, view: KedaView) -> Change:
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
            ("now", f"{view.desired} wanted, {view.scaled.words}"),
            ("then", view.then),
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


async def answer(run: Run, view: KedaView, wait: float | None) -> Ending:
    """Look until KEDA's operator says that it is so, and a number of ours is the workload's."""
    name, words = view.scaled.name, in_words(view.ref.key)
    if wait is None:
        return Ending(False, True, (f"{words} is to be {view.then}: accepted; not waited for.",), {})
    loop = asyncio.get_running_loop()
    began, silent = loop.time(), False

    async def judge() -> Judgement:
        nonlocal silent
        now = one_scaled_object(await read(run.session, view.spot.ref, view.spot.path))
        if notes_of(now) != view.wanted:
            return Judgement(False, True, "its annotations were changed by someone else", final=True)
        silent = now.silent
        if silent:
            return Judgement(False, False, "nothing has answered yet", final=loop.time() - began >= SILENT)
        if not now.answered or (now.answered == "True") != (view.action == PAUSE):
            return Judgement(False, False, "KEDA has not answered yet")
        if view.wanted.held_at is None:
            return Judgement(True, False, "KEDA answered")
        there = await read(run.session, view.ref)
        count = replicas(there["spec"])
        arrived = str(count) == view.wanted.held_at
        return Judgement(arrived, False, "KEDA answered" if arrived else f"{words} is still set to {count}")

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
