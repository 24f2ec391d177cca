"""When a workload is worth a look over a slow link: what the server prints of it tells that its rollout may be over.

A look is the whole object, 2 to 8 KB; a change of what is printed 0.2 KB.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from edgetui.actions.gate.gate import Run
from edgetui.model.identity import ObjectRef

if TYPE_CHECKING:
    from edgetui.cluster.api.followed import Followed

QUIET = 15.0
"""Seconds after which there is a look whatever is printed: a passed progress deadline is in no column."""
_COUNTS = ("Desired", "Current", "Ready", "Up-to-date", "Available")
"""The columns of Deployments, StatefulSets, DaemonSets and ReplicaSets that have numbers of pods."""


class Printed:
    """What is printed of one workload, as far as it is told; `followed` is None where there are looks alone."""

    def __init__(self, run: Run, followed: Followed | None) -> None:
        self._run = run
        self._followed = followed
        self._said = ""

    async def worth_a_look(self, within: float) -> None:
        """Wait until something has changed since the last call and all its numbers agree, for at most QUIET seconds.

        And for no more than `within` seconds. What is printed meanwhile is told as steps.
        """
        loop, followed = asyncio.get_running_loop(), self._followed
        until = loop.time() + min(within, QUIET)
        while followed is not None and followed.alive and (left := until - loop.time()) > 0:
            await sleep_or_change(self._run, followed, left)
            if agree(followed.cells):
                return
            if (said := words(followed.cells)) != self._said:
                self._said = said
                self._run.step(said, "doing")


@asynccontextmanager
async def printed(run: Run, ref: ObjectRef, *, live: bool) -> AsyncIterator[Printed]:
    """What is printed of a workload for as long as it is watched; nothing where a `live` watch has it, or bytes are
    cheap.
    """
    if live:
        yield Printed(run, None)
        return
    kind = run.session.api.kind(ref.key.kind)
    path = kind.path(ref.key.namespace)
    async with run.session.api.following(path, ref.key.name, kind.printed_columns) as followed:
        yield Printed(run, followed)


async def sleep_or_change(run: Run, followed: Followed, within: float) -> None:
    """Wait `within` seconds as the gate does, who may end it, or less where something is printed anew."""
    waits = [asyncio.ensure_future(one(within)) for one in (run.gate.sleep, followed.change)]
    try:
        done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for one in done:
            one.result()
    finally:
        for one in waits:
            one.cancel()


def counts(cells: Mapping[str, Any]) -> dict[str, str]:
    """The printed numbers of pods by their columns: "3", or "2/3" for those that are ready of those desired."""
    return {name: str(cells[name]) for name in _COUNTS if name in cells}


def agree(cells: Mapping[str, Any]) -> bool:
    """Whether all printed numbers of pods are the same, as at the end of a rollout; true where none is printed."""
    return len({number for told in counts(cells).values() for number in told.split("/")}) < 2


def words(cells: Mapping[str, Any]) -> str:
    """The printed numbers of pods as a step: "5/6 ready, 3 up-to-date, 5 available"."""
    return ", ".join(f"{told} {name.lower()}" for name, told in counts(cells).items())
