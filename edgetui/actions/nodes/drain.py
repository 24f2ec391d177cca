"""Drain: cordon a node, then evict its pods, each as its disruption budgets allow (kubectl's pkg/drain).

Evictions are separate writes, each with its record. One that a budget forbids (429) is tried again until the time is
up; a person who stops it leaves the node cordoned. Undo uncordons it: evicted pods are elsewhere by then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

import msgspec
from msgspec.structs import replace

from edgetui.actions.catalogue import needs
from edgetui.actions.change.change import facts
from edgetui.actions.change.ending import unknown
from edgetui.actions.change.listing import items_at
from edgetui.actions.change.precondition import in_words
from edgetui.actions.change.spec import Aim, Argument, Given, Reversal, Spec, way_back
from edgetui.actions.change.switch import SwitchView
from edgetui.actions.gate.done import Done
from edgetui.actions.gate.gate import Gate, Run, Write
from edgetui.actions.messages import Cancelled, Changed, Json, Plan, Receipt, Refusal
from edgetui.actions.nodes.cordon import CORDON
from edgetui.actions.reading import items
from edgetui.actions.session import Session
from edgetui.cluster.errors import (
    Conflict,
    EdgetuiError,
    Forbidden,
    LinkError,
    NotFound,
    OutcomeUnknown,
    ServerFailure,
    Throttled,
)
from edgetui.model.autoscaling.limits import selects
from edgetui.model.cache.wireprofile import Wire
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.base import api_path
from edgetui.model.kinds.pod import POD
from edgetui.model.node.demand import demand_of
from edgetui.model.node.forecast import loses, stays
from edgetui.model.text import plural, verb

RETRY = 5.0
"""Seconds between two tries of an eviction that a budget forbids, as in kubectl."""
LOOK = 1.0
_BUDGETS = partial(api_path, "policy", "v1", "poddisruptionbudgets")


class DrainAnswer(msgspec.Struct, frozen=True):
    """What may be lost: pods without a controller (`force`), and the data of emptyDir volumes."""

    force: bool = False
    delete_emptydir_data: bool = False


class PodOnNode(msgspec.Struct, frozen=True):
    """One pod, and what kubectl's filters make of it.

    `stays` says why it is left there. `needs` is the option without which nothing is drained, and `why` the reason.
    """

    namespace: str
    name: str
    uid: str
    labels: dict[str, str]
    stays: str = ""
    needs: str = ""
    why: str = ""

    @property
    def words(self) -> str:
        return f"{self.namespace}/{self.name}"


class DrainView(msgspec.Struct, frozen=True):
    """A node, its pods, the budgets that select them, and what is lost besides, in sentences."""

    node: SwitchView
    pods: tuple[PodOnNode, ...]
    budgets: tuple[Json, ...] = ()
    lost: tuple[str, ...] = ()

    @property
    def moved(self) -> tuple[PodOnNode, ...]:
        """The pods that are evicted, in the order of the server's list."""
        return tuple(pod for pod in self.pods if not pod.stays)

    @property
    def waiting(self) -> dict[str, str]:
        """The pods that have to wait for their budget, by uid: each eviction before takes from what it allows."""
        left = {_name(one): _allowed(one) for one in self.budgets}
        found: dict[str, str] = {}
        for pod in self.moved:
            for one in self.budgets:
                same = one["metadata"].get("namespace") == pod.namespace
                if same and selects((one.get("spec") or {}).get("selector"), pod.labels):
                    left[_name(one)] -= 1
                    if left[_name(one)] < 0:
                        found[pod.uid] = f"budget {one['metadata']['name']} allows {_allowed(one)} at a time"
        return found


def _name(budget: Json) -> str:
    return f"{budget['metadata'].get('namespace')}/{budget['metadata']['name']}"


def _allowed(budget: Json) -> int:
    return int((budget.get("status") or {}).get("disruptionsAllowed") or 0)


