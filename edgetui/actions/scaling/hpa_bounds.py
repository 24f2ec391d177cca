"""An autoscaler's bounds: its minimum and maximum, for when a number set by hand would not hold."""

from __future__ import annotations

import asyncio
from functools import partial

import msgspec
from msgspec.structs import replace

from edgetui.actions import commandline
from edgetui.actions.catalogue import needs
from edgetui.actions.change import spec as specs
from edgetui.actions.change.change import Change, Spot, facts
from edgetui.actions.change.ending import Ending, ending_of, not_waited
from edgetui.actions.change.form import Fact, Form, Leads
from edgetui.actions.change.precondition import in_words, read
from edgetui.actions.change.spec import Aim, Argument, Given, SetBack, Spec, whole_number
from edgetui.actions.change.watch import Observation, poll
from edgetui.actions.gate.gate import Gate, Run, Write
from edgetui.actions.messages import Json, Receipt, Refusal
from edgetui.actions.reading import an_object
from edgetui.actions.scaling.hpa_owner import HOLD, autoscaler_of
from edgetui.actions.session import Session
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.autoscaling.hpa import goal, needed, prospect
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.autoscaler import AUTOSCALER, AutoscalerRow
from edgetui.model.kinds.wire import replicas

MOST = 2**31 - 1  # both are int32


class BoundsView(msgspec.Struct, frozen=True):
    """An autoscaler as it is now. `low` and `high` are the bounds that were asked for, its own where none were.

    `running` is the number its target is set to, None where nobody tells. `notes` are sentences that hold whatever
    is chosen. `path` is where it is, in the version of its API that the server serves.
    """

    ref: ObjectRef
    generation: int
    row: AutoscalerRow
    running: int | None
    low: int
    high: int
    notes: tuple[str, ...] = ()
    path: str = ""

    def wrong(self, low: int, high: int) -> str:
        """Why these cannot be its bounds; empty when they can."""
        if not 0 <= low <= MOST or not 1 <= high <= MOST:
            return "the minimum is at least 0, the maximum at least 1"
        return "the minimum is above the maximum" if low > high else ""

    def warnings(self, low: int, high: int) -> tuple[str, ...]:
        """What these bounds lead to."""
        said = prospect(self.row, self.running, low, high)
        pinned = [f"It always runs {low}: nothing is left to decide."] if low == high else []
        return (f"With these bounds {said}.", *pinned, *self.notes)


Bounds = tuple[int, int]
"""Minimum and maximum."""


async def read_bounds(aim: Aim) -> BoundsView:
    """The autoscaler; a bound that is not given stays as it is."""
    session, ref, low, high = aim.session, aim.ref, aim.given.get("low"), aim.given.get("high")
    needs("set-hpa", ref.key.kind)
    there = await read(session, ref)
    row = row_of(ref.key.kind, there)
    assert isinstance(row, AutoscalerRow)
    return BoundsView(
        ref=ObjectRef(ref.key, row.uid, row.resource_version),
        generation=there["metadata"].get("generation", 0),
        row=row,
        running=row.current,
        low=row.min if low is None else low,
        high=row.max if high is None else high,
        notes=_owners(there),
        path=session.api.kind(ref.key.kind).path(ref.key.namespace, ref.key.name),
    )


async def explain(aim: Aim, view: BoundsView) -> BoundsView:
    """What its target is set to now."""
    return replace(view, running=await _running(aim.session, view.row))


async def _running(session: Session, row: AutoscalerRow) -> int | None:
    """What the target is set to; where it cannot be read, what the autoscaler saw when it looked last."""
    known = KINDS.get(row.target_kind)
    if known is None:
        return row.current
    try:
        target = an_object(row.target_kind, await session.api.get(known.path(row.namespace, row.target_name)))
    except EdgetuiError:
        return row.current
    return replicas(target["spec"])


