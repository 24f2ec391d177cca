"""The filter by labels against what the API server selects by the same words."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import quote

from edgetui.model.cache.store import Store
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.labels import values
from edgetui.model.panes import PANES
from edgetui.model.view.fleet import FleetView

from . import workloads as w
from .cluster import ControlPlane
from .waiting import eventually

Json = dict[str, Any]
NODES = 3


def sweep(name: str) -> Json:
    """A Job of one pod."""
    template = {
        "metadata": {"labels": {"app": "sweep"}},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "app", "image": "sweep:1"}]},
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"template": template},
    }


def test_a_filter_by_labels_shows_what_the_server_selects(cluster: ControlPlane, namespace: str) -> None:
    cluster.create(
        namespace,
        w.deployment("press", replicas=2),
        w.statefulset("db", replicas=2),
        w.daemonset("agent"),
    )
    for job in ("sweep-1", "sweep-2"):
        cluster.api.create(f"/apis/batch/v1/namespaces/{namespace}/jobs", sweep(job))
    path = KINDS["Pod"].path(namespace)

    def made() -> bool:
        owners = Counter(
            one["metadata"]["ownerReferences"][0]["kind"] for one in cluster.api.get(path)["items"]
        )
        return owners == {"ReplicaSet": 2, "StatefulSet": 2, "DaemonSet": NODES, "Job": 2}

    eventually(made, within=30, what="pods of every sort")
    items = cluster.api.get(path)["items"]
    store = Store("real")
    store.replace("Pod", [row_of("Pod", item) for item in items])
    view = FleetView(PANES["pods"], [store])
    view.rebuild(0.0)
    pairs = {pair for one in items for pair in one["metadata"]["labels"].items()}
    wanted = {f"{key}{sign}{value}" for key, value in pairs for sign in ("=", "!=")}
    assert any(word.startswith("batch.kubernetes.io/controller-uid=") for word in wanted)
    for selector in (*sorted(wanted), "app=weld", "app!=weld", "app=db,apps.kubernetes.io/pod-index!=0"):
        view.set_filter(selector)
        selected = cluster.api.get(f"{path}?labelSelector={quote(selector)}")["items"]
        assert {key.name for key in view.keys} == {one["metadata"]["name"] for one in selected}, selector
    for item in items:
        row = store.get("Pod", namespace, item["metadata"]["name"])
        assert row is not None and values(row) == item["metadata"]["labels"]
    texts = {row.labels for row in store.rows("Pod")}
    assert len(texts) == len({one["metadata"]["labels"].get("app") for one in items})
