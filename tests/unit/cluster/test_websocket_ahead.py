"""A connection that is dialled before its WebSocket is asked for: taken while it is fresh, and never left open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from edgetui.cluster.errors import LinkError
from edgetui.cluster.http.client import Transport
from edgetui.cluster.http.pool import FRESH_ENOUGH
from edgetui.cluster.http.websocket import Refused
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time, until
from tests.unit.cluster.wire import Server, connected, ok, target


@asynccontextmanager
async def site() -> AsyncIterator[tuple[Server, Transport]]:
    """A server that answers every upgrade with something else, which is enough to see where it was asked."""
    async with connected(answer=lambda asked: [ok(b"{}")], tls=False) as (server, transport):
        yield server, transport


async def asked(transport: Transport) -> None:
    with pytest.raises(Refused):
        await transport.open_websocket("/exec", (), ("v5",), timeout=10)


@pytest.mark.parametrize(
    ("idle", "connections"), [(0.0, 1), (FRESH_ENOUGH - 0.5, 1), (FRESH_ENOUGH + 0.5, 2)]
)
def test_the_next_websocket_takes_it_while_it_is_fresh(idle: float, connections: int) -> None:
    async def main(loop: VirtualLoop) -> None:
        async with site() as (server, transport):
            with transport.websocket_ahead(10):
                await until(lambda: server.open == 1, 10)
                await asyncio.sleep(idle)
                await asked(transport)
            assert server.connections == connections
            await until(lambda: server.open == 0, 10)

    on_virtual_time(main)


def test_a_dial_that_is_under_way_is_waited_for_by_the_next_alone() -> None:
    async def main(loop: VirtualLoop) -> None:
        async with site() as (server, transport):
            with transport.websocket_ahead(10), transport.websocket_ahead(10):
                await asyncio.gather(asked(transport), asked(transport))
            assert server.connections == 2

    on_virtual_time(main)


def test_what_nobody_takes_is_closed() -> None:
    async def main(loop: VirtualLoop) -> None:
        async with site() as (server, transport):
            with transport.websocket_ahead(10):
                await until(lambda: server.open == 1, 10)
            await until(lambda: server.open == 0, 10)
            with transport.websocket_ahead(10):
                pass  # before it has come
            await asyncio.sleep(1)
            assert server.open == 0

    on_virtual_time(main)


def test_a_dial_that_failed_is_made_anew() -> None:
    async def main(loop: VirtualLoop) -> None:
        async with site() as (server, transport):
            here = transport.target
            transport.retarget(target("http://127.0.0.1:1"))
            with transport.websocket_ahead(10):
                await asyncio.sleep(1)
                transport.retarget(here)
                await asked(transport)
            assert server.connections == 1

    on_virtual_time(main)


def test_after_the_end_of_the_transport_there_is_none() -> None:
    async def main(loop: VirtualLoop) -> None:
        async with site() as (server, transport):
            with transport.websocket_ahead(10):
                transport.close()
                with pytest.raises(LinkError, match="were closed"):
                    await transport.open_websocket("/exec", (), ("v5",), timeout=10)
            await until(lambda: server.open == 0, 10)

    on_virtual_time(main)
