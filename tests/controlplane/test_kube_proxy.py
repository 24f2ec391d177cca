"""Who gets new connections: what is said here against the rules that real kube-proxies write, on every node."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from edgetui.cluster.session import ClusterSession
from edgetui.model.cache.store import Store
from edgetui.model.kinds.endpointslice import ENDPOINT_SLICE
from edgetui.model.kinds.node import NODE
from edgetui.model.kinds.pod import POD
from edgetui.model.kinds.service import SERVICE, Port, ServiceRow
from edgetui.model.traffic.reach import Origin, endpoints_of_port, reaches
from edgetui.model.traffic.routing import is_proxied
from release.errors import BuildError

from . import workloads as w
from .assets import Assets
from .cluster import ControlPlane
from .conftest import Boot
from .kube_proxies import KubeProxy
from .netspace import NetSpace, NoNamespaceError
from .nft import DROPPED, REFUSED, Answer, Nft, Ruleset
from .watching import watching

Json = dict[str, Any]
Said = dict[tuple[str, Port, Origin, str], Answer]
"""By Service, port, origin of the connections and node."""
ZONE = "topology.kubernetes.io/zone"
GRACE = 8
SERVICES: dict[str, Json] = {
    "plain": {
        "ports": [{"name": "web", "port": 80}, {"name": "metrics", "port": 9100, "protocol": "UDP"}],
    },
    "sticky": {"sessionAffinity": "ClientIP"},
    "zoned": {"trafficDistribution": "PreferSameZone"},
    "near": {"internalTrafficPolicy": "Local"},
    "open": {"type": "NodePort", "externalIPs": ["192.0.2.8"]},
    "early": {"publishNotReadyAddresses": True},
    "cam": {"app": "cam"},
    "cam-near": {"app": "cam", "internalTrafficPolicy": "Local"},
    "cam-open": {"app": "cam", "type": "NodePort", "externalTrafficPolicy": "Local"},
    "cam-balanced": {"app": "cam", "type": "LoadBalancer", "externalTrafficPolicy": "Local"},
    "balanced": {"type": "LoadBalancer", "sessionAffinity": "ClientIP", "externalTrafficPolicy": "Local"},
    "nobody": {"app": "nobody", "type": "NodePort"},
}


@pytest.fixture(scope="session")
def nft(tmp_path_factory: pytest.TempPathFactory) -> Nft:
    """The packet filter of this machine. Lacking what kube-proxy's rules need is a failure, and told once."""
    try:
        found = Nft()
        with NetSpace("trial", tmp_path_factory.mktemp("netspace")) as trial:
            lacking = found.lacking(trial)
    except (BuildError, NoNamespaceError) as error:
        lacking = str(error)
    if lacking:
        pytest.fail(f"no kube-proxy can run in nftables mode on this machine: {lacking}", pytrace=False)
    return found


def deploy(cluster: ControlPlane, namespace: str) -> None:
    """Two workloads, and a Service for each way in."""
    cluster.create(namespace, w.deployment("web", replicas=4), w.deployment("cam", replicas=1))
    path = f"/api/v1/namespaces/{namespace}/services"
    for name, given in SERVICES.items():
        spec = {"ports": [{"port": 80}], **given}
        spec["selector"] = {"app": spec.pop("app", "web")}
        cluster.api.create(path, {"metadata": {"name": name}, "spec": spec})
    for number, name in enumerate(("balanced", "cam-balanced")):
        told = {"loadBalancer": {"ingress": [{"ip": f"192.0.2.{20 + number}"}]}}
        cluster.api.patch(f"{path}/{name}/status", {"status": told})


def services(store: Store, namespace: str) -> list[ServiceRow]:
    return [one for one in store.rows(SERVICE) if isinstance(one, ServiceRow) and one.namespace == namespace]


