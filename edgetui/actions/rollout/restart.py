"""Restart: every pod of a workload is replaced, in the order of its update strategy, by one of the same template."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from edgetui.actions.catalogue import needs
from edgetui.actions.change import spec as specs
from edgetui.actions.change.change import Change, facts
from edgetui.actions.change.ending import Ending
from edgetui.actions.change.precondition import object_path
from edgetui.actions.change.spec import Aim, Given, Spec
from edgetui.actions.gate.gate import Gate, Run, Write
from edgetui.actions.messages import Json, Receipt, Refusal
from edgetui.actions.rollout.follow import Following, follow
from edgetui.actions.rollout.workload import WorkloadView, read_workload, refuse_paused, slow_to_follow
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.rollout.status import verdict
from edgetui.model.text import plural

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"


async def prepare(session: Session, ref: ObjectRef) -> WorkloadView:
    """Look at the workload. Raises Refusal when a restart would do nothing."""
    view = await read_workload(session, "restart", ref)
    refuse_paused(session, view, "a restart would not roll out")
    if not view.row.replicas:
        raise Refusal(f"{view.words.capitalize()} has no pods to restart: 0 replicas are desired.")
    return view


async def perform(gate: Gate, session: Session, view: WorkloadView, *, wait: float | None) -> Receipt:
    """Have every pod replaced and, for at most `wait` seconds (None: not at all), see it done.

    Raises Refusal (or Changed, with the new view) when nothing was written, ApiError when the server refused.
    """
    aim = Aim("restart", session, view.ref, gate.audit)
    at = _stamp(gate.clock(), view.there)
    return await specs.perform(SPEC, gate, aim, view, at, wait=wait)


def change(session: Session, view: WorkloadView, at: str) -> Change:
    """The annotation that kubectl writes too; `at` is the time in it."""
    row, key = view.row, view.ref.key
    before = _restarted_at(view.there)
    diff = [f"- metadata.annotations[{RESTARTED_AT}]: {before}"] if before else []
    return Change(
        action="restart",
        ref=view.ref,
        generation=row.generation,
        needs=needs("restart", key.kind),
        title=f"Restart {view.where}",
        facts=(
            *facts(session, view.ref),
            ("current", verdict(row).text),
            ("pods", f"{plural(row.replicas, 'pod')}, {row.ready} ready; replaced {_order(view)}"),
        ),
        diff=(*diff, f"+ metadata.annotations[{RESTARTED_AT}]: {at}"),
        warnings=(*_meets(view), *view.notes),
        says=f"set the annotation restartedAt in the pod template of {key.kind}/{key.name}",
        doing=f"Restarting {view.words}",
        accepted="The server accepted the restart",
        write=lambda version: _write(view, at, version),
        applied=lambda there: _restarted_at(there) == at,
        data={"restarted_at": at},
        known=view.there["metadata"],
    )


def _write(view: WorkloadView, at: str, version: str) -> Write:
    path = object_path(view.ref.key)
    return Write(
        "PATCH",
        path,
        {
            "metadata": {"resourceVersion": version},
            "spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: at}}}},
        },
        f"restart {view.words}",
        content_type="application/merge-patch+json",
        uid=view.ref.uid,
        before={"restarted_at": _restarted_at(view.there), "resourceVersion": version},
        after={"restarted_at": at},
    )


def _stamp(now: float, there: Json) -> str:
    """The time of this restart. Two within a second must differ: the same text again would change nothing."""
    for second in (int(now), int(now) + 1):
        at = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if at != _restarted_at(there):
            break
    return at


def _restarted_at(there: Json) -> str:
    notes = (there["spec"]["template"].get("metadata") or {}).get("annotations") or {}
    return str(notes.get(RESTARTED_AT, ""))


def _order(view: WorkloadView) -> str:
    row = view.row
    if isinstance(row, DeploymentRow):
        return "all at once (Recreate)" if row.strategy == "Recreate" else "step by step"
    return "as you delete them (OnDelete)" if row.strategy == "OnDelete" else "one after another"


def _meets(view: WorkloadView) -> tuple[str, ...]:
    row = view.row
    found = ["A restart cannot be undone.", *slow_to_follow(row)]
    if isinstance(row, DeploymentRow) and row.strategy == "Recreate":
        found.append("Its strategy is Recreate: nothing serves until the new pods are ready.")
    if not verdict(row).done:
        found.append("It is not healthy now: a restart replaces the pods that serve, too.")
    return tuple(found)


async def outcome(run: Run, view: WorkloadView, at: str, wait: float | None) -> Ending:
    """Until every pod is a new one."""
    following = Following(
        view.ref,
        view.row.generation + 1,
        view.selector,
        reached=f"{view.words} is restarted",
        accepted=f"{view.words} is told to restart",
        holds=lambda there: _restarted_at(there) == at,
    )
    return await follow(run, following, wait)


def _now(view: WorkloadView, given: Given) -> str:
    return _stamp(time.time(), view.there)


SPEC: Spec[WorkloadView, str] = Spec(
    read=lambda aim: prepare(aim.session, aim.ref),
    answer=_now,
    title=lambda view, at: f"Restart {view.words}",
    change=change,
    outcome=outcome,
    final="A restart cannot be undone: its pods have been replaced by new ones of the same template",
)
