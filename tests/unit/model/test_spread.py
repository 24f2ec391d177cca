"""How a cluster spreads connections over endpoints: what each mode is called, and what tells which one it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.kinds.daemonset import DAEMON_SET
from edgetui.model.traffic.spread import (
    Spread,
    by_cilium,
    by_config,
    by_distribution,
    by_nodes,
    cilium_of,
    is_off,
    is_run,
    sentences,
)
from tests.unit.model import factories as f

Json = dict[str, Any]
CONFIG_MAP = "ConfigMap kube-system/kube-proxy"


def k3s(name: str, *arguments: str, key: str = "k3s.io/node-args") -> Json:
    return f.node(name, annotations={key: json.dumps(["agent", *arguments])})


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"mode": "nftables"}, "at random for each connection (kube-proxy in nftables mode, from {})"),
        ({"mode": "iptables"}, "at random for each connection (kube-proxy in iptables mode, from {})"),
        ({"mode": ""}, "at random for each connection (kube-proxy in iptables mode by default, from {})"),
        ({"mode": None}, "at random for each connection (kube-proxy in iptables mode by default, from {})"),
        (
            {"mode": "ipvs", "ipvs": {"scheduler": "rr"}},
            "in turn (round robin), each node counting by itself (kube-proxy in IPVS mode rr, from {})",
        ),
        (
            {"mode": "ipvs", "ipvs": {"scheduler": ""}},
            "in turn (round robin), each node counting by itself (kube-proxy in IPVS mode rr, from {})",
        ),
        (
            {"mode": "ipvs"},
            "in turn (round robin), each node counting by itself (kube-proxy in IPVS mode rr, from {})",
        ),
        (
            {"mode": "ipvs", "ipvs": {"scheduler": "mh"}},
            "by a ring hash (Maglev) of the client's address (kube-proxy in IPVS mode mh, from {})",
        ),
        (
            {"mode": "ipvs", "ipvs": {"scheduler": "sh"}},
            "by a hash of the client's address (kube-proxy in IPVS mode sh, from {})",
        ),
        (
            {"mode": "iptables", "ipvs": {"scheduler": "rr"}},
            "at random for each connection (kube-proxy in iptables mode, from {})",
        ),
        ({"mode": "userspace"}, "not known: {} sets a mode userspace that is not known"),
        ({"mode": "ipvs", "ipvs": {"scheduler": "fo"}}, "not known: {} sets IPVS fo, which is not known"),
        (
            {"mode": ["ipvs"]},
            "at random for each connection (kube-proxy in iptables mode by default, from {})",
        ),
        (None, "not known: {} has no configuration of it"),
        ("mode: ipvs", "not known: {} has no configuration of it"),
    ],
)
def test_settings_of_kube_proxy_name_the_way(config: Any, words: str) -> None:
    assert sentences(by_config(config, "v1.37.2")) == [words.format(CONFIG_MAP)]


def test_the_default_is_that_of_the_version() -> None:
    assert by_config({}, "v1.39.9+k3s1").rules
    assert by_config({}, "").rules
    (words,) = sentences(by_config({}, "v1.40.0"))
    assert words == f"not known: {CONFIG_MAP} sets no mode, and the default is another since Kubernetes 1.40"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "at random for each connection (kube-proxy in iptables mode, from the nodes' k3s node-args)"),
        (
            ("--kube-proxy-arg", "proxy-mode=nftables"),
            "at random for each connection (kube-proxy in nftables mode, from the nodes' k3s node-args)",
        ),
        (
            ("--kube-proxy-arg=--proxy-mode=ipvs", "--kube-proxy-arg", "ipvs-scheduler=sh"),
            "by a hash of the client's address (kube-proxy in IPVS mode sh, from the nodes' k3s node-args)",
        ),
        (
            ("--kube-proxy-arg", "proxy-mode=ipvs,v=2"),
            "in turn (round robin), each node counting by itself "
            "(kube-proxy in IPVS mode rr, from the nodes' k3s node-args)",
        ),
        (
            ("--disable-kube-proxy", "false"),
            "at random for each connection (kube-proxy in iptables mode, from the nodes' k3s node-args)",
        ),
    ],
)
@pytest.mark.parametrize("key", ["k3s.io/node-args", "rke2.io/node-args"])
def test_arguments_of_k3s_and_rke2_name_the_way(arguments: tuple[str, ...], words: str, key: str) -> None:
    found = by_nodes(f.store_of(k3s("edge-1", *arguments, key=key), k3s("edge-2", *arguments, key=key)))
    assert found is not None
    assert sentences(found) == [words]


def test_the_distribution_whose_arguments_they_are_is_named() -> None:
    notes = {"rke2.io/node-args": '["agent"]'}
    found = by_nodes(f.store_of(f.node("edge-1", version="v1.34.2+rke2r1", annotations=notes)))
    assert found is not None
    assert found.source == "from the nodes' rke2 node-args"


def test_nodes_that_differ_are_told_apart() -> None:
    ipvs = ("--kube-proxy-arg", "proxy-mode=ipvs")
    found = by_nodes(f.store_of(k3s("edge-2"), k3s("edge-1", *ipvs), k3s("edge-3"), f.node("edge-4")))
    assert found is not None
    assert sentences(found) == [
        "on edge-2, edge-3 at random for each connection (kube-proxy in iptables mode, from the nodes' k3s node-args)",
        "on edge-1 in turn (round robin), each node counting by itself "
        "(kube-proxy in IPVS mode rr, from the nodes' k3s node-args)",
    ]


@pytest.mark.parametrize(
    "told",
    [
        f.node("edge-1"),
        k3s("edge-1", "--kube-proxy-arg", "config=/etc/kube-proxy.yaml"),
        k3s("edge-1", "--kube-proxy-arg", "proxy-mode=userspace"),
        k3s("edge-1", "--disable-kube-proxy"),
        f.node("edge-1", annotations={"k3s.io/node-args": "not JSON"}),
        f.node("edge-1", annotations={"k3s.io/node-args": '{"proxy-mode": 1}'}),
    ],
)
def test_nodes_that_do_not_tell_name_nothing(told: Json) -> None:
    assert by_nodes(f.store_of(told)) is None
    assert is_off(f.store_of(told)) == ("--disable-kube-proxy" in str(told))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            {"kube-proxy-replacement": "true"},
            [
                "at random for each connection (Cilium in place of kube-proxy, from ConfigMap cilium/cilium-config)"
            ],
        ),
        (
            {"kube-proxy-replacement": "strict", "bpf-lb-algorithm": "random"},
            [
                "at random for each connection (Cilium in place of kube-proxy, from ConfigMap cilium/cilium-config)"
            ],
        ),
        (
            {"kube-proxy-replacement": "true", "bpf-lb-algorithm": "maglev"},
            [
                "in cluster at random for each connection, from outside by a ring hash (Maglev) of addresses and "
                "ports (Cilium in place of kube-proxy, from ConfigMap cilium/cilium-config)"
            ],
        ),
        ({"kube-proxy-replacement": "false", "bpf-lb-algorithm": "maglev"}, None),
        ({"kube-proxy-replacement": True}, None),
        ({}, None),
    ],
)
def test_settings_of_cilium_name_the_way(data: Json, words: list[str] | None) -> None:
    found = by_cilium(data, "cilium")
    assert (None if found is None else sentences(found)) == words


def test_microk8s_is_taken_to_be_as_it_is_installed() -> None:
    micro = {"microk8s.io/cluster": "true"}
    one, other = f.node("van", version="v1.34.1", labels=micro), f.node("edge-1", version="v1.34.1")
    assert (found := by_distribution(f.store_of(one))) is not None
    assert sentences(found) == [
        "at random for each connection (kube-proxy in iptables mode by default, "
        "unless a file on a node of MicroK8s says otherwise)"
    ]
    assert by_distribution(f.store_of(one, other)) is None


def test_k3s_whose_nodes_may_not_be_seen_is_taken_to_be_as_it_is_installed() -> None:
    store = f.store_of()
    assert by_distribution(store) is None
    store.set_version("v1.37.2+k3s1")
    assert (found := by_distribution(store)) is not None
    assert sentences(found) == [
        "at random for each connection (kube-proxy in iptables mode by default, "
        "unless its nodes, which may not be seen, were told otherwise)"
    ]
    told = f.store_of(k3s("edge-1", "--kube-proxy-arg", "config=/etc/kube-proxy.yaml"))
    told.set_version("v1.37.2+k3s1")
    assert by_distribution(told) is None


@pytest.mark.parametrize(
    ("spread", "even"),
    [
        (by_config({"mode": "nftables"}, ""), True),
        (by_config({"mode": "ipvs"}, ""), True),
        (by_config({"mode": "ipvs", "ipvs": {"scheduler": "wrr"}}, ""), True),
        (by_config({"mode": "ipvs", "ipvs": {"scheduler": "lc"}}, ""), False),
        (by_config({"mode": "ipvs", "ipvs": {"scheduler": "dh"}}, ""), False),
        (Spread(why="nothing tells"), True),
    ],
)
def test_only_some_ways_give_each_endpoint_the_same_share(spread: Spread, even: bool) -> None:
    assert spread.even is even


def test_the_agents_of_a_cluster_are_known_by_their_daemon_sets() -> None:
    runs = f.store_of(f.daemon_set("kube-proxy", "kube-system"), f.daemon_set("cilium", "cilium"))
    assert is_run(runs)
    assert (found := cilium_of(runs)) is not None
    assert found.namespace == "cilium"
    assert is_run(f.store_of(f.daemon_set("kube-proxy", "kube-system", desired=0))) is False
    none = f.store_of(f.node("edge-1"))
    assert is_run(none) is False
    for unknown in (Freshness(Sync.FORBIDDEN), Freshness(Sync.LIVE, f.NOW, partial=True)):
        none.set_freshness(DAEMON_SET, unknown)
        assert is_run(none) is None
    assert cilium_of(none) is None
