"""Whom we trust, whom we greet by which name, and who is no API server at all."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import trustme

from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.errors import ProtocolError, TlsError
from edgetui.cluster.http.client import Transport
from edgetui.cluster.target import AuthSettings, TlsSettings

from .wire import (
    authority,
    connected,
    failure,
    ok,
    server_context,
    serving,
    succeed,
    target,
)

EC = trustme.KeyType.ECDSA


def issue(*names: str, **more: object) -> ssl.SSLContext:
    return server_context(authority().issue_cert(*names, key_type=EC, **more))  # type: ignore[arg-type]


def days(count: int) -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=count)


def self_signed() -> ssl.SSLContext:
    """The CA's own certificate as a server certificate."""
    other = trustme.CA(key_type=EC)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with other.private_key_pem.tempfile() as key, other.cert_pem.tempfile() as certificate:
        context.load_cert_chain(certificate, key)
    return context


@asynccontextmanager
async def handshakes(context: ssl.SSLContext) -> AsyncIterator[int]:
    """The port of a server that does one handshake and says what it thinks of it, as asyncio's do not."""

    def shake(listener: socket.socket) -> None:
        plain, _ = listener.accept()
        plain.settimeout(5)
        with contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as secured:
            secured.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(asyncio.to_thread(shake, listener))
        yield listener.getsockname()[1]
        await serving


def old() -> ssl.SSLContext:
    context = server_context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: server_context(trustme.CA(key_type=EC).issue_cert("127.0.0.1", key_type=EC)),
            "not signed by a CA",
        ),
        (self_signed, "self-signed"),
        (lambda: issue("127.0.0.1", not_before=days(-9), not_after=days(-1)), "has expired"),
        (lambda: issue("127.0.0.1", not_before=days(1), not_after=days(9)), "not valid yet"),
        (lambda: issue("10.43.0.1"), "for another address"),
    ],
    ids=["unknown CA", "self-signed", "expired", "not yet valid", "other address"],
)
async def test_a_certificate_that_is_not_good(make: Callable[[], ssl.SSLContext], words: str) -> None:
    async with serving(context=make()) as server:
        error = await failure(f"https://127.0.0.1:{server.port}")
    assert isinstance(error, TlsError)
    assert words in error.sentence
    assert not server.requests


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1:DeprecationWarning")
async def test_a_server_with_old_tls_only() -> None:
    async with handshakes(old()) as port:
        error = await failure(f"https://127.0.0.1:{port}")
    assert isinstance(error, TlsError)
    assert "no longer safe" in error.sentence


async def test_a_certificate_for_another_name() -> None:
    async with serving(context=issue("hub.example")) as server:
        error = await failure(f"https://localhost:{server.port}")
        assert isinstance(error, TlsError)
        assert "for another name" in error.sentence
        for name in ("hub.example", "10.0.0.9"):
            wanted = TlsSettings(ca_pem=authority().cert_pem.bytes(), server_name=name)
            cluster = target(f"https://localhost:{server.port}", tls=wanted)
            transport = Transport(cluster, Credentials(cluster))
            if name == "hub.example":
                await succeed(transport)
            else:
                assert isinstance(await failure(cluster.server, tls=wanted), TlsError)


async def test_the_name_is_sent_before_the_certificate_is_chosen() -> None:
    """SNI is tls-server-name if there is one, and never an address."""
    asked: list[str | None] = []
    context = issue("hub.example", "127.0.0.1")
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    async with serving(context=context) as server:
        url = f"https://127.0.0.1:{server.port}"
        for name in ("hub.example", ""):
            wanted = TlsSettings(ca_pem=authority().cert_pem.bytes(), server_name=name)
            cluster = target(url, tls=wanted)
            await succeed(Transport(cluster, Credentials(cluster)))
    assert asked == ["hub.example", None]


async def test_insecure_means_any_certificate() -> None:
    async with serving(context=issue("elsewhere", not_before=days(-9), not_after=days(-1))) as server:
        cluster = target(f"https://127.0.0.1:{server.port}", tls=TlsSettings(insecure=True))
        await succeed(Transport(cluster, Credentials(cluster)))


async def test_a_client_certificate_is_shown() -> None:
    context = server_context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=authority().cert_pem.bytes().decode())
    mine = authority().issue_cert("admin@example.com", key_type=EC)
    auth = AuthSettings(
        client_certificate=mine.cert_chain_pems[0].bytes(), client_key=mine.private_key_pem.bytes()
    )
    async with serving(context=context) as server:
        cluster = target(f"https://127.0.0.1:{server.port}", auth=auth)
        await succeed(Transport(cluster, Credentials(cluster)))
    async with handshakes(context) as port:
        without = target(f"https://127.0.0.1:{port}")
        transport = Transport(without, Credentials(without))
        with pytest.raises(TlsError, match="wants a client certificate"):
            await transport.request("GET", "/version", timeout=5)
        transport.close()


@pytest.mark.parametrize(
    ("banner", "words"),
    [
        (b"SSH-2.0-OpenSSH_9.6p1 Ubuntu\r\n", "is an SSH server"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "speaks plain HTTP"),
        (b"HTTP/1.0 400 Bad Request\r\n\r\n", "speaks plain HTTP"),
        (b"220 mail.example ESMTP Postfix\r\n", "does not speak TLS"),
    ],
    ids=["SSH", "HTTP/1.1", "HTTP/1.0", "SMTP"],
)
async def test_a_stranger_behind_https(banner: bytes, words: str) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(banner)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    error = await failure(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    server.close()
    assert isinstance(error, ProtocolError)
    assert words in error.sentence


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
        ok(b"<h1>400</h1>The plain HTTP request was sent to HTTPS port", status="400 Bad Request"),
    ],
    ids=["Go", "nginx"],
)
async def test_http_to_an_https_server(answer: bytes) -> None:
    async with connected([answer], tls=False) as (_, transport):
        with pytest.raises(ProtocolError, match="speaks HTTPS, but its address says http"):
            await transport.request("GET", "/version", timeout=5)


async def test_plain_http_works() -> None:
    async with connected(tls=False) as (server, transport):
        await succeed(transport)
    assert transport.counters.handshakes == 0
    assert server.requests
