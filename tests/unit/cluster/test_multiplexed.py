"""One HTTP/2 connection for all requests and streams of a cluster: real sockets, real TLS, a real server library."""

from __future__ import annotations

import asyncio
import gzip

import h2.settings
import pytest

from edgetui.cluster.errors import LinkError, ProtocolError
from edgetui.cluster.http import pool
from edgetui.cluster.http.client import Delivery, NotSent, StreamHandle, Transport
from edgetui.cluster.http.connection import Connection

from .http2_server import Asked, multiplexed
from .wire import Heard, connected, descriptors, ok, until


def ok_all(asked: Asked) -> None:
    asked.ok()


def watches_and_answers(asked: Asked) -> None:
    if "watch" in asked.line:
        asked.head()
    else:
        asked.ok()


async def get(transport: Transport, **options: object) -> bytes | bytearray:
    return (await transport.request("GET", "/version", timeout=5, **options)).body  # type: ignore[arg-type]


def watch(transport: Transport, sink: Heard, path: str = "/api/v1/pods") -> StreamHandle:
    return transport.open_stream(path, {"watch": "1"}, sink)


async def test_all_requests_and_streams_share_one_connection_and_one_handshake() -> None:
    before = descriptors()
    async with multiplexed(lambda asked: asked.ok() if "watch" not in asked.line else asked.head()) as (
        server,
        transport,
    ):
        sinks = [Heard() for _ in range(20)]
        handles = [watch(transport, sink, f"/api/v1/namespaces/n{n}/pods") for n, sink in enumerate(sinks)]
        bodies = await asyncio.gather(*(get(transport) for _ in range(20)))
        await until(lambda: all(sink.headed.is_set() for sink in sinks))
        assert set(map(bytes, bodies)) == {b"{}"}
        assert len(server.peers) == 1
        assert transport.counters.handshakes == 1
        assert {asked.headers["authorization"] for asked in server.requests} == {"Bearer t0ken"}
        for number, asked in enumerate(one for one in server.requests if "watch" in one.line):
            asked.data(b"line %d\n" % number)
        await until(lambda: all(sink.pieces for sink in sinks))
        assert sorted(sink.data for sink in sinks) == sorted(b"line %d\n" % n for n in range(20))
        for handle in handles:
            handle.close()
        await until(lambda: all(asked.reset for asked in server.requests if "watch" in asked.line))
        assert bytes(await get(transport)) == b"{}"
        assert len(server.peers) == 1
    await until(lambda: descriptors() <= before + 1)


async def test_a_server_of_http_1_gets_a_connection_for_each_and_is_not_asked_again() -> None:
    async with connected(answer=lambda _: [ok()]) as (server, transport):
        await asyncio.gather(*(get(transport) for _ in range(5)))
        assert 1 <= server.connections <= 5
        assert not transport._connections._shares


async def test_a_compressed_answer_is_opened_whatever_its_frames() -> None:
    body = b'{"items":[]}' * 5000

    def answer(asked: Asked) -> None:
        asked.head(200, ("content-encoding", "gzip"))
        packed = gzip.compress(body)
        for at in range(0, len(packed), 7):
            asked.data(packed[at : at + 7], last=at + 7 >= len(packed))

    async with multiplexed(answer) as (_server, transport):
        assert bytes(await get(transport)) == body


async def test_a_connection_that_breaks_is_heard_by_all_that_it_carried_and_a_write_is_not_sent_again() -> (
    None
):
    async with multiplexed(lambda asked: asked.head() if "watch" in asked.line else None) as (
        server,
        transport,
    ):
        sinks = [Heard(), Heard()]
        for sink in sinks:
            watch(transport, sink)
        await until(lambda: all(sink.headed.is_set() for sink in sinks))
        delivery = Delivery()
        writing = asyncio.create_task(
            transport.request("PUT", "/api/v1/x", body=b"{}", timeout=5, delivery=delivery)
        )
        await until(lambda: any(asked.line.startswith("PUT") for asked in server.requests))
        server.peers[0].transport.abort()
        with pytest.raises(LinkError) as caught:
            await writing
        assert delivery.sent
        assert not isinstance(caught.value, NotSent)
        await until(lambda: all(sink.over.is_set() for sink in sinks))
        assert [asked.line for asked in server.requests].count("PUT /api/v1/x") == 1


