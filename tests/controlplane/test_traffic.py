"""Which endpoints get new connections: ours against kube-proxy's own code, which answers as a filter."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from edgetui.model.kinds import endpointslice, service
from edgetui.model.traffic.routing import Place, endpoints_for, is_outside, is_proxied, routes

from . import workloads
from .assets import Assets
from .cluster import ControlPlane
from .conftest import Boot
from .waiting import eventually

Json = dict[str, Any]
Wired = TypeVar("Wired")
NODES, ZONES = ("edge-1", "edge-2", "edge-3"), ("", "barn", "field")
RANDOM = 10_000


def a_service(rng: random.Random) -> Json:
    """Any Service that an API server could hold, and some that only an old one would."""
    type_ = rng.choice(("ClusterIP", "ClusterIP", "NodePort", "LoadBalancer", "LoadBalancer", "ExternalName"))
    ports = [
        {"name": name, "port": 80 + at, "protocol": rng.choice(("TCP", "TCP", "UDP"))}
        | ({"nodePort": 30080 + at} if type_ in ("NodePort", "LoadBalancer") and rng.random() < 0.8 else {})
        for at, name in enumerate(rng.choice((("",), ("web",), ("web", "metrics"))))
    ]
    spec: Json = {
        "type": type_,
        "ports": ports,
        "clusterIP": rng.choice(("10.43.0.9", "10.43.0.9", "None", "")),
    }
    spec["clusterIPs"] = [spec["clusterIP"]] if spec["clusterIP"] else []
    spec["ipFamilies"] = ["IPv4"]
    for field in ("internalTrafficPolicy", "externalTrafficPolicy"):
        if policy := rng.choice((None, "Cluster", "Local", "Local")):
            spec[field] = policy
    if rng.random() < 0.2:
        spec["externalIPs"] = [rng.choice(("192.0.2.7", "2001:db8::7"))]
    ingress = [
        {"ip": rng.choice(("192.0.2.9", "2001:db8::9"))}
        | rng.choice(({}, {"ipMode": "VIP"}, {"ipMode": "Proxy"}))
        for _ in range(rng.choice((0, 1, 1, 2)))
    ]
    status = {"loadBalancer": {"ingress": ingress}} if type_ == "LoadBalancer" else {}
    return {"metadata": {"name": "web", "namespace": "site"}, "spec": spec, "status": status}


def an_endpoint(rng: random.Random, number: int) -> Json:
    """One endpoint in any state; hints may name places that are not there."""
    one: Json = {"addresses": [f"10.42.0.{number}"], "conditions": {}}
    for name in ("ready", "serving", "terminating"):
        if (value := rng.choice((None, True, True, False))) is not None:
            one["conditions"][name] = value
    if rng.random() < 0.9:
        one["nodeName"] = rng.choice(NODES)
    hints = {}
    if rng.random() < 0.7:
        hints["forZones"] = [{"name": zone} for zone in rng.sample(ZONES[1:], rng.choice((1, 1, 2)))]
    if rng.random() < 0.5:
        hints["forNodes"] = [{"name": rng.choice(NODES)}]
    return one | ({"hints": hints} if hints else {})


def a_slice(number: int, endpoints: list[Json], ports: list[Json], family: str = "IPv4") -> Json:
    return {
        "metadata": {
            "name": f"web-{number}",
            "namespace": "site",
            "labels": {"kubernetes.io/service-name": "web"},
        },
        "addressType": family,
        "endpoints": endpoints,
        "ports": [{"name": p["name"], "port": 8000 + p["port"], "protocol": p["protocol"]} for p in ports],
    }


def random_question(rng: random.Random) -> Json:
    svc = a_service(rng)
    numbers = iter(range(1, 250))
    slices = [
        a_slice(
            at,
            [an_endpoint(rng, next(numbers)) for _ in range(rng.choice((0, 1, 2, 5)))],
            svc["spec"]["ports"],
        )
        for at in range(rng.choice((0, 1, 1, 2)))
    ]
    slices += [a_slice(9, [an_endpoint(rng, 9)], svc["spec"]["ports"], "IPv6")] * (rng.random() < 0.1)
    return asked(svc, slices, rng.choice(NODES), rng.choice(ZONES))


def asked(svc: Json, slices: list[Json], node: str, zone: str) -> Json:
    return {"service": svc, "slices": slices, "node": node, "zone": zone, "family": "IPv4"}


def every_small_world() -> Iterator[Json]:
    """Two endpoints in every state, here or elsewhere, hinted or not, under every pair of policies."""
    states = list(itertools.product((True, False), repeat=3))
    hints: tuple[Json, ...] = (
        {},
        {"hints": {"forZones": [{"name": "barn"}]}},
        {"hints": {"forZones": [{"name": "field"}]}},
        {"hints": {"forZones": [{"name": "field"}], "forNodes": [{"name": "edge-1"}]}},
    )
    policies = itertools.product(("Cluster", "Local"), ("Cluster", "Local"), ("ClusterIP", "NodePort"))
    for (inside, outside, type_), states_of, hints_of, away in itertools.product(
        list(policies), itertools.product(states, states), itertools.product(hints, hints), (False, True)
    ):
        ports = [
            {"name": "", "port": 80, "protocol": "TCP"} | ({"nodePort": 30080} if type_ == "NodePort" else {})
        ]
        spec = {"type": type_, "clusterIP": "10.43.0.9", "clusterIPs": ["10.43.0.9"], "ipFamilies": ["IPv4"]}
        spec |= {"ports": ports, "internalTrafficPolicy": inside, "externalTrafficPolicy": outside}
        svc = {"metadata": {"name": "web", "namespace": "site"}, "spec": spec}
        endpoints = [
            {
                "addresses": [f"10.42.0.{at}"],
                "nodeName": "edge-2" if away and at else "edge-1",
                "conditions": dict(zip(("ready", "serving", "terminating"), state, strict=True)),
            }
            | hint
            for at, (state, hint) in enumerate(zip(states_of, hints_of, strict=True))
        ]
        yield asked(svc, [a_slice(1, endpoints, ports)], "edge-1", "barn")


def ours(question: Json) -> list[Json]:
    """What edgetui says to the same question."""
    row = service.project(_read(service.WireService, question["service"]))
    slices = [
        endpointslice.project(_read(endpointslice.WireEndpointSlice, one)) for one in question["slices"]
    ]
    place, family = Place(question["node"], question["zone"]), question["family"]
    answers = []
    for port in row.ports if is_proxied(row) else ():
        found = routes(row, port, endpoints_for(slices, port, family), place, family)
        answers.append(
            {
                "port": port.name,
                "protocol": port.protocol,
                "outside": is_outside(row, port, family),
                "cluster": _addresses(found.cluster),
                "local": _addresses(found.local),
                "anywhere": found.anywhere,
            }
        )
    return answers


def _read(wire: type[Wired], object_: Json) -> Wired:
    return msgspec.json.decode(json.dumps(object_), type=wire)


def _addresses(endpoints: tuple[endpointslice.Endpoint, ...] | None) -> list[str]:
    return sorted(one.address for one in endpoints or ())


def kube_proxy(assets: Assets, questions: list[Json]) -> list[list[Json]]:
    """What kube-proxy's code says to these questions; a policy without endpoints and an unused one are the same."""
    lines = "".join(f"{json.dumps(question)}\n" for question in questions)
    said = subprocess.run(
        [assets["endpoints"]], input=lines, capture_output=True, text=True, timeout=120, check=True
    )
    answers = [json.loads(line) for line in said.stdout.splitlines()]
    for one in itertools.chain.from_iterable(answers):
        one["cluster"], one["local"] = sorted(one["cluster"] or ()), sorted(one["local"] or ())
    return answers


