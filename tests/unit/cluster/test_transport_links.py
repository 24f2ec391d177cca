"""How a connection comes to be, and the sentence for every way in which it does not."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading

import pytest

from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.errors import KubeconfigError, LinkError
from edgetui.cluster.http.client import Transport
from edgetui.cluster.http.dialer import Dialer
from edgetui.cluster.http.endpoint import parse
from edgetui.cluster.http.failures import explain
from edgetui.cluster.http.pool import Connections
from edgetui.cluster.http.resolver import Address, Resolver
from edgetui.cluster.http.traffic import Counters

from .wire import (
    closed_port,
    descriptors,
    failure,
    serving,
    succeed,
    target,
    until,
)

# The link


async def test_a_port_where_nobody_listens() -> None:
    port = closed_port()
    error = await failure(f"https://127.0.0.1:{port}")
    assert isinstance(error, LinkError)
    assert error.sentence == f"127.0.0.1:{port} refuses connections."


async def test_a_host_that_does_not_exist() -> None:
    error = await failure("https://no-such-host.invalid:6443")
    assert isinstance(error, LinkError)
    assert "no-such-host.invalid" in error.sentence


async def test_a_host_name_that_cannot_be_one() -> None:
    error = await failure(f"https://{'x' * 64}.invalid")
    assert isinstance(error, LinkError)
    assert "unknown" in error.sentence


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ECONNREFUSED, "refuses connections"),
        (errno.EHOSTUNREACH, "no route"),
        (errno.ENETUNREACH, "no route"),
        (errno.ETIMEDOUT, "does not answer"),
        (errno.ECONNRESET, "broke the connection off"),
        (errno.EPIPE, "broke the connection off"),
        (errno.EACCES, "forbids"),
        (errno.EMFILE, "too many connections"),
    ],
)
def test_what_the_system_says(code: int, words: str) -> None:
    error = explain(OSError(code, "text of the system"), "10.0.0.1:6443")
    assert isinstance(error, LinkError)
    assert words in error.sentence and error.next_step
    assert "text of the system" not in str(error)


def test_a_proxy_begins_a_sentence_with_a_capital() -> None:
    error = explain(ConnectionRefusedError(errno.ECONNREFUSED, ""), "the proxy 10.0.0.1:3128")
    assert error.sentence == "The proxy 10.0.0.1:3128 refuses connections."


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (socket.EAI_NONAME, "is unknown"),
        (socket.EAI_AGAIN, "DNS does not answer"),
        (socket.EAI_FAIL, "is unknown"),
    ],
)
def test_what_the_resolver_says(code: int, words: str) -> None:
    assert words in explain(socket.gaierror(code, ""), "hub.example").sentence


async def test_a_server_that_closes_during_the_handshake() -> None:
    async def slam(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()

    server = await asyncio.start_server(slam, "127.0.0.1", 0)
    error = await failure(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    assert isinstance(error, LinkError)
    assert "broke the connection off" in error.sentence
    server.close()


# Addresses


async def test_ipv6() -> None:
    async with serving(host="::1") as server:
        cluster = target(f"https://[::1]:{server.port}")
        await succeed(Transport(cluster, Credentials(cluster)))
        assert server.requests[0].headers["host"] == [f"[::1]:{server.port}"]
    assert (await failure(f"https://[::1]:{server.port}")).sentence.startswith(f"[::1]:{server.port} refuses")


class Known(Resolver):
    """Knows the addresses of every host."""

    def __init__(self, *addresses: tuple[str, int]) -> None:
        super().__init__(asyncio.get_running_loop())
        self.addresses = [
            Address(socket.AF_INET6 if ":" in host else socket.AF_INET, (host, port))
            for host, port in addresses
        ]

    async def resolve(self, host: str, port: int) -> list[Address]:
        return self.addresses


def dialer(*addresses: tuple[str, int]) -> tuple[Dialer, Counters]:
    counters = Counters()
    loop = asyncio.get_running_loop()
    return Dialer(parse("http://hub.example"), loop, counters, Known(*addresses)), counters


async def test_the_next_address_is_tried_when_one_refuses() -> None:
    async with serving(tls=False) as server:
        dial, counters = dialer(
            ("127.0.0.1", closed_port()), ("::1", closed_port()), ("127.0.0.1", server.port)
        )
        (await dial.dial(None, None, 5)).close()
        assert counters.connections == 3
        (await dial.dial(None, None, 5)).close()
        assert counters.connections == 4, "the address that worked is tried first"


async def test_an_address_that_swallows_everything_costs_a_quarter_of_a_second() -> None:
    """A listener whose queue is full answers no SYN, as a firewall does that drops."""
    with socket.socket() as hole:
        hole.bind(("127.0.0.1", 0))
        hole.listen(0)
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(hole.getsockname())
        before = descriptors()
        async with serving(tls=False) as server:
            dial, _ = dialer(hole.getsockname(), ("127.0.0.1", server.port))
            sock = await dial.dial(None, None, 5)
            assert sock.getpeername()[1] == server.port
            sock.close()
            alone, _ = dialer(hole.getsockname())
            with pytest.raises(LinkError, match="did not answer within"):
                await alone.dial(None, None, 0.1)
        await until(lambda: descriptors() == before)
        for filler in fillers:
            filler.close()


async def test_all_addresses_refuse() -> None:
    before = descriptors()
    dial, _ = dialer(("127.0.0.1", closed_port()), ("127.0.0.1", closed_port()))
    with pytest.raises(LinkError, match="refuses connections"):
        await dial.dial(None, None, 5)
    assert descriptors() == before


async def test_a_cancelled_dial_leaves_nothing() -> None:
    before = descriptors()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        cluster = target(f"https://127.0.0.1:{silent.getsockname()[1]}")
        loop = asyncio.get_running_loop()
        for turns in range(8):
            pool = Connections(parse(cluster.server), Credentials(cluster), loop, Counters())
            task = asyncio.create_task(pool.open(5))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
    assert descriptors() == before


async def test_addresses_need_no_thread_and_names_share_one() -> None:
    resolver = Resolver(asyncio.get_running_loop())
    threads = threading.active_count()
    for host in ("127.0.0.1", "::1"):
        assert (await resolver.resolve(host, 443))[0].address[:2] == (host, 443)
    assert threading.active_count() == threads
    found = await asyncio.gather(*(resolver.resolve("localhost", 443) for _ in range(5)))
    assert all(each == found[0] for each in found)


async def test_a_known_name_survives_a_silent_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = Resolver(asyncio.get_running_loop())
    known = await resolver.resolve("localhost", 443)

    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert await resolver.resolve("localhost", 443) == known
    with pytest.raises(socket.gaierror):
        await resolver.resolve("elsewhere", 443)


async def test_the_socket_notices_a_dead_link() -> None:
    async with serving(tls=False) as server:
        dial, _ = dialer(("127.0.0.1", server.port))
        with await dial.dial(None, None, 5) as sock:
            assert not sock.getblocking()
            options = [
                sock.getsockopt(socket.IPPROTO_TCP, option)
                for option in (
                    socket.TCP_KEEPIDLE,
                    socket.TCP_KEEPINTVL,
                    socket.TCP_KEEPCNT,
                    socket.TCP_USER_TIMEOUT,
                    socket.TCP_NODELAY,
                )
            ]
            assert options == [10, 5, 3, 15_000, 1]
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


@pytest.mark.parametrize(
    ("server", "host", "port", "prefix", "authority"),
    [
        ("https://10.0.0.1:6443", "10.0.0.1", 6443, "", "10.0.0.1:6443"),
        ("https://hub.example", "hub.example", 443, "", "hub.example"),
        ("https://hub.example:443/", "hub.example", 443, "", "hub.example"),
        ("http://127.0.0.1:8001", "127.0.0.1", 8001, "", "127.0.0.1:8001"),
        ("https://hub.example/k8s/clusters/c-1/", "hub.example", 443, "/k8s/clusters/c-1", "hub.example"),
        ("https://[fe80::1%25eth0]:6443", "fe80::1%eth0", 6443, "", "[fe80::1]:6443"),
    ],
)
def test_a_server_address_is_taken_apart(
    server: str, host: str, port: int, prefix: str, authority: str
) -> None:
    found = parse(server)
    assert (found.host, found.port, found.prefix, found.authority) == (host, port, prefix, authority)
    assert found.server_name == host.partition("%")[0]


@pytest.mark.parametrize(
    ("server", "proxy"),
    [
        ("ftp://hub.example", ""),
        ("https://", ""),
        ("https://hub.example:99999", ""),
        ("https://hub.example:0", ""),
        ("https://[::1", ""),
        ("https://hub.example", "ftp://ops:s3cret@proxy"),
        ("https://hub.example", "socks4://ops:s3cret@proxy"),
        ("https://hub.example", "http://ops:s3cret@proxy:x"),
    ],
)
def test_an_address_that_is_none_is_refused_without_its_password(server: str, proxy: str) -> None:
    with pytest.raises(KubeconfigError) as caught:
        parse(server, "", proxy)
    assert "s3cret" not in str(caught.value)


def test_a_proxy_password_is_in_no_repr() -> None:
    assert "s3cret" not in repr(parse("https://hub.example", "", "http://ops:s3cret@proxy"))
