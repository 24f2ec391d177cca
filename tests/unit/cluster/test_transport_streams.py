"""Streams: every byte once, one ending, nothing after it, and nothing left open."""

from __future__ import annotations

import asyncio
import gc
import gzip
import socket
import threading

import pytest

from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.errors import EdgetuiError, LinkError, ProtocolError
from edgetui.cluster.http.client import StreamHandle, Transport
from edgetui.cluster.http.connection import READ_BUDGET

from .wire import (
    CHUNKED,
    LAST,
    Close,
    Heard,
    Noise,
    Pause,
    Reset,
    Script,
    Stall,
    chunk,
    connected,
    descriptors,
    ok,
    target,
    until,
)

EVENTS = [b'{"type":"ADDED","object":{"name":"pod-%d \xc3\xa4"}}\n' % i for i in range(4)]
PATH, QUERY = "/api/v1/pods", {"watch": "1"}


def watch(transport: Transport, sink: Heard, **timeouts: float) -> StreamHandle:
    return transport.open_stream(PATH, QUERY, sink, **timeouts)


async def test_a_stream_hands_on_each_chunk_as_it_comes() -> None:
    pauses = [Pause() for _ in EVENTS]
    script: Script = [CHUNKED]
    for pause, event in zip(pauses, EVENTS, strict=True):
        script += [pause, chunk(event)]
    async with connected([*script, LAST]) as (server, transport):
        sink = Heard()
        watch(transport, sink)
        await sink.headed.wait()
        assert sink.status == 200
        for count, pause in enumerate(pauses, 1):
            assert len(sink.pieces) == count - 1
            sink.progress.clear()
            pause.until.set()
            await sink.progress.wait()
        await sink.ended()
        assert sink.data == b"".join(EVENTS)
        assert sink.clean is True
        assert sink.calls[0] == "head" and sink.calls[-1] == "end"
        assert transport.counters.bytes_in > len(sink.data)
    assert server.requests[0].target == "/api/v1/pods?watch=1"


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
async def test_a_stream_cut_at_every_byte_is_whole(packed: bool) -> None:
    """Split UTF-8, chunk framing and gzip members: whatever lands in one packet."""
    parts = [gzip.compress(event, mtime=0) if packed else event for event in EVENTS[:2]]
    head = CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n") if packed else CHUNKED
    wire = head + b"".join(map(chunk, parts)) + LAST
    cuts = range(1, len(wire))
    async with connected(*([wire[:cut], Pause(), wire[cut:]] for cut in cuts), tls=False) as (
        server,
        transport,
    ):
        for script in list(server.scripts):
            sink = Heard()
            watch(transport, sink)
            pause = script[1]
            assert isinstance(pause, Pause)
            await until(lambda script=script: script not in server.scripts)  # type: ignore[misc]
            pause.until.set()
            await sink.ended()
            assert sink.clean is True
            assert sink.data == b"".join(EVENTS[:2])
        assert server.connections == 1


async def test_a_watch_that_ends_in_order_passes_its_connection_on() -> None:
    watches: list[Script] = [[CHUNKED, chunk(event), LAST] for event in EVENTS]
    async with connected(*watches) as (server, transport):
        for event in EVENTS:
            sink = Heard()
            watch(transport, sink)
            await sink.ended()
            assert sink.data == event
        assert server.connections == 1
        assert transport.counters.handshakes == 1


@pytest.mark.parametrize("way", [Close(), Reset()], ids=["closed", "reset"])
async def test_a_watch_on_a_connection_closed_meanwhile_opens_another(way: Close | Reset) -> None:
    async with connected([CHUNKED, LAST], [way], [CHUNKED, chunk(b"x"), LAST]) as (server, transport):
        for expected in (b"", b"x"):
            sink = Heard()
            watch(transport, sink)
            await sink.ended()
            assert sink.data == expected
    assert [request.connection for request in server.requests] == [1, 1, 2]


@pytest.mark.parametrize("tls", [True, False], ids=["https", "http"])
@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param([CHUNKED, chunk(b"x"), LAST], True, id="last chunk"),
        pytest.param([CHUNKED, chunk(b"x"), Close()], False, id="EOF after a chunk"),
        pytest.param([CHUNKED, b"5\r\nxy", Close()], False, id="EOF in a chunk"),
        pytest.param([CHUNKED, Close()], False, id="EOF after the head"),
        pytest.param([ok(b"whole", status="410 Gone")], True, id="error with a body"),
    ],
)
async def test_how_a_stream_ended_is_told(script: Script, expected: bool, tls: bool) -> None:
    async with connected(script, tls=tls) as (_, transport):
        sink = Heard()
        watch(transport, sink)
        await sink.ended()
        assert sink.error is None
        assert sink.clean is expected


