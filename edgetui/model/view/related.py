"""What an object belongs to and what belongs to it, as far as the rows of its cluster tell."""

from __future__ import annotations

from collections.abc import Iterator

from edgetui.model.cache.freshness import Sync
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.autoscaler import AUTOSCALER, AutoscalerRow
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.discovered import TableRow
from edgetui.model.kinds.node import NODE, NodeRow
from edgetui.model.kinds.pod import POD, PodRow
from edgetui.model.kinds.replicaset import REPLICA_SET, ReplicaSetRow


def related(store: Store, key: ObjectKey) -> list[ObjectKey]:
    """Owners first, then what it owns or carries, those by name.

    Only objects that have rows of their own here, and those whose kind can be shown when it is asked for.
    """
    row = store.get(key.kind, key.namespace, key.name)
    if row is None:
        return []
    found = [*_owners(store, row), *_autoscalers(store, key)]
    if isinstance(row, PodRow):
        found.append(ObjectKey(store.cluster, NODE, "", row.node))
    elif isinstance(row, AutoscalerRow):
        found.append(ObjectKey(store.cluster, row.target_kind, row.namespace, row.target_name))
    elif isinstance(row, NodeRow):
        found += sorted(_key(store, POD, pod) for pod in store.carried_by({row.name}))
    else:
        found += sorted(_owned(store, row.uid))
    return [one for one in dict.fromkeys(found) if _can_be_shown(store, one)]


def _can_be_shown(store: Store, key: ObjectKey) -> bool:
    """Whether it has a row, or may have one: its kind is watched only while it is shown."""
    kind = store.kinds.get(key.kind)
    if kind is not None and (kind.discovered or store.freshness(kind.id).sync is Sync.HIDDEN):
        return True
    return store.get(*key[1:]) is not None


def _key(store: Store, kind: str, row: Row) -> ObjectKey:
    return ObjectKey(store.cluster, kind, row.namespace, row.name)


def _owners(store: Store, row: Row) -> Iterator[ObjectKey]:
    """What controls an object, the nearest first; a ReplicaSet has no row on the screen, its Deployment has.

    The last is the one that is only named, where nobody has read its kind yet.
    """
    for kind, owner in store.owners(row.owner_uid):
        row = owner
        if kind != REPLICA_SET:
            yield _key(store, kind, owner)
    named, name = store.kinds.get(row.owner_kind), row.owner_name
    if isinstance(row, TableRow) and row.owner is not None:
        named, name = store.kinds.of(row.owner.group, row.owner.kind), row.owner.name
    if named is not None and named.id != REPLICA_SET:
        yield ObjectKey(store.cluster, named.id, row.namespace if named.namespaced else "", name)


def _owned(store: Store, uid: str) -> Iterator[ObjectKey]:
    """What an object controls, and the pods of its ReplicaSets in their place."""
    for row in store.owned_by(uid):
        if isinstance(row, PodRow):
            yield _key(store, POD, row)
        elif isinstance(row, ReplicaSetRow):
            yield from (_key(store, POD, pod) for pod in store.pods_of(row.uid))
        elif (found := store.owner(row.uid)) is not None:
            yield _key(store, found[0], row)


def _autoscalers(store: Store, key: ObjectKey) -> Iterator[ObjectKey]:
    for row in store.rows(AUTOSCALER):
        if isinstance(row, AutoscalerRow) and key[1:] == (row.target_kind, row.namespace, row.target_name):
            yield _key(store, AUTOSCALER, row)
