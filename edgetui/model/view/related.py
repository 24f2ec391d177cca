"""What an object belongs to and what belongs to it, as far as the rows of its cluster tell."""

from __future__ import annotations

from collections.abc import Iterator

from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.autoscaler import AutoscalerRow
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.pod import PodRow
from edgetui.model.kinds.replicaset import ReplicaSetRow

_WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet"})


def related(store: Store, key: ObjectKey) -> list[ObjectKey]:
    """Owners first, then what it owns or carries, those by name. Only objects that have rows of their own here."""
    row = store.get(key.kind, key.namespace, key.name)
    if row is None:
        return []
    found: list[ObjectKey] = []
    if isinstance(row, PodRow):
        found += _owner(store, row.owner_uid)
        found.append(ObjectKey(store.cluster, "Node", "", row.node))
    elif isinstance(row, AutoscalerRow):
        found.append(ObjectKey(store.cluster, row.target_kind, row.namespace, row.target_name))
    elif key.kind in _WORKLOADS:
        found += _autoscalers(store, key)
        found += sorted(_pods_of(store, row.uid))
    elif key.kind == "Node":
        pods = (pod for pod in store.rows("Pod") if isinstance(pod, PodRow) and pod.node == key.name)
        found += sorted(_key(store, "Pod", pod) for pod in pods)
    return [one for one in found if store.get(one.kind, one.namespace, one.name) is not None]


def _key(store: Store, kind: str, row: Row) -> ObjectKey:
    return ObjectKey(store.cluster, kind, row.namespace, row.name)


def _owner(store: Store, uid: str) -> Iterator[ObjectKey]:
    """The workload that a pod is part of; a ReplicaSet has no row on the screen, its Deployment has."""
    found = store.owner(uid)
    if found is not None and isinstance(found[1], ReplicaSetRow):
        found = store.owner(found[1].owner_uid)
    if found is not None:
        yield _key(store, *found)


def _pods_of(store: Store, uid: str) -> Iterator[ObjectKey]:
    for row in store.owned_by(uid):
        if isinstance(row, PodRow):
            yield _key(store, "Pod", row)
        else:
            yield from _pods_of(store, row.uid)


def _autoscalers(store: Store, key: ObjectKey) -> Iterator[ObjectKey]:
    for row in store.rows("HorizontalPodAutoscaler"):
        if isinstance(row, AutoscalerRow) and key[1:] == (row.target_kind, row.namespace, row.target_name):
            yield _key(store, "HorizontalPodAutoscaler", row)
