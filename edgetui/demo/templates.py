"""Builders of the objects that sites are made of: realistic enough in size and fields, and nobody's real ones."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from edgetui.demo.controllers.nodes import make_ready
from edgetui.demo.storage import Object

MANAGED_BY = "app.kubernetes.io/managed-by"


@dataclass(frozen=True)
class Container:
    """What differs between containers; empty `cpu` means no request. `wait` delays readiness (s)."""

    image: str
    cpu: str = "100m"
    memory: str = "128Mi"
    port: int = 8080
    wait: int = 1

    @property
    def name(self) -> str:
        return self.image.rpartition("/")[2].partition(":")[0]


@dataclass(frozen=True)
class Host:
    """One node. `role` is "control-plane" or empty; memory in MiB."""

    name: str
    role: str = ""
    cpu: int = 4
    memory: int = 3904
    labels: tuple[tuple[str, str], ...] = ()


def namespace(name: str) -> Object:
    meta = {"name": name, "labels": {"kubernetes.io/metadata.name": name}}
    return {"metadata": meta, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}


def node(host: Host, index: int, version: str, runtime: str, now: float) -> Object:
    """A ready node of a small ARM or x86 box."""
    labels = {
        "beta.kubernetes.io/arch": "arm64",
        "kubernetes.io/arch": "arm64",
        "kubernetes.io/hostname": host.name,
        "kubernetes.io/os": "linux",
        **dict(host.labels),
    }
    if host.role:
        labels[f"node-role.kubernetes.io/{host.role}"] = "true"
    capacity = {
        "cpu": str(host.cpu),
        "ephemeral-storage": "19460024Ki",
        "memory": f"{host.memory * 1024}Ki",
        "pods": "110",
    }
    status: Object = {
        "capacity": capacity,
        "allocatable": {**capacity, "memory": f"{(host.memory - 100) * 1024}Ki"},
        "addresses": [
            {"type": "InternalIP", "address": f"192.168.{zlib.crc32(host.name.encode()) % 200}.{10 + index}"},
            {"type": "Hostname", "address": host.name},
        ],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "nodeInfo": _node_info(host.name, version, runtime),
        "images": [],
    }
    made = {
        "metadata": {
            "name": host.name,
            "labels": labels,
            "annotations": {"node.alpha.kubernetes.io/ttl": "0"} | _arguments(host, version),
        },
        "spec": {"podCIDR": f"10.42.{index}.0/24", "podCIDRs": [f"10.42.{index}.0/24"]},
        "status": status,
    }
    make_ready(made, now)
    return made


def _arguments(host: Host, version: str) -> dict[str, str]:
    """What K3s notes on its nodes."""
    return {"k3s.io/node-args": f'["{"server" if host.role else "agent"}"]'} if "+k3s" in version else {}


def template(app: str, *containers: Container, node_selector: dict[str, str] | None = None) -> Object:
    """A pod template with probes, environment and a configuration volume."""
    spec: Object = {
        "containers": [_container(container) for container in containers],
        "volumes": [{"name": "config", "configMap": {"name": f"{app}-config", "defaultMode": 420}}],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler",
        "securityContext": {"runAsNonRoot": True, "runAsUser": 1000},
    }
    if node_selector:
        spec["nodeSelector"] = node_selector
    labels = {"app": app, "app.kubernetes.io/name": app, "app.kubernetes.io/part-of": "line"}
    return {"metadata": {"labels": labels}, "spec": spec}


def deployment(
    namespace: str,
    name: str,
    replicas: int,
    pod: Object,
    *,
    cause: str = "",
    deadline: int = 600,
    surge: int | str = "25%",
) -> Object:
    unavailable: int | str = 0 if surge == 1 else "25%"
    made: Object = {
        "metadata": _meta(namespace, name, cause),
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": pod,
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxUnavailable": unavailable, "maxSurge": surge},
            },
            "revisionHistoryLimit": 10,
            "progressDeadlineSeconds": deadline,
        },
    }
    return made


def statefulset(namespace: str, name: str, replicas: int, pod: Object, *, cause: str = "") -> Object:
    return {
        "metadata": _meta(namespace, name, cause),
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "serviceName": name,
            "podManagementPolicy": "OrderedReady",
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
            "revisionHistoryLimit": 10,
            "template": pod,
        },
    }


def daemonset(namespace: str, name: str, pod: Object, *, cause: str = "") -> Object:
    return {
        "metadata": _meta(namespace, name, cause),
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "updateStrategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0},
            },
            "revisionHistoryLimit": 10,
            "template": pod,
        },
    }


def autoscaler(namespace: str, target: str, low: int, high: int, percent: int, window: int = 120) -> Object:
    goal = {"type": "Utilization", "averageUtilization": percent}
    return {
        "metadata": _meta(namespace, target, ""),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target},
            "minReplicas": low,
            "maxReplicas": high,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": goal}}],
            "behavior": {"scaleDown": {"stabilizationWindowSeconds": window, "selectPolicy": "Max"}},
        },
    }


def service(namespace: str, name: str, port: int = 80) -> Object:
    number = zlib.crc32(f"{namespace}/{name}".encode())
    address = f"10.43.{number % 250}.{number // 250 % 250 + 2}"
    return {
        "metadata": _meta(namespace, name, ""),
        "spec": {
            "clusterIP": address,
            "clusterIPs": [address],
            "internalTrafficPolicy": "Cluster",
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "ports": [{"name": "http", "port": port, "protocol": "TCP", "targetPort": "http"}],
            "selector": {"app": name},
            "sessionAffinity": "None",
            "type": "ClusterIP",
        },
        "status": {"loadBalancer": {}},
    }


def _container(container: Container) -> Object:
    probe = {
        "httpGet": {"path": "/healthz", "port": "http", "scheme": "HTTP"},
        "periodSeconds": 5,
        "timeoutSeconds": 1,
    }
    requests = {"memory": container.memory, **({"cpu": container.cpu} if container.cpu else {})}
    return {
        "name": container.name,
        "image": container.image,
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"name": "http", "containerPort": container.port, "protocol": "TCP"}],
        "env": [
            {"name": "LOG_LEVEL", "value": "info"},
            {"name": "BROKER_URL", "value": "mqtt://broker.messaging.svc:1883"},
            {
                "name": "NODE_NAME",
                "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "spec.nodeName"}},
            },
        ],
        "resources": {"requests": requests, "limits": {"memory": container.memory}},
        "readinessProbe": {**probe, "initialDelaySeconds": container.wait},
        "livenessProbe": {**probe, "initialDelaySeconds": 30},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/app", "readOnly": True}],
    }


def _meta(namespace: str, name: str, cause: str) -> Object:
    meta: Object = {
        "name": name,
        "namespace": namespace,
        "labels": {"app": name, "app.kubernetes.io/name": name, MANAGED_BY: "site-rollout"},
    }
    if cause:
        meta["annotations"] = {"kubernetes.io/change-cause": cause}
    return meta


def _node_info(name: str, version: str, runtime: str) -> Object:
    digits = f"{zlib.crc32(name.encode()):08x}" * 4
    return {
        "architecture": "arm64",
        "bootID": f"{digits[:8]}-{digits[:4]}-4{digits[:3]}-8{digits[:3]}-{digits[:12]}",
        "containerRuntimeVersion": runtime,
        "kernelVersion": "6.8.0-1031-raspi",
        "kubeProxyVersion": version,
        "kubeletVersion": version,
        "machineID": digits,
        "operatingSystem": "linux",
        "osImage": "Ubuntu 24.04.3 LTS",
        "systemUUID": digits,
    }
