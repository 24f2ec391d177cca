"""One WebSocket to an API server (RFC 6455), which carries exec, attach and port-forward of pods.

It has a connection of its own, of HTTP/1.1: API servers take no WebSocket inside HTTP/2. The frames are wsproto's,
loaded when the first one opens. The times are client-go's (tools/remotecommand/websocket.go): a ping goes out after
five seconds of silence, and a peer that is silent for 61 is given up.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgetui.cluster.errors import EdgetuiError, LinkError, ProtocolError
from edgetui.cluster.http.connection import READ_BUDGET, Connection
from edgetui.cluster.http.failures import broken_off, explain, silent
from edgetui.cluster.http.protocol import Body, End, Head, ResponseReader, malformed
from edgetui.cluster.http.request import Request

if TYPE_CHECKING:
    from wsproto.frame_protocol import FrameProtocol

PING_EVERY, LONGEST_SILENCE = 5.0, 61.0
MOST_MESSAGE = 4 * 1024 * 1024
"""Bytes of one message; kubelets send 32 KiB at the most."""
MOST_WAITING = 256 * 1024
"""Bytes that wait for their reader, or to be sent, from which on the other end has to wait, too."""
MOST_REFUSAL = 64 * 1024
"""Bytes that are read of an answer that is no WebSocket."""
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3


class Refused(Exception):
    """The server answered with something else than a WebSocket; the body may be cut off."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        super().__init__(status)
        self.status, self.headers, self.body = status, headers, body


def upgrade_headers(protocols: Sequence[str]) -> tuple[str, dict[str, str]]:
    """The key of a handshake, and the headers that ask for a WebSocket of one of these subprotocols."""
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    return (
        key,
        {
            "Accept": "*/*",  # a kubelet asks its routes what they produce, and a port produces nothing that has a name
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": key,
            "Sec-WebSocket-Protocol": ", ".join(protocols),
        },
    )