def judged(pod: Json) -> PodOnNode:
    """A pod by kubectl's filters: mirror and DaemonSet pods stay; others may need an option."""
    demand = demand_of(pod)
    option, why = loses(demand)
    found = PodOnNode(demand.namespace, demand.name, demand.uid, dict(demand.labels), stays(demand))
    return found if found.stays else replace(found, needs=option, why=why)


async def read(aim: Aim) -> DrainView:
    """The node and its pods. Raises Refusal for what is no node."""
    needs(aim.action, aim.ref.key.kind)
    node, pods = await asyncio.gather(
        CORDON.read(replace(aim, action="cordon", on_screen=False)), pods_on(aim.session, aim.ref.key.name)
    )
    return DrainView(node, pods)


async def pods_on(session: Session, node: str) -> tuple[PodOnNode, ...]:
    """The pods of a node. Raises as `Api.get` does."""
    listed = await session.api.read(KINDS[POD].path(), query={"fieldSelector": f"spec.nodeName={node}"})
    return tuple(judged(one) for one in items(listed) if _placed(one))


def _placed(pod: Json) -> bool:
    return bool(pod["metadata"].get("namespace") and pod["metadata"].get("uid"))


async def explain(aim: Aim, view: DrainView) -> DrainView:
    """The budgets that its pods meet, and what is lost without the node."""
    spaces = sorted({pod.namespace for pod in view.moved})
    reading = asyncio.gather(*(items_at(aim.session, _BUDGETS(space)) for space in spaces))
    lost, lists = await asyncio.gather(_lost(aim.session, view.node.ref.key.name), reading)
    return replace(view, budgets=tuple(one for listed in lists for one in listed), lost=tuple(lost))


async def _lost(session: Session, node: str) -> list[str]:
    """What `:unplug` says of the node, in short; over a slow link only that it can be asked."""
    if session.store is not None and session.store.wire.wire is Wire.THIN:
        return ["Over a link as slow as this it is not looked up where its pods fit; :unplug asks for it."]
    from edgetui.actions.nodes import (
        foresee,
    )  # with Services and their traffic, which nothing else here needs
    from edgetui.model.node.unplug import answer, short_form

    try:
        known = await foresee.read(session)
    except EdgetuiError as error:
        return [f"Where its pods fit, and which Services stop, is not known: {error.sentence}"]
    there = any(one.name == node for one in known.cluster.offers)
    return short_form(answer(known, {node})) if there else []


async def carry_out(
    gate: Gate, aim: Aim, view: DrainView, answer: DrainAnswer, wait: float | None
) -> Receipt:
    """Rehearse every write, ask, cordon, and evict until all are gone."""
    if lacking := [pod for pod in view.moved if pod.needs and not getattr(answer, pod.needs)]:
        raise Refusal(
            f"{lacking[0].words} {lacking[0].why}"
            + (
                f", and {plural(len(lacking) - 1, 'other pod')} cannot be drained either."
                if lacking[1:]
                else "."
            ),
            "Nothing was changed. To evict such pods too: "
            + " ".join(sorted({f"--{pod.needs.replace('_', '-')}" for pod in lacking})),
        )
    key = view.node.ref.key
    async with gate.run(aim.session, "drain", view.node.ref, needs("drain", key.kind), "", key.name) as run:
        view = await explain(aim, view)
        cordoning = CORDON.change(aim.session, view.node, True)
        version = view.node.ref.resource_version
        try:
            if not view.node.now:
                await run.rehearse(cordoning.write(version))
            refused = await _rehearsed(run, view)
            await run.confirm(_plan(aim.session, view, refused))
            if not view.node.now:
                run.step(cordoning.doing, "doing")
                await run.write(cordoning.write(version))
                run.step(cordoning.accepted, "done")
        except Conflict:
            now = await read(replace(aim, ref=view.node.ref))
            raise Changed(f"{in_words(key)} was changed while you looked.", now) from None
        except (OutcomeUnknown, ServerFailure) as lost:
            ending = unknown(f"Cordon {in_words(key)}", lost)
            return await run.finish(_receipt(view, ending.ok, False, ending.lines, {"unknown": True}))
        return await run.finish(await _Evictions(run, view).receipt(wait))