async def test_what_a_server_that_goes_away_has_not_seen_is_sent_again_on_a_new_connection() -> None:
    seen: list[str] = []

    def answer(asked: Asked) -> None:
        seen.append(asked.line)
        if len(seen) == 1:
            asked.connection.h2.close_connection(last_stream_id=0)
            asked.connection.flush()
        else:
            asked.ok()

    async with multiplexed(answer) as (server, transport):
        delivery = Delivery()
        done = await transport.request("POST", "/api/v1/x", body=b"{}", timeout=5, delivery=delivery)
        assert done.status == 200
        assert len(server.peers) == 2


async def test_streams_go_on_while_a_server_goes_away_and_new_requests_do_not_use_it() -> None:
    async with multiplexed(lambda asked: asked.head() if "watch" in asked.line else asked.ok()) as (
        server,
        transport,
    ):
        sink = Heard()
        watch(transport, sink)
        await until(sink.headed.is_set)
        first = server.peers[0]
        first.h2.close_connection(last_stream_id=1)
        first.flush()
        await asyncio.sleep(0)
        await until(
            lambda: not transport._connections._shared or not transport._connections._shared.takes_more
        )
        assert bytes(await get(transport)) == b"{}"
        assert len(server.peers) == 2
        assert not sink.over.is_set()


async def test_one_answer_that_is_reset_harms_no_other() -> None:
    async with multiplexed(lambda asked: asked.head() if "watch" in asked.line else None) as (
        server,
        transport,
    ):
        one, other = Heard(), Heard()
        watch(transport, one, "/a")
        await until(one.headed.is_set)
        watch(transport, other, "/b")
        await until(other.headed.is_set)
        server.peers[0].h2.reset_stream(server.requests[0].number, 2)
        server.peers[0].flush()
        await until(one.over.is_set)
        assert one.clean is False
        server.requests[1].data(b"x")
        await until(lambda: bool(other.pieces))
        server.answer = ok_all
        assert bytes(await get(transport)) == b"{}"
        assert len(server.peers) == 1


async def test_a_silent_connection_proves_itself_by_a_ping_before_it_carries_a_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool, "FRESH_ENOUGH", -1.0)
    from edgetui.cluster.http import client as module

    monkeypatch.setattr(module, "FRESH_ENOUGH", -1.0)
    async with multiplexed(ok_all) as (server, transport):
        await get(transport)
        delivery = Delivery()
        await transport.request("PUT", "/api/v1/x", body=b"{}", timeout=5, delivery=delivery)
        assert (len(server.peers), server.peers[0].pings) == (1, 1)
        dead = server.peers[0]
        dead.data_received = lambda data: None  # type: ignore[method-assign]
        monkeypatch.setattr(pool, "PROOF", 0.1)
        await transport.request("PUT", "/api/v1/y", body=b"{}", timeout=5)
        assert len(server.peers) == 2
        assert [asked.line for asked in server.requests].count("PUT /api/v1/y") == 1


@pytest.mark.parametrize("dead", [False, True], ids=["alive", "dead"])
async def test_whether_it_is_alive_is_asked_by_a_ping_and_a_silent_one_is_used_no_more(
    monkeypatch: pytest.MonkeyPatch, dead: bool
) -> None:
    async with multiplexed(ok_all) as (server, transport):
        assert not await transport.alive()
        await get(transport)
        if dead:
            server.peers[0].data_received = lambda data: None  # type: ignore[method-assign]
            monkeypatch.setattr(pool, "PROOF", 0.1)
        assert await transport.alive() is not dead
        await get(transport)
        assert len(server.peers) == 1 + dead


