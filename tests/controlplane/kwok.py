"""Nodes and the behaviour of their pods, played by kwok."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import yaml

from .assets import KUBERNETES_VERSION, KWOK_STAGES

MANAGED_LABEL = "managed"
ALIVE, DEAD = "a", "b"
"""A node labelled ``managed=a`` is played by kwok; relabelled ``b`` it is as if its host had lost power."""

# A configuration that leaves an option out gets 0, not the default: kwok refuses to start, or serves no logs.
_PARALLELISM = (
    "podPlayStageParallelism",
    "nodePlayStageParallelism",
    "nodeLeaseParallelism",
    "podsOnNodeSyncParallelism",
)
_IDLE_LOAD = {
    "node_cpu_usage_seconds_total": " + 0.06 * node.SinceSecond()",
    "node_memory_working_set_bytes": " + 700000000.0",
}
_OWN_STAGES = Path(__file__).parent / "stages" / "pods.yaml"


def _stage(entry: dict[str, Any]) -> dict[str, Any]:
    following: dict[str, Any] = {"statusTemplate": entry["status"]}
    if "event" in entry:
        following["event"] = entry["event"]
    spec: dict[str, Any] = {
        "resourceRef": {"apiGroup": "v1", "kind": "Pod"},
        "selector": {"matchExpressions": entry["select"]},
        "next": following,
    }
    if "delay" in entry:
        spec["delay"] = {"durationMilliseconds": entry["delay"]}
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": entry["name"]},
        "spec": spec,
    }


def _with_idle_load(document: Any) -> Any:
    """Add what a host uses without any pod; metrics-server ignores a node that uses nothing."""
    if document["kind"] == "Metric":
        for metric in document["spec"]["metrics"]:
            metric["value"] += _IDLE_LOAD.get(metric["name"], "")
    return document


def _logs(directory: Path) -> dict[str, Any]:
    """Every container called ``app`` or ``quiet`` has the log in the file of that name; tests write it, as CRI does.

    What the present instance and the one before have written are two files. Other containers have no log.
    """
    directory.mkdir()
    files = {name: directory / f"{name}.log" for name in ("app", "previous", "quiet", "debugger")}
    for file in files.values():
        file.touch()
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "ClusterLogs",
        "metadata": {"name": "files"},
        "spec": {
            "logs": [
                {
                    "containers": ["app"],
                    "logsFile": str(files["app"]),
                    "previousLogsFile": str(files["previous"]),
                    "follow": True,
                },
                {"containers": ["quiet"], "logsFile": str(files["quiet"]), "follow": True},
            ]
        },
    }


def _streams(logs: Path) -> list[dict[str, Any]]:
    """What runs in containers called ``app`` and ``side``, by the code that kubelets stream with.

    A command runs on this machine. Its exit code does not come back, and it does not hear that its input is over: kwok
    says neither. Who attaches to ``app`` sees what its log gets from then on; containers of other names have one log to
    attach to. Port 7 of every pod gives back what it gets until that ends, and no other port is served.
    """
    specs = {
        "ClusterExec": {"execs": [{"containers": ["app", "side"], "local": {"workDir": "/"}}]},
        "ClusterPortForward": {"forwards": [{"ports": [7], "command": ["cat"]}]},
        "ClusterAttach": {
            "attaches": [
                {"containers": ["app"], "logsFile": str(logs / "app.log")},
                {"logsFile": str(logs / "debugger.log")},
            ]
        },
    }
    return [
        {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": kind, "metadata": {"name": "streams"}, "spec": spec}
        for kind, spec in specs.items()
    ]


def write_config(path: Path, kwok_stages: Path, logs: Path) -> Path:
    """Write the one file kwok is started with: its own stages and metrics, our pod stages, logs, streams."""
    documents: list[Any] = [
        {
            "apiVersion": "config.kwok.x-k8s.io/v1alpha1",
            "kind": "KwokConfiguration",
            "options": {**dict.fromkeys(_PARALLELISM, 8), "enableDebuggingHandlers": True},
        },
        _logs(logs),
        *_streams(logs),
    ]
    for name in sorted(KWOK_STAGES.names):
        documents.extend(map(_with_idle_load, yaml.safe_load_all((kwok_stages / name).read_text())))
    own = yaml.safe_load(_OWN_STAGES.read_text())
    documents.extend(_stage(entry) for entry in own["stages"])
    path.write_text(yaml.safe_dump_all(documents, sort_keys=False))
    return path


def node(number: int, *, port: int, cpu: str = "4", memory: str = "8Gi", pods: int = 250) -> dict[str, Any]:
    """A node as a kubelet would register it; the first is the server, as K3s labels it.

    Addresses and port are set at once because metrics-server needs them and kwok, started with a label
    selector, has been seen not to set them.
    """
    name = f"node-{number}"
    host_id = str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
    labels = {
        MANAGED_LABEL: ALIVE,
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "arm64",
    }
    if number == 0:
        labels["node-role.kubernetes.io/control-plane"] = "true"
    amounts = {"cpu": cpu, "memory": memory, "pods": str(pods), "ephemeral-storage": "20Gi"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": labels,
            "annotations": {
                "node.alpha.kubernetes.io/ttl": "0",
                "kwok.x-k8s.io/node": "fake",
                "metrics.k8s.io/resource-metrics-path": f"/metrics/nodes/{name}/metrics/resource",
            },
        },
        "spec": {"podCIDR": f"10.42.{number}.0/24", "podCIDRs": [f"10.42.{number}.0/24"]},
        "status": {
            "capacity": amounts,
            "allocatable": amounts,
            "addresses": [
                {"type": "InternalIP", "address": "127.0.0.1"},
                {"type": "Hostname", "address": name},
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
            "nodeInfo": {
                "kubeletVersion": KUBERNETES_VERSION,
                "kubeProxyVersion": "",
                "containerRuntimeVersion": "containerd://2.1.4",
                "kernelVersion": "6.12.0",
                "osImage": "Debian GNU/Linux 13 (trixie)",
                "operatingSystem": "linux",
                "architecture": "arm64",
                "machineID": host_id,
                "systemUUID": host_id,
                "bootID": host_id,
            },
        },
    }
