"""Requests that become another thing: a WebSocket of its own, one line of the log, and the clock of an answer."""

from __future__ import annotations

import asyncio
import logging
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.cluster.http import websocket
from edgetui.cluster.http.client import Delivery, _Answer
from edgetui.cluster.http.request import Request
from edgetui.cluster.http.traffic import Counters
from tests.unit.cluster.test_client import AGENT, GZIP, TOKEN, Site, ok
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time


def test_what_is_asked_is_logged_without_headers_and_only_where_somebody_looks(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)
        for level in (logging.INFO, logging.DEBUG):
            caplog.set_level(level, "edgetui.http")
            site.answers = [ok]
            await site.transport.request("GET", "/x", {"a": "b"}, timeout=9)
            site.transport.open_stream("/y", None, None)  # type: ignore[arg-type]

    on_virtual_time(main)
    assert [one.getMessage() for one in caplog.records] == [
        "GET h:6443/x?a=b 200 in 2000 milliseconds",
        "GET h:6443/y as a stream",
    ]


@pytest.mark.parametrize(("length", "cut"), [(1993, False), (1994, True)])
def test_a_long_path_is_cut_in_the_log(length: int, cut: bool, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "edgetui.http")

    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)
        site.answers = [ok]
        await site.transport.request("GET", "/" + "x" * length, timeout=9)
        site.transport.open_stream("/" + "x" * (length + 6), None, None)  # type: ignore[arg-type]

    on_virtual_time(main)
    assert ["…" in one.getMessage() for one in caplog.records] == [cut, cut]


def test_a_websocket_has_a_connection_of_its_own_and_the_time_that_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[Any] = []
    made: list[Any] = []

    class Socket:
        def __init__(self, connection: Any, loop: Any, where: str) -> None:
            made.append((connection, where))
            self.closed = 0

        async def open(self, request: Request, key: str, protocols: Any, timeout: float) -> None:
            opened.append((request, key, protocols, timeout))

        def close(self) -> None:
            self.closed += 1

    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)

        async def upgrade(timeout: float) -> str:
            await asyncio.sleep(2 if timeout > 1 else 3)
            return f"within {timeout:g}"

        connections: Any = site.transport._connections
        connections.open_for_upgrade = upgrade
        connections.upgrade_ahead = lambda timeout: f"ahead {timeout:g}"
        monkeypatch.setattr(websocket, "WebSocket", Socket)
        monkeypatch.setattr(websocket, "upgrade_headers", lambda protocols: ("key", {"Accept": "*/*"}))
        for timeout, left in ((9.0, 7.0), (1.0, 0.0)):
            found: Any = await site.transport.open_websocket(
                "/x", [("a", "1"), ("a", "2")], ["v5"], timeout=timeout
            )
            fields = (AGENT, GZIP, TOKEN, ("Accept", "*/*"))
            assert opened.pop() == (Request("GET", "/x?a=1&a=2", "h:6443", fields), "key", ["v5"], left)
            assert made.pop() == (f"within {timeout:g}", "h:6443")
        assert site.transport.counters.requests == 2
        assert str(site.transport.websocket_ahead(4.0)) == "ahead 4"
        site.transport.close()
        assert found.closed == 1

    on_virtual_time(main)


@pytest.mark.parametrize(("expired", "moved"), [(None, False), (True, False), (False, True)])
async def test_a_sign_of_life_moves_a_clock_that_runs(expired: bool | None, moved: bool) -> None:
    loop, delivery = asyncio.get_running_loop(), Delivery()
    answer = _Answer(loop, 5.0, "h:1", Counters(), delivery)
    until: list[float] = []
    clock: Any = SimpleNamespace(expired=lambda: expired, reschedule=until.append)
    answer.clock = None if expired is None else clock
    answer.on_data(b"x")
    assert (len(until) == 1) is moved
    assert delivery.heard > 0
