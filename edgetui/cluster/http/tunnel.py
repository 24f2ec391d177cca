"""Asking a proxy for a tunnel to the server: HTTP CONNECT (RFC 9110 section 9.3.6) and SOCKS 5 (RFC 1928, 1929).

A proxy that is reached over TLS is trusted as the server is, and asked inside it: `secured` comes first.
"""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
import struct
from typing import NoReturn

from edgetui.cluster.errors import LinkError, ProtocolError
from edgetui.cluster.http.endpoint import Endpoint, Proxy, join
from edgetui.cluster.http.nonblocking import receive, receive_exactly, send, shake_hands
from edgetui.cluster.http.protocol import Head, ResponseReader, encode_request
from edgetui.cluster.http.tls import client_context
from edgetui.cluster.target import TlsSettings

_CHECK_PASSWORD = "Check the user and password in `proxy-url`."
_CHECK_PROXY = "Check `proxy-url` in the kubeconfig."
_SOCKS_REPLIES = {
    2: "its rules forbid it",
    3: "there is no route to the network",
    4: "there is no route to the host",
    5: "the server refuses connections",
    6: "the server does not answer",
}


async def open_tunnel(
    loop: asyncio.AbstractEventLoop, sock: socket.socket, proxy: Proxy, endpoint: Endpoint
) -> None:
    """Have the proxy connect to the server; then `sock` leads there. Raises LinkError, ProtocolError, OSError."""
    if proxy.socks:
        await _socks(loop, sock, proxy, endpoint)
    else:
        await _connect(loop, sock, proxy, endpoint)


async def secured(
    loop: asyncio.AbstractEventLoop, sock: socket.socket, proxy: Proxy, context: ssl.SSLContext | None
) -> ssl.SSLSocket:
    """TLS to the proxy itself. Like kubectl it goes by the cluster's authority and client certificate.

    `context` is None for a cluster without TLS: then the system's authorities count. Raises ssl.SSLError, OSError.
    """
    if context is None:
        context = client_context(TlsSettings(), None)
    context.set_alpn_protocols([])  # what the last server was offered is not offered to a proxy
    wrapped = context.wrap_socket(
        sock, server_hostname=proxy.host, do_handshake_on_connect=False, suppress_ragged_eofs=False
    )
    try:
        await shake_hands(loop, wrapped)
    except BaseException:
        wrapped.close()
        raise
    return wrapped


async def _connect(
    loop: asyncio.AbstractEventLoop, sock: socket.socket, proxy: Proxy, endpoint: Endpoint
) -> None:
    authority = join(endpoint.host, endpoint.port)
    headers: list[tuple[str, str | tuple[str, ...]]] = [("Host", authority)]
    if proxy.username or proxy.password:
        pair = base64.b64encode(f"{proxy.username}:{proxy.password}".encode()).decode("ascii")
        headers.append(("Proxy-Authorization", f"Basic {pair}"))
    await send(loop, sock, encode_request("CONNECT", authority, headers))
    reader = ResponseReader("CONNECT")
    head: Head | None = None
    while head is None:
        # One byte too many would belong to the server; proxies wait for us to speak first, so none follows.
        data = await receive(loop, sock, 4096)
        if not data:
            raise LinkError(f"{_name(proxy)} closed the connection without an answer.", _CHECK_PROXY)
        try:
            events = reader.feed(data)
        except ProtocolError:
            raise ProtocolError(f"{_name(proxy)} does not speak HTTP.", _CHECK_PROXY) from None
        head = next((event for event in events if isinstance(event, Head)), None)
    if head.status == 407:
        _refuse(proxy, endpoint, "it wants a user and a password that it accepts", _CHECK_PASSWORD)
    if not 200 <= head.status < 300:
        _refuse(
            proxy,
            endpoint,
            f"HTTP {head.status}",
            "Ask whoever runs the proxy to allow this address and port.",
        )
    if reader.extra:
        raise ProtocolError(f"{_name(proxy)} sent more than an answer.", _CHECK_PROXY)


async def _socks(
    loop: asyncio.AbstractEventLoop, sock: socket.socket, proxy: Proxy, endpoint: Endpoint
) -> None:
    with_password = bool(proxy.username or proxy.password)
    await send(loop, sock, b"\x05\x02\x00\x02" if with_password else b"\x05\x01\x00")
    version, method = await receive_exactly(loop, sock, 2)
    if version != 5:
        raise ProtocolError(f"{_name(proxy)} does not speak SOCKS 5.", _CHECK_PROXY)
    if method == 2 and with_password:
        name, password = proxy.username.encode(), proxy.password.encode()
        if len(name) > 255 or len(password) > 255:
            _refuse(proxy, endpoint, "SOCKS has no room for a user or password of more than 255 bytes", "")
        await send(loop, sock, b"\x01%c%b%c%b" % (len(name), name, len(password), password))
        if (await receive_exactly(loop, sock, 2))[1]:
            _refuse(proxy, endpoint, "it does not accept the user and password", _CHECK_PASSWORD)
    elif method != 0:
        _refuse(proxy, endpoint, "it wants a user and a password", _CHECK_PASSWORD)
    await send(loop, sock, b"\x05\x01\x00" + _socks_address(endpoint.host) + struct.pack("!H", endpoint.port))
    _, reply, _, kind = await receive_exactly(loop, sock, 4)
    if reply:
        why = _SOCKS_REPLIES.get(reply, f"SOCKS reply {reply}")
        _refuse(proxy, endpoint, why, "Check the address in the kubeconfig.")
    size = {1: 4, 4: 16}.get(kind)
    if size is None:
        size = (await receive_exactly(loop, sock, 1))[0]
    await receive_exactly(loop, sock, size + 2)


def _socks_address(host: str) -> bytes:
    for family, kind in ((socket.AF_INET, b"\x01"), (socket.AF_INET6, b"\x04")):
        try:
            return kind + socket.inet_pton(family, host)
        except OSError:
            continue
    name = host.encode("idna" if not host.isascii() else "ascii")[:255]
    return b"\x03%c%b" % (len(name), name)


def _refuse(proxy: Proxy, endpoint: Endpoint, why: str, next_step: str) -> NoReturn:
    raise LinkError(
        f"{_name(proxy)} cannot connect to {endpoint.where}: {why}.", next_step or _CHECK_PASSWORD
    )


def _name(proxy: Proxy) -> str:
    return f"The proxy {join(proxy.host, proxy.port)}"
