"""WebSockets against a server that is made of the same library's other side, and one that breaks the rules."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from wsproto.frame_protocol import FrameProtocol, Opcode

from edgetui.cluster.api.remote_command import Channel, Command, Ended, RemoteCommand, how_it_ended
from edgetui.cluster.errors import Forbidden, LinkError, ProtocolError
from edgetui.cluster.http import websocket
from edgetui.cluster.http.client import Transport
from edgetui.cluster.http.websocket import WebSocket
from edgetui.cluster.target import ClusterTarget

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")


class NoCredentials:
    async def headers(self) -> list[tuple[str, str]]:
        return []

    def ssl_context(self) -> Any:
        raise AssertionError("plain HTTP has no TLS")


class Far:
    """The other end of one WebSocket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.frames = FrameProtocol(client=False, extensions=[])
        self.heard: list[tuple[Opcode, bytes]] = []
        self._reader, self._writer = reader, writer

    def put(self, data: bytes | bytearray) -> None:
        self._writer.write(bytes(data))

    def say(self, payload: bytes, *, fin: bool = True) -> None:
        self.put(self.frames.send_data(payload, fin=fin))

    async def hear(self) -> tuple[Opcode, bytes]:
        """The next frame of the client; of its goodbye the code."""
        while not self.heard:
            data = await self._reader.read(65536)
            assert data, "the client left"
            self.frames.receive_bytes(data)
            for frame in self.frames.received_frames():
                assert frame.message_finished, "every message of the client is one frame"
                payload = str(int(frame.payload[0])) if isinstance(frame.payload, tuple) else frame.payload
                self.heard.append((frame.opcode, payload.encode() if isinstance(payload, str) else payload))
        return self.heard.pop(0)

    def cut(self) -> None:
        self._writer.transport.abort()


Serve = Callable[[Far], Awaitable[None]]


def accepted(head: str, protocol: str = PROTOCOLS[0], key: str = "") -> bytes:
    """The answer to a handshake; another `key` than the client's is a lie."""
    asked = key or next(
        line.split(": ")[1] for line in head.split("\r\n") if line.startswith("Sec-WebSocket-Key")
    )
    digest = base64.b64encode(hashlib.sha1(asked.encode() + GUID).digest()).decode()
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
    lines += [f"Sec-WebSocket-Accept: {digest}", f"Sec-WebSocket-Protocol: {protocol}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@asynccontextmanager
async def server(
    serve: Serve, answer: Callable[[str], bytes] = accepted, within: float = 20
) -> AsyncIterator[Transport]:
    """A transport to a server that answers a handshake like this, and then serves; for so many seconds."""
    told: list[BaseException] = []

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            writer.write(answer(head))
            await serve(Far(reader, writer))
            await writer.drain()
        except (AssertionError, ProtocolError) as error:
            told.append(error)
        finally:
            writer.close()

    listening = await asyncio.start_server(one, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    transport = Transport(ClusterTarget("site", "", server=f"http://127.0.0.1:{port}"), NoCredentials())
    try:
        async with asyncio.timeout(within):
            yield transport
    finally:
        transport.close()
        listening.close()
        await listening.wait_closed()
    for error in told:
        raise error


async def opened(transport: Transport) -> WebSocket:
    return await transport.open_websocket(
        "/exec", [("command", "a"), ("command", "b c")], PROTOCOLS, timeout=5
    )


async def quiet(_: Far) -> None:
    await asyncio.sleep(0)


async def test_messages_come_whole_however_they_are_cut() -> None:
    async def serve(far: Far) -> None:
        far.say(b"one")
        for piece, last in ((b"t", False), (b"w", False), (b"o", True)):
            far.say(piece, fin=last)
        for byte in far.frames.send_data(b"three", fin=True):
            far.put(bytes([byte]))
            await asyncio.sleep(0)
        far.put(far.frames.close(1000))

    async with server(serve) as transport:
        socket = await opened(transport)
        assert [await socket.receive() for _ in range(4)] == [b"one", b"two", b"three", None]


async def test_what_comes_with_the_handshake_is_not_lost() -> None:
    first = FrameProtocol(client=False, extensions=[]).send_data(b"early", fin=True)
    async with server(quiet, lambda head: accepted(head) + bytes(first)) as transport:
        socket = await opened(transport)
        assert await socket.receive() == b"early"


async def test_a_name_may_stand_in_the_query_several_times() -> None:
    asked: list[str] = []

    def answer(head: str) -> bytes:
        asked.append(head.split("\r\n")[0])
        return accepted(head)

    async with server(quiet, answer) as transport:
        await opened(transport)
    assert asked == ["GET /exec?command=a&command=b+c HTTP/1.1"]


async def test_a_ping_is_answered_and_silence_is_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "PING_EVERY", 0.01)

    async def serve(far: Far) -> None:
        far.put(far.frames.ping(b"x"))
        heard = {(await far.hear())[0], (await far.hear())[0]}
        assert heard == {Opcode.PONG, Opcode.PING}
        far.put(far.frames.close(1000))

    async with server(serve) as transport:
        socket = await opened(transport)
        assert await socket.receive() is None


async def test_a_silent_peer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "PING_EVERY", 0.01)
    monkeypatch.setattr(websocket, "LONGEST_SILENCE", 0.05)
    over = asyncio.Event()

    async def serve(_: Far) -> None:
        await over.wait()

    async with server(serve) as transport:
        socket = await opened(transport)
        with pytest.raises(LinkError, match="did not answer"):
            await socket.receive()
        over.set()


