"""Over a slow link a rollout is looked at when what the server prints of it says that it may be over."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.actions.change import printed
from edgetui.actions.change.printed import agree, words
from edgetui.actions.change.watch import Observation, Watched, Workload, watch
from edgetui.actions.messages import Cancelled
from edgetui.actions.scaling.scale_subresource import reach
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds.deployment import DEPLOYMENT
from tests.unit.cluster.http2_server import Asked
from tests.unit.cluster.test_followed import until
from tests.unit.cluster.test_streamed_list import END, event, far, status

from .scripted import FakeDeployment

REF = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "uid-1", "812")
COLUMNS = [{"name": name} for name in ("Name", "Ready", "Up-to-date", "Available", "Age")]


def table(ready: str, updated: int, *, first: bool = False) -> dict[str, Any]:
    available = int(ready.partition("/")[0])
    row = {"cells": ["press", ready, updated, available, "3d"]}
    return {"kind": "Table", "columnDefinitions": COLUMNS if first else None, "rows": [row]}


class Server:
    """A deployment that is watched as a Table, and looked at as an object."""

    def __init__(self, ready: str, updated: int, *, prints: bool = True) -> None:
        self.press = FakeDeployment()
        self.first = ready, updated
        self.prints = prints
        self.watches: list[Asked] = []
        self.looks = 0

    def __call__(self, asked: Asked) -> None:
        if "as=Table" not in asked.headers["accept"]:
            self.looks += 1
            asked.head(200, ("content-type", "application/json"), ("content-encoding", "gzip"))
            asked.data(gzip.compress(event("ADDED", self.press.document()) + END))
        elif self.prints:
            self.watches.append(asked)
            asked.head(200, ("content-type", "application/json"))
            bookmark = event("BOOKMARK", {"kind": "Table", "rows": []})
            self.send(event("ADDED", table(*self.first, first=True)), bookmark)
        else:
            status(asked, 403)

    def send(self, *lines: bytes) -> None:
        self.watches[-1].data(b"".join(lines))

    def is_at(self, replicas: int, ready: str, updated: int) -> None:
        self.press.replicas = replicas
        self.send(event("MODIFIED", table(ready, updated)))


Sleep = Callable[[float], Awaitable[None]]


async def stopped(seconds: float) -> None:
    """A wait that somebody ends who has seen enough."""
    raise Cancelled("No longer watched.")


async def seen(api: Any, steps: list[str], sleep: Sleep = asyncio.sleep) -> Watched:
    """What comes of a wait for 6 replicas; its steps come into `steps`."""
    gate = SimpleNamespace(sleep=sleep)
    session = SimpleNamespace(api=api, store=None, name="plant")
    run: Any = SimpleNamespace(session=session, gate=gate, step=lambda text, state: steps.append(text))

    async def at_six(row: Workload) -> Observation:
        replicas = getattr(row, "replicas", 0)
        return Observation(replicas == 6, False, f"at {replicas}")

    return await watch(run, REF, 5, at_six, 10.0)


async def test_it_is_looked_at_once_when_all_that_is_printed_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server("3/3", 1)
    async with far(monkeypatch, server) as (api, _):
        steps: list[str] = []
        waiting = asyncio.ensure_future(seen(api, steps))
        await until(lambda: len(steps) == 1)
        server.is_at(3, "4/3", 2)
        await until(lambda: len(steps) == 2)
        server.is_at(6, "3/3", 3)
        found = await asyncio.wait_for(waiting, 60)
    assert (found.reached, found.text, server.looks, len(server.watches)) == (True, "at 6", 1, 1)
    assert steps == ["3/3 ready, 1 up-to-date, 3 available", "4/3 ready, 2 up-to-date, 4 available"]


async def test_what_agrees_from_the_first_is_looked_at_at_once_and_again_after_a_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Server("3/3", 3)
    async with far(monkeypatch, server) as (api, _):
        waiting = asyncio.ensure_future(seen(api, []))
        await until(lambda: server.looks == 1)
        server.is_at(6, "3/3", 3)
        found = await asyncio.wait_for(waiting, 60)
    assert (found.reached, server.looks) == (True, 2)


async def test_what_is_in_no_column_is_looked_for_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printed, "QUIET", 0.1)
    server = Server("2/3", 3)
    server.press.replicas = 6
    async with far(monkeypatch, server) as (api, _):
        found = await asyncio.wait_for(seen(api, []), 60)
    assert (found.reached, server.looks) == (True, 1)


async def test_where_the_watch_ends_or_is_forbidden_looks_alone_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server("2/3", 3)
    server.press.replicas = 6
    async with far(monkeypatch, server) as (api, _):
        waiting = asyncio.ensure_future(seen(api, []))
        await until(lambda: bool(server.watches))
        server.watches[0].data(b"", last=True)
        assert (await asyncio.wait_for(waiting, 60)).reached
    server.prints = False
    async with far(monkeypatch, server) as (api, _):
        assert (await asyncio.wait_for(seen(api, []), 60)).reached


async def test_who_has_seen_enough_waits_for_nothing_that_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server("2/3", 3)
    async with far(monkeypatch, server) as (api, _):
        with pytest.raises(Cancelled):
            await asyncio.wait_for(seen(api, [], stopped), 60)
        gate, session = SimpleNamespace(sleep=stopped), SimpleNamespace(api=api)
        run: Any = SimpleNamespace(session=session, gate=gate, step=lambda text, state: None)
        with pytest.raises(Cancelled):
            await asyncio.wait_for(reach(run, FakeDeployment.path, 3, 10.0, kind=DEPLOYMENT), 60)
        await until(lambda: [watched.reset for watched in server.watches] == [True, True])


@pytest.mark.parametrize(
    ("cells", "together", "told"),
    [
        ({"Name": "press", "Ready": "3/3", "Up-to-date": 3, "Available": 3}, True, "3/3 ready, 3 up-to-date"),
        ({"Name": "press", "Ready": "4/3", "Up-to-date": 3, "Available": 3}, False, "4/3 ready"),
        ({"Name": "camera", "Ready": "2/3", "Age": "3d"}, False, "2/3 ready"),
        ({"Desired": 2, "Current": 2, "Ready": 2, "Up-to-date": 1}, False, "2 desired, 2 current"),
        ({}, True, ""),
    ],
)
def test_the_numbers_of_each_kind_of_workload_are_held_against_each_other(
    cells: dict[str, Any], together: bool, told: str
) -> None:
    assert agree(cells) is together
    assert words(cells).startswith(told)


@pytest.mark.parametrize("first", ["the gate", "the server"])
async def test_what_is_not_waited_for_any_more_is_let_go(first: str) -> None:
    left: list[str] = []

    def waiting(who: str) -> Callable[[float], Awaitable[None]]:
        async def wait(within: float) -> None:
            assert within == 4.0
            try:
                await asyncio.sleep(0 if who == first else 60)
            except asyncio.CancelledError:
                left.append(who)
                raise

        return wait

    run: Any = SimpleNamespace(gate=SimpleNamespace(sleep=waiting("the gate")))
    followed: Any = SimpleNamespace(change=waiting("the server"))
    await printed.sleep_or_change(run, followed, 4.0)
    await asyncio.sleep(0)
    assert left == [{"the gate": "the server", "the server": "the gate"}[first]]


async def test_what_ends_a_wait_is_raised() -> None:
    async def left(within: float) -> None:
        raise Cancelled("Left.")

    async def waits(within: float) -> None:
        await asyncio.sleep(60)

    run: Any = SimpleNamespace(gate=SimpleNamespace(sleep=left))
    followed: Any = SimpleNamespace(change=waits)
    with pytest.raises(Cancelled):
        await printed.sleep_or_change(run, followed, 4.0)


@pytest.mark.parametrize(
    ("cells", "said", "same"),
    [
        ({}, "", True),
        ({"Name": "press", "Age": "3d"}, "", True),
        ({"Ready": "3/3", "Up-to-date": 3, "Available": 3}, "3/3 ready, 3 up-to-date, 3 available", True),
        ({"Ready": "2/3", "Up-to-date": 3, "Available": 3}, "2/3 ready, 3 up-to-date, 3 available", False),
        ({"Ready": "3/3", "Up-to-date": 3, "Available": 2}, "3/3 ready, 3 up-to-date, 2 available", False),
        ({"Desired": 2, "Current": 2, "Ready": 2}, "2 desired, 2 current, 2 ready", True),
        ({"Desired": 2, "Current": 1, "Ready": 2}, "2 desired, 1 current, 2 ready", False),
    ],
)
def test_the_printed_numbers(cells: dict[str, Any], said: str, same: bool) -> None:
    assert (words(cells), agree(cells)) == (said, same)
