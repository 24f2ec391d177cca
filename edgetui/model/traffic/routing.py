"""Which endpoints kube-proxy uses on a node, as it decides itself (pkg/proxy/topology.go, CategorizeEndpoints).

Connections that exist already are not moved by any of this: it is about new ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from edgetui.model.kinds.endpointslice import Endpoint, EndpointSliceRow
from edgetui.model.kinds.service import Port, ServiceRow


class Place(NamedTuple):
    """A node that a connection is made from, or comes to. `zone` is empty where the node names none."""

    node: str
    zone: str = ""


class Routes(NamedTuple):
    """What one node does with new connections to one port.

    `cluster` and `local` are the endpoints that each traffic policy uses, None for a policy that this port never uses.
    `anywhere` is whether any node could serve it.
    """

    cluster: tuple[Endpoint, ...] | None
    local: tuple[Endpoint, ...] | None
    anywhere: bool


def is_proxied(service: ServiceRow) -> bool:
    """Whether kube-proxy has anything to do with it: not for headless ones and mere names."""
    return bool(service.cluster_ip) and not (service.headless or service.elsewhere)


def family_of(address: str) -> str:
    """The address type of an EndpointSlice that serves this address."""
    return "IPv6" if ":" in address else "IPv4"


def is_outside(service: ServiceRow, port: Port, family: str) -> bool:
    """Whether this port can be reached from outside of the cluster."""
    return bool(port.node_port) or any(family_of(one) == family for one in service.virtual_ips)


def endpoints_for(pieces: Iterable[EndpointSliceRow], port: Port, family: str) -> list[Endpoint]:
    """The endpoints that serve one port, one for each address.

    Two pods have the same address while one of them ends and the network has given it away again: the one that does
    not end counts.
    """
    found: dict[tuple[str, int], Endpoint] = {}
    for piece in pieces:
        if piece.family != family:
            continue
        for target in piece.ports:
            if (target.name, target.protocol) != (port.name, port.protocol) or not target.port:
                continue
            for one in piece.endpoints:
                if (one.address, target.port) not in found or not one.terminating:
                    found[one.address, target.port] = one
    return list(found.values())


def routes(
    service: ServiceRow, port: Port, endpoints: Sequence[Endpoint], place: Place, family: str = "IPv4"
) -> Routes:
    """What kube-proxy on `place` does with new connections to this port."""
    if not endpoints:
        return Routes(None, None, anywhere=False)
    outside = is_outside(service, port, family)
    cluster = _for_cluster(endpoints, place) if outside or not service.internal_local else None
    anywhere = bool(cluster)
    if not (service.internal_local or (service.external_local and outside)):
        return Routes(cluster, None, anywhere)
    here = [one for one in endpoints if one.node and one.node == place.node]
    usable = any(one.usable for one in endpoints)
    return Routes(cluster, _ready_else_draining(here), anywhere or usable)


def hinted(endpoints: Sequence[Endpoint], place: Place) -> str:
    """Whose hints a node follows: "node", "zone", or "" for none.

    Hints count only where every ready endpoint has some and one of them is for this place, as KEP-2433 has it for
    zones and KEP-3015 for nodes.
    """
    ready = [one for one in endpoints if one.ready]
    if not ready:
        return ""
    if all(one.for_nodes for one in ready) and any(place.node in one.for_nodes for one in ready):
        return "node"
    if all(one.for_zones for one in ready) and any(place.zone in one.for_zones for one in ready):
        return "zone"
    return ""


def _for_cluster(endpoints: Sequence[Endpoint], place: Place) -> tuple[Endpoint, ...]:
    match hinted(endpoints, place):
        case "node":
            return tuple(one for one in endpoints if one.ready and place.node in one.for_nodes)
        case "zone":
            return tuple(one for one in endpoints if one.ready and place.zone in one.for_zones)
    return _ready_else_draining(endpoints)


def _ready_else_draining(endpoints: Sequence[Endpoint]) -> tuple[Endpoint, ...]:
    """Those that are ready; where none is, those that end and still serve."""
    ready = tuple(one for one in endpoints if one.ready)
    return ready or tuple(one for one in endpoints if one.draining)
