"""Over a slow link a number is waited for by what the server prints; the scale is asked for when that has come."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.actions.scaling.scale_subresource import reach, ready_at
from edgetui.cluster.api.client import Api
from edgetui.cluster.errors import ProtocolError
from edgetui.model.kinds.deployment import DEPLOYMENT
from tests.unit.cluster.test_followed import Server, event, table
from tests.unit.cluster.test_streamed_list import SETS, far


def run_on(api: Api) -> tuple[Any, list[str]]:
    """A run as far as an outcome needs it, and the steps that it told."""
    steps: list[str] = []
    gate = SimpleNamespace(sleep=asyncio.sleep)
    step = lambda text, state: steps.append(text)  # noqa: E731
    return SimpleNamespace(session=SimpleNamespace(api=api), gate=gate, step=step), steps


async def reached(run: Any, server: Server, *printed: str, grows: bool = False) -> Any:
    """What comes of 3 replicas while the server prints these, one after the other."""
    waiting = asyncio.ensure_future(reach(run, f"{SETS}/press", 3, 20.0, kind=DEPLOYMENT, grows=grows))
    for ready in printed:
        async with asyncio.timeout(60):
            while not server.watches:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        server.send(event("MODIFIED", table(ready)))
    return await asyncio.wait_for(waiting, 60)


async def test_the_scale_is_asked_for_once_when_as_many_are_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server("0/3")
    async with far(monkeypatch, server, server) as (api, _):
        run, steps = run_on(api)
        seen = await reached(run, server, "1/3", "2/3", "3/3")
        assert (seen.reached, seen.text) == (True, "3 of 3 ready")
        assert (server.looks, len(server.watches)) == (1, 1)
        assert steps[0] == "0 of 3 ready"


async def test_where_fewer_ran_before_what_is_ready_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server("1/3")
    async with far(monkeypatch, server, server) as (api, _):
        run, _ = run_on(api)
        seen = await reached(run, server, "2/3", "3/3", grows=True)
        assert (seen.reached, seen.text) == (True, "3 of 3 ready")
        assert (server.looks, len(server.watches)) == (0, 1)


async def test_where_fewer_ran_before_another_number_is_still_told_by_the_scale(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Server("1/3")
    async with far(monkeypatch, server, server) as (api, _):
        run, _ = run_on(api)
        server.scale["spec"]["replicas"] = 2
        seen = await reached(run, server, "2/2", grows=True)
        assert (seen.failed, seen.text, server.looks) == (True, "set to 2 by someone else", 1)


async def test_more_that_run_than_are_wanted_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server("3/3")
    server.scale["status"]["replicas"] = 4
    async with far(monkeypatch, server, server) as (api, _):
        run, steps = run_on(api)

        async def gone() -> None:
            async with asyncio.timeout(60):
                while not steps:
                    await asyncio.sleep(0.01)
            server.scale["status"]["replicas"] = 3
            server.send(event("MODIFIED", table("3/3")))

        ending = asyncio.ensure_future(gone())
        seen = await reached(run, server)
        await ending
        assert (seen.reached, server.looks) == (True, 2)
        assert steps == ["4 of 3 running"]


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b'{"kind": "Table"}'])
async def test_what_does_not_say_how_many_are_ready_is_no_number(answer: bytes) -> None:
    async def get_bytes(*asked: Any, **options: Any) -> bytes:
        return answer

    session: Any = SimpleNamespace(api=SimpleNamespace(get_bytes=get_bytes))
    with pytest.raises(ProtocolError):
        await ready_at(session, f"{SETS}/press")


async def test_a_number_that_somebody_else_sets_is_told_by_the_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server("1/3")
    async with far(monkeypatch, server, server) as (api, _):
        run, _ = run_on(api)
        server.scale["spec"]["replicas"] = 5
        seen = await reached(run, server, "1/5")
        assert (seen.reached, seen.failed, seen.text) == (False, True, "set to 5 by someone else")
        assert server.looks == 1
