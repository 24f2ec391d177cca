"""Scale: a number to the scale subresource, at the version that was shown, with what will meet it said before."""

from __future__ import annotations

import asyncio
from functools import partial

import msgspec

from edgetui.actions.catalogue import Access, needs
from edgetui.actions.change import change
from edgetui.actions.change.change import Change, Spot
from edgetui.actions.change.ending import Ending, ending_of, not_waited
from edgetui.actions.change.precondition import in_words, object_path, read
from edgetui.actions.change.watch import Judgement, Workload, watch
from edgetui.actions.gate.gate import Gate, Run, Write
from edgetui.actions.messages import Json, Receipt, Refusal
from edgetui.actions.reading import numbers
from edgetui.actions.rollout.pods import why_not_ready
from edgetui.actions.rollout.revisions import selector
from edgetui.actions.rollout.workload import facts
from edgetui.actions.scaling.budgets_quotas import limits_of
from edgetui.actions.scaling.hpa_owner import HOLD, autoscaler_of
from edgetui.actions.scaling.scale_subresource import Scalable, reach
from edgetui.actions.scaling.vpa_keda_owner import scaled_object_of
from edgetui.actions.session import Session
from edgetui.model.autoscaling.hpa import meets
from edgetui.model.autoscaling.limits import Limits
from edgetui.model.autoscaling.vpa_keda import ScaledObject
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds import row_of
from edgetui.model.kinds.autoscaler import AutoscalerRow
from edgetui.model.kinds.daemonset import DaemonSetRow
from edgetui.model.kinds.replicaset import ReplicaSetRow
from edgetui.model.kinds.wire import replicas as desired_replicas
from edgetui.model.text import plural

MOST = 2**31 - 1  # spec.replicas is an int32


class ScaleView(msgspec.Struct, frozen=True):
    """A scalable object as it is now: what a person decides on.

    `ref` carries the uid and version that the write will insist on, `generation` tells a changed spec from mere status.
    `desired` is what the spec wants, `current` what exists, `ready` how many of those are ready. `hpa` is the
    autoscaler that owns the number. `notes` are sentences that hold whatever number is chosen, `replicas` is the
    number that was asked for, where it is known already. `limits` are the budgets and quotas it may meet. `before` is
    the number that an object at 0 had, `before_said` who says so and `before_at` when that was (Unix s). `other` is the
    resource of an object whose kind edgetui does not watch. `unsure` says that an autoscaler may own the number unseen.
    """

    ref: ObjectRef
    generation: int
    desired: int
    current: int
    ready: int
    hpa: AutoscalerRow | None
    notes: tuple[str, ...]
    selector: str = ""
    replicas: int | None = None
    limits: Limits = Limits()
    before: int = 0
    before_said: str = ""
    before_at: int = 0
    other: Scalable | None = None
    keda: ScaledObject | None = None
    unsure: bool = False

    @property
    def resource_version(self) -> str:
        return self.ref.resource_version

    @property
    def path(self) -> str:
        """Where the object is."""
        key = self.ref.key
        return self.other.path(key.namespace, key.name) if self.other else object_path(key)

    @property
    def spot(self) -> Spot | None:
        """What a write is held against for another kind: its scale, as the object may have its number anywhere."""
        if self.other is None:
            return None
        return Spot(self.ref, 0, f"{self.path}/scale", partial(_wants, self.desired), moves=False)

    def applied(self, replicas: int, there: Json) -> bool:
        """Whether the object, or its `spot`, has this number by now."""
        if self.other is not None:
            return _wants(replicas, there)
        moved = there["metadata"].get("generation", 0) > self.generation
        return bool(moved and desired_replicas(there["spec"]) == replicas)

    @property
    def needs(self) -> tuple[Access, ...]:
        """The rights that scaling it needs."""
        return self.other.needs if self.other else needs("scale", self.ref.key.kind)

    @property
    def owner(self) -> str:
        """Who owns the number, in words; empty when no autoscaler does."""
        if self.keda is not None:
            return self.keda.words
        if self.hpa is not None:
            return f"autoscaler {self.hpa.name}, {self.hpa.min} to {self.hpa.max}"
        return "not known: autoscalers cannot be read" if self.unsure else ""

    def holds(self, replicas: int) -> bool:
        """Whether KEDA is to be paused at this number; false where it is paused at it already, and is to go on."""
        return self.keda is not None and not (self.keda.paused and replicas == self.desired)

    def warnings(self, replicas: int) -> tuple[str, ...]:
        """What setting this number would meet."""
        found = list(self.notes)
        met = meets(self.hpa, self.desired, replicas)
        if met is not None:
            found.insert(0, f"{met.text[:1].upper()}{met.text[1:]}.")
        found += self.limits.warnings(self.desired, self.current, replicas)
        if replicas == 0 and self.desired:
            found.append(f"0 stops every pod of {in_words(self.ref.key)}.")
        return tuple(found)


