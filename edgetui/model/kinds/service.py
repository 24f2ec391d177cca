"""Services: where traffic enters."""

from __future__ import annotations

import msgspec

from edgetui.model.kinds.base import Kind, Row
from edgetui.model.kinds.wire import Meta, Wire, labelled, shared
from edgetui.model.text import clean


class WirePort(Wire):
    name: str | None = None
    port: int | None = None
    node_port: int | None = None
    protocol: str | None = None


class WireServiceSpec(Wire):
    type: str | None = None
    cluster_ip: str | None = msgspec.field(name="clusterIP", default=None)
    external_ips: list[str] | None = msgspec.field(name="externalIPs", default=None)
    external_name: str | None = None
    ports: list[WirePort] | None = None
    selector: dict[str, str] | None = None
    external_traffic_policy: str | None = None


class WireIngress(Wire):
    ip: str | None = None
    hostname: str | None = None


class WireLoadBalancer(Wire):
    ingress: list[WireIngress] | None = None


class WireServiceStatus(Wire):
    load_balancer: WireLoadBalancer | None = None


class WireService(Wire):
    """A Service as it arrives."""

    metadata: Meta | None = None
    spec: WireServiceSpec | None = None
    status: WireServiceStatus | None = None


class ServiceRow(Row):
    """A Service. `ports` are as kubectl prints them ("80:30080/TCP"); `external` are addresses or names."""

    type: str = "ClusterIP"
    cluster_ip: str = ""
    external: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    selector: tuple[tuple[str, str], ...] = ()
    traffic_policy: str = ""

    @property
    def elsewhere(self) -> bool:
        """Whether it is only another name: no endpoints belong to it."""
        return self.type == "ExternalName"

    @property
    def pending(self) -> bool:
        """A load balancer that nobody has given an address yet."""
        return self.type == "LoadBalancer" and not self.external


def project(service: WireService) -> ServiceRow:
    """The row of a Service."""
    spec = service.spec or WireServiceSpec()
    balancer = service.status.load_balancer if service.status else None
    external = [one.ip or one.hostname or "" for one in (balancer.ingress if balancer else None) or ()]
    external += spec.external_ips or []
    if spec.external_name:
        external.append(spec.external_name)
    return ServiceRow(
        **labelled(service.metadata),
        type=shared(spec.type) or "ClusterIP",
        cluster_ip=clean(spec.cluster_ip, 60),
        external=tuple(clean(one, 120) for one in external if one),
        ports=tuple(_port(one) for one in spec.ports or ()),
        selector=tuple(sorted((clean(key), clean(value)) for key, value in (spec.selector or {}).items())),
        traffic_policy=shared(spec.external_traffic_policy),
    )


def _port(port: WirePort) -> str:
    outside = f":{port.node_port}" if port.node_port else ""
    return f"{port.port or '?'}{outside}/{port.protocol or 'TCP'}"


KIND = Kind(
    name="Service",
    plural="services",
    group="",
    version="v1",
    namespaced=True,
    wire=WireService,
    project=project,
)
