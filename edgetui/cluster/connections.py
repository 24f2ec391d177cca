"""The connections to one server: new ones, and those that are kept between requests."""

from __future__ import annotations

import asyncio
import ssl
from typing import Protocol

from edgetui.cluster.connection import Connection
from edgetui.cluster.counters import Counters
from edgetui.cluster.dialer import Dialer
from edgetui.cluster.endpoint import Endpoint
from edgetui.cluster.errors import LinkError
from edgetui.cluster.link_errors import NotSent

MOST_IDLE = 4
IDLE_SECONDS = 75.0
"""An API server closes idle connections after 90 s; what is asked once a minute needs no new handshake."""
FRESH_ENOUGH = 5.0
"""A connection that was used so many seconds ago is trusted with what must not be sent twice, or may not wait long."""
_MOST_TICKETS = 4
_LOOK_AGAIN = 600.0


class TransportCredentials(Protocol):
    """What the transport needs to know of credentials. `headers` is awaited before `ssl_context` is taken."""

    async def headers(self) -> list[tuple[str, str]]:
        """Authorization and impersonation headers for one request; a name may come several times."""

    def ssl_context(self) -> ssl.SSLContext:
        """How to trust the server and which certificate to show; the same object until something changes."""


class Tickets:
    """TLS sessions that shorten the next handshake, one for each context, because they are bound to theirs.

    One is used as long as the server takes it, and looked for again ten minutes later at the earliest: CPython loses
    7 KB each time that a socket is asked for its session (seen in 3.11).
    """

    def __init__(self) -> None:
        self._sessions: dict[ssl.SSLContext, ssl.SSLSession | None] = {}
        self._looked: dict[ssl.SSLContext, float] = {}

    def of(self, context: ssl.SSLContext | None) -> ssl.SSLSession | None:
        """The session to resume, None for a full handshake."""
        return self._sessions.get(context) if context is not None else None

    def remember(self, connection: Connection, now: float) -> None:
        """Take the ticket of a connection that has had an answer, if its context needs one."""
        context = connection.context
        if context is None or connection.resumed:
            return
        if now - self._looked.get(context, -_LOOK_AGAIN) < _LOOK_AGAIN:
            return
        self._looked[context] = now
        self._sessions[context] = connection.session
        if len(self._sessions) > _MOST_TICKETS:
            oldest = next(iter(self._sessions))
            del self._sessions[oldest], self._looked[oldest]


class Connections:
    """Opens connections, keeps idle ones (the last used is taken first), and closes what nobody needs."""

    def __init__(
        self,
        endpoint: Endpoint,
        credentials: TransportCredentials,
        loop: asyncio.AbstractEventLoop,
        counters: Counters,
        sibling: Connections | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.credentials = credentials
        self.loop = loop
        self.counters = counters
        self.tickets: Tickets = sibling.tickets if sibling is not None else Tickets()
        self.dialer: Dialer = sibling.dialer if sibling is not None else Dialer(endpoint, loop, counters)
        self._idle: list[Connection] = []
        self._timer: asyncio.TimerHandle | None = None
        self._dials: set[asyncio.Task[Connection]] = set()
        self._closed = False

    def _context(self) -> ssl.SSLContext | None:
        return self.credentials.ssl_context() if self.endpoint.tls else None

    async def open(self, timeout: float) -> Connection:
        """A new connection within `timeout` seconds. Raises NotSent, TlsError, ProtocolError, CredentialError."""
        if self._closed:
            raise closed()
        dial = self.loop.create_task(self._dial(self._context(), timeout))
        self._dials.add(dial)
        try:
            return await dial
        except LinkError as error:
            self.drop_idle()
            raise NotSent(error.sentence, error.next_step) from error
        except asyncio.CancelledError:
            if dial.done() and not dial.cancelled() and dial.exception() is None:
                dial.result().close()
            task = asyncio.current_task()
            if self._closed and not (task is not None and task.cancelling()):
                raise closed() from None
            raise
        finally:
            self._dials.discard(dial)

    async def _dial(self, context: ssl.SSLContext | None, timeout: float) -> Connection:
        sock = await self.dialer.dial(context, self.tickets.of(context), timeout)
        return Connection(sock, context, self.loop, self.counters)

    def take(self, youngest: float = IDLE_SECONDS) -> Connection | None:
        """A kept connection of the present credentials that is open and was used in the last `youngest` seconds."""
        if not self._idle:
            return None
        context = self._context()
        while self._idle:
            connection = self._idle.pop()
            if not connection.closed and connection.context is not context:
                connection.close()
            elif not connection.closed and self.loop.time() - connection.idle_since > youngest:
                self._idle.append(connection)
                return None
            elif connection.alive():
                return connection
        return None

    def release(self, connection: Connection) -> None:
        """Keep a connection whose answer is complete for the next request."""
        self.tickets.remember(connection, self.loop.time())
        if self._closed:
            connection.close()
            return
        connection.idle_since = self.loop.time()
        self._idle = [each for each in self._idle if not each.closed]
        self._idle.append(connection)
        if len(self._idle) > MOST_IDLE:
            self._idle.pop(0).close()
        if self._timer is None:
            self._timer = self.loop.call_later(IDLE_SECONDS, self._expire)

    def _expire(self) -> None:
        self._timer = None
        now = self.loop.time()
        for connection in self._idle:
            if now >= connection.idle_since + IDLE_SECONDS:
                connection.close()
        self._idle = [each for each in self._idle if not each.closed]
        if self._idle:
            oldest = min(each.idle_since for each in self._idle)
            self._timer = self.loop.call_at(oldest + IDLE_SECONDS, self._expire)

    def retarget(self, endpoint: Endpoint) -> None:
        """Open connections to this endpoint from now on."""
        if endpoint != self.endpoint:
            self.endpoint = endpoint
            self.dialer = Dialer(endpoint, self.loop, self.counters)
        self.drop_idle()

    def drop_idle(self) -> None:
        """Close the kept connections."""
        for connection in self._idle:
            connection.close()
        self._idle.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def close(self) -> None:
        """Close the kept connections and give up those that are being opened; there will be no more."""
        self._closed = True
        for dial in self._dials:
            dial.cancel()
        self.drop_idle()


def closed() -> NotSent:
    """What is raised after `close`."""
    return NotSent("The connections to this cluster were closed.")
