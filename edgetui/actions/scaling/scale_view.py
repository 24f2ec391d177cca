"""What can be scaled, as it is now: its numbers, who owns them, and what another number would meet."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from edgetui.actions.catalogue import Access, needs
from edgetui.actions.change.change import Spot
from edgetui.actions.change.listing import items_at
from edgetui.actions.change.precondition import in_words, object_path, read
from edgetui.actions.change.spec import Aim
from edgetui.actions.change.watch import Workload, live_row
from edgetui.actions.messages import Json, Refusal
from edgetui.actions.objects.resource import Resource
from edgetui.actions.reading import numbers, readable
from edgetui.actions.rollout.revisions import selector
from edgetui.actions.scaling.before_zero import recall
from edgetui.actions.scaling.budgets_quotas import BUDGETS, QUOTAS
from edgetui.actions.scaling.hpa_owner import autoscaler_of, autoscalers_printed_for
from edgetui.actions.scaling.vpa_keda_owner import scaled_object_of
from edgetui.model.autoscaling.hpa import meets
from edgetui.model.autoscaling.limits import Limits, limits
from edgetui.model.autoscaling.vpa_keda import ScaledObject
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import row_of
from edgetui.model.kinds.autoscaler import AutoscalerRow
from edgetui.model.kinds.daemonset import DaemonSetRow
from edgetui.model.kinds.deployment import DEPLOYMENT
from edgetui.model.kinds.replicaset import ReplicaSetRow
from edgetui.model.kinds.wire import replicas as desired_replicas
from edgetui.model.redacted import Discreet


class ScaleView(Discreet, frozen=True):
    """A scalable object as it is now: what a person decides on.

    `ref` carries the uid and version that the write will insist on, `generation` tells a changed spec from mere status;
    it is 0 where only the scale was read, and then the number tells. `desired` is what the spec wants, `current` what
    exists, `ready` how many of those are ready, None until that is known. `hpa` is the autoscaler that owns the number.
    `notes` are sentences that hold whatever number is chosen, `replicas` is the number that was asked for, where it is
    known already. `limits` are the budgets and quotas it may meet. `before` is the number that an object at 0 had,
    `before_said` who says so and `before_at` when that was (Unix s). `other` is the resource of an object whose kind
    edgetui does not watch. `unsure` says that an autoscaler may own the number unseen, `whole` is false until it is
    known who owns it. `metadata` is that of the object, where it was read, and `there` all of it, where that was read
    for the numbers. `printed` are the autoscalers that may own the number, where the server has printed them.
    """

    SHOWN = ("ref", "desired", "current", "ready", "replicas", "before", "whole")

    ref: ObjectRef
    generation: int
    desired: int
    current: int
    ready: int | None
    hpa: AutoscalerRow | None
    notes: tuple[str, ...]
    selector: str = ""
    replicas: int | None = None
    limits: Limits = Limits()
    before: int = 0
    before_said: str = ""
    before_at: int = 0
    other: Resource | None = None
    keda: ScaledObject | None = None
    unsure: bool = False
    whole: bool = True
    metadata: Json = msgspec.field(default_factory=dict)
    there: Json | None = None
    printed: tuple[str, ...] | None = None

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
        """What a write is held against where no generation tells a changed spec: the number that the scale has."""
        if self.generation:
            return None
        return Spot(self.ref, 0, f"{self.path}/scale", partial(has_number, self.desired), moves=False)

    def applied(self, replicas: int, there: Json) -> bool:
        """Whether the object, or its `spot`, has this number by now."""
        if not self.generation:
            return has_number(replicas, there)
        moved = there["metadata"].get("generation", 0) > self.generation
        return bool(moved and desired_replicas(there["spec"]) == replicas)

    @property
    def words(self) -> str:
        """What there is, in words: "6 desired, 8 current, 6 ready"."""
        ready = "" if self.ready is None else f", {self.ready} ready"
        return f"{self.desired} desired, {self.current} current{ready}"

    @property
    def needs(self) -> tuple[Access, ...]:
        """The rights that scaling it needs."""
        return self.other.needs if self.other else needs("scale", self.ref.key.kind)

    @property
    def owner(self) -> str:
        """Who owns the number, in words; empty when no autoscaler does."""
        if not self.whole:
            return "being read"
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


async def read_scale(aim: Aim) -> ScaleView:
    """The numbers, and in the same flight which autoscalers may own them, where nothing is watched."""
    session = aim.session
    names = autoscalers_printed_for(session, aim.ref.key) if session.store is None else _none()
    view, printed = await asyncio.gather(_read_numbers(aim), names)
    return replace(view, printed=printed)


async def _read_numbers(aim: Aim) -> ScaleView:
    """Those of the live row, else what the scale subresource says.

    Where the server compresses the object, that is read in its place: it has the numbers, and is needed anyway.
    """
    session, ref, asked = aim.session, aim.ref, aim.given.get("replicas")
    if aim.other is None:
        needs("scale", ref.key.kind)
        row, there = live_row(session, ref), None
        if row is None and await session.api.compresses():
            there = await read(session, ref)
            row = _workload(ref.key, there)
        if row is not None and not isinstance(row, DaemonSetRow) and row.generation:
            return _of_row(ref.key, row, asked, there)
    path = aim.other.path(ref.key.namespace, ref.key.name) if aim.other else object_path(ref.key)
    scale = await read(session, ref, f"{path}/scale")
    desired, running = numbers(scale)
    metadata = scale["metadata"]
    return ScaleView(
        ref=ObjectRef(ref.key, metadata["uid"], metadata["resourceVersion"]),
        generation=0,
        desired=desired,
        current=running,
        ready=None,
        hpa=None,
        notes=(),
        selector=str((scale.get("status") or {}).get("selector") or ""),
        replicas=asked,
        other=aim.other,
        whole=False,
    )


def _of_row(key: ObjectKey, row: Workload, asked: int | None, there: Json | None) -> ScaleView:
    assert not isinstance(row, DaemonSetRow)
    return ScaleView(
        ref=ObjectRef(key, row.uid, row.resource_version),
        generation=row.generation,
        desired=row.replicas,
        current=row.current,
        ready=row.ready,
        hpa=None,
        notes=(),
        replicas=asked,
        whole=False,
        there=there,
    )


async def explain(aim: Aim, view: ScaleView) -> ScaleView:
    """Who owns the number, and what it may meet. Raises Refusal when scaling the object makes no sense.

    The object itself is read for its template and its owners, where nothing is known of it or these may matter.
    """
    session, key = aim.session, view.ref.key
    group = aim.other.group if aim.other else None
    row = live_row(session, view.ref) if view.generation else None
    # A form may be given any number; of one that stands, only what it can meet is asked for (`Limits.warnings`).
    asked = None if aim.on_screen else view.replicas
    fewer, more = asked is None or asked < view.desired, asked is None or asked > view.current
    (hpa, note), budgets, quotas, keda, there = await asyncio.gather(
        autoscaler_of(session, key, group, view.printed),
        items_at(session, BUDGETS(key.namespace)) if fewer and aim.other is None else _nothing(),
        items_at(session, QUOTAS(key.namespace)) if more and aim.other is None else _nothing(),
        scaled_object_of(session, key) if aim.other is None else _none(),
        _object(aim, view) if _counts(row) else _none(),
    )
    if there is None and (budgets or quotas):
        there = await read(session, view.ref)
    if not view.desired and aim.on_screen and aim.log is not None and aim.other is None:
        before = await recall(aim.log, session, view.ref)
        view = replace(view, before=before.replicas, before_said=before.said, before_at=before.at)
    if aim.other is None and there is not None:
        row = _workload(key, there)
    return _explained(view, row, there, hpa, note, keda, _limits(budgets, quotas, there))


async def _object(aim: Aim, view: ScaleView) -> Json:
    return view.there or await read(aim.session, view.ref, view.path if aim.other else "")


def _workload(key: ObjectKey, there: Json) -> Workload:
    found = row_of(key.kind, there)
    assert isinstance(found, Workload)
    return found


def _explained(
    view: ScaleView,
    row: Workload | None,
    there: Json | None,
    hpa: AutoscalerRow | None,
    note: str,
    keda: ScaledObject | None,
    found: Limits,
) -> ScaleView:
    if isinstance(row, ReplicaSetRow) and row.owner_kind == DEPLOYMENT:
        raise Refusal(
            f"replicaset {row.name} belongs to deployment {row.owner_name}, which would set its number back.",
            f"Scale deployment {row.owner_name} instead.",
        )
    notes = [note] if note else []
    notes += [keda.note] if keda else []
    notes += _owners(there) if there is not None else []
    selected = selector(there["spec"].get("selector") or {}) if there is not None and row is not None else ""
    ready = view.ready if row is None or isinstance(row, DaemonSetRow) else row.ready
    return replace(
        view,
        ready=ready,
        hpa=hpa,
        notes=tuple(notes),
        selector=view.selector or selected,
        limits=found,
        keda=keda,
        unsure=bool(note),
        whole=True,
        metadata=there["metadata"] if there is not None else {},
    )


def _limits(budgets: list[Json], quotas: list[Json], there: Json | None) -> Limits:
    template = (there or {}).get("spec", {}).get("template") or {}
    return readable(lambda: limits(budgets, quotas, template), Limits())


def _counts(row: Workload | None) -> bool:
    """Whether the metadata of the object may say more of who sets its number than the live row does."""
    return row is None or bool(row.owner_uid or getattr(row, "managers", ()))


async def _nothing() -> list[Json]:
    return []


async def _none() -> Any:
    return None


def has_number(replicas: int, there: Json) -> bool:
    """Whether a Scale has this number; it leaves out a 0."""
    return int((there.get("spec") or {}).get("replicas") or 0) == replicas


def _owners(there: Json) -> list[str]:
    """A controller that made the object (an operator) keeps its own idea of the number."""
    references = there["metadata"].get("ownerReferences") or []
    return [
        f"It belongs to {one['kind']} {one['name']}, whose controller may set the number back."
        for one in references
        if one.get("controller")
    ]