async def test_a_cut_is_a_lost_link_for_reader_and_writer() -> None:
    async def serve(far: Far) -> None:
        far.cut()

    async with server(serve) as transport:
        socket = await opened(transport)
        with pytest.raises(LinkError):
            await socket.receive()
        with pytest.raises(LinkError):
            await socket.send(b"more")


@pytest.mark.parametrize(("most", "held"), [(0, 2 * websocket.MOST_WAITING), (8192, websocket.MOST_WAITING)])
async def test_who_does_not_read_holds_the_peer_up(most: int, held: int) -> None:
    async def serve(far: Far) -> None:
        for _ in range(64):
            far.say(bytes(64 * 1024))
        far.put(far.frames.close(1000))

    async with server(serve) as transport:
        socket = await opened(transport)
        if most:
            socket.narrow(most)
        while socket._waiting < (most or websocket.MOST_WAITING):
            await asyncio.sleep(0)
        for _ in range(1000):
            await asyncio.sleep(0)
        assert socket.bytes_in < held
        sizes = []
        while (message := await socket.receive()) is not None:
            sizes.append(len(message))
        assert sizes == [64 * 1024] * 64


BROKEN: list[tuple[str, bytes]] = [
    ("a frame that is masked badly", b"\x82\xff" + bytes(8)),
    ("a reserved bit", b"\xc2\x01a"),
    ("an unknown opcode", b"\x83\x01a"),
    ("a continuation of nothing", b"\x80\x01a"),
    ("a control frame in pieces", b"\x09\x00"),
    ("a message without end", b"\x82\x7f" + (2**40).to_bytes(8, "big") + bytes(8 * 1024 * 1024)),
]


@pytest.mark.parametrize("data", [one[1] for one in BROKEN], ids=[one[0] for one in BROKEN])
async def test_a_peer_that_breaks_the_rules_is_left_with_a_sentence(data: bytes) -> None:
    done = asyncio.Event()

    async def serve(far: Far) -> None:
        far.put(data)
        await done.wait()

    async with server(serve) as transport:
        socket = await opened(transport)
        try:
            with pytest.raises(ProtocolError):
                await socket.receive()
        finally:
            done.set()


STATUS = {
    "kind": "Status",
    "status": "Failure",
    "message": 'pods "x" is forbidden: User "a" cannot get resource "pods/exec"',
    "reason": "Forbidden",
    "code": 403,
}


