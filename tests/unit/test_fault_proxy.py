"""The fault-injecting proxy: an echo server behind it shows what passes and what breaks."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Iterator

import pytest

from tests.controlplane.flights import CountingProxy
from tests.controlplane.proxy import RETRANSMITTED_AFTER, FaultProxy
from tests.controlplane.waiting import eventually


class _Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while data := self.request.recv(65_536):
            self.request.sendall(data)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A reset client is what these tests are about."""


@pytest.fixture
def proxy() -> Iterator[CountingProxy]:
    with _Server(("127.0.0.1", 0), _Echo) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            with CountingProxy("127.0.0.1", server.server_address[1]) as proxy:
                yield proxy
        finally:
            server.shutdown()
            serving.join()


def _connect(proxy: FaultProxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=5)


def _exchange(client: socket.socket, data: bytes) -> bytes:
    client.sendall(data)
    return _receive(client, len(data))


def _receive(client: socket.socket, size: int) -> bytes:
    answer = b""
    while len(answer) < size and (part := client.recv(65_536)):
        answer += part
    return answer


def test_bytes_pass_and_are_counted(proxy: FaultProxy) -> None:
    payload = bytes(range(256)) * 2_000
    with _connect(proxy) as client, _connect(proxy) as other:
        client.settimeout(5)
        sender = threading.Thread(target=client.sendall, args=(payload,))
        sender.start()
        assert _receive(client, len(payload)) == payload
        sender.join()
        assert _exchange(other, b"hello") == b"hello"
    assert (proxy.stats.attempted, proxy.stats.accepted) == (2, 2)
    assert [(each.up, each.down) for each in proxy.connections] == [(len(payload), len(payload)), (5, 5)]
    assert (proxy.bytes_up, proxy.bytes_down) == (len(payload) + 5, len(payload) + 5)
    eventually(lambda: proxy.open_connections == 0, within=5, what="both connections end")


def test_cut_resets_refuses_and_comes_back_on_the_same_port(proxy: FaultProxy) -> None:
    with _connect(proxy) as client:
        assert _exchange(client, b"before") == b"before"
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    with pytest.raises(ConnectionRefusedError):
        _connect(proxy)
    proxy.restore()
    with _connect(proxy) as client:
        assert _exchange(client, b"after") == b"after"


def test_cut_without_refusing_counts_the_attempts(proxy: FaultProxy) -> None:
    proxy.cut(refuse=False)
    for _ in range(3):
        with pytest.raises(ConnectionResetError), _connect(proxy) as client:
            client.recv(1)
    assert (proxy.stats.attempted, proxy.stats.accepted) == (3, 0)


def test_stall_is_silence_until_restored(proxy: FaultProxy) -> None:
    with _connect(proxy) as client:
        assert _exchange(client, b"1") == b"1"
        proxy.stall()
        client.sendall(b"2")
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.recv(1)
        with _connect(proxy) as late:
            late.sendall(b"3")
            late.settimeout(0.3)
            with pytest.raises(TimeoutError):
                late.recv(1)
            proxy.restore()
            client.settimeout(5)
            late.settimeout(5)
            assert (client.recv(1), late.recv(1)) == (b"2", b"3")


def test_delay_is_added_in_each_direction(proxy: FaultProxy) -> None:
    with _connect(proxy) as client:
        assert _exchange(client, b"x") == b"x"
        proxy.delay = 0.1
        started = time.monotonic()
        assert _exchange(client, b"y") == b"y"
        assert time.monotonic() - started >= 0.2


def test_rate_limits_bytes_per_second(proxy: FaultProxy) -> None:
    proxy.rate = 20_000
    with _connect(proxy) as client:
        started = time.monotonic()
        assert len(_exchange(client, bytes(8_000))) == 8_000
        assert time.monotonic() - started >= 0.35


def test_a_connection_dies_after_the_bytes_asked_for(proxy: FaultProxy) -> None:
    proxy.kill_after = 1_000
    with _connect(proxy) as client:
        client.sendall(bytes(5_000))
        received = b""
        with pytest.raises(ConnectionResetError):
            while part := client.recv(65_536):
                received += part
    assert proxy.connections[0].down == 1_000
    assert len(received) <= 1_000


def test_a_server_that_refuses_is_not_counted_as_accepted() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with (
            FaultProxy("127.0.0.1", closed.getsockname()[1]) as proxy,
            pytest.raises(ConnectionResetError),
            _connect(proxy) as client,
        ):
            client.recv(1)
    assert (proxy.stats.attempted, proxy.stats.accepted) == (1, 0)


def test_stop_twice_is_harmless() -> None:
    proxy = FaultProxy("127.0.0.1", 1).start()
    proxy.stop()
    proxy.stop()


def test_a_lost_packet_is_late_and_nothing_overtakes_it(proxy: FaultProxy) -> None:
    with _connect(proxy) as client:
        proxy.loss = 1.0
        began = time.monotonic()
        client.sendall(b"lost")
        eventually(lambda: proxy.bytes_up == 4, within=5, what="the packet in the proxy")
        proxy.loss = 0.0
        client.sendall(b"after")
        assert _receive(client, 9) == b"lostafter"
        assert time.monotonic() - began >= RETRANSMITTED_AFTER


def test_round_trips_are_counted_and_those_side_by_side_once(proxy: CountingProxy) -> None:
    proxy.delay = 0.05
    with _connect(proxy) as client, _connect(proxy) as other:
        eventually(lambda: proxy.stats.accepted == 2, within=5, what="both connections")
        proxy.begin()
        for each in (client, other):
            each.sendall(b"a")
        assert [_receive(each, 1) for each in (client, other)] == [b"a", b"a"]
        assert proxy.round_trips == 1
        assert _exchange(client, b"b") == b"b"
        assert proxy.round_trips == 2
        proxy.begin()
        with _connect(proxy) as later:
            assert _exchange(later, b"c") == b"c"
        assert proxy.round_trips == 2  # the connection and the exchange
