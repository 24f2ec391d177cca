"""Host names to addresses without ever holding up the loop, another cluster, or the end of the program.

The system's resolver blocks, for half a minute when its server is silent. In asyncio's small thread pool a few
dead names would keep everybody else waiting, and leaving the program would wait for them. So each name that is
being looked up has a daemon thread of its own, shared by all who ask for it meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from typing import Any

import msgspec


class Address(msgspec.Struct, frozen=True):
    """One way to reach a host."""

    family: int
    address: tuple[Any, ...]


class Resolver:
    """Looks names up, one thread for each name at a time.

    When a name that was known cannot be looked up any more, its last addresses are given: on a broken uplink the
    site itself is often still reachable.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._known: dict[tuple[str, int], list[Address]] = {}
        self._asking: dict[tuple[str, int], asyncio.Future[list[Address] | socket.gaierror]] = {}

    async def resolve(self, host: str, port: int) -> list[Address]:
        """The addresses in the order in which the system prefers them. Raises socket.gaierror."""
        with contextlib.suppress(socket.gaierror):
            return _addresses(host, port, socket.AI_NUMERICHOST)
        key = (host, port)
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = self._loop.create_future()
            threading.Thread(target=self._look_up, args=key, daemon=True, name="name lookup").start()
        found = await asyncio.shield(asking)
        if isinstance(found, list):
            return found
        raise socket.gaierror(found.errno, found.strerror)

    def _look_up(self, host: str, port: int) -> None:
        found: list[Address] | socket.gaierror
        try:
            found = _addresses(host, port)
        except socket.gaierror as error:
            found = error
        with contextlib.suppress(RuntimeError):  # the loop may be closed by now
            self._loop.call_soon_threadsafe(self._found, (host, port), found)

    def _found(self, key: tuple[str, int], found: list[Address] | socket.gaierror) -> None:
        if isinstance(found, list):
            self._known[key] = found
        asking = self._asking.pop(key)
        if not asking.done():
            asking.set_result(self._known.get(key, found))


def _addresses(host: str, port: int, flags: int = 0) -> list[Address]:
    name = host.encode() if host.isascii() else host  # as text it would load the tables of IDNA for nothing
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=flags)
    except UnicodeError:
        raise socket.gaierror(socket.EAI_NONAME, "not a host name") from None
    return [Address(family, address) for family, _, _, _, address in found]
