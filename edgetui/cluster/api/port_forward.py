"""Connections to ports of pods: SPDY in a WebSocket (KEP-4006), or v4.channel.k8s.io where a server is older than 1.31.

Either carries one connection at a time. Over SPDY each half can be closed by itself, and what has ended makes room for
the next connection; v4 knows no end but that of the WebSocket.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from edgetui.cluster.api.remote_command import OPEN_TIMEOUT, Opener
from edgetui.cluster.api.spdy import Data, FrameReader, FrameWriter, GoAway, Ping, Reset
from edgetui.cluster.api.status import map_status
from edgetui.cluster.errors import EdgetuiError, LinkError, ProtocolError
from edgetui.cluster.http.websocket import Refused, WebSocket
from edgetui.model.kinds.base import api_path
from edgetui.model.text import clean

SPDY, V4 = "SPDY/3.1+portforward.k8s.io", "v4.channel.k8s.io"
LINGER = 2.0
"""Seconds of silence after the end of one side, from which a connection is over: over v4 a pod cannot be told."""
_DATA, _ERROR = 0, 1
_ABOUT = re.compile(r"^error forwarding port ([0-9]+) to pod [^,]*, uid [^:]*: ")
"""How kubelets begin: with the sandbox, which nobody knows by that name."""


class PortRefused(EdgetuiError):
    """The pod, or its kubelet, does not take the connection."""


class PodPort(Protocol):
    """A way to the ports of one pod."""

    @property
    def free(self) -> bool:
        """Whether it carries nothing and may carry another connection."""

    async def connect(self, port: int) -> None:
        """Begin a connection."""

    async def receive(self) -> bytes:
        """What comes next, empty at the end. Raises PortRefused, LinkError and ProtocolError."""

    async def send(self, data: bytes) -> None:
        """Send; waits while too much is on its way. Raises LinkError once the link is lost."""

    async def end(self) -> None:
        """Nothing more goes out."""

    async def finish(self) -> None:
        """After the end of what comes: nothing more goes out, and what went wrong is known. Raises PortRefused."""

    def close(self) -> None:
        """Give it up. Harmless when repeated."""


async def open_port(
    opener: Opener, namespace: str, pod: str, port: int, protocols: Sequence[str] = (SPDY, V4)
) -> PodPort:
    """A way to a pod with a connection to one port on it. Raises ApiError, and as `Transport.request`."""
    path = api_path("", "v1", "pods", namespace, pod, "portforward")
    try:
        socket = await opener.open_websocket(path, [("ports", str(port))], protocols, timeout=OPEN_TIMEOUT)
    except Refused as refused:
        raise map_status(refused.status, refused.headers, refused.body) from None
    if socket.subprotocol == V4:
        return Single(socket)
    tunnel = Tunnel(socket)
    await tunnel.connect(port)
    return tunnel


class Tunnel:
    """SPDY in a WebSocket."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._reader, self._writer = FrameReader(), FrameWriter()
        self._inbox: deque[bytes] = deque()
        self._stream = -1
        self._error = b""
        self._near_ended = self._far_ended = self._error_ended = self._going = False

    @property
    def free(self) -> bool:
        """Whether the last connection ended as it should on both sides."""
        ended = self._near_ended and self._far_ended and self._error_ended and not self._error
        return ended and not self._going and not self._socket.over

    async def connect(self, port: int) -> None:
        """Two streams, of which the first carries what goes wrong (cri-streaming, portforward/httpstream.go)."""
        self._stream += 4
        self._inbox.clear()
        self._error = b""
        self._near_ended = self._far_ended = self._error_ended = False
        about = {"port": str(port), "requestid": str(self._stream)}
        error, data = self._stream - 2, self._stream
        await self._socket.send(self._writer.open(error, {**about, "streamtype": "error"}, last=True))
        await self._socket.send(self._writer.open(data, {**about, "streamtype": "data"}, last=False))

    async def receive(self) -> bytes:
        """What comes next, empty at the end."""
        while not self._inbox:
            if self._far_ended:
                return b""
            await self._hear()
        return self._inbox.popleft()

    async def finish(self) -> None:
        """The end of the errors comes at once where a kubelet hears of the end of this half."""
        await self.end()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER):
                while not self._error_ended:
                    await self._hear()
        if self._error:
            raise _refused(self._error)

    async def _hear(self) -> None:
        message = await self._socket.receive()
        if message is None:
            raise _refused(self._error) if self._error else _closed()
        for frame in self._reader.feed(message):
            await self._take(frame)

    async def _take(self, frame: Data | Reset | Ping | GoAway) -> None:
        match frame:
            case Data(stream, data, last) if stream == self._stream:
                if data:
                    self._inbox.append(data)
                self._far_ended |= last
            case Data(stream, data, last) if stream == self._stream - 2:
                self._error += data
                self._error_ended |= last
            case Reset(stream) if stream in (self._stream, self._stream - 2):
                self._far_ended = self._error_ended = self._going = True
            case Ping(whole):
                await self._socket.send(whole)
            case GoAway():
                self._going = True

    async def send(self, data: bytes) -> None:
        """Send on the data stream."""
        await self._socket.send(self._writer.data(self._stream, data))

    async def end(self) -> None:
        """Close this half of the data stream."""
        if not self._near_ended:
            self._near_ended = True
            await self._socket.send(self._writer.data(self._stream, b"", last=True))

    def close(self) -> None:
        """The pod's side is closed with the WebSocket."""
        self._socket.close()


class Single:
    """v4.channel.k8s.io: channel 0 is data, 1 what goes wrong; the first message of each only repeats the port."""

    free = False

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._begun: set[int] = set()
        self._near_ended = False

    async def connect(self, port: int) -> None:
        """It has one connection, from its beginning."""
        raise ProtocolError("A connection of this protocol cannot be used again.")

    async def receive(self) -> bytes:
        """What comes next, empty at the end."""
        while (message := await self._next()) is not None:
            channel, data = message[:1], message[1:]
            if channel not in (bytes([_DATA]), bytes([_ERROR])):
                raise ProtocolError("The server sent something that belongs to no port.")
            if channel[0] not in self._begun:
                self._begun.add(channel[0])
            elif channel[0] == _ERROR:
                raise _refused(data)
            elif data:
                return data
        return b""

    async def _next(self) -> bytes | None:
        try:
            async with asyncio.timeout(LINGER if self._near_ended else None):
                return await self._socket.receive()
        except TimeoutError:
            return None

    async def send(self, data: bytes) -> None:
        """Send on the data channel."""
        await self._socket.send(bytes([_DATA]) + data)

    async def end(self) -> None:
        """The pod is not told."""
        self._near_ended = True

    async def finish(self) -> None:
        """What went wrong has come before."""

    def close(self) -> None:
        """The pod's side is closed with the WebSocket."""
        self._socket.close()


def _refused(text: bytes) -> PortRefused:
    said = _ABOUT.sub(r"port \1 does not answer: ", clean(text[:1024].decode(errors="replace")))
    return PortRefused(f"{said[:1].upper()}{said[1:]}" if said else "The pod does not take the connection.")


def _closed() -> LinkError:
    return LinkError("The server closed the connection to the pod.")
