"""Port-forward message for message: what goes out, what each frame does, and what is said when it goes wrong."""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import Sequence
from typing import Any, cast

import pytest

from edgetui.cluster.api import port_forward
from edgetui.cluster.api.port_forward import SPDY, V4, PortRefused, Single, Tunnel, open_port
from edgetui.cluster.api.remote_command import OPEN_TIMEOUT
from edgetui.cluster.api.spdy import FrameWriter
from edgetui.cluster.errors import Forbidden, LinkError, ProtocolError
from edgetui.cluster.http.websocket import Refused
from tests.unit.cluster.test_port_forward import Silent, Socket, data
from tests.unit.cluster.test_spdy import PING

GOAWAY = b"\x80\x03\x00\x07\x00\x00\x00\x08" + bytes(8)
CLOSED = "The server closed the connection to the pod."


def headers_of(frames: Sequence[bytes]) -> list[tuple[int, bool, dict[str, str]]]:
    """The streams that frames begin: number, whether nothing more goes out on it, headers."""
    reader, found = zlib.decompressobj(), []
    for frame in frames:
        kind, flags, number = struct.unpack(">IBxxxI", frame[:12])
        assert kind == 0x80030001
        text, words = reader.decompress(frame[18:]), list[str]()
        (count,), at = struct.unpack_from(">I", text), 4
        for _ in range(2 * count):
            (length,) = struct.unpack_from(">I", text, at)
            words.append(text[at + 4 : at + 4 + length].decode())
            at += 4 + length
        found.append((number, flags == 1, dict(zip(words[::2], words[1::2], strict=True))))
    return found


def begun(stream: int, port: str) -> list[tuple[int, bool, dict[str, str]]]:
    about = {"port": port, "requestid": str(stream)}
    return [
        (stream - 2, True, {**about, "streamtype": "error"}),
        (stream, False, {**about, "streamtype": "data"}),
    ]


async def tunnel(*messages: bytes, silent: bool = False) -> tuple[Tunnel, Socket]:
    socket = Silent(*messages) if silent else Socket(*messages)
    made = Tunnel(cast("Any", socket))
    await made.connect(80)
    return made, socket


async def test_each_connection_begins_two_streams_of_new_numbers() -> None:
    made, socket = await tunnel()
    await made.connect(8080)
    assert headers_of(socket.sent) == [*begun(3, "80"), *begun(7, "8080")]


async def test_what_goes_out_is_on_the_data_stream_and_its_end_is_told_once() -> None:
    made, socket = await tunnel()
    await made.send(b"belt")
    await made.end()
    await made.end()
    assert socket.sent[2:] == [data(3, b"belt"), data(3, last=True)]
    made.close()
    assert socket.over


ENDED = data(1, last=True) + data(3, last=True)


@pytest.mark.parametrize(
    ("frames", "received", "free"),
    [
        (ENDED, [b""], True),
        (data(3, b"one") + data(3, b"two", last=True) + data(1, last=True), [b"one", b"two", b""], True),
        (data(5, b"x") + data(2, b"x") + data(4, b"x", last=True) + ENDED, [b""], True),
        (data(7, b"of another", last=True) + ENDED, [b""], True),
        (data(3) + ENDED, [b""], True),
        (FrameWriter.reset(3), [b""], False),
        (FrameWriter.reset(1), [b""], False),
        (FrameWriter.reset(0) + ENDED, [b""], True),
        (FrameWriter.reset(2) + ENDED, [b""], True),
        (FrameWriter.reset(5) + ENDED, [b""], True),
        (GOAWAY + ENDED, [b""], False),
    ],
)
async def test_what_each_frame_does(frames: bytes, received: list[bytes], free: bool) -> None:
    made, socket = await tunnel(frames)
    assert [await made.receive() for _ in received] == received
    await made.finish()
    assert made.free == free
    socket.over = True
    assert not made.free


async def test_a_connection_is_over_only_once_both_sides_and_the_errors_have_ended() -> None:
    made, socket = await tunnel(data(1, last=True), data(3, last=True))
    await made._hear()
    assert not made.free
    await made._hear()
    assert not made.free, "the near side has not ended"
    await made.end()
    assert made.free
    await made.connect(80)
    assert not made.free
    socket.messages += [data(7, b"late"), data(5, b"why", last=True), data(7, last=True)]
    assert [await made.receive(), await made.receive()] == [b"late", b""]
    with pytest.raises(PortRefused, match=r"^Why$"):
        await made.finish()
    assert not made.free
    await made.connect(80)
    socket.messages += [data(9, last=True) + data(11, last=True)]
    assert await made.receive() == b""
    await made.finish()
    assert made.free, "what went wrong before is forgotten"


async def test_what_came_for_one_connection_is_not_of_the_next() -> None:
    made, _ = await tunnel(data(3, b"one") + data(3, b"two"))
    assert await made.receive() == b"one"
    await made.connect(80)
    with pytest.raises(LinkError, match=CLOSED):
        await made.receive()


