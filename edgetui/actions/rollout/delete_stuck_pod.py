"""Delete the one pod that holds an OrderedReady StatefulSet up, and see the set recover.

The pod is named with its uid as a precondition: another pod of its name is never deleted.
"""

from __future__ import annotations

from edgetui.actions.catalogue import needs
from edgetui.actions.change.change import facts
from edgetui.actions.change.ending import after_write
from edgetui.actions.change.spec import Aim, Spec, no_answer
from edgetui.actions.gate.gate import Gate, Run, Write
from edgetui.actions.messages import Plan, Receipt, Refusal
from edgetui.actions.rollout.follow import Following, follow
from edgetui.actions.rollout.pods import selected
from edgetui.actions.rollout.stuck_pod import blocking
from edgetui.actions.rollout.workload import WorkloadView, read_workload
from edgetui.actions.session import Session
from edgetui.cluster.errors import Conflict, NotFound, OutcomeUnknown, ServerFailure
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.pod import POD, PodRow
from edgetui.model.kinds.statefulset import StatefulSetRow
from edgetui.model.redacted import Discreet
from edgetui.model.rollout.status import reason


class StuckView(Discreet, frozen=True):
    """A StatefulSet and the pod that holds it up."""

    SHOWN = ("seen", "pod")

    seen: WorkloadView
    pod: PodRow


async def prepare(session: Session, ref: ObjectRef) -> StuckView:
    """Look for that pod. Raises Refusal when the set goes on by itself."""
    seen = await read_workload(session, "delete-stuck-pod", ref)
    assert isinstance(seen.row, StatefulSetRow)
    pods = await selected(session, ref.key.namespace, seen.selector)
    found = blocking(pods, seen.row)
    if not found:
        raise Refusal(f"No pod blocks the rollout of {seen.words}: nothing to delete.")
    return StuckView(seen, found[0])


async def perform(gate: Gate, session: Session, view: StuckView, *, wait: float | None) -> Receipt:
    """Delete the pod and, for at most `wait` seconds (None: not at all), see the set recover.

    Raises Refusal when nothing was deleted, ApiError when the server refused.
    """
    seen = view.seen
    key = seen.ref.key
    rights = needs("delete-stuck-pod", key.kind)
    async with gate.run(session, "delete-stuck-pod", seen.ref, rights, key.namespace) as run:
        write = _write(view)
        try:
            await run.rehearse(write)
            await run.confirm(plan(session, view))
            sure = await _delete(run, view, write)
        except (Conflict, NotFound):
            raise Refusal(
                f"Pod {view.pod.name} is gone, or another one has its name now: nothing was deleted.",
                "Look at what stands there now and decide again.",
            ) from None
        said = "is deleted" if sure else "may have been deleted"
        if sure:
            run.step(f"Pod {view.pod.name} {said}", "done")
        following = Following(
            seen.ref,
            seen.row.generation,
            seen.selector,
            reached=f"{seen.words} has recovered",
            accepted=f"pod {view.pod.name} {said}",
        )
        ending = await after_write(follow(run, following, wait), f"Pod {view.pod.name} {said}")
        data = {**({"deleted_pod": view.pod.name} if sure or ending.ok else {}), **ending.data}
        receipt = Receipt(
            "delete-stuck-pod",
            session.name,
            seen.ref,
            ending.ok,
            ending.lines,
            data,
            ending.pending,
            ending.offer,
        )
        return await run.finish(receipt)


def plan(session: Session, view: StuckView) -> Plan:
    """What a person is asked to agree to."""
    seen, pod = view.seen, view.pod
    why = reason([pod])
    claims = seen.there["spec"].get("volumeClaimTemplates")
    warnings = ["A deleted pod does not come back: the set makes a new one of its present template."]
    if not pod.restarts and pod.status == "Running":
        warnings.append("It may still become ready by itself.")
    return Plan(
        action="delete-stuck-pod",
        cluster=session.name,
        target=seen.ref,
        title=f"Delete pod {pod.name} of {seen.where}",
        facts=(
            *facts(session, seen.ref),
            ("pod", f"{pod.name} ({pod.status}), of an older revision; it blocks the rollout (OrderedReady)"),
            *((("reason", why),) if why else ()),
            *((("its claims", "stay: the new pod gets the same volumes"),) if claims else ()),
        ),
        warnings=tuple(warnings),
        writes=(f"delete Pod/{pod.name}, if it is still the one with uid {pod.uid}",),
    )


def _write(view: StuckView) -> Write:
    pod = view.pod
    return Write(
        "DELETE",
        KINDS[POD].path(pod.namespace, pod.name),
        {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": pod.uid}},
        f"delete pod {pod.name}, which blocks the rollout of {view.seen.words}",
        before={"pod": pod.name, "uid": pod.uid, "revision": pod.template},
        after={},
    )


async def _delete(run: Run, view: StuckView, write: Write) -> bool:
    """Once, and not when the pod is no longer stuck by the time the person has read the plan; whether it is known to
    be deleted.
    """
    run.require_live_link()
    run.step(f"Deleting pod {view.pod.name}", "doing")
    pods = await selected(run.session, view.pod.namespace, view.seen.selector)
    if any(pod.uid == view.pod.uid and pod.is_ready for pod in pods):
        raise Refusal(f"Pod {view.pod.name} has become ready meanwhile: nothing was deleted.")
    try:
        await run.write(write)
    except (OutcomeUnknown, ServerFailure) as lost:
        run.step(f"{lost.sentence} What the set does now tells whether it was deleted", "info")
        return False
    return True


async def _carry_out(gate: Gate, aim: Aim, view: StuckView, answer: None, wait: float | None) -> Receipt:
    return await perform(gate, aim.session, view, wait=wait)


SPEC: Spec[StuckView, None] = Spec(
    read=lambda aim: prepare(aim.session, aim.ref),
    reads="the pods of {object}",
    answer=no_answer,
    title=lambda view, answer: f"Delete pod {view.pod.name} of {view.seen.words}",
    procedure=_carry_out,
    final="A deleted pod does not come back: its set has made a new one",
    example="a StatefulSet, for example sts/camera",
)
