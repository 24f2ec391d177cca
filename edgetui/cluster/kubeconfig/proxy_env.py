"""Which proxy a connection takes when the kubeconfig names none: HTTPS_PROXY and NO_PROXY as Go reads them.

Rules from golang.org/x/net/http/httpproxy, which kubectl uses: upper case before lower case, loopback is never
proxied, a proxy that is no URL counts as none, NO_PROXY entries are addresses, CIDR ranges, domains with all below
them, or "*", each with an optional port.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

_PORTS = {"http": 80, "https": 443}
_CIDR = re.compile(r"[0-9a-f.:]+/[0-9]{1,3}")


def from_environment(server: str, env: Mapping[str, str]) -> str:
    """The proxy URL for `server` (a full URL), "" for a direct connection."""
    parts = urlsplit(server)
    name = "HTTPS_PROXY" if parts.scheme == "https" else "HTTP_PROXY"
    proxy = _named(env.get(name) or env.get(name.lower()) or "")
    host = parts.hostname or ""
    address = _address(host)
    if not proxy or not host or host == "localhost" or (address is not None and address.is_loopback):
        return ""
    port = str(parts.port or _PORTS.get(parts.scheme, 443))
    entries = [e.strip().lower() for e in (env.get("NO_PROXY") or env.get("no_proxy") or "").split(",")]
    if "*" in entries or any(_excepts(entry, host.lower(), address, port) for entry in entries):
        return ""
    return proxy


def _named(text: str) -> str:
    """The URL in a variable, which may lack its scheme; "" for what cannot be one."""
    url = text if "://" in text or not text else f"http://{text}"
    try:
        return url if urlsplit(url).hostname else ""
    except ValueError:
        return ""


def _address(host: str) -> IPv4Address | IPv6Address | None:
    import ipaddress

    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _excepts(entry: str, host: str, address: IPv4Address | IPv6Address | None, port: str) -> bool:
    if _CIDR.fullmatch(entry) and (inside := _in_network(address, entry)) is not None:
        return inside
    name, wanted_port = _split_port(entry)
    if not name or (wanted_port and wanted_port != port):
        return False
    excepted = _address(name)
    if address is not None or excepted is not None:
        return address == excepted
    below = name.removeprefix("*") if name.startswith("*.") else name
    return host.endswith(below) if below.startswith(".") else host == below or host.endswith("." + below)


def _in_network(address: IPv4Address | IPv6Address | None, network: str) -> bool | None:
    """Whether it is in there; None when that is no network."""
    import ipaddress

    try:
        among = ipaddress.ip_network(network, strict=False)
    except ValueError:
        return None
    return address is not None and address in among


def _split_port(entry: str) -> tuple[str, str]:
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        return name, rest.removeprefix(":")
    name, colon, port = entry.rpartition(":")
    return (name, port) if colon and ":" not in name else (entry, "")
