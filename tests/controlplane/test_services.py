"""Services on a real control plane: whether each leads anywhere, and who holds its address."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

from edgetui.cluster.api.client import Api
from edgetui.cluster.api.spread import read_spread
from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.http.client import Transport
from edgetui.cluster.kubeconfig.loader import Selection, load_fleet
from edgetui.cluster.session import ClusterSession
from edgetui.model.cache.freshness import Sync
from edgetui.model.cache.store import Store
from edgetui.model.kinds.daemonset import DAEMON_SET
from edgetui.model.kinds.node import NODE
from edgetui.model.panes import PANES
from edgetui.model.traffic.spread import is_run, sentences

from . import workloads as w
from .cluster import ControlPlane
from .custom import defined, definition
from .watching import live, until, watching

PANE = PANES["services"]


def service(name: str, app: str | None = "press", **spec: Any) -> dict[str, Any]:
    selector = {"selector": {"app": app}} if app else {}
    return {"metadata": {"name": name}, "spec": {"ports": [{"port": 80}], **selector, **spec}}


def said(session: ClusterSession, namespace: str) -> dict[str, str]:
    """The state of every Service of a namespace, a while after it was made."""
    now = time.time() + 3600
    rows = [row for row in session.store.rows("Service") if row.namespace == namespace]
    return {
        row.name: PANE.value(PANE.build(session.store, "Service", row, now), "state").words for row in rows
    }


async def test_a_service_says_whether_it_leads_anywhere(cluster: ControlPlane, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/services"
    cluster.create(namespace, w.deployment("press", replicas=2))
    for made in (
        service("press"),
        service("lost", "nobody"),
        service("headless", clusterIP="None"),
        service("by-hand", None),
        service("outside", None, type="ExternalName", externalName="db.example.org"),
    ):
        cluster.api.create(path, made)
    steady = {"lost": "no endpoints", "by-hand": "no endpoints", "outside": "ok"}
    async with watching(cluster.kubeconfig(), PANE.needs) as session:
        ready = {**steady, "press": "2 of 2 ready", "headless": "2 of 2 ready"}
        await until(session, lambda: said(session, namespace) == ready, within=60, what=f"{ready}")
        scale = f"/apis/apps/v1/namespaces/{namespace}/deployments/press/scale"
        cluster.api.patch(scale, {"spec": {"replicas": 0}})
        none = {**steady, "press": "no endpoints", "headless": "no endpoints"}
        await until(session, lambda: said(session, namespace) == none, within=60, what=f"{none}")


L2 = definition("servicel2statuses", "ServiceL2Status", "metallb.io", versions=("v1beta1",))


def holders(session: ClusterSession, namespace: str) -> dict[str, tuple[str, ...]]:
    """By Service of a namespace: what gave its address away, and the nodes that hold it or why none is known."""
    rows = [row for row in session.store.rows("Service") if row.namespace == namespace]
    made = {row.name: PANE.value(PANE.build(session.store, "Service", row, 0.0), "holder") for row in rows}
    return {name: (one.by, *one.nodes, one.why) for name, one in made.items() if one is not None}


async def test_an_address_says_who_holds_it(cluster: ControlPlane, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/services"
    told = {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}}
    for name in ("on-k3s", "announced", "in-a-cloud"):
        cluster.api.create(path, service(name, type="LoadBalancer"))
        cluster.api.patch(f"{path}/{name}/status", told)
    labels = {"svcname": "on-k3s", "svcnamespace": namespace}
    balancer = w.daemonset("svclb-on-k3s")
    balancer["metadata"]["labels"] = {
        f"svccontroller.k3s.cattle.io/{key}": one for key, one in labels.items()
    }
    cluster.create(namespace, balancer)
    nodes = sorted(one["metadata"]["name"] for one in cluster.api.get("/api/v1/nodes")["items"])
    with defined(cluster, L2):
        announced = {
            "apiVersion": "metallb.io/v1beta1",
            "kind": "ServiceL2Status",
            "metadata": {"name": "l2-1"},
            "status": {"node": nodes[0], "serviceName": "announced", "serviceNamespace": namespace},
        }
        cluster.api.create(f"/apis/metallb.io/v1beta1/namespaces/{namespace}/servicel2statuses", announced)
        async with watching(cluster.kubeconfig(), PANE.needs) as session:
            says = {
                "on-k3s": ("ServiceLB", *nodes, ""),
                "announced": ("MetalLB L2", nodes[0], ""),
                "in-a-cloud": ("", "not visible"),
            }
            await until(session, lambda: holders(session, namespace) == says, within=60, what=f"{says}")
            assert session.store.freshness("ServiceBGPStatus").sync is Sync.ABSENT


KUBEADM = """apiVersion: kubeproxy.config.k8s.io/v1alpha1
bindAddress: 0.0.0.0
bindAddressHardFail: false
clientConnection:
  acceptContentTypes: ""
  burst: 0
  contentType: ""
  kubeconfig: /var/lib/kube-proxy/kubeconfig.conf
  qps: 0
