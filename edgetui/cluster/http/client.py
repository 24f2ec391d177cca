"""Requests and streams to one API server: few connections, no waiting in threads, every byte counted."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlencode
from weakref import WeakSet

import msgspec

from edgetui import __version__
from edgetui.cluster.errors import EdgetuiError, LinkError, ProtocolError
from edgetui.cluster.http import answer_size
from edgetui.cluster.http import endpoint as endpoints
from edgetui.cluster.http.connection import Connection
from edgetui.cluster.http.exchange import Reception, Sink
from edgetui.cluster.http.failures import Dropped, NotSent, broken_off, silent
from edgetui.cluster.http.multiplexed import Multiplexed
from edgetui.cluster.http.pool import FRESH_ENOUGH, IDLE_SECONDS, Connections, TransportCredentials, closed
from edgetui.cluster.http.request import Request
from edgetui.cluster.http.stream import StreamHandle
from edgetui.cluster.http.traffic import Counters
from edgetui.cluster.target import ClusterTarget
from edgetui.model.kinds.base import IN_A_PART
from edgetui.model.redacted import Discreet
from edgetui.model.text import clean

if TYPE_CHECKING:
    from edgetui.cluster.http.websocket import WebSocket

__all__ = [
    "Counters",
    "Delivery",
    "NotSent",
    "Response",
    "StreamHandle",
    "Transport",
    "TransportCredentials",
]

MOST_SECONDS = 600.0
"""Longest time that one answer may take, however steadily it comes."""
CONNECT_TIMEOUT = 10.0
# What client-go refuses as well (rest.IsValidPathSegmentName): servers decode a path before they take it apart.
_LEADS_ELSEWHERE = re.compile(r"%2f|%25|/(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)
HEAD_TIMEOUT = 30.0
_LOG = logging.getLogger("edgetui.http")
"""Every request at level DEBUG, with its status and time: no header and no body."""


class Response(msgspec.Struct, frozen=True):
    """A complete answer; header names in lower case, the body decompressed."""

    status: int
    headers: dict[str, str]
    body: bytes | bytearray


class Delivery(msgspec.Struct):
    """What became of a request: `sent` is whether any byte of it may have left this machine.

    `heard` is the loop's time of the last sign of life in its answer, 0 before the first.
    """

    sent: bool = False
    heard: float = 0.0


class Transport:
    """Connections to one cluster. `counters` adds up over its whole life.

    Raises KubeconfigError when the server's address or the proxy's cannot be used.
    """

    def __init__(
        self,
        target: ClusterTarget,
        credentials: TransportCredentials,
        loop: asyncio.AbstractEventLoop | None = None,
        counters: Counters | None = None,
    ) -> None:
        self.target = target
        self.credentials = credentials
        self.counters = counters or Counters()
        self.endpoint = endpoints.parse(target.server, target.tls.server_name, target.proxy_url)
        self._loop = loop or asyncio.get_running_loop()
        self._connections = Connections(self.endpoint, credentials, self._loop, self.counters)
        self._exchanges: set[Reception] = set()
        self._streams: set[StreamHandle] = set()
        self._sockets: WeakSet[WebSocket] = WeakSet()

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
        fresh: bool = False,
        repeatable: bool | None = None,
        delivery: Delivery | None = None,
    ) -> Response:
        """One request and its whole answer, whatever its status.

        The names in `path` are percent-encoded. `timeout` is how many seconds may pass until the head of the answer is
        there, and then how long its body may be silent; so a slow link is no failure, a dead one is. `fresh` asks
        for a new connection. What is `repeatable` (by default a GET) is sent once more when a kept connection turns
        out to be closed; anything else goes out once, and `delivery` tells whether it did.

        Raises NotSent when no connection came to be, LinkError when the answer did not come, TlsError,
        ProtocolError, and what the credentials raise. Cancelling closes the connection.
        """
        delivery = delivery or Delivery()
        if repeatable is None:
            repeatable = method in ("GET", "HEAD")
        message = await self._message(method, path, query, headers, body)
        began = self._loop.time()
        deadline = began + timeout
        self.counters.requests += 1
        asked = _Asked(method, message, deadline, timeout, delivery)
        kept = None
        if not fresh:
            kept = self._connections.take(IDLE_SECONDS if repeatable else FRESH_ENOUGH)
            kept = kept or await self._connections.proven()
        try:
            connection = kept or await self._connections.open(max(0.0, deadline - self._loop.time()))
            return self._named(
                message, began, await self._exchange(connection, asked, reused=kept is not None)
            )
        except Dropped:
            if delivery.sent and not repeatable:
                raise
        connection = await self._connections.open(max(0.0, deadline - self._loop.time()))
        return self._named(message, began, await self._exchange(connection, asked, reused=False))

    def _named(self, request: Request, began: float, answer: Response) -> Response:
        if _LOG.isEnabledFor(logging.DEBUG):
            took = (self._loop.time() - began) * 1000
            where = f"{self.endpoint.where}{request.target}"
            _LOG.debug(
                "%s %s %d in %.0f milliseconds", request.method, clean(where, 2000), answer.status, took
            )
        return answer

    async def _exchange(
        self, connection: Connection | Multiplexed, asked: _Asked, *, reused: bool
    ) -> Response:
        answer = _Answer(self._loop, asked.timeout, self.endpoint.where, self.counters, asked.delivery)
        exchange = self._connections.exchange(connection, asked.method, answer, reused=reused)
        self._exchanges.add(exchange)
        try:
            async with asyncio.timeout_at(asked.deadline) as answer.clock:
                exchange.start(asked.message)
                return await answer.done
        except TimeoutError:
            self._connections.drop_idle()
            raise answer.late() from None
        except LinkError:
            self._connections.drop_idle()
            raise
        finally:
            exchange.abort()
            asked.delivery.sent = exchange.sent
            self._exchanges.discard(exchange)
            # The traceback of what was raised keeps this frame, and so megabytes of a body.
            del answer, exchange

    async def _message(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | Sequence[tuple[str, str]] | None,
        headers: Mapping[str, str] | None,
        body: bytes | None,
    ) -> Request:
        """A request with the credentials."""
        if _LEADS_ELSEWHERE.search(path):
            raise ProtocolError(
                f"{clean(unquote(path))} is not asked for: a name in it leads to another path."
            )
        target = self.endpoint.prefix + quote(path, safe=f"/%{IN_A_PART}")
        if query:
            target += "?" + urlencode(query)
        fields = {
            "User-Agent": f"edgetui/{__version__}",
            "Accept": "application/json",
        }
        if not self.target.disable_compression:
            fields["Accept-Encoding"] = "gzip"
        given = headers or {}
        replaced = {name.lower() for name in given}
        lines = [(name, value) for name, value in fields.items() if name.lower() not in replaced]
        fields_now = (*lines, *await self.credentials.headers(), *given.items())
        return Request(method, target, self.endpoint.authority, fields_now, body)

    # -- streams

    def open_stream(
        self,
        path: str,
        query: Mapping[str, str] | None,
        sink: Sink,
        *,
        connect_timeout: float = CONNECT_TIMEOUT,
        head_timeout: float = HEAD_TIMEOUT,
        headers: Mapping[str, str] | None = None,
        on_sent: Callable[[], None] | None = None,
    ) -> StreamHandle:
        """A GET whose answer is given to `sink` piece by piece.

        `connect_timeout` and `head_timeout` are the seconds for the connection and for the head of the answer;
        after that there is no limit, because only the reader knows how often something must come. `on_sent` is
        called when the request is sent: neither obtaining credentials nor connecting counts as waiting for an answer.
        """
        self.counters.requests += 1
        _LOG.debug("GET %s%s%s as a stream", self.endpoint.where, self.endpoint.prefix, clean(path, 2000))
        handle = StreamHandle(self._connections, sink, connect_timeout, head_timeout, self._streams, on_sent)
        handle.start(lambda: self._message("GET", path, query, headers, None))
        return handle

    async def open_websocket(
        self, path: str, query: Sequence[tuple[str, str]], protocols: Sequence[str], *, timeout: float
    ) -> WebSocket:
        """A WebSocket of one of these subprotocols, within `timeout` seconds.

        A name may come several times in `query`. Raises Refused when the server answers something else, and as
        `request` does.
        """
        from edgetui.cluster.http.websocket import WebSocket, upgrade_headers

        key, headers = upgrade_headers(protocols)
        message = await self._message("GET", path, query, headers, None)
        self.counters.requests += 1
        until = self._loop.time() + timeout
        connection = await self._connections.open_for_upgrade(timeout)
        socket = WebSocket(connection, self._loop, self.endpoint.where)
        self._sockets.add(socket)
        await socket.open(message, key, protocols, max(0.0, until - self._loop.time()))
        return socket

    def websocket_ahead(self, timeout: float) -> AbstractContextManager[None]:
        """Within this the connection of the next WebSocket is dialled already, within `timeout` seconds."""
        return self._connections.upgrade_ahead(timeout)

    # -- life

    def sibling(self, credentials: TransportCredentials) -> Transport:
        """Another transport to the same server with its own connections; it counts into the same counters."""
        other = Transport(self.target, credentials, self._loop, self.counters)
        other._connections = Connections(
            self.endpoint, credentials, self._loop, self.counters, self._connections
        )
        return other

    def retarget(self, target: ClusterTarget) -> None:
        """Connect to another address, or by another proxy, from now on. Raises KubeconfigError."""
        self.endpoint = endpoints.parse(target.server, target.tls.server_name, target.proxy_url)
        self.target = target
        self._connections.retarget(self.endpoint)

    async def connect(self, timeout: float) -> None:
        """Connect, where nothing ever was: `counters.handshake` tells then how far away the server is.

        The next request goes over that connection. Raises as `request` does, within `timeout` seconds.
        """
        await self.credentials.headers()  # first, because they may change how TLS is spoken
        await self._connections.keep_one(timeout)

    @property
    def shared(self) -> bool:
        """Whether one more stream costs no connection of its own."""
        return self._connections.shared

    async def alive(self) -> bool:
        """Whether the connection that all share is there and answers a ping."""
        return await self._connections.proven() is not None

    def drop_idle(self) -> None:
        """Close connections that carry nothing now, as after a change of credentials."""
        self._connections.drop_idle()

    def distrust(self) -> None:
        """Begin nothing more on any connection there is, as after a sleep of this machine."""
        self._connections.distrust()

    def close(self) -> None:
        """Close every connection. Streams fall silent, requests end with LinkError."""
        for handle in list(self._streams):
            handle.close()
        for exchange in list(self._exchanges):
            exchange.fail(LinkError(closed().sentence))
        for socket in list(self._sockets):
            socket.close()
        self._connections.close()


class _Asked(Discreet, frozen=True):
    """A request on its way; `message` holds credentials."""

    SHOWN = ("method", "deadline", "timeout", "delivery")

    method: str
    message: Request
    deadline: float
    timeout: float
    delivery: Delivery


class _Answer:
    """Collects one whole answer; `done` is its future. Every sign of life moves the clock's deadline."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        timeout: float,
        where: str,
        counters: Counters,
        delivery: Delivery,
    ) -> None:
        self.done: asyncio.Future[Response] = loop.create_future()
        self.clock: asyncio.Timeout | None = None
        self._loop = loop
        self._counters = counters
        self._delivery = delivery
        self._asked = loop.time()
        self._timeout = timeout
        self._where = where
        self._last = loop.time() + MOST_SECONDS
        self._status = 0
        self._headers: dict[str, str] = {}
        self._body = bytearray()  # one block, not thousands of pieces: the C library can give it back whole

    def late(self) -> LinkError:
        """What to raise when the clock ran out."""
        if not self._status:
            return silent(self._where, self._timeout)
        return LinkError(
            f"{self._where} stopped in the middle of its answer.",
            "The link is broken or too slow for so much.",
        )

    def _progress(self) -> None:
        self._delivery.heard = self._loop.time()
        if self.clock is not None and not self.clock.expired():
            self.clock.reschedule(min(self._loop.time() + self._timeout, self._last))

    def on_head(self, status: int, headers: dict[str, str]) -> None:
        self._status, self._headers = status, headers
        self._counters.waits.append(self._loop.time() - self._asked)
        self._progress()

    def on_data(self, data: bytes) -> None:
        if len(self._body) + len(data) > answer_size.MOST_BYTES:
            raise answer_size.too_many_bytes()
        self._body += data
        self._progress()

    def on_end(self, clean: bool) -> None:
        if not clean:
            self.on_error(broken_off(self._where, begun=True))
        elif not self.done.done():
            try:
                answer_size.check_size(self._body)
                answer_size.check_values(self._body)
            except EdgetuiError as error:
                self.on_error(error)
            else:
                self.done.set_result(Response(self._status, self._headers, self._body))

    def on_error(self, error: EdgetuiError) -> None:
        if not self.done.done():
            self.done.set_exception(error)
