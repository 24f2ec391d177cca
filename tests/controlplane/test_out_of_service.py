"""A node that is powered off on a real control plane: what never moves does once it is out of service, and undo."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from edgetui.actions.nodes.foresee import read
from edgetui.model.node.loss import OUT_OF_SERVICE, After, forced, prospects

from . import workloads as w
from .cluster import ControlPlane
from .commanding import Command
from .conftest import Boot
from .waiting import eventually
from .watching import watching

Json = dict[str, Any]
GRACE, TOLERATED = 6, 4
COLLECTED = 60.0
"""Seconds within which the garbage collector of pods has looked: every 20, and kwok and this machine take theirs."""


@pytest.fixture(scope="module")
def site(boot: Boot) -> ControlPlane:
    return boot("off", nodes=3, node_monitor_grace=GRACE, lease_duration=8, toleration=TOLERATED)


def pods_of(cluster: ControlPlane, namespace: str) -> dict[str, Json]:
    listed = cluster.api.get(f"/api/v1/namespaces/{namespace}/pods")["items"]
    return {one["metadata"]["name"]: one for one in listed}


def taints(cluster: ControlPlane, node: str) -> list[str]:
    found = cluster.api.get(f"/api/v1/nodes/{node}")["spec"].get("taints", [])
    return [one["key"] for one in found]


def is_ready(pod: Json) -> bool:
    return any(
        one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", ())
    )


async def foretold(cluster: ControlPlane, node: str) -> tuple[set[After], set[str]]:
    """What is said of store-0 on a lost node, and which pods would leave it out of service, by uid."""
    async with watching(cluster.kubeconfig()) as session:
        known = await read(session)
    lost = prospects(known.cluster, node, suspended=False)
    return (
        {one.after for one in lost if one.pod.name == "store-0"},
        {one.pod.uid for one in forced(known.cluster, node)},
    )


def test_what_never_moves_is_made_anew_once_its_node_is_out_of_service(
    site: ControlPlane, capsys: pytest.CaptureFixture[str]
) -> None:
    with site.namespace() as namespace:
        command = Command(capsys, "--kubeconfig", str(site.kubeconfig()), "-n", namespace)
        site.create(namespace, w.statefulset("store", replicas=2))
        eventually(
            lambda: sum(map(is_ready, pods_of(site, namespace).values())) == 2,
            within=60,
            what="both pods of the set",
        )
        first = pods_of(site, namespace)["store-0"]
        node, uid = first["spec"]["nodeName"], first["metadata"]["uid"]

        code, found, _ = command.agreed("out-of-service", f"node/{node}")
        assert (code, found["outcome"]) == (1, "refused"), found
        assert "is Ready" in found["error"]["sentence"]

        site.kill_node(node)
        site.await_node(node, ready=False)
        eventually(
            lambda: "deletionTimestamp" in pods_of(site, namespace)["store-0"]["metadata"],
            within=40,
            what="its eviction",
        )
        after, leaving = asyncio.run(foretold(site, node))
        assert after == {After.NEVER}
        assert uid in leaving
        assert pods_of(site, namespace)["store-0"]["metadata"]["uid"] == uid  # nobody moves it

        code, found, _ = command("out-of-service", f"node/{node}", "--dry-run")
        assert (code, found["outcome"]) == (0, "dry-run"), found
        assert any("powered off" in one for one in found["plan"]["warnings"])
        assert OUT_OF_SERVICE not in taints(site, node)

        code, found, _ = command.agreed("out-of-service", f"node/{node}", "--timeout", str(COLLECTED))
        assert (code, found["outcome"]) == (0, "reached"), found
        listed = site.api.get(f"/api/v1/pods?fieldSelector=spec.nodeName%3D{node}")["items"]
        assert not leaving & {one["metadata"]["uid"] for one in listed}
        eventually(
            lambda: (
                (now := pods_of(site, namespace).get("store-0")) is not None
                and now["metadata"]["uid"] != uid
                and now["spec"].get("nodeName") not in (None, node)
                and is_ready(now)
            ),
            within=40,
            what="store-0 on another node",
        )
        assert OUT_OF_SERVICE in taints(site, node)

        site.revive_node(node)
        eventually(
            lambda: "node.kubernetes.io/unreachable" not in taints(site, node),
            within=60,
            what="the node, Ready again",
        )
        assert OUT_OF_SERVICE in taints(site, node)  # nobody takes it off but a person
        code, found, _ = command.agreed("undo", f"node/{node}")
        assert (code, found["outcome"]) == (0, "reached"), found
        assert taints(site, node) == []
