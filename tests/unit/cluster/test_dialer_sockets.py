"""The sockets of a dial: each attempt is counted, one that fails is closed, and the address that worked is kept."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from edgetui.cluster.http import dialer as module
from edgetui.cluster.http.dialer import Dialer
from edgetui.cluster.http.endpoint import parse
from edgetui.cluster.http.resolver import Address
from edgetui.cluster.http.traffic import Counters


class Sock:
    """A socket that notes what is set on it; `refused` options raise."""

    def __init__(self, family: int, kind: int) -> None:
        assert kind == socket.SOCK_STREAM
        self.family, self.blocking, self.closed = family, True, False
        self.options: dict[tuple[int, int], int] = {}

    def setblocking(self, flag: bool) -> None:
        self.blocking = flag

    def setsockopt(self, level: int, name: int, value: int) -> None:
        self.options[level, name] = value
        if name == socket.TCP_USER_TIMEOUT:
            raise OSError

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("fails", [False, True])
async def test_an_attempt_is_counted_and_a_failed_one_is_closed(
    fails: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Sock] = []

    def create(family: int, kind: int) -> Sock:
        made.append(Sock(family, kind))
        return made[-1]

    async def connect(_loop: Any, sock: Sock, address: tuple[Any, ...]) -> None:
        assert address == ("10.0.0.7", 6443)
        assert not sock.blocking
        if fails:
            raise ConnectionRefusedError

    monkeypatch.setattr(socket, "socket", create)
    monkeypatch.setattr(module, "connect", connect)
    resolver: Any = object()
    counters, address = Counters(), Address(socket.AF_INET, ("10.0.0.7", 6443))
    dialer = Dialer(parse("https://h"), asyncio.get_running_loop(), counters, resolver)
    if fails:
        with pytest.raises(ConnectionRefusedError):
            await dialer._connect_to(address)
    else:
        found: Any = await dialer._connect_to(address)
        assert found is made[0]
        tcp = socket.IPPROTO_TCP
        assert made[0].options == {
            (tcp, socket.TCP_NODELAY): 1,
            (socket.SOL_SOCKET, socket.SO_KEEPALIVE): 1,
            (tcp, socket.TCP_KEEPIDLE): 10,
            (tcp, socket.TCP_KEEPINTVL): 5,
            (tcp, socket.TCP_KEEPCNT): 3,
            (tcp, socket.TCP_USER_TIMEOUT): 15_000,
        }
    assert counters.connections == 1
    assert made[0].family == socket.AF_INET
    assert made[0].closed is fails
    assert dialer._worked == (None if fails else address)
