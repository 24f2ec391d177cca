"""An autoscaler's bounds: its minimum and maximum, for when a number set by hand would not hold."""

from __future__ import annotations

from functools import partial

import msgspec

from edgetui.actions.gate import Gate, Run, Write
from edgetui.actions.plan import Changed, Json, Plan, Receipt, Refusal
from edgetui.actions.ports import Session
from edgetui.actions.registry import needs
from edgetui.actions.watching import Judgement, poll
from edgetui.actions.writing import Intent, carry_out, object_path, read
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.autoscaler import AutoscalerRow
from edgetui.model.scaling import prospect

MOST = 2**31 - 1  # both are int32


class BoundsView(msgspec.Struct, frozen=True):
    """An autoscaler as it is now. `low` and `high` are what is suggested, its own bounds where nothing is.

    `running` is the number its target is set to. `notes` are sentences that hold whatever is chosen.
    """

    ref: ObjectRef
    generation: int
    row: AutoscalerRow
    running: int
    low: int
    high: int
    notes: tuple[str, ...] = ()

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


async def prepare(
    session: Session, ref: ObjectRef, low: int | None = None, high: int | None = None
) -> BoundsView:
    """Look at the autoscaler; a bound that is not given is suggested as it is."""
    needs("bounds", ref.key.kind)
    there = await read(session, ref)
    row = row_of(ref.key.kind, there)
    assert isinstance(row, AutoscalerRow)
    return BoundsView(
        ref=ObjectRef(ref.key, row.uid, row.resource_version),
        generation=there["metadata"].get("generation", 0),
        row=row,
        running=await _running(session, row),
        low=row.min if low is None else low,
        high=row.max if high is None else high,
        notes=_owners(there),
    )


async def _running(session: Session, row: AutoscalerRow) -> int:
    """What the target is set to; where it cannot be read, what the autoscaler saw when it looked last."""
    known = KINDS.get(row.target_kind)
    if known is None:
        return row.current
    try:
        target = await session.api.get(known.path(row.namespace, row.target_name))
    except EdgetuiError:
        return row.current
    return int(target["spec"].get("replicas", row.current))


async def perform(
    gate: Gate, session: Session, view: BoundsView, low: int, high: int, *, wait: float | None
) -> Receipt:
    """Set both bounds in one write and, for at most `wait` seconds (None: not at all), see the target within them.

    Raises Refusal (or Changed, with the new view) when nothing was written, ApiError when the server refused.
    """
    if wrong := view.wrong(low, high):
        raise Refusal(f"{low} to {high}: {wrong}.", "Give other numbers.")
    key, row = view.ref.key, view.row
    async with gate.run(
        session, "bounds", view.ref, needs("bounds", key.kind), key.namespace, key.name
    ) as run:
        if (low, high) == (row.min, row.max):
            run.step(f"autoscaler {key.name} is at {low} to {high} already: nothing to write", "info")
            return await run.finish(await _reach(run, view, low, high, wait))

        async def changed() -> Exception:
            now = await prepare(session, view.ref, low, high)
            return Changed(
                f"autoscaler {key.name} changed while you looked: it was at {row.min} to {row.max}, "
                f"now it is at {now.row.min} to {now.row.max}.",
                now,
            )

        intent = Intent(
            view.ref,
            view.generation,
            write=partial(request, view, low, high),
            plan=partial(plan, session, view, low, high),
            doing=f"Setting autoscaler {key.name} from {row.min}..{row.max} to {low}..{high}",
            applied=partial(has, low, high),
            changed=changed,
            same=partial(has, row.min, row.max),
        )
        if lost := await carry_out(run, intent, wait):
            return await run.finish(_unknown(view, low, high, lost))
        run.step(f"The server accepted {low} to {high}", "done")
        return await run.finish(await _reach(run, view, low, high, wait))


