"""A WebSocket to the second and to the byte, on virtual time: when it asks, when it gives up, and what it takes."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from typing import Any

import pytest
from wsproto.frame_protocol import Opcode

from edgetui.cluster.errors import LinkError, ProtocolError
from edgetui.cluster.http import websocket
from edgetui.cluster.http.websocket import MOST_MESSAGE, MOST_REFUSAL, MOST_WAITING, Refused, upgrade_headers
from tests.unit.cluster.test_websocket import Far, accepted, opened, quiet, server
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time, until


class Peer:
    """Serves a WebSocket and keeps when which frames of the client came, in seconds since the handshake."""

    def __init__(self, *says: tuple[float, bytes]) -> None:
        self.heard: list[tuple[float, Opcode]] = []
        self.codes: list[bytes] = []
        self.far: Far | None = None
        self._says = says

    async def __call__(self, far: Far) -> None:
        self.far, began = far, asyncio.get_running_loop().time()
        saying = asyncio.create_task(self._say(far))
        try:
            while True:
                opcode, payload = await far.hear()
                if opcode is Opcode.CLOSE:
                    self.codes.append(payload)
                self.heard.append((asyncio.get_running_loop().time() - began, opcode))
        except AssertionError as left:
            assert "the client left" in str(left)
        finally:
            saying.cancel()

    async def _say(self, far: Far) -> None:
        for seconds, payload in self._says:
            await asyncio.sleep(seconds)
            far.say(payload)


def test_a_silent_peer_is_asked_every_five_seconds_and_given_up_after_a_minute() -> None:
    peer = Peer()

    async def main(loop: VirtualLoop) -> None:
        async with server(peer, within=1000) as transport:
            socket = await opened(transport)
            began = loop.time()
            with pytest.raises(LinkError, match=r"did not answer within 65 s"):
                await socket.receive()
            assert loop.time() - began == 65
            assert socket.over
            with pytest.raises(LinkError, match=r"did not answer within 65 s"):
                await socket.send(b"more")

    on_virtual_time(main)
    assert peer.heard == [(5.0 * n, Opcode.PING) for n in range(1, 13)]


def test_a_peer_that_speaks_is_not_asked_and_the_minute_begins_anew() -> None:
    peer = Peer(*((3.0, b"x") for _ in range(10)))

    async def main(loop: VirtualLoop) -> None:
        async with server(peer, within=1000) as transport:
            socket = await opened(transport)
            began = loop.time()
            for _ in range(10):
                assert await socket.receive() == b"x"
            assert loop.time() - began == 30
            assert peer.heard == []
            with pytest.raises(LinkError, match="did not answer"):
                await socket.receive()
            assert loop.time() - began == 95  # the first round of five at which 61 have passed

    on_virtual_time(main)


def test_the_silence_of_a_peer_that_is_held_up_is_ours() -> None:
    peer = Peer((0.0, b"two"))

    async def main(loop: VirtualLoop) -> None:
        async with server(peer, within=1000) as transport:
            socket = await opened(transport)
            socket.narrow(3)
            await asyncio.sleep(300)
            assert not socket.over
            assert peer.heard == []
            assert await socket.receive() == b"two"
            with pytest.raises(LinkError, match="did not answer"):
                await socket.receive()
            assert loop.time() == 1000 + 300 + 65

    on_virtual_time(main)


def test_a_handshake_that_is_not_answered_ends_in_time() -> None:
    async def main(loop: VirtualLoop) -> None:
        over = asyncio.Event()

        async def silent(_: Far) -> None:
            await over.wait()

        async with server(silent, lambda head: b"") as transport:
            began = loop.time()
            with pytest.raises(LinkError, match=r"did not answer within 5 s"):
                await opened(transport)
            assert loop.time() - began == 5
            over.set()

    on_virtual_time(main)


def test_of_a_refusal_no_more_is_read_than_makes_sense() -> None:
    async def main(loop: VirtualLoop) -> None:
        async def one_more(far: Far) -> None:
            await asyncio.sleep(1)
            far.put(b"y")
            await asyncio.sleep(1)

        head = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 1000000\r\n\r\n"
        async with server(one_more, lambda _: head + b"x" * MOST_REFUSAL) as transport:
            began = loop.time()
            with pytest.raises(Refused) as caught:
                await opened(transport)
            assert loop.time() - began == 1
        assert (caught.value.status, len(caught.value.body)) == (500, MOST_REFUSAL + 1)

    on_virtual_time(main)


@pytest.mark.parametrize("more", [0, 1])
async def test_a_message_may_be_as_long_as_that_and_no_longer(more: int) -> None:
    over = asyncio.Event()

    async def serve(far: Far) -> None:
        far.say(bytes(MOST_MESSAGE), fin=False)
        far.say(b"x" * more, fin=True)
        await over.wait()

    async with server(serve) as transport:
        socket = await opened(transport)
        try:
            if more:
                with pytest.raises(ProtocolError, match="too long to be held in memory"):
                    await socket.receive()
            else:
                assert await socket.receive() == bytes(MOST_MESSAGE)
            assert socket.bytes_in == (0 if more else MOST_MESSAGE)
        finally:
            over.set()


@pytest.mark.parametrize(
    ("head", "words"), [(True, "in the middle of its answer"), (False, "without an answer")]
)
async def test_a_cut_says_whether_the_server_had_begun(head: bool, words: str) -> None:
    async def serve(far: Far) -> None:
        far.cut()

    async with server(serve, accepted if head else lambda _: b"") as transport:
        with pytest.raises(LinkError, match=words):
            await (await opened(transport)).receive()


@pytest.mark.parametrize("whose", ["ours", "theirs"])
async def test_after_an_orderly_end_nothing_is_sent_and_nothing_comes(whose: str) -> None:
    peer = Peer()
    async with server(peer) as transport:
        socket = await opened(transport)
        assert not socket.over
        await until(lambda: peer.far, 5)
        assert peer.far is not None
        if whose == "ours":
            socket.close()
            socket.close()
        else:
            peer.far.put(peer.far.frames.close(1000))
        assert await socket.receive() is None
        assert await socket.receive() is None
        assert socket.over
        with pytest.raises(LinkError, match="in the middle of its answer"):
            await socket.send(b"more")
        assert socket.bytes_out == 0
        await until(lambda: [opcode for _, opcode in peer.heard] == [Opcode.CLOSE], 5)
        assert peer.codes == [b"1000"]


async def test_nothing_is_sent_before_the_handshake() -> None:
    async with server(quiet) as transport:
        connection = await transport._connections.open_for_upgrade(5)
        socket = websocket.WebSocket(connection, asyncio.get_running_loop(), "site:1")
        with pytest.raises(LinkError, match=r"site:1 closed the connection in the middle"):
            await socket.send(b"early")
        socket.close()


async def test_who_sends_more_than_the_peer_reads_waits_until_it_reads_or_the_link_is_lost() -> None:
    lost = asyncio.Event()

    async def deaf(far: Far) -> None:
        await lost.wait()
        far.cut()

    async def send_on(socket: Any) -> None:
        while True:
            await socket.send(bytes(MOST_WAITING // 4))

    async with server(deaf) as transport:
        socket = await opened(transport)
        sending = asyncio.create_task(send_on(socket))
        await until(lambda: socket._connection.unsent >= MOST_WAITING, 5)
        sent = socket.bytes_out
        await asyncio.sleep(0)
        assert socket.bytes_out == sent
        assert socket._connection.unsent < MOST_WAITING + MOST_WAITING // 4 + 100
        lost.set()
        with pytest.raises(LinkError):
            await sending


@pytest.mark.parametrize(
    ("put", "received"),
    [
        (lambda far: far.frames.send_data("ü", fin=True), "ü".encode()),
        (lambda far: far.frames.send_data(b"", fin=True), b""),
        (lambda far: far.frames.ping(b"?") + far.frames.send_data(b"x", fin=True), b"x"),
        (lambda far: far.frames.pong(b"?") + far.frames.send_data(b"x", fin=True), b"x"),
    ],
    ids=["text", "empty", "after a ping", "after a pong"],
)
async def test_every_kind_of_frame_is_taken(put: Callable[[Far], bytes], received: bytes) -> None:
    peer = Peer()
    async with server(peer) as transport:
        socket = await opened(transport)
        await until(lambda: peer.far, 5)
        assert peer.far is not None
        peer.far.put(put(peer.far))
        assert await socket.receive() == received
        assert socket.bytes_in == len(received)


def test_a_key_is_16_bytes_and_new_each_time() -> None:
    (key, headers), (other, _) = upgrade_headers(["a", "b"]), upgrade_headers(["a"])
    assert len(base64.b64decode(key)) == 16  # RFC 6455 section 4.1
    assert key != other
    assert (headers["Sec-WebSocket-Key"], headers["Sec-WebSocket-Protocol"]) == (key, "a, b")
