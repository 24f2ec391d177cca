"""What tells of a control plane: Leases of the API server and of leaders, where Service kubernetes leads, budgets."""

from __future__ import annotations

from collections.abc import Iterable

from edgetui.demo.controllers.pods import ready
from edgetui.demo.resources import BUDGETS, ENDPOINTSLICES, LEASES, PODS
from edgetui.demo.simulation import Simulation
from edgetui.demo.storage import Object
from edgetui.demo.times import micro_stamp, stamp

RENEWED, COUNTED = 10.0, 5.0
"""Seconds between two renewals of a Lease, and between two counts of the pods of budgets."""
CHECKS = (
    "ping",
    "log",
    "etcd",
    "etcd-readiness",
    "informer-sync",
    "poststarthook/start-apiextensions-controllers",
    "poststarthook/start-kube-apiserver-identity-lease-controller",
    "poststarthook/rbac/bootstrap-roles",
    "poststarthook/apiservice-discovery-controller",
    "shutdown",
)
_NAMESPACE = "kube-system"


def readyz() -> bytes:
    """The answer to `/readyz?verbose`."""
    return "".join([*(f"[+]{name} ok\n" for name in CHECKS), "readyz check passed\n"]).encode()


class ControlPlane:
    """That of one cluster, on one host. `leaders` are what elects one there; K3s on SQLite elects none."""

    def __init__(self, site: Simulation, host: str, leaders: Iterable[str] = ()) -> None:
        self._site = site
        self._host = host
        self._leaders = tuple(leaders)

    def start(self, since: float) -> None:
        """It has been there since then (Unix s), and goes on."""
        endpoint = {"addresses": ["192.0.2.1"], "conditions": {"ready": True}}
        self._site.add(
            ENDPOINTSLICES,
            {
                "metadata": {
                    "namespace": "default",
                    "name": "kubernetes",
                    "labels": {"kubernetes.io/service-name": "kubernetes"},
                },
                "addressType": "IPv4",
                "endpoints": [endpoint],
                "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}],
            },
        )
        self._renew(since)
        self._count()

    def add_budget(self, namespace: str, name: str, least: int) -> None:
        """At least so many pods with the label app=`name` have to be healthy."""
        spec = {"minAvailable": least, "selector": {"matchLabels": {"app": name}}}
        self._site.add(
            BUDGETS, {"metadata": {"namespace": namespace, "name": name}, "spec": spec, "status": {}}
        )

    def _renew(self, since: float) -> None:
        identity = {
            "apiserver.kubernetes.io/identity": "kube-apiserver",
            "kubernetes.io/hostname": self._host,
        }
        self._lease("apiserver-demo", since, 3600, identity)
        for name in self._leaders:
            self._lease(name, since, 60, {})
        self._site.manager.timeline.after(RENEWED, lambda: self._renew(since))

    def _lease(self, name: str, since: float, seconds: int, labels: dict[str, str]) -> None:
        storage = self._site.cluster.storage
        spec: Object = {
            "holderIdentity": f"{self._host}_demo",
            "leaseDurationSeconds": seconds,
            "renewTime": micro_stamp(self._site.manager.now()),
        }
        if not labels:
            spec |= {"acquireTime": micro_stamp(since), "leaseTransitions": 1}
        lease = storage.find(LEASES, _NAMESPACE, name)
        if lease is None:
            meta = {
                "namespace": _NAMESPACE,
                "name": name,
                "creationTimestamp": stamp(since),
                "labels": labels,
            }
            storage.create(LEASES, {"metadata": meta, "spec": spec})
        else:
            lease["spec"] = spec
            storage.update(LEASES, lease)

    def _count(self) -> None:
        """What the disruption controller writes, where it differs."""
        storage = self._site.cluster.storage
        for budget in list(storage.objects(BUDGETS)):
            wanted = budget["spec"]["selector"]["matchLabels"].items()
            space = budget["metadata"]["namespace"]
            pods = [
                one for one in storage.objects(PODS, space) if wanted <= one["metadata"]["labels"].items()
            ]
            healthy, least = sum(map(ready, pods)), budget["spec"]["minAvailable"]
            counted = {
                "disruptionsAllowed": max(0, healthy - least),
                "currentHealthy": healthy,
                "desiredHealthy": least,
                "expectedPods": len(pods),
            }
            budget["status"] = counted
            storage.update(BUDGETS, budget)
        self._site.manager.timeline.after(COUNTED, self._count)
