"""Asking a proxy for a tunnel, byte for byte: what is said, what is taken for an answer, and each refusal
whole.
"""

from __future__ import annotations

import asyncio
import socket

import pytest

from edgetui.cluster.errors import EdgetuiError, LinkError, ProtocolError
from edgetui.cluster.http.endpoint import parse
from edgetui.cluster.http.tunnel import _socks_address, open_tunnel

HTTP, SOCKS = "http://p:3128", "socks5://p:1080"
CHECK = "Check `proxy-url` in the kubeconfig."
PASSWORD = "Check the user and password in `proxy-url`."
OK = b"HTTP/1.1 200 OK\r\n\r\n"
GREETED, LET_IN = b"\x05\x00", b"\x05\x02\x01\x00"
OPEN = b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50"


async def asked(
    url: str, says: bytes, server: str = "https://h:6443"
) -> tuple[bytes, bytes, EdgetuiError | OSError | None]:
    """What a proxy is told that says all this, what it said beyond, and what was raised."""
    endpoint = parse(server, proxy_url=url)
    assert endpoint.proxy is not None
    near, far = socket.socketpair()
    for one in (near, far):
        one.setblocking(False)
    with near, far:
        far.send(says)
        far.shutdown(socket.SHUT_WR)
        failed = None
        try:
            await open_tunnel(asyncio.get_running_loop(), near, endpoint.proxy, endpoint)
        except (EdgetuiError, OSError) as error:
            failed = error
        try:
            left = near.recv(100)
        except BlockingIOError:
            left = b""
        near.shutdown(socket.SHUT_WR)
        return far.recv(4096), left, failed


@pytest.mark.parametrize(
    ("url", "server", "more"),
    [
        (HTTP, "https://h:6443", ""),
        (HTTP, "https://[fd00::1]", ""),
        ("http://kim@p:1", "https://h", "Proxy-Authorization: Basic a2ltOg==\r\n"),
        ("http://kim:%C3%BC@p:1", "https://h", "Proxy-Authorization: Basic a2ltOsO8\r\n"),
        ("http://:pw@p:1", "https://h", "Proxy-Authorization: Basic OnB3\r\n"),
    ],
)
async def test_an_http_proxy_is_asked_to_connect(url: str, server: str, more: str) -> None:
    told, left, failed = await asked(url, OK, server)
    where = parse(server).where
    first = f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n"
    assert told.decode().startswith(first)
    assert told.decode().removeprefix(first).endswith(f"{more}\r\n")
    assert ("Authorization" in told.decode()) is bool(more)
    assert (left, failed) == (b"", None)


@pytest.mark.parametrize(
    ("says", "kind", "said"),
    [
        (b"HTTP/1.1 299 X\r\n\r\n", None, ""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, None, ""),
        (
            b"HTTP/1.1 300 X\r\nContent-Length: 0\r\n\r\n",
            LinkError,
            "The proxy p:3128 cannot connect to h:6443: HTTP 300. "
            "Ask whoever runs the proxy to allow this address and port.",
        ),
        (
            b"HTTP/1.1 407 X\r\nContent-Length: 0\r\n\r\n",
            LinkError,
            f"The proxy p:3128 cannot connect to h:6443: it wants a user and a password that "
            f"it accepts. {PASSWORD}",
        ),
        (b"", LinkError, f"The proxy p:3128 closed the connection without an answer. {CHECK}"),
        (b"HTTP/1.1 20", LinkError, f"The proxy p:3128 closed the connection without an answer. {CHECK}"),
        (b"SSH-2.0-X\r\n", ProtocolError, f"The proxy p:3128 does not speak HTTP. {CHECK}"),
        (OK + b"x", ProtocolError, f"The proxy p:3128 sent more than an answer. {CHECK}"),
    ],
    ids=range(8),
)
async def test_what_an_http_proxy_answers(says: bytes, kind: type[EdgetuiError] | None, said: str) -> None:
    _, _, failed = await asked(HTTP, says)
    assert (type(failed) if failed is not None else None) is kind
    assert str(failed or "") == said


@pytest.mark.parametrize(
    ("server", "address"),
    [
        ("https://h:6443", b"\x03\x01h"),
        ("https://10.0.0.7:6443", b"\x01\x0a\x00\x00\x07"),
        ("https://[fd00::1]:6443", b"\x04\xfd" + bytes(14) + b"\x01"),
    ],
)
async def test_a_socks_proxy_is_asked_for_an_address_or_a_name(server: str, address: bytes) -> None:
    told, left, failed = await asked(SOCKS, GREETED + OPEN + b"x", server)
    assert told == b"\x05\x01\x00" + b"\x05\x01\x00" + address + (6443).to_bytes(2, "big")
    assert (left, failed) == (b"x", None)


