"""One HTTP/2 connection that all requests and streams of a cluster share, and a request on it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

from edgetui.cluster.errors import EdgetuiError, ProtocolError
from edgetui.cluster.http.connection import Connection
from edgetui.cluster.http.exchange import Reception, Sink
from edgetui.cluster.http.failures import dropped
from edgetui.cluster.http.http2 import Ended, Event, Frames
from edgetui.cluster.http.protocol import Body, Head
from edgetui.cluster.http.request import Request

PATIENCE = 5.0
"""Seconds after which an answer is a stream that tells what changes, and may be read later."""
SOON = 0.02
"""Seconds that what nobody waits for may wait for a request: a TLS record of its own is 22 bytes, a packet 52."""


class Multiplexed:
    """Wraps a connection whose handshake agreed on HTTP/2.

    `on_answer` hears of the head of each answer, `on_idle` when the last answer has ended. `heard` is the loop's time
    when the peer last sent anything.
    """

    __slots__ = (
        "_connection",
        "_due",
        "_frames",
        "_loop",
        "_on_answer",
        "_on_idle",
        "_open",
        "_proof",
        "failure",
        "heard",
        "used",
    )

    def __init__(
        self,
        connection: Connection,
        loop: asyncio.AbstractEventLoop,
        on_answer: Callable[[Multiplexed], None],
        on_idle: Callable[[Multiplexed], None],
    ) -> None:
        self.heard = loop.time()
        self.used = False
        self.failure: OSError | None = None
        self._connection = connection
        self._loop = loop
        self._on_answer = on_answer
        self._on_idle = on_idle
        self._proof: asyncio.Future[bool] | None = None
        self._frames = Frames(self._tell, loop.time)
        self._open: dict[int, Call] = {}
        self._due: asyncio.Handle | None = None
        connection.attach(self._received, self._lost)
        self._flush_soon()

    @property
    def context(self) -> ssl.SSLContext | None:
        return self._connection.context

    @property
    def resumed(self) -> bool:
        return self._connection.resumed

    @property
    def session(self) -> ssl.SSLSession | None:
        return self._connection.session

    @property
    def closed(self) -> bool:
        """Whether it can carry nothing more."""
        return self._connection.closed

    @property
    def active(self) -> int:
        """How many answers are still to come."""
        return len(self._open)

    def usable(self, context: ssl.SSLContext | None) -> bool:
        """Whether a request may go to it now; one that ended before its first use tells that request why."""
        return self.context is context and (self.takes_more or (self.closed and not self.used))

    @property
    def takes_more(self) -> bool:
        """Whether another request may be begun on it."""
        return not self.closed and self._frames.takes_more

    def begin(self, call: Call, request: Request) -> int:
        """Send a request; `call` hears the events of its answer. Raises ProtocolError for one that cannot be sent."""
        fields = request.as_fields()
        self._connection.rouse()
        number = self._frames.request(fields, request.body)
        self._open[number] = call
        call.began = self._loop.time()
        self.used = True
        self._flush_with_others()
        return number

    def cancel(self, number: int) -> None:
        """Give an answer up."""
        self._frames.cancel(number)
        self._forget(number)
        self._flush_soon()

    async def answers(self, within: float) -> bool:
        """Ping the peer: whether anything at all comes within so many seconds."""
        if self._proof is None:
            self._proof = self._loop.create_future()
            self._connection.rouse()
            self._frames.ping()
            self._flush()
        await asyncio.wait({self._proof}, timeout=within)
        return not self.closed and self._proof is None

    def rest(self, seconds: float) -> None:
        """Read later, unless somebody waits for an answer that was asked for a moment ago."""
        now = self._loop.time()
        if all(now - call.began >= PATIENCE for call in self._open.values()):
            self._connection.rest(seconds)

    def close(self) -> None:
        """Close at once; whoever still waits hears nothing."""
        self._open.clear()
        self._forget_due()
        self._connection.close()

    def _flush_soon(self) -> None:
        """Send with what is sent next, if that comes soon."""
        if self._due is None:
            self._due = self._loop.call_later(SOON, self._flush)

    def _flush_with_others(self) -> None:
        """Send with all that is asked in this turn of the loop."""
        if self._due is None or isinstance(self._due, asyncio.TimerHandle):
            self._forget_due()
            self._due = self._loop.call_soon(self._flush)

    def _forget_due(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _flush(self) -> None:
        self._forget_due()
        if self._frames.out and not self._connection.closed:
            data, self._frames.out = bytes(self._frames.out), bytearray()
            self._connection.send(data)

    def _received(self, data: bytes) -> None:
        self.heard = self._loop.time()
        if self._proof is not None:
            self._proof.set_result(True)
            self._proof = None
        try:
            self._frames.feed(data)
        except ProtocolError as error:
            self._fail(error)
        except Exception:
            self._fail(
                EdgetuiError("edgetui could not handle an answer: this is a defect.", "Please report it.")
            )
            raise
        else:
            self._flush()

    def _tell(self, number: int, event: Event) -> None:
        call = self._open.get(number)
        if call is not None:
            if isinstance(event, Head):
                self._on_answer(self)
            elif isinstance(event, Ended):
                self._forget(number)
            call.hear(event)

    def _forget(self, number: int) -> None:
        if self._open.pop(number, None) is not None and not self._open:
            self._on_idle(self)

    def _fail(self, error: EdgetuiError) -> None:
        calls = list(self._open.values())
        self.close()
        for call in calls:
            call.fail(error)

    def _lost(self, failure: OSError | None) -> None:
        self.failure = failure
        calls = list(self._open.values())
        self._open.clear()
        for call in calls:
            call.lost(failure)


class Call(Reception):
    """One request on a shared connection. `reused` says whether the connection had carried a request before."""

    __slots__ = ("_begun", "_over", "_sent", "began", "connection", "number", "reused")

    def __init__(self, connection: Multiplexed, sink: Sink, *, reused: bool, where: str) -> None:
        super().__init__(sink, where)
        self.connection = connection
        self.reused = reused
        self.number = 0
        self.began = 0.0
        self._begun = False
        self._over = False
        self._sent = False

    @property
    def over(self) -> bool:
        return self._over

    @property
    def begun(self) -> bool:
        return self._begun

    @property
    def sent(self) -> bool:
        return self._sent

    def start(self, request: Request) -> None:
        if self.connection.closed:
            self.lost(self.connection.failure)
            return
        self.number = self.connection.begin(self, request)
        self._sent = True

    def abort(self) -> None:
        if not self._over:
            self._over = True
            if self.number:
                self.connection.cancel(self.number)

    def rest(self, seconds: float) -> None:
        self.connection.rest(seconds)

    def hear(self, event: Event) -> None:
        """An event of the answer."""
        if self._over:
            return
        self._begun = True
        if isinstance(event, Body):
            self._guarded(lambda: self._on_body(event.data))
        elif isinstance(event, Head):
            self._guarded(lambda: self._on_head(event))
        else:
            self._end(event)

    def _end(self, event: Ended) -> None:
        self._over = True
        if event.unseen:
            self._sent = False
            self._sink.on_error(dropped(self._where))
        elif event.clean:
            self._sink.on_end(self._whole)
        else:
            self._tell_loss(None, reused=False)

    def lost(self, failure: OSError | None) -> None:
        """The connection has ended; `failure` is None where the peer closed it in good order."""
        if not self._over:
            self._over = True
            self._tell_loss(failure, reused=self.reused)
