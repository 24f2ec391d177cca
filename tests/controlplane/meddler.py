"""A man in the middle of HTTPS in front of a real API server: it passes everything on, and meddles where told.

For what no API server does on demand. It lives on the running event loop and speaks HTTP to both sides; clients
need a token, because a client certificate would end here. Answers come uncompressed, so that lines can be put
between lines.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import ssl
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import h11

from .certs import KeyPair
from .cluster import ControlPlane

_PIECE = 65_536
_RECORD = 1_000
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close() sends RST
_NOT_PASSED_ON = {b"accept-encoding", b"connection"}


@dataclass(frozen=True)
class Answer:
    """An answer that the API server did not give."""

    status: int
    message: str = "scripted"
    headers: tuple[tuple[str, str], ...] = ()
    details: dict[str, object] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        status = {"kind": "Status", "code": self.status, "message": self.message, "details": self.details}
        return json.dumps(status).encode()


@dataclass(frozen=True)
class Asked:
    """A request as it came; `at` is a monotonic time."""

    at: float
    target: str
    authorization: str

    @property
    def is_watch(self) -> bool:
        return "watch=1" in self.target


Meddle = Callable[[Asked], Answer | None]


class Watch:
    """The open answer to a watch."""

    def __init__(self, client: h11.Connection, writer: asyncio.StreamWriter, crumbs: int) -> None:
        self._client = client
        self._writer = writer
        self._crumbs = crumbs
        self._waiting = b""
        self._within_a_line = False

    def pass_on(self, data: bytes) -> None:
        """Send data of the API server, and what waited for the end of a line."""
        self._send(data)
        self._within_a_line = not data.endswith(b"\n")
        if not self._within_a_line and self._waiting:
            self._send(self._waiting)
            self._waiting = b""

    def insert(self, lines: bytes) -> None:
        """Send these between two lines."""
        if self._within_a_line:
            self._waiting += lines
        else:
            self._send(lines)

    def _send(self, data: bytes) -> None:
        size = self._crumbs or max(1, len(data))
        pieces = [data[at : at + size] for at in range(0, len(data), size)]
        framed = b"".join(self._client.send(h11.Data(data=piece)) or b"" for piece in pieces)
        for at in range(0, len(framed), _RECORD if self._crumbs else len(framed) or 1):
            self._writer.write(framed[at : at + _RECORD] if self._crumbs else framed)

    def finish(self) -> None:
        """End the answer in good order."""
        self._writer.write(self._client.send(h11.EndOfMessage()) or b"")

    def abort(self) -> None:
        """Close the connection in the middle of the answer."""
        self._writer.transport.abort()

    def reset(self) -> None:
        """The same with RST."""
        raw = self._writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.abort()

    def garble(self) -> None:
        """Write to the socket below TLS what no peer can decrypt."""
        os.write(self._writer.get_extra_info("socket").fileno(), b"\x17\x03\x03\x00\x20" + bytes(32))


class Meddler:
    """Made by `meddling`. `meddle` is asked before each request is passed on; None lets it pass."""

    def __init__(self, cluster: ControlPlane) -> None:
        parts = urlsplit(cluster.server)
        self._server = (parts.hostname, parts.port)
        self._trust = cluster.layout.trust()
        self._listener: asyncio.Server | None = None
        self._port = 0
        self.meddle: Meddle = lambda asked: None
        self.crumbs = 0
        """Bytes in each chunk of a watch; 0 leaves them as they come."""
        self.asked: list[Asked] = []
        self.connections = 0
        self.watches: dict[Watch, asyncio.Task[None]] = {}
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The address for a kubeconfig."""
        return f"https://127.0.0.1:{self._port}"

    async def listen(self, pair: KeyPair) -> None:
        """Be who this certificate says; from now on, at the same address, if it was another before."""
        if self._listener is not None:
            self._listener.close()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.cert, pair.key)
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self._port, ssl=context)
        self._port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._listener is not None
        self._listener.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def every_watch(self, fault: Callable[[Watch], None]) -> None:
        """Do this to each open watch; what comes from the API server afterwards is lost."""
        for watch, passing in list(self.watches.items()):
            if fault is not Watch.garble:  # of that one the connection knows nothing yet
                del self.watches[watch]
                passing.cancel()
            fault(watch)

    def insert(self, lines: bytes) -> None:
        """Put these lines into each open watch."""
        for watch in self.watches:
            watch.insert(lines)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        self.connections += 1
        client = h11.Connection(h11.SERVER)
        try:
            while (heard := await _request(client, reader)) is not None:
                request, body = heard
                headers = dict(request.headers)
                authorization = headers.get(b"authorization", b"").decode()
                asked = Asked(time.monotonic(), request.target.decode(), authorization)
                self.asked.append(asked)
                answer = self.meddle(asked)
                if answer is not None:
                    _say(client, writer, answer)
                else:
                    await self._pass_on(client, reader, writer, request, body, asked.is_watch)
                await writer.drain()
                client.start_next_cycle()
        except (OSError, h11.ProtocolError, asyncio.CancelledError):
            pass
        finally:
            self._serving.discard(task)
            writer.transport.abort()

    async def _pass_on(
        self,
        client: h11.Connection,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        request: h11.Request,
        body: bytes,
        is_watch: bool,
    ) -> None:
        """Let the API server answer, as long as the client stays and no fault ends it."""
        watch = Watch(client, writer, self.crumbs if is_watch else 0)
        passing = asyncio.create_task(self._answer(watch, client, writer, request, body))
        if is_watch:
            self.watches[watch] = passing
        leaving = asyncio.create_task(reader.read(_PIECE))
        try:
            await asyncio.wait((passing, leaving), return_when=asyncio.FIRST_COMPLETED)
            if leaving.done():
                client.receive_data(leaving.result())  # the next request, or the end
            if not passing.done():
                raise ConnectionResetError("the client left")
            if not passing.cancelled():
                passing.result()
        finally:
            self.watches.pop(watch, None)
            leaving.cancel()
            passing.cancel()
            await asyncio.gather(leaving, passing, return_exceptions=True)

    async def _answer(
        self,
        watch: Watch,
        client: h11.Connection,
        writer: asyncio.StreamWriter,
        request: h11.Request,
        body: bytes,
    ) -> None:
        server = h11.Connection(h11.CLIENT)
        source, sink = await asyncio.open_connection(*self._server, ssl=self._trust)
        try:
            passed = [(n, v) for n, v in request.headers if n not in _NOT_PASSED_ON]
            again = h11.Request(
                method=request.method, target=request.target, headers=[*passed, ("connection", "close")]
            )
            sink.write(
                (server.send(again) or b"")
                + (server.send(h11.Data(data=body)) or b"" if body else b"")
                + (server.send(h11.EndOfMessage()) or b"")
            )
            while True:
                event = server.next_event()
                if event is h11.NEED_DATA:
                    server.receive_data(await source.read(_PIECE))
                elif isinstance(event, h11.Response):
                    kept = [(n, v) for n, v in event.headers if n != b"connection"]
                    writer.write(
                        client.send(h11.Response(status_code=event.status_code, headers=kept)) or b""
                    )
                elif isinstance(event, h11.Data):
                    watch.pass_on(bytes(event.data))
                    await writer.drain()
                elif isinstance(event, h11.EndOfMessage):
                    watch.finish()
                    return
        finally:
            sink.transport.abort()


async def _request(client: h11.Connection, reader: asyncio.StreamReader) -> tuple[h11.Request, bytes] | None:
    request, body = None, b""
    while True:
        event = client.next_event()
        if event is h11.NEED_DATA:
            client.receive_data(await reader.read(_PIECE))
        elif isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage) and request is not None:
            return request, body
        else:
            return None


def _say(client: h11.Connection, writer: asyncio.StreamWriter, answer: Answer) -> None:
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(answer.body))),
        *answer.headers,
    ]
    writer.write(
        (client.send(h11.Response(status_code=answer.status, headers=headers)) or b"")
        + (client.send(h11.Data(data=answer.body)) or b"")
        + (client.send(h11.EndOfMessage()) or b"")
    )


@asynccontextmanager
async def meddling(cluster: ControlPlane) -> AsyncIterator[Meddler]:
    """A meddler in front of a cluster, with a certificate of the cluster's own authority."""
    meddler = Meddler(cluster)
    pair = cluster.layout.authority.issue("meddler", "kube-apiserver", hosts=("127.0.0.1",))
    await meddler.listen(pair)
    try:
        yield meddler
    finally:
        with contextlib.suppress(asyncio.CancelledError):
            await meddler.stop()
