"""Leases, read one by one while somebody looks at what they tell; a watch of all would be most of a link's traffic."""

from __future__ import annotations

from edgetui.cluster.api.client import Api
from edgetui.model.kinds.base import api_path
from edgetui.model.lease import Lease, lease_of

NODES = "kube-node-lease"
"""The namespace of the Leases by which kubelets tell that they are alive; each has its node's name."""


async def read_lease(api: Api, namespace: str, name: str) -> Lease:
    """Who holds a Lease, and since when nobody has renewed it. Raises as `Api.get` does."""
    return lease_of(await api.get(api_path("coordination.k8s.io", "v1", "leases", namespace, name)))
