"""People and programs that use a cluster: service accounts, their rights and their tokens."""

from __future__ import annotations

import http
import secrets
from typing import Any

from .api import Api, ApiError

OPERATOR_ROLE = "edgetui-operator"
"""A ClusterRole with what edgetui's panes read and what its keys write, except secrets and tokens."""

_READ = ["get", "list", "watch"]
_WORKLOADS = ["deployments", "statefulsets", "daemonsets"]
_OPERATOR_RULES = [
    {
        "apiGroups": [""],
        "resources": ["nodes", "pods", "services", "events", "namespaces", "replicationcontrollers"],
        "verbs": _READ,
    },
    {
        "apiGroups": ["apps"],
        "resources": [*_WORKLOADS, "replicasets", "controllerrevisions"],
        "verbs": _READ,
    },
    {
        "apiGroups": ["apps"],
        "resources": ["deployments/scale", "statefulsets/scale", "replicasets/scale"],
        "verbs": ["get", "update", "patch"],
    },
    {"apiGroups": ["apps"], "resources": _WORKLOADS, "verbs": ["patch", "update"]},
    {"apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"], "verbs": _READ},
    {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": _READ},
    {"apiGroups": ["metrics.k8s.io"], "resources": ["nodes", "pods"], "verbs": ["get", "list"]},
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["delete"]},
]
_ROTATE_RULES = [
    {"apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"]},
    {"apiGroups": [""], "resources": ["secrets"], "verbs": ["create", "delete"]},
]
_RBAC = "/apis/rbac.authorization.k8s.io/v1"


def create_if_absent(api: Api, path: str, body: dict[str, Any]) -> None:
    """Create an object; one of that name is left as it is."""
    try:
        api.create(path, body)
    except ApiError as error:
        if error.code != http.HTTPStatus.CONFLICT:
            raise


def create_operator(api: Api, namespace: str, name: str, role: str = OPERATOR_ROLE) -> None:
    """A service account bound to a ClusterRole everywhere, and to rotating its own token in its namespace."""
    subject = [{"kind": "ServiceAccount", "namespace": namespace, "name": name}]
    group = "rbac.authorization.k8s.io"
    create_if_absent(api, f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": name}})
    if role == OPERATOR_ROLE:
        operator = {"metadata": {"name": role}, "rules": _OPERATOR_RULES}
        create_if_absent(api, f"{_RBAC}/clusterroles", operator)
    create_if_absent(
        api,
        f"{_RBAC}/clusterrolebindings",
        {
            "metadata": {"name": f"{namespace}-{name}-{role}"},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
            "subjects": subject,
        },
    )
    rotate = f"{name}-rotate"
    create_if_absent(
        api, f"{_RBAC}/namespaces/{namespace}/roles", {"metadata": {"name": rotate}, "rules": _ROTATE_RULES}
    )
    create_if_absent(
        api,
        f"{_RBAC}/namespaces/{namespace}/rolebindings",
        {
            "metadata": {"name": rotate},
            "roleRef": {"apiGroup": group, "kind": "Role", "name": rotate},
            "subjects": subject,
        },
    )


def issue_token(api: Api, namespace: str, name: str, *, seconds: int = 3600) -> str:
    """A TokenRequest token of a service account, bound to a new empty Opaque Secret of its own."""
    secret = api.create(
        f"/api/v1/namespaces/{namespace}/secrets",
        {"metadata": {"name": f"{name}-{secrets.token_hex(4)}"}, "type": "Opaque"},
    )
    bound_to = {
        "apiVersion": "v1",
        "kind": "Secret",
        "name": secret["metadata"]["name"],
        "uid": secret["metadata"]["uid"],
    }
    request = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": seconds, "boundObjectRef": bound_to},
    }
    answer = api.create(f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token", request)
    return str(answer["status"]["token"])