async def test_a_cut_gzip_member_is_no_clean_end() -> None:
    head = CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n")
    async with connected([head, chunk(gzip.compress(EVENTS[0])[:-1]), LAST]) as (_, transport):
        sink = Heard()
        watch(transport, sink)
        await sink.ended()
        assert sink.clean is False


async def test_a_body_until_eof_ends_cleanly_only_in_good_order() -> None:
    head = b"HTTP/1.0 200 OK\r\n\r\n"
    async with connected([head, b"all", Close()], tls=False) as (_, transport):
        sink = Heard()
        watch(transport, sink)
        await sink.ended()
        assert (sink.data, sink.clean) == (b"all", True)


async def test_a_tls_stream_without_close_notify_is_no_clean_end() -> None:
    async with connected([b"HTTP/1.0 200 OK\r\n\r\n", b"all", Reset()]) as (_, transport):
        sink = Heard()
        watch(transport, sink)
        await sink.ended()
        assert sink.clean is False or sink.error is not None


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        pytest.param([Close()], LinkError, id="EOF before the head"),
        pytest.param([Reset()], LinkError, id="reset before the head"),
        pytest.param([CHUNKED, b"zz\r\n"], ProtocolError, id="garbage chunk"),
        pytest.param([b"SSH-2.0-OpenSSH_9.6\r\n"], ProtocolError, id="another protocol"),
        pytest.param([ok(b"{}}", "Content-Encoding: gzip")], ProtocolError, id="garbage gzip"),
    ],
)
async def test_what_breaks_a_stream_is_told_once(script: Script, kind: type[EdgetuiError]) -> None:
    async with connected(script) as (server, transport):
        sink = Heard()
        watch(transport, sink)
        await sink.ended()
        assert isinstance(sink.error, kind)
        assert sink.error.sentence and sink.error.next_step
        await until(lambda: server.open == 0)


@pytest.mark.parametrize(
    "noise",
    [
        pytest.param(b"\x17\x03\x03\x00\x20" + bytes(32), id="a record that cannot be decrypted"),
        pytest.param(b"HTTP/1.1 502 Bad Gateway\r\n\r\n", id="plain text"),
        pytest.param(b"\x15\x03\x03\x00\x02\x02\x28", id="a plain alert"),
    ],
)
async def test_tls_that_fails_in_the_middle_is_the_fault_of_the_link(noise: bytes) -> None:
    pause = Pause()
    async with connected([CHUNKED, chunk(EVENTS[0]), pause, Noise(noise), Stall()]) as (_, transport):
        sink = Heard()
        watch(transport, sink)
        await sink.progress.wait()
        pause.until.set()
        await sink.ended()
        assert sink.data == EVENTS[0]
        assert type(sink.error) is LinkError
        assert sink.error.next_step


async def test_a_reset_in_the_middle_comes_after_the_data_before_it() -> None:
    pause = Pause()
    async with connected([CHUNKED, chunk(EVENTS[0]), pause, Reset()], tls=False) as (_, transport):
        sink = Heard()
        watch(transport, sink)
        await sink.progress.wait()
        pause.until.set()
        await sink.ended()
        assert sink.data == EVENTS[0]
        assert isinstance(sink.error, LinkError)


@pytest.mark.parametrize("way", [Close(), Reset()], ids=["closed", "reset"])
async def test_a_broken_stream_makes_kept_connections_suspect(way: Close | Reset) -> None:
    """On a link that changed its path they would swallow the next request without a word."""
    pause = Pause()
    async with connected([CHUNKED, chunk(b"x"), pause, way], [ok()], [ok()]) as (server, transport):
        sink = Heard()
        watch(transport, sink)
        await sink.progress.wait()
        await transport.request("GET", "/version", timeout=5)
        pause.until.set()
        await sink.ended()
        await until(lambda: server.open == 0)
        await transport.request("GET", "/version", timeout=5)
    assert [request.connection for request in server.requests] == [1, 2, 3]


async def test_a_server_that_never_answers_is_given_up() -> None:
    async with connected([Stall()]) as (server, transport):
        sink = Heard()
        watch(transport, sink, head_timeout=0.05)
        await sink.ended()
        assert isinstance(sink.error, LinkError)
        assert "did not answer within" in sink.error.sentence
        await until(lambda: server.open == 0)


async def test_a_handshake_that_never_ends_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        before = descriptors()
        cluster = target(f"https://127.0.0.1:{silent.getsockname()[1]}")
        transport = Transport(cluster, Credentials(cluster))
        sink = Heard()
        watch(transport, sink, connect_timeout=0.05)
        await sink.ended()
        assert isinstance(sink.error, LinkError)
        assert "TLS handshake" in sink.error.sentence
        transport.close()
        assert descriptors() == before


