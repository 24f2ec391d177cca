"""Cordon, drain, delete and set resources on a real control plane, with what each leaves there and the way back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from . import workloads as w
from .cluster import ControlPlane
from .commanding import Command
from .test_scale import get, settled
from .waiting import eventually


def node(cluster: ControlPlane, name: str) -> dict[str, Any]:
    found: dict[str, Any] = cluster.api.get(f"/api/v1/nodes/{name}")
    return found


def pods(cluster: ControlPlane, namespace: str, app: str) -> list[dict[str, Any]]:
    listed = cluster.api.get(f"/api/v1/namespaces/{namespace}/pods?labelSelector=app%3D{app}")
    found: list[dict[str, Any]] = listed["items"]
    return found


@pytest.fixture
def node_of_press(cluster: ControlPlane, namespace: str) -> Iterator[str]:
    """The node of the first of two pods of press; schedulable again afterwards."""
    cluster.create(namespace, w.deployment("press", replicas=2))
    settled(cluster, namespace, "press", 2)
    name = pods(cluster, namespace, "press")[0]["spec"]["nodeName"]
    yield name
    cluster.kubectl("uncordon", name)


def test_a_node_is_cordoned_uncordoned_and_put_back(
    cluster: ControlPlane, command: Command, node_of_press: str
) -> None:
    code, found, _ = command.agreed("cordon", f"node/{node_of_press}")
    assert (code, found["outcome"]) == (0, "reached"), found
    assert node(cluster, node_of_press)["spec"]["unschedulable"] is True
    code, found, _ = command.agreed("undo", f"no/{node_of_press}")
    assert (code, found["outcome"]) == (0, "reached"), found
    assert "unschedulable" not in node(cluster, node_of_press)["spec"]
    code, found, _ = command.agreed("uncordon", f"node/{node_of_press}")
    assert found["lines"][0].endswith("nothing was written.")


def test_a_pod_is_deleted_and_its_owner_makes_a_new_one(
    cluster: ControlPlane, namespace: str, command: Command, node_of_press: str
) -> None:
    pod = pods(cluster, namespace, "press")[0]["metadata"]
    code, found, _ = command("delete", f"pod/{pod['name']}", "--dry-run")
    assert (code, found["outcome"]) == (0, "dry-run"), found
    assert any("whose controller makes a new one" in line for line in found["plan"]["warnings"])
    code, found, _ = command.agreed("delete", f"pod/{pod['name']}")
    assert (code, found["outcome"]) == (0, "reached"), found
    eventually(
        lambda: (
            len(pods(cluster, namespace, "press")) == 2
            and pod["uid"] not in {one["metadata"]["uid"] for one in pods(cluster, namespace, "press")}
        ),
        within=30,
        what="a new pod",
    )


def test_what_a_deployment_owns_stays_where_it_is_orphaned(
    cluster: ControlPlane, namespace: str, command: Command, node_of_press: str
) -> None:
    code, found, _ = command.agreed("delete", "deploy/press", "--cascade", "orphan")
    assert (code, found["outcome"]) == (0, "reached"), found
    assert "1 replicaset" in found["plan"]["facts"]["what it owns"]
    assert len(pods(cluster, namespace, "press")) == 2


def test_an_object_of_a_kind_without_a_file_is_deleted(
    cluster: ControlPlane, namespace: str, command: Command
) -> None:
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": "b"}}
    cluster.api.create(f"/api/v1/namespaces/{namespace}/configmaps", settings)
    code, found, _ = command.agreed("delete", "cm/settings")
    assert (code, found["outcome"]) == (0, "reached"), found
    code, found, _ = command.agreed("delete", "cm/settings")
    assert (code, "There is no ConfigMap settings" in found["error"]["sentence"]) == (1, True), found


def test_resources_are_set_rolled_out_and_undone(
    cluster: ControlPlane, namespace: str, command: Command, node_of_press: str
) -> None:
    before = get(cluster, namespace, "press")["spec"]["template"]["spec"]["containers"][0]["resources"]
    code, found, _ = command.agreed(
        "resources", "deploy/press", "--cpu-limit", "300m", "--memory-request", "24Mi"
    )
    assert (code, found["outcome"]) == (0, "reached"), found
    now = get(cluster, namespace, "press")["spec"]["template"]["spec"]["containers"][0]["resources"]
    assert (now["limits"]["cpu"], now["requests"]["memory"]) == ("300m", "24Mi")
    code, found, _ = command.agreed("undo", "deploy/press")
    assert (code, found["outcome"]) == (0, "reached"), found
    assert (
        get(cluster, namespace, "press")["spec"]["template"]["spec"]["containers"][0]["resources"] == before
    )
    code, found, _ = command.agreed("resources", "deploy/press", "--cpu-limit", "1m", "--cpu-request", "2m")
    assert (code, found["outcome"]) == (1, "refused"), found
    assert "limit" in found["error"]["sentence"]


def test_a_node_is_drained_as_a_budget_allows_and_uncordoned_by_undo(
    cluster: ControlPlane, namespace: str, command: Command, node_of_press: str
) -> None:
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "press"},
        "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "press"}}},
    }
    path = f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets"
    cluster.api.create(path, budget)
    eventually(
        lambda: cluster.api.get(f"{path}/press").get("status", {}).get("currentHealthy") == 2,
        within=30,
        what="a budget that is counted",
    )
    mine = {
        one["metadata"]["name"]
        for one in pods(cluster, namespace, "press")
        if one["spec"]["nodeName"] == node_of_press
    }
    code, found, _ = command(
        "drain", f"node/{node_of_press}", "--dry-run", "--force", "--delete-emptydir-data"
    )
    assert (code, found["outcome"]) == (0, "dry-run"), found
    assert {
        line.split()[0].partition("/")[2] for line in found["plan"]["warnings"] if "budget" in line
    } >= mine
    code, found, said = command.agreed(
        "drain", f"node/{node_of_press}", "--force", "--delete-emptydir-data", "--timeout", "3"
    )
    assert (code, found["outcome"]) == (3, "pending"), found
    assert all(any(name in line for line in found["lines"][1:]) for name in mine), found["lines"]
    freed = threading.Timer(
        2.0, lambda: cluster.kubectl("scale", "deployment/press", "--replicas=3", "-n", namespace)
    )
    freed.start()
    try:
        code, found, said = command.agreed(
            "drain", f"node/{node_of_press}", "--force", "--delete-emptydir-data", "--timeout", "90"
        )
    finally:
        freed.join()
    assert (code, found["outcome"]) == (0, "reached"), found
    assert "disruption budget" in said
    assert node(cluster, node_of_press)["spec"]["unschedulable"] is True
    code, found, _ = command.agreed("undo", f"node/{node_of_press}")
    assert (code, found["outcome"]) == (0, "reached"), found
    assert "unschedulable" not in node(cluster, node_of_press)["spec"]
