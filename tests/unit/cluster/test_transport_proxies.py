"""The way through HTTP and SOCKS proxies, and their refusals."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable

import pytest
import trustme

from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.errors import EdgetuiError, LinkError, ProtocolError, TlsError
from edgetui.cluster.http.client import Transport

from .wire import (
    closed_port,
    failure,
    server_context,
    serving,
    succeed,
    target,
)

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def splice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    """Carry bytes both ways until one end closes."""
    onward, back = await asyncio.open_connection("127.0.0.1", port)

    async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            sink.write(data)
        sink.close()

    await asyncio.gather(carry(reader, back), carry(onward, writer), return_exceptions=True)


class ProxyServer:
    """An HTTP or SOCKS proxy on loopback; `heard` is what it was asked."""

    def __init__(self, port: int, *, password: str = "", reply: bytes = b"") -> None:
        self.port = port
        self.password = password
        self.reply = reply
        self.heard: list[bytes] = []

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heard.append(head)
        if self.reply:
            writer.write(self.reply)
            writer.close()
            return
        writer.write(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")
        await splice(reader, writer, self.port)

    async def socks(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        method = 2 if self.password else 0
        writer.write(bytes([5, method if method in methods else 255]))
        if self.password:
            _, size = await reader.readexactly(2)
            name = await reader.readexactly(size)
            password = await reader.readexactly((await reader.readexactly(1))[0])
            self.heard.append(name + b":" + password)
            writer.write(bytes([1, password != self.password.encode()]))
        _, _, _, kind = await reader.readexactly(4)
        address = await reader.readexactly({1: 4, 4: 16}.get(kind) or (await reader.readexactly(1))[0])
        self.heard.append(address + await reader.readexactly(2))
        if self.reply:
            writer.write(self.reply)
            writer.close()
            return
        writer.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50")
        await splice(reader, writer, self.port)


async def through(
    handler: Handler,
    proxy_url: str,
    port: int,
    host: str = "127.0.0.1",
    context: ssl.SSLContext | None = None,
) -> EdgetuiError | None:
    """One request through a proxy at this URL, whose `%d` becomes its port; with `context` it speaks TLS."""
    proxy = await asyncio.start_server(handler, "127.0.0.1", 0, ssl=context)
    proxy_port = proxy.sockets[0].getsockname()[1]
    cluster = target(f"https://{host}:{port}", proxy_url=re.sub("%d", str(proxy_port), proxy_url))
    transport = Transport(cluster, Credentials(cluster))
    try:
        await succeed(transport)
    except EdgetuiError as error:
        transport.close()
        assert error.next_step
        assert "s3cret" not in str(error)
        return error
    finally:
        proxy.close()
    return None


async def test_a_way_through_an_http_proxy() -> None:
    async with serving() as server:
        proxy = ProxyServer(server.port)
        assert await through(proxy.connect, "http://%C3%B6ps:s3%40cret@127.0.0.1:%d", server.port) is None
    head = proxy.heard[0].decode()
    assert head.startswith(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\n")
    assert "Proxy-Authorization: Basic w7ZwczpzM0BjcmV0\r\n" in head
    assert "t0ken" not in head


async def test_an_http_proxy_is_asked_by_name() -> None:
    async with serving() as server:
        proxy = ProxyServer(server.port)
        error = await through(proxy.connect, "http://127.0.0.1:%d", server.port, "hub.invalid")
    assert isinstance(error, TlsError)
    assert proxy.heard[0].startswith(b"CONNECT hub.invalid:")


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (
            b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
            LinkError,
            "user and a password",
        ),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nsorry", LinkError, "HTTP 403"),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", LinkError, "HTTP 502"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", ProtocolError, "does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\n\r\nextra", ProtocolError, "more than an answer"),
    ],
    ids=["407", "403", "502", "SSH", "extra"],
)
async def test_an_http_proxy_that_refuses(reply: bytes, kind: type[EdgetuiError], words: str) -> None:
    proxy = ProxyServer(1, reply=reply)
    error = await through(proxy.connect, "http://ops:s3cret@127.0.0.1:%d", 6443)
    assert isinstance(error, kind)
    assert words in error.sentence
    assert error.sentence.startswith("The proxy 127.0.0.1:")


async def test_a_proxy_where_nobody_listens() -> None:
    error = await failure("https://10.0.0.1:6443", proxy_url=f"http://127.0.0.1:{closed_port()}")
    assert error.sentence.startswith("The proxy 127.0.0.1:")
    assert "refuses connections" in error.sentence


async def test_a_proxy_that_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        cluster = target("https://10.0.0.1:6443", proxy_url=f"http://127.0.0.1:{silent.getsockname()[1]}")
        transport = Transport(cluster, Credentials(cluster))
        with pytest.raises(LinkError, match=r"The proxy 127\.0\.0\.1:\d+ did not answer within"):
            await transport.request("GET", "/version", timeout=0.5)
        transport.close()


@pytest.mark.parametrize(
    ("host", "asked"),
    [("127.0.0.1", b"\x7f\x00\x00\x01"), ("[::1]", bytes(15) + b"\x01"), ("localhost", b"localhost")],
)
async def test_a_way_through_a_socks_proxy(host: str, asked: bytes) -> None:
    async with serving() as server:
        proxy = ProxyServer(server.port)
        assert await through(proxy.socks, "socks5://127.0.0.1:%d", server.port, host) is None
    assert proxy.heard == [asked + server.port.to_bytes(2, "big")]


async def test_a_socks_proxy_with_a_password() -> None:
    async with serving() as server:
        proxy = ProxyServer(server.port, password="s3cret")
        assert await through(proxy.socks, "socks5h://ops:s3cret@127.0.0.1:%d", server.port) is None
        assert proxy.heard[0] == b"ops:s3cret"
        wrong = await through(proxy.socks, "socks5://ops:wr0ng@127.0.0.1:%d", server.port)
        assert isinstance(wrong, LinkError) and "does not accept" in wrong.sentence
        none = await through(proxy.socks, "socks5://127.0.0.1:%d", server.port)
        assert isinstance(none, LinkError) and "wants a user" in none.sentence


async def test_a_socks_proxy_that_refuses() -> None:
    for reply, words in (
        (b"\x05\x05\x00\x01", "refuses connections"),
        (b"\x05\x02\x00\x01", "rules"),
        (b"\x05", ""),
    ):
        error = await through(ProxyServer(1, reply=reply).socks, "socks5://127.0.0.1:%d", 6443)
        assert isinstance(error, LinkError)
        assert words in error.sentence

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    error = await through(greet, "socks5://127.0.0.1:%d", 6443)
    assert isinstance(error, ProtocolError)


async def test_a_way_through_a_proxy_inside_tls() -> None:
    async with serving() as server:
        proxy = ProxyServer(server.port)
        url = "https://ops:s3cret@127.0.0.1:%d"
        assert await through(proxy.connect, url, server.port, context=server_context()) is None
    assert proxy.heard[0].startswith(b"CONNECT 127.0.0.1:")
    assert b"Proxy-Authorization: Basic " in proxy.heard[0]


async def test_much_goes_both_ways_through_a_proxy_inside_tls() -> None:
    body = bytes(range(256)) * 16384
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    async with serving([head + body], [head + body]) as server:
        listener = await asyncio.start_server(
            ProxyServer(server.port).connect, "127.0.0.1", 0, ssl=server_context()
        )
        port = listener.sockets[0].getsockname()[1]
        cluster = target(f"https://127.0.0.1:{server.port}", proxy_url=f"https://127.0.0.1:{port}")
        transport = Transport(cluster, Credentials(cluster))
        for _ in range(2):
            answer = await transport.request("POST", "/x", body=body, timeout=30)
            assert bytes(answer.body) == body
        assert [len(request.body) for request in server.requests] == [len(body)] * 2
        transport.close()
        listener.close()


async def test_a_proxy_inside_tls_is_never_offered_what_a_server_was() -> None:
    context = server_context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    taken: list[str | None] = []

    async with serving() as server:

        async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            taken.append(writer.get_extra_info("ssl_object").selected_alpn_protocol())
            await ProxyServer(server.port).connect(reader, writer)

        for _ in range(2):
            assert await through(connect, "https://127.0.0.1:%d", server.port, context=context) is None
            cluster = target(f"https://127.0.0.1:{server.port}")
            direct = Transport(cluster, Credentials(cluster))
            await succeed(direct)
            error = await through(connect, "https://127.0.0.1:%d", server.port, context=context)
            direct.close()
            assert error is None
    assert taken == [None] * 4


@pytest.mark.parametrize("scheme", ["https", "http", "socks5"])
async def test_a_proxy_that_goes_away_in_the_middle_is_a_broken_link(scheme: str) -> None:
    async def vanish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.transport.abort()

    context = server_context() if scheme == "https" else None
    error = await through(vanish, f"{scheme}://127.0.0.1:%d", 6443, context=context)
    assert isinstance(error, LinkError)
    assert error.sentence.startswith("The proxy 127.0.0.1:")


async def test_a_proxy_inside_tls_that_nobody_trusts_is_named() -> None:
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(stranger)
    error = await through(ProxyServer(1).connect, "https://127.0.0.1:%d", 6443, context=stranger)
    assert isinstance(error, TlsError)
    assert "The certificate of the proxy 127.0.0.1:" in error.sentence
    assert "certificate-authority-data" in error.next_step


async def test_a_proxy_that_does_not_speak_tls_is_named() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    error = await through(plain, "https://127.0.0.1:%d", 6443)
    assert error is not None and "the proxy 127.0.0.1:" in error.sentence.lower()


async def test_a_password_that_socks_has_no_room_for_is_a_sentence() -> None:
    proxy = ProxyServer(1, password="s3cret")
    error = await through(proxy.socks, f"socks5://u:{'s3cret' * 60}@127.0.0.1:%d", 6443)
    assert isinstance(error, LinkError) and "no room" in error.sentence


async def test_what_leads_through_a_proxy_is_closed_with_its_connection() -> None:
    ended = asyncio.Event()

    async def watch(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ProxyServer(port).connect(reader, writer)
        ended.set()

    async with serving() as server:
        port = server.port
        listener = await asyncio.start_server(watch, "127.0.0.1", 0, ssl=server_context())
        proxied = f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        cluster = target(f"https://127.0.0.1:{port}", proxy_url=proxied)
        transport = Transport(cluster, Credentials(cluster))
        await succeed(transport)
        transport.close()
        await asyncio.wait_for(ended.wait(), 30)
        listener.close()
