"""Who gets a connection, who holds an address and how connections are shared, over grids of what tells it.

`pytest tests/unit/model/test_every_route.py --snapshot-update` takes what is told now; look at what differs first.
"""

from __future__ import annotations

import random
from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.kinds.endpointslice import Endpoint, EndpointSliceRow, SlicePort
from edgetui.model.kinds.service import Port, ServiceRow
from edgetui.model.panes.services import endpoints_of, unknown
from edgetui.model.traffic.holders import Holder, holder_of, served_by
from edgetui.model.traffic.reach import endpoints_of_port, is_doubtful, not_in_slice, reaches
from edgetui.model.traffic.routing import (
    Place,
    endpoints_for,
    family_of,
    hinted,
    is_outside,
    is_proxied,
    routes,
)
from edgetui.model.traffic.spread import (
    Rule,
    Spread,
    by_cilium,
    by_config,
    by_nodes,
    is_run,
    rule_of,
    sentences,
)
from tests.unit.model import factories as f
from tests.unit.model.test_service_hosts import BGP, L2, a_service

OF: dict[str, Any] = {"namespace": "default", "name": "web", "uid": "u", "resource_version": "1"}
PORT = Port(80, "", 0, "TCP")
INSIDE = ServiceRow(**OF, cluster_ip="10.43.0.9", ports=(PORT,))
SERVICES = {
    "cluster": INSIDE,
    "internal local": replace(INSIDE, internal_local=True),
    "external local": replace(INSIDE, external_local=True),
    "both local": replace(INSIDE, internal_local=True, external_local=True),
}
PLACES = (Place("edge-1", "a"), Place("edge-2", "b"), Place(""))


def endpoint(rng: random.Random, at: int) -> Endpoint:
    node, ready, ending = rng.choice(["edge-1", "edge-2", ""]), rng.random() < 0.6, rng.random() < 0.3
    hints = rng.random() < 0.6
    return Endpoint(
        address=f"10.42.0.{at}", node=node, zone={"edge-1": "a", "edge-2": "b"}.get(node, ""), pod=f"web-{at}",
        ready=ready and not ending, serving=ready, terminating=ending,
        for_zones=tuple(rng.sample(["a", "b"], rng.choice([1, 2]))) if hints else (),
        for_nodes=(rng.choice(["edge-1", "edge-2"]),) if hints and rng.random() < 0.5 else (),
    )  # fmt: skip


def short(found: tuple[Endpoint, ...] | None) -> str:
    return "never" if found is None else ",".join(one.pod for one in found) or "none"


def words(one: Endpoint) -> str:
    state = "ready" if one.ready else "draining" if one.draining else "serving" if one.serving else "down"
    hints = f"{''.join(one.for_zones)} {' '.join(one.for_nodes)}".strip()
    return f"{one.pod} {state} on {one.node or 'no node'} for {hints or 'all'}"


@pytest.mark.parametrize("seed", range(6))
def test_what_a_node_does_with_new_connections(seed: int, snapshot: SnapshotAssertion) -> None:
    rng = random.Random(f"routes {seed}")
    lines = []
    for _ in range(6):
        endpoints = [endpoint(rng, at) for at in range(rng.choice([0, 1, 2, 3]))]
        lines.append(f"# {'; '.join(map(words, endpoints)) or 'no endpoint'}")
        for place in PLACES:
            told = []
            for name, node_port in product(SERVICES, (0, 30080)):
                way = routes(SERVICES[name], replace(PORT, node_port=node_port), endpoints, place)
                case = f"{name}{' outside' if node_port else ''}"
                told.append(f"{case}: {short(way.cluster)}/{short(way.local)} {way.anywhere}")
            lines.append(
                f"{place.node or 'nowhere'} {hinted(endpoints, place) or 'no hints'}: {' | '.join(told)}"
            )
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize(
    ("more", "proxied"),
    [({}, True), ({"cluster_ip": "None"}, False), ({"cluster_ip": ""}, False), ({"type": "ExternalName"}, False),
     ({"type": "ExternalName", "cluster_ip": ""}, False), ({"type": "NodePort"}, True)],
)  # fmt: skip
def test_what_kube_proxy_has_to_do_with(more: dict[str, Any], proxied: bool) -> None:
    assert is_proxied(replace(INSIDE, **more)) is proxied


