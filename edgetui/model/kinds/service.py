"""Services: where traffic enters."""

from __future__ import annotations

import msgspec

from edgetui.model.kinds.base import Kind, Row, unchanged
from edgetui.model.kinds.endpointslice import ENDPOINT_SLICE
from edgetui.model.kinds.wire import Meta, Wire, labelled, shared
from edgetui.model.text import clean

STICKY = 10_800
"""Seconds that a client keeps its endpoint under sessionAffinity ClientIP where nothing else is said."""

SERVICE = "Service"


class ServiceAnnotations(Wire):
    vip_host: str | None = msgspec.field(name="kube-vip.io/vipHost", default=None)


class ServiceMeta(Meta):
    """`metadata` of a Service."""

    annotations: ServiceAnnotations | None = None


class WirePort(Wire):
    name: str | None = None
    port: int | None = None
    node_port: int | None = None
    protocol: str | None = None


class WireClientIP(Wire):
    timeout_seconds: int | None = None


class WireAffinity(Wire):
    client_ip: WireClientIP | None = msgspec.field(name="clientIP", default=None)


class WireServiceSpec(Wire):
    type: str | None = None
    cluster_ip: str | None = msgspec.field(name="clusterIP", default=None)
    external_ips: list[str] | None = msgspec.field(name="externalIPs", default=None)
    external_name: str | None = None
    ports: list[WirePort] | None = None
    selector: dict[str, str] | None = None
    external_traffic_policy: str | None = None
    internal_traffic_policy: str | None = None
    session_affinity: str | None = None
    session_affinity_config: WireAffinity | None = None
    traffic_distribution: str | None = None
    publish_not_ready_addresses: bool | None = None


class WireIngress(Wire):
    ip: str | None = None
    hostname: str | None = None
    ip_mode: str | None = None


class WireLoadBalancer(Wire):
    ingress: list[WireIngress] | None = None


class WireServiceStatus(Wire):
    load_balancer: WireLoadBalancer | None = None


class WireService(Wire):
    """A Service as it arrives."""

    metadata: ServiceMeta | None = None
    spec: WireServiceSpec | None = None
    status: WireServiceStatus | None = None


class Port(msgspec.Struct, frozen=True, gc=False):
    """A port that a Service listens on; `node_port` is 0 where no node listens."""

    port: int | None = None
    name: str = ""
    node_port: int = 0
    protocol: str = "TCP"

    @property
    def words(self) -> str:
        """As kubectl prints it: "80:30080/TCP"."""
        outside = f":{self.node_port}" if self.node_port else ""
        return f"{self.port or '?'}{outside}/{self.protocol}"


class ServiceRow(Row):
    """A Service. `external` are addresses or names that lead to it from outside.

    `virtual_ips` are those of them that each node answers itself. `external_local` and `internal_local` are whether
    traffic of that origin stays on the node that it comes to. `sticky` is for how many seconds a client keeps its
    endpoint, 0 for none. `distribution` is `spec.trafficDistribution`. `vip_host` is the node that kube-vip says holds
    its address.
    """

    type: str = "ClusterIP"
    cluster_ip: str = ""
    external: tuple[str, ...] = ()
    virtual_ips: tuple[str, ...] = ()
    ports: tuple[Port, ...] = ()
    selector: tuple[tuple[str, str], ...] = ()
    external_local: bool = False
    internal_local: bool = False
    sticky: int = 0
    distribution: str = ""
    vip_host: str = ""
    unready_too: bool = False
    """Whether pods get traffic though they are not ready (publishNotReadyAddresses)."""

    @property
    def elsewhere(self) -> bool:
        """Whether it is only another name: no endpoints belong to it."""
        return self.type == "ExternalName"

    @property
    def headless(self) -> bool:
        """Whether it has no address of its own: its name leads to the pods themselves."""
        return self.cluster_ip == "None"

    @property
    def pending(self) -> bool:
        """A load balancer that nobody has given an address yet."""
        return self.type == "LoadBalancer" and not self.external


def project(service: WireService) -> ServiceRow:
    """The row of a Service."""
    spec = service.spec or WireServiceSpec()
    balancer = service.status.load_balancer if service.status else None
    given = (balancer.ingress if balancer else None) or []
    external = [one.ip or one.hostname or "" for one in given]
    external += spec.external_ips or []
    answered = [one.ip for one in given if one.ip and one.ip_mode != "Proxy"] + (spec.external_ips or [])
    if spec.external_name:
        external.append(spec.external_name)
    kept = spec.session_affinity_config or WireAffinity()
    notes = (service.metadata.annotations if service.metadata else None) or ServiceAnnotations()
    return ServiceRow(
        **labelled(service.metadata),
        type=shared(spec.type) or "ClusterIP",
        cluster_ip=clean(spec.cluster_ip, 60),
        external=tuple(clean(one, 120) for one in external if one),
        virtual_ips=tuple(clean(one, 60) for one in answered),
        ports=tuple(
            Port(one.port, shared(one.name), one.node_port or 0, shared(one.protocol) or "TCP")
            for one in spec.ports or ()
        ),
        selector=tuple(sorted((clean(key), clean(value)) for key, value in (spec.selector or {}).items())),
        external_local=spec.external_traffic_policy == "Local",
        internal_local=spec.internal_traffic_policy == "Local",
        sticky=_sticky(kept) if spec.session_affinity == "ClientIP" else 0,
        distribution=shared(spec.traffic_distribution),
        vip_host=shared(clean(notes.vip_host)),
        unready_too=spec.publish_not_ready_addresses is True,
    )


def _sticky(kept: WireAffinity) -> int:
    """The API's own default where a server of old leaves it out."""
    return (kept.client_ip.timeout_seconds if kept.client_ip else None) or STICKY


KIND = Kind(
    name=SERVICE,
    plural="services",
    group="",
    version="v1",
    namespaced=True,
    wire=WireService,
    row=ServiceRow,
    project=project,
    short_names=("svc",),
    owns=(ENDPOINT_SLICE,),
    snapshot=unchanged,
)
