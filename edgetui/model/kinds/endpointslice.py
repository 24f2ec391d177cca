"""EndpointSlices: where the traffic of a Service goes, as counts."""

from __future__ import annotations

from msgspec.structs import replace

from edgetui.model.kinds.base import Kind, Row
from edgetui.model.kinds.wire import Meta, Wire, identity, shared
from edgetui.model.labels import read

SERVICE = "kubernetes.io/service-name"


class WireEndpointConditions(Wire):
    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class WireEndpoint(Wire):
    conditions: WireEndpointConditions | None = None


class WireEndpointSlice(Wire):
    """An EndpointSlice of discovery.k8s.io as it arrives."""

    metadata: Meta | None = None
    address_type: str | None = None
    endpoints: list[WireEndpoint] | None = None


class EndpointSliceRow(Row):
    """An EndpointSlice.

    `service` is the name of its Service, empty for a slice of something else. `ready` of `total` endpoints get new
    traffic; those that are terminating are not among them, and of those `draining` still serve.
    """

    service: str = ""
    family: str = ""
    ready: int = 0
    total: int = 0
    draining: int = 0


def owner_of(namespace: str, service: str) -> str:
    """What stands for a Service as the owner of its slices: they name it by a label, and no uid has a slash."""
    return f"{namespace}/{service}"


def project(piece: WireEndpointSlice) -> EndpointSliceRow:
    """The row of an EndpointSlice; null conditions mean what the API says of each."""
    meta = piece.metadata or Meta()
    service = read(meta.labels).get(SERVICE)
    ready = total = draining = 0
    for one in piece.endpoints or ():
        told = one.conditions or WireEndpointConditions()
        takes = told.ready is not False
        if told.terminating:
            draining += takes if told.serving is None else told.serving
        else:
            total += 1
            ready += takes
    base = identity(meta)
    base["owner_uid"] = owner_of(meta.namespace or "", service) if service else ""
    return EndpointSliceRow(
        **base,
        service=shared(service),
        family=shared(piece.address_type),
        ready=ready,
        total=total,
        draining=draining,
    )


def _v1beta1() -> Kind:
    return replace(KIND, version="v1beta1")


KIND: Kind = Kind(
    name="EndpointSlice",
    plural="endpointslices",
    group="discovery.k8s.io",
    version="v1",
    namespaced=True,
    wire=WireEndpointSlice,
    project=project,
    older={"v1beta1": _v1beta1},
)
