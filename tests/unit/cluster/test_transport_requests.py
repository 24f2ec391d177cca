"""Single requests: what goes out, what comes back, and every way in which that can fail."""

from __future__ import annotations

import asyncio
import gc
import gzip
import socket
import threading
from collections.abc import Coroutine
from typing import Any

import pytest

from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.errors import LinkError, ProtocolError
from edgetui.cluster.http import answer_size, pool
from edgetui.cluster.http import client as transports
from edgetui.cluster.http.client import Delivery, Response, Transport
from edgetui.cluster.http.connection import Connection
from edgetui.cluster.target import AuthSettings, Impersonation

from .wire import (
    CHUNKED,
    LAST,
    Close,
    Pause,
    Reset,
    Script,
    Stall,
    chunk,
    connected,
    descriptors,
    ok,
    serving,
    target,
    until,
)


async def get(transport: Transport, timeout: float = 10.0) -> Response:
    return await transport.request("GET", "/version", timeout=timeout)


async def test_a_request_carries_what_it_should() -> None:
    who = Impersonation("jürgen", groups=("one", "two", "three"))
    async with connected(impersonate=who) as (server, transport):
        query = {"labelSelector": "a in (b, c)", "limit": "5"}
        await transport.request(
            "PATCH",
            "/api/v1/x:y z",
            query,
            {"content-type": "application/merge-patch+json", "accept": "a/b"},
            b"[]",
            timeout=10,
        )
        request = server.requests[0]
    assert (request.method, request.target) == (
        "PATCH",
        "/api/v1/x:y%20z?labelSelector=a+in+%28b%2C+c%29&limit=5",
    )
    assert request.body == b"[]"
    assert request.headers["host"] == [f"127.0.0.1:{server.port}"]
    assert request.headers["authorization"] == ["Bearer t0ken"]
    assert request.headers["accept"] == ["a/b"]
    assert request.headers["accept-encoding"] == ["gzip"]
    assert request.headers["impersonate-user"] == ["jürgen"]
    assert sorted(request.headers["impersonate-group"]) == ["one", "three", "two"]


async def test_a_path_prefix_comes_before_every_path() -> None:
    async with serving() as server:
        hub = target(f"https://127.0.0.1:{server.port}/clusters/one/")
        transport = Transport(hub, Credentials(hub))
        await get(transport)
        transport.close()
    assert server.requests[0].target == "/clusters/one/version"


async def test_compression_can_be_refused() -> None:
    async with connected(disable_compression=True) as (server, transport):
        await get(transport)
    assert "accept-encoding" not in server.requests[0].headers


async def test_a_connection_is_used_again() -> None:
    async with connected() as (server, transport):
        for _ in range(5):
            assert (await get(transport)).body == b"{}"
        assert server.connections == 1
        assert transport.counters.connections == transport.counters.handshakes == 1
        assert transport.counters.requests == 5


async def test_requests_at_the_same_time_have_connections_of_their_own() -> None:
    async with connected() as (server, transport):
        await asyncio.gather(*(get(transport) for _ in range(8)))
        assert server.connections == 8
        await until(lambda: server.open == 4)
        await asyncio.gather(*(get(transport) for _ in range(4)))
        assert server.connections == 8


async def test_fresh_asks_for_a_new_connection() -> None:
    async with connected() as (server, transport):
        await get(transport)
        await transport.request("GET", "/version", timeout=10, fresh=True)
    assert server.connections == 2


async def test_a_second_connection_resumes_the_tls_session() -> None:
    async with connected() as (server, transport):
        await get(transport)
        await transport.request("GET", "/version", timeout=10, fresh=True)
        probe = transport.sibling(transport.credentials)
        await get(probe)
        probe.close()
    assert server.resumed == [False, True, True]