async def test_nothing_is_heard_after_close() -> None:
    """Closed at once, while dialling, before the head, in the middle."""
    before = descriptors()
    async with connected(answer=lambda _: [CHUNKED, chunk(EVENTS[0]), Stall()]) as (server, transport):
        for turns in [*range(12), -1]:
            sink = Heard()
            handle = watch(transport, sink)
            if turns < 0:
                await sink.progress.wait()
            for _ in range(turns):
                await asyncio.sleep(0)
            handle.close()
            handle.close()
            calls = list(sink.calls)
            await until(lambda: server.open == 0)
            assert sink.calls == calls
            assert not sink.over.is_set()
    await until(lambda: descriptors() == before)


class Closer(Heard):
    """Closes its stream from within a call."""

    def __init__(self, at: str) -> None:
        super().__init__()
        self.at = at
        self.handle: StreamHandle | None = None

    def _note(self, call: str) -> None:
        super()._note(call)
        if call == self.at and self.handle is not None:
            self.handle.close()


@pytest.mark.parametrize("at", ["head", "data", "end"])
async def test_a_sink_may_close_its_stream(at: str) -> None:
    async with connected([CHUNKED + chunk(EVENTS[0]) + chunk(EVENTS[1]) + LAST]) as (server, transport):
        sink = Closer(at)
        sink.handle = watch(transport, sink)
        await until(lambda: at in sink.calls)
        transport.close()
        await until(lambda: server.open == 0)
        assert sink.calls[-1] == at


class Refusing(Heard):
    """Refuses the data."""

    def on_data(self, data: bytes) -> None:
        raise ProtocolError("not a pod")


class Failing(Heard):
    """Has a defect."""

    def on_data(self, data: bytes) -> None:
        raise ZeroDivisionError


async def test_a_sink_may_refuse_what_it_gets() -> None:
    async with connected([CHUNKED, chunk(b"x"), Stall()]) as (server, transport):
        sink = Refusing()
        watch(transport, sink)
        await sink.ended()
        assert isinstance(sink.error, ProtocolError)
        await until(lambda: server.open == 0)


async def test_a_defect_in_a_sink_ends_its_stream_and_is_shown() -> None:
    shown: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: shown.append(context.get("exception")))
    async with connected([CHUNKED, chunk(b"x"), Stall()]) as (server, transport):
        sink = Failing()
        watch(transport, sink)
        await sink.ended()
        await until(lambda: server.open == 0)
    assert [type(each) for each in shown] == [ZeroDivisionError]
    assert sink.error is not None and "defect" in sink.error.sentence


async def test_a_defect_before_a_stream_is_asked_for_ends_it_and_is_shown() -> None:
    shown: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: shown.append(context.get("exception")))
    async with connected() as (server, transport):
        sink = Heard()
        transport.open_stream(PATH, [7], sink)  # type: ignore[arg-type]
        await sink.ended()
        await asyncio.sleep(0)
        gc.collect()
        assert server.connections == 0
    assert [type(each) for each in shown] == [TypeError]
    assert sink.error is not None and "defect" in sink.error.sentence
    assert sink.calls == ["error"]


async def test_a_flood_on_one_stream_does_not_starve_another() -> None:
    """In one turn of the loop a stream gets at most two budgets (the descriptor's and what waits inside TLS)."""
    flood = [chunk(bytes(16_000))] * 400
    async with connected(answer=lambda _: [CHUNKED, *flood, LAST]) as (_, transport):
        loud, quiet = Heard(), Heard()
        watch(transport, loud)
        watch(transport, quiet)
        most, seen = 0, 0
        while not loud.over.is_set():
            await asyncio.sleep(0)
            most, seen = max(most, len(loud.data[seen:])), len(loud.data)
        assert most <= 2 * READ_BUDGET
        assert len(loud.data) == 400 * 16_000
        await quiet.ended()
        assert len(quiet.data) == 400 * 16_000


async def test_three_hundred_streams() -> None:
    """No thread, one descriptor each, all delivering, all gone at the end."""
    before, threads = descriptors(), threading.active_count()
    release = Pause()
    count = 300
    async with connected(
        answer=lambda _: [CHUNKED, chunk(EVENTS[0]), release, chunk(EVENTS[1]), Stall()]
    ) as (
        server,
        transport,
    ):
        sinks = [Heard() for _ in range(count)]
        for sink in sinks:
            watch(transport, sink, connect_timeout=60, head_timeout=60)
        async with asyncio.timeout(60):
            await asyncio.gather(*(sink.progress.wait() for sink in sinks))
        assert server.open == count
        assert threading.active_count() == threads
        release.until.set()
        await until(lambda: all(len(sink.data) == len(EVENTS[0] + EVENTS[1]) for sink in sinks))
        transport.close()
        await until(lambda: server.open == 0)
        assert not any(sink.over.is_set() for sink in sinks)
    await until(lambda: descriptors() == before)
