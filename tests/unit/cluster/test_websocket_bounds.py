"""A WebSocket without a socket: its handshake, what waits for its reader, when it asks, and every way it
ends.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from wsproto.frame_protocol import FrameProtocol

from edgetui.cluster.errors import EdgetuiError, LinkError, ProtocolError
from edgetui.cluster.http import websocket
from edgetui.cluster.http.request import Request
from edgetui.cluster.http.websocket import Refused, WebSocket, upgrade_headers
from tests.unit.cluster.test_exchange import Line
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455 section 1.3
HEAD = f"HTTP/1.1 101 X\r\nSec-WebSocket-Accept: {ACCEPT}\r\nSec-WebSocket-Protocol: v5\r\n\r\n".encode()
GET = Request("GET", "/exec", "h")
KIB = 1024


class Socket(Line):
    """A connection that notes what is done with it; `left` is what it has not sent yet."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.out = 0, list[bytes]()
        self.then: Callable[[], None] | None = None

    @property
    def unsent(self) -> int:
        return self.left

    def send(self, data: bytes) -> None:
        self.out.append(data)

    def when_sent(self, done: Callable[[], None]) -> None:
        self.then = done

    def hold(self) -> None:
        self.done.append("hold")

    def go_on(self) -> None:
        self.done.append("go on")

    def narrow(self, size: int) -> None:
        self.done.append(f"narrow {size}")


class Site:
    def __init__(self, loop: VirtualLoop) -> None:
        self.loop, self.line = loop, Socket()
        self.socket = WebSocket(self.line, loop, "h:1")
        self.peer = FrameProtocol(client=False, extensions=[])

    async def opened(self, answer: bytes = HEAD, *more: bytes) -> None:
        task = asyncio.create_task(self.socket.open(GET, KEY, ("v5", "v4"), 5.0))
        await asyncio.sleep(0)
        assert self.line.out == [GET.as_bytes()]
        self.line.out.clear()
        for piece in (answer, *more):
            self.give(piece)
        await task

    def give(self, data: bytes) -> None:
        assert self.line.told is not None
        self.line.told[0](data)

    def lose(self, failure: OSError | None) -> None:
        assert self.line.told is not None
        self.line.told[1](failure)

    def say(self, payload: bytes | str, fin: bool = True) -> None:
        self.give(bytes(self.peer.send_data(payload, fin=fin)))

    def heard(self) -> list[tuple[int, Any]]:
        """What the peer has been told."""
        for data in self.line.out:
            self.peer.receive_bytes(data)
        self.line.out.clear()
        found: list[tuple[int, Any]] = []
        for one in self.peer.received_frames():
            payload: Any = one.payload
            found.append((int(one.opcode), payload if isinstance(payload, str) else bytes(payload)))
        return found


def on_site(test: Callable[[Site], Any]) -> Callable[[], None]:
    def run() -> None:
        async def main(loop: VirtualLoop) -> None:
            await test(Site(loop))

        on_virtual_time(main)

    return run


def test_the_bounds_are_those_that_are_told() -> None:
    assert (websocket.PING_EVERY, websocket.LONGEST_SILENCE) == (5.0, 61.0)
    assert (websocket.MOST_MESSAGE, websocket.MOST_WAITING, websocket.MOST_REFUSAL) == (
        4096 * KIB,
        256 * KIB,
        64 * KIB,
    )
    key, headers = upgrade_headers(["v5", "v4"])
    assert headers == {
        "Accept": "*/*",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": key,
        "Sec-WebSocket-Protocol": "v5, v4",
    }
    digest = hashlib.sha1(KEY.encode() + websocket._GUID, usedforsecurity=False).digest()
    assert base64.b64encode(digest).decode() == ACCEPT


@pytest.mark.parametrize("cut", [1, 7, 1000])
def test_a_handshake_may_come_in_pieces_and_with_what_follows(cut: int) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)
        data = HEAD + bytes(site.peer.send_data(b"early", fin=True))
        await site.opened(*(data[at : at + cut] for at in range(0, len(data), cut)))
        assert site.socket.subprotocol == "v5"
        assert await site.socket.receive() == b"early"
        assert not site.socket.over

    on_virtual_time(main)


REFUSALS: list[tuple[bytes, type[Exception], str]] = [
    (HEAD.replace(b"s3p", b"s3q"), ProtocolError, "it accepts a WebSocket that was not asked for"),
    (HEAD.replace(b"-Accept", b"-Else"), ProtocolError, "it accepts a WebSocket that was not asked for"),
    (
        HEAD.replace(b" v5", b" v3"),
        ProtocolError,
        "The server chose a streaming protocol that was not offered.",
    ),
    (
        HEAD.replace(b"-Protocol", b"-Else"),
        ProtocolError,
        "The server chose a streaming protocol that was not offered.",
    ),
    (b"SSH-2.0", ProtocolError, "SSH server"),
]


