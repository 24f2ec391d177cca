"""A connection against the plainest model of one: what is sent arrives once and in order, whatever the kernel takes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from random import Random

import pytest

from edgetui.cluster.http.connection import Connection
from edgetui.cluster.http.traffic import Counters

SMALL = 4096


class Ends:
    """Both ends of a connection whose buffers are small."""

    def __init__(self) -> None:
        near, self.far = socket.socketpair()
        for one in (near, self.far):
            one.setblocking(False)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
        self.counters = Counters()
        self.connection = Connection(near, None, asyncio.get_running_loop(), self.counters)
        self.heard = b""
        self.lost: list[OSError | None] = []
        self.connection.attach(self._data, self.lost.append)

    def _data(self, data: bytes) -> None:
        self.heard += data

    def read(self, most: int = 1 << 20) -> bytes:
        """What the peer finds."""
        try:
            return self.far.recv(most)
        except BlockingIOError:
            return b""


@asynccontextmanager
async def ends() -> AsyncIterator[Ends]:
    made = Ends()
    try:
        yield made
    finally:
        made.connection.close()
        made.far.close()


async def turns() -> None:
    for _ in range(4):
        await asyncio.sleep(0)


@pytest.mark.parametrize("seed", range(8))
async def test_everything_arrives_once_and_in_order(seed: int) -> None:
    chance = Random(seed)
    async with ends() as both:
        sent = arrived = given = b""
        done: list[int] = []

        def told(at: int) -> None:
            done[at] = both.connection.unsent

        for _ in range(60):
            kind = chance.choice(("send", "send", "read", "give", "rest", "hold", "go on", "when"))
            if kind == "send":
                piece = chance.randbytes(chance.choice((1, 100, 3 * SMALL)))
                sent += piece
                both.connection.send(piece)
            elif kind == "read":
                arrived += both.read(chance.choice((1, 1000, 1 << 20)))
            elif kind == "give":
                piece = chance.randbytes(chance.choice((1, 50)))
                given += piece
                both.far.send(piece)
            elif kind == "rest":
                both.connection.rest(0.0)
            elif kind == "hold":
                both.connection.hold()
            elif kind == "go on":
                both.connection.go_on()
            elif not done or done[-1] >= 0:
                done.append(-1)
                both.connection.when_sent(partial(told, len(done) - 1))
            await turns()
            assert both.counters.bytes_out == len(sent) - both.connection.unsent
        while (more := both.read()) or both.connection.unsent:
            arrived += more
            await turns()
        assert arrived == sent
        assert all(left == 0 for left in done), "told only where nothing is unsent"
        both.connection.go_on()
        await turns()
        assert both.heard == given
        assert both.counters.bytes_in == len(given)
        assert both.lost == []


async def test_what_waits_is_counted_until_the_kernel_takes_it() -> None:
    async with ends() as both:
        told: list[str] = []
        both.connection.when_sent(lambda: told.append("nothing waits"))
        assert told == ["nothing waits"]
        whole = bytes(range(256)) * 400
        both.connection.send(whole)
        waiting = both.connection.unsent
        assert 0 < waiting < len(whole)
        assert both.connection.sent
        both.connection.send(b"more")
        assert both.connection.unsent == waiting + 4
        assert not both.connection.sent, "nothing of this one is on its way"
        both.connection.when_sent(lambda: told.append("sent"))
        assert told == ["nothing waits"]
        arrived = b""
        while len(arrived) < len(whole) + 4:
            arrived += both.read()
            await turns()
        assert arrived == whole + b"more"
        assert told == ["nothing waits", "sent"]
        assert both.connection.unsent == 0
        both.connection.send(b"x")
        assert told == ["nothing waits", "sent"], "told once"


async def test_what_is_held_stays_with_the_kernel_until_it_goes_on() -> None:
    async with ends() as both:
        both.connection.hold()
        both.connection.hold()
        both.far.send(b"abc")
        await turns()
        assert both.heard == b""
        both.connection.go_on()
        both.connection.go_on()
        await turns()
        assert both.heard == b"abc"
        both.connection.rest(3600.0)
        both.connection.hold()
        both.far.send(b"d")
        await turns()
        assert both.heard == b"abc"
        both.connection.go_on()
        await turns()
        assert both.heard == b"abcd"


async def test_an_end_is_told_once_with_all_that_came_before() -> None:
    async with ends() as both:
        both.far.send(b"last words")
        both.far.close()
        await turns()
        assert (both.heard, both.lost, both.connection.closed) == (b"last words", [None], True)
        both.connection.send(b"x")
        both.connection.hold()
        both.connection.go_on()
        both.connection.rest(1.0)
        both.connection.narrow(1024)
        both.connection.close()
        await turns()
        assert both.lost == [None]
        assert not both.connection.alive()


async def test_a_peer_that_is_gone_is_told_with_its_failure_after_what_it_said() -> None:
    async with ends() as both:
        both.far.send(b"answer")
        both.far.close()
        both.connection.send(b"request")
        await turns()
        assert both.heard == b"answer"
        assert len(both.lost) == 1
        assert both.connection.closed


async def test_an_idle_connection_to_which_anything_comes_is_closed() -> None:
    for piece in (b"x", b""):
        async with ends() as both:
            both.connection.detach()
            assert both.connection.alive()
            if piece:
                both.far.send(piece)
            else:
                both.far.close()
            await turns()
            assert both.connection.closed
            assert (both.heard, both.lost) == (b"", [])


async def test_nothing_is_told_after_a_close() -> None:
    async with ends() as both:
        both.connection.send(bytes(200_000))
        both.connection.when_sent(lambda: both.lost.append(None))
        both.far.send(b"abc")
        both.connection.close()
        both.connection.close()
        await turns()
        assert (both.heard, both.lost, both.connection.unsent) == (b"", [], 0)
        assert not both.connection.resumed
        assert both.connection.session is None
        assert both.connection.protocol == ""
