"""One cluster brought to life: its controllers wired up, its past played, then in step with the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from edgetui.demo.cluster import Cluster
from edgetui.demo.controllers.autoscalers import Autoscalers
from edgetui.demo.controllers.daemonsets import DaemonSets
from edgetui.demo.controllers.deployments import Deployments
from edgetui.demo.controllers.endpoints import EndpointSlices
from edgetui.demo.controllers.garbage import GarbageCollector
from edgetui.demo.controllers.kubelet import Kubelet
from edgetui.demo.controllers.manager import Manager
from edgetui.demo.controllers.nodes import Nodes
from edgetui.demo.controllers.replicasets import ReplicaSets
from edgetui.demo.controllers.statefulsets import StatefulSets
from edgetui.demo.defaults import complete
from edgetui.demo.images import Catalogue
from edgetui.demo.resources import NODES, Resource
from edgetui.demo.storage import Object


class Simulation:
    """A cluster and its controllers. `at` plays the past step by step, `go_live` ends it."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.catalogue = Catalogue()
        self.manager = Manager(cluster)
        self.kubelet = Kubelet(self.manager, self.catalogue)
        self.nodes = Nodes(self.manager, self.kubelet)
        self.autoscalers = Autoscalers(self.manager)
        self.manager.controllers += [
            self.kubelet,
            self.nodes,
            ReplicaSets(self.manager, self.kubelet),
            Deployments(self.manager),
            StatefulSets(self.manager, self.kubelet),
            DaemonSets(self.manager, self.kubelet),
            self.autoscalers,
            EndpointSlices(self.manager),
            GarbageCollector(self.manager),
        ]

    def at(self, when: float, *, fast: bool = False) -> None:
        """Plays everything up to `when` (Unix s). In a fast stretch new pods are ready at once."""
        self.cluster.timeline.advance(when)
        self.manager.fast = fast

    def add(self, resource: Resource, obj: Object) -> Object:
        complete(resource, obj)
        return self.cluster.storage.create(resource, obj)

    def change(self, resource: Resource, namespace: str, name: str, edit: Callable[[Object], None]) -> None:
        """Edits one object in place; nothing happens if it is gone."""
        obj = self.cluster.storage.find(resource, namespace, name)
        if obj is not None:
            old = self.cluster.storage.get(resource, namespace, name)
            edit(obj)
            complete(resource, obj, old)
            self.cluster.storage.update(resource, obj)

    def release(self, resource: Resource, namespace: str, name: str, image: str, cause: str) -> None:
        """Rolls out another image, with the reason in kubernetes.io/change-cause."""

        def edit(obj: Object) -> None:
            obj["spec"]["template"]["spec"]["containers"][0]["image"] = image
            obj["metadata"].setdefault("annotations", {})["kubernetes.io/change-cause"] = cause

        self.change(resource, namespace, name, edit)

    def cordon(self, node: str) -> None:
        self.change(NODES, "", node, lambda obj: obj["spec"].update(unschedulable=True))

    def go_live(self, loop: asyncio.AbstractEventLoop) -> None:
        """From here on the wall clock drives the controllers; versions of the past are too old to watch from."""
        self.cluster.storage.forget()
        self.cluster.timeline.go_live(loop)
