"""Where a cluster is: the parts of its server URL, and of the proxy on the way to it."""

from __future__ import annotations

from urllib.parse import SplitResult, unquote, urlsplit

import msgspec

from edgetui.cluster.errors import KubeconfigError
from edgetui.model.discreet import Discreet

_SERVER_PORTS = {"http": 80, "https": 443}
_PROXY_PORTS = {"http": 80, "socks5": 1080, "socks5h": 1080}  # as Go's net/http has them


class Proxy(Discreet, frozen=True):
    """A proxy that is asked for a tunnel: HTTP CONNECT, or SOCKS 5 with the name looked up at its end."""

    SHOWN = ("socks", "host", "port")

    socks: bool
    host: str
    port: int
    username: str = ""
    password: str = ""

    @property
    def where(self) -> str:
        """Host and port, without user and password."""
        return f"the proxy {join(self.host, self.port)}"


class Endpoint(msgspec.Struct, frozen=True):
    """`prefix` is the path before /api and /apis (hubs serve many clusters below one host), without a trailing slash.

    `server_name` is what the certificate must be for: a DNS name or an IP address. `authority` is the Host header.
    """

    host: str
    port: int
    tls: bool
    prefix: str
    server_name: str
    authority: str
    proxy: Proxy | None = None

    @property
    def where(self) -> str:
        """Host and port, as a person writes them."""
        return join(self.host, self.port)


def parse(server: str, server_name: str = "", proxy_url: str = "") -> Endpoint:
    """Take a server URL apart. Raises KubeconfigError; no message repeats a password."""
    parts, port = _split(server if "://" in server else f"https://{server}", _SERVER_PORTS, "server")
    host = unquote(parts.hostname or "")
    default = port == _SERVER_PORTS[parts.scheme]
    return Endpoint(
        host=host,
        port=port,
        tls=parts.scheme == "https",
        prefix=parts.path.rstrip("/"),
        server_name=server_name or host.partition("%")[0].rstrip("."),
        authority=_bracketed(host.partition("%")[0]) if default else join(host.partition("%")[0], port),
        proxy=_proxy(proxy_url) if proxy_url else None,
    )


def _proxy(url: str) -> Proxy:
    parts, port = _split(url, _PROXY_PORTS, "proxy-url")
    return Proxy(
        socks=parts.scheme.startswith("socks"),
        host=unquote(parts.hostname or ""),
        port=port,
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _split(url: str, ports: dict[str, int], field_name: str) -> tuple[SplitResult, int]:
    mend = f"Correct `{field_name}` in the kubeconfig."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise KubeconfigError(f"The `{field_name}` of this cluster is not a URL.", mend) from None
    if parts.scheme not in ports:
        known = ", ".join(f"{scheme}://" for scheme in ports if scheme != "socks5h")
        raise KubeconfigError(f"The `{field_name}` of this cluster must begin with one of {known}.", mend)
    if not parts.hostname or port == 0:
        raise KubeconfigError(f"The `{field_name}` of this cluster names no host that can be reached.", mend)
    return parts, port or ports[parts.scheme]


def join(host: str, port: int) -> str:
    """host:port, with brackets around an IPv6 address."""
    return f"{_bracketed(host)}:{port}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
