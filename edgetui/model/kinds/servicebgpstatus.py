"""MetalLB's ServiceBGPStatus: a node that announces the address of a Service to routers."""

from __future__ import annotations

from edgetui.model.kinds.base import Kind, unchanged
from edgetui.model.kinds.servicel2status import AnnouncedRow, WireAnnounced, announced

SERVICE_BGP_STATUS = "ServiceBGPStatus"


class ServiceBGPStatusRow(AnnouncedRow):
    """One of the nodes that announce an address to routers, which choose among them."""


def project(wire: WireAnnounced) -> AnnouncedRow:
    """The row of a ServiceBGPStatus."""
    return announced(wire, ServiceBGPStatusRow)


KIND = Kind(
    name=SERVICE_BGP_STATUS,
    plural="servicebgpstatuses",
    group="metallb.io",
    version="v1beta1",
    namespaced=True,
    wire=WireAnnounced,
    row=ServiceBGPStatusRow,
    project=project,
    snapshot=unchanged,
)