class WebSocket:
    """Messages to and from a peer. One task reads; any number write. Times are the loop's.

    `subprotocol` is the one that the server chose; `bytes_in` and `bytes_out` count what messages held.
    """

    def __init__(self, connection: Connection, loop: asyncio.AbstractEventLoop, where: str) -> None:
        self.subprotocol = ""
        self.bytes_in = self.bytes_out = 0
        self._connection = connection
        self._loop = loop
        self._where = where
        self._frames: FrameProtocol | None = None
        self._reader: ResponseReader | None = ResponseReader("GET", upgrades=True)
        self._head: Head | None = None
        self._body = b""
        self._key = ""
        self._protocols: Sequence[str] = ()
        self._opened: asyncio.Future[None] = loop.create_future()
        self._inbox: deque[bytes] = deque()
        self._waiting, self._most_waiting = 0, MOST_WAITING
        self._message = bytearray()
        self._over: EdgetuiError | None = None
        self._ended = False
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._heard = loop.time()
        self._pinging: asyncio.TimerHandle | None = None

    async def open(self, request: Request, key: str, protocols: Sequence[str], timeout: float) -> None:
        """Shake hands within `timeout` seconds. Raises Refused, LinkError, TlsError and ProtocolError."""
        self._key, self._protocols = key, protocols
        self._connection.attach(self._arrived, self._lost)
        self._connection.send(request.as_bytes())
        try:
            async with asyncio.timeout(timeout):
                await self._opened
        except TimeoutError:
            self.close()
            raise silent(self._where, timeout) from None
        except BaseException:
            self.close()
            raise

    def _accept(self, head: Head, reader: ResponseReader) -> None:
        from wsproto.frame_protocol import FrameProtocol

        if head.status != 101:
            raise Refused(head.status, head.headers, self._body)
        digest = hashlib.sha1(self._key.encode() + _GUID, usedforsecurity=False).digest()
        if head.headers.get("sec-websocket-accept") != base64.b64encode(digest).decode():
            raise malformed("it accepts a WebSocket that was not asked for")
        self.subprotocol = head.headers.get("sec-websocket-protocol", "")
        if self.subprotocol not in self._protocols:
            raise ProtocolError("The server chose a streaming protocol that was not offered.")
        self._frames, self._reader = FrameProtocol(client=True, extensions=[]), None
        self._heard = self._loop.time()
        self._pinging = self._loop.call_later(PING_EVERY, self._ping)

    # -- messages

    async def receive(self) -> bytes | None:
        """The next message; None after the peer closed as it should. Raises LinkError and ProtocolError."""
        while not self._inbox:
            if self._over is not None:
                raise self._over
            if self._ended:
                return None
            self._news.clear()
            await self._news.wait()
        message = self._inbox.popleft()
        full = self._waiting >= self._most_waiting
        self._waiting -= len(message)
        if full and self._waiting < self._most_waiting:
            self._connection.go_on()
        return message

    async def send(self, message: bytes) -> None:
        """Send one message; waits while too much is on its way already. Raises LinkError once the link is lost."""
        while self._connection.unsent >= MOST_WAITING and not self.over:
            self._room.clear()
            self._connection.when_sent(self._room.set)
            await self._room.wait()
        if self._over is not None:
            raise self._over
        if self._frames is None or self._ended:
            raise broken_off(self._where, begun=True)
        self.bytes_out += len(message)
        self._connection.send(bytes(self._frames.send_data(message, fin=True)))

    def narrow(self, size: int) -> None:
        """Hold about so many bytes at the most that nobody has read, here and in the kernel: the peer has to wait."""
        self._most_waiting = min(size, MOST_WAITING)
        # A smaller window than one packet of loopback's, as through a tunnel, would stand still for its timers.
        self._connection.narrow(max(self._most_waiting, READ_BUDGET))

    def close(self) -> None:
        """Say goodbye if that is still possible, and close; harmless when repeated."""
        if self._frames is not None and not self.over and not self._connection.closed:
            self._connection.send(bytes(self._frames.close(1000)))
        self._end(None)

    @property
    def over(self) -> bool:
        """Whether it is closed, whoever did that; messages may wait to be read all the same."""
        return self._ended or self._over is not None

    # -- the connection

    def _arrived(self, data: bytes) -> None:
        self._heard = self._loop.time()
        try:
            if self._reader is not None:
                self._shake_hands(self._reader, data)
            else:
                self._take(data)
        except EdgetuiError as error:
            self._end(error)

    def _shake_hands(self, reader: ResponseReader, data: bytes) -> None:
        done = False
        for event in reader.feed(data):
            match event:
                case Head():
                    self._head = event
                case Body(piece):
                    self._body += piece
                    done = len(self._body) > MOST_REFUSAL
                case End():
                    done = True
        if not done or self._head is None or self._opened.done():
            return
        try:
            self._accept(self._head, reader)
        except Refused as refused:
            self._opened.set_exception(refused)
        else:
            self._opened.set_result(None)
            if reader.extra:
                self._take(reader.extra)

    def _take(self, data: bytes) -> None:
        from wsproto.frame_protocol import Opcode, ParseFailed

        frames = self._frames
        assert frames is not None
        frames.receive_bytes(data)
        try:
            for frame in frames.received_frames():
                match frame.opcode:
                    case Opcode.PING:
                        self._connection.send(bytes(frames.pong(bytes(frame.payload))))  # type: ignore[arg-type]
                    case Opcode.CLOSE:
                        self._connection.send(bytes(frames.close(1000)))
                        self._end(None)
                        return
                    case Opcode.BINARY | Opcode.TEXT:
                        self._gather(frame.payload, frame.message_finished)
        except ParseFailed as error:
            raise ProtocolError("The server broke the rules of the WebSocket it had opened.") from error

    def _gather(self, payload: bytes | str | tuple[int, str], finished: bool) -> None:
        piece = payload.encode() if isinstance(payload, str) else payload
        assert isinstance(piece, bytes)
        self._message += piece
        if len(self._message) > MOST_MESSAGE:
            raise ProtocolError("The server sent a message that is too long to be held in memory.")
        if not finished:
            return
        message = bytes(self._message)
        self._message.clear()
        self.bytes_in += len(message)
        self._inbox.append(message)
        self._waiting += len(message)
        self._news.set()
        if self._waiting >= self._most_waiting:
            self._connection.hold()

    def _ping(self) -> None:
        self._pinging = None
        if self._frames is None or self.over:
            return
        quiet = self._loop.time() - self._heard
        if self._waiting >= self._most_waiting:
            self._heard = self._loop.time()  # it is we who do not listen
        elif quiet >= LONGEST_SILENCE:
            self._end(silent(self._where, quiet))
            return
        elif quiet >= PING_EVERY:
            # Not beside what comes: where a pod has closed already, a ping makes the API server's proxy close both
            # sides (apimachinery, proxy.UpgradeAwareHandler), and what it still holds is lost.
            self._connection.send(bytes(self._frames.ping()))
        self._pinging = self._loop.call_later(PING_EVERY, self._ping)

    def _lost(self, failure: OSError | None) -> None:
        if failure is not None:
            self._end(explain(failure, self._where))
        else:
            self._end(broken_off(self._where, begun=self._head is not None))

    def _end(self, error: EdgetuiError | None) -> None:
        if not self.over:
            self._over, self._ended = error, error is None
        if not self._opened.done():
            self._opened.set_exception(error or LinkError("The connection was closed."))
            self._opened.exception()  # it may be that nobody waits any more
        if self._pinging is not None:
            self._pinging.cancel()
            self._pinging = None
        self._connection.close()
        self._news.set()
        self._room.set()
