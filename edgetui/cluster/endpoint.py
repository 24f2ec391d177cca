"""Where a cluster is: the parts of its server URL, and the way through a proxy."""

from __future__ import annotations

import asyncio
import base64
import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from edgetui.cluster.errors import KubeconfigError, LinkError
from edgetui.cluster.http import Head, ResponseReader

_MAX_PROXY_ANSWER = 64 * 1024


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`prefix` is the path before /api and /apis (hubs serve many clusters below one host), without a trailing slash.

    `server_name` is what the certificate must be for. `dial` is the address that is connected to first.
    """

    host: str
    port: int
    tls: bool
    prefix: str
    server_name: str
    proxy: SplitResult | None = None

    @property
    def where(self) -> str:
        """Host and port, as a person writes them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def dial(self) -> tuple[str, int]:
        """The proxy if there is one, else the server."""
        if self.proxy is None:
            return self.host, self.port
        return self.proxy.hostname or "", self.proxy.port or 3128


def parse(server: str, server_name: str = "", proxy_url: str = "") -> Endpoint:
    """Take a server URL apart. Raises KubeconfigError."""
    try:
        parts = urlsplit(server if "//" in server else f"https://{server}")
        port = parts.port or (80 if parts.scheme == "http" else 443)
        proxy = urlsplit(proxy_url) if proxy_url else None
        if proxy is not None:
            _ = proxy.port
    except ValueError as error:
        raise KubeconfigError(
            f"The address {server} is not a URL.", "Mend `server:` in the kubeconfig."
        ) from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise KubeconfigError(
            f"The address {server} is not an http or https URL.", "Mend `server:` in the kubeconfig."
        )
    if proxy is not None and (proxy.scheme != "http" or not proxy.hostname):
        raise KubeconfigError(
            "Only http:// proxies are supported.", "Set `proxy-url` in the kubeconfig to an http:// proxy."
        )
    tls = parts.scheme == "https"
    name = server_name or parts.hostname
    return Endpoint(parts.hostname, port, tls, parts.path.rstrip("/"), name, proxy)


async def tunnel(loop: asyncio.AbstractEventLoop, sock: socket.socket, endpoint: Endpoint) -> None:
    """Ask the proxy for a tunnel to the server (RFC 9110 §9.3.6). Raises LinkError."""
    proxy = endpoint.proxy
    assert proxy is not None
    lines = [f"CONNECT {endpoint.where} HTTP/1.1", f"Host: {endpoint.where}"]
    if proxy.username is not None:
        pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        lines.append("Proxy-Authorization: Basic " + base64.b64encode(pair.encode()).decode())
    await loop.sock_sendall(sock, ("\r\n".join(lines) + "\r\n\r\n").encode())
    name = f"The proxy {proxy.hostname}:{proxy.port or 3128}"
    answer = b""
    while b"\r\n\r\n" not in answer:
        piece = await loop.sock_recv(sock, 4096)
        answer += piece
        if not piece or len(answer) > _MAX_PROXY_ANSWER:
            raise LinkError(f"{name} did not answer properly.", "Check `proxy-url` in the kubeconfig.")
    head = ResponseReader().feed(answer.partition(b"\r\n\r\n")[0].split(b"\r\n")[0] + b"\r\n\r\n")[0]
    if isinstance(head, Head) and head.status != 200:
        advice = (
            "Check the user and password in `proxy-url`." if head.status == 407 else "Ask who runs the proxy."
        )
        raise LinkError(f"{name} refused the way to {endpoint.where} (HTTP {head.status}).", advice)
