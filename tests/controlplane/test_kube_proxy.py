"""Who gets new connections: what is said here against the rules that real kube-proxies write, on every node."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any, TypeVar

import pytest

from edgetui.cluster.session import ClusterSession
from edgetui.model.cache.store import Store
from edgetui.model.kinds.endpointslice import ENDPOINT_SLICE, Endpoint, EndpointSliceRow, owner_of
from edgetui.model.kinds.node import NODE
from edgetui.model.kinds.pod import POD
from edgetui.model.kinds.service import SERVICE, Port, ServiceRow
from edgetui.model.traffic.reach import Origin, endpoints_of_port, reaches
from edgetui.model.traffic.routing import is_proxied
from release.errors import BuildError

from . import workloads as w
from .acting import until
from .api import STRATEGIC_MERGE_PATCH
from .assets import Assets
from .cluster import ControlPlane
from .conftest import Boot
from .iptables import Iptables
from .kube_proxies import KubeProxy
from .netspace import NetSpace, NoNamespaceError
from .nft import DROPPED, REFUSED, Answer, Nft, Ruleset
from .watching import watching

Json = dict[str, Any]
Filter = TypeVar("Filter", Nft, Iptables)
Said = dict[tuple[str, Port, Origin, str], Answer]
"""By Service, port, origin of the connections and node."""
ZONE = "topology.kubernetes.io/zone"
ZONES = ("barn", "barn", "field")
GRACE = 12
"""Seconds after which a host counts as gone; for as long, kwok can stand still without anybody noticing."""
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
    """The packet filter of this machine."""
    return tried(Nft, "nftables", tmp_path_factory)


@pytest.fixture(scope="session")
def iptables(tmp_path_factory: pytest.TempPathFactory) -> Iptables:
    """The same as iptables has it."""
    return tried(partial(Iptables, tmp_path_factory.mktemp("iptables")), "iptables", tmp_path_factory)


def tried(make: Callable[[], Filter], mode: str, scratch: pytest.TempPathFactory) -> Filter:
    """What kube-proxy needs for a mode. A machine that lacks a part of it is a failure, told once with the part."""
    try:
        found = make()
        with NetSpace("trial", scratch.mktemp("netspace")) as trial:
            lacking = found.lacking(trial)
    except (BuildError, NoNamespaceError) as error:
        lacking = str(error)
    if lacking:
        pytest.fail(f"no kube-proxy can run in {mode} mode on this machine: {lacking}", pytrace=False)
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
        status = {"loadBalancer": {"ingress": [{"ip": f"192.0.2.{20 + number}"}]}}
        cluster.api.patch(f"{path}/{name}/status", {"status": status})


def told(cluster: ControlPlane) -> list[Json]:
    """The Events of all kube-proxies."""
    found = cluster.api.get("/api/v1/namespaces/default/events")["items"]
    return [one for one in found if one.get("reportingComponent") == "kube-proxy"]


async def give_zones(cluster: ControlPlane) -> None:
    """Give the first hosts their zones, once their kube-proxies have said that they started.

    One whose node has its zone before can miss it until it is started again: ProxyServer.Run asks for the events of
    its node (NewNodeTopologyConfig) before it registers who is told of them, and the same zone is told only once.
    """
    nodes = {f"node-{number}": zone for number, zone in enumerate(ZONES)}

    def listening() -> bool:
        return nodes.keys() <= {one["involvedObject"]["name"] for one in told(cluster)}

    await until(listening, within=40, what="the start of every kube-proxy")
    for node, zone in nodes.items():
        cluster.api.patch(f"/api/v1/nodes/{node}", {"metadata": {"labels": {ZONE: zone}}})


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

    def __init__(self, session: ClusterSession, namespace: str, nft: Nft) -> None:
        self.store = session.store
        self.namespace = namespace
        self.nft = nft
        self.proxies: list[KubeProxy] = []
        self.compared = 0

    def differing(self) -> list[tuple[Any, ...]]:
        """Every way in whose rules are other than what is said, and every one that has no rule."""
        said, rows = ours(self.store, self.namespace), services(self.store, self.namespace)
        heard, differ = set(), []
        for proxy in self.proxies:
            rules = self.nft.ruleset(proxy.space)
            for row in rows:
                for port in row.ports:
                    for origin, answer in theirs(rules, row, port):
                        way = (row.name, port, origin, proxy.node)
                        heard.add(way)
                        if said.get(way) != without_ports(answer):
                            differ.append((way, said.get(way), answer))
        self.compared = len(heard)
        nodes = {proxy.node for proxy in self.proxies}
        return differ + [(way, said[way], "no rule") for way in said.keys() - heard if way[-1] in nodes]

    async def agree(self, step: str, fact: Callable[[Said], bool], within: float = 40.0) -> Said:
        """What is said once `fact` is true of it and the rules on every node are the same."""
        deadline = time.monotonic() + within
        while True:
            self.store.drain()
            said = ours(self.store, self.namespace)
            differ = self.differing() if fact(said) else [("not said", said)]
            if not differ:
                return said
            assert time.monotonic() < deadline, f"{step}: {len(differ)} differ, such as {differ[0]}"
            await asyncio.sleep(0.1)


def of(said: Said, service: str, origin: Origin = Origin.INSIDE) -> dict[str, Answer]:
    """What is said of one way to the first port of a Service, by node."""
    return {
        node: answer
        for (name, port, way, node), answer in said.items()
        if (name, port.port, way) == (service, 80, origin)
    }


def spread(said: Said, service: str, over: int) -> bool:
    """Whether every node spreads connections to a Service over so many endpoints."""
    found = of(said, service).values()
    return bool(found) and all(len(one) == over and not isinstance(one, str) for one in found)


def everywhere(said: Said, service: str, answer: Answer) -> bool:
    return set(of(said, service).values()) == {answer}


@pytest.fixture(scope="module")
def cluster(boot: Boot) -> ControlPlane:
    """Three hosts, which are noticed quickly when they are gone, and whose pods stay."""
    return boot("proxied", nodes=3, node_monitor_grace=GRACE, lease_duration=8, toleration=60)


async def test_rules_of_kube_proxy_are_what_is_said_of_each_service(
    cluster: ControlPlane, control_plane_assets: Assets, nft: Nft
) -> None:
    with ExitStack() as running, cluster.namespace() as namespace:

        def started(node: str) -> KubeProxy:
            return running.enter_context(KubeProxy(cluster, node, control_plane_assets, nft))

        proxies = [started(f"node-{number}") for number in range(3)]
        await give_zones(cluster)
        deploy(cluster, namespace)
        async with watching(cluster.kubeconfig(), (NODE, POD, SERVICE, ENDPOINT_SLICE)) as session:
            site = Site(session, namespace, nft)
            site.proxies = proxies
            await all_is_well(site)
            await a_host_dies_and_returns(cluster, site)
            await a_rolling_update(cluster, site)
            site.proxies.append(started(*await asyncio.to_thread(cluster.add_nodes, 1)))
            await a_node_has_joined(cluster, site)
            await a_node_is_cut_off(cluster, site)
            await all_pods_end_at_once(cluster, site)


async def test_a_kube_proxy_without_a_mode_draws_by_iptables_and_no_event_says_so(
    cluster: ControlPlane, control_plane_assets: Assets, iptables: Iptables
) -> None:
    with cluster.namespace() as namespace:
        cluster.create(namespace, w.deployment("web", replicas=4))
        plain = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
        path = f"/api/v1/namespaces/{namespace}/services"
        address = cluster.api.create(path, {"metadata": {"name": "plain"}, "spec": plain})["spec"][
            "clusterIP"
        ]
        before = {one["metadata"]["uid"] for one in told(cluster)}

        def new() -> list[Json]:
            return [one for one in told(cluster) if one["metadata"]["uid"] not in before]

        with KubeProxy(cluster, "node-0", control_plane_assets, iptables, mode="") as proxy:
            async with watching(cluster.kubeconfig(), (NODE, SERVICE, ENDPOINT_SLICE)) as session:

                def drawn() -> dict[str, float]:
                    session.store.drain()
                    said = of(ours(session.store, namespace), "plain").get("node-0", "")
                    found = iptables.chances(proxy.space, address, 80)
                    return found if len(said) == 4 and tuple(sorted(found)) == said else {}

                found = await until(drawn, within=40, what="the rules of iptables")
                assert all(chance == pytest.approx(1 / 4, abs=1e-6) for chance in found.values())

                events = await until(new, within=20, what="Events")
                assert {(one["reason"], one["involvedObject"]["name"]) for one in events} == {
                    ("Starting", "node-0")
                }


async def all_is_well(site: Site) -> None:
    """Every way in, with pods on every node; a policy of Local drops where none of its pods is."""

    def well(said: Said) -> bool:
        apart = len(set(of(said, "zoned").values())) == len(set(ZONES))
        return spread(said, "plain", 4) and spread(said, "cam", 1) and apart

    said = await site.agree("all is well", well)
    ways = sum(len(one.ports) * (1 + is_open(one)) for one in services(site.store, site.namespace))
    assert site.compared == ways * 3
    assert everywhere(said, "nobody", REFUSED)
    for name, origin in (
        ("cam-near", Origin.INSIDE),
        ("cam-open", Origin.OUTSIDE),
        ("cam-balanced", Origin.OUTSIDE),
    ):
        assert list(of(said, name, origin).values()).count(DROPPED) == 2, name


def is_open(row: ServiceRow) -> bool:
    return row.type != "ClusterIP"


def workload(site: Site, name: str) -> str:
    return f"/apis/apps/v1/namespaces/{site.namespace}/deployments/{name}"


async def a_host_dies_and_returns(cluster: ControlPlane, site: Site) -> None:
    """It is the one of the only pod of a Service: that is refused, where it was dropped on other nodes before."""
    (cam,) = cluster.api.get(f"/api/v1/namespaces/{site.namespace}/pods?labelSelector=app%3Dcam")["items"]
    host = cam["spec"]["nodeName"]
    cluster.kill_node(host)
    said = await site.agree("a host dies", lambda said: everywhere(said, "cam", REFUSED))
    assert everywhere(said, "cam-near", REFUSED)
    assert not spread(said, "plain", 4)
    assert spread(said, "early", 4), "publishNotReadyAddresses keeps them"
    cluster.revive_node(host)
    said = await site.agree("a host returns", lambda said: spread(said, "cam", 1))
    assert spread(said, "plain", 4)


async def a_rolling_update(cluster: ControlPlane, site: Site) -> None:
    """Held after its first new pod, which serves beside the old ones, then let go."""
    held = {"minReadySeconds": 500, "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}
    template = {"spec": {"containers": [{"name": "app", "image": f"{w.REGISTRY}/app:2.0"}]}}
    old = serving(site, "plain")
    cluster.api.patch(workload(site, "web"), {"spec": {**held, "template": template}}, STRATEGIC_MERGE_PATCH)
    await site.agree("a rolling update", lambda said: spread(said, "plain", 5))
    assert old < serving(site, "plain")
    cluster.api.patch(workload(site, "web"), {"spec": {"minReadySeconds": 0}})
    await site.agree(
        "after an update", lambda said: spread(said, "plain", 4) and not old & serving(site, "plain")
    )


async def a_node_has_joined(cluster: ControlPlane, site: Site) -> None:
    """Its own rules are those of the others before it has pods, and pods on it are used as soon as they are there."""
    await site.agree("a node joins", lambda said: len(of(said, "plain")) == 4)
    cluster.api.patch(workload(site, "web"), {"spec": {"replicas": 9}})
    said = await site.agree("it gets pods", lambda said: spread(said, "plain", 9))
    assert not isinstance(of(said, "near")["node-3"], str)


async def a_node_is_cut_off(cluster: ControlPlane, site: Site) -> None:
    """It keeps the rules that it had, and follows once it hears again."""
    lost = site.proxies.pop(0)
    (plain,) = (row for row in services(site.store, site.namespace) if row.name == "plain")

    def rules() -> dict[Port, dict[Origin, Answer]]:
        return {port: dict(theirs(site.nft.ruleset(lost.space), plain, port)) for port in plain.ports}

    had = rules()
    lost.link.stall()
    cluster.api.patch(workload(site, "web"), {"spec": {"replicas": 7}})
    await site.agree("elsewhere", lambda said: spread(said, "plain", 7))
    assert rules() == had
    lost.link.restore()
    site.proxies.insert(0, lost)
    await site.agree("it hears again", lambda said: spread(said, "plain", 7))


async def all_pods_end_at_once(cluster: ControlPlane, site: Site) -> None:
    """While the pods of the last that served are ending they serve on; then nobody does."""
    players = cluster.process("kwok")
    players.signal(signal.SIGSTOP)
    try:
        cluster.api.patch(workload(site, "web"), {"spec": {"replicas": 0}})

        def draining(said: Said) -> bool:
            ending = endpoints(site, "plain")
            return all(one.draining and not one.ready for one in ending) and spread(said, "plain", 7)

        await site.agree("all pods end", draining)
    finally:
        players.signal(signal.SIGCONT)
    await site.agree("all pods are gone", lambda said: everywhere(said, "plain", REFUSED))


def endpoints(site: Site, service: str) -> list[Endpoint]:
    found = site.store.owned_by(owner_of(site.namespace, service))
    return [one for row in found if isinstance(row, EndpointSliceRow) for one in row.endpoints]


def serving(site: Site, service: str) -> set[str]:
    """The pods that get new connections; their addresses are given away again."""
    return {one.pod for one in endpoints(site, service) if one.ready}
