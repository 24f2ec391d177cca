"""A connection that comes when nobody waits for it any more is closed, and nothing is left of it."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from edgetui.cluster.errors import LinkError
from edgetui.cluster.http.endpoint import parse
from edgetui.cluster.http.failures import NotSent
from edgetui.cluster.http.pool import Connections
from edgetui.cluster.http.traffic import Counters

from .test_http_bounds import OK


class Dialer:
    """Gives one end of a socket pair once it is told to."""

    def __init__(self) -> None:
        self.begun, self.ready = asyncio.Event(), asyncio.Event()
        self.error: LinkError | None = None
        self.far: list[socket.socket] = []
        self.came: Callable[[], object] = lambda: None

    async def dial(self, context: Any, ticket: Any, timeout: float, *, http2: bool = True) -> socket.socket:
        self.begun.set()
        await self.ready.wait()
        if self.error is not None:
            raise self.error
        near, far = socket.socketpair()
        near.setblocking(False)
        far.setblocking(False)
        self.far.append(far)
        asyncio.get_running_loop().call_soon(self.came)  # before whoever waits hears of it
        return near

    def hung_up(self) -> bool:
        """Whether the other end of the only connection sees it closed."""
        (far,) = self.far
        try:
            return far.recv(1) == b""
        except OSError as error:
            return error.errno != errno.EAGAIN


class Anonymous:
    """No credentials, for plain HTTP."""

    async def headers(self) -> list[tuple[str, str]]:
        return []

    def ssl_context(self) -> Any:
        raise AssertionError("plain HTTP needs none")


@pytest.fixture
async def dialer() -> AsyncIterator[Dialer]:
    made = Dialer()
    yield made
    for far in made.far:
        far.close()


@pytest.fixture
async def pool(dialer: Dialer) -> AsyncIterator[Connections]:
    made = Connections(parse("http://api"), Anonymous(), asyncio.get_running_loop(), Counters())
    made.dialer = dialer  # type: ignore[assignment]
    yield made
    made.close()


async def test_one_that_has_come_as_its_request_is_cancelled_is_closed(
    pool: Connections, dialer: Dialer
) -> None:
    opening = asyncio.ensure_future(pool.open(5.0))
    await dialer.begun.wait()
    dialer.came = opening.cancel
    dialer.ready.set()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert dialer.hung_up()
    assert pool._dials == set()


async def test_one_that_is_not_there_yet_is_given_up(pool: Connections, dialer: Dialer) -> None:
    opening = asyncio.ensure_future(pool.open(5.0))
    await dialer.begun.wait()
    (dial,) = pool._dials
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert dial.cancelled() and dialer.far == []


async def test_a_pool_that_closes_meanwhile_says_so(pool: Connections, dialer: Dialer) -> None:
    opening = asyncio.ensure_future(pool.open(5.0))
    await dialer.begun.wait()
    pool.close()
    with pytest.raises(NotSent, match="were closed"):
        await opening
    with pytest.raises(NotSent, match="were closed"):
        await pool.open(5.0)


async def test_one_that_cannot_be_opened_has_sent_nothing(pool: Connections, dialer: Dialer) -> None:
    dialer.error = LinkError("There is no route.", "Check it.")
    dialer.ready.set()
    with pytest.raises(NotSent, match="There is no route") as raised:
        await pool.open(5.0)
    assert raised.value.next_step == "Check it."


async def test_one_that_somebody_waits_for_stays_open(pool: Connections, dialer: Dialer) -> None:
    dialer.ready.set()
    connection = await pool.open(5.0)
    assert not connection.closed and not dialer.hung_up()
    dialer.far[0].send(OK)
    connection.close()
