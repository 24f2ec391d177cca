"""The objects of one simulated cluster under Kubernetes' version rules.

One counter numbers every write of the cluster. Objects are kept as the JSON bytes that go out, so a list is a
join and a watch event a prefix. Each resource keeps a bounded history; a version below its floor is "too old".
Readers get fresh copies, so nobody can change a stored object by accident.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from msgspec.json import decode, encode

from edgetui.demo import status
from edgetui.demo.resources import DEPLOYMENTS, STORED, Resource
from edgetui.demo.times import stamp

Object = dict[str, Any]
HISTORY = 1_000


class Entry(NamedTuple):
    """One stored object: its bytes and what is asked about it without decoding them."""

    raw: bytes
    version: int
    uid: str
    labels: dict[str, str]
    owner: str
    deleting: bool


class Change(NamedTuple):
    """One entry of the history; `old_labels` is None for an object that was not there before."""

    version: int
    type: str
    namespace: str
    name: str
    raw: bytes
    labels: dict[str, str]
    old_labels: dict[str, str] | None


class Collection:
    """All objects of one resource, by namespace and name."""

    def __init__(self, resource: Resource, history: int) -> None:
        self.resource = resource
        self.entries: dict[tuple[str, str], Entry] = {}
        self.history: deque[Change] = deque(maxlen=history)
        self.floor = 0
        """Changes up to this version can no longer be replayed."""
        self.watchers: set[Callable[[Change], None]] = set()
        self.owned: dict[str, set[tuple[str, str]]] = {}

    def put(self, key: tuple[str, str], entry: Entry) -> None:
        self.drop(key)
        self.entries[key] = entry
        if entry.owner:
            self.owned.setdefault(entry.owner, set()).add(key)

    def drop(self, key: tuple[str, str]) -> None:
        old = self.entries.pop(key, None)
        if old is not None and old.owner:
            keys = self.owned[old.owner]
            keys.discard(key)
            if not keys:
                del self.owned[old.owner]

    def record(self, change: Change) -> None:
        if len(self.history) == self.history.maxlen:
            self.floor = self.history[0].version
        self.history.append(change)
        for watcher in tuple(self.watchers):
            watcher(change)

    def since(self, version: int) -> list[Change]:
        """Changes after `version`. Raises StatusError 410 when some of them are forgotten."""
        if version < self.floor:
            raise status.expired(f"too old resource version: {version} ({self.floor})")
        history = list(self.history)
        return history[bisect_right(history, version, key=lambda change: change.version) :]


class Storage:
    """All collections of one cluster. `clock` gives Unix seconds, `rng` makes the uids."""

    def __init__(self, clock: Callable[[], float], rng: random.Random, history: int = HISTORY) -> None:
        self.clock = clock
        self.rng = rng
        self.version = 0
        self.collections = {resource: Collection(resource, history) for resource in STORED}
        self.listeners: list[Callable[[Resource, str, Object, Object | None], None]] = []
        """Called after every write with resource, event type, the object and what it was before."""

    def uid(self) -> str:
        digits = f"{self.rng.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    def find(self, resource: Resource, namespace: str, name: str) -> Object | None:
        entry = self.collections[resource].entries.get((namespace, name))
        return None if entry is None else decode(entry.raw)

    def get(self, resource: Resource, namespace: str, name: str) -> Object:
        """Raises StatusError 404."""
        found = self.find(resource, namespace, name)
        if found is None:
            raise status.not_found(resource.group, resource.plural, name)
        return found

    def objects(self, resource: Resource, namespace: str = "") -> Iterator[Object]:
        for (ns, _), entry in tuple(self.collections[resource].entries.items()):
            if not namespace or ns == namespace:
                yield decode(entry.raw)

    def owned(self, resource: Resource, owner_uid: str) -> list[Object]:
        """Objects whose controlling owner is `owner_uid`, in name order."""
        collection = self.collections[resource]
        return [decode(collection.entries[key].raw) for key in sorted(collection.owned.get(owner_uid, ()))]

    def terminating(self, resource: Resource, owner_uid: str) -> int:
        """How many objects of this owner wait to be gone."""
        collection = self.collections[resource]
        return sum(collection.entries[key].deleting for key in collection.owned.get(owner_uid, ()))

    def create(self, resource: Resource, obj: Object, *, dry_run: bool = False) -> Object:
        """Raises StatusError 409 AlreadyExists."""
        meta = obj.setdefault("metadata", {})
        if "name" not in meta and "generateName" in meta:
            meta["name"] = meta["generateName"] + self.suffix()
        key = (meta.get("namespace", ""), meta["name"])
        if key in self.collections[resource].entries:
            raise status.already_exists(resource.group, resource.plural, key[1])
        meta["uid"] = self.uid()
        meta.setdefault("creationTimestamp", stamp(self.clock()))
        meta.pop("resourceVersion", None)
        if resource.generation:
            meta["generation"] = 1
        obj = {"kind": resource.kind, "apiVersion": resource.api_version, **obj}
        return obj if dry_run else self._write(resource, key, "ADDED", obj, None)

    def update(
        self, resource: Resource, obj: Object, *, dry_run: bool = False, keep_generation: bool = False
    ) -> Object:
        """Stores a changed copy; an equal one keeps its version. Raises StatusError 404, or 409 for a stale version.

        A version of "" or "0" is no precondition. Status writes keep the generation, whatever they touch.
        """
        meta = obj["metadata"]
        key = (meta.get("namespace", ""), meta["name"])
        old = self.get(resource, *key)
        self._check(resource, key[1], meta, old["metadata"])
        for field in ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"):
            if field in old["metadata"]:
                meta[field] = old["metadata"][field]
            else:
                meta.pop(field, None)
        meta["resourceVersion"] = old["metadata"]["resourceVersion"]
        if resource.generation:
            counts = not keep_generation and _respecified(resource, obj, old)
            meta["generation"] = old["metadata"].get("generation", 1) + counts
        if obj == old or dry_run:
            return obj
        if "deletionTimestamp" in meta and not meta.get("finalizers") and old["metadata"].get("finalizers"):
            return self.remove(resource, *key) or obj
        return self._write(resource, key, "MODIFIED", obj, old)

    def mark_deleting(self, resource: Resource, obj: Object, grace: int) -> Object:
        """Sets the deletionTimestamp, which lies `grace` seconds ahead, if there is none yet."""
        meta = obj["metadata"]
        if "deletionTimestamp" in meta:
            return obj
        old = decode(encode(obj))
        meta["deletionTimestamp"] = stamp(self.clock() + grace)
        meta["deletionGracePeriodSeconds"] = grace
        return self._write(resource, (meta.get("namespace", ""), meta["name"]), "MODIFIED", obj, old)

    def remove(self, resource: Resource, namespace: str, name: str) -> Object | None:
        """Takes the object away for good; the DELETED event carries the version of the deletion."""
        old = self.find(resource, namespace, name)
        if old is None:
            return None
        return self._write(resource, (namespace, name), "DELETED", old, old)

    def forget(self) -> None:
        """Empties the histories, as a restart of the API server does: earlier versions are now too old."""
        for collection in self.collections.values():
            collection.history.clear()
            collection.floor = self.version

    def suffix(self, length: int = 5) -> str:
        """A random end of a generated name, without vowels as in apimachinery's `rand.String`."""
        return "".join(self.rng.choices("bcdfghjklmnpqrstvwxz2456789", k=length))

    def _write(
        self, resource: Resource, key: tuple[str, str], kind: str, obj: Object, old: Object | None
    ) -> Object:
        self.version += 1
        meta = obj["metadata"]
        meta["resourceVersion"] = str(self.version)
        labels = dict(meta.get("labels") or {})
        raw = encode(obj)
        collection = self.collections[resource]
        before = collection.entries.get(key)
        if kind == "DELETED":
            collection.drop(key)
        else:
            collection.put(
                key,
                Entry(
                    raw, self.version, meta["uid"], labels, controller_uid(meta), "deletionTimestamp" in meta
                ),
            )
        collection.record(
            Change(self.version, kind, key[0], key[1], raw, labels, None if before is None else before.labels)
        )
        for listener in self.listeners:
            listener(resource, kind, obj, old)
        return obj

    def _check(self, resource: Resource, name: str, sent: Object, stored: Object) -> None:
        version = sent.get("resourceVersion", "")
        if version not in ("", "0") and not version.isdigit():
            raise status.StatusError(500, f'resourceVersion: invalid value "{version}"', reason="")
        if sent.get("uid", stored["uid"]) != stored["uid"]:
            why = f"Precondition failed: UID in precondition: {sent['uid']}, UID in object meta: {stored['uid']}"
            raise status.modified(resource.group, resource.plural, name, why)
        if version not in ("", "0", stored["resourceVersion"]):
            raise status.modified(resource.group, resource.plural, name)


def controller_uid(meta: Object) -> str:
    """The uid of the controlling owner reference, empty for none."""
    for owner in meta.get("ownerReferences") or ():
        if owner.get("controller"):
            return str(owner["uid"])
    return ""


def _respecified(resource: Resource, new: Object, old: Object) -> bool:
    """Whether this write counts the generation up; on Deployments a change of annotations does too."""
    if new.get("spec") != old.get("spec"):
        return True
    return resource is DEPLOYMENTS and (
        new["metadata"].get("annotations") != old["metadata"].get("annotations")
    )