async def prepare(session: Session, ref: ObjectRef, replicas: int | None = None) -> ScaleView:
    """Look at the object and at who owns its number. Raises Refusal when scaling it makes no sense."""
    needs("scale", ref.key.kind)
    there = await read(session, ref)
    row = row_of(ref.key.kind, there)
    assert isinstance(row, Workload) and not isinstance(row, DaemonSetRow)
    if isinstance(row, ReplicaSetRow) and row.owner_kind == "Deployment":
        raise Refusal(
            f"replicaset {row.name} belongs to deployment {row.owner_name}, which would set its number back.",
            f"Scale deployment {row.owner_name} instead.",
        )
    (hpa, note), found, keda = await asyncio.gather(
        autoscaler_of(session, ref.key),
        limits_of(session, ref.key.namespace, there["spec"].get("template") or {}),
        scaled_object_of(session, ref.key),
    )
    notes = [note] if note else []
    notes += [keda.note] if keda else []
    notes += [f"{manager} manages it and may set its own number again." for manager in _managers(row)]
    notes += _owners(there)
    return ScaleView(
        ref=ObjectRef(ref.key, row.uid, row.resource_version),
        generation=row.generation,
        desired=row.replicas,
        current=row.current,
        ready=row.ready,
        hpa=hpa,
        notes=tuple(notes),
        selector=selector(there["spec"].get("selector") or {}),
        replicas=replicas,
        limits=found,
        keda=keda,
        unsure=bool(note),
    )


async def prepare_other(
    session: Session, ref: ObjectRef, other: Scalable, replicas: int | None = None
) -> ScaleView:
    """The same for an object whose kind edgetui does not watch: all that is known is what its scale says."""
    path = other.path(ref.key.namespace, ref.key.name)
    there = await read(session, ref, path)
    scale, (hpa, note) = await asyncio.gather(
        session.api.get(f"{path}/scale"), autoscaler_of(session, ref.key, other.group)
    )
    desired, running = numbers(scale)
    metadata = there["metadata"]
    return ScaleView(
        ref=ObjectRef(ref.key, metadata["uid"], metadata["resourceVersion"]),
        generation=metadata.get("generation", 0),
        desired=desired,
        current=running,
        ready=running,
        hpa=hpa,
        notes=(*([note] if note else []), *_owners(there)),
        replicas=replicas,
        other=other,
        unsure=bool(note),
    )


async def perform(
    gate: Gate, session: Session, view: ScaleView, replicas: int, *, wait: float | None
) -> Receipt:
    """Set the number and, for at most `wait` seconds (None: not at all), see it become true.

    Raises Refusal (or Changed, with the new view) when nothing was written, ApiError when the server refused.
    """
    if isinstance(replicas, bool) or not 0 <= replicas <= MOST:
        raise Refusal(f"{replicas} is not a number of replicas.", f"Give a whole number from 0 to {MOST}.")

    async def again() -> ScaleView:
        return await _again(session, view, replicas)

    async def then(run: Run) -> Ending:
        return await _reach(run, view, replicas, wait)

    wanted = _change(session, view, replicas)
    return await change.perform(gate, session, wanted, again=again, then=then, wait=wait)