def differences(assets: Assets, questions: list[Json]) -> list[tuple[Json, list[Json], list[Json]]]:
    """Every question with another answer of ours: the question, ours, kube-proxy's."""

    def by_port(answers: list[Json]) -> list[Json]:
        return sorted(answers, key=lambda one: (one["port"], one["protocol"]))

    theirs = kube_proxy(assets, questions)
    assert len(theirs) == len(questions)
    pairs = ((q, by_port(ours(q)), by_port(t)) for q, t in zip(questions, theirs, strict=True))
    return [one for one in pairs if one[1] != one[2]]


def test_random_services_are_routed_as_kube_proxy_routes_them(control_plane_assets: Assets) -> None:
    rng = random.Random(14)
    questions = [random_question(rng) for _ in range(RANDOM)]
    assert not differences(control_plane_assets, questions)[:1]
    assert (
        sum(any(one["cluster"] or one["local"] for one in ours(question)) for question in questions)
        > RANDOM / 5
    )


def test_two_endpoints_in_every_state_are_routed_as_kube_proxy_routes_them(
    control_plane_assets: Assets,
) -> None:
    questions = list(every_small_world())
    assert len(questions) == 8 * 64 * 16 * 2
    assert not differences(control_plane_assets, questions)[:1]


# -- a real control plane


def asked_everywhere(cluster: ControlPlane, namespace: str) -> list[Json]:
    """The Services of a namespace as they are now, from every node."""
    slices = cluster.api.get(f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices")["items"]
    services = cluster.api.get(f"/api/v1/namespaces/{namespace}/services")["items"]
    nodes = [one["metadata"]["name"] for one in cluster.api.get("/api/v1/nodes")["items"]]

    def of(svc: Json) -> list[Json]:
        name = svc["metadata"]["name"]
        return [one for one in slices if one["metadata"]["labels"].get("kubernetes.io/service-name") == name]

    return [asked(svc, of(svc), node, "") for svc in services for node in nodes]


def test_a_host_dies_and_returns_and_ours_is_what_kube_proxy_does(
    boot: Boot, control_plane_assets: Assets
) -> None:
    cluster = boot("traffic", nodes=3, node_monitor_grace=6, lease_duration=8)
    with cluster.namespace() as namespace:
        cluster.create(namespace, workloads.deployment("web", replicas=4))
        services = f"/api/v1/namespaces/{namespace}/services"
        for name, spec in (
            ("plain", {}),
            ("near", {"internalTrafficPolicy": "Local"}),
            ("port", {"type": "NodePort", "externalTrafficPolicy": "Local"}),
        ):
            spec = {"selector": {"app": "web"}, "ports": [{"port": 80}], **spec}
            cluster.api.create(services, {"metadata": {"name": name}, "spec": spec})

        def served(expected: int) -> list[Json]:
            """Questions once so many endpoints of the plain Service are used from everywhere."""

            def now() -> list[Json]:
                questions = asked_everywhere(cluster, namespace)
                plain = [q for q in questions if q["service"]["metadata"]["name"] == "plain"]
                enough = plain and all(len(ours(q)[0]["cluster"]) == expected for q in plain)
                return questions if enough else []

            return eventually(now, within=60, what=f"{expected} endpoints that take traffic")

        assert not differences(control_plane_assets, served(4))
        pods = cluster.api.get(f"/api/v1/namespaces/{namespace}/pods")["items"]
        host = pods[0]["spec"]["nodeName"]
        lost = sum(pod["spec"]["nodeName"] == host for pod in pods)
        cluster.kill_node(host)
        assert not differences(control_plane_assets, served(4 - lost))
        cluster.revive_node(host)
        assert not differences(control_plane_assets, served(4))
