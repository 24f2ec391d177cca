"""What is true of a cluster, by the official client: slow, thorough, and nobody's relative here."""

from __future__ import annotations

from pathlib import Path

from kubernetes import client, config


def everything(file: Path) -> dict[str, list[list[str]]]:
    """Consistent lists of every kind that every screen needs, sorted."""
    with config.new_client_from_config(str(file)) as api:
        core, apps, scaling = client.CoreV1Api(api), client.AppsV1Api(api), client.AutoscalingV2Api(api)
        lists = {
            "Node": core.list_node,
            "Pod": core.list_pod_for_all_namespaces,
            "Deployment": apps.list_deployment_for_all_namespaces,
            "StatefulSet": apps.list_stateful_set_for_all_namespaces,
            "DaemonSet": apps.list_daemon_set_for_all_namespaces,
            "HorizontalPodAutoscaler": scaling.list_horizontal_pod_autoscaler_for_all_namespaces,
            "ReplicaSet": apps.list_replica_set_for_all_namespaces,
        }
        return {
            kind: sorted(_version(one.metadata) for one in listed().items) for kind, listed in lists.items()
        }


def _version(meta: client.V1ObjectMeta) -> list[str]:
    return [meta.namespace or "", meta.name, meta.uid, meta.resource_version]
