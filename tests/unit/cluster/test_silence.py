"""For how long a server has owed an answer: from the asking, or from the last sign of life."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from edgetui.cluster.api.client import Api, WritePermit
from tests.unit.actions.scripted import Connected

PERMIT = WritePermit("scale", "plant")
REQUESTS: dict[str, Callable[[Api], Awaitable[object]]] = {
    "get": lambda api: api.get("/x"),
    "review": lambda api: api.review("SelfSubjectReview", {}),
    "write": lambda api: api.write(PERMIT, "PUT", "/x", {}),
}


@asynccontextmanager
async def server() -> AsyncIterator[tuple[Connected, asyncio.Event, asyncio.Event]]:
    """One that sends the head of its answer, and the rest of it, when it is told to."""
    head, rest = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await head.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n{")
        await rest.wait()
        writer.write(b"   }"[-3:])
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    session = Connected(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}")
    try:
        yield session, head, rest
    finally:
        session.api.close()
        listening.close()


async def until(fact: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not fact():
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("name", REQUESTS)
async def test_an_answer_that_is_owed_counts_until_it_is_there(name: str) -> None:
    async with server() as (session, head, rest):
        api = session.api
        assert api.silence() == 0
        asked = asyncio.ensure_future(REQUESTS[name](api))
        await until(lambda: api.silence() > 0.1)
        head.set()
        await until(lambda: api.silence() < 0.1)
        assert not asked.done()
        rest.set()
        await asked
        assert api.silence() == 0


async def test_a_request_that_is_given_up_is_owed_no_more() -> None:
    async with server() as (session, _, _):
        asked = asyncio.ensure_future(session.api.get("/x"))
        await until(lambda: session.api.silence() > 0)
        asked.cancel()
        await asyncio.wait([asked])
        assert session.api.silence() == 0


async def test_the_longest_of_several_counts_and_an_answered_one_does_not() -> None:
    async with server() as (session, head, rest):
        first = asyncio.ensure_future(session.api.get("/x"))
        await until(lambda: session.api.silence() > 0.05)
        second = asyncio.ensure_future(session.api.get("/y"))
        await asyncio.sleep(0)
        assert session.api.silence() > 0.05
        head.set()
        rest.set()
        await asyncio.gather(first, second)
        assert session.api.silence() == 0
