"""EndpointSlices: which endpoints a Service has, on which nodes, and which of them take traffic."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from edgetui.model.kinds.base import Kind, Row, unchanged
from edgetui.model.kinds.wire import Meta, Wire, identity, shared
from edgetui.model.labels import read
from edgetui.model.text import clean

ENDPOINT_SLICE = "EndpointSlice"

SERVICE = "kubernetes.io/service-name"


class WireEndpointConditions(Wire):
    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class WireHint(Wire):
    name: str | None = None


class WireHints(Wire):
    for_zones: list[WireHint] | None = None
    for_nodes: list[WireHint] | None = None


class WireTarget(Wire):
    kind: str | None = None
    name: str | None = None


class WireEndpoint(Wire):
    addresses: list[str] | None = None
    conditions: WireEndpointConditions | None = None
    node_name: str | None = None
    zone: str | None = None
    hints: WireHints | None = None
    target_ref: WireTarget | None = None


class WireSlicePort(Wire):
    name: str | None = None
    port: int | None = None
    protocol: str | None = None


class WireEndpointSlice(Wire):
    """An EndpointSlice of discovery.k8s.io as it arrives."""

    metadata: Meta | None = None
    address_type: str | None = None
    endpoints: list[WireEndpoint] | None = None
    ports: list[WireSlicePort] | None = None


class Endpoint(msgspec.Struct, frozen=True, gc=False):
    """One endpoint. `pod` is what it stands for, empty where that is no pod; `node` is empty where none is named.

    `ready` means that it takes new connections, `serving` that it could, `terminating` that it ends. It is meant for
    clients on `for_nodes` and in `for_zones`, where all endpoints have such hints.
    """

    address: str
    node: str = ""
    pod: str = ""
    zone: str = ""
    ready: bool = True
    serving: bool = True
    terminating: bool = False
    for_nodes: tuple[str, ...] = ()
    for_zones: tuple[str, ...] = ()

    @property
    def draining(self) -> bool:
        """Whether it ends and still serves: it takes new connections where none is ready."""
        return self.terminating and self.serving

    @property
    def usable(self) -> bool:
        """Whether it may take new connections at all."""
        return self.ready or self.draining


class SlicePort(msgspec.Struct, frozen=True, gc=False):
    """A port that every endpoint of a slice serves; `name` is that of the Service's port."""

    name: str
    port: int
    protocol: str = "TCP"


class EndpointSliceRow(Row):
    """An EndpointSlice. `service` is the name of its Service, empty for a slice of something else."""

    service: str = ""
    family: str = ""
    endpoints: tuple[Endpoint, ...] = ()
    ports: tuple[SlicePort, ...] = ()

    @property
    def ready(self) -> int:
        """How many of `total` get new connections."""
        return sum(one.ready and not one.terminating for one in self.endpoints)

    @property
    def total(self) -> int:
        """Endpoints that are not terminating."""
        return sum(not one.terminating for one in self.endpoints)

    @property
    def draining(self) -> int:
        """Endpoints that are terminating and still serve."""
        return sum(one.draining for one in self.endpoints)


def owner_of(namespace: str, service: str) -> str:
    """What stands for a Service as the owner of its slices: they name it by a label, and no uid has a slash."""
    return f"{namespace}/{service}"


def project(piece: WireEndpointSlice) -> EndpointSliceRow:
    """The row of an EndpointSlice; null conditions mean what kube-proxy takes them for."""
    meta = piece.metadata or Meta()
    service = read(meta.labels).get(SERVICE)
    base = identity(meta)
    base["owner_uid"] = owner_of(meta.namespace or "", service) if service else ""
    return EndpointSliceRow(
        **base,
        service=shared(service),
        family=shared(piece.address_type),
        endpoints=tuple(_endpoint(one) for one in piece.endpoints or () if one.addresses),
        ports=tuple(
            SlicePort(shared(one.name), one.port or 0, shared(one.protocol) or "TCP")
            for one in piece.ports or ()
        ),
    )


def _endpoint(one: WireEndpoint) -> Endpoint:
    told = one.conditions or WireEndpointConditions()
    hints, target = one.hints or WireHints(), one.target_ref or WireTarget()
    return Endpoint(
        address=clean((one.addresses or [""])[0], 60),
        node=shared(one.node_name),
        pod=clean(target.name) if target.kind == "Pod" else "",
        zone=shared(one.zone),
        ready=told.ready is not False,
        serving=told.serving is not False,
        terminating=told.terminating is True,
        for_nodes=tuple(shared(hint.name) for hint in hints.for_nodes or ()),
        for_zones=tuple(shared(hint.name) for hint in hints.for_zones or ()),
    )


def _v1beta1() -> Kind:
    return replace(KIND, version="v1beta1")


KIND: Kind = Kind(
    name=ENDPOINT_SLICE,
    plural="endpointslices",
    group="discovery.k8s.io",
    version="v1",
    namespaced=True,
    wire=WireEndpointSlice,
    row=EndpointSliceRow,
    project=project,
    older={"v1beta1": _v1beta1},
    snapshot=unchanged,
)