async def test_a_socket_is_asked_for_its_session_once_and_again_when_the_server_has_forgotten_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each time costs memory that CPython never gives back."""
    asked: list[Connection] = []
    session = vars(Connection)["session"]
    monkeypatch.setattr(
        Connection, "session", property(lambda self: (asked.append(self), session.fget(self))[1])
    )
    async with connected() as (server, transport):
        for _ in range(5):
            await get(transport)
            await transport.request("GET", "/version", timeout=10, fresh=True)
        assert server.resumed == [False, True, True, True, True, True]
        assert len(asked) == 1
        monkeypatch.setattr(Connection, "resumed", False)
        await transport.request("GET", "/version", timeout=10, fresh=True)
        assert len(asked) == 1
        monkeypatch.setattr(pool, "_LOOK_AGAIN", 0.0)
        await transport.request("GET", "/version", timeout=10, fresh=True)
        assert len(asked) == 2


async def test_close_said_by_the_server_is_obeyed() -> None:
    async with connected([ok(b"1", "Connection: close")], [ok(b"2")]) as (server, transport):
        assert [(await get(transport)).body for _ in range(2)] == [b"1", b"2"]
    assert server.connections == 2


@pytest.mark.parametrize("way", [Close(), Reset()], ids=["closed", "reset"])
async def test_a_get_on_a_connection_closed_meanwhile_is_sent_once_more(way: Close | Reset) -> None:
    async with connected([ok(b"1")], [way], [ok(b"3")]) as (server, transport):
        await get(transport)
        assert (await get(transport)).body == b"3"
    assert [request.connection for request in server.requests] == [1, 1, 2]


async def test_a_get_on_a_new_connection_is_not_repeated() -> None:
    async with connected([Close()]) as (server, transport):
        with pytest.raises(LinkError, match="without an answer"):
            await get(transport)
    assert len(server.requests) == 1


@pytest.mark.parametrize("way", [Close(), Reset()], ids=["closed", "reset"])
async def test_a_write_is_never_repeated(way: Close | Reset) -> None:
    async with connected([ok(b"1")], [way]) as (server, transport):
        await get(transport)
        delivery = Delivery()
        with pytest.raises(LinkError):
            await transport.request("POST", "/x", body=b"{}", timeout=10, delivery=delivery)
        assert delivery.sent
    assert [request.method for request in server.requests] == ["GET", "POST"]


async def test_a_kept_connection_that_the_server_closed_is_noticed_before_a_write() -> None:
    async with connected([ok(b"1"), Close()], [ok(b"2")]) as (server, transport):
        await get(transport)
        await until(lambda: server.open == 0)
        response = await transport.request("POST", "/x", body=b"{}", timeout=10)
        assert response.body == b"2"
    assert server.connections == 2


async def test_bytes_that_nobody_asked_for_close_a_kept_connection() -> None:
    pause = Pause()
    async with connected([ok(b"1"), pause, ok(b"forged")], [ok(b"2")]) as (server, transport):
        await get(transport)
        pause.until.set()
        await until(lambda: server.open == 0)
        assert (await get(transport)).body == b"2"
    assert server.connections == 2


async def test_an_answer_with_more_than_it_announced_costs_the_connection() -> None:
    async with connected([ok(b"1") + ok(b"forged")], [ok(b"2")]) as (server, transport):
        assert (await get(transport)).body == b"1"
        assert (await get(transport)).body == b"2"
    assert server.connections == 2


async def test_a_gzip_body_of_several_members_is_whole() -> None:
    body = gzip.compress(b"[1,") + gzip.compress(b"2]")
    async with connected([ok(body, "Content-Encoding: gzip")]) as (_, transport):
        assert (await get(transport)).body == b"[1,2]"


async def test_a_gzip_body_that_stops_short_is_not_taken_for_whole() -> None:
    body = gzip.compress(b"[1,") + gzip.compress(b"2]")[:-3]
    async with connected([ok(body, "Content-Encoding: gzip")]) as (_, transport):
        with pytest.raises(LinkError, match="middle of its answer"):
            await get(transport)


async def test_an_unknown_compression_is_refused() -> None:
    async with connected([ok(b"x", "Content-Encoding: br")]) as (_, transport):
        with pytest.raises(ProtocolError):
            await get(transport)


async def test_a_large_body_arrives_whole() -> None:
    body = bytes(range(128)) * 160_000
    async with connected(
        [CHUNKED, *(chunk(body[i : i + 50_000]) for i in range(0, len(body), 50_000)), LAST]
    ) as (
        _,
        transport,
    ):
        assert (await get(transport)).body == body
        assert transport.counters.bytes_in > len(body)


async def test_a_body_without_bound_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_size, "MOST_BYTES", 1_000_000)
    bomb = gzip.compress(bytes(50_000_000))
    async with connected([ok(bomb, "Content-Encoding: gzip")]) as (_, transport):
        with pytest.raises(ProtocolError, match="too large"):
            await get(transport)


async def test_a_large_request_waits_for_a_slow_reader() -> None:
    body = b"x" * 5_000_000
    async with connected() as (server, transport):
        await transport.request("PUT", "/x", body=body, timeout=10)
        assert server.requests[0].body == body
        assert transport.counters.bytes_out > len(body)


CUT = [
    pytest.param([Close()], "without an answer", id="closed before the head"),
    pytest.param(
        [b"HTTP/1.1 200 OK\r\nContent-Le", Close()], "middle of its answer", id="closed in the head"
    ),
    pytest.param([ok(b"12345")[:-2], Close()], "middle of its answer", id="closed in the body"),
    pytest.param([CHUNKED + chunk(b"12345"), Close()], "middle of its answer", id="closed between chunks"),
    pytest.param([Reset()], "(broke|closed) the connection", id="reset before the head"),
    pytest.param([ok(b"12345")[:-2], Reset()], "(broke|closed) the connection", id="reset in the body"),
    pytest.param([CHUNKED + b"5\r\n123", Reset()], "(broke|closed) the connection", id="reset in a chunk"),
]


@pytest.mark.parametrize("tls", [True, False], ids=["https", "http"])
@pytest.mark.parametrize(("script", "words"), CUT)
async def test_an_answer_cut_off_is_an_error(script: Script, words: str, tls: bool) -> None:
    async with connected(script, tls=tls) as (server, transport):
        delivery = Delivery()
        with pytest.raises(LinkError, match=words) as caught:
            await transport.request("GET", "/version", timeout=10, delivery=delivery)
        assert caught.value.next_step
        assert delivery.sent
        await until(lambda: server.open == 0)


async def test_a_stall_before_the_head_ends_in_time() -> None:
    async with connected([Stall()]) as (server, transport):
        delivery = Delivery()
        with pytest.raises(LinkError, match="did not answer within"):
            await transport.request("GET", "/version", timeout=0.5, delivery=delivery)
        assert delivery.sent
        await until(lambda: server.open == 0)


async def test_a_stall_in_the_body_ends_in_time() -> None:
    async with connected([CHUNKED + chunk(b"1"), Stall()]) as (server, transport):
        with pytest.raises(LinkError, match="stopped in the middle"):
            await get(transport, 0.5)
        await until(lambda: server.open == 0)


async def test_a_trickle_may_take_longer_than_the_silence_allowed() -> None:
    pauses = [Pause() for _ in range(8)]
    script: Script = [CHUNKED]
    for pause in pauses:
        script += [pause, chunk(b"x")]
    async with connected([*script, LAST]) as (_, transport):
        asking = asyncio.create_task(get(transport, 1.2))
        loop = asyncio.get_running_loop()
        began = loop.time()
        for pause in pauses:
            loop.call_later(0.2, pause.until.set)
            await pause.until.wait()
        assert (await asking).body == b"x" * 8
        assert loop.time() - began > 1.2


async def test_even_a_trickle_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transports, "MOST_SECONDS", 0.1)
    pause = Pause()
    async with connected([CHUNKED, *([chunk(b"x")] * 3), pause, chunk(b"x"), Stall()]) as (_, transport):
        asyncio.get_running_loop().call_later(0.05, pause.until.set)
        with pytest.raises(LinkError, match="stopped in the middle"):
            await get(transport, 5.0)


async def test_a_cancelled_request_closes_its_connection() -> None:
    async with connected([Stall()], [ok(b"2")]) as (server, transport):
        asking = asyncio.create_task(get(transport))
        await until(lambda: len(server.requests) == 1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await until(lambda: server.open == 0)
        assert (await get(transport)).body == b"2"


async def test_what_came_of_a_cancelled_request_is_given_back_whoever_keeps_the_exception() -> None:
    """Half a list is megabytes, and what is alive when the start is over (`ui/run.py`) is never looked at again."""
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 2000000\r\n\r\n"
    async with connected([head, b"x" * 1_000_000, Stall()]) as (_, transport):
        delivery = Delivery()
        asking = asyncio.create_task(transport.request("GET", "/", timeout=10, delivery=delivery))
        await until(lambda: transport.counters.bytes_in > 1_000_000)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError) as kept:
            await asking
        gc.disable()
        try:
            answers = [each for each in gc.get_objects() if isinstance(each, transports._Answer)]
        finally:
            gc.enable()
    assert kept.value.__traceback__ is not None
    assert answers == []


async def test_close_ends_what_is_under_way_and_leaves_no_descriptor() -> None:
    before = descriptors()
    async with connected(answer=lambda request: [Stall()] if "stall" in request.target else [ok()]) as (
        server,
        transport,
    ):
        await asyncio.gather(*(get(transport) for _ in range(3)))
        asking = [asyncio.create_task(transport.request("GET", "/stall", timeout=30)) for _ in range(5)]
        await until(lambda: len(server.requests) == 8)
        transport.close()
        for answer in await asyncio.gather(*asking, return_exceptions=True):
            assert isinstance(answer, LinkError)
        with pytest.raises(LinkError, match="were closed"):
            await get(transport)
        await until(lambda: server.open == 0)
    await until(lambda: descriptors() == before)


async def test_close_gives_up_a_handshake_under_way() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        before = descriptors()
        cluster = target(f"https://127.0.0.1:{silent.getsockname()[1]}")
        transport = Transport(cluster, Credentials(cluster))
        asking = asyncio.create_task(get(transport, 30))
        await until(lambda: transport.counters.connections == 1)
        transport.close()
        with pytest.raises(LinkError, match="were closed"):
            await asking
        await until(lambda: descriptors() == before)


async def test_wrong_credentials_text_never_reaches_the_wire_or_an_error() -> None:
    async with connected(auth=AuthSettings(token="s3cret\r\nX: y")) as (server, transport):
        with pytest.raises(ProtocolError) as caught:
            await get(transport)
        assert "s3cret" not in str(caught.value)
    assert not server.requests


async def test_requests_need_no_thread() -> None:
    threads = threading.active_count()
    async with connected() as (_, transport):
        await asyncio.gather(*(get(transport) for _ in range(20)))
        assert threading.active_count() == threads


def test_nothing_secret_in_a_repr() -> None:
    async def look() -> None:
        async with connected() as (_, transport):
            asking: Coroutine[Any, Any, Response] = get(transport)
            text = repr(vars(transport)) + repr(asking)
            await asking
            assert "t0ken" not in text
            assert "t0ken" not in repr(transports._Asked("GET", b"Bearer t0ken", 0.0, 0.0, Delivery()))

    asyncio.run(look())
