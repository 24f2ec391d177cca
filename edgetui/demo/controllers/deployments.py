"""Deployments: finds or makes the ReplicaSet of the template and moves replicas to it by the strategy.

The rules are those of the deployment controller (`rolling.go`, `recreate.go`, `sync.go`): maxSurge bounds the
total, maxUnavailable the available, a change of `replicas` in mid-rollout is spread in proportion.
"""

from __future__ import annotations

from edgetui.demo.resources import DEPLOYMENTS, PODS, REPLICASETS, Resource
from edgetui.demo.storage import Object
from edgetui.demo.times import seconds

from . import deployment_status
from .manager import Manager, owner_key, owner_reference
from .pods import HASH, count, deleting, template_hash

_PREFIX = "deployment.kubernetes.io/"
REVISION = _PREFIX + "revision"
HISTORY = _PREFIX + "revision-history"
DESIRED = _PREFIX + "desired-replicas"
MAXIMUM = _PREFIX + "max-replicas"
_NOT_COPIED = {REVISION, HISTORY, DESIRED, MAXIMUM, "kubectl.kubernetes.io/last-applied-configuration"}
_SOURCE = "deployment-controller"


class Deployments:
    def __init__(self, manager: Manager) -> None:
        self._manager = manager

    def observe(self, resource: Resource, kind: str, obj: Object, old: Object | None) -> None:
        if resource is DEPLOYMENTS and kind != "DELETED":
            self._manager.enqueue(self, (obj["metadata"]["namespace"], obj["metadata"]["name"]))
        elif resource is REPLICASETS:
            key = owner_key(obj, DEPLOYMENTS.kind)
            if key is not None:
                self._manager.enqueue(self, key)
        elif resource is PODS and kind == "DELETED":
            self._pod_gone(obj)

    def reconcile(self, namespace: str, name: str) -> None:
        deployment = self._manager.storage.find(DEPLOYMENTS, namespace, name)
        if deployment is None or deleting(deployment):
            return
        rollout = Rollout(self._manager, deployment)
        if deployment["spec"].get("paused"):
            rollout.scale()
        elif rollout.rescaled():
            rollout.find_new(create=False)
            rollout.scale()
        else:
            rollout.find_new(create=True)
            if deployment["spec"]["strategy"]["type"] == "Recreate":
                rollout.recreate()
            else:
                rollout.roll()
        due = deployment_status.report(self._manager, deployment, rollout.new, rollout.sets)
        if due is not None:
            self._manager.enqueue(self, (namespace, name), max(due - self._manager.now(), 0.1))
        if deployment_status.complete(deployment):
            rollout.clean_up()

    def _pod_gone(self, pod: Object) -> None:
        key = owner_key(pod, REPLICASETS.kind)
        replicaset = self._manager.storage.find(REPLICASETS, *key) if key else None
        owner = owner_key(replicaset, DEPLOYMENTS.kind) if replicaset else None
        if owner is not None:
            self._manager.enqueue(self, owner)


