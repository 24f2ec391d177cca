"""Record the corpus again from a real control plane: ``python -m tests.fuzz.record [WORD...]``.

Each file is one answer of the API server as it came, head and chunk framing included.
"""

from __future__ import annotations

import socket
import ssl
import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from edgetui.model.kinds import KINDS
from tests.controlplane import workloads
from tests.controlplane.cluster import ControlPlane
from tests.controlplane.custom import define, definition
from tests.controlplane.waiting import eventually
from tests.unit.cluster.odd_objects import OBJECTS

from .corpus import FOLDER

STREAM = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=3"
NAMESPACE = "trouble"
NAMESPACED = {
    "deployments": "/apis/apps/v1",
    "statefulsets": "/apis/apps/v1",
    "daemonsets": "/apis/apps/v1",
    "replicasets": "/apis/apps/v1",
    "horizontalpodautoscalers": "/apis/autoscaling/v2",
    "jobs": "/apis/batch/v1",
    "cronjobs": "/apis/batch/v1",
}
_JOB = {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "app", "image": "press:1"}]}}}
BATCH: list[dict[str, Any]] = [
    {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "import"}, "spec": _JOB},
    {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "backup"},
        "spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": _JOB}},
    },
]
_KEPT = ("name", "labels", "annotations")
METALLB = "/apis/metallb.io/v1beta1"
ANNOUNCED = {"servicel2statuses": "ServiceL2Status", "servicebgpstatuses": "ServiceBGPStatus"}
"""Kinds that come with a CustomResourceDefinition."""
OTHER_TOOLS = (
    "Plan",
    "AutopilotPlan",
    "NodeUpgradeJob",
    "ImagePrePullJob",
    "NodeOpUpgrade",
    "TalosUpgrade",
    "KubernetesUpgrade",
    "Bundle",
    "Rollout",
    "Canary",
)
"""The same for update engines and progressive delivery; these definitions keep whatever an object has."""


def requests() -> dict[str, tuple[str, bool]]:
    """File name to path and whether gzip is accepted."""
    asked = {
        "list-pods": (f"/api/v1/namespaces/{NAMESPACE}/pods?limit=5", False),
        "list-pods-gzip": ("/api/v1/pods?limit=30", True),
        "list-nodes": ("/api/v1/nodes?limit=2", False),
        "list-events": (f"/api/v1/namespaces/{NAMESPACE}/events?limit=6", False),
        "watch-pods-gzip": (f"/api/v1/namespaces/{NAMESPACE}/pods?{STREAM}", True),
        "watch-nodes-gzip": (f"/api/v1/nodes?{STREAM}", True),
        "watch-events": (
            f"/api/v1/namespaces/default/events?{STREAM}&fieldSelector=reason%3DScalingReplicaSet",
            False,
        ),
        "list-future": ("/api/v1/pods?resourceVersion=99999999", False),
        "not-found": ("/apis/none/v1/things", False),
        "invalid": ("/api/v1/pods?resourceVersion=abc", False),
        "table-pods": (f"/api/v1/namespaces/{NAMESPACE}/pods?includeObject=None&limit=4", False),
    }
    asked["list-services"] = ("/api/v1/services?limit=2", False)
    asked["watch-services-gzip"] = (f"/api/v1/services?{STREAM}", True)
    slices = "/apis/discovery.k8s.io/v1/endpointslices"
    asked["list-endpointslices"] = (f"{slices}?limit=2", False)
    asked["watch-endpointslices-gzip"] = (f"{slices}?{STREAM}", True)
    for plural, group in (NAMESPACED | dict.fromkeys(ANNOUNCED, METALLB)).items():
        path = f"{group}/namespaces/{NAMESPACE}/{plural}"
        asked[f"list-{plural}"] = (f"{path}?limit=2", False)
        asked[f"watch-{plural}-gzip"] = (f"{path}?{STREAM}", True)
    for id in OTHER_TOOLS:
        asked[f"list-{id.lower()}"] = (f"{_path(id)}?limit=2", False)
        asked[f"watch-{id.lower()}-gzip"] = (f"{_path(id)}?{STREAM}", True)
    return asked


def _path(id: str) -> str:
    kind = KINDS[id]
    return kind.path(NAMESPACE) if kind.namespaced else kind.path()


def serve_other_tools(cluster: ControlPlane) -> None:
    """Define those kinds and create an object of each."""
    kinds = [KINDS[id] for id in OTHER_TOOLS]
    define(
        cluster,
        *(
            definition(one.plural, one.name, one.group, versions=(one.version,), namespaced=one.namespaced)
            for one in kinds
        ),
    )
    for id in OTHER_TOOLS:
        made = OBJECTS[id]
        kept = {field: made["metadata"][field] for field in _KEPT if field in made["metadata"]}
        cluster.api.create(_path(id), {**made, "metadata": kept})


def announcement(kind: str, node: str) -> dict[str, Any]:
    """That a node announces the address of a Service, as MetalLB writes it."""
    labels = {
        "metallb.io/node": node,
        "metallb.io/service-name": "press",
        "metallb.io/service-namespace": NAMESPACE,
    }
    return {
        "apiVersion": "metallb.io/v1beta1",
        "kind": kind,
        "metadata": {"name": f"press-{node}", "labels": labels},
        "status": {"node": node, "serviceName": "press", "serviceNamespace": NAMESPACE},
    }


def record(cluster: ControlPlane, path: str, gzipped: bool, accept: str = "application/json") -> bytes:
    """Every byte of one answer."""
    server = urlsplit(cluster.server)
    assert server.hostname and server.port
    context = ssl.create_default_context(cafile=str(cluster.ca_file))
    context.load_cert_chain(cluster.ca_file.with_name("admin.crt"), cluster.ca_file.with_name("admin.key"))
    lines = [f"GET {path} HTTP/1.1", "Host: kubernetes", f"Accept: {accept}", "Connection: close"]
    lines += ["Accept-Encoding: gzip"] if gzipped else []
    with (
        socket.create_connection((server.hostname, server.port), 15) as raw,
        context.wrap_socket(raw, server_hostname=server.hostname) as secured,
    ):
        secured.sendall("\r\n".join([*lines, "", ""]).encode())
        pieces = iter(lambda: secured.recv(65536), b"")
        return b"".join(pieces)


def main(words: Sequence[str]) -> None:
    """Boot, fill, record: every file, or those with one of these words in their names."""
    with ControlPlane("corpus", nodes=2) as cluster:
        cluster.api.create("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        cluster.create(NAMESPACE, *workloads.trouble(), *BATCH)
        define(cluster, *(definition(*one, "metallb.io", versions=("v1beta1",)) for one in ANNOUNCED.items()))
        for plural, kind in ANNOUNCED.items():
            for node in ("corpus-0", "corpus-1"):
                path = f"{METALLB}/namespaces/{NAMESPACE}/{plural}"
                cluster.api.create(path, announcement(kind, node))
        serve_other_tools(cluster)
        for body in workloads.mix(24):
            cluster.create("default", body)

        def troubled() -> bool:
            pods = cluster.api.get("/api/v1/pods")["items"]
            return len(pods) > 30 and all("status" in pod and pod["status"].get("conditions") for pod in pods)

        eventually(troubled, within=60, what="pods", pause=0.5)
        for name, (path, gzipped) in requests().items():
            if words and not any(word in name for word in words):
                continue
            table = "application/json;as=Table;v=v1;g=meta.k8s.io"
            answer = record(cluster, path, gzipped, table if name.startswith("table") else "application/json")
            (FOLDER / f"{name}.http").write_bytes(answer)


if __name__ == "__main__":
    main(sys.argv[1:])