@pytest.mark.parametrize(
    ("node_port", "addresses", "family", "outside"),
    [(0, (), "IPv4", False), (1, (), "IPv4", True), (0, ("192.0.2.7",), "IPv4", True),
     (0, ("192.0.2.7",), "IPv6", False),
     (0, ("2001:db8::1",), "IPv6", True), (0, ("2001:db8::1", "192.0.2.7"), "IPv4", True)],
)  # fmt: skip
def test_what_can_be_reached_from_outside(
    node_port: int, addresses: tuple[str, ...], family: str, outside: bool
) -> None:
    service = replace(INSIDE, virtual_ips=addresses)
    assert is_outside(service, replace(PORT, node_port=node_port), family) is outside
    assert [family_of(one) for one in ("10.0.0.1", "::1", "")] == ["IPv4", "IPv6", "IPv4"]


def piece(
    *endpoints: Endpoint, family: str = "IPv4", ports: tuple[SlicePort, ...] = (SlicePort("", 8080, "TCP"),)
) -> Any:
    return EndpointSliceRow(**OF, family=family, ports=ports, endpoints=endpoints)


def test_the_endpoints_of_one_port_once_for_each_address() -> None:
    one, two = Endpoint(address="10.0.0.1", pod="a"), Endpoint(address="10.0.0.2", pod="b")
    ending, again = replace(one, pod="c", terminating=True), replace(one, pod="d")
    other = (SlicePort("metrics", 9090, "TCP"), SlicePort("", 53, "UDP"), SlicePort("", 0, "TCP"))

    def pods(*pieces: Any, port: Port = PORT, family: str = "IPv4") -> list[str]:
        return [found.pod for found in endpoints_for(pieces, port, family)]

    assert pods(piece(one, two)) == ["a", "b"]
    assert pods(piece(one, ending)) == ["a"]
    assert pods(piece(ending, one)) == ["a"]
    assert pods(piece(one), piece(again)) == ["d"]
    assert pods(piece(ending, replace(ending, pod="e"))) == ["c"]
    assert pods(piece(one, ports=other)) == []
    assert pods(piece(one, ports=other), port=Port(1, "metrics", 0, "TCP")) == ["a"]
    assert pods(piece(one, ports=other), port=Port(1, "", 0, "UDP")) == ["a"]
    assert pods(piece(one, ports=(SlicePort("", 1, "TCP"), SlicePort("", 2, "TCP")))) == ["a", "a"]
    assert pods(piece(one, family="IPv6")) == []
    assert pods(piece(one, family="IPv6"), family="IPv6") == ["a"]


def nodes_and_slices(*, nodes: bool = True) -> list[f.Json]:
    made = [f.endpoint_slice("web", ready=3, waiting=1, draining=1, on=("edge-2", "edge-1", "edge-3"))]
    if nodes:
        made += [f.node("edge-1"), f.node("edge-2", ready="Unknown"), f.node("edge-3", ready="False")]
    return made


@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize("nodes", [True, False])
def test_who_reaches_whom(name: str, nodes: bool, snapshot: SnapshotAssertion) -> None:
    store = f.store_of(*nodes_and_slices(nodes=nodes))
    lines = []
    for node_port in (0, 30080):
        port = replace(PORT, node_port=node_port)
        endpoints = endpoints_of_port(store, SERVICES[name], port)
        for one in reaches(store, SERVICES[name], port, endpoints):
            used, doubtful = ([f"{each.node}" for each in part] for part in (one.endpoints, one.doubtful))
            lines.append(
                f"{node_port} {one.origin.value} {one.nodes or 'any node'}: {used}, doubtful {doubtful}, "
                f"{'anywhere' if one.anywhere else 'nowhere'}{' local' if one.local else ''}"
            )
    assert "\n".join(lines) == snapshot


