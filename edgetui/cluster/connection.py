"""One connection: a non-blocking socket on the event loop, with TLS where the server's URL asks for it.

TLS runs inside a non-blocking SSLSocket rather than in asyncio's transport, which costs seven times the memory per
stream. What that needs: a read or write may want the other direction first, during the handshake and after;
decrypted bytes may wait inside the SSL object although the file descriptor is quiet (`pending`); and the end of the
stream is an empty read, an SSLZeroReturnError or an SSLEOFError. A session ticket comes after the handshake, so it
is read once the first answer is there, and it belongs to its SSLContext.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from edgetui.cluster.endpoint import Endpoint, tunnel
from edgetui.cluster.link_errors import explain

READ_BUDGET = 64 * 1024
_buffer = memoryview(bytearray(READ_BUDGET))

_KEEPALIVE_IDLE, _KEEPALIVE_EVERY, _KEEPALIVE_COUNT = 10, 5, 3
_USER_TIMEOUT_MS = 15_000


@dataclass(slots=True)
class Counters:
    """Traffic of one cluster: bytes on the wire inside TCP, connection attempts, requests sent."""

    bytes_in: int = 0
    bytes_out: int = 0
    connections: int = 0
    requests: int = 0


class Connection:
    """Open it, `send`, and hear what comes through `on_data` and, once and last, `on_lost`.

    `on_lost(None)` is a clean end of the stream. After `close` nothing is heard.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, endpoint: Endpoint, counters: Counters) -> None:
        self._loop = loop
        self._endpoint = endpoint
        self._counters = counters
        self._socket: socket.socket | None = None
        self._on_data: Callable[[memoryview], None] | None = None
        self._on_lost: Callable[[BaseException | None], None] | None = None
        self._reading = False
        self.context: ssl.SSLContext | None = None

    @property
    def closed(self) -> bool:
        """Whether it can carry nothing more."""
        return self._socket is None

    @property
    def tls_session(self) -> ssl.SSLSession | None:
        """The session to resume the next connection with; None without TLS or before the first answer."""
        return self._socket.session if isinstance(self._socket, ssl.SSLSocket) else None

    async def open(self, context: ssl.SSLContext | None, session: ssl.SSLSession | None) -> None:
        """Connect, through the proxy if there is one, and shake hands. Raises LinkError, TlsError, ProtocolError."""
        where = self._endpoint.where
        self.context = context
        self._counters.connections += 1
        try:
            plain = await self._connect()
            self._socket = plain
            if self._endpoint.proxy is not None:
                await tunnel(self._loop, plain, self._endpoint)
            if context is not None:
                secured = context.wrap_socket(
                    plain,
                    server_hostname=self._endpoint.server_name,
                    do_handshake_on_connect=False,
                    suppress_ragged_eofs=False,
                    session=session,
                )
                self._socket = secured
                await self._shake_hands(secured)
        except (OSError, ValueError) as error:
            self.close()
            raise explain(error, where) from error
        except BaseException:
            self.close()
            raise

    async def _connect(self) -> socket.socket:
        host, port = self._endpoint.dial
        found = await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        last: OSError = OSError("no address")
        for family, kind, protocol, _, address in found:
            candidate = socket.socket(family, kind, protocol)
            try:
                _tune(candidate)
                await self._loop.sock_connect(candidate, address)
            except OSError as error:
                candidate.close()
                last = error
            except BaseException:
                candidate.close()
                raise
            else:
                return candidate
        raise last

    async def _shake_hands(self, secured: ssl.SSLSocket) -> None:
        while True:
            try:
                secured.do_handshake()
            except ssl.SSLWantReadError:
                await self._ready(secured, self._loop.add_reader, self._loop.remove_reader)
            except ssl.SSLWantWriteError:
                await self._ready(secured, self._loop.add_writer, self._loop.remove_writer)
            else:
                return

    async def _ready(
        self, what: socket.socket, add: Callable[..., None], remove: Callable[[int], bool]
    ) -> None:
        ready: asyncio.Future[None] = self._loop.create_future()
        descriptor = what.fileno()
        add(descriptor, _settle, ready)
        try:
            await ready
        finally:
            remove(descriptor)

    async def send(self, data: bytes) -> None:
        """Send everything. Raises OSError, as the socket does."""
        rest = memoryview(data)
        while rest:
            if self._socket is None:
                raise ConnectionResetError("closed")
            try:
                sent = self._socket.send(rest)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
                await self._ready(self._socket, self._loop.add_writer, self._loop.remove_writer)
                continue
            self._counters.bytes_out += sent
            rest = rest[sent:]

    def listen(
        self, on_data: Callable[[memoryview], None], on_lost: Callable[[BaseException | None], None]
    ) -> None:
        """Say who hears from now on."""
        self._on_data, self._on_lost = on_data, on_lost
        if not self._reading and self._socket is not None:
            self._reading = True
            self._loop.add_reader(self._socket.fileno(), self._readable)

    def _readable(self) -> None:
        """Take what is there, at most READ_BUDGET bytes, so that no stream starves the rest of the loop."""
        left = READ_BUDGET
        while left > 0 and self._socket is not None:
            try:
                size = self._socket.recv_into(_buffer[:left])
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError, InterruptedError):
                return
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                size = 0
            except OSError as error:
                self._lose(error)
                return
            if size == 0:
                self._lose(None)
                return
            left -= size
            self._counters.bytes_in += size
            if self._on_data is not None:
                self._on_data(_buffer[:size])
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            self._loop.call_soon(self._readable)

    def _lose(self, error: BaseException | None) -> None:
        lost = self._on_lost
        self.close()
        if lost is not None:
            lost(error)

    def close(self) -> None:
        """Close at once; safe twice."""
        self._on_data = self._on_lost = None
        if self._socket is not None:
            if self._reading:
                self._loop.remove_reader(self._socket.fileno())
                self._reading = False
            with contextlib.suppress(OSError):
                self._socket.close()
            self._socket = None


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _tune(sock: socket.socket) -> None:
    """Notice a dead link within 20 s: keepalive for silence, the user timeout for unacknowledged data."""
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", _KEEPALIVE_IDLE),
        ("TCP_KEEPINTVL", _KEEPALIVE_EVERY),
        ("TCP_KEEPCNT", _KEEPALIVE_COUNT),
        ("TCP_USER_TIMEOUT", _USER_TIMEOUT_MS),
    ):
        option = getattr(socket, name, None)
        if option is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, option, value)
