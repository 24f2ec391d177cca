"""The scale subresource: how many replicas run and are ready, followed until they are as many as were asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec

from edgetui.actions.change.printed import sleep_or_change
from edgetui.actions.change.watch import Observation, Watched, poll
from edgetui.actions.gate.gate import Run
from edgetui.actions.messages import Json
from edgetui.actions.reading import numbers, readable, shaped
from edgetui.actions.session import Session
from edgetui.cluster.api.client import PREFERRED, PRINTED_QUERY
from edgetui.cluster.api.status import UNDECODABLE, not_kubernetes
from edgetui.cluster.errors import NotFound, ProtocolError
from edgetui.model.kinds import KINDS


async def reach(
    run: Run,
    path: str,
    replicas: int,
    wait: float,
    *,
    hold: float = 0.0,
    by: str = "someone else",
    kind: str = "",
    grows: bool = False,
) -> Watched:
    """Look at the scale subresource until as many run as were asked for, for at most `wait` seconds.

    It must still be so `hold` seconds later. `by` is who is blamed for another number. With the `kind` of a workload
    its pods must be ready too: over a link where bytes count what the server prints of them is followed, and the scale
    is asked for when that has come to the number. Not where it `grows`, because fewer ran before: all that are ready
    run, while of those that are to go some may run and not be ready.
    """
    session = run.session

    async def look(already: int | None = None) -> Observation:
        asked = ready_at(session, path) if kind and already is None else _known(already)
        try:
            scale, found = await asyncio.gather(session.api.get(f"{path}/scale"), asked)
        except NotFound:
            return Observation(False, True, "gone", final=True)
        wanted, running = numbers(scale)
        if wanted != replicas:
            return Observation(False, True, f"set to {wanted} by {by}", final=True)
        if running != replicas or found is None:
            return Observation(running == replicas, False, f"{running} of {replicas} running")
        return Observation(found == replicas, False, f"{found} of {replicas} ready")

    if not kind:
        return await poll(run, look, wait, hold)
    collection, _, name = path.rpartition("/")
    async with session.api.following(collection, name, KINDS[kind].printed_columns) as followed:
        if followed is None:
            return await poll(run, look, wait, hold)
        seen: tuple[Mapping[str, Any], Observation] | None = None

        async def judge() -> Observation:
            nonlocal seen
            cells = followed.cells
            if not (followed.alive and cells):
                return await look()
            if seen is None or seen[0] is not cells:
                found, wanted = readable(lambda: _numbers(cells), (-1, -1))
                told = Observation(found == replicas, False, f"{found} of {replicas} ready")
                if wanted != replicas or (told.done and not grows):
                    told = await look(found if found >= 0 else None)
                seen = cells, told
            return seen[1]

        return await poll(run, judge, wait, hold, rest=partial(sleep_or_change, run, followed))


async def _known(number: int | None) -> int | None:
    return number


async def ready_at(session: Session, path: str) -> int:
    """How many pods of a workload are ready, as the server prints it: a third of the bytes of the object."""
    answer = await session.api.get_bytes(path, PRINTED_QUERY, headers=PREFERRED)
    found = readable(partial(_ready, _decoded(answer)), None)
    if found is None:
        raise ProtocolError("What the server answered does not say how many pods are ready.")
    return found


def _decoded(body: bytes | bytearray) -> Json:
    try:
        return shaped(msgspec.json.decode(body), dict[str, Any], "printed workload")
    except UNDECODABLE:
        raise not_kubernetes("") from None


def _ready(answer: Json) -> int | None:
    if answer.get("kind") != "Table":  # from servers and proxies that print no tables: the object
        return int((answer.get("status") or {}).get("readyReplicas") or 0)
    names = [str(column["name"]) for column in answer["columnDefinitions"]]
    row, *_ = answer["rows"]
    return _numbers(dict(zip(names, row["cells"], strict=True)))[0]


def _numbers(cells: Mapping[str, Any]) -> tuple[int, int]:
    """How many pods are ready and how many are desired: "2/3", or two columns as of a ReplicaSet."""
    ready, _, desired = str(cells["Ready"]).partition("/")
    return int(ready), int(desired or cells["Desired"])
