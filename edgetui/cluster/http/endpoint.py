"""Where a cluster is: the parts of its server URL, and of the proxy on the way to it.

The one place that takes such URLs apart: what a kubeconfig or the environment names is checked by it, and connected
to as it says.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

import msgspec

from edgetui.cluster.errors import KubeconfigError
from edgetui.model.redacted import Discreet
from edgetui.model.text import clean

_IN_PATH = "/:@!$&'()*+,;=~-._"
_SERVER_PORTS = {"http": 80, "https": 443}
_PROXY_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}  # as Go's net/http has them


class Unusable(ValueError):
    """A URL that leads nowhere: `what` goes on after "has a server", `next_step` may be empty."""

    def __init__(self, what: str, next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.next_step = next_step


class Proxy(Discreet, frozen=True):
    """A proxy that is asked for a tunnel: HTTP CONNECT, inside TLS or not, or SOCKS 5.

    The name of the server is always looked up at the proxy's end, whatever the spelling of SOCKS, as in Go.
    """

    SHOWN = ("scheme", "host", "port")

    scheme: str
    host: str
    port: int
    username: str = ""
    password: str = ""

    @property
    def socks(self) -> bool:
        """Whether it speaks SOCKS 5."""
        return self.scheme.startswith("socks")

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
    """Take the URLs of a cluster apart. Raises KubeconfigError; no message repeats a password."""
    parts, port = _checked("server", server, _SERVER_PORTS)
    host = unquote(parts.hostname or "")
    default = port == _SERVER_PORTS[parts.scheme]
    named = host.partition("%")[0]
    return Endpoint(
        host=host,
        port=port,
        tls=parts.scheme == "https",
        prefix=_prefix(parts.path),
        server_name=server_name or named.rstrip("."),
        authority=_bracketed(named) if default else join(named, port),
        proxy=_proxy(proxy_url) if proxy_url else None,
    )


def server_url(text: str, *, secure: bool) -> str:
    """A `server` field as a full URL, without user, query and trailing slash. Raises Unusable.

    `secure` says what is meant where it has no scheme.
    """
    text = text if "://" in text else f"{'https' if secure else 'http'}://{text}"
    parts, _ = _split(text, _SERVER_PORTS)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))


def user_of(text: str) -> tuple[str, str]:
    """User and password in a server URL, both empty without; kubectl sends them rather than any token."""
    parts = urlsplit(text.strip())
    return unquote(parts.username or ""), unquote(parts.password or "")


def check_proxy(url: str) -> None:
    """Raise Unusable for what is no URL of a proxy."""
    _split(url, _PROXY_PORTS)


def _proxy(url: str) -> Proxy:
    parts, port = _checked("proxy-url", url, _PROXY_PORTS)
    return Proxy(
        scheme=parts.scheme,
        host=unquote(parts.hostname or ""),
        port=port,
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _prefix(path: str) -> str:
    """The path as Go puts it before those of the API: unescaped, cleaned and escaped again."""
    clean_path = posixpath.normpath("/" + unquote(path)).lstrip("/")
    return f"/{quote(clean_path, safe=_IN_PATH)}" if clean_path else ""


def _checked(field_name: str, url: str, ports: Mapping[str, int]) -> tuple[SplitResult, int]:
    try:
        return _split(url, ports)
    except Unusable as error:
        raise KubeconfigError(
            f"This cluster has a {field_name} {error.what}.",
            error.next_step or f"Correct `{field_name}` in the kubeconfig.",
        ) from None


def _split(url: str, ports: Mapping[str, int]) -> tuple[SplitResult, int]:
    try:
        parts = urlsplit(url)
        port = parts.port
        valid = bool(parts.hostname) and port != 0
    except ValueError:
        valid = False
    if not valid or clean(url, len(url)) != url or " " in url:
        raise Unusable("that is not a URL")
    if parts.scheme not in ports:
        raise Unusable(
            f"with the scheme {clean(parts.scheme, 20) or 'missing'}, which edgetui does not speak",
            f"Use {' or '.join(scheme for scheme in ports if scheme != 'socks5h')}.",
        )
    return parts, port or ports[parts.scheme]


def join(host: str, port: int) -> str:
    """host:port, with brackets around an IPv6 address."""
    return f"{_bracketed(host)}:{port}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
