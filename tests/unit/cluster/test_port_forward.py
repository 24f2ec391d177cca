"""Connections to ports of pods over both protocols, on a socket that says what a kubelet says."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from edgetui.cluster.api import port_forward
from edgetui.cluster.api.port_forward import PortRefused, Single, Tunnel
from edgetui.cluster.api.spdy import FrameWriter
from edgetui.cluster.errors import LinkError, ProtocolError
from tests.unit.cluster.test_spdy import PING


class Socket:
    """Has these messages to give, and keeps what it is sent; then it is closed as it should be."""

    over = False
    subprotocol = ""

    def __init__(self, *messages: bytes) -> None:
        self.messages, self.sent = list(messages), list[bytes]()

    async def receive(self) -> bytes | None:
        return self.messages.pop(0) if self.messages else None

    async def send(self, message: bytes) -> None:
        self.sent.append(message)

    def close(self) -> None:
        self.over = True


class Silent(Socket):
    """Says nothing, and does not end."""

    async def receive(self) -> bytes | None:
        await asyncio.Event().wait()
        return None


def data(stream: int, text: bytes = b"", *, last: bool = False) -> bytes:
    return FrameWriter.data(stream, text, last=last)


async def test_a_tunnel_carries_one_connection_after_the_other() -> None:
    socket = Socket(data(3, b"one"), data(3, last=True), data(1, last=True))
    tunnel = Tunnel(cast("Any", socket))
    await tunnel.connect(80)
    assert not tunnel.free
    assert [await tunnel.receive(), await tunnel.receive()] == [b"one", b""]
    await tunnel.finish()
    assert tunnel.free
    assert socket.sent[-1] == data(3, last=True)
    await tunnel.connect(80)
    assert not tunnel.free
    socket.messages += [data(7, b"two") + data(5, last=True) + data(7, last=True)]
    assert [await tunnel.receive(), await tunnel.receive()] == [b"two", b""]


async def test_what_went_wrong_is_told_though_the_data_ended_first() -> None:
    socket = Socket(
        data(3, last=True), data(1, b"error forwarding port 80 to pod 3f8a, uid : connection refused")
    )
    socket.messages.append(FrameWriter.reset(1))
    tunnel = Tunnel(cast("Any", socket))
    await tunnel.connect(80)
    assert await tunnel.receive() == b""
    with pytest.raises(PortRefused, match=r"^Port 80 does not answer: connection refused$"):
        await tunnel.finish()
    assert not tunnel.free


async def test_a_reset_or_a_server_that_goes_leaves_no_way_for_another_connection() -> None:
    for frame in (FrameWriter.reset(3), b"\x80\x03\x00\x07\x00\x00\x00\x08" + bytes(8)):
        tunnel = Tunnel(cast("Any", Socket(frame + data(1, last=True) + data(3, last=True))))
        await tunnel.connect(80)
        assert await tunnel.receive() == b""
        await tunnel.finish()
        assert not tunnel.free


async def test_pings_go_back_as_they_are() -> None:
    socket = Socket(PING + data(3, b"x"))
    tunnel = Tunnel(cast("Any", socket))
    await tunnel.connect(80)
    assert await tunnel.receive() == b"x"
    assert socket.sent[-1] == PING


async def test_a_server_that_closes_in_the_middle_is_a_lost_link() -> None:
    tunnel = Tunnel(cast("Any", Socket()))
    await tunnel.connect(80)
    with pytest.raises(LinkError):
        await tunnel.receive()


async def test_v4_leaves_the_port_out_and_tells_errors_from_data() -> None:
    single = Single(cast("Any", Socket(b"\x00\x50\x00", b"\x01\x50\x00", b"\x00belt", b"\x01no such port")))
    assert await single.receive() == b"belt"
    with pytest.raises(PortRefused, match="No such port"):
        await single.receive()
    assert not single.free


async def test_v4_ends_with_the_socket_and_takes_no_other_channel() -> None:
    assert await Single(cast("Any", Socket(b"\x00\x50\x00"))).receive() == b""
    with pytest.raises(ProtocolError):
        await Single(cast("Any", Socket(b"\x07x"))).receive()


async def test_v4_ends_by_itself_some_time_after_the_near_side_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_forward, "LINGER", 0.01)
    single = Single(cast("Any", Silent()))
    await single.end()
    assert await single.receive() == b""