def test_endpoints_by_node_and_address() -> None:
    store = f.store_of(*nodes_and_slices())
    assert [one.node for one in endpoints_of_port(store, INSIDE, PORT)] == ["edge-2"]
    made = f.endpoint_slice("web", ready=3, on=("edge-2", "edge-1", "edge-1"))
    for at, one in enumerate(made["endpoints"]):
        one["addresses"] = [f"10.42.0.{9 - at}"]
    found = endpoints_of_port(f.store_of(made), INSIDE, PORT)
    assert [(one.node, one.address) for one in found] == [
        ("edge-1", "10.42.0.7"), ("edge-1", "10.42.0.8"), ("edge-2", "10.42.0.9")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ready", "doubtful"), [("True", False), ("False", True), ("Unknown", True), ("", False)]
)
def test_who_is_doubtful(ready: str, doubtful: bool) -> None:
    made = f.node("edge-1", ready=ready)
    if not ready:
        made["status"]["conditions"] = []
    assert is_doubtful(f.store_of(made), "edge-1") is doubtful
    assert not is_doubtful(f.store_of(made), "edge-2")


SELECTS = replace(INSIDE, selector=(("app", "web"), ("line", "2")))
CHOSEN = {"app": "web", "line": "2"}
PODS: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"labels": {"app": "web"}}, False),
    ({"labels": CHOSEN | {"line": "3"}}, False),
    ({"ready": "False"}, False),
    ({"deleting": f.NOW}, False),
    ({"ready_at": f.NOW - 11}, True),
    ({"ready_at": f.NOW - 10}, False),
    ({"namespace": "other"}, False),
    ({"name": "named"}, False),
]


@pytest.mark.parametrize(("more", "is_told"), PODS)
def test_which_ready_pods_no_slice_names(more: dict[str, Any], is_told: bool) -> None:
    made: dict[str, Any] = {"name": "web-9", "labels": CHOSEN} | more
    store = f.store_of(f.pod(**made))
    named = [Endpoint(address="10.0.0.1", pod="named")]
    assert [pod.name for pod in not_in_slice(store, SELECTS, named, f.NOW)] == (["web-9"] if is_told else [])
    assert not_in_slice(store, INSIDE, named, f.NOW) == []
    for kind, sync in product(("Pod", "EndpointSlice"), (Sync.STALE, Sync.SYNCING)):
        store.set_freshness(kind, Freshness(sync, 5.0))
        assert not_in_slice(store, SELECTS, named, f.NOW) == []
        store.set_freshness(kind, Freshness(Sync.LIVE, 5.0))


# -- who holds an address


def test_who_holds_an_address(snapshot: SnapshotAssertion) -> None:
    vip = a_service()
    vip["metadata"]["annotations"] = {"kube-vip.io/vipHost": "edge-3"}
    silent = [f.node("edge-1"), f.node("edge-2", ready="Unknown"), f.node("edge-3", ready="False")]
    cases: dict[str, list[f.Json]] = {
        "inside": [f.service("web")],
        "pending": [f.service("web", type_="LoadBalancer")],
        "nobody": [a_service()],
        "layer 2": [a_service(), f.announced(L2, "web", "edge-2")],
        "layer 2 and BGP": [a_service(), f.announced(BGP, "web", "edge-1"), f.announced(L2, "web", "edge-2")],
        "BGP": [a_service(), f.announced(BGP, "web", "edge-2"), f.announced(BGP, "web", "edge-1")],
        "of another": [a_service(), f.announced(L2, "other", "edge-2")],
        "kube-vip": [vip],
        "kube-vip and layer 2": [vip, f.announced(L2, "web", "edge-1")],
        "servicelb": [a_service(), *f.service_lb("web", "edge-2", "edge-1")],
        "servicelb, none ready": [a_service(), *f.service_lb("web", "edge-2", ready="False")],
        "servicelb of another": [a_service(), *f.service_lb("other", "edge-2")],
        "servicelb, no pods": [a_service(), f.service_lb("web", "edge-2")[0]],
        "servicelb and layer 2": [
            a_service(),
            *f.service_lb("web", "edge-2"),
            f.announced(L2, "web", "edge-1"),
        ],
    }
    lines = []
    for label, objects in cases.items():
        store = f.store_of(*objects, *silent)
        row = store.get("Service", "default", "web")
        assert isinstance(row, ServiceRow)
        found = holder_of(store, row)
        lines.append(f"{label}: {found and tuple(found)}{' lost' if found and found.lost else ''}")
        for kind, sync in product((L2, "DaemonSet", "Pod"), (Sync.FORBIDDEN, Sync.ABSENT, Sync.SYNCING)):
            if label == "nobody":
                store.set_freshness(kind, Freshness(sync))
                lines.append(f"  {kind} {sync}: {holder_of(store, row)}")
                store.set_freshness(kind, Freshness(Sync.LIVE, 5.0, partial=sync is Sync.ABSENT))
                lines.append(f"  {kind} partial {sync is Sync.ABSENT}: {holder_of(store, row)}")
                store.set_freshness(kind, Freshness(Sync.LIVE, 5.0))
    assert "\n".join(lines) == snapshot
    (balancer,) = f.store_of(f.service_lb("web", "edge-1")[0]).rows("DaemonSet")
    assert (served_by(balancer), served_by(row), served_by(None)) == (("default", "web"), None, None)


