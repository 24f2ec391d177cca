"""Waiting for a non-blocking socket, safe to cancel: nothing stays registered when the wait ends.

asyncio's own sock_* helpers unregister a moment after they are cancelled, when the descriptor may already belong
to another socket.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl


async def readable(loop: asyncio.AbstractEventLoop, sock: socket.socket) -> None:
    """Until there is something to read, or the end."""
    descriptor, ready = sock.fileno(), loop.create_future()
    loop.add_reader(descriptor, _settle, ready)
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)


async def writable(loop: asyncio.AbstractEventLoop, sock: socket.socket) -> None:
    """Until something can be written, or a connection attempt has ended."""
    descriptor, ready = sock.fileno(), loop.create_future()
    loop.add_writer(descriptor, _settle, ready)
    try:
        await ready
    finally:
        loop.remove_writer(descriptor)


async def connect(
    loop: asyncio.AbstractEventLoop, sock: socket.socket, address: tuple[str | int, ...]
) -> None:
    """Connect to a numeric address. Raises OSError."""
    try:
        sock.connect(address)
    except BlockingIOError:
        await writable(loop, sock)
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code)) from None


async def receive(loop: asyncio.AbstractEventLoop, sock: socket.socket, most: int) -> bytes:
    """At least one byte and at most `most`; b"" at the end. Raises OSError."""
    while True:
        try:
            return sock.recv(most)
        except (BlockingIOError, ssl.SSLWantReadError):
            await readable(loop, sock)
        except ssl.SSLWantWriteError:
            await writable(loop, sock)


async def receive_exactly(loop: asyncio.AbstractEventLoop, sock: socket.socket, size: int) -> bytes:
    """So many bytes. Raises OSError, and ConnectionResetError when the peer ends before."""
    data = b""
    while len(data) < size:
        piece = await receive(loop, sock, size - len(data))
        if not piece:
            raise ConnectionResetError("ended early")
        data += piece
    return data


async def send(loop: asyncio.AbstractEventLoop, sock: socket.socket, data: bytes) -> None:
    """Send everything. Raises OSError."""
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[sock.send(rest) :]
        except (BlockingIOError, ssl.SSLWantWriteError):
            await writable(loop, sock)
        except ssl.SSLWantReadError:
            await readable(loop, sock)


async def shake_hands(loop: asyncio.AbstractEventLoop, secured: ssl.SSLSocket) -> None:
    """Do the TLS handshake. Raises ssl.SSLError and OSError."""
    while True:
        try:
            secured.do_handshake()
        except ssl.SSLWantReadError:
            await readable(loop, secured)
        except ssl.SSLWantWriteError:
            await writable(loop, secured)
        else:
            return


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