async def _rehearsed(run: Run, view: DrainView) -> dict[str, str]:
    """What the server says to each eviction alone, by uid, where it says no."""
    refused: dict[str, str] = {}
    for pod in view.moved:
        try:
            await run.rehearse(_eviction(view, pod))
        except Throttled as budget:
            refused[pod.uid] = budget.sentence
        except NotFound:
            continue
        except Forbidden as forbidden:
            if not _ends_by_itself(forbidden):
                raise
    return refused


def _ends_by_itself(forbidden: Forbidden) -> bool:
    """Whether the namespace of a pod is being terminated, and the pod with it: no eviction is taken there."""
    return "being terminated" in forbidden.sentence


def _plan(session: Session, view: DrainView, refused: dict[str, str]) -> Plan:
    words, moved = in_words(view.node.ref.key), view.moved
    waits = {**view.waiting, **refused}
    stay = [f"{pod.words} stays: {pod.stays}" for pod in view.pods if pod.stays]
    return Plan(
        action="drain",
        cluster=session.name,
        target=view.node.ref,
        title=f"Drain {words} on {session.name}: evict {plural(len(moved), 'pod')}",
        facts=(
            *facts(session, view.node.ref),
            ("current", "cordoned" if view.node.now else "schedulable"),
            (
                "pods",
                f"{len(moved)} {verb(len(moved), 'is', 'are')} evicted, {len(stay)} {verb(len(stay), 'stays', 'stay')}",
            ),
            (
                "budgets",
                f"{len(waits)} {verb(len(waits), 'waits', 'wait')} for a disruption budget"
                if waits
                else "let all go at once",
            ),
        ),
        diff=(*(f"- {pod.words}" for pod in moved), *(f"  {one}" for one in stay)),
        warnings=(
            *view.lost,
            *(f"{pod.words} waits: {waits[pod.uid]}" for pod in moved if pod.uid in waits),
            *(f"{pod.words} {pod.why}: that is lost." for pod in moved if pod.why),
        ),
        writes=(
            *(() if view.node.now else (f"set spec.unschedulable of Node/{view.node.ref.key.name} to true",)),
            f"evict {plural(len(moved), 'pod')}, each if it is still the one that is shown",
        ),
    )


def _eviction(view: DrainView, pod: PodOnNode) -> Write:
    """One eviction of that very pod. The record has what undo needs: whether the node was cordoned before."""
    return Write(
        "POST",
        KINDS[POD].path(pod.namespace, pod.name, "eviction"),
        {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod.name, "namespace": pod.namespace},
            "deleteOptions": {"preconditions": {"uid": pod.uid}},
        },
        f"drain {in_words(view.node.ref.key)}: evict pod {pod.words}",
        before={"unschedulable": view.node.now, "pod": pod.words, "uid": pod.uid},
        after={"unschedulable": True, "pod": pod.words},
    )


