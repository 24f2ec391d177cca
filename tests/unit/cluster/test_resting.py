"""Streams that trickle are read a few times a second, and nothing is lost or late by more than that."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from edgetui.cluster.http import stream
from edgetui.cluster.http.connection import MUCH, Connection
from edgetui.cluster.http.traffic import Counters

from .wire import CHUNKED, LAST, Heard, Pause, Script, chunk, connected

FOR_EVER = 3600.0
EVENTS = [b'{"type":"MODIFIED","object":%d}\n' % number for number in range(20)]


@asynccontextmanager
async def pair() -> AsyncIterator[tuple[socket.socket, Connection, list[bytes]]]:
    """A peer, a connection to it, and what the connection handed on."""
    near, far = socket.socketpair()
    near.setblocking(False)
    connection = Connection(near, None, asyncio.get_running_loop(), Counters())
    heard: list[bytes] = []
    connection.attach(heard.append, lambda failure: heard.append(b"end"))
    with far:
        yield far, connection, heard
        connection.close()


async def turns() -> None:
    """Enough turns of the loop for whatever is there to be read."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_comes_while_it_rests_is_read_in_one_piece() -> None:
    async with pair() as (far, connection, heard):
        far.send(b"a")
        await turns()
        connection.rest(FOR_EVER)
        connection.rest(FOR_EVER)
        far.send(b"b")
        far.send(b"c")
        await turns()
        assert heard == [b"a"]
        assert connection.alive()
        assert heard == [b"a", b"bc"]
        far.send(b"d")
        await turns()
        assert heard == [b"a", b"bc", b"d"]


async def test_a_rest_ends_by_itself_and_tells_of_the_end() -> None:
    async with pair() as (far, connection, heard):
        connection.rest(0.01)
        far.send(b"a")
        far.close()
        async with asyncio.timeout(10):
            while heard != [b"a", b"end"]:
                await asyncio.sleep(0.001)


async def test_where_much_comes_it_does_not_rest() -> None:
    async with pair() as (far, connection, heard):
        far.send(b"x" * MUCH)
        await turns()
        connection.rest(FOR_EVER)
        far.send(b"y")
        await turns()
        assert heard[-1] == b"y"


async def test_an_idle_connection_is_not_left_resting() -> None:
    async with pair() as (far, connection, heard):
        connection.rest(FOR_EVER)
        connection.detach()
        far.close()
        await turns()
        assert connection.closed
        assert heard == []


@asynccontextmanager
async def trickle() -> AsyncIterator[tuple[Heard, list[Pause]]]:
    """A watch that is open, and the pauses of its events, each of which comes when its own is over."""
    pauses = [Pause() for _ in EVENTS]
    script: Script = [CHUNKED]
    for pause, event in zip(pauses, EVENTS, strict=True):
        script += [pause, chunk(event)]
    async with connected([*script, LAST]) as (_, transport):
        sink = Heard()
        transport.open_stream("/api/v1/pods", {"watch": "1"}, sink)
        await sink.headed.wait()
        yield sink, pauses


async def test_a_settled_stream_hands_on_all_in_fewer_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "SETTLED", 0.0)
    rests = []
    rest = Connection.rest

    def counted(connection: Connection, seconds: float) -> None:
        rests.append(seconds)
        rest(connection, seconds)

    monkeypatch.setattr(Connection, "rest", counted)
    async with trickle() as (sink, pauses):
        for pause in pauses:
            pause.until.set()
        await sink.ended()
        assert sink.data == b"".join(EVENTS)
        assert sink.clean is True
    assert rests
    assert all(0 < seconds <= stream.RHYTHM for seconds in rests)


async def test_a_young_stream_does_not_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of a first list must not wait for a beat."""
    monkeypatch.setattr(stream, "RHYTHM", FOR_EVER)
    async with trickle() as (sink, pauses):
        for pause in pauses:
            sink.progress.clear()
            pause.until.set()
            await sink.progress.wait()
        await sink.ended()
        assert sink.data == b"".join(EVENTS)
