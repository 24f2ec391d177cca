"""One request on one connection, and its answer handed on piece by piece."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Protocol

from edgetui.cluster.connection import Connection
from edgetui.cluster.errors import EdgetuiError, ProtocolError
from edgetui.cluster.gzipstream import Inflater
from edgetui.cluster.http import Body, End, Event, Head, ResponseReader
from edgetui.cluster.link_errors import broken_off, damaged, dropped, explain

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


class Exchange:
    """Made for one request; `release` gets the connection back if it can carry another.

    `reused` says whether the connection had carried a request before, `where` is the server for sentences.
    """

    __slots__ = (
        "_inflater",
        "_reader",
        "_release",
        "_reused",
        "_sent",
        "_sink",
        "_status",
        "_where",
        "bytes_in",
        "connection",
    )

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
        self.bytes_in = 0
        self.connection: Connection | None = connection
        self._sink = sink
        self._release = release
        self._reused = reused
        self._where = where
        self._reader = ResponseReader(method)
        self._inflater: Inflater | None = None
        self._sent = False
        self._status = 0

    @property
    def over(self) -> bool:
        """Whether the sink hears nothing more."""
        return self.connection is None

    @property
    def begun(self) -> bool:
        """Whether any byte of the answer has come."""
        return self._reader.begun

    @property
    def sent(self) -> bool:
        """Whether any byte of the request may have left this machine."""
        return self._sent if self.connection is None else self.connection.sent

    def start(self, message: bytes) -> None:
        """Send the request."""
        if self.connection is not None:
            self.connection.attach(self._received, self._lost)
            self.connection.send(message)

    def abort(self) -> None:
        """Close the connection; the sink hears nothing more. Safe twice."""
        connection = self._forget()
        if connection is not None:
            connection.close()

    def fail(self, error: EdgetuiError) -> None:
        """Close the connection and tell the sink why."""
        if not self.over:
            self.abort()
            self._sink.on_error(error)

    def _received(self, data: bytes) -> None:
        self.bytes_in += len(data)
        try:
            for event in self._reader.feed(data):
                if self.over:
                    return
                self._hand_on(event)
        except EdgetuiError as error:
            self.fail(error)
        except Exception:
            self.fail(
                EdgetuiError("edgetui could not handle an answer: this is a defect.", "Please report it.")
            )
            raise

    def _hand_on(self, event: Event) -> None:
        if isinstance(event, Body):
            if self._inflater is None:
                if self._status == 400:
                    self._refuse_wrong_scheme(event.data)
                self._sink.on_data(event.data)
                return
            for piece in self._inflater.feed(event.data):
                if self.over:
                    return
                self._sink.on_data(piece)
        elif isinstance(event, Head):
            coding = event.headers.get("content-encoding", "identity").lower()
            if coding in ("gzip", "x-gzip"):
                self._inflater = Inflater()
            elif coding != "identity":
                raise ProtocolError("The server's answer is compressed in a way that was not asked for.")
            self._status = event.status
            self._sink.on_head(event.status, event.headers)
        else:
            self._finish(event)

    def _refuse_wrong_scheme(self, data: bytes) -> None:
        if any(words in data for words in _WANTS_HTTPS):
            raise ProtocolError(
                f"{self._where} speaks HTTPS, but its address says http.",
                "Write https:// before the server address in the kubeconfig.",
            )

    def _finish(self, end: End) -> None:
        connection = self._forget()
        if connection is not None:
            if end.reusable and not self._reader.extra and not connection.closed:
                connection.detach()
                self._release(connection)
            else:
                connection.close()
        self._sink.on_end(self._whole)

    @property
    def _whole(self) -> bool:
        return self._inflater is None or self._inflater.at_boundary

    def _lost(self, failure: OSError | None) -> None:
        self._forget()
        cut = failure is None or isinstance(failure, ssl.SSLEOFError)
        if cut and self._reader.eof():
            self._sink.on_end(failure is None and self._whole)
        elif cut and self._status:
            self._sink.on_end(False)
        elif self._reused and not self.begun and (cut or isinstance(failure, ConnectionError)):
            self._sink.on_error(dropped(self._where))
        elif failure is None or cut:
            self._sink.on_error(broken_off(self._where, begun=self.begun))
        elif isinstance(failure, ssl.SSLError) and (self.begun or self._reused):
            self._sink.on_error(damaged(self._where))
        else:
            self._sink.on_error(explain(failure, self._where))

    def _forget(self) -> Connection | None:
        connection, self.connection = self.connection, None
        if connection is not None:
            self._sent = connection.sent
        return connection
