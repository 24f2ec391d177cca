"""After a write: look at the cluster until it is true there, or until the time is up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from edgetui.actions.change.precondition import read
from edgetui.actions.change.printed import Printed, printed
from edgetui.actions.gate.gate import Run
from edgetui.actions.messages import Refusal
from edgetui.actions.session import Session
from edgetui.cluster.errors import LinkError, ServerFailure, Throttled
from edgetui.model.cache.freshness import Sync
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds import row_of
from edgetui.model.kinds.daemonset import DaemonSetRow
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.replicaset import ReplicaSetRow
from edgetui.model.kinds.statefulset import StatefulSetRow

Workload = DeploymentRow | StatefulSetRow | DaemonSetRow | ReplicaSetRow

FAILED_FOR = 15.0  # seconds; a passed progress deadline is taken back when a slow pod gets ready after all
QUICK, SLOW = 0.2, 2.0  # seconds between looks: at watched rows, and (growing to it) by request


FIRST_PAUSE = 0.1
AWAY = 2.0
"""Times as long as a look takes nothing is asked: a thin link belongs to others for two thirds of the time."""


def longer(pause: float, took: float) -> float:
    """Seconds until the next look by request, after a pause and a look that took so many."""
    return max(min(SLOW, pause * 1.5), AWAY * took)


class Observation(msgspec.Struct, frozen=True):
    """What one look says: `final` ends the watch whatever `done` and `failed` say."""

    done: bool
    failed: bool
    text: str
    final: bool = False


class Watched(msgspec.Struct, frozen=True):
    """How a watch ended: reached, failed for good, or (neither) the time was up."""

    reached: bool
    failed: bool
    text: str
    seconds: float
    row: Workload | None


async def watch(
    run: Run,
    ref: ObjectRef,
    generation: int,
    judge: Callable[[Workload], Awaitable[Observation]],
    wait: float,
    hold: float = 0.0,
) -> Watched:
    """Look until `judge` says done (and still says so `hold` seconds later) or failed, for at most `wait` seconds.

    Rows older than `generation`, the one that the write made, are not judged. Over a slow link there is a look when
    what the server prints says that it may be over, and now and then.
    """
    async with printed(run, ref, live=live_row(run.session, ref) is not None) as told:
        return await _watch(run, ref, generation, judge, wait, hold, told)


async def _watch(
    run: Run,
    ref: ObjectRef,
    generation: int,
    judge: Callable[[Workload], Awaitable[Observation]],
    wait: float,
    hold: float,
    told: Printed,
) -> Watched:
    loop = asyncio.get_running_loop()
    began = loop.time()
    said, pause = "", FIRST_PAUSE
    done_at = failed_at = -1.0
    row: Workload | None = None
    judged = Observation(False, False, "not seen by its controller yet")
    while True:
        await told.worth_a_look(began + wait - loop.time())
        asked = loop.time()
        try:
            row, watched = await _look(run, ref)
            if row.generation >= generation:
                judged = await judge(row)
        except Refusal as gone:
            return Watched(False, True, gone.clause, loop.time() - began, None)
        except (LinkError, ServerFailure, Throttled) as problem:
            judged, watched = Observation(False, False, problem.clause), False
        now = loop.time()
        done_at = (done_at if done_at >= 0 else now) if judged.done else -1.0
        failed_at = (failed_at if failed_at >= 0 else now) if judged.failed else -1.0
        if judged.final or (judged.done and now - done_at >= hold):
            return Watched(judged.done, judged.failed, judged.text, now - began, row)
        if judged.failed and now - failed_at >= FAILED_FOR:
            return Watched(False, True, judged.text, now - began, row)
        if judged.text != said:
            said = judged.text
            run.step(said, "doing")
        if now - began >= wait:
            return Watched(False, False, judged.text, now - began, row)
        pause = QUICK if watched else longer(pause, now - asked)
        await run.gate.sleep(min(pause, max(0.01, began + wait - now)))


async def poll(
    run: Run,
    judge: Callable[[], Awaitable[Observation]],
    wait: float,
    hold: float = 0.0,
    *,
    rest: Callable[[float], Awaitable[None]] | None = None,
) -> Watched:
    """Ask again and again until `judge` says something final or done (and still does `hold` seconds later), for at
    most `wait` seconds.

    For what is in no watched row. Every change of words is a step. `rest` waits so many seconds, or less where it
    knows that there is something new; the gate's sleep by default.
    """
    loop = asyncio.get_running_loop()
    began, said, pause, done_at = loop.time(), "", FIRST_PAUSE, -1.0
    while True:
        asked = loop.time()
        try:
            judged = await judge()
        except Refusal as gone:
            judged = Observation(False, True, gone.clause, final=True)
        except (LinkError, ServerFailure, Throttled) as problem:
            judged = Observation(False, False, problem.clause)
        now = loop.time()
        seconds = now - began
        done_at = (done_at if done_at >= 0 else now) if judged.done else -1.0
        if judged.final or (judged.done and now - done_at >= hold):
            return Watched(judged.done, judged.failed, judged.text, seconds, None)
        if judged.text != said:
            said = judged.text
            run.step(said, "doing")
        if seconds >= wait:
            return Watched(False, False, said, seconds, None)
        pause = longer(pause, now - asked)
        await (rest or run.gate.sleep)(min(pause, max(0.01, wait - seconds)))


async def _look(run: Run, ref: ObjectRef) -> tuple[Workload, bool]:
    """The row now, and whether a live watch gave it (then the next look costs nothing)."""
    row = live_row(run.session, ref)
    if row is not None:
        return row, True
    found = row_of(ref.key.kind, await read(run.session, ref))
    assert isinstance(found, Workload)
    return found, False


def live_row(session: Session, ref: ObjectRef) -> Workload | None:
    """The row that a live watch keeps of a workload; None where there is none, or another object has its name.

    An empty `ref.uid` takes whatever stands there. A row made of what the server prints has no generation, and tells
    too little.
    """
    store, key = session.store, ref.key
    if store is None or store.freshness(key.kind).sync is not Sync.LIVE:
        return None
    row = store.get(key.kind, key.namespace, key.name)
    if isinstance(row, Workload) and ref.uid in ("", row.uid) and row.generation:
        return row
    return None