async def test_a_refused_handshake_is_the_answer_of_the_server() -> None:
    body = msgspec.json.encode(STATUS)

    def answer(_: str) -> bytes:
        return b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    async with server(quiet, answer) as transport:
        with pytest.raises(Forbidden, match="pods/exec"):
            await RemoteCommand.start(transport, Command("site", "x", "app", ("true",)))


@pytest.mark.parametrize(
    "answer",
    [
        lambda head: accepted(head, key="dGhlIHNhbXBsZSBub25jZQ=="),
        lambda head: accepted(head, protocol="v9.channel.k8s.io"),
        lambda _: b"SSH-2.0-OpenSSH_9.2\r\n",
    ],
    ids=["another key", "another protocol", "another server"],
)
async def test_what_is_no_websocket_is_said(answer: Callable[[str], bytes]) -> None:
    async with server(quiet, answer) as transport:
        with pytest.raises(ProtocolError):
            await opened(transport)


def failed(code: str) -> bytes:
    causes = [{"reason": "ExitCode", "message": code}]
    return msgspec.json.encode(
        {
            "status": "Failure",
            "reason": "NonZeroExitCode",
            "message": "it failed",
            "details": {"causes": causes},
        }
    )


ENDINGS: list[tuple[bytes, Ended]] = [
    (b'{"status":"Success"}', Ended(0)),
    *((failed(str(code)), Ended(code)) for code in (1, 2, 126, 127, 137, 255)),
    (failed("many"), Ended(1, "it failed")),
    (
        b'{"status":"Failure","message":"container not found (\\"app\\")"}',
        Ended(1, 'container not found ("app")'),
    ),
    (b'{"status":"Failure"}', Ended(1, "The command failed, and the server does not say why.")),
    (b"command terminated", Ended(1, "command terminated")),
    (b"", Ended(1, "The server did not say how it ended.")),
]


@pytest.mark.parametrize(("status", "ended"), ENDINGS)
def test_a_command_ends_as_its_status_says(status: bytes, ended: Ended) -> None:
    assert how_it_ended(status) == ended


async def test_a_command_has_input_outputs_a_size_and_an_end() -> None:
    async def serve(far: Far) -> None:
        heard = [await far.hear() for _ in range(3)]
        assert heard == [
            (Opcode.BINARY, b"\x00in"),
            (Opcode.BINARY, b'\x04{"Width":80,"Height":24}'),
            (Opcode.BINARY, b"\xff\x00"),
        ]
        for message in (b"\x01", b"\x01out", b"\xff\x01", b"\x03" + failed("3"), b"\x02late"):
            far.say(message)
        far.put(far.frames.close(1000))
        await far.hear()

    async with server(serve) as transport:
        remote = await RemoteCommand.start(transport, Command("site", "x", "app", ("cat",), stdin=True))
        await remote.send(b"in")
        await remote.resize(80, 24)
        await remote.end_input()
        out = [one async for one in remote.output()]
    assert out == [(Channel.STDOUT, b"out"), (Channel.STDERR, b"late")]
    assert remote.ended == Ended(3)


async def test_an_older_server_cannot_be_told_that_the_input_is_over() -> None:
    async def serve(far: Far) -> None:
        far.say(b"\x03" + b'{"status":"Success"}')
        far.put(far.frames.close(1000))
        assert (await far.hear())[0] is Opcode.CLOSE

    async with server(serve, lambda head: accepted(head, PROTOCOLS[1])) as transport:
        remote = await RemoteCommand.start(transport, Command("site", "x", "app", ("cat",), stdin=True))
        await remote.end_input()
        assert [one async for one in remote.output()] == []


async def test_an_end_without_a_word_is_no_success() -> None:
    async def serve(far: Far) -> None:
        far.put(far.frames.close(1000))

    async with server(serve) as transport:
        remote = await RemoteCommand.start(transport, Command("site", "x", "app", ("true",)))
        with pytest.raises(ProtocolError, match="without saying how"):
            _ = [one async for one in remote.output()]
    assert remote.ended is None
