"""Out of service: the taint by which a person says that a node is powered off (KEP-2268, non-graceful node shutdown).

Its pods are evicted and deleted by force, so that a StatefulSet makes its own anew elsewhere; volumes are detached
without waiting for the node. Nothing checks that it is off: pods that still run there then run twice.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from functools import partial

import msgspec
from msgspec.structs import replace

from edgetui.actions.catalogue import needs
from edgetui.actions.change.change import Change, Spot, facts
from edgetui.actions.change.ending import Ending, ending_of, not_waited
from edgetui.actions.change.precondition import in_words, object_path, read
from edgetui.actions.change.spec import Aim, Given, SetBack, Spec
from edgetui.actions.change.watch import Observation, poll
from edgetui.actions.gate.gate import Run, Write
from edgetui.actions.messages import Json, Refusal
from edgetui.actions.reading import ODD, items
from edgetui.actions.session import Session
from edgetui.cluster.api.leases import NODES, read_lease
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.cache.wireprofile import Wire
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.node import OUT_OF_SERVICE, NodeRow
from edgetui.model.kinds.pod import POD
from edgetui.model.node.demand import Demand, demand_of
from edgetui.model.node.loss import POWERED_OFF, After, Prospect, forced, leaves
from edgetui.model.text import duration, plural

HEARD = 40.0
"""Seconds since the last renewal of its Lease for which a node is taken to run: how long the Lease holds."""
MOST = 12
"""Pods whose successors are told one by one."""
RECORDED = "out-of-service"
_OFF = "It has to be powered off: what still runs there then runs twice, and may write to the same volumes."
_ACTIONS = {True: "out-of-service", False: "in-service"}


class NodeView(msgspec.Struct, frozen=True):
    """A node as it is now: its pods that leave, whether the taint is there, and whether it is to be.

    `after` is what becomes of those pods, None while that is not known, and `not_known` why. `heard` is how many
    seconds ago its kubelet renewed its Lease, None where that is not told.
    """

    ref: ObjectRef
    generation: int
    row: NodeRow
    taints: tuple[Json, ...]
    pods: tuple[Demand, ...]
    now: bool
    wanted: bool
    after: tuple[Prospect, ...] | None = None
    not_known: str = ""
    heard: float | None = None

    @property
    def words(self) -> str:
        """The node as a person says it."""
        return in_words(self.ref.key)

    @property
    def state(self) -> str:
        """What the control plane knows of it."""
        if self.row.is_ready:
            return "Ready"
        return "NotReady: nothing is heard of it" if self.row.silent else "NotReady: its kubelet said so"


def _said(out: bool) -> str:
    return "out of service" if out else "in service"


async def _read(aim: Aim) -> NodeView:
    """The node and the pods that leave it; a key means the one of both actions that changes something."""
    kind = aim.ref.key.kind
    needs(aim.action, kind)
    there, pods = await asyncio.gather(read(aim.session, aim.ref), _pods(aim.session, aim.ref.key.name))
    row, metadata = row_of(kind, there), there["metadata"]
    assert isinstance(row, NodeRow)
    return NodeView(
        ref=ObjectRef(aim.ref.key, metadata["uid"], metadata["resourceVersion"]),
        generation=metadata.get("generation", 0),
        row=row,
        taints=_taints(there),
        pods=tuple(pod for pod in pods if leaves(pod)),
        now=_tainted(there),
        wanted=not _tainted(there) if aim.on_screen else aim.action == _ACTIONS[True],
    )


def _taints(there: Json) -> tuple[Json, ...]:
    return tuple((there.get("spec") or {}).get("taints") or ())


def _tainted(there: Json) -> bool:
    return any(one.get("key") == OUT_OF_SERVICE for one in _taints(there))


async def _pods(session: Session, node: str) -> list[Demand]:
    listed = await session.api.read(KINDS[POD].path(), query={"fieldSelector": f"spec.nodeName={node}"})
    found = []
    for one in items(listed):
        try:
            found.append(demand_of(one))
        except ODD:
            continue
    return [pod for pod in found if pod.node == node]


async def explain(aim: Aim, view: NodeView) -> NodeView:
    """Where the pods go, and when the node was heard; over a slow link the latter only."""
    if not view.wanted:
        return view
    (after, not_known), heard = await asyncio.gather(_after(aim.session, view), _heard(aim.session, view))
    return replace(view, after=after, not_known=not_known, heard=heard)


async def _after(session: Session, view: NodeView) -> tuple[tuple[Prospect, ...] | None, str]:
    if session.store is not None and session.store.wire.wire is Wire.THIN:
        return None, "over a link as slow as this that is not read"
    # Loaded here: it brings Services and their traffic, which nothing else needs.
    from edgetui.actions.nodes import foresee

    try:
        known = await foresee.read(session)
    except EdgetuiError as error:
        return None, error.sentence
    return tuple(forced(known.cluster, view.ref.key.name)), ""


async def _heard(session: Session, view: NodeView) -> float | None:
    try:
        lease = await read_lease(session.api, NODES, view.ref.key.name)
    except EdgetuiError:
        return None
    return max(0.0, time.time() - lease.renewed) if lease.renewed else None


def answer(view: NodeView, given: Given) -> bool:
    """What is asked for. Raises Refusal for a node that is Ready: nothing would be deleted, and it is not off."""
    return _checked(view, view.wanted)


def _checked(view: NodeView, wanted: bool) -> bool:
    if wanted and not view.now and view.row.ready in ("", "True"):
        told = "is Ready" if view.row.is_ready else "has not told yet whether it is Ready"
        raise Refusal(
            f"{view.words} {told}: the taint is for one that is powered off.",
            "To empty a node that runs, drain it.",
        )
    return wanted


def change(session: Session, view: NodeView, wanted: bool) -> Change:
    """The one taint more or less, beside those that were seen."""
    words, taint = view.words, f"{OUT_OF_SERVICE}={POWERED_OFF.value}:{POWERED_OFF.effect}"
    verb = "Take {} out of service" if wanted else "Put {} back in service"
    return Change(
        action=_ACTIONS[wanted],
        ref=view.ref,
        generation=view.generation,
        needs=needs(_ACTIONS[wanted], view.ref.key.kind),
        title=f"{verb.format(words)} on {session.name}",
        facts=(
            *facts(session, view.ref),
            ("current", f"{view.state}{', out of service' if view.now else ''}"),
            *_facts(view, wanted),
        ),
        diff=(f"{'+' if wanted else '-'} taint {taint}", *(_pod_line(one) for one in _told(view, wanted))),
        warnings=tuple(_warnings(view, wanted)),
        says=f"{'add' if wanted else 'remove'} the taint {OUT_OF_SERVICE} {'to' if wanted else 'from'} {words}",
        doing=f"{'Tainting' if wanted else 'Taking the taint off'} {words}",
        accepted=f"The server accepted it: {words} is {_said(wanted)}",
        write=partial(_write, view, wanted),
        applied=lambda there: _tainted(there) == wanted,
        data={"from": view.now, "to": wanted},
        spot=Spot(view.ref, view.generation, same=lambda there: _taints(there) == view.taints, moves=False),
        nothing=f"{words} is {_said(wanted)} already: nothing was written" if view.now == wanted else "",
        yes="Take out of service" if wanted else "",
    )


def _told(view: NodeView, wanted: bool) -> tuple[Prospect, ...]:
    return (view.after or ())[:MOST] if wanted else ()


def _facts(view: NodeView, wanted: bool) -> Iterator[tuple[str, str]]:
    if not wanted:
        return
    if view.heard is not None:
        yield "last lease", f"{duration(view.heard)} ago"
    numbered = sum(pod.numbered for pod in view.pods)
    of_sets = f", {numbered} of a StatefulSet" if numbered else ""
    yield (
        "pods",
        f"{plural(len(view.pods), 'pod')} deleted by force{of_sets}" if view.pods else "none is there",
    )
    claims = [f"{pod.namespace}/{claim}" for pod in view.pods for claim in pod.claims]
    if claims:
        more = f" and {len(claims) - 3} more" if len(claims) > 3 else ""
        yield "volumes", f"detached by force: {', '.join(claims[:3])}{more}"


def _pod_line(one: Prospect) -> str:
    if one.done:
        return f"- {one.pod.words} is evicted already"
    if one.after is After.MOVES:
        return f"- {one.pod.words} moves to {' or '.join(one.fits[:2])}"
    return f"- {one.pod.words} {one.after.value}: {one.why}"


def _warnings(view: NodeView, wanted: bool) -> Iterator[str]:
    if not wanted:
        if not view.row.is_ready:
            yield "It is not Ready: its pods are no longer deleted by force."
        return
    yield _OFF
    if view.heard is not None and view.heard < HEARD:
        yield f"Its kubelet renewed its Lease {duration(view.heard)} ago: it seems to run."
    elif not view.row.silent:
        yield "Its kubelet itself said that it is not Ready: it ran then."
    if view.not_known:
        yield f"Where its pods go is not known: {view.not_known.rstrip('.')}."
    if view.after is not None and len(view.after) > MOST:
        yield f"{len(view.after) - MOST} more pods leave than are listed."
    yield "Take the taint off once it is up again (undo does): until then no pod runs there."


def _write(view: NodeView, wanted: bool, version: str) -> Write:
    kept = [one for one in view.taints if one.get("key") != OUT_OF_SERVICE]
    added = (
        [{"key": OUT_OF_SERVICE, "value": POWERED_OFF.value, "effect": POWERED_OFF.effect}] if wanted else []
    )
    return Write(
        "PATCH",
        object_path(view.ref.key),
        {"metadata": {"resourceVersion": version}, "spec": {"taints": [*kept, *added]}},
        f"{'take' if wanted else 'put'} {view.words} {'out of' if wanted else 'back in'} service",
        content_type="application/merge-patch+json",
        uid=view.ref.uid,
        before={RECORDED: view.now, "resourceVersion": version},
        after={RECORDED: wanted},
    )


async def outcome(run: Run, view: NodeView, wanted: bool, wait: float | None) -> Ending:
    """Whether the pods are gone: the taint evicts them at once, and every 20 s what ends there is deleted by force."""
    said = f"{view.words} is {_said(wanted)}"
    if wait is None:
        return not_waited(f"{said}:")
    if not wanted or not view.pods:
        return Ending(True, False, (f"{said}.",))
    leaving = {pod.uid for pod in view.pods}

    async def judge() -> Observation:
        left = leaving & {pod.uid for pod in await _pods(run.session, view.ref.key.name)}
        gone = len(leaving) - len(left)
        return Observation(not left, False, f"{gone} of {plural(len(leaving), 'pod')} gone", final=not left)

    return ending_of(await poll(run, judge, wait), said)


SPEC: Spec[NodeView, bool] = Spec(
    read=_read,
    reads="{object} and its pods",
    answer=answer,
    title=lambda view, wanted: (
        f"{'Take' if wanted else 'Put'} {view.words} {'out of' if wanted else 'back in'} service"
    ),
    change=change,
    outcome=outcome,
    explain=explain,
    back=SetBack(
        now=lambda view, after: {RECORDED: view.now},
        answer=lambda view, before: _checked(view, bool(before[RECORDED])),
        then=lambda view, before: _said(bool(before[RECORDED])),
        ends=outcome,
    ),
    example="for example node/line-2-a",
)
