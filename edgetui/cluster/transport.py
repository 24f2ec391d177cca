"""Requests and streams to one API server over HTTP/1.1: few connections, no threads, every byte counted."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, urlencode

from edgetui import __version__
from edgetui.cluster import endpoint as endpoints
from edgetui.cluster.connection import Connection, Counters
from edgetui.cluster.errors import EdgetuiError, LinkError, ProtocolError
from edgetui.cluster.gzipstream import Inflater
from edgetui.cluster.http import Body, End, Event, Head, ResponseReader
from edgetui.cluster.link_errors import explain
from edgetui.cluster.target import ClusterTarget

MAX_BODY = 256 * 1024 * 1024
IDLE_CONNECTIONS = 2
IDLE_SECONDS = 25.0
CONNECT_TIMEOUT = 10.0


class TransportCredentials(Protocol):
    """What the transport needs to know of credentials."""

    async def headers(self) -> dict[str, str]:
        """Authorization and impersonation headers for one request."""

    def ssl_context(self) -> ssl.SSLContext:
        """How to trust the server and which certificate to show."""


@dataclass(frozen=True, slots=True)
class Response:
    """A complete answer; header names in lower case, the body decompressed."""

    status: int
    headers: dict[str, str]
    body: bytes


class StreamSink(Protocol):
    """Receives one answer: a head, data, then exactly one of on_end and on_error."""

    def on_head(self, status: int, headers: dict[str, str]) -> None: ...

    def on_data(self, data: bytes) -> None: ...

    def on_end(self, clean: bool) -> None: ...

    def on_error(self, error: EdgetuiError) -> None: ...


class NotSent(LinkError):
    """The request failed before its first byte left: nothing can have happened."""


class Transport:
    """Connections to one cluster. `counters` adds up over its whole life."""

    def __init__(
        self,
        target: ClusterTarget,
        credentials: TransportCredentials,
        loop: asyncio.AbstractEventLoop | None = None,
        counters: Counters | None = None,
    ) -> None:
        self.counters = counters or Counters()
        self.credentials = credentials
        self.endpoint = endpoints.parse(target.server, target.tls.server_name, target.proxy_url)
        self._target = target
        self._loop = loop or asyncio.get_running_loop()
        self._idle: list[tuple[Connection, asyncio.TimerHandle]] = []
        self._streams: set[StreamHandle] = set()
        self._session: tuple[ssl.SSLContext, ssl.SSLSession] | None = None
        self._closed = False

    # -- requests

    async def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        *,
        timeout: float,
    ) -> Response:
        """One request and its whole answer, whatever its status.

        Raises NotSent when no byte of it left, LinkError when the answer never came, TlsError, ProtocolError and
        what the credentials raise. A GET on an idle connection that turns out dead is sent once more.
        """
        message = await self.message(method, path, query, headers, body)
        try:
            async with asyncio.timeout(timeout):
                return await self._send(message, repeatable=method == "GET")
        except TimeoutError as error:
            raise LinkError(
                f"{self.endpoint.where} did not answer within {timeout:.0f} s.",
                "Check the link; edgetui keeps trying.",
            ) from error

    async def _send(self, message: bytes, *, repeatable: bool) -> Response:
        connection = self._take_idle() if repeatable else None
        if connection is not None:
            with contextlib.suppress(LinkError):
                return await self._exchange(connection, message)
        try:
            connection = await self._connect()
        except LinkError as error:
            raise NotSent(error.sentence, error.next_step) from error
        return await self._exchange(connection, message)

    async def _exchange(self, connection: Connection, message: bytes) -> Response:
        answer = _Answer(self._loop)
        try:
            connection.listen(answer.take, answer.lost)
            self.counters.requests += 1
            await connection.send(message)
            response = await answer.done
        except OSError as error:
            connection.close()
            raise explain(error, self.endpoint.where) from error
        except BaseException:
            connection.close()
            raise
        self.remember_session(connection)
        if answer.reusable:
            self._put_idle(connection)
        else:
            connection.close()
        return response

    async def message(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> bytes:
        """The bytes of a request, credentials included."""
        target = self.endpoint.prefix + quote(path, safe="/:@!$&'()*+,;=~-._")
        if query:
            target += "?" + urlencode(query)
        fields = {
            "Host": self.endpoint.where,
            "User-Agent": f"edgetui/{__version__}",
            "Accept": "application/json",
            **({} if self._target.disable_compression else {"Accept-Encoding": "gzip"}),
            **(await self.credentials.headers()),
            **(headers or {}),
        }
        if body is not None:
            fields["Content-Length"] = str(len(body))
        for name, value in fields.items():
            if any(c in value or c in name for c in "\r\n\0"):
                raise ProtocolError(f"The value of {name} has a line break in it.", "Check the kubeconfig.")
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b"")

    # -- streams

    def open_stream(
        self,
        path: str,
        query: Mapping[str, str] | None,
        sink: StreamSink,
        *,
        connect_timeout: float = CONNECT_TIMEOUT,
    ) -> StreamHandle:
        """A GET whose answer is given to `sink` piece by piece, on a connection of its own."""
        handle = StreamHandle(self, sink)
        self._streams.add(handle)
        handle.start(path, dict(query or {}), connect_timeout)
        return handle

    def sibling(self, credentials: TransportCredentials) -> Transport:
        """Another transport to the same server with its own connections."""
        return Transport(self._target, credentials, self._loop, self.counters)

    def forget(self, handle: StreamHandle) -> None:
        """A stream has ended."""
        self._streams.discard(handle)

    # -- connections

    async def open_connection(self, timeout: float) -> Connection:
        """A fresh connection within `timeout` seconds. Raises LinkError and TlsError."""
        try:
            async with asyncio.timeout(timeout):
                return await self._connect()
        except TimeoutError as error:
            raise explain(error, self.endpoint.where) from error

    async def _connect(self) -> Connection:
        if self._closed:
            raise LinkError("The connection to this cluster was closed.")
        context = self.credentials.ssl_context() if self.endpoint.tls else None
        session = self._session[1] if self._session is not None and self._session[0] is context else None
        connection = Connection(self._loop, self.endpoint, self.counters)
        await connection.open(context, session)
        return connection

    def remember_session(self, connection: Connection) -> None:
        """Keep the ticket of a connection that has had its first answer, to shorten the next handshake."""
        session = connection.tls_session
        if session is not None and connection.context is not None:
            self._session = (connection.context, session)

    def _take_idle(self) -> Connection | None:
        context = self.credentials.ssl_context() if self.endpoint.tls else None
        while self._idle:
            connection, expiry = self._idle.pop()
            expiry.cancel()
            if not connection.closed and connection.context is context:
                return connection
            connection.close()
        return None

    def _put_idle(self, connection: Connection) -> None:
        if self._closed or connection.closed or len(self._idle) >= IDLE_CONNECTIONS:
            connection.close()
            return
        connection.listen(lambda _: connection.close(), lambda _: None)
        expiry = self._loop.call_later(IDLE_SECONDS, connection.close)
        self._idle.append((connection, expiry))

    def drop_idle(self) -> None:
        """Close connections that carry nothing now, as after a change of credentials."""
        for connection, expiry in self._idle:
            expiry.cancel()
            connection.close()
        self._idle.clear()

    def close(self) -> None:
        """Close every connection; streams fall silent."""
        self._closed = True
        for handle in list(self._streams):
            handle.close()
        self.drop_idle()


class _Answer:
    """Collects one whole response; `done` is its future."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.reader = ResponseReader()
        self.reusable = False
        self.done: asyncio.Future[Response] = loop.create_future()
        self._head = Head(0, {})
        self._body: list[bytes] = []
        self._size = 0
        self._inflater: Inflater | None = None

    def take(self, data: memoryview) -> None:
        """Bytes of the response came."""
        try:
            self._absorb(self.reader.feed(bytes(data)))
        except ProtocolError as error:
            self._fail(error)

    def lost(self, error: BaseException | None) -> None:
        """The connection ended."""
        if error is not None:
            self._fail(error)
            return
        if self.reader.eof():
            self._absorb([End(False)])
        else:
            self._fail(ConnectionResetError("closed in the middle of a response"))

    def _absorb(self, parts: list[Event]) -> None:
        for part in parts:
            if isinstance(part, Head):
                self._head = part
                self._inflater = Inflater() if part.headers.get("content-encoding") == "gzip" else None
            elif isinstance(part, Body):
                pieces = [part.data] if self._inflater is None else list(self._inflater.feed(part.data))
                self._size += sum(map(len, pieces))
                if self._size > MAX_BODY:
                    raise ProtocolError("The answer of the server is too large.")
                self._body += pieces
            elif not self.done.done():
                self.reusable = part.reusable and not self.reader.extra
                self.done.set_result(Response(self._head.status, self._head.headers, b"".join(self._body)))

    def _fail(self, error: BaseException) -> None:
        if not self.done.done():
            self.done.set_exception(error)


