"""Scale: a number to the scale subresource, at the version that was shown, with what will meet it said before."""

from __future__ import annotations

from enum import Enum
from functools import partial

import msgspec

from edgetui.actions.change import spec as specs
from edgetui.actions.change.change import Change, facts
from edgetui.actions.change.ending import Ending, ending_of, not_waited
from edgetui.actions.change.form import AnswerKey, Fact, Form, Leads
from edgetui.actions.change.precondition import in_words
from edgetui.actions.change.spec import Aim, Argument, Given, Next, SetBack, Spec, whole_number
from edgetui.actions.change.watch import Observation, Workload, watch
from edgetui.actions.gate.gate import Gate, Run, Write
from edgetui.actions.messages import Receipt, Refusal
from edgetui.actions.objects.resource import SCALE, Resource, find
from edgetui.actions.rollout.pods import why_not_ready
from edgetui.actions.scaling.hpa_owner import HOLD
from edgetui.actions.scaling.scale_subresource import reach
from edgetui.actions.scaling.scale_view import ScaleView, explain, read_scale
from edgetui.actions.session import Session
from edgetui.model.autoscaling.hpa import bounds_for, meets
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds.autoscaler import AUTOSCALER
from edgetui.model.kinds.daemonset import DaemonSetRow
from edgetui.model.text import plural

MOST = 2**31 - 1  # spec.replicas is an int32


class How(Enum):
    """What is to be changed for a number of replicas.

    The number itself; the bounds of the autoscaler that owns it, so that it holds; or KEDA, which is paused at it, or
    goes on where it is paused at it.
    """

    NUMBER = "number"
    BOUNDS = "set-hpa"
    KEDA = "keda"


class ScaleAnswer(msgspec.Struct, frozen=True):
    """The answer: how many, and how."""

    replicas: int
    how: How = How.NUMBER


def change(session: Session, view: ScaleView, answer: ScaleAnswer) -> Change:
    """The number as one change: what a person is asked to agree to, and what is written. Raises Refusal."""
    key, replicas = view.ref.key, answer.replicas
    if isinstance(replicas, bool) or not 0 <= replicas <= MOST:
        raise Refusal(f"{replicas} is not a number of replicas.", f"Give a whole number from 0 to {MOST}.")
    words = in_words(key)
    return Change(
        action="scale",
        ref=view.ref,
        generation=view.generation,
        needs=view.needs,
        title=f"Scale {words} in {key.namespace} on {session.name} from {view.desired} to {replicas}",
        facts=(
            *facts(session, view.ref),
            ("current", view.words),
            ("new", plural(replicas, "replica")),
            *((("owned by", view.owner),) if view.owner else ()),
        ),
        diff=(f"- replicas: {view.desired}", f"+ replicas: {replicas}"),
        warnings=view.warnings(replicas),
        says=f"set {key.kind}/{key.name} to {plural(replicas, 'replica')}",
        doing=f"Setting {words} from {view.desired} to {replicas}",
        accepted=f"The server accepted {plural(replicas, 'replica')}",
        write=partial(request, view, replicas),
        applied=partial(view.applied, replicas),
        data={"from": view.desired, "to": replicas},
        spot=view.spot,
        metadata=view.metadata,
        nothing=f"{words} is at {view.desired} already, {_there(view)}: nothing was written"
        if replicas == view.desired
        else "",
        differs=lambda now: (
            f"{words} changed while you looked: it was at {view.desired}, now it is at {now.desired}."
        ),
    )


def request(view: ScaleView, replicas: int, version: str) -> Write:
    """What is sent to set the number."""
    key = view.ref.key
    body = {
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": {
            "name": key.name,
            "namespace": key.namespace,
            "uid": view.ref.uid,
            "resourceVersion": version,
        },
        "spec": {"replicas": replicas},
    }
    return Write(
        "PUT",
        f"{view.path}/scale",
        body,
        f"scale {in_words(key)} from {view.desired} to {replicas}",
        uid=view.ref.uid,
        before={"replicas": view.desired, "generation": view.generation, "resourceVersion": version},
        after={"replicas": replicas},
    )


def _there(view: ScaleView) -> str:
    return f"{view.current} current" if view.ready is None else f"{view.ready} ready"


async def outcome(run: Run, view: ScaleView, answer: ScaleAnswer, wait: float | None) -> Ending:
    """Look until as many run, and are ready, as were asked for; longer where an autoscaler may take it back."""
    words, replicas = in_words(view.ref.key), answer.replicas
    if wait is None:
        return not_waited(plural(replicas, "replica"))
    met = meets(view.hpa, view.desired, replicas)
    hold = min(HOLD, wait / 2) if met is not None and met.undone else 0.0
    if view.generation and run.session.store is not None:

        async def judge(row: Workload) -> Observation:
            return _judge(view, replicas, row)

        seen = await watch(run, view.ref, view.generation + 1, judge, wait, hold=hold)
    else:
        by = f"autoscaler {view.hpa.name}" if view.hpa else "someone else"
        kind, grows = "" if view.other else view.ref.key.kind, replicas > view.current
        seen = await reach(run, view.path, replicas, wait, hold=hold, by=by, kind=kind, grows=grows)
    run.step(seen.text, "done" if seen.reached else "failed")
    if seen.reached or seen.failed or view.other is not None:
        return ending_of(seen, words)
    why = await why_not_ready(run.session, view.ref.key.namespace, view.selector) if view.selector else ""
    return ending_of(seen, words, *([why] if why else []))


