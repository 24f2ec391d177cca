"""A TCP proxy on loopback that counts every byte and breaks the link on request.

It runs on an event loop in a thread of its own, so blocking and asyncio tests use it alike; its methods
return when what they ask for has happened. It knows nothing of TLS or HTTP: it moves bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from .process import free_ports

_CHUNK = 65_536
_CHUNKS_IN_FLIGHT = 256
_PACKET = 1460
RETRANSMITTED_AFTER = 0.2
"""Seconds beyond a round trip after which Linux sends a packet again (RFC 6298, with its minimum of 200 ms)."""
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close() sends RST


@dataclass(slots=True)
class Connection:
    """Bytes of one connection: ``up`` from the client, ``down`` to it. ``opened`` is a monotonic time."""

    opened: float
    up: int = 0
    down: int = 0
    closed: bool = False
    abandoned: bool = False
    sockets: tuple[socket.socket, ...] = field(default=(), repr=False)
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    def reset(self) -> None:
        """Close both ends at once with RST."""
        for each in self.sockets:
            with contextlib.suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        if self.task is not None:
            self.task.cancel()

    def end(self, _task: asyncio.Task[None]) -> None:
        """Close the sockets; a task cancelled before its first step has no other chance to."""
        self.closed = True
        self.task = None
        for each in self.sockets:
            each.close()


@dataclass(slots=True)
class Stats:
    """Connections that reached the proxy, and those of them that reached the server."""

    attempted: int = 0
    accepted: int = 0


class FaultProxy:
    """A link to ``host:port``; use it as a context manager, or ``start()`` and ``stop()`` it.

    ``delay`` is seconds added in each direction, ``rate`` bytes per second in each direction over all
    connections, ``kill_after`` resets a connection that has sent so many bytes down. ``jitter`` is seconds up to which
    the delay of each piece grows by chance, ``loss`` the share of packets that come only with their retransmission; as
    in TCP nothing overtakes what was sent before it. All may change while it runs. ``listen`` gives the listening
    socket for a port where that is not on this host's loopback.
    """

    def __init__(self, host: str, port: int, listen: Callable[[int], socket.socket] | None = None) -> None:
        self._target = (host, port)
        self._listen = listen or _on_loopback
        self.port = free_ports(1)[0]
        self.delay = 0.0
        self.jitter = 0.0
        self.loss = 0.0
        self.rate: float | None = None
        self.kill_after: int | None = None
        self.stats = Stats()
        self.connections: list[Connection] = []
        self._refusing = False
        self._free_at = {"up": 0.0, "down": 0.0}
        self._random = random.Random(7)
        self._listener: socket.socket | None = None
        self._loop = asyncio.new_event_loop()
        self._flowing = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)

    @classmethod
    def in_front_of(cls, cluster: Any) -> Self:
        """A proxy to a cluster's apiserver; give its ``url`` to ``cluster.kubeconfig(server=…)``."""
        parts = urlsplit(cluster.server)
        return cls(parts.hostname, parts.port)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The address for a kubeconfig."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def bytes_up(self) -> int:
        """Bytes from clients, over all connections so far."""
        return sum(each.up for each in self.connections)

    @property
    def bytes_down(self) -> int:
        """Bytes to clients, over all connections so far."""
        return sum(each.down for each in self.connections)

    @property
    def open_connections(self) -> int:
        """Connections that have not ended yet."""
        return sum(not each.closed for each in self.connections)

    # Life

    def start(self) -> Self:
        """Listen on ``port``."""
        self._thread.start()
        self._call(self._open())
        return self

    def stop(self) -> None:
        """Reset everything and stop listening; may be called twice."""
        if not self._thread.is_alive():
            return
        self._call(self._break(refuse=True))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, coroutine: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)

    # Faults

    def cut(self, *, refuse: bool = True) -> None:
        """Reset every connection. New ones are refused; with ``refuse=False`` counted, then reset."""
        self._call(self._break(refuse=refuse))

    def stall(self) -> None:
        """Go silent: connections stay open and new ones are accepted, but not a byte moves either way."""
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def abandon(self) -> None:
        """No byte moves any more on the connections there are, and nobody is told; new ones work."""
        for connection in self.connections:
            connection.abandoned = True

    def restore(self) -> None:
        """End ``cut`` or ``stall``: listen on the same port again and let bytes through."""
        self._call(self._open())

    async def _open(self) -> None:
        self._refusing = False
        self._flowing.set()
        if self._listener is None:
            self._listener = self._listen(self.port)
            self._listener.setblocking(False)
            self._loop.add_reader(self._listener.fileno(), self._accept, self._listener)

    async def _break(self, *, refuse: bool) -> None:
        self._refusing = True
        if refuse and self._listener is not None:
            self._loop.remove_reader(self._listener.fileno())
            self._listener.close()
            self._listener = None
        ending = []
        for connection in self.connections:
            if not connection.closed and connection.task is not None:
                connection.reset()
                ending.append(connection.task)
        await asyncio.gather(*ending, return_exceptions=True)

    # Bytes

    def _accept(self, listener: socket.socket) -> None:
        # Not sock_accept: when that is cancelled just as somebody dials, it loses the connection (CPython 3.11).
        try:
            client, _ = listener.accept()
        except OSError:
            return
        self.stats.attempted += 1
        connection = Connection(time.monotonic(), sockets=(client,))
        self.connections.append(connection)
        connection.task = self._loop.create_task(self._serve(connection, client))
        connection.task.add_done_callback(connection.end)
        if self._refusing:
            connection.reset()

    async def _serve(self, connection: Connection, client: socket.socket) -> None:
        server = socket.socket()
        connection.sockets = (client, server)
        try:
            for each in connection.sockets:
                each.setblocking(False)
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._flowing.wait()
            await self._loop.sock_connect(server, self._target)
            self.stats.accepted += 1
            async with asyncio.TaskGroup() as both:
                both.create_task(self._carry(connection, client, server, "up"))
                both.create_task(self._carry(connection, server, client, "down"))
        except (OSError, ExceptionGroup):
            connection.reset()

    async def _carry(
        self, connection: Connection, source: socket.socket, sink: socket.socket, way: str
    ) -> None:
        """Move one direction; reading and writing are apart, so that a delay costs no throughput."""
        chunks: asyncio.Queue[tuple[float, bytes, int]] = asyncio.Queue(_CHUNKS_IN_FLIGHT)
        async with asyncio.TaskGroup() as ends:
            ends.create_task(self._read(connection, source, chunks, way))
            ends.create_task(self._write(connection, sink, chunks, way))

    async def _read(
        self,
        connection: Connection,
        source: socket.socket,
        chunks: asyncio.Queue[tuple[float, bytes, int]],
        way: str,
    ) -> None:
        while True:
            await self._flowing.wait()
            await _unless_abandoned(connection)
            size = _CHUNK if self.rate is None else max(256, min(_CHUNK, int(self.rate / 20)))
            data = await self._loop.sock_recv(source, size)
            if way == "up":
                connection.up += len(data)
            due = self._loop.time()
            if self.rate is not None:
                due = max(due, self._free_at[way]) + len(data) / self.rate
                self._free_at[way] = due
            await chunks.put(
                (due + self.delay + self._lateness(len(data)), data, self._sent(connection, way))
            )
            if not data:
                return

    def _sent(self, connection: Connection, way: str) -> int:
        """A mark for a piece that was sent just now, for who counts."""
        return 0

    def _arrives(self, connection: Connection, way: str, mark: int) -> None:
        """A piece of this mark is about to arrive."""

    def _lateness(self, size: int) -> float:
        """Seconds by which so many bytes are later than others: one is lost, and sent again after a timeout."""
        packets = -(-size // _PACKET)
        lost = self._random.random() > (1.0 - self.loss) ** packets
        return self._random.uniform(0.0, self.jitter) + (lost and RETRANSMITTED_AFTER + 2 * self.delay)

    async def _write(
        self,
        connection: Connection,
        sink: socket.socket,
        chunks: asyncio.Queue[tuple[float, bytes, int]],
        way: str,
    ) -> None:
        while True:
            due, data, mark = await chunks.get()
            await asyncio.sleep(max(0.0, due - self._loop.time()))
            await self._flowing.wait()
            await _unless_abandoned(connection)
            if not data:
                with contextlib.suppress(OSError):
                    sink.shutdown(socket.SHUT_WR)
                return
            if way == "down" and self.kill_after is not None:
                data = data[: max(0, self.kill_after - connection.down)]
            if way == "down":
                connection.down += len(data)  # before the client can see them
            self._arrives(connection, way, mark)
            await self._loop.sock_sendall(sink, data)
            if way == "down" and self.kill_after is not None and connection.down >= self.kill_after:
                raise ConnectionResetError("killed after the bytes asked for")


def _on_loopback(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(512)
    return listener


async def _unless_abandoned(connection: Connection) -> None:
    if connection.abandoned:
        await asyncio.Event().wait()
