"""What every controller works in: the cluster, a work queue that merges repeats, and the events it writes."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Protocol

from edgetui.demo.cluster import Cluster
from edgetui.demo.resources import EVENTS, PODS, Resource
from edgetui.demo.storage import Object
from edgetui.demo.times import stamp

BATCH = 0.02
"""Changes within this many seconds are handled by one reconcile."""
EVENTS_KEPT = 250

Key = tuple[str, str]


class Controller(Protocol):
    """One controller. `observe` hears every write, `reconcile` brings one object closer to its spec."""

    def observe(self, resource: Resource, kind: str, obj: Object, old: Object | None) -> None: ...

    def reconcile(self, namespace: str, name: str) -> None: ...


class Manager:
    """One cluster under simulation. `fast` makes new pods ready at once: used to populate a past."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.storage = cluster.storage
        self.timeline = cluster.timeline
        self.rng = cluster.rng
        self.metrics = cluster.metrics
        self.fast = False
        self.controllers: list[Controller] = []
        self._due: dict[tuple[Controller, Key], float] = {}
        self._events: list[Key] = []
        cluster.storage.listeners.append(self._hear)

    def now(self) -> float:
        return self.timeline.now()

    def enqueue(self, controller: Controller, key: Key, delay: float = BATCH) -> None:
        """Reconciles `key` after `delay` seconds; an earlier appointment stands, a later one is dropped."""
        due = self.now() + delay
        waiting = self._due.get((controller, key))
        if waiting is not None and waiting <= due:
            return
        self._due[controller, key] = due
        self.timeline.after(delay, lambda: self._run(controller, key, due))

    def every(self, seconds: float, action: Callable[[], None]) -> None:
        """Repeats `action`, the first time after a random part of the interval."""

        def again() -> None:
            action()
            self.timeline.after(seconds, again)

        self.timeline.after(self.rng.uniform(0, seconds), again)

    def delete_pod(self, pod: Object) -> None:
        """A graceful delete, as controllers ask for it; a pod without a node goes at once."""
        meta = pod["metadata"]
        if self.fast or not pod["spec"].get("nodeName"):
            self.storage.remove(PODS, meta["namespace"], meta["name"])
        else:
            grace = pod["spec"].get("terminationGracePeriodSeconds", 30)
            self.storage.mark_deleting(PODS, pod, grace)

    def event(
        self, resource: Resource, obj: Object, reason: str, message: str, source: str, warn: bool = False
    ) -> None:
        """Records an Event; the same one again only counts up."""
        if self.fast:
            return
        meta, when = obj["metadata"], stamp(self.now())
        namespace = meta.get("namespace", "")
        name = f"{meta['name']}.{_digest(meta['uid'], reason, message)}"
        key = (namespace or "default", name)
        known = self.storage.find(EVENTS, *key)
        if known is not None:
            known["count"] += 1
            known["lastTimestamp"] = when
            self.storage.update(EVENTS, known)
            return
        involved = {
            "kind": resource.kind,
            "namespace": namespace,
            "name": meta["name"],
            "uid": meta["uid"],
            "apiVersion": resource.api_version,
            "resourceVersion": meta["resourceVersion"],
        }
        body: Object = {
            "metadata": {"name": name, "namespace": key[0]},
            "involvedObject": {field: value for field, value in involved.items() if value},
            "reason": reason,
            "message": message,
            "source": {"component": source},
            "firstTimestamp": when,
            "lastTimestamp": when,
            "count": 1,
            "type": "Warning" if warn else "Normal",
            "eventTime": None,
            "reportingComponent": source,
            "reportingInstance": "",
        }
        self.storage.create(EVENTS, body)
        self._events.append(key)
        while len(self._events) > EVENTS_KEPT:
            self.storage.remove(EVENTS, *self._events.pop(0))

    def _hear(self, resource: Resource, kind: str, obj: Object, old: Object | None) -> None:
        for controller in self.controllers:
            controller.observe(resource, kind, obj, old)

    def _run(self, controller: Controller, key: Key, due: float) -> None:
        if self._due.get((controller, key)) == due:
            del self._due[controller, key]
            controller.reconcile(*key)


def owner_key(obj: Object, kind: str) -> Key | None:
    """Namespace and name of the controlling owner if it is of this kind."""
    for owner in obj["metadata"].get("ownerReferences") or ():
        if owner.get("controller") and owner["kind"] == kind:
            return obj["metadata"]["namespace"], owner["name"]
    return None


def owner_reference(resource: Resource, owner: Object) -> Object:
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def set_condition(
    status: Object, kind: str, value: str, reason: str, message: str, now: float, update_time: bool = False
) -> None:
    """Sets one condition in place; its transition time moves only when its status does.

    Deployments also carry `lastUpdateTime`, which moves whenever this is called with `update_time`.
    """
    conditions = status.setdefault("conditions", [])
    old = next((c for c in conditions if c["type"] == kind), None)
    moved = old is None or old["status"] != value
    changed = moved or old is None or (old.get("reason"), old.get("message")) != (reason, message)
    if not changed and not update_time:
        return
    when = stamp(now)
    new: Object = {"type": kind, "status": value}
    new["lastTransitionTime"] = when if moved or old is None else old["lastTransitionTime"]
    if update_time:
        new["lastUpdateTime"] = when
    new |= {"reason": reason, "message": message}
    if old is None:
        conditions.append(new)
    else:
        conditions[conditions.index(old)] = new


def _digest(*parts: str) -> str:
    text = "\0".join(parts).encode()
    return f"{zlib.crc32(text):08x}{zlib.adler32(text):08x}"
