"""Who gets new connections to a Service: for each origin of traffic, which endpoints, and which of them are doubtful.

EndpointSlices alone do not say it. A host that falls silent after its own kubelet had said NotReady keeps its
endpoints ready until its pods are evicted (kubernetes/kubernetes#109998), and a pod may be Ready and not in a slice.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from edgetui.model.cache.freshness import Sync
from edgetui.model.cache.store import Store
from edgetui.model.kinds.endpointslice import ENDPOINT_SLICE, Endpoint, EndpointSliceRow, owner_of
from edgetui.model.kinds.node import NODE, NodeRow
from edgetui.model.kinds.pod import POD, PodRow
from edgetui.model.kinds.service import Port, ServiceRow
from edgetui.model.labels import known, value_of
from edgetui.model.traffic.routing import Place, endpoints_for, family_of, is_outside, routes

ZONE = "topology.kubernetes.io/zone"
LATE = 10.0
"""Seconds from which a Ready pod that is in no slice is told of: the endpoint slice controller takes less."""


class Origin(Enum):
    """Where a connection comes from: a pod of the cluster, or a port of a node or an address that a node answers."""

    INSIDE = "inside"
    OUTSIDE = "outside"


class Reach(NamedTuple):
    """What new connections of one origin meet that are made on, or come to, any of `nodes`.

    `nodes` is empty for every node. `doubtful` are those of `endpoints` on a node that is not Ready. Where there is
    none, connections are dropped if `anywhere` is true (another node could serve them), and refused if not.
    """

    origin: Origin
    nodes: tuple[str, ...]
    endpoints: tuple[Endpoint, ...]
    doubtful: tuple[Endpoint, ...]
    anywhere: bool
    local: bool


def endpoints_of_port(store: Store, service: ServiceRow, port: Port) -> list[Endpoint]:
    """The endpoints of one port, in the family of the Service's address, by node and address."""
    pieces = [
        piece
        for piece in store.owned_by(owner_of(service.namespace, service.name))
        if isinstance(piece, EndpointSliceRow)
    ]
    found = endpoints_for(pieces, port, family_of(service.cluster_ip))
    return sorted(found, key=lambda one: (one.node, one.address))


def reaches(store: Store, service: ServiceRow, port: Port, endpoints: Sequence[Endpoint]) -> list[Reach]:
    """What new connections to one port, which has these endpoints, meet; nodes with the same answer together."""
    family = family_of(service.cluster_ip)
    ways = [
        (place.node, routes(service, port, endpoints, place, family)) for place in _places(store, endpoints)
    ]
    origins = [Origin.INSIDE, *([Origin.OUTSIDE] if is_outside(service, port, family) else [])]
    found: list[Reach] = []
    for origin in origins:
        local = service.internal_local if origin is Origin.INSIDE else service.external_local
        groups: dict[tuple[tuple[Endpoint, ...], bool], list[str]] = {}
        for node, way in ways:
            used = (way.local if local else way.cluster) or ()
            groups.setdefault((used, way.anywhere), []).append(node)
        for (used, anywhere), nodes in groups.items():
            doubtful = tuple(one for one in used if is_doubtful(store, one.node))
            everywhere = len(groups) == 1
            found.append(Reach(origin, () if everywhere else tuple(nodes), used, doubtful, anywhere, local))
    return found


def is_doubtful(store: Store, node: str) -> bool:
    """Whether this node is known not to be Ready."""
    row = store.get(NODE, "", node)
    return isinstance(row, NodeRow) and row.ready not in ("", "True")


def not_in_slice(
    store: Store, service: ServiceRow, endpoints: Sequence[Endpoint], now: float
) -> list[PodRow]:
    """Pods that the Service selects and that are Ready for a while, but that no slice names."""
    sure = all(store.freshness(kind).sync is Sync.LIVE for kind in (POD, ENDPOINT_SLICE))
    if not (sure and service.selector):
        return []
    named = {one.pod for one in endpoints}
    return [
        pod
        for pod in store.rows(POD)
        if isinstance(pod, PodRow)
        and pod.namespace == service.namespace
        and pod.is_ready
        and not pod.deleting
        and pod.name not in named
        and now - pod.ready_since > LATE
        and known(pod)
        and all(value_of(pod, key) == value for key, value in service.selector)
    ]


def _places(store: Store, endpoints: Sequence[Endpoint]) -> list[Place]:
    """Every node; where nodes may not be read, those with endpoints, and one that stands for all others."""
    nodes = [row for row in store.rows(NODE) if isinstance(row, NodeRow)]
    if nodes:
        return sorted(Place(row.name, value_of(row, ZONE) or "") for row in nodes)
    named = sorted({Place(one.node, one.zone) for one in endpoints if one.node})
    return [*named, Place("")]
