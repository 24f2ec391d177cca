"""The connections to one server: new ones, those that are kept between requests, and the one that is shared.

Whether the server speaks HTTP/2 is known after the first handshake. Until then, and where it does, whoever needs a
connection waits for the handshake that is under way, and all share what comes of it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from edgetui.cluster.errors import LinkError
from edgetui.cluster.http.connection import Connection
from edgetui.cluster.http.dialer import Dialer
from edgetui.cluster.http.endpoint import Endpoint
from edgetui.cluster.http.exchange import Exchange, Reception, Sink
from edgetui.cluster.http.failures import NotSent, silent
from edgetui.cluster.http.multiplexed import Call, Multiplexed
from edgetui.cluster.http.traffic import Counters

MOST_IDLE = 4
IDLE_SECONDS = 75.0
"""An API server closes idle connections after 90 s; what is asked once a minute needs no new handshake."""
FRESH_ENOUGH = 5.0
"""A connection that was used so many seconds ago is trusted with what must not be sent twice, or may not wait long."""
PROOF = 3.0
"""Seconds within which a connection that was silent must answer a ping."""
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

    def remember(self, connection: Connection | Multiplexed, now: float) -> None:
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
        self._dials: set[asyncio.Task[Connection | Multiplexed]] = set()
        self._shared: Multiplexed | None = None
        self._leaving: set[Multiplexed] = set()
        self._sharing: asyncio.Task[Connection | Multiplexed] | None = None
        self._ahead: asyncio.Task[Connection] | None = None
        self._waiting = 0
        self._shares = endpoint.tls
        self._closed = False

    @property
    def shared(self) -> bool:
        """Whether requests and streams share one connection."""
        return self._shared is not None and not self._shared.closed

    def _context(self) -> ssl.SSLContext | None:
        return self.credentials.ssl_context() if self.endpoint.tls else None

    def exchange(
        self, connection: Connection | Multiplexed, method: str, sink: Sink, *, reused: bool
    ) -> Reception:
        """What carries one request on a connection that `take` or `open` gave."""
        if isinstance(connection, Multiplexed):
            return Call(connection, sink, reused=reused, where=self.endpoint.where)
        return Exchange(connection, method, sink, self.release, reused=reused, where=self.endpoint.where)

    # -- new ones

    async def open(self, timeout: float) -> Connection | Multiplexed:
        """A new connection within `timeout` seconds. Raises NotSent, TlsError, ProtocolError, CredentialError."""
        until = self.loop.time() + timeout
        while self._shares:
            found = await self._share(until - self.loop.time())
            if isinstance(found, Multiplexed) and not found.usable(self._context()):
                continue
            if found is not None:
                return found
        return await self._open_own(until - self.loop.time())

    async def keep_one(self, timeout: float) -> None:
        """Have a connection for the next request, unless there was one; joins a dial under way. Raises as `open`."""
        if not self.counters.handshake:
            found = await self.open(timeout)
            if isinstance(found, Connection):
                found.idle_since = self.loop.time()
                self._idle.append(found)

    async def open_for_upgrade(self, timeout: float) -> Connection:
        """A new connection of HTTP/1.1 that can become another protocol; whoever asks owns it. Raises as `open`."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            try:
                found = await ahead
            except LinkError:
                return await self._open_alone(timeout)
            fresh = self.loop.time() - found.idle_since <= FRESH_ENOUGH
            if fresh and found.context is self._context() and found.alive():
                return found
            found.close()
        return await self._open_alone(timeout)

    @contextmanager
    def upgrade_ahead(self, timeout: float) -> Iterator[None]:
        """Dial for the next upgrade meanwhile; what nobody has taken by the end is closed."""
        mine = None
        if self._ahead is None and not self._closed:
            mine = self._ahead = self.loop.create_task(self._open_ahead(timeout))
        try:
            yield
        finally:
            if mine is not None and self._ahead is mine:
                self._ahead = None
                mine.cancel()
                mine.add_done_callback(_close_own)

    async def _open_ahead(self, timeout: float) -> Connection:
        await self.credentials.headers()  # first, because they may change how TLS is spoken
        found = await self._open_alone(timeout)
        found.idle_since = self.loop.time()
        return found

    async def _open_alone(self, timeout: float) -> Connection:
        found = await self._open_own(timeout, http2=False)
        assert isinstance(found, Connection)
        return found

    async def _share(self, timeout: float) -> Connection | Multiplexed | None:
        """What comes of the one handshake that all wait for.

        A connection of HTTP/1.1 is for whoever began to dial; for the others it is None.
        """
        if self._closed:
            raise closed()
        mine, dial = self._sharing is None, self._sharing
        if dial is None:
            dial = self._sharing = self.loop.create_task(self._dial_to_share(timeout))
            self._waiting = 0
        self._waiting += 1
        try:
            # Its own dial ends in time by itself, and knows how far it came.
            done, _ = await asyncio.wait({dial}, timeout=None if mine else max(timeout, 0.0))
        except asyncio.CancelledError:
            self._leave(dial, mine)
            raise
        if not done:
            self._leave(dial, mine)
            raise self._not_sent(silent(self.endpoint.where, timeout, shaking_hands=True))
        if dial.cancelled():
            raise closed()
        error = dial.exception()
        if isinstance(error, LinkError):
            raise self._not_sent(error) from error
        found = dial.result()
        return found if mine or isinstance(found, Multiplexed) else None

    def _leave(self, dial: asyncio.Task[Connection | Multiplexed], mine: bool) -> None:
        """Somebody waits no more; a dial that nobody waits for is given up, and so is what was for this one alone."""
        if self._sharing is dial:
            self._waiting -= 1
            if not self._waiting:
                self._sharing = None
                dial.cancel()
        if mine:
            dial.add_done_callback(_close_own)

    async def _dial_to_share(self, timeout: float) -> Connection | Multiplexed:
        task = asyncio.current_task()
        try:
            found = await self._dial(self._context(), timeout)
        finally:
            if self._sharing is task:
                self._sharing = None
        self._shares = isinstance(found, Multiplexed)
        return found

    async def _open_own(self, timeout: float, *, http2: bool = True) -> Connection | Multiplexed:
        if self._closed:
            raise closed()
        dial = self.loop.create_task(self._dial(self._context(), timeout, http2=http2))
        self._dials.add(dial)
        try:
            return await dial
        except LinkError as error:
            raise self._not_sent(error) from error
        except asyncio.CancelledError:
            if dial.done() and not dial.cancelled() and dial.exception() is None:
                _close_own(dial)
            task = asyncio.current_task()
            if self._closed and not (task is not None and task.cancelling()):
                raise closed() from None
            raise
        finally:
            self._dials.discard(dial)

    async def _dial(
        self, context: ssl.SSLContext | None, timeout: float, *, http2: bool = True
    ) -> Connection | Multiplexed:
        sock = await self.dialer.dial(context, self.tickets.of(context), timeout, http2=http2)
        connection = Connection(sock, context, self.loop, self.counters)
        if connection.protocol != "h2":
            return connection
        self._retire()
        self._shares = True
        self._shared = Multiplexed(connection, self.loop, self._answered, self._idles)
        return self._shared

    def _not_sent(self, error: LinkError) -> NotSent:
        self.drop_idle()
        return NotSent(error.sentence, error.next_step)

    # -- the shared one

    def _answered(self, shared: Multiplexed) -> None:
        self.tickets.remember(shared, self.loop.time())

    def _idles(self, shared: Multiplexed) -> None:
        if shared in self._leaving:
            self._leaving.discard(shared)
            shared.close()

    def _retire(self) -> None:
        """Begin nothing more on the shared connection; what it carries goes on to its end."""
        shared, self._shared = self._shared, None
        if shared is not None and shared.active and not shared.closed:
            self._leaving.add(shared)
        elif shared is not None:
            shared.close()

    async def proven(self) -> Multiplexed | None:
        """The shared connection after its peer has answered a ping; None if there is none, or it is silent."""
        shared = self._shared
        if shared is None or shared.closed or shared.context is not self._context():
            return None
        if await shared.answers(PROOF):
            return shared if shared.takes_more else None
        if shared is self._shared:
            self._retire()
        return None

    # -- kept ones

    def take(self, youngest: float = IDLE_SECONDS) -> Connection | Multiplexed | None:
        """A connection of the present credentials that is open and was in use in the last `youngest` seconds."""
        shared = self._shared
        if shared is not None:
            if not shared.takes_more or shared.context is not self._context():
                self._retire()
            elif self.loop.time() - shared.heard <= min(youngest, FRESH_ENOUGH):
                return shared
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
        """Close what carries nothing, and trust no shared connection that has been silent of late."""
        shared = self._shared
        if shared is not None and (not shared.active or self.loop.time() - shared.heard > FRESH_ENOUGH):
            self._retire()
        for connection in self._idle:
            connection.close()
        self._idle.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def distrust(self) -> None:
        """Begin nothing more on any connection there is, as after a sleep of this machine."""
        self._retire()
        self.drop_idle()

    def close(self) -> None:
        """Close every connection and give up those that are being opened; there will be no more."""
        self._closed = True
        for dial in self._dials:
            dial.cancel()
        if self._sharing is not None:
            self._sharing.cancel()
        self._retire()
        for shared in self._leaving:
            shared.close()
        self._leaving.clear()
        self.drop_idle()


def _close_own(dial: asyncio.Task[Any]) -> None:
    """Nobody waits any more for a connection that has come; a shared one stays for whoever comes next."""
    if not dial.cancelled() and dial.exception() is None and not isinstance(dial.result(), Multiplexed):
        dial.result().close()


def closed() -> NotSent:
    """What is raised after `close`."""
    return NotSent("The connections to this cluster were closed.")