def change(session: Session, view: BoundsView, answer: Bounds) -> Change:
    """Both bounds in one write. Raises Refusal for what can be no bounds."""
    low, high = answer
    if wrong := view.wrong(low, high):
        raise Refusal(f"{low} to {high}: {wrong}.", "Give other numbers.")
    key, row = view.ref.key, view.row
    words, was, wanted = in_words(key), f"{row.min} to {row.max}", f"{low} to {high}"
    diff = [] if low == row.min else [f"- minReplicas: {row.min}", f"+ minReplicas: {low}"]
    diff += [] if high == row.max else [f"- maxReplicas: {row.max}", f"+ maxReplicas: {high}"]
    return Change(
        action="set-hpa",
        ref=view.ref,
        generation=view.generation,
        needs=needs("set-hpa", key.kind),
        title=f"Set {words} in {key.namespace} on {session.name} to min {low}, max {high}",
        facts=(
            *facts(session, view.ref),
            ("target", f"{row.target_kind.lower()} {row.target_name}, set to {_count(view.running)}"),
            ("current", was),
            ("new", wanted),
        ),
        diff=tuple(diff),
        warnings=view.warnings(low, high),
        says=f"set the bounds of {key.kind}/{key.name} to {low} and {high}",
        doing=f"Setting {words} from {row.min}..{row.max} to {low}..{high}",
        accepted=f"The server accepted {wanted}",
        write=partial(request, view, low, high),
        applied=partial(has, low, high),
        data={"from": [row.min, row.max], "to": [low, high]},
        spot=Spot(view.ref, view.generation, same=partial(has, row.min, row.max), moves=False),
        nothing=f"{words} is at {wanted} already: nothing was written" if wanted == was else "",
        differs=lambda now: (
            f"{words} changed while you looked: it was at {was}, now it is at {now.row.min} to {now.row.max}."
        ),
    )


def request(view: BoundsView, low: int, high: int, version: str) -> Write:
    """The write that sets both bounds, if the autoscaler is still at that version."""
    key, row = view.ref.key, view.row
    return Write(
        "PATCH",
        view.path,
        {"metadata": {"resourceVersion": version}, "spec": {"minReplicas": low, "maxReplicas": high}},
        f"set autoscaler {key.name} from {row.min}..{row.max} to {low}..{high}",
        content_type="application/merge-patch+json",
        uid=view.ref.uid,
        before={"min": row.min, "max": row.max, "resourceVersion": version},
        after={"min": low, "max": high},
    )


def has(low: int, high: int, there: Json) -> bool:
    """Whether the autoscaler stands at these bounds."""
    row = row_of(AUTOSCALER, there)
    assert isinstance(row, AutoscalerRow)
    return (row.min, row.max) == (low, high)


async def reach(
    run: Run, view: BoundsView, low: int, high: int, wait: float | None, *, again: bool = False
) -> Ending:
    """Look until the controller has brought the target between the bounds; `again` where it had them before."""
    if wait is None:
        return not_waited(f"{low} to {high}")

    loop = asyncio.get_running_loop()
    began = loop.time()

    async def judge() -> Observation:
        there = await read(run.session, view.ref)
        row = row_of(view.ref.key.kind, there)
        assert isinstance(row, AutoscalerRow)
        looked = _looked(there)
        if looked is None:
            running = view.running
            settled = running is not None and row.current == goal(view.row, running, low, high)
            looked = settled or loop.time() - began >= min(HOLD, wait / 2)
        return _judge(row, low, high, looked)

    seen = await poll(run, judge, wait)
    run.step(seen.text, "done" if seen.reached else "failed")
    words = in_words(view.ref.key)
    return ending_of(seen, f"{words} is at {low} to {high} again" if again and seen.reached else words)


def _looked(there: Json) -> bool | None:
    """Whether the controller has decided under the present bounds; None on servers that do not tell."""
    generation = there["metadata"].get("generation")
    observed = (there.get("status") or {}).get("observedGeneration")
    return observed >= generation if generation and observed else None


def _judge(row: AutoscalerRow, low: int, high: int, looked: bool) -> Observation:
    if (row.min, row.max) != (low, high):
        return Observation(False, True, f"set to {row.min} to {row.max} by someone else", final=True)
    if row.current == 0 and low > 0:
        return Observation(
            True, False, f"{low} to {high}; its target stays at 0 until it is scaled to 1 or more"
        )
    current = row.current
    if current is None or not low <= current <= high:
        return Observation(False, False, f"waiting for its target, which runs {_count(current)}")
    if not looked:
        return Observation(False, False, "waiting for its controller to decide under these bounds")
    stepping = row.limited is not None and row.limited.reason in ("ScaleUpLimit", "ScaleDownLimit")
    if row.wants not in (None, current) or stepping:
        return Observation(False, False, f"scaling its target from {current} to {_count(row.wants)}")
    return Observation(True, False, f"{low} to {high}, its target runs {current}")


