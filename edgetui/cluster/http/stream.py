"""One open stream: a GET whose answer may never end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.http.connection import Connection
from edgetui.cluster.http.exchange import Exchange, Reception, Sink
from edgetui.cluster.http.failures import Dropped, silent
from edgetui.cluster.http.multiplexed import Multiplexed
from edgetui.cluster.http.pool import FRESH_ENOUGH, Connections
from edgetui.cluster.http.request import Request

SETTLED = 5.0
"""Seconds after which a stream has told what there was before it, and tells only what changes."""
RHYTHM = 1 / 3
"""Seconds between two reads of such a stream while something comes all the time; all streams keep the same time."""


class StreamHandle:
    """Made by `Transport.open_stream`. `close` is safe twice, and the sink hears nothing after it.

    It takes a kept connection if there is one, and gives it back when the server ends the answer in good order,
    so a watch that is renewed every few minutes pays for one handshake only.
    """

    __slots__ = (
        "_again",
        "_asked",
        "_connect_timeout",
        "_connections",
        "_exchange",
        "_head_timeout",
        "_message",
        "_on_sent",
        "_open_streams",
        "_sink",
        "_task",
        "_timer",
    )

    def __init__(
        self,
        connections: Connections,
        sink: Sink,
        connect_timeout: float,
        head_timeout: float,
        open_streams: set[StreamHandle],
        on_sent: Callable[[], None] | None = None,
    ) -> None:
        self._connections = connections
        self._sink: Sink | None = sink
        self._connect_timeout = connect_timeout
        self._head_timeout = head_timeout
        self._open_streams = open_streams
        self._on_sent = on_sent
        self._message: Request | None = None
        self._again = False
        self._asked = 0.0
        self._exchange: Reception | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, message: Callable[[], Awaitable[Request]]) -> None:
        """Connect and send what `message` gives, in the background."""
        self._open_streams.add(self)
        self._task = self._connections.loop.create_task(self._open(message))

    def close(self) -> None:
        """Close the connection and fall silent."""
        self._end()
        if self._task is not None and self._task is not _current_task():
            self._task.cancel()
        if self._exchange is not None:
            self._exchange.abort()

    async def _open(self, message: Callable[[], Awaitable[Request]] | None) -> None:
        """Without `message`: once more, on a new connection."""
        try:
            kept = None
            if message is not None:
                self._message = await message()
                kept = self._connections.take(FRESH_ENOUGH) or await self._connections.proven()
            self._begin(kept or await self._connections.open(self._connect_timeout), reused=kept is not None)
        except EdgetuiError as error:
            self.on_error(error)
        except Exception:
            self.on_error(
                EdgetuiError("edgetui could not open a stream: this is a defect.", "Please report it.")
            )
            raise

    def _begin(self, connection: Connection | Multiplexed, *, reused: bool) -> None:
        if self._message is None:
            return
        self._exchange = self._connections.exchange(connection, "GET", self, reused=reused)
        self._timer = self._connections.loop.call_later(self._head_timeout, self._late)
        self._asked = self._connections.loop.time()
        self._exchange.start(self._message)
        if self._on_sent is not None and self._sink is not None:
            self._on_sent()

    def _late(self) -> None:
        if self._exchange is not None:
            self._exchange.fail(silent(self._connections.endpoint.where, self._head_timeout))

    def _end(self) -> Sink | None:
        sink, self._sink = self._sink, None
        self._message = None
        self._open_streams.discard(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        return sink

    # What the exchange tells. It tells nothing after it was aborted, so there is a sink.

    def on_head(self, status: int, headers: dict[str, str]) -> None:
        self._message = None
        self._connections.counters.waits.append(self._connections.loop.time() - self._asked)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if isinstance(self._exchange, Exchange) and self._exchange.connection is not None:
            self._connections.tickets.remember(self._exchange.connection, self._connections.loop.time())
        if self._sink is not None:
            self._sink.on_head(status, headers)

    def on_data(self, data: bytes) -> None:
        if self._sink is not None:
            self._sink.on_data(data)
        self._rest()

    def _rest(self) -> None:
        """What comes after a silence is read at once; what follows closely waits for the next beat."""
        now = self._connections.loop.time()
        if self._exchange is not None and now - self._asked >= SETTLED:
            self._exchange.rest(RHYTHM - now % RHYTHM)

    def on_end(self, clean: bool) -> None:
        if not clean:
            self._connections.drop_idle()
        sink = self._end()
        if sink is not None:
            sink.on_end(clean)

    def on_error(self, error: EdgetuiError) -> None:
        if isinstance(error, Dropped) and self._sink is not None and not self._again:
            self._again = True
            if self._timer is not None:
                self._timer.cancel()
            self._task = self._connections.loop.create_task(self._open(None))
            return
        # What broke one connection may have broken the others, which would not show until much later.
        self._connections.drop_idle()
        sink = self._end()
        if sink is not None:
            sink.on_error(error)


def _current_task() -> asyncio.Task[object] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None