class StreamHandle:
    """One open stream. `close` is safe twice, and nothing is heard after it."""

    def __init__(self, transport: Transport, sink: StreamSink) -> None:
        self._transport = transport
        self._sink: StreamSink | None = sink
        self._reader = ResponseReader()
        self._inflater: Inflater | None = None
        self._connection: Connection | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, path: str, query: dict[str, str], connect_timeout: float) -> None:
        """Connect and send the request in the background."""
        self._task = asyncio.get_running_loop().create_task(self._open(path, query, connect_timeout))

    async def _open(self, path: str, query: dict[str, str], connect_timeout: float) -> None:
        try:
            message = await self._transport.message("GET", path, query)
            self._connection = await self._transport.open_connection(connect_timeout)
            self._connection.listen(self._data, self._lost)
            self._transport.counters.requests += 1
            await self._connection.send(message)
        except EdgetuiError as error:
            self._fail(error)
        except OSError as error:
            self._fail(explain(error, self._transport.endpoint.where))

    def _data(self, data: memoryview) -> None:
        try:
            for part in self._reader.feed(bytes(data)):
                self._give(part)
        except ProtocolError as error:
            self._fail(error)

    def _give(self, part: Event) -> None:
        sink = self._sink
        if sink is None:
            return
        if isinstance(part, Head):
            if part.headers.get("content-encoding") == "gzip":
                self._inflater = Inflater()
            if self._connection is not None:
                self._transport.remember_session(self._connection)
            sink.on_head(part.status, part.headers)
        elif isinstance(part, Body):
            for piece in [part.data] if self._inflater is None else self._inflater.feed(part.data):
                if self._sink is not None:
                    sink.on_data(piece)
        else:
            self.close()
            sink.on_end(True)

    def _lost(self, error: BaseException | None) -> None:
        if error is not None:
            self._fail(explain(error, self._transport.endpoint.where))
            return
        sink, clean = self._sink, self._reader.eof()
        self.close()
        if sink is not None:
            sink.on_end(clean)

    def _fail(self, error: EdgetuiError) -> None:
        sink = self._sink
        self.close()
        if sink is not None:
            sink.on_error(error)

    def close(self) -> None:
        """End the stream and fall silent."""
        self._sink = None
        if self._task is not None and not self._task.done() and self._task is not asyncio.current_task():
            self._task.cancel()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._transport.forget(self)
