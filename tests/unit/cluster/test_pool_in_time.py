"""Requests and the connections they go out on, to the second: what is used again, given up, closed and told."""

from __future__ import annotations

import asyncio
import logging
import socket
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.cluster.errors import LinkError
from edgetui.cluster.http.client import Delivery, NotSent
from edgetui.cluster.http.pool import Tickets
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time, until
from tests.unit.cluster.wire import CHUNKED, LAST, Close, Pause, Script, Stall, chunk, connected, ok


def later(loop: VirtualLoop, seconds: float) -> Pause:
    """A pause that ends so many seconds from now."""
    pause = Pause()
    loop.call_later(seconds, pause.until.set)
    return pause


@pytest.mark.parametrize(
    ("method", "options", "idle", "again"),
    [
        ("GET", {}, 74.9, True),
        ("GET", {}, 75.0, False),
        ("HEAD", {}, 74.9, True),
        ("POST", {}, 5.0, True),
        ("POST", {}, 5.1, False),
        ("PATCH", {}, 5.1, False),
        ("GET", {"repeatable": False}, 5.1, False),
        ("POST", {"repeatable": True}, 74.9, True),
        ("GET", {"fresh": True}, 0.0, False),
    ],
)
def test_how_long_a_kept_connection_is_trusted(
    method: str, options: dict[str, Any], idle: float, again: bool
) -> None:
    async def main(loop: VirtualLoop) -> None:
        async with connected(
            answer=lambda asked: [ok(b"" if asked.method == "HEAD" else b"{}")], tls=False
        ) as (
            server,
            transport,
        ):
            await transport.request("GET", "/version", timeout=10)
            await asyncio.sleep(idle)
            await transport.request(method, "/version", timeout=10, **options)
            assert server.connections == (1 if again else 2)
            assert transport.counters.requests == 2

    on_virtual_time(main)


def test_each_kept_connection_is_closed_when_its_own_time_is_over() -> None:
    async def main(loop: VirtualLoop) -> None:
        async with connected(tls=False) as (server, transport):
            began = loop.time()
            await asyncio.gather(*(transport.request("GET", "/version", timeout=10) for _ in range(3)))
            await asyncio.sleep(30)
            await transport.request("GET", "/version", timeout=10)
            await until(lambda: server.open < 3, 100)
            assert loop.time() - began == pytest.approx(75, abs=0.1)
            assert server.open == 1
            await until(lambda: server.open == 0, 100)
            assert loop.time() - began == pytest.approx(105, abs=0.1)

    on_virtual_time(main)


def test_a_write_leaves_an_older_connection_to_who_may_ask_twice() -> None:
    async def main(loop: VirtualLoop) -> None:
        async with connected(tls=False) as (server, transport):
            await transport.request("GET", "/version", timeout=10)
            await asyncio.sleep(60)
            await transport.request("PUT", "/x", body=b"{}", timeout=10)
            await asyncio.gather(*(transport.request("GET", "/version", timeout=10) for _ in range(2)))
            assert server.connections == 2
            assert sorted(asked.connection for asked in server.requests[2:]) == [1, 2]

    on_virtual_time(main)


def test_a_second_attempt_has_only_the_time_that_the_first_has_left() -> None:
    async def main(loop: VirtualLoop) -> None:
        script: Script = [later(loop, 3.0), Close()]
        async with connected([ok()], script) as (server, transport):
            await transport.request("GET", "/version", timeout=10)
            assert server._server is not None
            server._server.close()  # and in its place one that never shakes hands
            with socket.create_server(("127.0.0.1", server.port)):
                began = loop.time()
                with pytest.raises(NotSent, match=r"did not finish the TLS handshake within 2 s"):
                    await transport.request("GET", "/version", timeout=5)
                assert loop.time() - began == pytest.approx(5, abs=0.01)

    on_virtual_time(main)