@pytest.mark.parametrize(("answer", "kind", "said"), REFUSALS, ids=range(len(REFUSALS)))
def test_what_is_no_handshake_is_refused(answer: bytes, kind: type[Exception], said: str) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)
        with pytest.raises(kind, match=said):
            await site.opened(answer)
        assert site.line.is_closed and site.socket.over
        await asyncio.sleep(100)

    on_virtual_time(main)


@pytest.mark.parametrize(
    ("size", "sent", "whole"),
    [(3, 3, True), (0, 0, True), (100_000, 65_536, False), (100_000, 65_537, True), (100_000, 70_000, True)],
)
def test_another_answer_is_read_to_its_bound(size: int, sent: int, whole: bool) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)
        head = f"HTTP/1.1 403 X\r\nContent-Length: {size}\r\nA: b\r\n\r\n".encode()
        if not whole:
            with pytest.raises(LinkError, match="did not answer within 5 s"):
                await site.opened(head, b"x" * sent)
            return
        with pytest.raises(Refused) as caught:
            await site.opened(head, b"x" * sent)
        assert (caught.value.status, caught.value.body) == (403, b"x" * sent)
        assert caught.value.headers == {"content-length": str(size), "a": "b"}
        assert caught.value.args == (403,)
        assert site.line.is_closed

    on_virtual_time(main)


@pytest.mark.parametrize(
    ("answer", "failure", "said"),
    [
        (b"", None, "h:1 closed the connection without an answer."),
        (HEAD[:20], None, "h:1 closed the connection without an answer."),
        (
            b"HTTP/1.1 403 X\r\nContent-Length: 9\r\n\r\n",
            None,
            "h:1 closed the connection in the middle of its answer.",
        ),
        (b"", ConnectionResetError(), "h:1 broke the connection off."),
    ],
    ids=range(4),
)
def test_a_connection_that_is_lost_in_the_handshake_is_told(
    answer: bytes, failure: OSError | None, said: str
) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)
        task = asyncio.create_task(
            site.opened(answer) if answer else site.socket.open(GET, KEY, ("v5",), 5.0)
        )
        await asyncio.sleep(0.1)
        site.lose(failure)
        with pytest.raises(LinkError) as caught:
            await task
        assert caught.value.sentence == said
        with pytest.raises(LinkError):
            await site.socket.receive()

    on_virtual_time(main)


@on_site
async def test_a_handshake_that_is_given_up_is_closed(site: Site) -> None:
    task = asyncio.create_task(site.socket.open(GET, KEY, ("v5",), 5.0))
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert site.line.done == ["attach", "close"]
    assert len(site.line.out) == 1, "there is nobody to say goodbye to"


@on_site
async def test_messages_are_whole_and_counted(site: Site) -> None:
    await site.opened()
    site.say(b"a", fin=False)
    site.say(b"b", fin=False)
    site.say(b"c")
    site.say("ü")
    site.say(b"")
    assert [await site.socket.receive() for _ in range(3)] == [b"abc", "ü".encode(), b""]
    await site.socket.send(b"xy")
    await site.socket.send(b"")
    assert site.heard() == [(2, b"xy"), (2, b"")]
    assert (site.socket.bytes_in, site.socket.bytes_out) == (5, 2)
    site.give(bytes(site.peer.ping(b"?")))
    assert site.heard() == [(10, b"?")]


@pytest.mark.parametrize(
    ("narrow", "most"), [(None, 256 * KIB), (10, 10), (500 * KIB, 256 * KIB), (70 * KIB, 70 * KIB)]
)
def test_what_nobody_reads_holds_the_peer_up(narrow: int | None, most: int) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)
        await site.opened()
        site.line.done.clear()
        if narrow is not None:
            site.socket.narrow(narrow)
            assert site.line.done == [f"narrow {max(min(narrow, 256 * KIB), 64 * KIB)}"]
            site.line.done.clear()
        site.say(b"x" * (most - 1))
        assert site.line.done == []
        site.say(b"y")
        site.say(b"z")
        assert site.line.done == ["hold", "hold"]
        assert len(await site.socket.receive() or b"") == most - 1
        assert site.line.done == ["hold", "hold", "go on"]
        for left in (b"y", b"z"):
            assert await site.socket.receive() == left
        assert site.line.done == ["hold", "hold", "go on"]

    on_virtual_time(main)


