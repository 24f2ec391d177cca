"""Which proxy a connection takes when the kubeconfig names none: HTTPS_PROXY and NO_PROXY as Go reads them.

Rules from golang.org/x/net/http/httpproxy, which kubectl uses: upper case before lower case, loopback is never
proxied, NO_PROXY entries are addresses, CIDR ranges, domains with all below them, or "*", each with an
optional port.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

_PORTS = {"http": 80, "https": 443}


def from_environment(server: str, env: Mapping[str, str]) -> str:
    """The proxy URL for `server` (a full URL), "" for a direct connection."""
    parts = urlsplit(server)
    name = "HTTPS_PROXY" if parts.scheme == "https" else "HTTP_PROXY"
    proxy = env.get(name) or env.get(name.lower()) or ""
    host = (parts.hostname or "").rstrip(".")
    if not proxy or not host or _is_loopback(host):
        return ""
    port = parts.port or _PORTS.get(parts.scheme, 443)
    for entry in (env.get("NO_PROXY") or env.get("no_proxy") or "").split(","):
        if _excepts(entry.strip().lower(), host.lower(), port):
            return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def _address(host: str) -> IPv4Address | IPv6Address | None:
    import ipaddress

    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _excepts(entry: str, host: str, port: int) -> bool:
    if not entry:
        return False
    if entry == "*":
        return True
    if "/" in entry:
        return _in_network(host, entry)
    name, wanted_port = _split_port(entry)
    if wanted_port and wanted_port != str(port):
        return False
    address = _address(name)
    if address is not None:
        return address == _address(host)
    below = name.removeprefix("*")
    if below.startswith("."):
        return host.endswith(below)
    return host == below or host.endswith("." + below)


def _in_network(host: str, network: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _split_port(entry: str) -> tuple[str, str]:
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        return name, rest.removeprefix(":")
    name, colon, port = entry.rpartition(":")
    if colon and ":" not in name:
        return name, port
    return entry, ""
