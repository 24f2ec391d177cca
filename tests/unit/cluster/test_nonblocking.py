"""Waiting for sockets that do not block: whichever direction TLS wants first, and nothing stays
registered.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from edgetui.cluster.http.nonblocking import (
    connect,
    readable,
    receive,
    receive_exactly,
    send,
    shake_hands,
    writable,
)
from tests.unit.cluster.wire import closed_port


@asynccontextmanager
async def pair() -> AsyncIterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair()
    for one in (near, far):
        one.setblocking(False)
    with near, far:
        yield near, far
        loop: Any = asyncio.get_running_loop()
        for remove in (loop.remove_reader, loop.remove_writer):
            assert not remove(near.fileno()), "nothing stays registered"


class Wants:
    """A socket of TLS that wants these before each of its answers."""

    def __init__(self, real: socket.socket, *wants: Any) -> None:
        self.real, self.wants = real, list(wants)
        self.sent = b""

    def fileno(self) -> int:
        return self.real.fileno()

    def _next(self) -> Any:
        want = self.wants.pop(0)
        if isinstance(want, type):
            raise want
        return want

    def recv(self, most: int) -> bytes:
        found: bytes = self._next()
        return found[:most]

    def send(self, data: memoryview) -> int:
        size: int = self._next()
        self.sent += bytes(data[:size])
        return size

    def do_handshake(self) -> None:
        self._next()


async def ends_alone(task: asyncio.Task[Any], reads: bool) -> bool:
    """Whether it ends before the far side said anything, for which one that waits to read is given no long time."""
    done, _ = await asyncio.wait({task}, timeout=0.002 if reads else 10.0)
    return bool(done)


READ, WRITE = ssl.SSLWantReadError, ssl.SSLWantWriteError
WAITS: list[tuple[type[OSError], bool]] = [(BlockingIOError, True), (READ, True), (WRITE, False)]


@pytest.mark.parametrize(("want", "reads"), WAITS)
async def test_a_read_waits_for_the_direction_that_is_wanted(want: type[OSError], reads: bool) -> None:
    async with pair() as (near, far):
        sock: Any = Wants(near, want, want, b"abc")
        task = asyncio.create_task(receive(asyncio.get_running_loop(), sock, 2))
        assert await ends_alone(task, reads) is not reads
        far.send(b"!")
        assert await task == b"ab"
        assert sock.wants == []


@pytest.mark.parametrize(("want", "reads"), [(BlockingIOError, False), (WRITE, False), (READ, True)])
async def test_a_write_waits_for_the_direction_that_is_wanted(want: type[OSError], reads: bool) -> None:
    async with pair() as (near, far):
        sock: Any = Wants(near, 2, want, 1, want, 3)
        task = asyncio.create_task(send(asyncio.get_running_loop(), sock, b"abcdef"))
        assert await ends_alone(task, reads) is not reads
        far.send(b"!")
        await task
        assert (sock.sent, sock.wants) == (b"abcdef", [])


@pytest.mark.parametrize(("want", "reads"), WAITS[1:])
async def test_a_handshake_waits_for_the_direction_that_is_wanted(want: type[OSError], reads: bool) -> None:
    async with pair() as (near, far):
        sock: Any = Wants(near, want, want, None)
        task = asyncio.create_task(shake_hands(asyncio.get_running_loop(), sock))
        assert await ends_alone(task, reads) is not reads
        far.send(b"!")
        await task
        assert sock.wants == []


@pytest.mark.parametrize("call", [receive, send, shake_hands])
async def test_what_fails_is_raised(call: Callable[..., Any]) -> None:
    async with pair() as (near, _):
        sock: Any = Wants(near, ConnectionResetError)
        given: dict[Any, list[Any]] = {receive: [5], send: [b"a"]}
        with pytest.raises(ConnectionResetError):
            await call(asyncio.get_running_loop(), sock, *given.get(call, []))


async def test_nothing_is_sent_of_nothing() -> None:
    async with pair() as (near, _):
        sock: Any = Wants(near)
        await send(asyncio.get_running_loop(), sock, b"")


async def test_so_many_bytes_are_read_and_no_more() -> None:
    async with pair() as (near, far):
        loop = asyncio.get_running_loop()
        far.send(b"abcdef")
        assert await receive_exactly(loop, near, 0) == b""
        assert await receive_exactly(loop, near, 4) == b"abcd"
        task = asyncio.create_task(receive_exactly(loop, near, 4))
        await asyncio.sleep(0.002)
        assert not task.done()
        far.send(b"ghi")
        assert await task == b"efgh"
        far.shutdown(socket.SHUT_WR)
        with pytest.raises(ConnectionResetError, match="ended early"):
            await receive_exactly(loop, near, 2)
        assert await receive(loop, near, 5) == b""


@pytest.mark.parametrize("wait", [readable, writable])
async def test_a_wait_that_is_given_up_leaves_nothing(wait: Callable[..., Any]) -> None:
    async with pair() as (near, far):
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        while wait is writable:
            try:
                near.send(bytes(65536))
            except BlockingIOError:
                break
        task = asyncio.create_task(wait(asyncio.get_running_loop(), near))
        await asyncio.sleep(0.002)
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        far.close()


async def test_a_wait_ends_with_what_it_waits_for() -> None:
    async with pair() as (near, far):
        loop = asyncio.get_running_loop()
        await writable(loop, near)
        far.send(b"a")
        await readable(loop, near)


class Connects:
    """A socket whose connection attempt ends with this code."""

    def __init__(self, real: socket.socket, raises: type[OSError] | None, code: int) -> None:
        self.real, self.raises, self.code = real, raises, code
        self.asked: list[Any] = []

    def fileno(self) -> int:
        return self.real.fileno()

    def connect(self, address: Any) -> None:
        self.asked.append(address)
        if self.raises is not None:
            raise self.raises

    def getsockopt(self, level: int, name: int) -> int:
        assert (level, name) == (socket.SOL_SOCKET, socket.SO_ERROR)
        return self.code


@pytest.mark.parametrize(
    ("raises", "code", "failed"),
    [
        (None, errno.ECONNREFUSED, None),
        (BlockingIOError, 0, None),
        (BlockingIOError, errno.ECONNREFUSED, errno.ECONNREFUSED),
        (BlockingIOError, errno.ETIMEDOUT, errno.ETIMEDOUT),
    ],
)
async def test_how_an_attempt_to_connect_ends(
    raises: type[OSError] | None, code: int, failed: int | None
) -> None:
    async with pair() as (near, _):
        sock: Any = Connects(near, raises, code)
        ended = None
        try:
            await connect(asyncio.get_running_loop(), sock, ("127.0.0.1", 1))
        except OSError as error:
            ended = error.errno
            assert error.strerror
        assert (ended, sock.asked) == (failed, [("127.0.0.1", 1)])


async def test_a_port_where_nobody_listens_refuses() -> None:
    with socket.socket() as sock:
        sock.setblocking(False)
        with pytest.raises(ConnectionRefusedError):
            await connect(asyncio.get_running_loop(), sock, ("127.0.0.1", closed_port()))
