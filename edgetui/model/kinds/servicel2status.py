"""MetalLB's ServiceL2Status: which node answers for the address of a Service on its own network."""

from __future__ import annotations

from edgetui.model.kinds.base import Kind, Row, unchanged
from edgetui.model.kinds.endpointslice import owner_of
from edgetui.model.kinds.wire import Meta, Wire, identity, shared
from edgetui.model.labels import read
from edgetui.model.text import clean

SERVICE_L2_STATUS = "ServiceL2Status"

_NODE, _NAME, _NAMESPACE = "metallb.io/node", "metallb.io/service-name", "metallb.io/service-namespace"


class WireAnnouncement(Wire):
    node: str | None = None
    service_name: str | None = None
    service_namespace: str | None = None


class WireAnnounced(Wire):
    """A status object of MetalLB as it arrives, of either kind; older ones name node and Service in labels alone."""

    metadata: Meta | None = None
    status: WireAnnouncement | None = None


class AnnouncedRow(Row):
    """A node that announces the address of a Service. The Service stands as its owner, as for an EndpointSlice."""

    node: str = ""


class ServiceL2StatusRow(AnnouncedRow):
    """The node that answers for an address on its own network: one at a time."""


def announced(wire: WireAnnounced, row: type[AnnouncedRow]) -> AnnouncedRow:
    """The row of a status object."""
    meta = wire.metadata or Meta()
    told, labels = wire.status or WireAnnouncement(), read(meta.labels)
    name = told.service_name or labels.get(_NAME)
    namespace = told.service_namespace or labels.get(_NAMESPACE)
    base = identity(meta) | {"owner_uid": owner_of(namespace, name) if name else ""}
    return row(**base, node=shared(clean(told.node or labels.get(_NODE))))


def project(wire: WireAnnounced) -> AnnouncedRow:
    """The row of a ServiceL2Status."""
    return announced(wire, ServiceL2StatusRow)


KIND = Kind(
    name=SERVICE_L2_STATUS,
    plural="servicel2statuses",
    group="metallb.io",
    version="v1beta1",
    namespaced=True,
    wire=WireAnnounced,
    row=ServiceL2StatusRow,
    project=project,
    snapshot=unchanged,
)
