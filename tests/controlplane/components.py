"""The command line of every component: what each is told, and why where it is not obvious."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from .assets import Assets
from .certs import KeyPair
from .kwok import ALIVE, MANAGED_LABEL

Authorization = Literal["Node,RBAC", "AlwaysAllow"]
Storage = Literal["etcd", "kine"]

_SQLITE = "_journal_mode=WAL&_busy_timeout=30000&_synchronous=OFF&_txlock=immediate&cache=shared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a control plane differs from the ordinary one. Durations are in seconds."""

    nodes: int = 3
    authorization: Authorization = "Node,RBAC"
    storage: Storage = "etcd"
    metrics: bool = False
    feature_gates: Mapping[str, bool] = field(default_factory=dict)
    node_monitor_grace: int = 20
    toleration: int = 10
    lease_duration: int = 40
    hpa_sync: int = 2
    apiserver_args: Sequence[str] = ()
    controller_manager_args: Sequence[str] = ()
    leader_election: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where each component listens on 127.0.0.1."""

    storage: int
    storage_peer: int
    apiserver: int
    kwok: int
    metrics: int

    COUNT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Keys, certificates and kubeconfigs that the command lines name."""

    ca: KeyPair
    front_proxy_ca: KeyPair
    front_proxy: KeyPair
    serving: KeyPair
    kubelet_serving: KeyPair
    tokens: KeyPair
    directory: Path

    def kubeconfig(self, component: str) -> str:
        """The kubeconfig of a component."""
        return str(self.directory / f"{component}.kubeconfig")


def storage(assets: Assets, options: Options, ports: Ports, files: Files) -> list[str]:
    """Etcd without fsync, or kine on SQLite as K3s has it."""
    client = f"127.0.0.1:{ports.storage}"
    if options.storage == "kine":
        database = files.directory / "kine.db"
        return [
            assets["kine"],
            f"--listen-address=tcp://{client}",
            f"--endpoint=sqlite://{database}?{_SQLITE}",
            "--metrics-bind-address=0",
        ]
    peer = f"http://127.0.0.1:{ports.storage_peer}"
    return [
        assets["etcd"],
        f"--data-dir={files.directory / 'etcd'}",
        "--name=test",
        f"--listen-client-urls=http://{client}",
        f"--advertise-client-urls=http://{client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=test={peer}",
        "--unsafe-no-fsync=true",
        "--log-level=warn",
    ]


def apiserver(assets: Assets, options: Options, ports: Ports, files: Files) -> list[str]:
    """Loopback needs ``--endpoint-reconciler-type=none``; metrics need the request-header settings.

    Logs are fetched from the nodes by address, because their names cannot be looked up.
    """
    command = [
        assets["kube-apiserver"],
        "--bind-address=127.0.0.1",
        f"--secure-port={ports.apiserver}",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",
        "--kubelet-preferred-address-types=InternalIP",
        "--service-cluster-ip-range=10.43.0.0/16",
        f"--etcd-servers=http://127.0.0.1:{ports.storage}",
        f"--tls-cert-file={files.serving.cert}",
        f"--tls-private-key-file={files.serving.key}",
        f"--client-ca-file={files.ca.cert}",
        f"--requestheader-client-ca-file={files.front_proxy_ca.cert}",
        "--requestheader-allowed-names=front-proxy",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={files.front_proxy.cert}",
        f"--proxy-client-key-file={files.front_proxy.key}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={files.tokens.cert}",
        f"--service-account-signing-key-file={files.tokens.key}",
        f"--authorization-mode={options.authorization}",
        f"--default-not-ready-toleration-seconds={options.toleration}",
        f"--default-unreachable-toleration-seconds={options.toleration}",
        "--allow-privileged=true",
        "--profiling=false",
    ]
    if options.feature_gates:
        gates = ",".join(f"{name}={str(on).lower()}" for name, on in options.feature_gates.items())
        command.append(f"--feature-gates={gates}")
    return [*command, *options.apiserver_args]