@pytest.mark.parametrize(
    ("holder", "lost"),
    [(Holder("x", ()), False), (Holder("x", ("a",)), False), (Holder("x", ("a",), ("a",)), True),
     (Holder("x", ("a", "b"), ("a",)), False), (Holder("x", ("a", "b"), ("a", "b")), True)],
)  # fmt: skip
def test_an_address_is_lost_with_all_that_hold_it(holder: Holder, lost: bool) -> None:
    assert holder.lost is lost


# -- the endpoints that the pane counts

LIVE = Freshness(Sync.LIVE, 5.0)


@pytest.mark.parametrize(
    ("freshness", "slices", "found"),
    [
        (Freshness(Sync.LIVE, 5.0), [], (0, 0, 0, (), 0)),
        (Freshness(Sync.STALE, 5.0), [], (0, 0, 0, (), 0)),
        (Freshness(Sync.SYNCING), [], None),
        (Freshness(Sync.FORBIDDEN), [{"ready": 1}], None),
        (Freshness(Sync.LIVE, 5.0, partial=True), [], None),
        (Freshness(Sync.LIVE, 5.0, unreadable=1), [], None),
        (Freshness(Sync.LIVE, 5.0, partial=True), [{"ready": 1, "on": ["edge-1"]}], (1, 1, 0, ("edge-1",), 0)),
        (LIVE, [{"ready": 2, "waiting": 1, "on": ["edge-1", "edge-2"]}], (2, 3, 0, ("edge-1", "edge-2"), 1)),
        (LIVE, [{"ready": 1, "draining": 2, "on": ["edge-2", "edge-1"]}], (1, 1, 2, ("edge-2",), 1)),
        (LIVE, [{"waiting": 1, "draining": 2, "on": ["edge-1"]}], (0, 1, 2, ("edge-1",), 0)),
        (Freshness(Sync.LIVE, 5.0), [{"ready": 1}, {"ready": 2, "number": 2}], (3, 3, 0, ("",), 0)),
        (Freshness(Sync.LIVE, 5.0), [{"ready": 1}, {"ready": 2, "family": "IPv6"}], (2, 2, 0, ("",), 0)),
        (Freshness(Sync.LIVE, 5.0), [{"ready": 2}, {"ready": 1, "waiting": 1, "family": "IPv6"}], (2, 2, 0, ("",), 0)),
    ],
)  # fmt: skip
def test_the_endpoints_of_a_service(freshness: Freshness, slices: list[dict[str, Any]], found: Any) -> None:
    made = [f.endpoint_slice("web", **one) for one in slices]
    store = f.store_of(*made, f.node("edge-1"), f.node("edge-2", ready="Unknown"))
    store.set_freshness("EndpointSlice", freshness)
    assert endpoints_of(store, INSIDE) == found


@pytest.mark.parametrize(
    ("sync", "why"),
    [(Sync.LIVE, ""), (Sync.STALE, ""), (Sync.FORBIDDEN, "not allowed to see endpointslices"),
     (Sync.ABSENT, "this cluster does not serve endpointslices"), (Sync.NEVER, "endpointslices are being read"),
     (Sync.SYNCING, "endpointslices are being read"), (Sync.HIDDEN, "endpointslices are being read")],
)  # fmt: skip
def test_why_no_endpoints_are_known(sync: Sync, why: str) -> None:
    store = f.store_of()
    store.set_freshness("EndpointSlice", Freshness(sync))
    assert unknown(store) == why