@pytest.mark.parametrize(
    "bound",
    [b"\x01\x7f\x00\x00\x01", b"\x04" + bytes(16), b"\x03\x00", b"\x03\x05proxy", b"\x09\x02ab"],
)
async def test_what_it_is_bound_to_is_read_to_its_end(bound: bytes) -> None:
    for more in (b"", b"xy"):
        _, left, failed = await asked(SOCKS, GREETED + b"\x05\x00\x00" + bound + b"\x00\x50" + more)
        assert (left, failed) == (more, None)
    _, _, failed = await asked(SOCKS, GREETED + b"\x05\x00\x00" + bound + b"\x00")
    assert isinstance(failed, ConnectionResetError)


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ("kim:pw", b"\x01\x03kim\x02pw"),
        ("kim", b"\x01\x03kim\x00"),
        (":pw", b"\x01\x00\x02pw"),
        ("k" * 255 + ":" + "p" * 255, b"\x01\xff" + b"k" * 255 + b"\xff" + b"p" * 255),
    ],
    ids=range(4),
)
async def test_a_user_and_a_password_are_offered_and_said_where_they_are_asked_for(
    user: str, said: bytes
) -> None:
    connect = b"\x05\x01\x00\x03\x01h\x19\x2b"
    told, _, failed = await asked(f"socks5://{user}@p:1080", LET_IN[:2] + b"\x01\x00" + OPEN)
    assert (told, failed) == (b"\x05\x02\x00\x02" + said + connect, None)
    told, _, failed = await asked(f"socks5://{user}@p:1080", GREETED + OPEN)
    assert (told, failed) == (b"\x05\x02\x00\x02" + connect, None)


CANNOT = "The proxy p:1080 cannot connect to h:6443: "
WITH = "socks5://kim:pw@p:1080"
STEP = "Check the address in the kubeconfig."
LONG = "SOCKS has no room for a user or password of more than 255 bytes"


@pytest.mark.parametrize(
    ("url", "says", "kind", "said"),
    [
        (SOCKS, b"HT", ProtocolError, f"The proxy p:1080 does not speak SOCKS 5. {CHECK}"),
        (SOCKS, b"\x04\x00", ProtocolError, f"The proxy p:1080 does not speak SOCKS 5. {CHECK}"),
        (SOCKS, b"\x05\x02", LinkError, f"{CANNOT}it wants a user and a password. {PASSWORD}"),
        (SOCKS, b"\x05\xff", LinkError, f"{CANNOT}it wants a user and a password. {PASSWORD}"),
        (WITH, b"\x05\x01", LinkError, f"{CANNOT}it wants a user and a password. {PASSWORD}"),
        (
            WITH,
            b"\x05\x02\x01\x01",
            LinkError,
            f"{CANNOT}it does not accept the user and password. {PASSWORD}",
        ),
        (f"socks5://{'k' * 256}:p@p:1080", b"\x05\x02", LinkError, f"{CANNOT}{LONG}. {PASSWORD}"),
        (f"socks5://k:{'p' * 256}@p:1080", b"\x05\x02", LinkError, f"{CANNOT}{LONG}. {PASSWORD}"),
        (SOCKS, GREETED + b"\x05\x01\x00\x01", LinkError, f"{CANNOT}SOCKS reply 1. {STEP}"),
        (SOCKS, GREETED + b"\x05\x02\x00\x01", LinkError, f"{CANNOT}its rules forbid it. {STEP}"),
        (
            SOCKS,
            GREETED + b"\x05\x03\x00\x01",
            LinkError,
            f"{CANNOT}there is no route to the network. {STEP}",
        ),
        (SOCKS, GREETED + b"\x05\x04\x00\x01", LinkError, f"{CANNOT}there is no route to the host. {STEP}"),
        (SOCKS, GREETED + b"\x05\x05\x00\x01", LinkError, f"{CANNOT}the server refuses connections. {STEP}"),
        (SOCKS, GREETED + b"\x05\x06\x00\x01", LinkError, f"{CANNOT}the server does not answer. {STEP}"),
        (SOCKS, GREETED + b"\x05\x07\x00\x01", LinkError, f"{CANNOT}SOCKS reply 7. {STEP}"),
    ],
    ids=range(15),
)
async def test_what_a_socks_proxy_refuses(url: str, says: bytes, kind: type[EdgetuiError], said: str) -> None:
    _, _, failed = await asked(url, says)
    assert type(failed) is kind
    assert str(failed) == said


@pytest.mark.parametrize("says", [b"", b"\x05", GREETED + b"\x05\x00\x00"])
async def test_a_socks_proxy_that_ends_early_is_a_broken_connection(says: bytes) -> None:
    _, _, failed = await asked(SOCKS, says)
    assert isinstance(failed, ConnectionResetError)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("plant", b"\x03\x05plant"),
        ("bücher.example", b"\x03\x15xn--bcher-kva.example"),
        ("h" * 300, b"\x03\xff" + b"h" * 255),
        ("127.0.0.1", b"\x01\x7f\x00\x00\x01"),
        ("::1", b"\x04" + bytes(15) + b"\x01"),
        ("127.1", b"\x03\x05127.1"),
    ],
    ids=range(6),
)
def test_how_a_host_is_written_for_socks(host: str, address: bytes) -> None:
    assert _socks_address(host) == address
