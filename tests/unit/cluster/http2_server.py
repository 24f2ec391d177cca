"""A server of HTTP/2 on loopback, by the library h2: TLS, ALPN, and answers that a test decides on."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.http.client import Transport

from .wire import server_context, target


@dataclass
class Asked:
    """One request; `answer` is what its stream gets."""

    connection: Peer
    number: int
    headers: dict[str, str]
    body: bytearray = field(default_factory=bytearray)
    whole: bool = False
    reset: bool = False

    @property
    def line(self) -> str:
        return f"{self.headers[':method']} {self.headers[':path']}"

    def head(self, status: int = 200, *headers: tuple[str, str]) -> None:
        """Begin the answer."""
        self.connection.h2.send_headers(self.number, [(":status", str(status)), *headers])
        self.connection.flush()

    def data(self, data: bytes, *, last: bool = False) -> None:
        """A piece of the body, within the window."""
        self.connection.h2.send_data(self.number, data, end_stream=last)
        self.connection.flush()

    def ok(self, body: bytes = b"{}") -> None:
        """A whole answer."""
        self.head(200, ("content-type", "application/json"))
        self.data(body, last=True)


class Peer(asyncio.Protocol):
    """One connection of the server."""

    def __init__(self, server: Http2Server) -> None:
        self.server = server
        self.h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        )
        self.requests: dict[int, Asked] = {}
        self.pings = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.server.peers.append(self)
        self.h2.initiate_connection()
        self.flush()

    def data_received(self, data: bytes) -> None:
        if self.server.deaf:
            return
        for event in self.h2.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                asked = Asked(self, event.stream_id, dict(event.headers))
                self.requests[event.stream_id] = asked
                self.server.requests.append(asked)
            elif isinstance(event, h2.events.DataReceived):
                self.requests[event.stream_id].body += event.data
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                self.requests[event.stream_id].whole = True
                self.server.answer(self.requests[event.stream_id])
            elif isinstance(event, h2.events.StreamReset):
                self.requests[event.stream_id].reset = True
            elif isinstance(event, h2.events.PingReceived):
                self.pings += 1
        self.flush()

    def flush(self) -> None:
        with suppress(h2.exceptions.ProtocolError):
            self.transport.write(self.h2.data_to_send())


class Http2Server:
    """`answer` is called with each whole request; without one nothing is answered."""

    def __init__(self, answer: Callable[[Asked], None] | None) -> None:
        self.answer = answer or (lambda asked: None)
        self.peers: list[Peer] = []
        self.requests: list[Asked] = []
        self.deaf = False
        self.port = 0

    def close(self) -> None:
        for peer in self.peers:
            peer.transport.abort()


@asynccontextmanager
async def multiplexed(
    answer: Callable[[Asked], None] | None = None, context: ssl.SSLContext | None = None, **changes: object
) -> AsyncIterator[tuple[Http2Server, Transport]]:
    """A server of HTTP/2 and a transport to it."""
    server = Http2Server(answer)
    tls = context or server_context()
    tls.set_alpn_protocols(["h2", "http/1.1"])
    listener = await asyncio.get_running_loop().create_server(lambda: Peer(server), "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    cluster = target(f"https://127.0.0.1:{server.port}", **changes)
    transport = Transport(cluster, Credentials(cluster))
    try:
        yield server, transport
    finally:
        transport.close()
        listener.close()
        server.close()
