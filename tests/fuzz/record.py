"""Record the corpus again from a real control plane: ``python -m tests.fuzz.record``.

Each file is one answer of the API server as it came, head and chunk framing included.
"""

from __future__ import annotations

import socket
import ssl
from urllib.parse import urlsplit

from tests.controlplane import workloads
from tests.controlplane.cluster import ControlPlane
from tests.controlplane.waiting import eventually

from .corpus import FOLDER

STREAM = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=3"
NAMESPACE = "trouble"
NAMESPACED = {
    "deployments": "/apis/apps/v1",
    "statefulsets": "/apis/apps/v1",
    "daemonsets": "/apis/apps/v1",
    "replicasets": "/apis/apps/v1",
    "horizontalpodautoscalers": "/apis/autoscaling/v2",
}


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
    for plural, group in NAMESPACED.items():
        path = f"{group}/namespaces/{NAMESPACE}/{plural}"
        asked[f"list-{plural}"] = (f"{path}?limit=2", False)
        asked[f"watch-{plural}-gzip"] = (f"{path}?{STREAM}", True)
    return asked


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


def main() -> None:
    """Boot, fill, record."""
    with ControlPlane("corpus", nodes=2) as cluster:
        cluster.api.create("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        cluster.create(NAMESPACE, *workloads.trouble())
        for body in workloads.mix(24):
            cluster.create("default", body)

        def troubled() -> bool:
            pods = cluster.api.get("/api/v1/pods")["items"]
            return len(pods) > 30 and all("status" in pod and pod["status"].get("conditions") for pod in pods)

        eventually(troubled, within=60, what="pods", pause=0.5)
        for name, (path, gzipped) in requests().items():
            table = "application/json;as=Table;v=v1;g=meta.k8s.io"
            answer = record(cluster, path, gzipped, table if name.startswith("table") else "application/json")
            (FOLDER / f"{name}.http").write_bytes(answer)


if __name__ == "__main__":
    main()
