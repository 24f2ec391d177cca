"""HTTP/2 on virtual time: how long a connection is trusted, and how long what is followed or listed is waited for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from edgetui.cluster.api import client
from edgetui.cluster.api.client import Api
from edgetui.cluster.errors import LinkError
from edgetui.cluster.http.client import Transport
from tests.unit.cluster.http2_server import Asked, multiplexed
from tests.unit.cluster.test_followed import Server as Printed
from tests.unit.cluster.test_streamed_list import END, NAMES, SETS, plain, usual, wanted
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time
from tests.unit.cluster.wire import connected


def answers(asked: Asked) -> None:
    asked.ok()


@pytest.mark.parametrize(("idle", "pings"), [(0.0, 0), (5.0, 0), (5.1, 1), (600.0, 1)])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_shared_connection_that_was_silent_for_more_than_five_seconds_proves_itself(
    idle: float, pings: int, method: str
) -> None:
    async def main(loop: VirtualLoop) -> None:
        async with multiplexed(answers) as (server, transport):
            await transport.request("GET", "/version", timeout=5)
            await asyncio.sleep(idle)
            await transport.request(method, "/x", body=b"{}" if method == "PUT" else None, timeout=5)
            assert (len(server.peers), server.peers[0].pings) == (1, pings)

    on_virtual_time(main)


@pytest.mark.parametrize(("timeout", "ends"), [(3.5, 3.5), (10.0, 10.0)])
def test_the_time_that_a_proof_took_is_taken_off_what_is_left(timeout: float, ends: float) -> None:
    async def main(loop: VirtualLoop) -> None:
        async with multiplexed(answers) as (server, transport):
            await transport.request("GET", "/version", timeout=5)
            await asyncio.sleep(60)
            server.deaf = True
            began = loop.time()
            with pytest.raises(LinkError, match="did not answer within"):
                await transport.request("GET", "/version", timeout=timeout)
            assert loop.time() - began == pytest.approx(ends, abs=0.01)
            assert len(server.peers) == 2

    on_virtual_time(main)


def test_a_peer_has_three_seconds_to_show_that_it_is_alive() -> None:
    async def main(loop: VirtualLoop) -> None:
        async with multiplexed(answers) as (server, transport):
            await transport.request("GET", "/version", timeout=5)
            assert await transport.alive()
            server.deaf = True
            began = loop.time()
            assert not await transport.alive()
            assert loop.time() - began == pytest.approx(3, abs=0.01)
            assert not await transport.alive()
            assert loop.time() - began == pytest.approx(3, abs=0.01)  # there is none to ask

    on_virtual_time(main)


@pytest.mark.parametrize(("handshake", "far"), [(0.0, False), (0.1, False), (0.1001, True), (9.0, True)])
async def test_how_long_connecting_took_tells_whether_bytes_count(handshake: float, far: bool) -> None:
    async with connected() as (_, transport):
        await transport.connect(5)
        transport.counters.handshake = handshake
        assert await Api(transport, transport.credentials).is_far() is far  # type: ignore[arg-type]
    async with connected(tls=False) as (server, transport):
        transport.counters.handshake = handshake
        assert not await Api(transport, transport.credentials).is_far()  # type: ignore[arg-type]
        assert server.connections == 0


def far_api(transport: Transport, monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setattr(client, "SLOW_HANDSHAKE", -1.0)  # on virtual time a handshake takes none
    return Api(transport, transport.credentials)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("stream", "took"),
    [
        (lambda asked: None, 15.0),
        (lambda asked: asked.head(200), 3.0),
        (lambda asked: plain(asked, *wanted(asked)), 3.0),
        (lambda asked: plain(asked, *wanted(asked), END), 0.0),
    ],
    ids=["no answer", "an answer and nothing in it", "no end", "whole"],
)
def test_how_long_a_streaming_list_is_waited_for_before_the_usual_one(
    stream: Callable[[Asked], None], took: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(loop: VirtualLoop) -> None:
        async with multiplexed(lambda asked: (stream if "watch=1" in asked.line else usual)(asked)) as (
            server,
            transport,
        ):
            listed = await far_api(transport, monkeypatch).read(SETS)
            assert [one["metadata"]["name"] for one in listed["items"]] == list(NAMES)
            assert loop.time() == pytest.approx(1000 + took, abs=0.01)
            (asked, *others) = [one for one in server.requests]
            assert "timeoutSeconds=60" in asked.line
            assert bool(others) is bool(took)

    on_virtual_time(main)


def test_each_piece_of_a_streaming_list_gives_it_three_seconds_more(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(loop: VirtualLoop) -> None:
        def slowly(asked: Asked) -> None:
            asked.head(200)
            for number, line in enumerate([*wanted(asked), END], 1):
                loop.call_later(2.9 * number, lambda line=line: asked.data(line))

        async with multiplexed(slowly) as (server, transport):
            listed = await far_api(transport, monkeypatch).read(SETS)
            assert [one["metadata"]["name"] for one in listed["items"]] == list(NAMES)
            assert loop.time() == pytest.approx(1000 + 2.9 * (len(NAMES) + 1), abs=0.01)
            assert len(server.requests) == 1

    on_virtual_time(main)


def test_what_is_followed_is_believed_for_75_seconds_of_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Printed()

    async def main(loop: VirtualLoop) -> None:
        async with multiplexed(server) as (_, transport):
            async with far_api(transport, monkeypatch).following(SETS, "press") as kept:
                assert kept is not None
                assert "timeoutSeconds=600" in server.watches[0].line
                assert kept.cells["Ready"] == "1/3"
                await asyncio.sleep(74.9)
                assert kept.alive
                await asyncio.sleep(0.2)
                assert not kept.alive
            assert not kept.alive

    on_virtual_time(main)


def test_who_waits_for_a_change_waits_no_longer_than_that(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Printed()

    async def main(loop: VirtualLoop) -> None:
        async with (
            multiplexed(server) as (_, transport),
            far_api(transport, monkeypatch).following(SETS, "press") as kept,
        ):
            assert kept is not None
            await kept.change(0.0)  # what was told first
            began = loop.time()
            await kept.change(20.0)
            assert loop.time() - began == pytest.approx(20)
            loop.call_later(5.0, server.send, _row("2/3"))
            await kept.change(20.0)
            assert loop.time() - began == pytest.approx(25, abs=0.01)
            assert kept.cells["Ready"] == "2/3"

    on_virtual_time(main)


def _row(ready: str) -> bytes:
    table: dict[str, Any] = {
        "kind": "Table",
        "columnDefinitions": None,
        "rows": [{"cells": ["press", ready, "3d"]}],
    }
    return json.dumps({"type": "MODIFIED", "object": table}).encode() + b"\n"