class Rollout:
    """One look at one Deployment: its ReplicaSets, which of them is the new one, and one step forward."""

    def __init__(self, manager: Manager, deployment: Object) -> None:
        self._manager = manager
        self.deployment = deployment
        self._spec = deployment["spec"]
        self.sets = manager.storage.owned(REPLICASETS, deployment["metadata"]["uid"])
        self.sets.sort(key=lambda rs: (seconds(rs["metadata"]["creationTimestamp"]), rs["metadata"]["name"]))
        self.new = next(
            (rs for rs in self.sets if _same(rs["spec"]["template"], self._spec["template"])), None
        )

    @property
    def _wanted(self) -> int:
        return int(self._spec["replicas"])

    @property
    def _olds(self) -> list[Object]:
        return [rs for rs in self.sets if rs is not self.new]

    @property
    def _surge(self) -> int:
        rolling = self._spec["strategy"].get("rollingUpdate") or {}
        return count(rolling.get("maxSurge", 0), self._wanted, up=True)

    def find_new(self, *, create: bool) -> None:
        """Makes sure that the new ReplicaSet exists and carries the highest revision."""
        revision = str(max((_revision(rs) for rs in self._olds), default=0) + 1)
        if self.new is None and create:
            self._create(revision)
        if self.new is None:
            return
        meta = self.new["metadata"]
        notes = meta.setdefault("annotations", {})
        if _revision(self.new) < int(revision):
            history = [text for text in (notes.get(HISTORY), notes.get(REVISION)) if text]
            if history:
                notes[HISTORY] = ",".join(history)
            notes[REVISION] = revision
        own = self.deployment["metadata"].setdefault("annotations", {})
        notes |= {key: value for key, value in own.items() if key not in _NOT_COPIED}
        self._manager.storage.update(REPLICASETS, self.new)
        own[REVISION] = notes[REVISION]

    def rescaled(self) -> bool:
        """Whether `replicas` changed since the sizes were last decided."""
        wanted = str(self._wanted)
        active = [rs for rs in self.sets if rs["spec"]["replicas"]]
        return any((rs["metadata"].get("annotations") or {}).get(DESIRED, wanted) != wanted for rs in active)

    def roll(self) -> None:
        """One step of a rolling update: up by the surge, or down by what may be unavailable."""
        assert self.new is not None
        if self._resize(self.new, self._new_size()):
            return
        olds = [rs for rs in self._olds if rs["spec"]["replicas"]]
        if not olds:
            return
        rolling = self._spec["strategy"]["rollingUpdate"]
        spare = count(rolling["maxUnavailable"], self._wanted, up=False) or (0 if self._surge else 1)
        keep = self._wanted - min(spare, self._wanted)
        unavailable = self.new["spec"]["replicas"] - _available(self.new)
        budget = self._total() - keep - unavailable
        if budget <= 0:
            return
        for replicaset in olds:
            size = replicaset["spec"]["replicas"]
            broken = min(budget, size - _available(replicaset))
            if broken > 0:
                self._resize(replicaset, size - broken)
                budget -= broken
        surplus = sum(map(_available, self.sets)) - keep
        for replicaset in olds:
            size = replicaset["spec"]["replicas"]
            gone = min(size, surplus)
            if gone > 0:
                self._resize(replicaset, size - gone)
                surplus -= gone

    def recreate(self) -> None:
        """All old pods go first; the new ones come when the last has left."""
        assert self.new is not None
        for replicaset in self._olds:
            self._resize(replicaset, 0)
        old_pods = [
            pod for rs in self._olds for pod in self._manager.storage.owned(PODS, rs["metadata"]["uid"])
        ]
        if not old_pods:
            self._resize(self.new, self._wanted)

    def scale(self) -> None:
        """Follows a change of `replicas`: the only active set takes it all, several share it by size."""
        active = [rs for rs in self.sets if rs["spec"]["replicas"]]
        if len(active) <= 1:
            only = active[0] if active else self.new or (self.sets[-1] if self.sets else None)
            if only is not None:
                self._resize(only, self._wanted)
            return
        allowed = self._wanted + self._surge if self._wanted else 0
        missing = allowed - sum(rs["spec"]["replicas"] for rs in active)
        before = (
            max(int(rs["metadata"]["annotations"].get(MAXIMUM, allowed) or allowed) for rs in active) or 1
        )
        active.sort(key=lambda rs: rs["spec"]["replicas"], reverse=True)
        sizes = []
        for replicaset in active:
            size = replicaset["spec"]["replicas"]
            share = round(size * allowed / before) - size
            share = max(min(share, missing), 0) if missing > 0 else min(max(share, missing), 0)
            missing -= share
            sizes.append(size + share)
        sizes[0] = max(sizes[0] + missing, 0)
        for replicaset, size in zip(active, sizes, strict=True):
            self._resize(replicaset, size)

    def clean_up(self) -> None:
        """Drops the oldest empty ReplicaSets beyond revisionHistoryLimit."""
        empty = [
            rs
            for rs in self._olds
            if not rs["spec"]["replicas"] and not (rs.get("status") or {}).get("replicas")
        ]
        empty.sort(key=_revision)
        for replicaset in empty[: max(len(self._olds) - self._spec.get("revisionHistoryLimit", 10), 0)]:
            meta = replicaset["metadata"]
            self._manager.storage.remove(REPLICASETS, meta["namespace"], meta["name"])

    def _create(self, revision: str) -> None:
        deployment, meta = self.deployment, self.deployment["metadata"]
        template = deployment["spec"]["template"]
        digest = template_hash(template)
        labels = {**(template["metadata"].get("labels") or {}), HASH: digest}
        own = (meta.get("annotations") or {}).items()
        notes = {key: value for key, value in own if key not in _NOT_COPIED}
        body: Object = {
            "metadata": {
                "name": f"{meta['name']}-{digest}",
                "namespace": meta["namespace"],
                "labels": labels,
                "annotations": notes | {REVISION: revision, **self._sizes()},
                "ownerReferences": [owner_reference(DEPLOYMENTS, deployment)],
            },
            "spec": {
                "replicas": 0,
                "selector": {"matchLabels": {**deployment["spec"]["selector"]["matchLabels"], HASH: digest}},
                "template": {**template, "metadata": {**template["metadata"], "labels": labels}},
            },
        }
        if self._spec.get("minReadySeconds"):
            body["spec"]["minReadySeconds"] = self._spec["minReadySeconds"]
        if self._spec["strategy"]["type"] != "Recreate":
            body["spec"]["replicas"] = min(self._wanted, max(self._wanted + self._surge - self._total(), 0))
        self.new = self._manager.storage.create(REPLICASETS, body | {"status": {"replicas": 0}})
        self.sets.append(self.new)
        deployment_status.created_set(self._manager, deployment, self.new)
        if body["spec"]["replicas"]:
            self._say(self.new, 0, body["spec"]["replicas"])

    def _new_size(self) -> int:
        assert self.new is not None
        size = int(self.new["spec"]["replicas"])
        if size >= self._wanted:
            return self._wanted
        room = self._wanted + self._surge - self._total()
        return size + max(min(room, self._wanted - size), 0)

    def _total(self) -> int:
        return sum(int(rs["spec"]["replicas"]) for rs in self.sets)

    def _sizes(self) -> dict[str, str]:
        return {DESIRED: str(self._wanted), MAXIMUM: str(self._wanted + self._surge)}

    def _resize(self, replicaset: Object, size: int) -> bool:
        before = replicaset["spec"]["replicas"]
        replicaset["spec"]["replicas"] = size
        replicaset["metadata"].setdefault("annotations", {}).update(self._sizes())
        replicaset.update(self._manager.storage.update(REPLICASETS, replicaset))
        if size != before:
            self._say(replicaset, before, size)
        return bool(size != before)

    def _say(self, replicaset: Object, before: int, size: int) -> None:
        word = "up" if size > before else "down"
        message = f"Scaled {word} replica set {replicaset['metadata']['name']} from {before} to {size}"
        self._manager.event(DEPLOYMENTS, self.deployment, "ScalingReplicaSet", message, _SOURCE)


def _same(stored: Object, wanted: Object) -> bool:
    """Template equality, the hash label aside."""
    return _without_hash(stored) == _without_hash(wanted)


def _without_hash(template: Object) -> Object:
    meta = template.get("metadata") or {}
    labels = {key: value for key, value in (meta.get("labels") or {}).items() if key != HASH}
    notes = meta.get("annotations") or {}
    return {"labels": labels, "annotations": notes, "spec": template["spec"]}


def _revision(replicaset: Object) -> int:
    return int((replicaset["metadata"].get("annotations") or {}).get(REVISION, 0))


def _available(replicaset: Object) -> int:
    return int((replicaset.get("status") or {}).get("availableReplicas", 0))
