"""Host names to addresses: numbers at once, one thread for a name, and the last addresses where there is
no answer.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import pytest

from edgetui.cluster.http.resolver import Address, Resolver

V4, V6 = socket.AF_INET, socket.AF_INET6


class Names:
    """What the system knows; `go` lets those through who ask for a name."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.known: dict[str, list[str]] = {"plant": ["10.0.0.7", "fd00::7"]}
        self.asked: list[Any] = []
        self.threads: list[threading.Thread] = []
        self.go = threading.Event()
        self.go.set()
        monkeypatch.setattr(socket, "getaddrinfo", self._look)

    def _look(self, host: bytes | str, port: int, *, type: int, flags: int) -> list[Any]:
        assert type == socket.SOCK_STREAM
        if flags & socket.AI_NUMERICHOST:
            if host == b"10.0.0.1":
                return [(V4, type, 6, "", ("10.0.0.1", port))]
            raise socket.gaierror(socket.EAI_NONAME, "no number")
        assert flags == 0
        self.asked.append(host)
        self.threads.append(threading.current_thread())
        self.go.wait(10)
        if isinstance(host, str):
            raise UnicodeError("label too long")
        if host.decode() not in self.known:
            raise socket.gaierror(socket.EAI_AGAIN, "try again")
        found = self.known[host.decode()]
        return [(V6 if ":" in one else V4, type, 6, "", (one, port)) for one in found]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    return Names(monkeypatch)


async def test_a_number_needs_no_look_up(names: Names) -> None:
    resolver = Resolver(asyncio.get_running_loop())
    assert await resolver.resolve("10.0.0.1", 6443) == [Address(V4, ("10.0.0.1", 6443))]
    assert names.asked == []


async def test_a_name_is_looked_up_once_for_all_who_ask_meanwhile_and_then_again(names: Names) -> None:
    resolver = Resolver(asyncio.get_running_loop())
    names.go.clear()
    asking = [asyncio.create_task(resolver.resolve("plant", 6443)) for _ in range(3)]
    asking.append(asyncio.create_task(resolver.resolve("plant", 443)))
    await asyncio.sleep(0)
    asking[0].cancel()
    names.go.set()
    both = [Address(V4, ("10.0.0.7", 6443)), Address(V6, ("fd00::7", 6443))]
    assert [await one for one in asking[1:3]] == [both, both]
    assert (await asking[3])[0].address == ("10.0.0.7", 443)
    assert names.asked == [b"plant", b"plant"]
    assert all(one.daemon and one.name == "name lookup" for one in names.threads)
    await resolver.resolve("plant", 6443)
    assert len(names.asked) == 3


async def test_where_nobody_answers_the_last_addresses_are_given(names: Names) -> None:
    resolver = Resolver(asyncio.get_running_loop())
    first = await resolver.resolve("plant", 6443)
    names.known["plant"] = ["10.0.0.8"]
    second = await resolver.resolve("plant", 6443)
    assert second == [Address(V4, ("10.0.0.8", 6443))] != first
    names.known.clear()
    assert await resolver.resolve("plant", 6443) == second
    with pytest.raises(socket.gaierror) as caught:
        await resolver.resolve("plant", 443)
    assert (caught.value.errno, caught.value.strerror) == (socket.EAI_AGAIN, "try again")


async def test_what_cannot_be_a_name_is_unknown(names: Names) -> None:
    with pytest.raises(socket.gaierror) as caught:
        await Resolver(asyncio.get_running_loop()).resolve("plänt", 6443)
    assert (caught.value.errno, caught.value.strerror) == (socket.EAI_NONAME, "not a host name")


async def test_an_answer_that_comes_after_everybody_left_is_kept(names: Names) -> None:
    resolver = Resolver(asyncio.get_running_loop())
    names.go.clear()
    asking = asyncio.create_task(resolver.resolve("plant", 1))
    await asyncio.sleep(0)
    waiting = resolver._asking["plant", 1]
    asking.cancel()
    waiting.cancel()
    names.go.set()
    while "plant" not in [host for host, _ in resolver._known]:
        await asyncio.sleep(0.001)
    names.known.clear()
    assert (await resolver.resolve("plant", 1))[0].address == ("10.0.0.7", 1)
