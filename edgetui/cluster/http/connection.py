"""One open connection on the event loop: bytes out, bytes in, and how it ended.

TLS runs inside a non-blocking SSLSocket rather than in asyncio's transport, which costs seven times the memory per
stream. What that asks for:
- A read or a write may want the other direction first, also after the handshake.
- Decrypted bytes may wait inside the SSL object while the descriptor is quiet (`pending`), so a read that stops
  early must come back by itself.
- The end is an empty read after a close_notify and SSLEOFError without one; only the first proves that nothing
  was cut off.
- A session ticket comes after the handshake, so it is taken once the first answer is there.

Most of what a small change costs is waking up for it: `rest` lets a stream that trickles be read a few times a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable

from edgetui.cluster.http.traffic import Counters

READ_BUDGET = 64 * 1024
"""Most bytes that one connection takes at a time; it has at most two such times in a turn of the loop."""

MUCH = READ_BUDGET // 4
"""Bytes of one read from which on nothing trickles any more."""

_AGAIN = (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError, InterruptedError)


class _Shared(threading.local):
    """One receive buffer for all connections of a thread: what is read is handed on before the next read."""

    def __init__(self) -> None:
        self.view = memoryview(bytearray(READ_BUDGET))


_shared = _Shared()


class Connection:
    """A connected socket that `attach`ed callbacks hear from. Idle while none are attached any more.

    `context` is the TLS context it was made with, None for plain HTTP. `sent` is whether any byte of the last
    `send` may have left this machine.
    """

    __slots__ = (
        "_broken",
        "_coming_back",
        "_counters",
        "_loop",
        "_on_data",
        "_on_lost",
        "_on_sent",
        "_out",
        "_read_wants_write",
        "_resting",
        "_socket",
        "_took",
        "_write_wants_read",
        "context",
        "idle_since",
        "sent",
    )

    def __init__(
        self,
        sock: socket.socket,
        context: ssl.SSLContext | None,
        loop: asyncio.AbstractEventLoop,
        counters: Counters,
    ) -> None:
        self.context = context
        self.sent = False
        self.idle_since = 0.0
        self._socket: socket.socket | None = sock
        self._loop = loop
        self._counters = counters
        self._on_data: Callable[[bytes], None] | None = None
        self._on_lost: Callable[[OSError | None], None] | None = None
        self._on_sent: Callable[[], None] | None = None
        self._out = memoryview(b"")
        self._broken: OSError | None = None
        self._coming_back: asyncio.Handle | None = None
        self._read_wants_write = False
        self._write_wants_read = False
        self._resting = True  # what comes before anybody is attached waits, the end too
        self._took = 0

    @property
    def closed(self) -> bool:
        """Whether it can carry nothing more."""
        return self._socket is None

    @property
    def protocol(self) -> str:
        """What the handshake agreed on (ALPN): "h2", "http/1.1", or nothing."""
        return (isinstance(self._socket, ssl.SSLSocket) and self._socket.selected_alpn_protocol()) or ""

    @property
    def resumed(self) -> bool:
        """Whether TLS resumed the session of an earlier connection."""
        return isinstance(self._socket, ssl.SSLSocket) and bool(self._socket.session_reused)

    @property
    def session(self) -> ssl.SSLSession | None:
        """What resumes the next connection of the same context; None without TLS or before the first answer."""
        session = self._socket.session if isinstance(self._socket, ssl.SSLSocket) else None
        return session if session is not None and session.has_ticket else None

    def attach(self, on_data: Callable[[bytes], None], on_lost: Callable[[OSError | None], None]) -> None:
        """Say who hears from now on; `on_lost` is the last call, with None for a clean end. Then `send`."""
        self._on_data, self._on_lost = on_data, on_lost
        self.rouse()

    def detach(self) -> None:
        """Be idle: whatever comes now, or the end, closes it without a word."""
        self._on_data = self._on_lost = None
        self.rouse()

    def rest(self, seconds: float) -> None:
        """Leave what comes with the kernel for that long; not while there is much of it, and it is safe to repeat."""
        if self._socket is None or self._resting or self._took >= MUCH:
            return
        self._resting = True
        self._loop.remove_reader(self._socket.fileno())
        self._coming_back = self._loop.call_later(seconds, self._readable)

    def narrow(self, size: int) -> None:
        """Let the kernel take no more than about so many bytes that nobody has read; what is on its way still comes."""
        if self._socket is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)

    def hold(self) -> None:
        """Leave what comes with the kernel until `go_on`: its reader has enough to do."""
        if self._coming_back is not None:
            self._coming_back.cancel()
            self._coming_back = None
        if self._socket is not None and not self._resting:
            self._resting = True
            self._loop.remove_reader(self._socket.fileno())

    def go_on(self) -> None:
        """End a `hold`; what waits inside TLS is read at once."""
        if self._socket is not None and self._coming_back is None:
            self._coming_back = self._loop.call_soon(self._readable)

    @property
    def unsent(self) -> int:
        """Bytes that wait until the kernel takes more."""
        return len(self._out)

    def when_sent(self, done: Callable[[], None]) -> None:
        """Call this once when nothing is unsent any more; at once when nothing is."""
        self._on_sent = done
        self._sent_all()

    def alive(self) -> bool:
        """Whether an idle connection can be used: looks whether its end has come meanwhile."""
        self._readable()
        return not self.closed

    def send(self, data: bytes) -> None:
        """Send everything as soon as it can be; a failure is heard through `on_lost`, never raised."""
        self._out = memoryview(bytes(self._out) + data) if self._out else memoryview(data)
        self.sent = False
        self._flush()

    def close(self) -> None:
        """Close at once and fall silent; safe twice."""
        self._on_data = self._on_lost = self._on_sent = None
        self._out = memoryview(b"")
        if self._coming_back is not None:
            self._coming_back.cancel()
            self._coming_back = None
        sock, self._socket = self._socket, None
        if sock is not None:
            self._loop.remove_reader(sock.fileno())
            self._loop.remove_writer(sock.fileno())
            with contextlib.suppress(OSError):
                sock.close()

    def _flush(self) -> None:
        sock = self._socket
        if sock is None or not self._out:
            return
        self._write_wants_read = False
        try:
            while self._out:
                size = sock.send(self._out)
                self.sent = True
                self._counters.bytes_out += size
                self._out = self._out[size:]
            self._sent_all()
        except ssl.SSLWantReadError:
            self._write_wants_read = True
        except (ssl.SSLWantWriteError, BlockingIOError, InterruptedError):
            # Half a TLS record may be on its way already.
            self.sent = self.sent or isinstance(sock, ssl.SSLSocket)
            self._loop.add_writer(sock.fileno(), self._writable)
        except OSError as error:
            # An answer may have come before the peer closed, so read first.
            self._broken = error
            self._coming_back = self._loop.call_soon(self._readable)

    def _sent_all(self) -> None:
        if self._on_sent is not None and not self._out:
            done, self._on_sent = self._on_sent, None
            done()

    def _writable(self) -> None:
        if self._socket is None:
            return
        self._loop.remove_writer(self._socket.fileno())
        self._flush()
        if self._read_wants_write:
            self._readable()

    def _readable(self) -> None:
        if self._coming_back is not None:
            # Else every such call would leave one behind, and they would add up.
            self._coming_back.cancel()
            self._coming_back = None
        sock = self._socket
        if sock is None:
            return
        self.rouse()
        view, size = _shared.view, 0
        ended = False
        failure = self._broken
        self._read_wants_write = False
        try:
            while size < READ_BUDGET:
                count = sock.recv_into(view[size:])
                if not count:
                    ended = True
                    break
                size += count
        except ssl.SSLWantWriteError:
            self._read_wants_write = True
            self._loop.add_writer(sock.fileno(), self._writable)
        except _AGAIN:
            pass
        except OSError as error:
            ended, failure = True, error
        if size == READ_BUDGET and isinstance(sock, ssl.SSLSocket) and sock.pending():
            self._coming_back = self._loop.call_soon(self._readable)
        self._took = size
        if size:
            self._counters.bytes_in += size
            self._give(bytes(view[:size]))
        if ended or failure is not None:
            self._end(failure)
        elif self._write_wants_read:
            self._flush()

    def rouse(self) -> None:
        """End a `rest`: listen to the socket again."""
        if self._resting and self._socket is not None:
            self._resting = False
            self._loop.add_reader(self._socket.fileno(), self._readable)

    def _give(self, data: bytes) -> None:
        if self._on_data is None:
            self.close()
        else:
            self._on_data(data)

    def _end(self, failure: OSError | None) -> None:
        lost = self._on_lost
        self.close()
        if lost is not None:
            lost(failure)
