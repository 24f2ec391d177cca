"""Scripted servers on loopback, and sinks that write down what they hear."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import pytest
import trustme
from msgspec.structs import replace

from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.http.client import Delivery, Transport
from edgetui.cluster.target import AuthSettings, ClusterTarget, TlsSettings


class Stall:
    """Say nothing more, and keep the connection open."""


class Reset:
    """Close with RST."""


class Close:
    """Close in good order."""


@dataclass
class Noise:
    """Write these bytes to the socket itself, below TLS."""

    data: bytes


@dataclass
class Pause:
    """Go on when the test sets this event."""

    until: asyncio.Event = field(default_factory=asyncio.Event)


Step = bytes | Stall | Reset | Close | Noise | Pause
Script = list[Step]


@dataclass
class Request:
    """What a client sent; header names in lower case."""

    method: str
    target: str
    headers: dict[str, list[str]]
    body: bytes
    connection: int


def ok(body: bytes = b"{}", *headers: str, status: str = "200 OK") -> bytes:
    """A response with a length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """One chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class Server:
    """Answers the n-th request with the n-th script; `answer` decides when there is none."""

    def __init__(self, scripts: list[Script], answer: Callable[[Request], Script] | None) -> None:
        self.scripts = scripts
        self.answer = answer
        self.requests: list[Request] = []
        self.connections = 0
        self.open = 0
        self.resumed: list[bool] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, context: ssl.SSLContext | None, host: str) -> None:
        self._server = await asyncio.start_server(self._serve, host, 0, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self.open += 1
        secured = writer.get_extra_info("ssl_object")
        self.resumed.append(bool(secured and secured.session_reused))
        try:
            await self._talk(reader, writer, self.connections)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.open -= 1
            self._tasks.discard(task)
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        while True:
            request = await self._read(reader, number)
            self.requests.append(request)
            if self.scripts:
                script = self.scripts.pop(0)
            else:
                script = self.answer(request) if self.answer is not None else [ok()]
            for step in script:
                if isinstance(step, bytes):
                    writer.write(step)
                    await writer.drain()
                elif isinstance(step, Pause):
                    await step.until.wait()
                elif isinstance(step, Noise):
                    os.write(writer.get_extra_info("socket").fileno(), step.data)
                elif isinstance(step, Stall):
                    await reader.read()
                    return
                else:
                    if isinstance(step, Reset):
                        raw = writer.get_extra_info("socket")
                        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        writer.transport.abort()
                    else:
                        writer.close()
                    return

    async def _read(self, reader: asyncio.StreamReader, number: int) -> Request:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("utf-8")
        first, *lines = head[:-4].split("\r\n")
        method, target, _ = first.split(" ")
        headers: dict[str, list[str]] = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers.setdefault(name.lower(), []).append(value.strip())
        body = await reader.readexactly(int(headers.get("content-length", ["0"])[0]))
        return Request(method, target, headers, body, number)


@lru_cache(maxsize=1)
def authority() -> trustme.CA:
    """The CA of all test servers."""
    return trustme.CA(key_type=trustme.KeyType.ECDSA)


def server_context(certificate: trustme.LeafCert | None = None) -> ssl.SSLContext:
    """A server context, by default for localhost and loopback addresses."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued = certificate or authority().issue_cert(
        "localhost", "127.0.0.1", "::1", key_type=trustme.KeyType.ECDSA
    )
    issued.configure_cert(context)
    return context


def target(server: str, **changes: object) -> ClusterTarget:
    """A cluster at this URL that trusts the test CA and shows a token."""
    base = ClusterTarget(
        name="plant",
        context="plant",
        server=server,
        tls=TlsSettings(ca_pem=authority().cert_pem.bytes()),
        auth=AuthSettings(token="t0ken"),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


@asynccontextmanager
async def serving(
    *scripts: Script,
    answer: Callable[[Request], Script] | None = None,
    context: ssl.SSLContext | None = None,
    tls: bool = True,
    host: str = "127.0.0.1",
) -> AsyncIterator[Server]:
    """A scripted server while the block runs."""
    server = Server(list(scripts), answer)
    await server.start((context or server_context()) if tls else None, host)
    try:
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def connected(
    *scripts: Script,
    answer: Callable[[Request], Script] | None = None,
    context: ssl.SSLContext | None = None,
    tls: bool = True,
    **changes: object,
) -> AsyncIterator[tuple[Server, Transport]]:
    """A scripted server and a transport to it; at the end no descriptor may be left."""
    async with serving(*scripts, answer=answer, context=context, tls=tls) as server:
        scheme = "https" if tls else "http"
        cluster = target(f"{scheme}://127.0.0.1:{server.port}", **changes)
        transport = Transport(cluster, Credentials(cluster))
        try:
            yield server, transport
        finally:
            transport.close()


class Heard:
    """A sink that keeps everything. `at_head`, `at_data` are called with it."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.pieces: list[bytes] = []
        self.clean: bool | None = None
        self.error: EdgetuiError | None = None
        self.over = asyncio.Event()
        self.headed = asyncio.Event()
        self.progress = asyncio.Event()
        self.calls: list[str] = []

    @property
    def data(self) -> bytes:
        return b"".join(self.pieces)

    def on_head(self, status: int, headers: dict[str, str]) -> None:
        self._note("head")
        self.status, self.headers = status, headers
        self.headed.set()

    def on_data(self, data: bytes) -> None:
        self._note("data")
        assert isinstance(data, bytes) and data
        self.pieces.append(data)
        self.progress.set()

    def on_end(self, clean: bool) -> None:
        self._note("end")
        self.clean = clean
        self.over.set()

    def on_error(self, error: EdgetuiError) -> None:
        self._note("error")
        self.error = error
        self.over.set()

    def _note(self, call: str) -> None:
        assert not self.over.is_set(), f"{call} after the end"
        self.calls.append(call)

    async def ended(self) -> None:
        """Wait for the last call."""
        async with asyncio.timeout(60):
            await self.over.wait()


async def until(fact: Callable[[], bool]) -> None:
    """Let the loop run until something is true."""
    async with asyncio.timeout(60):
        while not fact():
            await asyncio.sleep(0.001)


def descriptors() -> int:
    """How many files this process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def failure(server: str, **changes: object) -> EdgetuiError:
    """The error of one request to `server`, of which nothing may have been sent."""
    cluster = target(server, **changes)
    transport = Transport(cluster, Credentials(cluster))
    delivery = Delivery()
    with pytest.raises(EdgetuiError) as caught:
        await transport.request("GET", "/version", timeout=5, delivery=delivery)
    transport.close()
    assert not delivery.sent
    assert caught.value.sentence.endswith(".") and caught.value.next_step
    return caught.value


async def succeed(transport: Transport) -> None:
    """One request that works; the transport is closed after it."""
    assert (await transport.request("GET", "/version", timeout=5)).body == b"{}"
    transport.close()


def closed_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