def _count(number: int | None) -> str:
    return "a number that is not known" if number is None else str(number)


def _owners(there: Json) -> tuple[str, ...]:
    """A controller that made the autoscaler writes its bounds as well."""
    return tuple(
        f"It belongs to {one['kind']} {one['name']}, whose controller will set its own bounds again."
        for one in there["metadata"].get("ownerReferences") or []
        if one.get("controller")
    )


async def _outcome(run: Run, view: BoundsView, answer: Bounds, wait: float | None) -> Ending:
    return await reach(run, view, *answer, wait)


async def _put_back(run: Run, view: BoundsView, answer: Bounds, wait: float | None) -> Ending:
    return await reach(run, view, *answer, wait, again=True)


def _recorded(record: Json) -> Bounds:
    return int(record["min"]), int(record["max"])


def _lines(old: Json, new: Json) -> tuple[str, ...]:
    return tuple(f"{sign} bounds: {one['min']} to {one['max']}" for sign, one in (("-", old), ("+", new)))


def _answer(view: BoundsView, given: Given) -> Bounds:
    low, high = given.get("low"), given.get("high")
    return view.low if low is None else low, view.high if high is None else high


def form(view: BoundsView) -> Form:
    """The bounds it has; the maximum that the load needs stands there, where that is above the one it has."""
    row, asked = view.row, (view.low, view.high) != (view.row.min, view.row.max)
    target = f"{row.target_kind.lower()} {row.target_name}, set to {_count(view.running)}"
    return Form(
        {"low": view.low, "high": view.high if asked else needed(row)},
        [Fact("current", f"min {row.min}, max {row.max}"), Fact("target", target)],
        first="high" if needed(row) > row.max else "low",
    )


def leads(view: BoundsView, given: Given) -> Leads:
    """What typed bounds lead to."""
    bounds = _answer(view, given)
    return Leads(view.warnings(*bounds), wrong=view.wrong(*bounds))


def _asked(given: Given) -> str:
    return "give --min, --max or both" if given["low"] is None and given["high"] is None else ""


async def _of_workload(session: Session, ref: ObjectRef) -> ObjectRef:
    """The autoscaler of a workload that is named instead, as kubectl autoscale has it."""
    row, why = await autoscaler_of(session, ref.key)
    if row is None:
        line = commandline.kubectl(
            session.target,
            ref.key.namespace,
            "autoscale",
            f"{ref.key.kind.lower()}/{ref.key.name}",
            "--max=N",
        )
        raise Refusal(
            why or f"No autoscaler scales {in_words(ref.key)}; edgetui makes none.", f"This makes one: {line}"
        )
    return ObjectRef(ref.key._replace(kind=AUTOSCALER, name=row.name), "", "")


SPEC: Spec[BoundsView, Bounds] = Spec(
    read=read_bounds,
    explain=explain,
    answer=_answer,
    title=lambda view, answer: f"Set {in_words(view.ref.key)} to min {answer[0]}, max {answer[1]}",
    change=change,
    outcome=_outcome,
    back=SetBack(
        now=lambda view, after: {"min": view.row.min, "max": view.row.max},
        answer=lambda view, before: _recorded(before),
        then=lambda view, before: "at {} to {}".format(*_recorded(before)),
        lines=_lines,
        ends=_put_back,
    ),
    arguments=(
        Argument("low", "default: as it is", "N", ("--min",), whole_number, label="min", hint="minReplicas"),
        Argument("high", "default: as it is", "N", ("--max",), whole_number, label="max", hint="maxReplicas"),
    ),
    check=_asked,
    example="for example hpa/press, or deploy/press for the one that scales it",
    stands_for=_of_workload,
    fields=form,
    leads=leads,
)


async def prepare(
    session: Session, ref: ObjectRef, low: int | None = None, high: int | None = None
) -> BoundsView:
    """All that is known of it; a bound that is not given stays as it is."""
    aim = Aim("set-hpa", session, ref, given={"low": low, "high": high})
    return await explain(aim, await read_bounds(aim))


async def perform(
    gate: Gate, session: Session, view: BoundsView, low: int, high: int, *, wait: float | None
) -> Receipt:
    """Set the bounds of what was prepared, and see its target within them; see `spec.perform`."""
    aim = Aim("set-hpa", session, view.ref, gate.audit, {"low": low, "high": high})
    return await specs.perform(SPEC, gate, aim, view, (low, high), wait=wait, explained=specs.at_hand(view))
