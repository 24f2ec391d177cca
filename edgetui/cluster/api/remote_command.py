"""Commands in containers of pods: exec and attach over a WebSocket (v5.channel.k8s.io, v4 before Kubernetes 1.30).

The first byte of a message is its channel: what goes in, comes out, how the command ended, the size of the terminal.
Only v5 can say that the input is over (KEP-4006).
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Sequence
from enum import IntEnum
from typing import NamedTuple, Protocol

import msgspec

from edgetui.cluster.api.status import UNDECODABLE, map_status
from edgetui.cluster.errors import EdgetuiError, ProtocolError
from edgetui.cluster.http.websocket import Refused, WebSocket
from edgetui.model.kinds.base import api_path
from edgetui.model.text import clean

V5, V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"
OPEN_TIMEOUT = 30.0
"""Seconds until the kubelet has taken the request; it may be at the end of another slow link."""
LAST_WORDS = 5.0
"""Seconds of silence after the end of a command in which more of its output may come; then the server closes."""
MOST_INPUT = 32 * 1024
"""Bytes of input in one message."""
_NUMBER = re.compile(r"[0-9]{1,3}")


class Channel(IntEnum):
    STDIN = 0
    STDOUT = 1
    STDERR = 2
    ERROR = 3
    RESIZE = 4
    CLOSE = 255


class Command(NamedTuple):
    """What to run, and where. Without `argv` it is attached to what the container runs already.

    With a `tty` there is one output, and what is typed goes through the far terminal. `window` is how many bytes of its
    output may be here that nobody has read, 0 for as many as usual.
    """

    namespace: str
    pod: str
    container: str
    argv: tuple[str, ...] = ()
    stdin: bool = False
    tty: bool = False
    window: int = 0

    @property
    def subresource(self) -> str:
        """ "exec" or "attach", which is also the right that it needs."""
        return "exec" if self.argv else "attach"

    @property
    def path(self) -> str:
        """Where it is asked for."""
        return api_path("", "v1", "pods", self.namespace, self.pod, self.subresource)

    @property
    def query(self) -> list[tuple[str, str]]:
        """How it is asked for; the words of the command in their order."""
        asked = [("command", word) for word in self.argv]
        flags = {"stdin": self.stdin, "stdout": True, "stderr": not self.tty, "tty": self.tty}
        asked += [("container", self.container)] if self.container else []
        return asked + [(name, "true") for name, on in flags.items() if on]


class Ended(NamedTuple):
    """How a command ended: its exit code, and what was said where that is not the whole story."""

    code: int
    sentence: str = ""

    @property
    def words(self) -> str:
        """The same for a person."""
        return self.sentence or f"It ended with exit code {self.code}."


class Opener(Protocol):
    """What opens WebSockets to one cluster."""

    async def open_websocket(
        self, path: str, query: Sequence[tuple[str, str]], protocols: Sequence[str], *, timeout: float
    ) -> WebSocket:
        """See `Transport`."""


class RemoteCommand:
    """One command that runs in a container. `ended` is None until it has ended."""

    def __init__(self, socket: WebSocket) -> None:
        self.ended: Ended | None = None
        self._socket = socket
        self._input_over = False

    @classmethod
    async def start(cls, opener: Opener, command: Command, *, timeout: float = OPEN_TIMEOUT) -> RemoteCommand:
        """Begin a command. Raises ApiError when the server or the kubelet refuses it, and as `Transport.request`."""
        try:
            socket = await opener.open_websocket(command.path, command.query, (V5, V4), timeout=timeout)
        except Refused as refused:
            raise map_status(refused.status, refused.headers, refused.body) from None
        if command.window:
            socket.narrow(command.window)
        return cls(socket)

    @property
    def bytes_in(self) -> int:
        """Bytes that came, channel bytes included."""
        return self._socket.bytes_in

    @property
    def bytes_out(self) -> int:
        """Bytes that went out, channel bytes included."""
        return self._socket.bytes_out

    @property
    def can_end_input(self) -> bool:
        """Whether the far side can be told that the input is over."""
        return self._socket.subprotocol == V5

    async def output(self) -> AsyncIterator[tuple[Channel, bytes]]:
        """What comes on STDOUT and STDERR, until the command has ended.

        Raises LinkError when the link is lost before that, ProtocolError for what is no answer of a kubelet.
        """
        while (message := await self._next()) is not None:
            channel, data = (message[0], message[1:]) if message else (Channel.STDOUT, b"")
            match channel:
                case Channel.STDOUT | Channel.STDERR:
                    if data:
                        yield Channel(channel), data
                case Channel.ERROR:
                    self.ended = how_it_ended(data)
                case Channel.CLOSE:
                    pass  # an output is over; how the command ended comes by itself
                case _:
                    raise ProtocolError("The server sent something that belongs to no output of the command.")
        self._socket.close()
        if self.ended is None:
            raise ProtocolError(
                "The server ended the connection without saying how the command ended.",
                "It may still run: look at the pod.",
            )

    async def _next(self) -> bytes | None:
        """The next message. Once it is known how the command ended, outputs may follow, and nothing is an error."""
        if self.ended is None:
            return await self._socket.receive()
        try:
            async with asyncio.timeout(LAST_WORDS):
                return await self._socket.receive()
        except (TimeoutError, EdgetuiError):
            return None

    async def send(self, data: bytes) -> None:
        """Give the command input."""
        for start in range(0, len(data), MOST_INPUT):
            await self._put(Channel.STDIN, data[start : start + MOST_INPUT])

    async def end_input(self) -> None:
        """Tell the command that no more comes; where that cannot be said, nothing is."""
        if self.can_end_input and not self._input_over:
            self._input_over = True
            await self._put(Channel.CLOSE, bytes([Channel.STDIN]))

    async def resize(self, columns: int, rows: int) -> None:
        """The terminal has this size now."""
        await self._put(Channel.RESIZE, msgspec.json.encode({"Width": columns, "Height": rows}))

    async def _put(self, channel: Channel, data: bytes) -> None:
        """What cannot be sent goes nowhere: `output` tells why, after what had come before."""
        with contextlib.suppress(EdgetuiError):
            await self._socket.send(bytes([channel]) + data)

    def close(self) -> None:
        """Leave; what runs on a terminal is hung up by the kubelet. Harmless when repeated."""
        self._socket.close()


class _Cause(msgspec.Struct):
    reason: str = ""
    message: str = ""


class _Details(msgspec.Struct):
    causes: list[_Cause] | None = None


class _Status(msgspec.Struct):
    status: str = ""
    reason: str = ""
    message: str = ""
    details: _Details | None = None


def how_it_ended(status: bytes) -> Ended:
    """The exit code in the Status that ends a command; 1 with the server's words where it names none, as in kubectl."""
    try:
        found = msgspec.json.decode(status, type=_Status)
    except UNDECODABLE:
        return Ended(
            1, clean(status[:1024].decode(errors="replace")) or "The server did not say how it ended."
        )
    if found.status == "Success":
        return Ended(0)
    causes = (found.details.causes if found.details else None) or []
    code = next((one.message for one in causes if one.reason == "ExitCode"), "")
    if found.reason == "NonZeroExitCode" and _NUMBER.fullmatch(code):
        return Ended(int(code))
    return Ended(1, clean(found.message) or "The command failed, and the server does not say why.")
