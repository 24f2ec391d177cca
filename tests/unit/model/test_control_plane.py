"""The control plane as K3s, RKE2, kubeadm, k0s and MicroK8s tell of it, and what is said of one that is weak."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from edgetui.model.control_plane.budgets import standing_of, worst_first
from edgetui.model.control_plane.checks import Checks, checks_of
from edgetui.model.control_plane.findings import Seen, findings
from edgetui.model.control_plane.leases import leaders_of, read_leases, servers_of
from edgetui.model.control_plane.voters import Voters, hidden, of_members, of_nodes, of_pods

from . import factories as f

Json = dict[str, Any]
NOW = float(f.NOW)


def stamp(ago: float) -> str:
    """A MicroTime of the API, so many seconds ago."""
    return datetime.fromtimestamp(NOW - ago, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def identity(host: str, renewed: float) -> Json:
    """The Lease of an API server, as one of 1.37 writes it."""
    return {
        "metadata": {
            "name": f"apiserver-{host}",
            "namespace": "kube-system",
            "creationTimestamp": stamp(86400),
            "labels": {
                "apiserver.kubernetes.io/identity": "kube-apiserver",
                "kubernetes.io/hostname": host,
            },
        },
        "spec": {
            "holderIdentity": f"apiserver-{host}_9a1c",
            "leaseDurationSeconds": 3600,
            "renewTime": stamp(renewed),
        },
    }


def leader(name: str, holder: str, renewed: float, transitions: int = 1, age: float = 86400) -> Json:
    """The Lease of a leader election."""
    return {
        "metadata": {"name": name, "namespace": "kube-system", "creationTimestamp": stamp(age)},
        "spec": {
            "holderIdentity": f"{holder}_0f5c1c2e" if holder else "",
            "leaseDurationSeconds": 15,
            "acquireTime": stamp(min(age, 7200)),
            "renewTime": stamp(renewed),
            "leaseTransitions": transitions,
        },
    }


def test_an_api_server_counts_by_its_last_renewal_not_by_its_lease_of_an_hour() -> None:
    found = read_leases(
        [identity("edge-1", 4), identity("edge-2", 200), leader("kube-scheduler", "edge-1", 1)]
    )
    assert [(one.name, one.alive) for one in servers_of(found, NOW)] == [("edge-1", True), ("edge-2", False)]
    seen = Seen(at=NOW, leases=found)
    assert [one.words for one in findings(seen, NOW) if one.bad] == [
        "API server edge-2 was last heard 3m ago: it is down, or gone."
    ]


def test_leaders_are_those_of_the_control_plane_in_a_fixed_order() -> None:
    found = read_leases(
        [
            leader("vpa-updater", "pod-1", 1),
            leader("kube-controller-manager", "edge-2", 20, transitions=4),
            leader("k3s-cloud-controller-manager", "edge-1", 1),
            leader("kube-scheduler", "edge-1", 1),
            identity("edge-1", 1),
            {"metadata": {}},
            "nonsense",
        ]
    )
    leaders = leaders_of(found, NOW)
    assert [(one.name, one.holder, one.over) for one in leaders] == [
        ("kube-scheduler", "edge-1", False),
        ("kube-controller-manager", "edge-2", True),
        ("k3s-cloud-controller-manager", "edge-1", False),
    ]
    assert leaders[1].lease.transitions == 4
    assert (
        "Nobody leads kube-controller-manager: edge-2 renewed it 20s ago; nothing is replaced, scaled or evicted."
        in [one.words for one in findings(Seen(at=NOW, leases=found), NOW)]
    )


@pytest.mark.parametrize(
    ("transitions", "age", "restless"),
    [(2, 3600, False), (12, 3600, True), (12, 30 * 86400, False), (300, 30 * 86400, True)],
)
def test_a_leader_is_restless_by_how_often_it_changed_in_how_long(
    transitions: int, age: float, restless: bool
) -> None:
    (one,) = leaders_of(read_leases([leader("kube-scheduler", "edge-1", 1, transitions, age)]), NOW)
    assert one.restless is restless


def test_an_odd_lease_tells_nothing_rather_than_zero() -> None:
    odd = {"metadata": {"name": "kube-scheduler"}, "spec": {"leaseTransitions": "many", "renewTime": 5}}
    (one,) = leaders_of(read_leases([odd]), NOW)
    assert (one.holder, one.lease.transitions, one.lease.renewed, one.restless) == ("", None, 0.0, False)


@pytest.mark.parametrize(
    ("newest", "words"),
    [
        (1, ""),
        (
            300,
            "Nothing was renewed for 5m: either nothing can be written any more, "
            "or the clock of this machine is 5m ahead.",
        ),
        (
            -300,
            "The clock of this machine is 5m behind that of the control plane; ages are told by the latter.",
        ),
    ],
)
def test_a_clock_that_differs_takes_no_server_for_dead(newest: float, words: str) -> None:
    leases = read_leases([identity("edge-1", newest + 8), leader("kube-scheduler", "edge-1", newest)])
    seen = Seen(at=NOW, leases=leases)
    assert [one.alive for one in seen.servers(NOW)] == [True]
    assert not [one for one in seen.leaders(NOW) if one.over]
    said = [one.words for one in findings(seen, NOW)]
    assert (words in said) if words else all("clock" not in one for one in said)


def test_one_host_with_a_wrong_clock_makes_no_other_look_dead() -> None:
    leases = [identity("edge-1", 3), identity("edge-2", -600), leader("kube-scheduler", "edge-1", 1)]
    seen = Seen(at=NOW, leases=read_leases(leases))
    assert [one.alive for one in seen.servers(NOW)] == [True, True]
    assert not any("clock" in one.words or "leads" in one.words for one in findings(seen, NOW))


READY = """[+]ping ok
[+]log ok
[-]etcd failed: reason withheld
[+]etcd-readiness excluded: ok
[+]poststarthook/start-kube-apiserver-identity-lease-controller ok
readyz check failed
"""


def test_the_checks_of_an_api_server_are_counted_and_the_failing_named() -> None:
    assert checks_of(READY) == Checks(5, (("etcd", "reason withheld"),))
    assert checks_of("ok") is None and checks_of("") is None and checks_of("<html>") is None
    assert [one.words for one in findings(Seen(at=NOW, checks=checks_of(READY)), NOW)] == [
        "The API server that answers is not ready: etcd fails."
    ]


def etcd_node(name: str, status: str = "True", reason: str = "MemberNotLearner", message: str = "") -> Json:
    """A server of K3s or RKE2 with embedded etcd."""
    condition = {"type": "EtcdIsVoter", "status": status, "reason": reason, "message": message}
    return {"metadata": {"name": name}, "status": {"conditions": [condition]}}


def etcd_pod(node: str, ready: str = "True") -> Json:
    """The static pod of etcd on a server of kubeadm."""
    return {
        "metadata": {"name": f"etcd-{node}", "labels": {"component": "etcd", "tier": "control-plane"}},
        "spec": {"nodeName": node},
        "status": {"conditions": [{"type": "Ready", "status": ready}]},
    }


def member(name: str, joined: str = "True") -> Json:
    """An EtcdMember of k0s."""
    return {
        "metadata": {"name": name},
        "spec": {"leave": False},
        "status": {
            "peerAddress": "10.0.0.1",
            "memberID": "b7",
            "reconcileStatus": "Success",
            "conditions": [{"type": "Joined", "status": joined}],
        },
    }


def of_three(*ready: bool) -> Voters:
    names = [f"edge-{at}" for at in range(1, len(ready) + 1)]
    return of_nodes([etcd_node(name) for name in names], dict(zip(names, ready, strict=True)), "K3s")


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (of_three(True), "1 voter, which is up: its loss stops writes"),
        (of_three(True, True, True), "3 of 3 voters up, 2 needed: 2 losses stop writes"),
        (of_three(True, True, False), "2 of 3 voters up, 2 needed: one more loss stops writes"),
        (of_three(True, False, False), "1 of 3 voters up, 2 needed: too few to write"),
        (of_three(True, True, True, True), "4 of 4 voters up, 3 needed: 2 losses stop writes"),
        (of_three(True, True, True, True, True), "5 of 5 voters up, 3 needed: 3 losses stop writes"),
        (
            of_nodes(
                [
                    etcd_node("a"),
                    etcd_node("b", "False", "MemberIsLearner"),
                    etcd_node("c", "False", "NotAMember"),
                    etcd_node("d", "False", "Unhealthy", "Node is unhealthy"),
                    {"metadata": None},
                ],
                {"a": True, "b": True, "c": True, "d": True},
                "RKE2",
            ),
            "1 of 2 voters up, 2 needed: too few to write",
        ),
        (
            of_pods([etcd_pod("cp-1"), etcd_pod("cp-2"), etcd_pod("cp-3", "False")], {}),
            "2 of 3 voters up, 2 needed: one more loss stops writes",
        ),
        (
            of_pods([etcd_pod("cp-1"), etcd_pod("cp-2"), etcd_pod("cp-3")], {"cp-2": False}),
            "2 of 3 voters up, 2 needed: one more loss stops writes",
        ),
        (
            of_members([member("c0"), member("c1"), member("c2"), member("old", "False")], {"c0": True}),
            "3 voters, 2 needed; which of them are up is not told",
        ),
        (
            of_members([member("c0"), member("c1"), member("c2")], {"c0": True, "c1": True, "c2": False}),
            "2 of 3 voters up, 2 needed: one more loss stops writes",
        ),
        (
            hidden("MicroK8s"),
            "its voters are not in the API: `microk8s status` on a host names them",
        ),
        (
            hidden(
                "K3s", [{"metadata": {"name": "edge-1", "annotations": {"k3s.io/node-args": '["server"]'}}}]
            ),
            "one file on edge-1",
        ),
        (
            hidden(
                "K3s",
                [
                    {
                        "metadata": {
                            "name": "edge-1",
                            "annotations": {
                                "k3s.io/node-args": '["server","--datastore-endpoint","********"]'
                            },
                        }
                    }
                ],
            ),
            "K3s was given --datastore-endpoint: that database is not in the API",
        ),
        (hidden("k0s"), "k0s has no EtcdMembers here: its database is not in the API"),
        (hidden(""), "the API does not tell what it is, nor who votes in it"),
    ],
)
def test_the_voters_of_every_distribution(found: Voters, words: str) -> None:
    assert found.words == words


def test_what_is_said_of_voters_that_are_few_even_or_down() -> None:
    def said(found: Voters) -> list[tuple[str, bool]]:
        return [tuple(one) for one in findings(Seen(at=NOW, voters=found), NOW)]

    assert said(of_three(True, True, True)) == []
    assert said(of_three(True)) == [
        ("edge-1 alone holds the state of the cluster: without its disk all of it is lost.", False)
    ]
    assert said(of_three(True, True, False)) == [
        ("Voter edge-3 is down: its node is not Ready.", True),
        ("One more loss of a voter stops writes.", True),
    ]
    assert said(of_three(True, False, False))[-1] == (
        "Too few voters are up to write: nothing can be changed until one is back.",
        True,
    )
    assert said(of_three(True, True, True, True)) == [
        ("4 voters survive no more losses than 3 would: an odd number is better.", False)
    ]
    assert said(of_three(True, True)) == [
        ("One more loss of a voter stops writes.", False),
        ("2 voters survive no more losses than 1 would: an odd number is better.", False),
    ]
    learning = of_nodes([etcd_node("a"), etcd_node("b", "False", "MemberIsLearner")], {"a": True}, "K3s")
    assert said(learning)[-1] == ("b has no vote yet: still learning what is stored.", False)


def budget(name: str, **status: Any) -> Json:
    """A PodDisruptionBudget with a status as its controller writes it."""
    return {"metadata": {"namespace": "line-1", "name": name}, "spec": {}, "status": status}


def counted(name: str, allowed: int, healthy: int, wanted: int, expected: int) -> Json:
    return budget(
        name,
        disruptionsAllowed=allowed,
        currentHealthy=healthy,
        desiredHealthy=wanted,
        expectedPods=expected,
    )


def test_budgets_come_with_those_first_that_hold_up_a_drain() -> None:
    failed = budget(
        "odd",
        disruptionsAllowed=0,
        currentHealthy=0,
        desiredHealthy=0,
        expectedPods=0,
        conditions=[{"type": "DisruptionAllowed", "reason": "SyncFailed", "message": "pods has no scale"}],
    )
    found = worst_first(
        standing_of(one)
        for one in (
            counted("fine", 1, 3, 2, 3),
            counted("empty", 0, 0, 1, 0),
            counted("now", 0, 2, 2, 3),
            counted("ever", 0, 2, 2, 2),
            counted("lone", 0, 1, 1, 1),
            budget("new"),
            failed,
        )
    )
    assert [(one.name, one.blocks, one.words) for one in found] == [
        ("ever", True, "0 allowed: needs all of its 2 pods, so no drain can move one"),
        ("lone", True, "0 allowed: needs its only pod, so no drain can move one"),
        ("now", True, "0 allowed: 2 of 3 pods healthy, 2 needed"),
        ("odd", True, "lets no pod go: its pods cannot be counted (pods has no scale)"),
        ("new", False, "not counted by its controller yet"),
        ("fine", False, "1 allowed: 3 of 3 pods healthy, 2 needed"),
        ("empty", False, "selects no pod: it protects nothing"),
    ]
    assert [one.words for one in findings(Seen(at=NOW, budgets=found), NOW)] == [
        "4 PodDisruptionBudgets hold up every drain of a node with their pods."
    ]


def test_a_single_api_server_is_told_by_its_lease_and_an_address_alone_leaves_it_open() -> None:
    known = Seen(at=NOW, leases=read_leases([identity("edge-1", 1)]), addresses=("10.0.0.1",))
    assert [one.words for one in findings(known, NOW)] == [
        "One API server: while it is down nothing can be seen or changed; pods go on."
    ]
    viewer = Seen(at=NOW, no_leases="needs list on leases", addresses=("10.0.0.1",))
    assert [one.words for one in findings(viewer, NOW)] == [
        "Service kubernetes has one address: one API server, or a load balancer before more."
    ]