def _judge(view: ScaleView, replicas: int, row: Workload) -> Observation:
    assert not isinstance(row, DaemonSetRow)
    if row.replicas != replicas:
        by = f"autoscaler {view.hpa.name}" if view.hpa else "someone else"
        return Observation(False, True, f"set to {row.replicas} by {by}", final=True)
    if row.observed < row.generation:
        return Observation(False, False, "not seen by its controller yet")
    ready = f"{row.ready} of {replicas} ready"
    if row.current != replicas:
        return Observation(False, False, f"{row.current} running, {ready}")
    return Observation(row.ready == replicas, False, ready)


def _answer(view: ScaleView, given: Given) -> ScaleAnswer:
    return ScaleAnswer(given["replicas"], given.get("how", How.NUMBER))


def form(view: ScaleView) -> Form:
    """The number there is, who owns it, and at 0 the one it had."""
    before = [Fact("before", f"{view.before}, {view.before_said}", view.before_at)] if view.before else []
    return Form(
        {"replicas": (view.before or view.desired) if view.replicas is None else view.replicas},
        [Fact("current", view.words), Fact("owned by", view.owner or "no autoscaler"), *before],
    )


def leads(view: ScaleView, given: Given) -> Leads:
    """What a typed number would meet, and what else could be changed for it."""
    number = given["replicas"]
    if number is None:
        return Leads(wrong="type a number")
    keys = []
    if view.keda is not None:
        words = f"pause KEDA at {number}" if view.holds(number) else "resume KEDA"
        keys.append(AnswerKey("k", words, {"how": How.KEDA}))
    elif number and number != view.desired and view.hpa is not None and view.desired:
        low, high = bounds_for(view.hpa, view.desired, number)
        why = f"so that {number} holds" if number in (low, high) else "as the load needs"
        words = f"set HPA {view.hpa.name} to min {low}, max {high} instead, {why}"
        keys.append(AnswerKey("e", words, {"how": How.BOUNDS}))
    if view.desired:
        keys.append(AnswerKey("p", f"scale to 0, remember {view.desired}", {"replicas": 0}))
    elif view.before:
        keys.append(AnswerKey("p", f"restore to {view.before}", {"replicas": view.before}))
    same = "that is the number it has" if number == view.desired else ""
    return Leads(view.warnings(number), same=same, keys=keys)


def _instead(view: ScaleView, answer: ScaleAnswer) -> Next | None:
    """The action that an answer asks for in place of a number."""
    wanted = answer.replicas
    if answer.how is How.KEDA and view.keda is not None:
        if not view.holds(wanted):
            return Next("keda-resume", view.ref)
        return Next("keda-pause", view.ref, {"replicas": None if wanted == view.desired else wanted})
    if answer.how is How.BOUNDS and view.hpa is not None:
        key = ObjectKey(view.ref.key.cluster, AUTOSCALER, view.hpa.namespace, view.hpa.name)
        low, high = bounds_for(view.hpa, view.desired, wanted)
        owner = ObjectRef(key, view.hpa.uid, view.hpa.resource_version)
        return Next("set-hpa", owner, {"low": low, "high": high})
    return None


async def _put_back(run: Run, view: ScaleView, answer: ScaleAnswer, wait: float | None) -> Ending:
    """What comes of a number that is put back, of a kind whose rollout nobody follows."""
    words, way = in_words(view.ref.key), f"at {plural(answer.replicas, 'replica')}"
    if wait is None:
        return not_waited(f"{words} is put back {way}:")
    kind = "" if view.other else view.ref.key.kind
    seen = await reach(run, view.path, answer.replicas, wait, kind=kind)
    run.step(seen.text, "done" if seen.reached else "failed")
    return ending_of(seen, f"{words} is {way} again" if seen.reached else words)


SPEC: Spec[ScaleView, ScaleAnswer] = Spec(
    read=read_scale,
    explain=explain,
    answer=_answer,
    title=lambda view, answer: f"Scale {in_words(view.ref.key)} to {answer.replicas}",
    change=change,
    outcome=outcome,
    back=SetBack(
        now=lambda view, after: {"replicas": view.desired},
        answer=lambda view, before: ScaleAnswer(int(before["replicas"])),
        then=lambda view, before: f"at {plural(int(before['replicas']), 'replica')}",
        ends=_put_back,
    ),
    arguments=(
        Argument(
            "replicas",
            "how many replicas",
            "N",
            read=whole_number,
            option="--replicas",
            hint="how many replicas are desired",
        ),
    ),
    example="for example deploy/press, sts/camera or pumps.example.com/main",
    fields=form,
    leads=leads,
    several={"replicas": 1},
    resolve=lambda session, word: find(session, word, SCALE),
    instead=_instead,
)


async def prepare(
    session: Session, ref: ObjectRef, replicas: int | None = None, other: Resource | None = None
) -> ScaleView:
    """All that is known of it. Raises Refusal when scaling it makes no sense."""
    aim = Aim("scale", session, ref, given={"replicas": replicas}, other=other)
    return await explain(aim, await read_scale(aim))


async def perform(
    gate: Gate, session: Session, view: ScaleView, replicas: int, *, wait: float | None
) -> Receipt:
    """Set the number of what was prepared, and see it become true; see `spec.perform`."""
    aim = Aim("scale", session, view.ref, gate.audit, {"replicas": replicas}, view.other)
    return await specs.perform(
        SPEC, gate, aim, view, ScaleAnswer(replicas), wait=wait, explained=specs.at_hand(view)
    )
