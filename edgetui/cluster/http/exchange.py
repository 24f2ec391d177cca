"""One request and its answer, handed on piece by piece: what both protocols share, and HTTP/1.1."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Protocol

from edgetui.cluster.errors import EdgetuiError, ProtocolError
from edgetui.cluster.http.connection import Connection
from edgetui.cluster.http.failures import broken_off, damaged, dropped, explain
from edgetui.cluster.http.inflate import Inflater
from edgetui.cluster.http.protocol import Body, End, Head, ResponseReader
from edgetui.cluster.http.request import Request

# What servers and proxies of HTTPS say to plain HTTP: Go's net/http, nginx.
_WANTS_HTTPS = (b"HTTP request to an HTTPS server", b"plain HTTP request was sent to HTTPS port")


class Closeable(Protocol):
    """Something open; closing it twice is harmless, and nothing is heard of it afterwards."""

    def close(self) -> None: ...


class Sink(Protocol):
    """Receives one answer: a head, data, then exactly one of on_end and on_error.

    `on_data` gets the body without chunk framing and decompressed. `on_end(False)` is an answer that was cut off.
    An EdgetuiError raised by `on_head` or `on_data` ends the answer, and comes back through `on_error`.
    """

    def on_head(self, status: int, headers: dict[str, str]) -> None: ...

    def on_data(self, data: bytes) -> None: ...

    def on_end(self, clean: bool) -> None: ...

    def on_error(self, error: EdgetuiError) -> None: ...


class WatchSink(Sink, Protocol):
    """Hears of its request, too."""

    def on_sent(self) -> None:
        """Credentials and a connection were there, and the request was sent; once more on every new attempt."""


class Reception:
    """What both protocols do with an answer: open its compression, hand it on, and end it once.

    `where` is the server for sentences. Subclasses say what `over`, `begun` and `sent` are and how to `start` and
    `abort`.
    """

    __slots__ = ("_inflater", "_sink", "_status", "_where")

    def __init__(self, sink: Sink, where: str) -> None:
        self._sink = sink
        self._where = where
        self._inflater: Inflater | None = None
        self._status = 0

    @property
    def over(self) -> bool:
        """Whether the sink hears nothing more."""
        raise NotImplementedError

    @property
    def begun(self) -> bool:
        """Whether any byte of the answer has come."""
        raise NotImplementedError

    @property
    def sent(self) -> bool:
        """Whether any byte of the request may have left this machine."""
        raise NotImplementedError

    def start(self, request: Request) -> None:
        """Send the request. Raises ProtocolError for one that cannot be sent."""
        raise NotImplementedError

    def abort(self) -> None:
        """Give the answer up; the sink hears nothing more. Safe twice."""
        raise NotImplementedError

    def rest(self, seconds: float) -> None:
        """What comes in the next seconds may wait with the kernel."""
        raise NotImplementedError

    def fail(self, error: EdgetuiError) -> None:
        """Give the answer up and tell the sink why."""
        if not self.over:
            self.abort()
            self._sink.on_error(error)

    def _guarded(self, hand_on: Callable[[], None]) -> None:
        """Hand something on; what goes wrong with it ends this answer and nothing else."""
        try:
            hand_on()
        except EdgetuiError as error:
            self.fail(error)
        except Exception:
            self.fail(
                EdgetuiError("edgetui could not handle an answer: this is a defect.", "Please report it.")
            )
            raise

    def _on_body(self, data: bytes) -> None:
        if self._inflater is None:
            if self._status == 400:
                self._refuse_wrong_scheme(data)
            self._sink.on_data(data)
            return
        for piece in self._inflater.feed(data):
            if self.over:
                return
            self._sink.on_data(piece)

    def _on_head(self, head: Head) -> None:
        coding = head.headers.get("content-encoding", "identity").lower()
        if coding in ("gzip", "x-gzip"):
            self._inflater = Inflater()
        elif coding != "identity":
            raise ProtocolError("The server's answer is compressed in a way that was not asked for.")
        self._status = head.status
        self._sink.on_head(head.status, head.headers)

    def _refuse_wrong_scheme(self, data: bytes) -> None:
        if any(words in data for words in _WANTS_HTTPS):
            raise ProtocolError(
                f"{self._where} speaks HTTPS, but its address says http.",
                "Write https:// before the server address in the kubeconfig.",
            )

    def _tell_loss(self, failure: OSError | None, *, reused: bool) -> None:
        """The connection has ended before the answer did; `failure` is None for a clean end."""
        cut = failure is None or isinstance(failure, ssl.SSLEOFError)
        if cut and self._status:
            self._sink.on_end(False)
        elif reused and not self.begun and (cut or isinstance(failure, ConnectionError)):
            self._sink.on_error(dropped(self._where))
        elif failure is None or cut:
            self._sink.on_error(broken_off(self._where, begun=self.begun))
        elif isinstance(failure, ssl.SSLError) and (self.begun or reused):
            self._sink.on_error(damaged(self._where))
        else:
            self._sink.on_error(explain(failure, self._where))

    @property
    def _whole(self) -> bool:
        return self._inflater is None or self._inflater.at_boundary


class Exchange(Reception):
    """Made for one request of HTTP/1.1; `release` gets the connection back if it can carry another.

    `reused` says whether the connection had carried a request before.
    """

    __slots__ = ("_reader", "_release", "_reused", "_sent", "connection")

    def __init__(
        self,
        connection: Connection,
        method: str,
        sink: Sink,
        release: Callable[[Connection], None],
        *,
        reused: bool,
        where: str,
    ) -> None:
        super().__init__(sink, where)
        self.connection: Connection | None = connection
        self._release = release
        self._reused = reused
        self._reader = ResponseReader(method)
        self._sent = False

    @property
    def over(self) -> bool:
        return self.connection is None

    @property
    def begun(self) -> bool:
        return self._reader.begun

    @property
    def sent(self) -> bool:
        return self._sent if self.connection is None else self.connection.sent

    def start(self, request: Request) -> None:
        if self.connection is not None:
            message = request.as_bytes()
            self.connection.attach(self._received, self._lost)
            self.connection.send(message)

    def abort(self) -> None:
        connection = self._forget()
        if connection is not None:
            connection.close()

    def rest(self, seconds: float) -> None:
        if self.connection is not None:
            self.connection.rest(seconds)

    def _received(self, data: bytes) -> None:
        self._guarded(lambda: self._hand_on_all(data))

    def _hand_on_all(self, data: bytes) -> None:
        for event in self._reader.feed(data):
            if self.over:
                return
            if isinstance(event, Body):
                self._on_body(event.data)
            elif isinstance(event, Head):
                self._on_head(event)
            else:
                self._finish(event)

    def _finish(self, end: End) -> None:
        connection = self._forget()
        if connection is not None:
            if end.reusable and not self._reader.extra and not connection.closed:
                connection.detach()
                self._release(connection)
            else:
                connection.close()
        self._sink.on_end(self._whole)

    def _lost(self, failure: OSError | None) -> None:
        self._forget()
        if (failure is None or isinstance(failure, ssl.SSLEOFError)) and self._reader.eof():
            self._sink.on_end(failure is None and self._whole)
        else:
            self._tell_loss(failure, reused=self._reused)

    def _forget(self) -> Connection | None:
        connection, self.connection = self.connection, None
        if connection is not None:
            self._sent = connection.sent
        return connection