def ours(store: Store, namespace: str) -> Said:
    """What the page of each Service says."""
    nodes = [row.name for row in store.rows(NODE)]
    found: Said = {}
    for row in services(store, namespace):
        assert is_proxied(row)
        for port in row.ports:
            for one in reaches(store, row, port, endpoints_of_port(store, row, port)):
                used = tuple(sorted(each.address for each in one.endpoints))
                for node in one.nodes or nodes:
                    found[row.name, port, one.origin, node] = used or (DROPPED if one.anywhere else REFUSED)
    return found


def theirs(rules: Ruleset, row: ServiceRow, port: Port) -> Iterator[tuple[Origin, Answer]]:
    """What the rules of one node do, for each way to one port."""
    number = port.port or 0
    yield Origin.INSIDE, rules.at_address(row.cluster_ip, port.protocol, number)
    if port.node_port:
        yield Origin.OUTSIDE, rules.at_node_port(port.protocol, port.node_port)
    for address in row.virtual_ips:
        yield Origin.OUTSIDE, rules.at_address(address, port.protocol, number)


def without_ports(answer: Answer) -> Answer:
    return answer if isinstance(answer, str) else tuple(sorted(one.rpartition(":")[0] for one in answer))


class Site:
    """A cluster with a kube-proxy on every node, and a session that watches it."""

    def __init__(self, session: ClusterSession, namespace: str) -> None:
        self.store = session.store
        self.namespace = namespace
        self.proxies: list[KubeProxy] = []

    def differing(self) -> list[tuple[Any, ...]]:
        """Every way in whose rules are other than what is said; all of them where a rule has no word here."""
        said, rows = ours(self.store, self.namespace), services(self.store, self.namespace)
        heard, differ = set(), []
        for proxy in self.proxies:
            rules = proxy.rules()
            for row in rows:
                for port in row.ports:
                    for origin, answer in theirs(rules, row, port):
                        of = (row.name, port, origin, proxy.node)
                        heard.add(of)
                        if said.get(of) != without_ports(answer):
                            differ.append((of, said.get(of), answer))
        return differ + [(of, said[of], "no rule") for of in said.keys() - heard]

    async def agree(self, step: str, fact: Callable[[Said], bool], within: float = 30.0) -> Said:
        """What is said once `fact` is true of it and every rule on every node is the same."""
        deadline = time.monotonic() + within
        while True:
            self.store.drain()
            said = ours(self.store, self.namespace)
            differ = self.differing() if fact(said) else [("not yet", said)]
            if not differ:
                return said
            assert time.monotonic() < deadline, f"{step}: {len(differ)} differ, such as {differ[0]}"
            await asyncio.sleep(0.1)


def of(said: Said, service: str, origin: Origin = Origin.INSIDE) -> dict[str, Answer]:
    """What is said of one way to the first port of a Service, by node."""
    return {
        node: answer for (name, port, way, node), answer in said.items() if (name, way) == (service, origin)
    }


def spread(said: Said, service: str, over: int) -> bool:
    """Whether every node spreads connections to a Service over so many endpoints."""
    return bool(of(said, service)) and all(
        len(one) == over for one in of(said, service).values() if one != DROPPED
    )


async def test_rules_of_kube_proxy_are_what_is_said_of_each_service(
    boot: Boot, control_plane_assets: Assets, nft: Nft
) -> None:
    cluster = boot("proxied", nodes=3, node_monitor_grace=GRACE, lease_duration=8, toleration=60)
    for number, zone in enumerate(("barn", "barn", "field")):
        cluster.api.patch(f"/api/v1/nodes/node-{number}", {"metadata": {"labels": {ZONE: zone}}})
    with ExitStack() as running, cluster.namespace() as namespace:
        deploy(cluster, namespace)
        async with watching(cluster.kubeconfig(), (NODE, POD, SERVICE, ENDPOINT_SLICE)) as session:
            site = Site(session, namespace)

            def started(node: str) -> KubeProxy:
                return running.enter_context(KubeProxy(cluster, node, control_plane_assets, nft))

            site.proxies = [started(row) for row in ("node-0", "node-1", "node-2")]
            said = await site.agree(
                "all is well", lambda said: spread(said, "plain", 4) and spread(said, "cam", 1)
            )
            print(said)