# -- how connections are shared


def test_every_mode_and_scheduler(snapshot: SnapshotAssertion) -> None:
    schedulers = ("", "rr", "wrr", "lc", "wlc", "sed", "nq", "sh", "mh", "dh", "lblc", "lblcr", "fo")
    modes = ("iptables", "nftables", "ipvs", "userspace", "")
    lines = []
    for mode, scheduler, default in product(modes, schedulers, (False, True)):
        if mode == "ipvs" or scheduler in ("", "sh"):
            case = f"{mode or 'none'} {scheduler or 'none'}{' by default' if default else ''}"
            lines.append(f"{case}: {rule_of(mode, scheduler, default=default)}")
    configs: tuple[Any, ...] = (
        None, {}, {"mode": "nftables"}, {"mode": "ipvs"}, {"mode": 7}, {"mode": "ipvs", "ipvs": {"scheduler": "dh"}},
        {"mode": "ipvs", "ipvs": {"scheduler": 7}}, {"mode": "ipvs", "ipvs": "x"}, {"mode": "odd"},
    )  # fmt: skip
    for config in configs:
        for version in ("v1.39.0", "v1.40.0", "1.41", "v2", "odd"):
            found = by_config(config, version)
            lines.append(f"{config} {version}: {tuple(found)} even {found.even}")
    for replacement, algorithm in product(("true", "strict", "false", None), ("maglev", "random", None)):
        spread = by_cilium(
            {"kube-proxy-replacement": replacement, "bpf-lb-algorithm": algorithm}, "kube-system"
        )
        lines.append(f"Cilium {replacement} {algorithm}: {spread and tuple(spread)}")
    assert "\n".join(lines) == snapshot


EVEN, UNEVEN = Rule("at random", "kube-proxy"), Rule("all to one", "kube-proxy", False)
MANY = tuple(f"edge-{at}" for at in range(1, 7))


@pytest.mark.parametrize(
    ("spread", "even", "lines"),
    [
        (Spread(why="nothing tells"), True, ["not known: nothing tells"]),
        (Spread(((EVEN, ()),), "from a file"), True, ["at random (kube-proxy, from a file)"]),
        (Spread(((UNEVEN, ()),), "from a file"), False, ["all to one (kube-proxy, from a file)"]),
        (
            Spread(((EVEN, MANY[:4]), (UNEVEN, MANY)), "from files"),
            False,
            [
                "on edge-1, edge-2, edge-3, edge-4 at random (kube-proxy, from files)",
                "on edge-1, edge-2, edge-3, edge-4 and 2 more all to one (kube-proxy, from files)",
            ],
        ),
        (
            Spread(((EVEN, ()),), "from a map", outside=UNEVEN),
            False,
            ["in cluster at random, from outside all to one (kube-proxy, from a map)"],
        ),
        (
            Spread(((EVEN, ()),), "from a map", outside=EVEN),
            True,
            ["in cluster at random, from outside at random (kube-proxy, from a map)"],
        ),
    ],
)
def test_what_is_said_of_it(spread: Spread, even: bool, lines: list[str]) -> None:
    assert (spread.even, sentences(spread)) == (even, lines)


@pytest.mark.parametrize(
    ("daemons", "freshness", "found"),
    [
        ([f.daemon_set("kube-proxy", "kube-system")], Freshness(Sync.LIVE, 5.0), True),
        ([f.daemon_set("kube-proxy", "kube-system", desired=0)], Freshness(Sync.LIVE, 5.0), False),
        ([f.daemon_set("kube-proxy", "kube-system")], Freshness(Sync.FORBIDDEN), True),
        ([f.daemon_set("agent")], Freshness(Sync.LIVE, 5.0), False),
        ([], Freshness(Sync.STALE, 5.0), False),
        ([], Freshness(Sync.LIVE, 5.0, partial=True), None),
        ([], Freshness(Sync.SYNCING), None),
    ],
)
def test_whether_kube_proxy_is_run(daemons: list[f.Json], freshness: Freshness, found: bool | None) -> None:
    store = f.store_of(*daemons)
    store.set_freshness("DaemonSet", freshness)
    assert is_run(store) is found
    assert by_nodes(store) is None
