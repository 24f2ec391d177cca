"""A slow link that counts round trips: how many times something had to go there and back before something else could.

Each piece bears how many round trips lie behind it (as Lamport clocks count), so two that go on side by side count once
and a slow machine counts none.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Self

from .proxy import Connection, FaultProxy


class CountingProxy(FaultProxy):
    """`round_trips` is how many the client has behind it since `begin`. A new connection takes one, as that of TCP.

    What comes on a connection without having been asked for since, as the events of a watch, counts as nothing.
    """

    round_trips = 0

    def begin(self) -> None:
        """Count from now on; nothing should be under way."""
        self._heard: dict[int, int] = {}
        self._opened: dict[int, int] = {}
        self.round_trips = 0

    async def _serve(self, connection: Connection, client: socket.socket) -> None:
        self._opened[id(connection)] = self.round_trips + 1
        await asyncio.sleep(2 * self.delay)
        await super()._serve(connection, client)

    def _sent(self, connection: Connection, way: str) -> int:
        if way == "up":
            return max(self.round_trips, self._opened.get(id(connection), 0))
        heard = self._heard.get(id(connection))
        return 0 if heard is None else heard + 1

    def _arrives(self, connection: Connection, way: str, mark: int) -> None:
        if way == "up":
            self._heard[id(connection)] = max(mark, self._heard.get(id(connection), 0))
        else:
            self.round_trips = max(self.round_trips, mark)

    def start(self) -> Self:
        """Listen, and count."""
        self.begin()
        super().start()
        return self