async def test_a_ping_in_between_goes_back_and_nothing_else_is_answered() -> None:
    made, socket = await tunnel(PING + GOAWAY + FrameWriter.reset(9) + data(3, b"x"))
    assert await made.receive() == b"x"
    assert socket.sent[2:] == [PING]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            b"error forwarding port 80 to pod 3f8a, uid : connection refused",
            "Port 80 does not answer: connection refused",
        ),
        (b"error forwarding port 9 to pod a b, uid 7-8: exit 1: no", "Port 9 does not answer: exit 1: no"),
        (b"no such pod", "No such pod"),
        (b"", "The pod does not take the connection."),
        (b"a\x1b[31mb\xff", "A [31mb\ufffd"),
        (b"x" * 1024, f"X{'x' * 198}…"),
    ],
)
async def test_what_went_wrong_is_said_in_the_words_of_the_pod(text: bytes, sentence: str) -> None:
    single = Single(cast("Any", Socket(b"\x01\x50\x00", b"\x01" + text)))
    with pytest.raises(PortRefused) as refused:
        await single.receive()
    assert refused.value.sentence == sentence
    if not text:
        return
    made, _ = await tunnel(data(1, text[:20]) + data(1, text[20:]))
    with pytest.raises(PortRefused) as refused:
        await made.receive()
    assert refused.value.sentence == sentence


async def test_after_the_end_of_what_comes_errors_are_waited_for_briefly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert port_forward.LINGER == 2.0
    monkeypatch.setattr(port_forward, "LINGER", 0.01)
    made, socket = await tunnel(silent=True)
    await made.finish()
    assert socket.sent[2:] == [data(3, last=True)]
    assert not made.free


class Slow(Socket):
    """Has its message only when it is asked for the second time."""

    async def receive(self) -> bytes | None:
        await asyncio.sleep(0.01)
        return await super().receive()


async def test_v4_waits_for_a_pod_as_long_as_the_near_side_has_not_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(port_forward, "LINGER", 0.001)
    single = Single(cast("Any", Slow(b"\x00\x50\x00", b"\x00belt")))
    assert await single.receive() == b"belt"
    await single.end()
    single._socket.messages = [b"\x00late"]  # type: ignore[attr-defined]
    assert await single.receive() == b""


async def test_v4_sends_on_channel_0_and_is_never_used_again() -> None:
    socket = Socket(b"\x00\x50\x00", b"\x00", b"\x01\x50\x00", b"\x00a", b"\x00b")
    single = Single(cast("Any", socket))
    await single.send(b"belt")
    assert socket.sent == [b"\x00belt"]
    assert [await single.receive() for _ in range(3)] == [b"a", b"b", b""]
    await single.end()
    await single.finish()
    assert socket.sent == [b"\x00belt"] and not single.free
    with pytest.raises(ProtocolError, match=r"^A connection of this protocol cannot be used again\.$"):
        await single.connect(80)
    single.close()
    assert socket.over


@pytest.mark.parametrize("message", [b"\x02x", b"\xffx", b""])
async def test_v4_has_two_channels_and_no_more(message: bytes) -> None:
    with pytest.raises(ProtocolError, match=r"^The server sent something that belongs to no port\.$"):
        await Single(cast("Any", Socket(message))).receive()


class Opener:
    """Opens a socket of this subprotocol, and keeps what was asked."""

    def __init__(self, subprotocol: str, *messages: bytes) -> None:
        self.socket: Any = Socket(*messages)
        self.socket.subprotocol = subprotocol
        self.asked: list[Any] = []

    async def open_websocket(
        self, path: str, query: Sequence[tuple[str, str]], protocols: Sequence[str], *, timeout: float
    ) -> Any:
        self.asked.append((path, list(query), tuple(protocols), timeout))
        return self.socket


async def test_a_way_is_a_tunnel_or_for_older_servers_a_single_connection() -> None:
    opener = Opener(SPDY)
    way = await open_port(opener, "line-2", "press-x", 80)
    assert isinstance(way, Tunnel)
    assert headers_of(opener.socket.sent) == begun(3, "80")
    path = "/api/v1/namespaces/line-2/pods/press-x/portforward"
    assert opener.asked == [(path, [("ports", "80")], (SPDY, V4), OPEN_TIMEOUT)]
    opener = Opener(V4)
    assert isinstance(await open_port(opener, "line-2", "press-x", 80, (V4,)), Single)
    assert (opener.asked[0][2], opener.socket.sent) == ((V4,), [])


async def test_a_server_that_opens_none_is_said_as_any_refusal() -> None:
    class Refusing(Opener):
        async def open_websocket(self, *given: Any, **named: Any) -> Any:
            raise Refused(403, {}, b'{"kind":"Status","message":"no pods/portforward","reason":"Forbidden"}')

    with pytest.raises(Forbidden, match="no pods/portforward"):
        await open_port(Refusing(SPDY), "line-2", "press-x", 80)