@pytest.mark.parametrize(("unsent", "waits"), [(256 * KIB - 1, False), (256 * KIB, True)])
def test_who_sends_waits_while_too_much_is_on_its_way(unsent: int, waits: bool) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)
        await site.opened()
        site.line.left = unsent
        sending = asyncio.create_task(site.socket.send(b"a"))
        await asyncio.sleep(1)
        assert sending.done() is not waits
        if waits:
            assert site.line.then is not None
            site.line.then()
            await asyncio.sleep(1)
            assert not sending.done(), "it looks again"
            site.line.left = 0
            site.line.then()
            await sending
        assert site.heard() == [(2, b"a")]
        site.line.left = 256 * KIB
        late = asyncio.create_task(site.socket.send(b"b"))
        await asyncio.sleep(1)
        site.lose(None)
        with pytest.raises(LinkError, match="in the middle of its answer"):
            await late

    on_virtual_time(main)


@on_site
async def test_a_silent_peer_is_asked_every_five_seconds_and_given_up_after_61(site: Site) -> None:
    await site.opened()
    began, asked = site.loop.time(), list[float]()
    while not site.socket.over:
        await asyncio.sleep(0.5)
        if site.heard():
            asked.append(site.loop.time() - began)
    assert [round(at) for at in asked] == [5 * n for n in range(1, 13)]
    assert 65 <= site.loop.time() - began <= 65.5
    with pytest.raises(LinkError, match="did not answer within 65 s"):
        await site.socket.receive()
    with pytest.raises(LinkError, match="did not answer within 65 s"):
        await site.socket.send(b"x")


@on_site
async def test_a_peer_that_speaks_is_not_asked_until_it_was_silent_for_five_seconds(site: Site) -> None:
    await site.opened()
    await asyncio.sleep(4)
    site.say(b"x")
    await asyncio.sleep(1.5)
    assert site.heard() == []
    await asyncio.sleep(5)
    assert site.heard() == [(9, b"")]
    site.socket.narrow(1)
    await asyncio.sleep(200)
    assert not site.socket.over, "it is we who do not listen"
    assert site.heard() == []


@pytest.mark.parametrize("whose", ["ours", "theirs", "theirs, closed"])
def test_an_orderly_end_is_said_once(whose: str) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)
        await site.opened()
        site.say(b"left")
        if whose == "ours":
            site.socket.close()
            site.socket.close()
        else:
            site.line.is_closed = "closed" in whose
            site.give(bytes(site.peer.close(1000)) + b"\x00")
        assert site.socket.over
        assert len(site.line.out) == 1
        assert await site.socket.receive() == b"left"
        assert await site.socket.receive() is None
        with pytest.raises(LinkError, match="in the middle of its answer"):
            await site.socket.send(b"x")
        site.lose(ConnectionResetError())
        assert await site.socket.receive() is None
        await asyncio.sleep(100)
        assert len(site.line.out) == 1

    on_virtual_time(main)


def too_long(site: Site) -> None:
    site.say(bytes(4096 * KIB), fin=False)
    site.say(b"x", fin=False)


BREAKS: list[tuple[Callable[[Site], None], type[EdgetuiError], str]] = [
    (too_long, ProtocolError, "The server sent a message that is too long to be held in memory."),
    (
        lambda site: site.give(b"\xff\x00"),
        ProtocolError,
        "The server broke the rules of the WebSocket it had opened.",
    ),
    (lambda site: site.lose(None), LinkError, "h:1 closed the connection in the middle of its answer."),
    (lambda site: site.lose(ConnectionResetError()), LinkError, "h:1 broke the connection off."),
]


@pytest.mark.parametrize(("breaks", "kind", "said"), BREAKS, ids=range(len(BREAKS)))
def test_what_ends_it_in_the_middle_is_told_after_what_came_before(
    breaks: Callable[[Site], None], kind: type[EdgetuiError], said: str
) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)
        await site.opened()
        site.say(b"before")
        waiting = asyncio.create_task(site.socket.receive())
        await asyncio.sleep(0)
        breaks(site)
        assert await waiting == b"before"
        for call in (site.socket.receive(), site.socket.send(b"x")):
            with pytest.raises(EdgetuiError) as caught:
                await call
            assert (type(caught.value), caught.value.sentence) == (kind, said)
        assert site.line.is_closed and site.socket.over
        assert site.line.out == []

    on_virtual_time(main)
