"""One connection to the demo's server."""

from __future__ import annotations

import asyncio
import gc
import socket
import struct
from collections.abc import AsyncIterator
from typing import Any

from edgetui.demo.http import Connection, Reply, Request


async def test_a_client_that_resets_a_stream_ends_it_without_a_word() -> None:
    """A stopped `edgetui guard` does so; nothing of it may appear on the terminal of `edgetui demo --serve`."""
    said: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: said.append(context))
    ended = asyncio.Event()

    async def nothing_yet() -> AsyncIterator[bytes]:
        yield b"first"
        await asyncio.Event().wait()

    async def answer(request: Request) -> Reply:
        return Reply(chunks=nothing_yet())

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Connection(reader, writer, answer).serve()
        ended.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"first")
        reset = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        writer.transport.abort()
        await asyncio.wait_for(ended.wait(), 60)
    gc.collect()
    assert said == []
