"""TLS inside TLS: everything passes both ways and in order, whichever side is slow, and one end ends the
other.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from random import Random
from typing import Any

import pytest

from edgetui.cluster.http.relay import inside


class Outer:
    """The connection to a proxy; now and then it wants the other direction first, as TLS does."""

    def __init__(self, real: socket.socket, chance: Random | None = None) -> None:
        self.real, self.chance = real, chance
        self.fails: Exception | None = None

    def fileno(self) -> int:
        return self.real.fileno()

    def _maybe(self) -> None:
        if self.fails is not None:
            raise self.fails

    def recv(self, most: int) -> bytes:
        self._maybe()
        if self.chance is not None and self.chance.random() < 0.3:
            raise ssl.SSLWantWriteError
        try:
            return self.real.recv(most if self.chance is None else self.chance.randint(1, most))
        except BlockingIOError:
            raise ssl.SSLWantReadError from None

    def send(self, data: bytes) -> int:
        self._maybe()
        try:
            return self.real.send(data if self.chance is None else data[: self.chance.randint(1, len(data))])
        except BlockingIOError:
            raise ssl.SSLWantWriteError from None

    def close(self) -> None:
        self.real.close()


def ends(chance: Random | None = None) -> tuple[socket.socket, Outer, socket.socket]:
    """The near end of a tunnel, what it goes through, and the proxy's end of that."""
    real, proxy = socket.socketpair()
    for one in (real, proxy):
        one.setblocking(False)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    outer: Any = Outer(real, chance)
    near = inside(asyncio.get_running_loop(), outer)
    assert not near.getblocking()
    return near, outer, proxy


async def pumped(source: socket.socket, sink: socket.socket, data: bytes) -> bytes:
    """Send all of it on one side; what comes on the other."""
    loop = asyncio.get_running_loop()
    sending = asyncio.create_task(loop.sock_sendall(source, data))
    found = b""
    while len(found) < len(data):
        found += await loop.sock_recv(sink, 65536)
    await sending
    return found


@pytest.mark.parametrize("seed", [None, 1, 2])
async def test_everything_passes_both_ways_and_in_order(seed: int | None) -> None:
    near, outer, proxy = ends(None if seed is None else Random(seed))
    out, back = Random(3).randbytes(300_000), Random(4).randbytes(300_000)
    async with asyncio.timeout(20):
        there, here = await asyncio.gather(pumped(near, proxy, out), pumped(proxy, near, back))
        assert (there, here) == (out, back)
        assert await pumped(near, proxy, b"once more") == b"once more"
    near.close()
    await until_closed(outer)
    proxy.close()


async def until_closed(outer: Outer) -> None:
    async with asyncio.timeout(5):
        while outer.real.fileno() != -1:
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("data", [b"", b"last words"])
async def test_the_end_of_the_proxy_comes_after_its_last_bytes(data: bytes) -> None:
    near, outer, proxy = ends()
    proxy.send(data or b"x")
    proxy.close()
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(5):
        assert await loop.sock_recv(near, 100) == (data or b"x")
        assert await loop.sock_recv(near, 100) == b""
    await until_closed(outer)
    near.close()


async def test_the_end_of_the_near_side_closes_the_way_to_the_proxy() -> None:
    near, outer, proxy = ends()
    near.close()
    await until_closed(outer)
    assert await asyncio.get_running_loop().sock_recv(proxy, 100) == b""
    proxy.close()


@pytest.mark.parametrize("way", ["out", "back"])
async def test_what_fails_on_the_way_ends_it(way: str) -> None:
    near, outer, proxy = ends()
    outer.fails = ConnectionResetError()
    (near if way == "out" else proxy).send(b"x")
    await until_closed(outer)
    assert await asyncio.get_running_loop().sock_recv(near, 100) == b""
    near.close()
    proxy.close()


async def test_a_side_that_is_slow_holds_only_one_piece() -> None:
    near, outer, proxy = ends()
    sent = blocked = 0
    while blocked < 20:
        try:
            sent, blocked = sent + proxy.send(bytes(4096)), 0
        except BlockingIOError:
            blocked += 1
            await asyncio.sleep(0)
    assert sent < 2 << 20, "what nobody reads waits with who sends"
    near.close()
    await until_closed(outer)
    proxy.close()