def plan(session: Session, view: BoundsView, low: int, high: int, version: str) -> Plan:
    """What a person is asked to agree to."""
    key, row = view.ref.key, view.row
    diff = [] if low == row.min else [f"- minReplicas: {row.min}", f"+ minReplicas: {low}"]
    diff += [] if high == row.max else [f"- maxReplicas: {row.max}", f"+ maxReplicas: {high}"]
    return Plan(
        action="bounds",
        cluster=session.name,
        target=view.ref,
        title=f"Let autoscaler {key.name} in {key.namespace} on {session.name} run {low} to {high}",
        facts=(
            ("cluster", f"{session.name} ({session.target.server})"),
            ("object", f"autoscaler {key.name} in {key.namespace}"),
            ("target", f"{row.target_kind.lower()} {row.target_name}, set to {view.running}"),
            ("now", f"{row.min} to {row.max}"),
            ("then", f"{low} to {high}"),
        ),
        diff=tuple(diff),
        warnings=view.warnings(low, high),
        writes=(
            f"set the bounds of {key.kind}/{key.name} to {low} and {high}, if it is still at version {version}",
        ),
    )


def request(view: BoundsView, low: int, high: int, version: str) -> Write:
    """The write that sets both bounds, if the autoscaler is still at that version."""
    key, row = view.ref.key, view.row
    return Write(
        "PATCH",
        object_path(key),
        {"metadata": {"resourceVersion": version}, "spec": {"minReplicas": low, "maxReplicas": high}},
        f"set autoscaler {key.name} from {row.min}..{row.max} to {low}..{high}",
        content_type="application/merge-patch+json",
        object_path=object_path(key),
        uid=view.ref.uid,
        before={"min": row.min, "max": row.max, "resourceVersion": version},
        after={"min": low, "max": high},
    )


def has(low: int, high: int, there: Json) -> bool:
    """Whether the autoscaler stands at these bounds."""
    row = row_of("HorizontalPodAutoscaler", there)
    assert isinstance(row, AutoscalerRow)
    return (row.min, row.max) == (low, high)


async def _reach(run: Run, view: BoundsView, low: int, high: int, wait: float | None) -> Receipt:
    """Look until the controller has brought the target between the bounds."""
    name = view.ref.key.name
    if wait is None:
        return _receipt(view, low, high, False, f"{low} to {high} accepted; not waited for.", pending=True)

    async def judge() -> Judgement:
        row = row_of(view.ref.key.kind, await read(run.session, view.ref))
        assert isinstance(row, AutoscalerRow)
        return _judge(row, low, high)

    seen = await poll(run, judge, wait)
    run.step(seen.text, "done" if seen.reached else "failed")
    after = f"after {seen.seconds:.1f} s"
    if seen.reached or seen.failed:
        return _receipt(view, low, high, seen.reached, f"autoscaler {name}: {seen.text} {after}.")
    return _receipt(
        view, low, high, False, f"autoscaler {name}: accepted, but {after} {seen.text}.", pending=True
    )


def _judge(row: AutoscalerRow, low: int, high: int) -> Judgement:
    if (row.min, row.max) != (low, high):
        return Judgement(False, True, f"set to {row.min} to {row.max} by someone else", final=True)
    if row.current == 0 and low > 0:
        return Judgement(
            True, False, f"{low} to {high}; its target stays at 0 until it is scaled to 1 or more"
        )
    if low <= row.current <= high:
        return Judgement(True, False, f"{low} to {high}, its target runs {row.current}")
    return Judgement(False, False, f"its target still runs {row.current}")


def _unknown(view: BoundsView, low: int, high: int, lost: Exception) -> Receipt:
    return _receipt(
        view,
        low,
        high,
        False,
        f"It is unknown whether autoscaler {view.ref.key.name} will be changed: {lost}",
        f"It is still at {view.row.min} to {view.row.max}. The write may yet arrive: look again before you repeat it.",
        unknown=True,
    )


def _receipt(
    view: BoundsView, low: int, high: int, ok: bool, *lines: str, pending: bool = False, unknown: bool = False
) -> Receipt:
    data: Json = {"from": [view.row.min, view.row.max], "to": [low, high], "unknown": unknown}
    return Receipt("bounds", view.ref.key.cluster, view.ref, ok, lines, data, pending)


def _owners(there: Json) -> tuple[str, ...]:
    """A controller that made the autoscaler writes its bounds as well."""
    return tuple(
        f"It belongs to {one['kind']} {one['name']}, whose controller will set its own bounds again."
        for one in there["metadata"].get("ownerReferences") or []
        if one.get("controller")
    )
