"""Run a program in a network namespace of its own, for one that listens on every address:
``python -I alone.py PORT PROGRAM ARGUMENT...``.

Of the network outside it reaches one server, on 127.0.0.1:PORT in there as out here: connections go through a socket
file, which both sides see.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import socket
import struct
import sys
import tempfile
from pathlib import Path

_SET_FLAGS, _UP = 0x8914, 0x1
_INSIDE = "--inside"


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


class _Relay:
    """Carries a connection to the other side, which is a port or a socket file."""

    def __init__(self, to: int | str) -> None:
        self._to = to

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if isinstance(self._to, int):
                there, back = await asyncio.open_connection("127.0.0.1", self._to)
            else:
                there, back = await asyncio.open_unix_connection(self._to)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_carry(reader, back), _carry(there, writer))


async def _outside(port: int, program: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="edgetui-alone-") as directory:
        socket_file = str(Path(directory) / "socket")
        await asyncio.start_unix_server(_Relay(port), socket_file)
        alone = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--map-root-user"])]
        inside = [sys.executable, "-I", __file__, _INSIDE, socket_file, str(port), *program]
        return await (await asyncio.create_subprocess_exec(*alone, *inside)).wait()


async def _inside(socket_file: str, port: int, program: list[str]) -> int:
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh", b"lo", _UP))
    await asyncio.start_server(_Relay(socket_file), "127.0.0.1", port)
    return await (await asyncio.create_subprocess_exec(*program)).wait()


def main(arguments: list[str]) -> int:
    """Run it to its end; its exit code."""
    if arguments[0] == _INSIDE:
        return asyncio.run(_inside(arguments[1], int(arguments[2]), arguments[3:]))
    return asyncio.run(_outside(int(arguments[0]), arguments[1:]))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