async def test_more_than_a_server_takes_go_to_a_second_connection() -> None:
    async with multiplexed(lambda asked: asked.head() if "watch" in asked.line else asked.ok()) as (
        server,
        transport,
    ):
        await get(transport)
        server.peers[0].h2.update_settings({h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 2})
        server.peers[0].flush()
        await get(transport)
        sinks = [Heard() for _ in range(3)]
        for sink in sinks:
            watch(transport, sink)
            await until(sink.headed.is_set)
        assert len(server.peers) == 2


async def test_a_request_that_is_cancelled_ends_its_stream_alone() -> None:
    async with multiplexed() as (server, transport):
        slow = asyncio.create_task(get(transport))
        await until(lambda: len(server.requests) == 1)
        slow.cancel()
        await until(lambda: server.requests[0].reset)
        server.answer = ok_all
        assert bytes(await get(transport)) == b"{}"
        assert len(server.peers) == 1


async def test_a_cancelled_dial_of_one_does_not_take_the_connection_from_the_others() -> None:
    async with multiplexed(ok_all) as (server, transport):
        first, second = asyncio.create_task(get(transport)), asyncio.create_task(get(transport))
        await asyncio.sleep(0)
        first.cancel()
        assert bytes(await second) == b"{}"
        assert len(server.peers) == 1


async def test_garbage_after_the_handshake_is_a_sentence_for_all() -> None:
    def answer(asked: Asked) -> None:
        asked.connection.transport.write(b"\xff" * 100)

    async with multiplexed(answer) as (_server, transport):
        with pytest.raises(ProtocolError, match="not valid HTTP"):
            await get(transport)


async def test_http_2_is_switched_off_as_for_kubectl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISABLE_HTTP2", "1")
    async with multiplexed(ok_all) as (_server, transport):
        with pytest.raises((LinkError, ProtocolError)):
            await get(transport)
        assert not transport._connections._shares


async def test_a_server_that_refuses_every_stream_is_not_asked_without_end() -> None:
    def refuse(asked: Asked) -> None:
        asked.connection.h2.reset_stream(asked.number, 7)
        asked.connection.flush()

    async with multiplexed(refuse) as (server, transport):
        sink = Heard()
        watch(transport, sink)
        await sink.ended()
        with pytest.raises(LinkError):
            await get(transport)
        assert len(server.requests) <= 4


@pytest.mark.parametrize(
    ("active", "silent", "stays"), [(True, False, True), (True, True, False), (False, False, False)]
)
async def test_a_shared_connection_that_carries_something_and_was_heard_of_late_is_kept(
    monkeypatch: pytest.MonkeyPatch, active: bool, silent: bool, stays: bool
) -> None:
    async with multiplexed(watches_and_answers) as (server, transport):
        sink = Heard()
        if active:
            watch(transport, sink)
            await until(sink.headed.is_set)
        else:
            await get(transport)
        monkeypatch.setattr(pool, "FRESH_ENOUGH", -1.0 if silent else 3600.0)
        transport.drop_idle()
        monkeypatch.setattr(pool, "FRESH_ENOUGH", 3600.0)
        await get(transport)
        assert len(server.peers) == (1 if stays else 2)


async def test_what_is_asked_in_one_turn_goes_out_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """A TLS record is 22 bytes and a packet 52: beside a request of 60 that counts on a thin link."""
    pieces: list[bytes] = []
    send = Connection.send

    def counted(self: Connection, data: bytes) -> None:
        pieces.append(bytes(data))
        send(self, data)

    monkeypatch.setattr(Connection, "send", counted)
    async with multiplexed(watches_and_answers) as (server, transport):
        await get(transport)
        assert pieces[0].startswith(b"PRI * ") and len(pieces[0]) > 100, (
            "the first request came with the preface"
        )
        watching, sink = len(pieces), Heard()
        handle = watch(transport, sink)
        await sink.headed.wait()
        assert len(pieces) == watching + 1
        handle.close()
        await asyncio.gather(*(get(transport) for _ in range(6)))
        assert len(pieces) == watching + 2, "six requests, and the end of the watch before them"
        await until(lambda: server.requests[1].reset)
        last = Heard()
        watch(transport, last).close()
        handle = watch(transport, last)
        await last.headed.wait()
        handle.close()
        await until(lambda: server.requests[-1].reset)