def controller_manager(assets: Assets, options: Options, files: Files) -> list[str]:
    """Quick to notice a dead host and a new metric; otherwise the defaults."""
    return [
        assets["kube-controller-manager"],
        f"--kubeconfig={files.kubeconfig('controller-manager')}",
        f"--leader-elect={str(options.leader_election).lower()}",
        "--secure-port=0",
        "--use-service-account-credentials=true",
        f"--root-ca-file={files.ca.cert}",
        f"--service-account-private-key-file={files.tokens.key}",
        f"--cluster-signing-cert-file={files.ca.cert}",
        f"--cluster-signing-key-file={files.ca.key}",
        f"--node-monitor-grace-period={options.node_monitor_grace}s",
        "--node-monitor-period=1s",
        f"--horizontal-pod-autoscaler-sync-period={options.hpa_sync}s",
        "--horizontal-pod-autoscaler-initial-readiness-delay=2s",
        "--horizontal-pod-autoscaler-cpu-initialization-period=10s",
        "--concurrent-deployment-syncs=20",
        "--concurrent-replicaset-syncs=20",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
        *options.controller_manager_args,
    ]


def scheduler(assets: Assets, files: Files) -> list[str]:
    """The default scheduler; its client limits come from a configuration file."""
    return [
        assets["kube-scheduler"],
        f"--config={files.directory / 'scheduler.yaml'}",
        "--secure-port=0",
    ]


def scheduler_config(options: Options, files: Files) -> dict[str, Any]:
    """What ``--config`` of the scheduler points at."""
    return {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "leaderElection": {"leaderElect": options.leader_election},
        "clientConnection": {"kubeconfig": files.kubeconfig("scheduler"), "qps": 500, "burst": 1000},
    }


def kwok(assets: Assets, options: Options, ports: Ports, files: Files) -> list[str]:
    """All nodes with the alive label; serves their kubelet metrics on one port."""
    return [
        assets["kwok"],
        f"--kubeconfig={files.kubeconfig('kwok')}",
        f"--config={files.directory / 'kwok.yaml'}",
        "--manage-all-nodes=false",
        f"--manage-nodes-with-label-selector={MANAGED_LABEL}={ALIVE}",
        "--node-ip=127.0.0.1",
        f"--node-port={ports.kwok}",
        f"--server-address=127.0.0.1:{ports.kwok}",
        f"--tls-cert-file={files.kubelet_serving.cert}",
        f"--tls-private-key-file={files.kubelet_serving.key}",
        f"--node-lease-duration-seconds={options.lease_duration}",
        "--v=ERROR",
    ]


def metrics_server(assets: Assets, ports: Ports, files: Files) -> list[str]:
    """Ten seconds is the shortest resolution it takes."""
    kubeconfig = files.kubeconfig("metrics-server")
    return [
        assets["metrics-server"],
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        "--bind-address=127.0.0.1",
        f"--secure-port={ports.metrics}",
        f"--cert-dir={files.directory / 'metrics-server'}",
        "--kubelet-insecure-tls",
        "--kubelet-use-node-status-port",
        "--kubelet-preferred-address-types=InternalIP",
        "--metric-resolution=10s",
        "--kubelet-request-timeout=5s",
    ]


def metrics_objects(ports: Ports) -> list[tuple[str, dict[str, Any]]]:
    """Where to create what so that ``metrics.k8s.io`` reaches metrics-server: path and object.

    Without aggregator routing the apiserver dials an ExternalName service by its name, here ``localhost``.
    """
    name, namespace = "metrics-server", "kube-system"
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"type": "ExternalName", "externalName": "localhost"},
    }
    registration = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": "v1beta1.metrics.k8s.io"},
        "spec": {
            "group": "metrics.k8s.io",
            "version": "v1beta1",
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "insecureSkipTLSVerify": True,
            "service": {"name": name, "namespace": namespace, "port": ports.metrics},
        },
    }
    return [
        (f"/api/v1/namespaces/{namespace}/services", service),
        ("/apis/apiregistration.k8s.io/v1/apiservices", registration),
    ]
