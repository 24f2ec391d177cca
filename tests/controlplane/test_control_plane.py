"""The control plane of a real cluster: two API servers on one etcd, elected leaders, checks, voters and budgets."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from edgetui.actions.nodes.control_plane import look
from edgetui.cluster.session import ClusterSession
from edgetui.model.control_plane.findings import Seen, findings
from edgetui.model.control_plane.voters import ETCD_PODS

from . import workloads as w
from .cluster import ControlPlane
from .conftest import Boot
from .waiting import eventually
from .watching import await_live, watching

Json = dict[str, Any]
HERE, THERE = socket.gethostname(), "edge-b"
ADDRESSES = ("192.0.2.1", "192.0.2.2")


@pytest.fixture(scope="module")
def site(boot: Boot) -> ControlPlane:
    found = boot(
        "quorum",
        nodes=3,
        leader_election=True,
        apiserver_args=("--endpoint-reconciler-type=lease", f"--advertise-address={ADDRESSES[0]}"),
    )
    found.add_apiserver(THERE, f"--advertise-address={ADDRESSES[1]}")
    return found


async def seen(session: ClusterSession, fact: Callable[[Seen], object], within: float, what: str) -> Seen:
    """Look until it is so."""
    began = time.monotonic()
    while True:
        found = await look(session, time.time)
        if fact(found):
            return found
        assert time.monotonic() - began < within, f"{what}: {said(found)}; {found}"
        await asyncio.sleep(0.5)


def said(found: Seen) -> list[str]:
    return [one.words for one in findings(found, time.time())]


def alive(found: Seen) -> set[str]:
    return {one.name for one in found.servers(time.time()) if one.alive}


async def test_both_api_servers_the_leaders_and_the_checks_are_told(site: ControlPlane) -> None:
    async with watching(site.kubeconfig()) as session:
        await await_live(session)
        found = await seen(
            session,
            lambda one: (
                alive(one) == {HERE, THERE}
                and one.addresses == ADDRESSES
                and len(one.leaders(time.time())) >= 2
            ),
            60,
            "two API servers and two leaders",
        )
        assert found.addresses == ADDRESSES
        leaders = {one.name: one for one in found.leaders(time.time())}
        assert set(leaders) == {"kube-scheduler", "kube-controller-manager"}
        for one in leaders.values():
            assert (one.holder, one.over) == (HERE, False), one
            assert one.lease.since and one.lease.transitions is not None
        assert found.checks is not None and found.checks.made > 20 and not found.checks.failed
        assert found.voters is not None and not found.voters.voters
        assert found.drift == 0.0


async def test_a_leader_that_ends_and_an_api_server_that_dies_are_told(site: ControlPlane) -> None:
    async with watching(site.kubeconfig()) as session:
        await await_live(session)
        await seen(session, lambda one: alive(one) == {HERE, THERE}, 60, "both API servers")
        site.end("controller-manager")
        site.end(f"apiserver-{THERE}")
        found = await seen(session, lambda one: alive(one) == {HERE}, 60, "the death of the second")
        assert f"API server {THERE} was last heard" in " ".join(said(found))
        assert "One API server: while it is down nothing can be seen or changed; pods go on." in said(found)
        assert found.addresses == ADDRESSES[:1]
        (one,) = [one for one in found.leaders(time.time()) if one.name == "kube-controller-manager"]
        assert one.over
        assert any(words.startswith("Nobody leads kube-controller-manager: ") for words in said(found))
        site.start_controller_manager()
        site.add_apiserver(THERE, f"--advertise-address={ADDRESSES[1]}")
        found = await seen(
            session,
            lambda one: (
                alive(one) == {HERE, THERE} and not any(each.over for each in one.leaders(time.time()))
            ),
            90,
            "both again",
        )
        assert not [words for words in said(found) if "leads" in words or "API server" in words]


async def test_voters_are_the_etcd_pods_of_kubeadm_and_the_etcd_nodes_of_k3s(site: ControlPlane) -> None:
    names = [f"node-{at}" for at in range(3)]
    for name in names:
        pod = w.pod_template("etcd", f"{w.REGISTRY}/etcd:3.6", pod_spec={"nodeName": name})
        pod["metadata"] = {"name": f"etcd-{name}", "labels": ETCD_PODS}
        site.api.create("/api/v1/namespaces/kube-system/pods", pod)
    async with watching(site.kubeconfig()) as session:
        await await_live(session)
        found = await seen(
            session,
            lambda one: one.voters is not None and one.voters.healthy == 3,
            60,
            "three voters in pods",
        )
        assert found.voters is not None
        assert found.voters.words == "3 of 3 voters up, 2 needed: 2 losses stop writes"
        for name in names:
            site.api.patch(
                f"/api/v1/nodes/{name}",
                {
                    "metadata": {
                        "labels": {"node-role.kubernetes.io/etcd": "true"},
                        "annotations": {"k3s.io/node-args": '["server"]'},
                    }
                },
            )
        condition = {"type": "EtcdIsVoter", "status": "False", "reason": "MemberIsLearner", "message": "no"}
        site.api.patch(
            "/api/v1/nodes/node-2/status",
            {"status": {"conditions": [condition]}},
            content_type="application/strategic-merge-patch+json",
        )
        found = await seen(
            session,
            lambda one: one.voters is not None and one.voters.learners == ("node-2",),
            30,
            "the voters of K3s",
        )
        assert found.voters is not None and found.voters.what == "etcd of K3s"
        assert found.voters.words == "2 of 2 voters up, 2 needed: one more loss stops writes"
        assert "2 voters survive no more losses than 1 would: an odd number is better." in said(found)


async def test_budgets_stand_as_their_controller_counts_them(site: ControlPlane) -> None:
    with site.namespace() as namespace:
        site.create(namespace, w.deployment("press", replicas=2), w.deployment("weld", replicas=3))
        for name, least in (("press", 2), ("weld", 2), ("nobody", 1)):
            budget = {
                "apiVersion": "policy/v1",
                "kind": "PodDisruptionBudget",
                "metadata": {"name": name},
                "spec": {"minAvailable": least, "selector": {"matchLabels": {"app": name}}},
            }
            site.api.create(f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets", budget)

        def words(found: Seen) -> list[tuple[str, str]]:
            return [(one.name, one.words) for one in found.budgets or () if one.namespace == namespace]

        async with watching(site.kubeconfig()) as session:
            await await_live(session)
            wanted = [
                ("press", "0 allowed: needs all of its 2 pods, so no drain can move one"),
                ("weld", "1 allowed: 3 of 3 pods healthy, 2 needed"),
                ("nobody", "selects no pod: it protects nothing"),
            ]
            found = await seen(session, lambda one: words(one) == wanted, 60, "the budgets")
            assert "1 PodDisruptionBudget holds up every drain of a node with its pods." in said(found)


async def test_a_viewer_is_told_which_right_each_line_needs(site: ControlPlane) -> None:
    binding = {
        "metadata": {"name": "kim-views"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "kim"}],
    }
    site.kubectl(
        "apply",
        "-f",
        "-",
        input=json.dumps(
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", **binding}
        ),
    )
    async with watching(site.kubeconfig("kim")) as session:
        found = await look(session, time.time)
    assert found.no_leases == "needs list on leases in kube-system"
    assert found.leases is None and found.addresses is not None and found.budgets is not None
    assert found.checks is not None and found.checks.made > 20  # every user may ask that
    assert "nothing was renewed" not in " ".join(said(found)).lower()


async def test_a_datastore_that_stands_still_is_told_from_the_cache(site: ControlPlane) -> None:
    async with watching(site.kubeconfig()) as session:
        await await_live(session)
        site.stop_storage()
        try:
            found = await seen(
                session,
                lambda one: one.checks is not None and bool(one.checks.failed),
                60,
                "a check that fails",
            )
            assert "etcd" in {name for name, _ in found.checks.failed} if found.checks else False
            assert found.leases is not None
            await seen(
                session,
                lambda one: any(words.startswith("Nothing was renewed for ") for words in said(one)),
                90,
                "that nothing is renewed",
            )
        finally:
            site.start_storage()
            eventually(
                lambda: site.api.request("GET", "/readyz", timeout=10).code == 200,
                within=180,
                what="ready again",
                errors=(OSError,),
            )
