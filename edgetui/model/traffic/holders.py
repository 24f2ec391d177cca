"""Which nodes hold the address that a load balancer gave a Service, as far as the API tells.

K3s and RKE2 run a DaemonSet for each such Service, whose pods answer on their nodes' own addresses (ServiceLB, no
address moves when a host dies). MetalLB writes a status object for each node that announces an address. kube-vip
writes the node into an annotation. Others, as keepalived of k0s and the load balancers of clouds, tell nothing here.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from edgetui.model.cache.freshness import Sync
from edgetui.model.cache.store import Store
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.daemonset import DAEMON_SET, DaemonSetRow
from edgetui.model.kinds.endpointslice import owner_of
from edgetui.model.kinds.pod import POD
from edgetui.model.kinds.service import ServiceRow
from edgetui.model.kinds.servicebgpstatus import SERVICE_BGP_STATUS, ServiceBGPStatusRow
from edgetui.model.kinds.servicel2status import SERVICE_L2_STATUS, ServiceL2StatusRow
from edgetui.model.labels import value_of
from edgetui.model.traffic.reach import is_doubtful

ANNOUNCED = (SERVICE_L2_STATUS, SERVICE_BGP_STATUS)
"""The kinds that tell who holds an address, beside those that are watched anyway."""
_SVCLB_NAME, _SVCLB_NAMESPACE = (
    "svccontroller.k3s.cattle.io/svcname",
    "svccontroller.k3s.cattle.io/svcnamespace",
)
KUBE_VIP = "kube-vip"
_READ = frozenset({Sync.LIVE, Sync.STALE, Sync.ABSENT})


class Holder(NamedTuple):
    """Who holds an address. `by` is what gave it away, empty where that is not known.

    `nodes` are sorted; where there are none, `why` says so in a few words. `silent` are those that are not Ready.
    """

    by: str
    nodes: tuple[str, ...]
    silent: tuple[str, ...] = ()
    why: str = ""

    @property
    def lost(self) -> bool:
        """Whether all that hold it are not Ready: nobody is known to answer."""
        return bool(self.nodes) and len(self.silent) == len(self.nodes)


def holder_of(store: Store, service: ServiceRow) -> Holder | None:
    """Who holds the address of a Service; None where it has none that anybody must hold."""
    if service.type != "LoadBalancer" or service.pending:
        return None
    if (balancer := _balancer(store, service)) is not None:
        pods = store.pods_of(balancer.uid)
        nodes = {pod.node for pod in pods if pod.is_ready and pod.node}
        return _held(store, "ServiceLB", nodes, "?" if balancer.ready else "nobody")
    by, nodes = _announced(store, service)
    return _held(store, by, nodes, _unseen(store))


def _held(store: Store, by: str, nodes: Collection[str], why: str) -> Holder:
    silent = tuple(sorted(node for node in nodes if is_doubtful(store, node)))
    return Holder(by, tuple(sorted(nodes)), silent, "" if nodes else why)


def _announced(store: Store, service: ServiceRow) -> tuple[str, set[str]]:
    announced = store.owned_by(owner_of(service.namespace, service.name))
    for by, row in (("MetalLB L2", ServiceL2StatusRow), ("MetalLB BGP", ServiceBGPStatusRow)):
        if nodes := {one.node for one in announced if isinstance(one, row) and one.node}:
            return by, nodes
    return (KUBE_VIP, {service.vip_host}) if service.vip_host else ("", set())


def _balancer(store: Store, service: ServiceRow) -> DaemonSetRow | None:
    """The DaemonSet that K3s runs for a Service."""
    for row in store.rows(DAEMON_SET):
        if isinstance(row, DaemonSetRow) and served_by(row) == (service.namespace, service.name):
            return row
    return None


def served_by(row: Row | None) -> tuple[str, str] | None:
    """Namespace and name of the Service that a DaemonSet of K3s runs for; None for any other row."""
    if not isinstance(row, DaemonSetRow):
        return None
    name, namespace = value_of(row, _SVCLB_NAME), value_of(row, _SVCLB_NAMESPACE)
    return (namespace, name) if name and namespace else None


def _unseen(store: Store) -> str:
    """Why nobody is known to hold an address."""
    states = [store.freshness(kind) for kind in (*ANNOUNCED, DAEMON_SET, POD)]
    if any(one.sync is Sync.FORBIDDEN or one.partial for one in states):
        return "not allowed"
    return "not visible" if all(one.sync in _READ for one in states) else "?"
