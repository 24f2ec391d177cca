"""A pool of connections without a socket, on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from edgetui.cluster.errors import LinkError
from edgetui.cluster.http.connection import Connection
from edgetui.cluster.http.endpoint import parse
from edgetui.cluster.http.multiplexed import Multiplexed
from edgetui.cluster.http.pool import Connections
from edgetui.cluster.http.traffic import Counters
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time

TLS, PLAIN = "https://h:6443", "http://h:8080"


class Plain(Connection):
    """A connection of HTTP/1.1 as its callers see it; `ended` is whether the peer has closed it meanwhile."""

    def __init__(self, context: Any) -> None:
        self.context, self.idle_since = context, 0.0
        self.ended = self.is_closed = False

    @property
    def closed(self) -> bool:
        return self.is_closed

    @property
    def resumed(self) -> bool:
        return False

    @property
    def session(self) -> Any:
        return None

    def alive(self) -> bool:
        self.is_closed = self.is_closed or self.ended
        return not self.is_closed

    def close(self) -> None:
        self.is_closed = True


class Shared(Multiplexed):
    """A connection of HTTP/2 as its callers see it."""

    __slots__ = ("answering", "asked", "busy", "ended", "made_with", "room")

    def __init__(self, context: object, now: float) -> None:
        self.made_with = context
        self.heard, self.used, self.failure = now, True, None
        self.busy, self.room, self.answering, self.ended, self.asked = 0, True, True, False, 0

    @property
    def context(self) -> Any:
        return self.made_with

    @property
    def resumed(self) -> bool:
        return False

    @property
    def session(self) -> Any:
        return "ticket"

    @property
    def closed(self) -> bool:
        return self.ended

    @property
    def active(self) -> int:
        return self.busy

    @property
    def takes_more(self) -> bool:
        return self.room and not self.ended

    async def answers(self, within: float) -> bool:
        self.asked += 1
        if not self.answering:
            await asyncio.sleep(within)
        return self.answering

    def close(self) -> None:
        self.ended = True


class Credentials:
    """Credentials whose context is this one; `asked` counts its headers."""

    def __init__(self) -> None:
        self.context: Any = "one"
        self.asked = 0

    async def headers(self) -> list[tuple[str, str]]:
        self.asked += 1
        return []

    def ssl_context(self) -> Any:
        return self.context


class Pool:
    """Connections whose dials are these, each after so many seconds."""

    def __init__(self, loop: VirtualLoop, server: str = TLS, *, http2: bool = True) -> None:
        self.loop, self.credentials, self.http2, self.takes = loop, Credentials(), http2, 1.0
        self.fails: Exception | None = None
        self.dials: list[tuple[object, float, bool]] = []
        self.made: list[Any] = []
        self.pool = Connections(parse(server), self.credentials, loop, Counters())
        self.pool._dial = self._dial  # type: ignore[method-assign]

    async def _dial(self, context: object, timeout: float, *, http2: bool = True) -> Any:
        self.dials.append((context, timeout, http2))
        await asyncio.sleep(min(self.takes, timeout))
        if self.takes > timeout:
            raise LinkError("Too late.", "Wait.")
        if self.fails is not None:
            raise self.fails
        if self.http2 and http2 and context is not None:
            self.pool._retire()
            self.pool._shares, self.pool._shared = True, Shared(context, self.loop.time())
            self.made.append(self.pool._shared)
        else:
            self.made.append(Plain(context))
        self.pool.counters.handshake = self.takes
        return self.made[-1]

    def keep(self, *connections: Plain) -> None:
        for one in connections:
            self.pool.release(one)


def on_pool(
    server: str = TLS, *, http2: bool = True
) -> Callable[[Callable[[Pool], Any]], Callable[[], None]]:
    """A test on virtual time that gets a pool."""

    def decorated(test: Callable[[Pool], Any]) -> Callable[[], None]:
        def run() -> None:
            async def main(loop: VirtualLoop) -> None:
                await test(Pool(loop, server, http2=http2))

            on_virtual_time(main)

        return run

    return decorated
