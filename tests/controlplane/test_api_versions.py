"""Autoscalers on real API servers: the same row in every version, and on a server without autoscaling/v2."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.actions.scaling import hpa_bounds, scale
from edgetui.model.cache.freshness import Sync
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.autoscaler import AutoscalerRow

from . import workloads as w
from .acting import Acting, connected, named, watched
from .cluster import ControlPlane
from .conftest import Boot
from .running import edgetui
from .waiting import eventually

KIND = "HorizontalPodAutoscaler"
PATH = "/apis/autoscaling/{}/namespaces/{}/horizontalpodautoscalers/press"
LINE = {"matchLabels": {"line": "2"}}
METRICS: list[dict[str, Any]] = [
    {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}},
    },
    {
        "type": "Resource",
        "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "64Mi"}},
    },
    {
        "type": "ContainerResource",
        "containerResource": {
            "name": "cpu",
            "container": "app",
            "target": {"type": "Utilization", "averageUtilization": 70},
        },
    },
    {
        "type": "Pods",
        "pods": {
            "metric": {"name": "qps", "selector": LINE},
            "target": {"type": "AverageValue", "averageValue": "5"},
        },
    },
    {
        "type": "External",
        "external": {"metric": {"name": "qps"}, "target": {"type": "Value", "value": "30"}},
    },
    {
        "type": "Object",
        "object": {
            "metric": {"name": "hits"},
            "describedObject": {"apiVersion": "v1", "kind": "Service", "name": "main"},
            "target": {"type": "Value", "value": "10"},
        },
    },
]


def autoscaler() -> dict[str, Any]:
    made = w.autoscaler("press", low=2, high=6)
    made["spec"]["metrics"] = METRICS
    made["spec"]["behavior"] = {
        "scaleDown": {"stabilizationWindowSeconds": 17},
        "scaleUp": {"selectPolicy": "Disabled"},
    }
    return made


def read(cluster: ControlPlane, version: str, namespace: str) -> AutoscalerRow:
    row = row_of(KIND, cluster.api.get(PATH.format(version, namespace)))
    assert isinstance(row, AutoscalerRow)
    return row


def test_an_autoscaler_reads_the_same_in_every_version(cluster: ControlPlane, namespace: str) -> None:
    cluster.create(namespace, w.deployment("press", replicas=2), autoscaler())

    def looked() -> bool:
        """Its controller has looked: the conditions are compared, too."""
        return bool(read(cluster, "v2", namespace).conditions)

    eventually(looked, within=60, what="the autoscaler has been looked at")

    def same() -> bool:
        new, old = read(cluster, "v2", namespace), read(cluster, "v1", namespace)
        if new.resource_version != old.resource_version:
            return False
        assert replace(new, metrics=()) == replace(old, metrics=())
        assert sorted(new.metrics, key=repr) == sorted(old.metrics, key=repr)
        assert (old.down_window, old.up_disabled, len(old.metrics)) == (17, True, len(METRICS))
        return True

    eventually(same, within=30, what="both versions at the same resourceVersion")


@pytest.fixture(scope="module")
def older(boot: Boot) -> ControlPlane:
    return boot("older", nodes=1, apiserver_args=["--runtime-config=autoscaling/v2=false"])


async def test_a_server_without_v2_is_read_watched_and_written_in_v1(
    older: ControlPlane, tmp_path: Path
) -> None:
    with older.namespace() as namespace:
        made = {**autoscaler(), "apiVersion": "autoscaling/v1"}
        made["spec"] = {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "press"},
            "minReplicas": 2,
            "maxReplicas": 6,
            "targetCPUUtilizationPercentage": 70,
        }
        older.create(namespace, w.deployment("press", replicas=2))
        older.api.create(PATH.format("v1", namespace).rpartition("/")[0], made)
        async with watched(older.kubeconfig(), KIND) as session:
            assert session.store.freshness(KIND).sync is Sync.LIVE
            row = session.store.get(KIND, namespace, "press")
            assert isinstance(row, AutoscalerRow)
            assert ([one.target for one in row.metrics], row.min, row.max) == (["70%"], 2, 6)
            assert session.api.kind(KIND).version == "v1"
        async with connected(older.kubeconfig()) as session:
            view = await scale.prepare(session, named(session, "Deployment", namespace, "press"))
            assert view.owner == "autoscaler press, 2 to 6"
            found = await hpa_bounds.prepare(session, named(session, KIND, namespace, "press"))
            await hpa_bounds.perform(Acting(tmp_path).gate, session, found, 1, 9, wait=None)
        spec = older.api.get(PATH.format("v1", namespace))["spec"]
        assert (spec["minReplicas"], spec["maxReplicas"]) == (1, 9)
        said = edgetui("once", "--json", "--pane", "autoscalers", older.kubeconfig(), home=tmp_path)
        assert [one["name"] for one in said.document["panes"]["autoscalers"]] == ["press"]
        assert said.code == 0


def test_the_versions_are_those_that_the_server_names(cluster: ControlPlane) -> None:
    group = cluster.api.get("/apis/autoscaling")
    assert {one["version"] for one in group["versions"]} <= set(KINDS[KIND].versions)