def test_a_first_connection_has_the_whole_time_and_no_more() -> None:
    async def main(loop: VirtualLoop) -> None:
        async with connected() as (server, transport):
            assert server._server is not None
            server._server.close()
            with socket.create_server(("127.0.0.1", server.port)):
                for timeout in (0.0, 5.0):
                    began = loop.time()
                    delivery = Delivery()
                    with pytest.raises(NotSent, match=rf"within {timeout:.0f} s"):
                        await transport.request("GET", "/version", timeout=timeout, delivery=delivery)
                    assert loop.time() - began == pytest.approx(timeout, abs=0.01)
                    assert delivery == Delivery(sent=False, heard=0.0)

    on_virtual_time(main)


@pytest.mark.parametrize(
    ("pieces", "heard", "ends", "words"),
    [
        (0, None, 7.0, "did not answer within 7 s"),
        (1, 4.5, 4.5 + 7.0, "stopped in the middle of its answer"),
        (20, 90.0, 90.0 + 7.0, "stopped in the middle of its answer"),
        (200, 598.5, 600.0, "stopped in the middle of its answer"),
    ],
)
def test_an_answer_may_be_silent_for_so_long_and_take_ten_minutes(
    pieces: int, heard: float | None, ends: float, words: str
) -> None:
    async def main(loop: VirtualLoop) -> None:
        script: Script = [later(loop, 4.5), CHUNKED] if pieces else []
        for number in range(2, pieces + 1):
            script += [later(loop, 4.5 * number), chunk(b"x")]
        async with connected([*script, Stall()], tls=False) as (_, transport):
            began, delivery = loop.time(), Delivery()
            with pytest.raises(LinkError, match=words):
                await transport.request("GET", "/version", timeout=7.0, delivery=delivery)
            assert loop.time() - began == pytest.approx(ends, abs=0.01)
            assert delivery.sent
            assert delivery.heard == (0.0 if heard is None else pytest.approx(began + heard, abs=0.01))

    on_virtual_time(main)


def test_how_long_a_server_took_is_measured_from_the_question_to_the_head(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "edgetui.http")

    async def main(loop: VirtualLoop) -> None:
        script: Script = [later(loop, 2.0), CHUNKED, later(loop, 3.0), chunk(b"{}"), LAST]
        async with connected(script, tls=False) as (server, transport):
            answer = await transport.request("GET", "/version", {"timeout": "1"}, timeout=10)
            assert answer.body == b"{}"
            assert list(transport.counters.waits) == [pytest.approx(2.0)]
            (line,) = [one.getMessage() for one in caplog.records]
            assert line == f"GET 127.0.0.1:{server.port}/version?timeout=1 200 in 3000 milliseconds"

    on_virtual_time(main)


class TestTickets:
    def ticket(self, context: object, **changes: Any) -> Any:
        return SimpleNamespace(**{"context": context, "resumed": False, "session": object(), **changes})

    def test_a_session_is_looked_for_again_after_ten_minutes(self) -> None:
        tickets, first, second = Tickets(), self.ticket("a"), self.ticket("a")
        tickets.remember(first, 1000.0)
        for now in (1000.0, 1599.9):
            tickets.remember(second, now)
            assert tickets.of("a") is first.session  # type: ignore[arg-type]
        tickets.remember(second, 1600.0)
        assert tickets.of("a") is second.session  # type: ignore[arg-type]

    def test_at_once_even_where_the_clock_has_just_begun(self) -> None:
        tickets, first = Tickets(), self.ticket("a")
        tickets.remember(first, 0.0)
        assert tickets.of("a") is first.session  # type: ignore[arg-type]

    def test_those_of_the_last_four_contexts_are_kept(self) -> None:
        tickets, found = Tickets(), {name: self.ticket(name) for name in "abcde"}
        for now, one in enumerate(found.values()):
            tickets.remember(one, float(now))
        assert [name for name in found if tickets.of(name) is not None] == list("bcde")  # type: ignore[arg-type]
        tickets.remember(found["a"], 9.0)
        assert [name for name in found if tickets.of(name) is not None] == list("acde")  # type: ignore[arg-type]

    def test_neither_without_tls_nor_of_a_connection_that_was_resumed(self) -> None:
        tickets = Tickets()
        tickets.remember(self.ticket(None), 0.0)
        tickets.remember(self.ticket("a", resumed=True), 0.0)
        assert tickets.of(None) is None
        assert tickets.of("a") is None  # type: ignore[arg-type]