clusterCIDR: 10.244.0.0/16
configSyncPeriod: 0s
conntrack: {maxPerCore: null, min: null, tcpBeLiberal: false, tcpCloseWaitTimeout: null}
detectLocal: {bridgeInterface: "", interfaceNamePrefix: ""}
detectLocalMode: ""
enableProfiling: false
healthzBindAddress: ""
hostnameOverride: ""
iptables: {localhostNodePorts: null, masqueradeAll: false, masqueradeBit: null, minSyncPeriod: 0s, syncPeriod: 0s}
ipvs:
  excludeCIDRs: null
  minSyncPeriod: 0s
  scheduler: "mh"
  strictARP: false
  syncPeriod: 0s
  tcpFinTimeout: 0s
  tcpTimeout: 0s
  udpTimeout: 0s
kind: KubeProxyConfiguration
logging: {flushFrequency: 0, options: {json: {infoBufferSize: "0"}, text: {infoBufferSize: "0"}}, verbosity: 0}
metricsBindAddress: ""
mode: "ipvs"
nftables: {masqueradeAll: false, masqueradeBit: null, minSyncPeriod: 0s, syncPeriod: 0s}
nodePortAddresses: null
oomScoreAdj: null
portRange: ""
showHiddenMetricsForVersion: ""
"""
"""As kubeadm writes it, in one ConfigMap with a kubeconfig that names the server."""
HEARD = 2_500
"""Bytes that it may cost, once in ten minutes, to know how connections are spread; slow links carry fewer."""


async def test_how_connections_are_spread_is_read_with_the_rights_there_are(cluster: ControlPlane) -> None:
    system = "/api/v1/namespaces/kube-system/configmaps"
    agents = "/apis/apps/v1/namespaces/kube-system/daemonsets"
    settings = {
        "metadata": {"name": "kube-proxy"},
        "data": {"config.conf": KUBEADM, "kubeconfig.conf": "x" * 400},
    }
    with cluster.namespace() as namespace:
        limited = cluster.service_account_kubeconfig(namespace, "spread")
        async with watching(cluster.kubeconfig(), PANE.needs) as session, watching(limited) as other:
            await until(session, lambda: live(session, (DAEMON_SET, NODE)), within=30, what="agents")

            async def said(by: ClusterSession) -> str:
                (words,) = sentences(await read_spread(by.api, by.store))
                return words

            assert await said(session) == "not known: nothing in the API tells"
            cluster.api.create(system, settings)
            cluster.api.create(agents, w.daemonset("kube-proxy"))
            try:
                runs = partial(is_run, session.store)
                await until(session, runs, within=30, what="the DaemonSet of kube-proxy")
                assert (await said(session)).startswith(
                    "by a ring hash (Maglev) of the client's address (kube-proxy"
                )
                assert await said(other) == "not known: needs get on configmaps in kube-system"
                assert await heard(cluster, session.store) < HEARD
            finally:
                cluster.api.delete(f"{agents}/kube-proxy")
                cluster.api.delete(f"{system}/kube-proxy")


async def heard(cluster: ControlPlane, store: Store) -> int:
    """Bytes that it takes to find out, on a connection that is there already."""
    (target,) = load_fleet(Selection(files=[cluster.kubeconfig()]), {}, Path("/nonexistent"))
    credentials = Credentials(target)
    api = Api(Transport(target, credentials), credentials)
    await api.get("/version")
    before = api.transport.counters.bytes_in
    await read_spread(api, store)
    api.close()
    return api.transport.counters.bytes_in - before