async def _again(session: Session, view: ScaleView, replicas: int) -> ScaleView:
    if view.other:
        return await prepare_other(session, view.ref, view.other, replicas)
    return await prepare(session, view.ref, replicas)


def _change(session: Session, view: ScaleView, replicas: int) -> Change:
    """The number as one change: what a person is asked to agree to, and what is written."""
    key = view.ref.key
    words = in_words(key)
    return Change(
        action="scale",
        ref=view.ref,
        generation=view.generation,
        needs=view.needs,
        title=f"Scale {words} in {key.namespace} on {session.name} from {view.desired} to {replicas}",
        facts=(
            *facts(session, view.ref),
            ("now", f"{view.desired} wanted, {view.current} running, {view.ready} ready"),
            ("then", plural(replicas, "replica")),
            *((("owned by", view.owner),) if view.owner else ()),
        ),
        diff=(f"- replicas: {view.desired}", f"+ replicas: {replicas}"),
        warnings=view.warnings(replicas),
        says=f"set {key.kind}/{key.name} to {plural(replicas, 'replica')}",
        doing=f"Setting {words} from {view.desired} to {replicas}",
        accepted=f"The server accepted {replicas} replicas",
        write=partial(request, view, replicas),
        applied=partial(view.applied, replicas),
        data={"from": view.desired, "to": replicas},
        spot=view.spot,
        nothing=f"{words} is at {view.desired} already, {view.ready} ready: nothing was written"
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


async def _reach(run: Run, view: ScaleView, replicas: int, wait: float | None) -> Ending:
    words = in_words(view.ref.key)
    if wait is None:
        return not_waited(f"{replicas} replicas")
    if view.other:
        found = await reach(run, view.path, replicas, wait)
        run.step(found.text, "done" if found.reached else "failed")
        return ending_of(found, words)

    async def judge(row: Workload) -> Judgement:
        return _judge(view, replicas, row)

    met = meets(view.hpa, view.desired, replicas)
    seen = await watch(
        run,
        view.ref,
        view.generation + 1,
        judge,
        wait,
        hold=min(HOLD, wait / 2) if met is not None and met.undone else 0.0,
    )
    run.step(seen.text, "done" if seen.reached else "failed")
    if seen.reached or seen.failed:
        return ending_of(seen, words)
    why = await why_not_ready(run.session, view.ref.key.namespace, view.selector)
    return ending_of(seen, words, *([why] if why else []))


def _judge(view: ScaleView, replicas: int, row: Workload) -> Judgement:
    assert not isinstance(row, DaemonSetRow)
    if row.replicas != replicas:
        by = f"autoscaler {view.hpa.name}" if view.hpa else "someone else"
        return Judgement(False, True, f"set to {row.replicas} by {by}", final=True)
    if row.observed < row.generation:
        return Judgement(False, False, "not seen by its controller yet")
    ready = f"{row.ready} of {replicas} ready"
    if row.current != replicas:
        return Judgement(False, False, f"{row.current} running, {ready}")
    return Judgement(row.ready == replicas, False, ready)


def _wants(replicas: int, there: Json) -> bool:
    """Whether a Scale has this number; it leaves out a 0."""
    return int((there.get("spec") or {}).get("replicas") or 0) == replicas


def _managers(row: Workload) -> tuple[str, ...]:
    return () if isinstance(row, ReplicaSetRow) else row.managers


def _owners(there: Json) -> list[str]:
    """A controller that made the object (an operator) keeps its own idea of the number."""
    references = there["metadata"].get("ownerReferences") or []
    return [
        f"It belongs to {one['kind']} {one['name']}, whose controller may set the number back."
        for one in references
        if one.get("controller")
    ]