class _Evictions:
    """Evicts the pods of a view until none is left, and says of each what came of it."""

    def __init__(self, run: Run, view: DrainView) -> None:
        self._run = run
        self._view = view
        self._due = list(view.moved)
        self._leaving: list[PodOnNode] = []
        self._gone: list[PodOnNode] = []
        self._why: dict[str, str] = {}

    async def receipt(self, wait: float | None) -> Receipt:
        """Carry on for at most `wait` seconds; None: each is asked for once."""
        loop = asyncio.get_running_loop()
        until = loop.time() + (wait or 0.0)
        tried = -RETRY
        how = "the time is up" if wait else "the rest was not waited for"
        try:
            while self._due or self._leaving:
                if loop.time() - tried >= RETRY or not self._why:
                    tried = loop.time()
                    await self._evict()
                await self._see()
                self._run.step(self._words, "doing")
                if not (self._due or self._leaving) or loop.time() >= until:
                    break
                await self._run.gate.sleep(min(LOOK, max(0.01, until - loop.time())))
        except Cancelled:
            how = "cancelled, no more is evicted"
        return self._told(how)

    async def _evict(self) -> None:
        for pod in list(self._due):
            await self._run.gate.sleep(0)  # whoever cancels it does not wait for the round to end
            try:
                await self._run.write(_eviction(self._view, pod))
            except Throttled as budget:
                self._why[pod.uid] = budget.clause
                continue
            except (NotFound, Conflict):
                self._gone.append(pod)
            except Forbidden as forbidden:
                if not _ends_by_itself(forbidden):
                    raise
                self._leaving.append(pod)
            except (LinkError, OutcomeUnknown, ServerFailure) as lost:
                self._why[pod.uid] = lost.clause
                continue
            except EdgetuiError as refused:
                self._why[pod.uid] = refused.clause
                continue
            else:
                self._leaving.append(pod)
            self._why.pop(pod.uid, None)
            self._due.remove(pod)

    async def _see(self) -> None:
        """Which of them are gone by now, those too whose eviction got no answer."""
        try:
            there = {pod.uid for pod in await pods_on(self._run.session, self._view.node.ref.key.name)}
        except EdgetuiError:
            return
        for waiting in (self._due, self._leaving):
            for pod in [one for one in waiting if one.uid not in there]:
                waiting.remove(pod)
                self._gone.append(pod)
                self._why.pop(pod.uid, None)

    @property
    def _words(self) -> str:
        words = f"{len(self._gone)} of {len(self._view.moved)} pods are gone"
        first = next((pod for pod in self._due if pod.uid in self._why), None)
        return f"{words}; {first.words} waits: {self._why[first.uid]}" if first else words

    def _told(self, how: str) -> Receipt:
        left = [*self._due, *self._leaving]
        words = in_words(self._view.node.ref.key)
        done = f"{len(self._gone)} of {len(self._view.moved)} pods are gone"
        first = f"{words} is drained: {done}." if not left else f"{words} is cordoned, {done}; {how}."
        lines = [
            first,
            *self._each(self._due, "was not evicted"),
            *self._each(self._leaving, "is terminating"),
        ]
        data = {"evicted": [pod.words for pod in self._gone], "left": [pod.words for pod in left]}
        self._run.step(first, "failed" if left else "done")
        return _receipt(self._view, not left, bool(left), lines, data)

    def _each(self, pods: Sequence[PodOnNode], what: str) -> list[str]:
        return [
            f"{pod.words} {what}{f': {self._why[pod.uid]}' if pod.uid in self._why else ''}." for pod in pods
        ]


def _receipt(view: DrainView, ok: bool, pending: bool, lines: Sequence[str], data: Json) -> Receipt:
    ref = view.node.ref
    return Receipt("drain", ref.key.cluster, ref, ok, tuple(lines), {"unknown": False, **data}, pending)


async def back(aim: Aim, there: Json, done: Done) -> Reversal:
    """Uncordoned again, if it was not cordoned before."""
    return await way_back(CORDON.spec, replace(aim, action="uncordon"), there, done)


def _answer(view: DrainView, given: Given) -> DrainAnswer:
    return DrainAnswer(bool(given.get("force")), bool(given.get("delete_emptydir_data")))


SPEC: Spec[DrainView, DrainAnswer] = Spec(
    read=read,
    reads="{object} and its pods",
    answer=_answer,
    title=lambda view, answer: f"Drain {in_words(view.node.ref.key)}",
    procedure=carry_out,
    back=back,
    arguments=(
        Argument(
            "force",
            "evict pods without a controller too: nothing makes them anew",
            flags=("--force",),
            switch=True,
        ),
        Argument(
            "delete_emptydir_data",
            "evict pods with emptyDir volumes too: their data is lost",
            flags=("--delete-emptydir-data",),
            switch=True,
        ),
        Argument(
            "ignore_daemonsets",
            "as kubectl has it; pods of a DaemonSet always stay",
            flags=("--ignore-daemonsets",),
            switch=True,
        ),
    ),
    example="for example node/line-2-a",
    fields=lambda view: {"force": False, "delete_emptydir_data": False},
)
