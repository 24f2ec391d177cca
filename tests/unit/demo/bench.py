"""A small cluster on virtual time, for tests of the controllers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgetui.demo import templates
from edgetui.demo.cluster import Profile, new_cluster
from edgetui.demo.resources import DEPLOYMENTS, NAMESPACES, NODES, PODS, Resource
from edgetui.demo.simulation import Simulation
from edgetui.demo.templates import Container, Host

Object = dict[str, Any]
START = 1_800_000_000.0
NAMESPACE = "line"


class Bench:
    """Three nodes and one namespace; `run` lets virtual seconds pass."""

    def __init__(self, nodes: int = 3) -> None:
        self.simulation = Simulation(new_cluster("bench", Profile("v1.37.2", ()), START, seed=1))
        self.storage = self.simulation.cluster.storage
        self.simulation.add(NAMESPACES, templates.namespace(NAMESPACE))
        for index in range(nodes):
            node = templates.node(Host(f"node-{index}"), index, "v1.37.2", "containerd://2.1.4", START)
            self.simulation.add(NODES, node)

    @property
    def now(self) -> float:
        return self.simulation.cluster.timeline.now()

    def run(self, seconds: float) -> None:
        self.simulation.at(self.now + seconds)

    def until(self, holds: Callable[[], bool], limit: float = 600.0) -> float:
        """Lets time pass until `holds`; returns the seconds it took, fails after `limit`."""
        begin = self.now
        while not holds():
            assert self.now - begin < limit, f"not true within {limit} s"
            self.run(0.05)
        return self.now - begin

    def deploy(self, name: str = "web", replicas: int = 3, image: str = "r/web:1", **more: Any) -> Object:
        pod = templates.template(name, Container(image, "10m", "16Mi", wait=0))
        return self.simulation.add(DEPLOYMENTS, templates.deployment(NAMESPACE, name, replicas, pod, **more))

    def get(self, name: str = "web", resource: Resource = DEPLOYMENTS) -> Object:
        return self.storage.get(resource, NAMESPACE, name)

    def release(self, image: str, name: str = "web", resource: Resource = DEPLOYMENTS) -> None:
        self.simulation.release(resource, NAMESPACE, name, image, image)

    def edit(
        self, change: Callable[[Object], Any], name: str = "web", resource: Resource = DEPLOYMENTS
    ) -> None:
        def apply(obj: Object) -> None:
            change(obj)

        self.simulation.change(resource, NAMESPACE, name, apply)

    def pods(self, app: str = "web") -> list[Object]:
        return [pod for pod in self.storage.objects(PODS) if pod["metadata"]["labels"]["app"] == app]

    def images(self, app: str = "web") -> list[str]:
        return sorted(pod["spec"]["containers"][0]["image"] for pod in self.pods(app))

    def settled(self, name: str = "web") -> bool:
        """Whether the rollout is complete, judged as `kubectl rollout status` does."""
        deployment = self.get(name)
        status, wanted = deployment.get("status") or {}, deployment["spec"]["replicas"]
        return (
            status.get("observedGeneration") == deployment["metadata"]["generation"]
            and status.get("updatedReplicas", 0) == status.get("replicas", 0) == wanted
            and status.get("availableReplicas", 0) == wanted
        )


def condition(obj: Object, kind: str) -> tuple[str, str]:
    """Status and reason of one condition, empty texts if there is none."""
    for found in (obj.get("status") or {}).get("conditions") or ():
        if found["type"] == kind:
            return found["status"], found.get("reason", "")
    return "", ""


def ready(pod: Object) -> bool:
    return condition(pod, "Ready")[0] == "True"
